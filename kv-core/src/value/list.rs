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

    /// Adds elements at one end, one after the other, and gives the new length. Amortized O(1) each.
    pub fn push_all<'a>(&mut self, end: End, items: impl Iterator<Item = &'a [u8]>) -> usize {
        items.for_each(|item| self.push(end, item));
        self.len()
    }

    /// Takes the element at one end. O(1).
    pub fn pop(&mut self, end: End) -> Option<Box<[u8]>> {
        match end {
            End::Head => self.items.pop_front(),
            End::Tail => self.items.pop_back(),
        }
    }

    /// The element at `index`. O(1).
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.items.get(index).map(|item| &**item)
    }

    /// The elements from `start` on. O(1) to begin.
    pub fn iter_from(&self, start: usize) -> impl Iterator<Item = &[u8]> {
        self.items.range(start.min(self.items.len())..).map(|item| &**item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_a_vector(operations in prop::collection::vec((0..4u8, any::<u8>()), 0..200)) {
            let mut list = List::default();
            let mut model: Vec<Vec<u8>> = Vec::new();
            for (operation, byte) in operations {
                match operation {
                    0 => {
                        list.push(End::Head, &[byte]);
                        model.insert(0, vec![byte]);
                    }
                    1 => {
                        let items = [[byte], [byte.wrapping_add(1)]];
                        let len = list.push_all(End::Tail, items.iter().map(|item| &item[..]));
                        model.extend(items.map(Vec::from));
                        prop_assert_eq!(len, model.len());
                    }
                    2 => {
                        let expected = (!model.is_empty()).then(|| model.remove(0));
                        prop_assert_eq!(list.pop(End::Head).map(Vec::from), expected);
                    }
                    _ => prop_assert_eq!(list.pop(End::Tail).map(Vec::from), model.pop()),
                }
                prop_assert_eq!(list.is_empty(), model.is_empty());
                let start = usize::from(byte) % (model.len() + 2);
                prop_assert_eq!(list.get(start), model.get(start).map(|item| &item[..]));
                let rest = list.iter_from(start).map(<[u8]>::to_vec);
                let expected: Vec<_> = model.iter().skip(start).cloned().collect();
                prop_assert_eq!(rest.collect::<Vec<_>>(), expected);
            }
        }
    }
}
