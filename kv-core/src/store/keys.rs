//! A request's keys, hashed once, and fetched from memory ahead of their use.

use super::Store;
use crate::args::Args;
use std::num::NonZeroU32;
use std::ops::Range;

/// How many keys are fetched together: what a processor's line fill buffers hold, about.
const GROUP: usize = 16;

/// How many keys are looked at, from the one used last on, to find the one that is asked for:
/// handlers take keys in order, but may come back to one, or leave the first for the end.
const NEAR: usize = 3;

/// One of a request's keys, whose hash is known.
#[derive(Clone, Copy, Debug)]
pub struct HashedKey {
    /// Which of the arguments it is; the first is the command's name.
    position: NonZeroU32,
    hash: u64,
}

impl HashedKey {
    #[inline]
    pub(super) fn new(store: &Store, args: Args<'_>, position: usize) -> Self {
        let number = u32::try_from(position).ok().and_then(NonZeroU32::new);
        let hash = store.hash(args.key(position));
        Self { position: number.expect("a key is not the command's name"), hash }
    }

    /// The key's hash.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn of<'a>(&self, args: Args<'a>) -> &'a [u8] {
        args.key(self.position.get() as usize)
    }
}

/// The keys of the request that runs.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    args: Args<'a>,
    keys: &'a [HashedKey],
    /// The one used last.
    current: u32,
    /// Those from here on were not fetched yet.
    unfetched: u32,
}

impl Default for Keys<'_> {
    fn default() -> Self {
        Self::new(Args::new(&[], &[]), &[])
    }
}

impl<'a> Keys<'a> {
    pub(super) fn new(args: Args<'a>, keys: &'a [HashedKey]) -> Self {
        Self { args, keys, current: 0, unfetched: 0 }
    }

    /// The hash of a key, and which keys to fetch now, if it is one of the request's.
    #[inline]
    pub(super) fn find(&mut self, key: &[u8]) -> Option<(u64, Range<usize>)> {
        // A single key was fetched before its request ran.
        if let [only] = self.keys {
            return std::ptr::eq(only.of(self.args), key).then_some((only.hash, 0..0));
        }
        self.find_near(key)
    }

    #[inline(never)]
    fn find_near(&mut self, key: &[u8]) -> Option<(u64, Range<usize>)> {
        let (current, unfetched) = (self.current as usize, self.unfetched as usize);
        let near = self.keys[current..].iter().take(NEAR);
        let ahead =
            near.map(|hashed| hashed.of(self.args)).position(|near| std::ptr::eq(near, key));
        let current = current + ahead?;
        let end =
            if current < unfetched { unfetched } else { (current + GROUP).min(self.keys.len()) };
        (self.current, self.unfetched) = (current as u32, end as u32);
        Some((self.keys[current].hash, unfetched..end))
    }

    /// The hashes of some of the keys.
    pub(super) fn hashes(&self, of: Range<usize>) -> impl Iterator<Item = u64> + Clone + use<'a> {
        self.keys[of].iter().map(HashedKey::hash)
    }
}
