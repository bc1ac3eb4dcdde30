//! A disk in memory: what it was before the record, and what has been written since.

use std::collections::HashMap;
use std::io::{self, Seek, SeekFrom, Write as _};

use super::log::Write;

const BLOCK: usize = 4096;
type Block = [u8; BLOCK];

/// Sparse: a block that is not there is zero.
#[derive(Clone, Default)]
pub struct Image {
    size: u64,
    base: HashMap<u64, Block>,
    /// Blocks that differ from the base.
    changed: HashMap<u64, Block>,
}

impl Image {
    /// All zero.
    pub fn new(size: u64) -> Image {
        Image { size, ..Image::default() }
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let length = length.min(usize::try_from(self.size.saturating_sub(offset)).expect("a small disk"));
        let mut bytes = Vec::with_capacity(length);
        for (block, range) in pieces(offset, length) {
            match self.changed.get(&block).or_else(|| self.base.get(&block)) {
                Some(content) => bytes.extend_from_slice(&content[range]),
                None => bytes.resize(bytes.len() + range.len(), 0),
            }
        }
        bytes
    }

    pub fn write(&mut self, offset: u64, data: &[u8]) {
        let mut rest = data;
        for (block, range) in pieces(offset, data.len()) {
            let (now, later) = rest.split_at(range.len());
            rest = later;
            let before = || self.base.get(&block).copied().unwrap_or([0; BLOCK]);
            self.changed.entry(block).or_insert_with(before)[range].copy_from_slice(now);
        }
    }

    /// Applies a recorded write, or of its `unit`s those that arrived.
    pub fn apply(&mut self, write: &Write, units: Option<&[bool]>, unit: usize) {
        let Some(units) = units else { return self.write(write.offset, &write.data) };
        for (range, _) in write.units(unit).into_iter().zip(units).filter(|(_, arrived)| **arrived) {
            self.write(write.offset + range.start as u64, &write.data[range]);
        }
    }

    /// What is there now is what [`Image::reset`] returns to.
    pub fn freeze(&mut self) {
        self.base.extend(self.changed.drain());
        self.base.retain(|_, block| *block != [0; BLOCK]);
    }

    /// Forgets what was written since [`Image::freeze`].
    pub fn reset(&mut self) {
        self.changed.clear();
    }

    /// A sparse file for fsck and the like.
    ///
    /// # Errors
    /// Of the file.
    pub fn save(&self, path: &std::path::Path) -> io::Result<()> {
        let mut file = std::fs::File::create(path)?;
        file.set_len(self.size)?;
        for (block, content) in self.base.iter().filter(|(block, _)| !self.changed.contains_key(block)).chain(&self.changed) {
            file.seek(SeekFrom::Start(block * BLOCK as u64))?;
            file.write_all(content)?;
        }
        Ok(())
    }
}

/// The blocks a range of bytes lies in, and where in each.
fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    let end = offset + length as u64;
    let blocks = offset / BLOCK as u64..end.div_ceil(BLOCK as u64);
    blocks.map(move |block| {
        let start = block * BLOCK as u64;
        let within = |at: u64| usize::try_from(at.clamp(start, start + BLOCK as u64) - start).expect("within a block");
        (block, within(offset)..within(end))
    })
}
