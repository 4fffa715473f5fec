//! What a tree is made of.

use super::Way;
use crate::slab::prefetch;
use crate::value::pack::Pack;
use crate::wide::{self, Found};
use std::ops::Range;

/// In the place of the parent of the root, and of the root of an empty tree.
pub(super) const NONE: u32 = u32::MAX;

/// What the record of a leaf takes in its table, in bytes.
pub(super) const LEAF_RECORD: usize = 32;

/// The same of an inner node.
pub(super) const INNER_RECORD: usize = 80;

/// The numbers of inner nodes grow by so many children.
const ROOM_STEP: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) pack: Pack,
    pub(super) parent: u32,
    /// Where the parent had it when that was last looked for.
    pub(super) hint: u8,
}

/// A node that knows of each of its children the number, how many records it has, and the key of
/// the first of them. They lie in columns, because each is looked through for itself.
#[derive(Clone, Debug)]
pub(super) struct Inner<K> {
    pub(super) numbers: Vec<u32>,
    pub(super) counts: Vec<u64>,
    pub(super) keys: Vec<K>,
    pub(super) parent: u32,
    /// Where the parent had it when that was last looked for.
    pub(super) hint: u8,
    /// How many levels there are below it: at least one, the leaves.
    pub(super) level: u8,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Child<K> {
    pub(super) number: u32,
    pub(super) count: u64,
    pub(super) key: K,
}

impl<K: Copy> Inner<K> {
    pub(super) fn new(level: u8) -> Self {
        let (numbers, counts, keys) = (Vec::new(), Vec::new(), Vec::new());
        Self { numbers, counts, keys, parent: NONE, hint: 0, level }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// How many records there are below it. O(children).
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What its columns take, in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.numbers.capacity() * (size_of::<u32>() + size_of::<u64>() + size_of::<K>())
    }

    /// Asks the processor for what is known of a child that may be here.
    pub(super) fn prefetch_child(&self, hint: u8) {
        self.numbers.get(usize::from(hint)).into_iter().for_each(|number| prefetch(number));
        self.counts.get(usize::from(hint)).into_iter().for_each(|count| prefetch(count));
    }

    /// Where a child is, which may well be here.
    #[inline]
    pub(super) fn slot(&self, child: u32, hint: u8) -> usize {
        if self.numbers.get(usize::from(hint)) == Some(&child) {
            return hint.into();
        }
        self.find(child)
    }

    fn find(&self, child: u32) -> usize {
        // Most of what is done at an end of the tree finds it here.
        if self.numbers.first() == Some(&child) {
            return 0;
        }
        if self.numbers.last() == Some(&child) {
            return self.len() - 1;
        }
        match wide::find_only(&self.numbers, child) {
            Found::At(slot) => slot,
            found => panic!("a child is {found:?} in its parent"),
        }
    }

    /// Where the child is that has the record of this rank, and how many records there are before that
    /// child.
    pub(super) fn slot_of_rank(&self, rank: u64) -> (usize, u64) {
        // Several children are passed by their sum, without a branch for each.
        const FEW: usize = 8;
        let (mut slot, mut before) = (0, 0);
        for few in self.counts.as_chunks::<FEW>().0 {
            let sum: u64 = few.iter().sum();
            if rank < before + sum {
                break;
            }
            (slot, before) = (slot + FEW, before + sum);
        }
        while rank >= before + self.counts[slot] {
            before += self.counts[slot];
            slot += 1;
        }
        (slot, before)
    }

    /// The child before or behind that at `slot`.
    pub(super) fn beside(&self, slot: usize, way: Way) -> Option<u32> {
        let slot = if way == Way::On { slot + 1 } else { slot.wrapping_sub(1) };
        self.numbers.get(slot).copied()
    }

    pub(super) fn insert(&mut self, slot: usize, child: Child<K>) {
        self.reserve(1);
        self.numbers.insert(slot, child.number);
        self.counts.insert(slot, child.count);
        self.keys.insert(slot, child.key);
    }

    /// Removes some children. Gives how many records they had.
    pub(super) fn remove(&mut self, slots: Range<usize>) -> u64 {
        self.numbers.drain(slots.clone());
        self.keys.drain(slots.clone());
        let removed = self.counts.drain(slots).sum();
        self.shrink();
        removed
    }

    /// Makes one of the child at `slot` and the next, which has the number `kept` from now on.
    pub(super) fn join(&mut self, slot: usize, kept: u32) {
        self.numbers[slot] = kept;
        self.counts[slot] += self.counts[slot + 1];
        self.counts[slot + 1] = 0;
        self.remove(slot + 1..slot + 2);
    }

    /// Takes the children from `slot` on into a node of their own.
    pub(super) fn split_off(&mut self, slot: usize) -> Self {
        let mut back = Self::new(self.level);
        back.reserve(self.len() - slot);
        back.numbers.extend(self.numbers.drain(slot..));
        back.counts.extend(self.counts.drain(slot..));
        back.keys.extend(self.keys.drain(slot..));
        self.shrink();
        back
    }

    /// Adds the children of another node behind its own.
    pub(super) fn append(&mut self, mut other: Self) {
        self.reserve(other.len());
        self.numbers.append(&mut other.numbers);
        self.counts.append(&mut other.counts);
        self.keys.append(&mut other.keys);
    }

    fn reserve(&mut self, more: usize) {
        let len = self.len() + more;
        if len > self.numbers.capacity() {
            let more = room(len) - self.len();
            self.numbers.reserve_exact(more);
            self.counts.reserve_exact(more);
            self.keys.reserve_exact(more);
        }
    }

    fn shrink(&mut self) {
        if self.numbers.capacity() / 2 > self.len() {
            let room = room(self.len());
            self.numbers.shrink_to(room);
            self.counts.shrink_to(room);
            self.keys.shrink_to(room);
        }
    }
}

/// For how many children there is memory when there are so many.
fn room(len: usize) -> usize {
    if len <= ROOM_STEP / 2 { ROOM_STEP / 2 } else { len.next_multiple_of(ROOM_STEP) }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn records_take_what_is_counted() {
        assert_eq!(size_of::<Option<Leaf>>(), LEAF_RECORD);
        assert_eq!(size_of::<Option<Inner<f64>>>(), INNER_RECORD);
    }
}
