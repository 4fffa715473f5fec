//! A few entries of an index.

use super::index::Hash;
use crate::slab::prefetch_slice;
use crate::value::tree::LeafNumber;
use crate::wide::{self, Found};

/// Hashes and the leaves that belong to them, in no order.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    /// The hashes from the front on, and the leaves from the back on: where a hash is looked for, there
    /// are only hashes.
    words: Box<[u32]>,
    len: u32,
}

/// What a bucket takes without its entries, in bytes. The same on every machine.
pub(super) const BUCKET_BYTES: usize = 24;

impl Bucket {
    fn with_room(entries: usize) -> Self {
        Self { words: vec![0; 2 * entries].into(), len: 0 }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// What its entries take, in bytes. O(1).
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    /// For how many entries there is memory.
    fn room(&self) -> usize {
        self.words.len() / 2
    }

    fn hashes(&self) -> &[Hash] {
        &self.words[..self.len()]
    }

    fn place_of_leaf(&self, at: usize) -> usize {
        self.words.len() - 1 - at
    }

    /// The leaf of an entry.
    pub(super) fn leaf(&self, at: usize) -> LeafNumber {
        LeafNumber(self.words[self.place_of_leaf(at)])
    }

    pub(super) fn set_leaf(&mut self, at: usize, leaf: LeafNumber) {
        self.words[self.place_of_leaf(at)] = leaf.0;
    }

    /// All entries.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Hash, LeafNumber)> {
        let leaves = self.words.iter().rev().map(|&leaf| LeafNumber(leaf));
        self.hashes().iter().copied().zip(leaves)
    }

    /// Where the entries of a hash are.
    pub(super) fn of_hash(&self, hash: Hash) -> impl Iterator<Item = usize> {
        let mut passed = 0;
        std::iter::from_fn(move || {
            let at = passed + wide::position(&self.hashes()[passed..], hash)?;
            passed = at + 1;
            Some(at)
        })
    }

    /// Where the only entry of a hash is.
    pub(super) fn only_of_hash(&self, hash: Hash) -> Found {
        wide::find_only(self.hashes(), hash)
    }

    /// Asks the processor for all of it.
    pub(super) fn prefetch(&self) {
        prefetch_slice(&self.words);
    }

    pub(super) fn push(&mut self, hash: Hash, leaf: LeafNumber) {
        if self.len() == self.room() {
            self.resize(room_for(self.len() + 1));
        }
        let at = self.len();
        self.len += 1;
        self.words[at] = hash;
        self.set_leaf(at, leaf);
    }

    /// Removes an entry. The last one takes its place.
    pub(super) fn swap_remove(&mut self, at: usize) {
        let last = self.len() - 1;
        self.words[at] = self.words[last];
        self.set_leaf(at, self.leaf(last));
        self.len -= 1;
        if self.room() / 4 * 3 > room_for(self.len()) {
            self.resize(room_for(self.len()));
        }
    }

    /// Takes out the entries whose hashes belong into another bucket.
    pub(super) fn split(&mut self, belongs: impl Fn(Hash) -> bool) -> Self {
        let moved = self.hashes().iter().filter(|&&hash| belongs(hash)).count();
        let mut parts = [self.len() - moved, moved].map(|len| Self::with_room(room_for(len)));
        self.iter().for_each(|(hash, leaf)| parts[usize::from(belongs(hash))].push(hash, leaf));
        let [kept, moved] = parts;
        *self = kept;
        moved
    }

    /// Adds the entries of another one.
    pub(super) fn append(&mut self, other: &Self) {
        self.resize(room_for(self.len() + other.len()));
        other.iter().for_each(|(hash, leaf)| self.push(hash, leaf));
    }

    fn resize(&mut self, room: usize) {
        let mut resized = Self::with_room(room);
        self.iter().for_each(|(hash, leaf)| resized.push(hash, leaf));
        *self = resized;
    }
}

/// For how many entries to have memory: allocators have four sizes for each doubling.
fn room_for(len: usize) -> usize {
    len.next_multiple_of((len.next_power_of_two() / 8).max(2))
}
