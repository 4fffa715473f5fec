//! Lists.

use std::collections::VecDeque;

/// Which end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first element.
    Head,
    /// The last element.
    Tail,
}

/// A sequence of strings. Never empty while it is stored under a key.
#[derive(Clone, Debug, Default)]
pub struct List {
    items: VecDeque<Box<[u8]>>,
}

impl List {
    /// How many elements there are. O(1).
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds an element at one end. Amortized O(1).
    pub fn push(&mut self, end: End, item: &[u8]) {
        match end {
            End::Head => self.items.push_front(item.into()),
            End::Tail => self.items.push_back(item.into()),
        }
    }

    /// Takes the element at one end. O(1).
    pub fn pop(&mut self, end: End) -> Option<Box<[u8]>> {
        match end {
            End::Head => self.items.pop_front(),
            End::Tail => self.items.pop_back(),
        }
    }

    /// The element at `index`.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.items.get(index).map(|item| &**item)
    }

    /// The elements from `start` on.
    pub fn iter_from(&self, start: usize) -> impl Iterator<Item = &[u8]> {
        self.items.range(start.min(self.items.len())..).map(|item| &**item)
    }
}
