//! What a hash is at a moment.

use super::super::pack::Item;
use super::super::string::IntBuffer;
use super::{Fields, HashRef, STRIDE};
use crate::rng::Rng;
use std::collections::BTreeSet;

/// A random field is drawn from all, expired ones included, if that takes no more draws than this
/// on the average until there is one that has not expired.
const DRAWS_MEAN_MAX: usize = 64;

/// So much smaller than a hash is a sample for which single fields are drawn.
const SAMPLE_SHARE: usize = 3;

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
                let mut record = pack.seek(name, STRIDE, 0)?;
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
        let unix_ms = self.unix_ms;
        let (items, fields) = match self.hash {
            HashRef::Packed(pack) => (Some(pack.iter()), None),
            HashRef::Large(fields) => (None, Some(fields)),
        };
        let packed = items.into_iter().flat_map(|mut items| {
            std::iter::from_fn(move || {
                Some(Field { name: items.next()?, value: items.next()?, deadline: None })
            })
        });
        let stored = fields.into_iter().flat_map(|all| all.records().map(|it| all.decode(it)));
        packed.chain(stored.filter(move |field| !field.is_expired(unix_ms)))
    }

    /// Visits the fields from `cursor` on, `count` of them or a few more (all of a small hash), and
    /// returns the cursor to go on from, 0 at the end. Every field that is there from the first call
    /// with cursor 0 to the last is visited; and once only, unless the hash has become small in
    /// between. O(`count`), at least 1.
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

    /// Whether nearly all fields have expired and are not removed yet. O(log n) then.
    pub fn is_sparse(self) -> bool {
        self.len() < self.hash.stored_len() / DRAWS_MEAN_MAX
    }

    /// A field chosen at random, all with the same probability. O(1) expected; O(log n) for one with
    /// a deadline and O(n) for one without if the hash is sparse.
    pub fn random(self, rng: &mut Rng) -> Option<Field<'a>> {
        let len = self.len() as u64;
        match self.hash {
            _ if len == 0 => None,
            HashRef::Packed(_) => self.iter().nth(rng.below(len) as usize),
            HashRef::Large(fields) if self.is_sparse() => {
                self.nth_of_few(fields, rng.below(len) as usize)
            }
            HashRef::Large(fields) => {
                let drawn = std::iter::repeat_with(|| fields.random(rng)).flatten();
                drawn.into_iter().find(|field| !field.is_expired(self.unix_ms))
            }
        }
    }

    fn nth_of_few(self, fields: &'a Fields, index: usize) -> Option<Field<'a>> {
        let expired = fields.expired(self.unix_ms);
        match index.checked_sub(fields.timed() - expired) {
            None => fields.timed_from(expired + index).next(),
            Some(index) => fields.untimed().nth(index),
        }
    }

    /// All fields, without a look at the expired ones if all have deadlines.
    fn few(self, fields: &'a Fields) -> Vec<Field<'a>> {
        fields.timed_from(fields.expired(self.unix_ms)).chain(fields.untimed()).collect()
    }

    /// Visits `count` fields chosen at random, which may be the same. O(`count`), and O(n) if the
    /// hash is sparse.
    pub fn draw(self, count: u64, rng: &mut Rng, mut visit: impl FnMut(Field<'a>)) {
        let few = match self.hash {
            HashRef::Large(fields) if self.is_sparse() => self.few(fields),
            _ => return (0..count).filter_map(|_| self.random(rng)).for_each(visit),
        };
        if !few.is_empty() {
            (0..count).for_each(|_| visit(few[rng.below(few.len() as u64) as usize]));
        }
    }

    /// `count` different fields chosen at random, all sets of so many with the same probability;
    /// all fields if there are not more. O(`count`), with a logarithm of it if that is far fewer
    /// than there are; else O(n).
    pub fn sample(self, count: usize, rng: &mut Rng) -> Vec<Field<'a>> {
        let len = self.len();
        match self.hash {
            HashRef::Large(fields) if self.is_sparse() => {
                return sweep(self.few(fields).into_iter(), count, len, rng);
            }
            HashRef::Large(_) if count.saturating_mul(SAMPLE_SHARE) <= len => {}
            _ => return sweep(self.iter(), count, len, rng),
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
}

/// Walks through all `len` and takes each with the probability that leaves enough for the rest.
fn sweep<'a>(
    fields: impl Iterator<Item = Field<'a>>,
    count: usize,
    len: usize,
    rng: &mut Rng,
) -> Vec<Field<'a>> {
    let mut wanted = count.min(len) as u64;
    let mut left = len as u64;
    let takes = |_: &Field<'_>| {
        let takes = rng.below(left) < wanted;
        left -= 1;
        wanted -= u64::from(takes);
        takes
    };
    fields.filter(takes).collect()
}
