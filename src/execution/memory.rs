//! The linear memory.

use crate::notation::Trap;
use crate::profile::{LoadOp, Memory, StoreOp};
use std::ops::Range;

/// Bytes per page.
const PAGE: usize = 65_536;

/// The linear memory. A module without a memory has one of no pages that cannot grow.
pub(super) struct LinearMemory {
    bytes: Vec<u8>,
    maximum_pages: u32,
}

impl LinearMemory {
    pub(super) fn new(memory: Option<Memory>) -> LinearMemory {
        let memory = memory.unwrap_or(Memory { initial_pages: 0, maximum_pages: 0 });
        LinearMemory { bytes: vec![0; memory.initial_pages as usize * PAGE], maximum_pages: memory.maximum_pages }
    }

    /// Writes an active data segment, which the profile has checked to lie inside the memory.
    pub(super) fn initialize(&mut self, offset: u32, bytes: &[u8]) {
        let start = offset as usize;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// `memory.size`: the number of pages.
    pub(super) fn size(&self) -> u32 {
        (self.bytes.len() / PAGE) as u32
    }

    /// `memory.grow`: the previous number of pages, or -1 if the maximum forbids it.
    pub(super) fn grow(&mut self, pages: u32) -> u32 {
        let previous = self.size();
        // EXEC-014: growth succeeds whenever the maximum allows it, because a failure by choice would let two clients
        // disagree.
        if u64::from(previous) + u64::from(pages) > u64::from(self.maximum_pages) {
            return u32::MAX;
        }
        self.bytes.resize((previous + pages) as usize * PAGE, 0);
        previous
    }

    /// A load at an effective address: the value, `i32` zero-extended to 64 bits.
    pub(super) fn load(&self, op: LoadOp, address: u64) -> Result<u64, Trap> {
        Ok(match op {
            LoadOp::I32Load | LoadOp::I64Load32U => u64::from(u32::from_le_bytes(self.read(address)?)),
            LoadOp::I64Load => u64::from_le_bytes(self.read(address)?),
            LoadOp::I32Load8S => u64::from(i8::from_le_bytes(self.read(address)?) as u32),
            LoadOp::I32Load8U | LoadOp::I64Load8U => u64::from(u8::from_le_bytes(self.read(address)?)),
            LoadOp::I32Load16S => u64::from(i16::from_le_bytes(self.read(address)?) as u32),
            LoadOp::I32Load16U | LoadOp::I64Load16U => u64::from(u16::from_le_bytes(self.read(address)?)),
            LoadOp::I64Load8S => i8::from_le_bytes(self.read(address)?) as u64,
            LoadOp::I64Load16S => i16::from_le_bytes(self.read(address)?) as u64,
            LoadOp::I64Load32S => i32::from_le_bytes(self.read(address)?) as u64,
        })
    }

    /// A store at an effective address of the low bytes of `value`.
    pub(super) fn store(&mut self, op: StoreOp, address: u64, value: u64) -> Result<(), Trap> {
        match op {
            StoreOp::I32Store8 | StoreOp::I64Store8 => self.write(address, (value as u8).to_le_bytes()),
            StoreOp::I32Store16 | StoreOp::I64Store16 => self.write(address, (value as u16).to_le_bytes()),
            StoreOp::I32Store | StoreOp::I64Store32 => self.write(address, (value as u32).to_le_bytes()),
            StoreOp::I64Store => self.write(address, value.to_le_bytes()),
        }
    }

    /// `memory.copy`: as if through a buffer, so the ranges may overlap.
    pub(super) fn copy(&mut self, target: u32, source: u32, length: u32) -> Result<(), Trap> {
        let source = range(self.bytes.len(), u64::from(source), u64::from(length))?;
        let target = range(self.bytes.len(), u64::from(target), u64::from(length))?;
        self.bytes.copy_within(source, target.start);
        Ok(())
    }

    /// `memory.fill` with the low byte of `value`.
    pub(super) fn fill(&mut self, target: u32, value: u32, length: u32) -> Result<(), Trap> {
        let target = range(self.bytes.len(), u64::from(target), u64::from(length))?;
        self.bytes[target].fill(value as u8);
        Ok(())
    }

    /// `memory.init` from a data segment.
    pub(super) fn init(&mut self, segment: &[u8], target: u32, source: u32, length: u32) -> Result<(), Trap> {
        let source = range(segment.len(), u64::from(source), u64::from(length))?;
        let target = range(self.bytes.len(), u64::from(target), u64::from(length))?;
        self.bytes[target].copy_from_slice(&segment[source]);
        Ok(())
    }

    fn read<const WIDTH: usize>(&self, address: u64) -> Result<[u8; WIDTH], Trap> {
        let mut bytes = [0; WIDTH];
        bytes.copy_from_slice(&self.bytes[range(self.bytes.len(), address, WIDTH as u64)?]);
        Ok(bytes)
    }

    fn write<const WIDTH: usize>(&mut self, address: u64, bytes: [u8; WIDTH]) -> Result<(), Trap> {
        let range = range(self.bytes.len(), address, WIDTH as u64)?;
        self.bytes[range].copy_from_slice(&bytes);
        Ok(())
    }
}

/// The bytes `start..start + length` of something of `size` bytes. Both are below 2^34, so the sum is exact.
fn range(size: usize, start: u64, length: u64) -> Result<Range<usize>, Trap> {
    let end = start + length;
    // EXEC-011: all bytes are checked before the first is written, so a trap leaves no part of a value behind.
    // EXEC-012: the same for ranges, which may also be empty and lie beyond the end.
    if end > size as u64 {
        return Err(Trap::OutOfBoundsMemoryAccess);
    }
    Ok(start as usize..end as usize)
}
