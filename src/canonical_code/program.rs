//! A program of canonical code: its words, its image, their encoding and their listing.

use super::word::{Shape, Space, Word};
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::profile::MAX_MEMORY_PAGES;
use std::fmt;

/// Most words of a program. 1 MiB of real modules lowers to about 200,000 words; the limit leaves room for unoptimised
/// code and bounds what a client allocates for hostile modules.
pub const MAX_CODE_WORDS: usize = 1 << 20;

/// A cell of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Its space.
    pub space: Space,
    /// Its index in the space.
    pub index: u32,
    /// Its initial value, which is not 0.
    pub value: u64,
}

/// Where a function starts. For the listing only: not part of the encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The code address.
    pub address: u32,
    /// What starts there.
    pub name: String,
}

/// What every client derives from a module, bit for bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalCode {
    /// The code words; execution begins at the first.
    pub words: Vec<Word>,
    /// The cells that do not start as zero, in strictly ascending order of space and index.
    pub image: Vec<Cell>,
    /// The initial size of the memory in pages.
    pub initial_pages: u32,
    /// The functions, by address.
    pub symbols: Vec<Symbol>,
}

/// The first bytes of the encoding; the last of them is the version.
pub const MAGIC: [u8; 8] = *b"midcode\x01";

impl CanonicalCode {
    /// The encoding: magic, initial pages, number of words, number of cells (each 4 bytes), the words (16 bytes each),
    /// the cells (space 1 byte, index 4, value 8). Little-endian throughout.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(20 + 16 * self.words.len() + 13 * self.image.len());
        bytes.extend(MAGIC);
        for count in [self.initial_pages, self.words.len() as u32, self.image.len() as u32] {
            bytes.extend(count.to_le_bytes());
        }
        for word in &self.words {
            bytes.extend(word.to_bytes());
        }
        for cell in &self.image {
            bytes.push(cell.space as u8);
            bytes.extend(cell.index.to_le_bytes());
            bytes.extend(cell.value.to_le_bytes());
        }
        bytes
    }

    /// The program with this encoding. Strict: every program has exactly one encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<CanonicalCode, Rejection> {
        let reject = |reason, offset, detail: String| Err(Rejection::new(reason, offset, detail));
        // CODE-025: the length follows from the counts, and nothing is allocated before it is known to be right.
        if bytes.len() < 20 || bytes[..8] != MAGIC {
            return reject(Reject::CodeMalformed, 0, "the encoding begins with its magic and three counts".into());
        }
        let count = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let (initial_pages, words, cells) = (count(8), count(12) as usize, count(16) as usize);
        let length = 20 + 16 * words as u64 + 13 * cells as u64;
        if bytes.len() as u64 != length {
            let detail = format!("{words} words and {cells} cells take {length} bytes, not {}", bytes.len());
            return reject(Reject::CodeMalformed, 12, detail);
        }
        if initial_pages > MAX_MEMORY_PAGES {
            return reject(Reject::CodeMalformed, 8, format!("{initial_pages} pages are more than {MAX_MEMORY_PAGES}"));
        }
        if words == 0 || words > MAX_CODE_WORDS {
            return reject(Reject::CodeTooLarge, 12, format!("a program has 1 to {MAX_CODE_WORDS} words, not {words}"));
        }
        let cells_start = 20 + 16 * words;
        let words = bytes[20..cells_start]
            .chunks_exact(16)
            .enumerate()
            .map(|(index, chunk)| Word::from_bytes(chunk.try_into().expect("16 bytes"), 20 + 16 * index))
            .collect::<Result<Vec<Word>, Rejection>>()?;
        for (index, word) in words.iter().enumerate() {
            // CODE-026: a jump out of the program would leave the code table.
            let jumps = matches!(word.opcode.shape(), Shape::Branch | Shape::Jump | Shape::Call);
            if jumps && word.low() as usize >= words.len() {
                let detail = format!("{} to address {} of {}", word.opcode.name(), word.low(), words.len());
                return reject(Reject::CodeTargetOutOfRange, 20 + 16 * index, detail);
            }
        }
        let mut image: Vec<Cell> = Vec::with_capacity(cells);
        for (index, chunk) in bytes[cells_start..].chunks_exact(13).enumerate() {
            let offset = cells_start + 13 * index;
            let space = [Space::Memory, Space::Global, Space::Table, Space::Data]
                .into_iter()
                .find(|space| *space as u8 == chunk[0]);
            // CODE-027: the image has one order and no superfluous cell.
            let Some(space) = space else {
                return reject(
                    Reject::CodeImageNotCanonical,
                    offset,
                    format!("space {} is not in the image", chunk[0]),
                );
            };
            let cell = Cell {
                space,
                index: u32::from_le_bytes(chunk[1..5].try_into().expect("four bytes")),
                value: u64::from_le_bytes(chunk[5..13].try_into().expect("eight bytes")),
            };
            if image.last().is_some_and(|last| (last.space, last.index) >= (cell.space, cell.index)) {
                return reject(Reject::CodeImageNotCanonical, offset, "the cells are not in ascending order".into());
            }
            if cell.value == 0 {
                return reject(Reject::CodeImageNotCanonical, offset, "a cell that starts as zero is listed".into());
            }
            if cell.index as usize >= image_limit(space, initial_pages) {
                return reject(
                    Reject::CodeImageNotCanonical,
                    offset,
                    format!("{} has no cell {}", space.name(), cell.index),
                );
            }
            image.push(cell);
        }
        Ok(CanonicalCode { words, image, initial_pages, symbols: Vec::new() })
    }

    /// The code commitment: the keccak-256 hash of the encoding.
    pub fn commitment(&self) -> B256 {
        keccak256(self.to_bytes())
    }
}

/// The number of cells that a space of the image can have.
fn image_limit(space: Space, initial_pages: u32) -> usize {
    match space {
        Space::Memory => initial_pages as usize * 8_192,
        // Every other cell of an image stands for at least one byte of a module.
        _ => crate::profile::MAX_MODULE_BYTES,
    }
}

/// The assembly listing: a header, then each word with its address, then the image.
impl fmt::Display for CanonicalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, cells) = (self.words.len(), self.image.len());
        writeln!(f, "; {words} words, {cells} image cells, {} initial pages", self.initial_pages)?;
        let mut symbols = self.symbols.iter().peekable();
        for (address, word) in self.words.iter().enumerate() {
            while let Some(symbol) = symbols.next_if(|symbol| symbol.address as usize == address) {
                writeln!(f, "{}:", symbol.name)?;
            }
            writeln!(f, "{address:6}  {word}")?;
        }
        for cell in &self.image {
            writeln!(f, "{}[{}] = {:#x}", cell.space.name(), cell.index, cell.value)?;
        }
        Ok(())
    }
}
