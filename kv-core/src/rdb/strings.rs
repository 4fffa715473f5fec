//! Many strings in one run of bytes.

use crate::value::pack::Item;
use crate::value::string::IntBuffer;

/// Strings in an order, without an allocation for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Strings {
    /// How many there are. O(1).
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none. O(1).
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many bytes they have together. O(1).
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The one at `index`. O(1).
    ///
    /// # Panics
    /// If there is none.
    pub fn at(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        (0..self.len()).map(|index| self.at(index))
    }

    /// All of them, two by two: the fields of a hash, each with its value.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> + Clone {
        (0..self.len() / 2).map(|pair| (self.at(2 * pair), self.at(2 * pair + 1)))
    }

    /// Appends one. O(its length), amortized.
    pub fn push(&mut self, string: &[u8]) {
        self.bytes.extend_from_slice(string);
        self.ends.push(self.bytes.len());
    }

    /// Appends an item's bytes. O(their number), amortized.
    pub fn push_item(&mut self, item: Item<'_>) {
        self.push(item.as_bytes(&mut IntBuffer::new()));
    }
}

impl<'a> FromIterator<&'a [u8]> for Strings {
    fn from_iter<T: IntoIterator<Item = &'a [u8]>>(strings: T) -> Self {
        let mut all = Self::default();
        strings.into_iter().for_each(|string| all.push(string));
        all
    }
}

/// Whether any is there twice. O(n log n).
pub(super) fn has_duplicates<'a>(strings: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut sorted: Vec<_> = strings.collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}
