//! The image: what the cells hold before the first cycle.

use super::program::Cell;
use super::word::{Space, table_entry};
use crate::profile::Module;
use std::collections::BTreeMap;

/// The cells that do not start as zero, in ascending order. `entries` are the code addresses of the functions.
pub(super) fn image(module: &Module, entries: &[u32]) -> Vec<Cell> {
    let mut cells: BTreeMap<(Space, u32), u64> = BTreeMap::new();
    for (index, global) in module.globals.iter().enumerate() {
        cells.insert((Space::Global, index as u32), global.initial);
    }
    for segment in &module.elements {
        for (index, function) in segment.functions.iter().enumerate() {
            let entry = function.map_or(0, |function| {
                table_entry(entries[function as usize], type_number(module, module.function_type_index(function)))
            });
            cells.insert((Space::Table, segment.offset + index as u32), entry);
        }
    }
    for (index, segment) in module.data.iter().enumerate() {
        match segment.offset {
            // CODE-024: in order, so a later segment may overwrite an earlier one.
            Some(offset) => write(&mut cells, Space::Memory, offset.into(), &segment.bytes),
            // CODE-024: passive segments lie in a space of their own, and their lengths can be dropped to 0.
            None => {
                write(&mut cells, Space::Data, data_start(module, index), &segment.bytes);
                cells.insert((Space::Global, length_cell(module, index)), segment.bytes.len() as u64);
            }
        }
    }
    cells
        .into_iter()
        .filter(|(_, value)| *value != 0)
        .map(|((space, index), value)| Cell { space, index, value })
        .collect()
}

/// Writes bytes into the words of a space.
fn write(cells: &mut BTreeMap<(Space, u32), u64>, space: Space, start: u64, bytes: &[u8]) {
    for (address, byte) in (start..).zip(bytes) {
        let cell = cells.entry((space, (address / 8) as u32)).or_insert(0);
        let shift = address % 8 * 8;
        *cell = *cell & !(0xff << shift) | u64::from(*byte) << shift;
    }
}

/// The byte address in [`Space::Data`] of a passive segment: they follow each other, each on a word boundary.
pub(super) fn data_start(module: &Module, segment: usize) -> u64 {
    let before = module.data[..segment].iter().filter(|segment| segment.offset.is_none());
    before.map(|segment| segment.bytes.len().next_multiple_of(8) as u64).sum()
}

/// The cell of [`Space::Global`] with the present length of a data segment.
pub(super) fn length_cell(module: &Module, segment: usize) -> u32 {
    (module.globals.len() + segment) as u32
}

/// The number by which `call_indirect` compares types: one more than the index of the first equal type.
pub(super) fn type_number(module: &Module, type_index: u32) -> u32 {
    module.canonical_type(type_index) + 1
}
