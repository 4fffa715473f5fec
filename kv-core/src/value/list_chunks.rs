//! The storage of large lists.

use super::list::End;
use std::collections::VecDeque;

/// Elements of a chunk.
const CHUNK: usize = 128;

/// What an element's place counts for in memory, in bytes.
const PLACE_BYTES: usize = 16;

/// What a chunk counts for in memory, without its places.
const CHUNK_BYTES: usize = 32;

type Chunk = VecDeque<Box<[u8]>>;

/// A sequence of strings. Never empty while it is stored under a key.
///
/// It is cut into chunks, all of which but the first and the last are full, so that it grows and
/// is freed in small steps.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    chunks: VecDeque<Chunk>,
    len: usize,
    /// What the elements themselves take.
    item_bytes: usize,
}

impl Chunks {
    /// How many elements there are. O(1).
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an element at one end. Amortized O(1).
    pub fn push(&mut self, end: End, item: &[u8]) {
        self.len += 1;
        self.item_bytes += item_bytes(item);
        let chunk = self.end_mut(end);
        if chunk.is_none_or(|chunk| chunk.len() == CHUNK) {
            match end {
                End::Head => self.chunks.push_front(Chunk::new()),
                End::Tail => self.chunks.push_back(Chunk::new()),
            }
        }
        let chunk = self.end_mut(end).expect("there is one now");
        match end {
            End::Head => chunk.push_front(item.into()),
            End::Tail => chunk.push_back(item.into()),
        }
    }

    /// Adds elements at one end, one after the other, and gives the new length. Amortized O(1) each.
    pub fn push_all<'a>(&mut self, end: End, items: impl Iterator<Item = &'a [u8]>) -> usize {
        items.for_each(|item| self.push(end, item));
        self.len()
    }

    /// Takes the element at one end. O(1).
    pub fn pop(&mut self, end: End) -> Option<Box<[u8]>> {
        let chunk = self.end_mut(end)?;
        let item = match end {
            End::Head => chunk.pop_front(),
            End::Tail => chunk.pop_back(),
        };
        let item = item.expect("a chunk is not empty");
        if chunk.is_empty() {
            match end {
                End::Head => self.chunks.pop_front(),
                End::Tail => self.chunks.pop_back(),
            };
        }
        self.len -= 1;
        self.item_bytes -= item_bytes(&item);
        Some(item)
    }

    /// The element at `index`. O(1).
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let (chunk, index) = self.place(index);
        self.chunks.get(chunk)?.get(index).map(|item| &**item)
    }

    /// The elements from `start` on. O(1) to begin.
    pub fn iter_from(&self, start: usize) -> impl Iterator<Item = &[u8]> {
        let (first, skip) = self.place(start.min(self.len));
        let chunks = self.chunks.range(first.min(self.chunks.len())..).enumerate();
        let items = chunks
            .flat_map(move |(number, chunk)| chunk.range(if number == 0 { skip } else { 0 }..));
        items.map(|item| &**item)
    }

    /// The memory outside of the value itself, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        let places = match self.chunks.len() {
            0 => 0,
            1 => self.chunks[0].capacity(),
            many => many * CHUNK,
        };
        self.chunks.len() * CHUNK_BYTES + places * PLACE_BYTES + self.item_bytes
    }

    /// The chunk of an element, and its place there.
    fn place(&self, index: usize) -> (usize, usize) {
        let first = self.chunks.front().map_or(0, Chunk::len);
        match index.checked_sub(first) {
            None => (0, index),
            Some(behind) => (1 + behind / CHUNK, behind % CHUNK),
        }
    }

    fn end_mut(&mut self, end: End) -> Option<&mut Chunk> {
        match end {
            End::Head => self.chunks.front_mut(),
            End::Tail => self.chunks.back_mut(),
        }
    }
}

fn item_bytes(item: &[u8]) -> usize {
    item.len().next_multiple_of(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_a_vector(operations in prop::collection::vec((0..4u8, any::<u8>()), 0..200)) {
            let mut list = Chunks::default();
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
