//! A counted tree: a long sequence of records, the building block of large collections.
//!
//! It is a B+ tree. A leaf is a pack, and a record is a fixed number of consecutive items of a
//! leaf. An inner node knows how many records each of its children has, and the key of the first
//! of them, so that a record is found by its rank as well as by its order, and a leaf is looked
//! into only when it is the right one. Nodes know their parents: from a record in a leaf, its rank
//! is found too.
//!
//! **Sizes.** A leaf has at most [`Sizes::leaf_max`] bytes, unless it is one record alone: a large
//! record never shares a leaf, so that it is not moved when its neighbours change. A record that
//! has no room in the middle of a leaf cuts it in halves; one between two full leaves begins a
//! leaf of its own, so that leaves that are written from end to end are as full as [`Sizes`] say. Two
//! neighbours below the same parent become one when together they fill at most two thirds of one: on
//! average a node is at least a third full. Memory follows the bytes of a leaf in small steps, so a leaf
//! that is not full wastes little.
//!
//! **Order** is known to the users alone: they say where a record goes, by a [`Position`], and
//! find positions by [`Tree::seek`].

mod arena;
mod check;
mod edit;
mod iter;
mod node;
#[cfg(test)]
mod tests;

pub use iter::{FlatIter, Iter};

use super::pack::{Item, Items, Pack, PackRef};
use crate::slab::prefetch;
use arena::Arena;
use node::{Inner, Leaf, NONE};
use std::fmt::{self, Debug};
use std::hint::select_unpredictable;
use std::marker::PhantomData;
use std::ops::Range;

/// What the records of a tree are.
pub trait Shape {
    /// How many items a record has, at most five.
    const STRIDE: usize;

    /// What inner nodes know of a record.
    type Key: Copy + Debug + PartialEq;

    /// The key of a record.
    fn key(record: Items<'_>) -> Self::Key;
}

/// The most items that any record has.
const STRIDE_MAX: usize = 5;

/// Is told in which leaves records lie.
pub trait Watcher {
    /// Whether it wants to be told at all.
    const WATCHES: bool = true;

    /// A record has come to lie in this leaf: a new one, or one that was in another leaf before.
    fn moved<'r>(&mut self, record: impl Iterator<Item = Item<'r>>, leaf: LeafNumber);
}

/// Nobody wants to be told.
impl Watcher for () {
    const WATCHES: bool = false;

    fn moved<'r>(&mut self, _record: impl Iterator<Item = Item<'r>>, _leaf: LeafNumber) {}
}

/// The name of a leaf, until a watcher is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeafNumber(pub u32);

impl LeafNumber {
    /// That of no leaf.
    pub(crate) const NONE: Self = Self(NONE);
}

/// Where a record is, until the next change of the tree. Where one is expected that may also be
/// the end of the tree, behind all records, that is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    leaf: u32,
    /// The record's number in its leaf.
    index: usize,
    /// Where its data begins in that of the leaf, which would have to be added up else.
    begin: usize,
}

impl Position {
    fn first_of(leaf: u32) -> Self {
        Self { leaf, index: 0, begin: 0 }
    }

    /// The leaf that it is in.
    pub fn leaf(self) -> LeafNumber {
        LeafNumber(self.leaf)
    }
}

/// How large nodes become. Small ones split and merge all the time, which simulations want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Of a leaf with several records, in bytes.
    leaf_max: u16,
    /// Up to here a leaf at an end of the tree is added to at that end.
    appended_max: u16,
    /// Children of an inner node.
    children_max: u8,
}

impl Sizes {
    /// Leaves of a kilobyte, inner nodes of 64 children. What was written from end to end has some room
    /// left in each leaf: else nearly every change after that would cut one in two, all of whose records
    /// would move.
    pub const DEFAULT: Self = Self { leaf_max: 1024, appended_max: 768, children_max: 64 };

    /// Leaves of two kilobytes: less memory besides the records, for what is mostly changed at its
    /// ends, so that the rest of a leaf seldom moves.
    pub const LONG_LEAVES: Self = Self { leaf_max: 2048, appended_max: 2048, ..Self::DEFAULT };

    /// Leaves of 48 bytes, inner nodes of 4 children: for simulations.
    pub const TINY: Self = Self { leaf_max: 48, appended_max: 40, children_max: 4 };

    fn leaf_max(self) -> usize {
        self.leaf_max.into()
    }

    fn children_max(self) -> usize {
        self.children_max.into()
    }

    /// Up to how many bytes two leaves become one.
    fn leaf_merge_max(self) -> usize {
        self.leaf_max() / 3 * 2
    }

    /// Up to how many children two inner nodes become one.
    fn children_merge_max(self) -> usize {
        self.children_max() * 2 / 3
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A sequence of records.
pub struct Tree<S: Shape> {
    leaves: Arena<Leaf>,
    inners: Arena<Inner<S::Key>>,
    /// A leaf, if there are no levels of inner nodes.
    root: u32,
    /// How many levels of inner nodes there are.
    height: u8,
    sizes: Sizes,
    len: usize,
    /// What the nodes take: their tables, packs and columns.
    bytes: usize,
    /// The parts of nodes that were split during the present change, which may be too small for
    /// their neighbours.
    halves: Vec<u32>,
    shape: PhantomData<fn() -> S>,
}

/// A record, decoded when it is asked for.
pub struct Record<'a, S: Shape>(Source<'a, S>);

enum Source<'a, S: Shape> {
    Items(Items<'a>),
    /// The first below this node, which has so many levels below itself.
    First(&'a Tree<S>, u32, u8),
}

impl<'a, S: Shape> Record<'a, S> {
    /// Its items. O(log n) at most.
    pub fn items(&self) -> Items<'a> {
        match &self.0 {
            Source::Items(items) => items.clone(),
            Source::First(tree, node, level) => {
                let leaf = tree.end_below(*node, *level, Way::Back);
                tree.pack(leaf).range(0..S::STRIDE)
            }
        }
    }
}

/// Towards the first record, or the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Back,
    On,
}

impl<S: Shape> Tree<S> {
    /// What a tree counts for in memory, without its nodes, in bytes.
    pub const BYTES: usize = 192;

    /// An empty tree. Allocates nothing.
    pub fn new(sizes: Sizes) -> Self {
        Self {
            leaves: Arena::new(),
            inners: Arena::new(),
            root: NONE,
            height: 0,
            sizes,
            len: 0,
            bytes: 0,
            halves: Vec::new(),
            shape: PhantomData,
        }
    }

    /// A tree of the records of a pack, in full leaves. O(n).
    ///
    /// # Panics
    /// If the pack ends within a record.
    pub fn from_pack(pack: Pack, sizes: Sizes, watcher: &mut impl Watcher) -> Self {
        let mut tree = Self::new(sizes);
        tree.extend(pack.view().iter(), watcher);
        tree
    }

    /// How large its nodes become.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// How many records there are. O(1).
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none. O(1).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All records as a pack, if that is not empty and has no more than `max` bytes. O(1), and the
    /// size of the pack.
    pub fn to_pack(&self, max: usize) -> Option<Pack> {
        if self.height > 0 || self.root == NONE {
            return None;
        }
        let pack = &self.leaves[self.root].pack;
        (pack.len() <= max).then(|| pack.clone())
    }

    /// The memory that it takes, in bytes, by its own count, which is the same on every machine.
    /// O(1).
    pub fn heap_bytes(&self) -> usize {
        self.bytes
    }

    /// Where the first record is. O(log n).
    pub fn first(&self) -> Option<Position> {
        Some(Position::first_of(self.end(Way::Back)?))
    }

    /// Where the last record is. O(log n).
    pub fn last(&self) -> Option<Position> {
        self.before(self.behind(self.end(Way::On)?))
    }

    /// Where the record of this rank is. O(log n).
    pub fn at(&self, rank: usize) -> Option<Position> {
        if rank >= self.len {
            return None;
        }
        let (mut node, mut rest) = (self.root, rank as u64);
        for _ in 0..self.height {
            let inner = &self.inners[node];
            let (slot, before) = inner.slot_of_rank(rest);
            rest -= before;
            node = inner.numbers[slot];
        }
        Some(self.position(node, rest as usize))
    }

    /// Where the record of a leaf with this number is, or the end of the leaf. O(size of a leaf).
    fn position(&self, leaf: u32, index: usize) -> Position {
        self.position_of(leaf, &self.pack(leaf).iter_from(index * S::STRIDE))
    }

    /// How many records there are before the one at `position`. O(log n).
    pub fn rank(&self, position: Position) -> usize {
        let mut before = position.index as u64;
        let mut node = position.leaf;
        let (mut parent, mut hint) = self.above(node, 0);
        while parent != NONE {
            let inner = &self.inners[parent];
            before += inner.counts[..inner.slot(node, hint)].iter().sum::<u64>();
            (node, parent, hint) = (parent, inner.parent, inner.hint);
        }
        before as usize
    }

    /// Where the next record is. O(1), or O(log n) at the end of a leaf.
    pub fn next(&self, position: Position) -> Option<Position> {
        let Position { leaf, .. } = position;
        let mut rest = self.items_from(position);
        rest.take_front(S::STRIDE);
        self.settled(self.position_of(leaf, &rest))
    }

    /// Where the record before a place is. O(1), or O(log n) at the end of a leaf.
    pub fn previous(&self, place: Option<Position>) -> Option<Position> {
        let Some(position) = place else { return self.last() };
        self.before(position)
            .or_else(|| self.before(self.behind(self.neighbour(position.leaf, Way::Back)?)))
    }

    /// Where the record before a place is, if that is of the same leaf.
    fn before(&self, position: Position) -> Option<Position> {
        let Position { leaf, index, begin } = position;
        let index = index.checked_sub(1)?;
        let mut items = self.pack(leaf).iter_to(position.index * S::STRIDE, begin);
        Some(Position { leaf, index, begin: begin - items.take_back(S::STRIDE).data_len() })
    }

    /// Behind all records of a leaf.
    fn behind(&self, leaf: u32) -> Position {
        self.position_of(leaf, &Items::default())
    }

    /// Where these items begin, which a leaf ends with.
    #[inline]
    fn position_of(&self, leaf: u32, rest: &Items<'_>) -> Position {
        let all = self.pack(leaf).iter();
        let index = (all.len() - rest.len()) / S::STRIDE;
        Position { leaf, index, begin: all.data_len() - rest.data_len() }
    }

    /// What a leaf has from a place on. O(1).
    #[inline]
    pub fn items_from(&self, position: Position) -> Items<'_> {
        let Position { leaf, index, begin } = position;
        self.pack(leaf).iter_at(index * S::STRIDE, begin)
    }

    #[inline]
    fn pack(&self, leaf: u32) -> PackRef<'_> {
        self.leaves[leaf].pack.view()
    }

    /// The first place whose record is not `before`. All records that are must stand before all
    /// that are not. Looks at the keys of inner nodes and at one leaf; at others only if `before`
    /// asks for a record. O(log n).
    pub fn seek(&self, before: impl Fn(S::Key, &Record<'_, S>) -> bool) -> Option<Position> {
        self.seek_near(LeafNumber::NONE, before)
    }

    /// The same, and cheaper if the place is inside of the leaf `guess`, which may be none of the tree.
    #[inline]
    pub fn seek_near(
        &self,
        guess: LeafNumber,
        before: impl Fn(S::Key, &Record<'_, S>) -> bool,
    ) -> Option<Position> {
        let mut guess = self.has_leaf(guess).then_some(guess);
        loop {
            let LeafNumber(leaf) = guess.or_else(|| self.seek_leaf(&before))?;
            let place = self.seek_in(leaf, &before);
            let is_inside = (1..self.count(leaf)).contains(&place.index);
            if is_inside || guess.take().is_none() {
                return self.settled(place);
            }
        }
    }

    /// The leaf where [`Tree::seek`] goes on, if there is any.
    fn seek_leaf(&self, before: impl Fn(S::Key, &Record<'_, S>) -> bool) -> Option<LeafNumber> {
        self.descend(|inner, level| {
            let first = |slot| Record(Source::First(self, inner.numbers[slot], level));
            partition(inner.len(), |slot| before(inner.keys[slot], &first(slot)))
        })
    }

    /// The same for a seek by keys alone.
    pub(crate) fn seek_leaf_by_key(&self, before: impl Fn(S::Key) -> bool) -> Option<LeafNumber> {
        // All are compared, side by side: the steps of a search would wait for each other.
        let count = |keys: &[S::Key]| keys.iter().map(|&key| u64::from(before(key))).sum::<u64>();
        self.descend(|inner, _| count(&inner.keys) as usize)
    }

    /// Goes down to a leaf, if there is any. `after` tells how many of the children of a node, which are at
    /// this level, begin before what is sought.
    #[inline]
    fn descend(&self, after: impl Fn(&Inner<S::Key>, u8) -> usize) -> Option<LeafNumber> {
        if self.is_empty() {
            return None;
        }
        let mut node = self.root;
        for level in (0..self.height).rev() {
            let inner = &self.inners[node];
            let slot = after(inner, level).saturating_sub(1);
            // Whoever seeks is going to count, or to change the count.
            prefetch(&raw const inner.counts[slot]);
            node = inner.numbers[slot];
        }
        Some(LeafNumber(node))
    }

    #[inline]
    fn seek_in(&self, leaf: u32, before: impl Fn(S::Key, &Record<'_, S>) -> bool) -> Position {
        let pack = &self.leaves[leaf].pack;
        pack.view().prefetch();
        let rest = pack.partition(S::STRIDE, |record| {
            before(S::key(record.clone()), &Record(Source::Items(record)))
        });
        self.position_of(leaf, &rest)
    }

    /// The same place, if it may be behind the last record of a leaf.
    fn settled(&self, place: Position) -> Option<Position> {
        if place.index < self.count(place.leaf) {
            return Some(place);
        }
        Some(Position::first_of(self.neighbour(place.leaf, Way::On)?))
    }

    /// Where the first record is whose item number `offset` is this one, of those in a leaf.
    /// O(size of a leaf).
    pub fn find_item_in_leaf(
        &self,
        leaf: LeafNumber,
        item: Item<'_>,
        offset: usize,
    ) -> Option<Position> {
        let found = self.pack(leaf.0).seek(item, S::STRIDE, offset)?;
        Some(self.position_of(leaf.0, &found))
    }

    /// Asks the processor for what is known of a leaf, which leads to its records.
    pub(crate) fn prefetch_leaf(&self, leaf: LeafNumber) {
        self.leaves.prefetch(leaf.0);
    }

    /// Asks the processor for the records of a leaf, if it is one, and for what its place among its
    /// neighbours is found by.
    pub(crate) fn prefetch_records(&self, leaf: LeafNumber) {
        let Some(leaf) = self.leaves.get(leaf.0) else { return };
        leaf.pack.view().prefetch();
        let parent = self.inners.get(leaf.parent);
        parent.into_iter().for_each(|parent| parent.prefetch_child(leaf.hint));
    }

    /// Asks the processor for what the removal of a record of a leaf looks at besides: its count, and its
    /// neighbours, which it may have become too small for. The parent's list of its children is to be there
    /// already.
    pub(crate) fn prefetch_neighbours(&self, leaf: LeafNumber) {
        let Some(&Leaf { parent, hint, .. }) = self.leaves.get(leaf.0) else { return };
        let Some(inner) = self.inners.get(parent) else { return };
        let slot = inner.slot(leaf.0, hint);
        prefetch(&raw const inner.counts[slot]);
        for way in [Way::Back, Way::On] {
            inner.beside(slot, way).into_iter().for_each(|leaf| self.leaves.prefetch(leaf));
        }
    }

    /// Whether there is such a leaf. O(1).
    pub fn has_leaf(&self, leaf: LeafNumber) -> bool {
        self.leaves.contains(leaf.0)
    }

    /// The records of a leaf. O(size of a leaf).
    pub fn leaf(&self, leaf: LeafNumber) -> impl Iterator<Item = Items<'_>> {
        self.pack(leaf.0).records(S::STRIDE)
    }

    /// The items of a record. O(1).
    pub fn record(&self, position: Position) -> Items<'_> {
        self.items_from(position).take_front(S::STRIDE)
    }

    /// All records, from either end.
    pub fn iter(&self) -> Iter<'_, S> {
        self.range(0..self.len)
    }

    /// The records of a range of ranks, from either end. O(log n) to begin with.
    ///
    /// # Panics
    /// If there are not so many records.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_, S> {
        assert!(ranks.end <= self.len);
        Iter::new(self, ranks)
    }

    /// The records from a place on, from either end. O(log n) to begin with.
    pub fn iter_from(&self, place: Option<Position>) -> Iter<'_, S> {
        Iter::new(self, self.rank_of(place)..self.len).starting_at(place)
    }

    /// The records before a place, from either end. O(log n) to begin with.
    pub fn iter_before(&self, place: Option<Position>) -> Iter<'_, S> {
        Iter::new(self, 0..self.rank_of(place))
    }

    /// How many records there are before a place. O(log n).
    pub fn rank_of(&self, place: Option<Position>) -> usize {
        place.map_or(self.len, |position| self.rank(position))
    }

    /// How many records a leaf has.
    fn count(&self, leaf: u32) -> usize {
        self.leaves[leaf].pack.count() / S::STRIDE
    }

    fn records_of(&self, leaf: u32, range: Range<usize>) -> Items<'_> {
        self.pack(leaf).range(range.start * S::STRIDE..range.end * S::STRIDE)
    }

    #[inline(always)]
    fn first_key(&self, leaf: u32) -> S::Key {
        S::key(self.records_of(leaf, 0..1))
    }

    /// The first or last leaf.
    fn end(&self, way: Way) -> Option<u32> {
        (self.root != NONE).then(|| self.end_below(self.root, self.height, way))
    }

    /// The first or last leaf below a node that has so many levels below itself.
    fn end_below(&self, mut node: u32, level: u8, way: Way) -> u32 {
        for _ in 0..level {
            let numbers = &self.inners[node].numbers;
            let slot = if way == Way::On { numbers.len() - 1 } else { 0 };
            node = numbers[slot];
        }
        node
    }

    /// The next leaf.
    fn neighbour(&self, leaf: u32, way: Way) -> Option<u32> {
        let mut node = leaf;
        let (mut parent, mut hint) = self.above(leaf, 0);
        while parent != NONE {
            let inner = &self.inners[parent];
            if let Some(next) = inner.beside(inner.slot(node, hint), way) {
                let other = if way == Way::On { Way::Back } else { Way::On };
                return Some(self.end_below(next, inner.level - 1, other));
            }
            (node, parent, hint) = (parent, inner.parent, inner.hint);
        }
        None
    }

    /// The parent of a node of this level, and where that may have it.
    #[inline]
    fn above(&self, node: u32, level: u8) -> (u32, u8) {
        if level == 0 {
            let Leaf { parent, hint, .. } = self.leaves[node];
            (parent, hint)
        } else {
            let Inner { parent, hint, .. } = self.inners[node];
            (parent, hint)
        }
    }
}

/// How many of the first of `len` elements are `before`.
#[inline]
fn partition(len: usize, before: impl Fn(usize) -> bool) -> usize {
    // What the answers are nobody can guess, and so they are added, not branched upon.
    let (mut low, mut left) = (0, len);
    while left > 0 {
        let half = left.div_ceil(2);
        low += select_unpredictable(before(low + half - 1), half, 0);
        left -= half;
    }
    low
}

/// O(n).
impl<S: Shape> Clone for Tree<S> {
    fn clone(&self) -> Self {
        let mut clone = Self {
            leaves: self.leaves.clone(),
            inners: self.inners.clone(),
            halves: Vec::new(),
            ..*self
        };
        clone.bytes = clone.counted_bytes();
        clone
    }
}

impl<S: Shape> Debug for Tree<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("len", &self.len).finish_non_exhaustive()
    }
}
