//! wast
