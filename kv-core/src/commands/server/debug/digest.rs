//! What DEBUG DIGEST tells data sets apart by: equal data has equal digests, whatever its history.

use crate::commands::dump;
use crate::value::ValueRef;
use crate::value::pack::Item;
use crate::value::xxh3;
use std::fmt;

/// 160 bits, of which equal sums are those of equal parts in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest([u64; 3]);

impl Digest {
    pub(super) fn of_parts(parts: &[&[u8]]) -> Self {
        let mut bytes = vec![0];
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Self([0, 1, 2].map(|salt| {
            bytes[0] = salt;
            xxh3::digest(&bytes)
        }))
    }

    /// Of a value, whatever it is kept in. The order of members of sets and hashes does not matter.
    pub(super) fn of_value(value: ValueRef<'_>, unix_ms: i64) -> Self {
        let mut sum = Self::default();
        match value {
            ValueRef::Set(set) => set.iter().for_each(|member| sum.add(Self::of_items(&[member]))),
            ValueRef::Hash(hash) => {
                let fields = hash.at(unix_ms);
                fields.iter().for_each(|field| sum.add(Self::of_items(&[field.name, field.value])));
            }
            value => {
                let mut bytes = Vec::new();
                dump::write(value, unix_ms, &mut bytes);
                sum.add(Self::of_parts(&[&bytes]));
            }
        }
        sum
    }

    fn of_items(items: &[Item<'_>]) -> Self {
        let mut bytes = Vec::new();
        for item in items {
            let text = item.to_vec();
            bytes.extend_from_slice(&text.len().to_le_bytes());
            bytes.extend_from_slice(&text);
        }
        Self::of_parts(&[&bytes])
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, part)| *sum = sum.wrapping_add(part));
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|part| part.to_le_bytes()).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "{a:016x}{b:016x}{:08x}", c as u32)
    }
}
