//! Walking over records.

use super::{LeafNumber, Position, Shape, Tree, Way};
use crate::value::pack::{Item, Items};
use std::iter::FusedIterator;
use std::ops::Range;

/// Records of a tree, from either end. Amortized O(1) for each.
pub struct Iter<'a, S: Shape> {
    tree: &'a Tree<S>,
    /// The ranks of those that are left.
    ranks: Range<usize>,
    front: Option<Cursor<'a>>,
    back: Option<Cursor<'a>>,
}

/// What is left of a leaf.
struct Cursor<'a> {
    leaf: u32,
    items: Items<'a>,
}

impl<'a, S: Shape> Iter<'a, S> {
    pub(super) fn new(tree: &'a Tree<S>, ranks: Range<usize>) -> Self {
        Self { tree, ranks, front: None, back: None }
    }

    /// Spares it the search for the first record.
    pub(super) fn starting_at(self, first: Option<Position>) -> Self {
        let tree = self.tree;
        Self { front: first.map(|first| tree.cursor_from(first)), ..self }
    }
}

impl<'a, S: Shape> Tree<S> {
    fn cursor_from(&'a self, position: Position) -> Cursor<'a> {
        Cursor { leaf: position.leaf, items: self.items_from(position) }
    }

    fn cursor_to(&'a self, position: Position) -> Cursor<'a> {
        Cursor { leaf: position.leaf, items: self.records_of(position.leaf, 0..position.index + 1) }
    }

    /// All of the next leaf.
    fn cursor_beside(&'a self, leaf: u32, way: Way) -> Cursor<'a> {
        let leaf = self.neighbour(leaf, way).expect("more records mean more leaves");
        Cursor { leaf, items: self.pack(leaf).iter() }
    }
}

impl<'a, S: Shape> Iter<'a, S> {
    /// What is left of the leaf with the next record.
    #[inline]
    fn front(&mut self) -> &mut Items<'a> {
        let (tree, rank) = (self.tree, self.ranks.start);
        let cursor = self.front.get_or_insert_with(|| {
            tree.cursor_from(tree.at(rank).expect("the ranks are those of records"))
        });
        if cursor.items.len() == 0 {
            *cursor = tree.cursor_beside(cursor.leaf, Way::On);
        }
        &mut cursor.items
    }

    /// What is left of the leaf with the last record.
    fn back(&mut self) -> &mut Items<'a> {
        let (tree, rank) = (self.tree, self.ranks.end - 1);
        let cursor = self.back.get_or_insert_with(|| {
            tree.cursor_to(tree.at(rank).expect("the ranks are those of records"))
        });
        if cursor.items.len() == 0 {
            *cursor = tree.cursor_beside(cursor.leaf, Way::Back);
        }
        &mut cursor.items
    }

    /// All that is left of the leaf with the next record. O(size of a leaf).
    fn next_run(&mut self) -> Option<Items<'a>> {
        let left = self.ranks.len();
        if left == 0 {
            return None;
        }
        let items = self.front();
        let count = left.min(items.len() / S::STRIDE);
        let run = items.take_front(count * S::STRIDE);
        self.ranks.start += count;
        Some(run)
    }

    /// All that is left of the leaf with the last record. O(size of a leaf).
    fn next_run_back(&mut self) -> Option<Items<'a>> {
        let left = self.ranks.len();
        if left == 0 {
            return None;
        }
        let items = self.back();
        let count = left.min(items.len() / S::STRIDE);
        let run = items.take_back(count * S::STRIDE);
        self.ranks.end -= count;
        Some(run)
    }

    /// The leaf of the record that `next` gave last, if it gave one.
    pub fn leaf(&self) -> Option<LeafNumber> {
        self.front.as_ref().map(|cursor| LeafNumber(cursor.leaf))
    }
}

impl<'a, S: Shape> Iterator for Iter<'a, S> {
    type Item = Items<'a>;

    #[inline]
    fn next(&mut self) -> Option<Items<'a>> {
        (!self.ranks.is_empty()).then(|| {
            let record = self.front().take_front(S::STRIDE);
            self.ranks.start += 1;
            record
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }

    fn nth(&mut self, skipped: usize) -> Option<Items<'a>> {
        if skipped > 0 {
            self.ranks.start = self.ranks.end.min(self.ranks.start.saturating_add(skipped));
            self.front = None;
        }
        self.next()
    }
}

impl<S: Shape> DoubleEndedIterator for Iter<'_, S> {
    fn next_back(&mut self) -> Option<Self::Item> {
        (!self.ranks.is_empty()).then(|| {
            let record = self.back().take_back(S::STRIDE);
            self.ranks.end -= 1;
            record
        })
    }
}

impl<S: Shape> ExactSizeIterator for Iter<'_, S> {}
impl<S: Shape> FusedIterator for Iter<'_, S> {}

/// The items of records one after the other, from either end, without a look at where each record
/// ends. They may be those of a single pack.
pub struct FlatIter<'a, S: Shape> {
    front: Items<'a>,
    rest: Option<Iter<'a, S>>,
    back: Items<'a>,
}

impl<'a, S: Shape> FlatIter<'a, S> {
    /// How many items are left.
    fn left(&self) -> usize {
        let rest = self.rest.as_ref().map_or(0, ExactSizeIterator::len);
        self.front.len() + rest * S::STRIDE + self.back.len()
    }

    /// The items that are left of the leaf with the next record: a record's at least. The caller
    /// takes whole records of them.
    #[inline]
    pub fn front(&mut self) -> Option<&mut Items<'a>> {
        if self.front.len() == 0 {
            self.front = self.rest.as_mut().and_then(Iter::next_run).unwrap_or_default();
            if self.front.len() == 0 {
                std::mem::swap(&mut self.front, &mut self.back);
            }
        }
        (self.front.len() > 0).then_some(&mut self.front)
    }

    /// The same of the leaf with the last record.
    #[inline]
    pub fn back(&mut self) -> Option<&mut Items<'a>> {
        if self.back.len() == 0 {
            self.back = self.rest.as_mut().and_then(Iter::next_run_back).unwrap_or_default();
            if self.back.len() == 0 {
                std::mem::swap(&mut self.front, &mut self.back);
            }
        }
        (self.back.len() > 0).then_some(&mut self.back)
    }
}

impl<'a, S: Shape> From<Items<'a>> for FlatIter<'a, S> {
    fn from(items: Items<'a>) -> Self {
        Self { front: items, rest: None, back: Items::default() }
    }
}

impl<'a, S: Shape> From<Iter<'a, S>> for FlatIter<'a, S> {
    fn from(records: Iter<'a, S>) -> Self {
        Self { front: Items::default(), rest: Some(records), back: Items::default() }
    }
}

impl<'a, S: Shape> Iterator for FlatIter<'a, S> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        self.front()?.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left(), Some(self.left()))
    }

    #[inline]
    fn fold<B, F: FnMut(B, Item<'a>) -> B>(mut self, init: B, mut f: F) -> B {
        let mut result = init;
        while let Some(run) = self.front() {
            result = std::mem::take(run).fold(result, &mut f);
        }
        result
    }
}

impl<S: Shape> DoubleEndedIterator for FlatIter<'_, S> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.back()?.next_back()
    }
}

impl<S: Shape> ExactSizeIterator for FlatIter<'_, S> {}
impl<S: Shape> FusedIterator for FlatIter<'_, S> {}
