//! What a hash is at a moment.

use super::super::pack::Item;
use super::super::string::IntBuffer;
use super::{HashRef, STRIDE};
use crate::rng::Rng;
use std::collections::BTreeSet;

/// So many expired fields are drawn before a random one is looked for among the others.
const DRAWS_MAX: usize = 64;

/// So much smaller than a hash is a sample for which single fields are drawn.
const SPARSE: usize = 3;

/// A field of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field's name.
    pub name: Item<'a>,
    /// Its value.
    pub value: Item<'a>,
    /// When it expires, in milliseconds since the Unix epoch.
    pub deadline: Option<i64>,
}

impl Field<'_> {
    /// Whether its deadline has passed.
    pub fn is_expired(&self, unix_ms: i64) -> bool {
        self.deadline.is_some_and(|deadline| deadline < unix_ms)
    }
}

/// The fields of a hash that are there at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    hash: HashRef<'a>,
    unix_ms: i64,
}

impl<'a> Live<'a> {
    pub(super) fn new(hash: HashRef<'a>, unix_ms: i64) -> Self {
        Self { hash, unix_ms }
    }

    /// How many there are. O(1), or O(log n) while some have expired and are not removed yet.
    pub fn len(self) -> usize {
        match self.hash {
            HashRef::Packed(_) => self.hash.stored_len(),
            HashRef::Large(fields) => fields.stored_len() - fields.expired(self.unix_ms),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The field of this name, if it is there. O(1).
    pub fn find(self, name: &[u8]) -> Option<Field<'a>> {
        let name = Item::new(name);
        match self.hash {
            HashRef::Packed(pack) => {
                let at = pack.find(name, STRIDE, 0)?;
                let mut record = pack.range(at..at + STRIDE);
                Some(Field { name: record.next()?, value: record.next()?, deadline: None })
            }
            HashRef::Large(fields) => {
                fields.find(name).filter(|field| !field.is_expired(self.unix_ms))
            }
        }
    }

    /// The value of the field of this name. O(1).
    pub fn value(self, name: &[u8]) -> Option<Item<'a>> {
        self.find(name).map(|field| field.value)
    }

    /// All fields: those of a small hash in the order in which they came.
    pub fn iter(self) -> impl Iterator<Item = Field<'a>> {
        let Self { hash, unix_ms } = self;
        let decode = move |mut record: super::Items<'a>| match hash {
            HashRef::Packed(_) => {
                let mut next = || record.next().expect("a record has a field and a value");
                Field { name: next(), value: next(), deadline: None }
            }
            HashRef::Large(fields) => fields.decode(record),
        };
        hash.records().map(decode).filter(move |field| !field.is_expired(unix_ms))
    }

    /// Visits the fields from `cursor` on, `count` of them or a few more (all of a small hash), and
    /// returns the cursor to go on from, 0 at the end. Every field that is there from the first call
    /// with cursor 0 to the last is visited exactly once. O(`count`), at least 1.
    pub fn scan(self, cursor: u64, count: usize, mut visit: impl FnMut(Field<'a>)) -> u64 {
        match self.hash {
            HashRef::Packed(_) => {
                self.iter().for_each(visit);
                0
            }
            HashRef::Large(fields) => fields.scan(cursor, count, |field| {
                if !field.is_expired(self.unix_ms) {
                    visit(field);
                }
            }),
        }
    }

    /// A field chosen at random, all with the same probability. O(1) expected, but O(n) if most have
    /// expired and are not removed yet.
    pub fn random(self, rng: &mut Rng) -> Option<Field<'a>> {
        match self.hash {
            HashRef::Packed(_) => self.nth_of_random(rng),
            HashRef::Large(fields) => {
                let drawn = (0..DRAWS_MAX).map_while(|_| fields.random(rng));
                let found = drawn.into_iter().find(|field| !field.is_expired(self.unix_ms));
                found.or_else(|| self.nth_of_random(rng))
            }
        }
    }

    fn nth_of_random(self, rng: &mut Rng) -> Option<Field<'a>> {
        let len = self.len() as u64;
        if len == 0 { None } else { self.iter().nth(rng.below(len) as usize) }
    }

    /// `count` different fields chosen at random, all sets of so many with the same probability;
    /// all fields if there are not more. O(`count`), with a logarithm of it if that is far fewer
    /// than there are; else O(n).
    pub fn sample(self, count: usize, rng: &mut Rng) -> Vec<Field<'a>> {
        let len = self.len();
        if matches!(self.hash, HashRef::Packed(_)) || count.saturating_mul(SPARSE) > len {
            return self.sweep(count, len, rng);
        }
        let mut seen = BTreeSet::new();
        let mut chosen = Vec::with_capacity(count);
        while chosen.len() < count {
            let field = self.random(rng).expect("there are more than were chosen");
            if seen.insert(field.name.as_bytes(&mut IntBuffer::new()).to_vec()) {
                chosen.push(field);
            }
        }
        chosen
    }

    /// Walks through all `len` and takes each with the probability that leaves enough for the rest.
    fn sweep(self, count: usize, len: usize, rng: &mut Rng) -> Vec<Field<'a>> {
        let mut wanted = count.min(len) as u64;
        let mut left = len as u64;
        let takes = |_: &Field<'_>| {
            let takes = rng.below(left) < wanted;
            left -= 1;
            wanted -= u64::from(takes);
            takes
        };
        self.iter().filter(takes).collect()
    }
}
