//! A vector that grows and shrinks without moving what it holds, so that none of its operations
//! takes long, however much that is.

use crate::slab::prefetch;
use std::ops::{Index, IndexMut};

/// Elements of a part. The first part grows up to this like any vector, and shrinks.
const PART: usize = 1024;

/// Elements by their numbers. All parts but the last are full.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    parts: Vec<Vec<T>>,
}

impl<T> Table<T> {
    /// An empty table. Allocates nothing.
    pub(crate) const fn new() -> Self {
        Self { parts: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.last().map_or(0, |last| (self.parts.len() - 1) * PART + last.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// For how many elements there is memory.
    pub(crate) fn capacity(&self) -> usize {
        self.parts.last().map_or(0, |last| (self.parts.len() - 1) * PART + last.capacity())
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.parts.get(index / PART)?.get(index % PART)
    }

    /// Asks the processor for an element.
    pub(crate) fn prefetch(&self, index: usize) {
        self.get(index).into_iter().for_each(|element| prefetch(element));
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.parts.last()?.last()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().flatten()
    }

    /// The elements from `first` on, and then those before it.
    pub(crate) fn iter_around(&self, first: usize) -> impl Iterator<Item = &T> {
        let len = self.len();
        (first..len).chain(0..first.min(len)).map(|index| &self[index])
    }

    /// Elements from `first` on, at most `max`; fewer at the end of a part, and none if there are none.
    pub(crate) fn run(&self, first: usize, max: usize) -> &[T] {
        let part = self.parts.get(first / PART).and_then(|part| part.get(first % PART..));
        part.map_or(&[], |part| &part[..part.len().min(max)])
    }

    /// Adds an element. O(1): at most one part is allocated, and only the first is ever moved.
    pub(crate) fn push(&mut self, element: T) {
        if let Some(last) = self.parts.last_mut()
            && last.len() < PART
        {
            return last.push(element);
        }
        let capacity = if self.parts.is_empty() { 0 } else { PART };
        let mut part = Vec::with_capacity(capacity);
        part.push(element);
        self.parts.push(part);
    }

    /// Takes the last element. O(1): only the first part is ever moved.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let is_first = self.parts.len() == 1;
        let last = self.parts.last_mut()?;
        let element = last.pop();
        if last.is_empty() {
            self.parts.pop();
        } else if is_first && last.len() < last.capacity() / 4 {
            last.shrink_to(last.capacity() / 2);
        }
        element
    }

    /// Takes an element and puts the last in its place. O(1).
    pub(crate) fn swap_remove(&mut self, index: usize) -> T {
        let last = self.pop().expect("there is something to remove");
        if index == self.len() { last } else { std::mem::replace(&mut self[index], last) }
    }

    /// Two elements, to change them both.
    ///
    /// # Panics
    /// If they are the same, or one of them is not there.
    pub(crate) fn pair_mut(&mut self, [a, b]: [usize; 2]) -> [&mut T; 2] {
        const THERE: &str = "two different elements that are there";
        if a / PART == b / PART {
            return self.parts[a / PART].get_disjoint_mut([a % PART, b % PART]).expect(THERE);
        }
        let [first, second] = self.parts.get_disjoint_mut([a / PART, b / PART]).expect(THERE);
        [&mut first[a % PART], &mut second[b % PART]]
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.parts[index / PART][index % PART]
    }
}

impl<T> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.parts[index / PART][index % PART]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_a_vector(operations in prop::collection::vec((0..5u8, any::<u16>()), 1..60)) {
            let mut table = Table::new();
            let mut model = Vec::new();
            for (operation, number) in operations {
                let index = usize::from(number) % model.len().max(1);
                match operation {
                    0 | 1 => (0..number % 900).for_each(|element| {
                        table.push(element);
                        model.push(element);
                    }),
                    2 => (0..number % 900).for_each(|_| assert_eq!(table.pop(), model.pop())),
                    3 if !model.is_empty() => {
                        prop_assert_eq!(table.swap_remove(index), model.swap_remove(index));
                    }
                    _ if model.len() > 1 => {
                        let other = (index + 1) % model.len();
                        let [a, b] = table.pair_mut([index, other]);
                        std::mem::swap(a, b);
                        model.swap(index, other);
                    }
                    _ => {}
                }
                let index = usize::from(number) % model.len().max(1);
                prop_assert_eq!(table.len(), model.len());
                prop_assert_eq!(table.is_empty(), model.is_empty());
                prop_assert!(table.capacity() >= model.len());
                prop_assert!(table.capacity() <= model.len() + PART);
                prop_assert!(table.iter().eq(&model));
                prop_assert_eq!(table.last(), model.last());
                prop_assert_eq!(table.get(index), model.get(index));
                let run = table.run(index, usize::from(number));
                let len = usize::from(number).min(PART - index % PART).min(model.len() - index);
                prop_assert_eq!(run, &model[index..index + len]);
                prop_assert!(table.run(model.len() + index, 1).is_empty());
                model.rotate_left(index);
                prop_assert!(table.iter_around(index).eq(&model));
                model.rotate_right(index);
            }
        }
    }
}
