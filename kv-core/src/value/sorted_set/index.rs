//! In which leaf of its tree a member lies: linear hashing (Litwin, 1980) over small buckets, in
//! the way of [`Members`](crate::value::members).
//!
//! An entry is 32 bits of the member's keyed hash and the number of the leaf. Members are not
//! looked at: the bits suffice to split and merge buckets, and the leaf tells which of its members
//! was meant. Two members may have the same bits.
//!
//! Bucket `b` holds the entries whose hashes end in the bits of `b`. Where there are too many
//! entries, the next bucket in turn is split by one more bit; where there are too few, the last one
//! is merged back. No step looks at more than two buckets.
//!
//! The *position* of an entry is its hash, read from the lowest bit to the highest, so that each
//! bucket holds an interval of positions, and a walk along the positions is not disturbed by
//! whatever is split or merged meanwhile.

use super::bucket::{BUCKET_BYTES, Bucket};
use crate::table::Table;
use crate::value::tree::LeafNumber;
use crate::wide::Found;

/// The hash of a member.
pub(super) type Hash = u32;

/// From which bucket this one is split: that without the highest bit.
fn origin(bucket: usize) -> usize {
    bucket - (1 << bucket.ilog2())
}

/// Leaves by the hashes of members.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// There is at least one, until they are freed.
    buckets: Table<Bucket>,
    len: usize,
    /// What the entries take.
    entry_bytes: usize,
    /// How many entries a bucket has on the average.
    load: u16,
}

impl Index {
    /// Without entries. There will be `load` of them in a bucket on the average.
    pub(super) fn new(load: u16) -> Self {
        let mut buckets = Table::new();
        buckets.push(Bucket::default());
        Self { buckets, len: 0, entry_bytes: 0, load }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The memory that it takes, in bytes. O(1).
    pub(super) fn heap_bytes(&self) -> usize {
        self.entry_bytes + self.buckets.capacity() * BUCKET_BYTES
    }

    /// Asks the processor for what leads to the entries of a hash.
    pub(super) fn prefetch_bucket(&self, hash: Hash) {
        self.buckets.prefetch(self.bucket_of(hash));
    }

    /// Asks the processor for the entries where a hash is looked for.
    pub(super) fn prefetch_entries(&self, hash: Hash) {
        self.buckets[self.bucket_of(hash)].prefetch();
    }

    /// The leaves of the members with a hash. O(1).
    pub(super) fn leaves(&self, hash: Hash) -> impl Iterator<Item = LeafNumber> {
        let bucket = &self.buckets[self.bucket_of(hash)];
        bucket.of_hash(hash).map(|at| bucket.leaf(at))
    }

    /// The leaf of the only member with a hash. O(1).
    pub(super) fn only_leaf(&self, hash: Hash) -> Option<LeafNumber> {
        let bucket = &self.buckets[self.bucket_of(hash)];
        match bucket.only_of_hash(hash) {
            Found::At(at) => Some(bucket.leaf(at)),
            Found::Nowhere | Found::Several => None,
        }
    }

    /// Adds an entry. O(1).
    pub(super) fn add(&mut self, hash: Hash, leaf: LeafNumber) {
        self.change(self.bucket_of(hash), |bucket| bucket.push(hash, leaf));
        self.len += 1;
        if self.len > self.buckets.len() * usize::from(self.load) {
            self.split();
        }
    }

    /// Removes an entry. O(1).
    ///
    /// # Panics
    /// If it is not there.
    pub(super) fn remove(&mut self, hash: Hash, leaf: LeafNumber) {
        let number = self.bucket_of(hash);
        let bucket = &self.buckets[number];
        let at = bucket.of_hash(hash).find(|&at| bucket.leaf(at) == leaf);
        self.remove_at(number, at.expect("the member has an entry"));
    }

    /// Notes that a member with this hash lies in this leaf now. False if there are several members
    /// with this hash, so that nobody knows which of their entries is wrong now: then one has been
    /// added. O(1).
    ///
    /// # Panics
    /// If there is no entry.
    pub(super) fn relocate(&mut self, hash: Hash, leaf: LeafNumber) -> bool {
        let number = self.bucket_of(hash);
        match self.buckets[number].only_of_hash(hash) {
            Found::At(at) => {
                self.buckets[number].set_leaf(at, leaf);
                true
            }
            Found::Several => {
                self.add(hash, leaf);
                false
            }
            Found::Nowhere => panic!("the member has an entry"),
        }
    }

    /// Removes all entries with a hash, and gives their leaves, each once. O(1).
    pub(super) fn take(&mut self, hash: Hash) -> Vec<LeafNumber> {
        let mut leaves: Vec<_> = self.leaves(hash).collect();
        leaves.iter().for_each(|&leaf| self.remove(hash, leaf));
        leaves.sort_unstable();
        leaves.dedup();
        leaves
    }

    /// Visits the hashes from a position on in their order, each once with the leaves of its
    /// members, as long as `visit` wants more. The position of the hash that it did not want.
    pub(super) fn scan(
        &self,
        position: u32,
        mut visit: impl FnMut(Hash, &[LeafNumber]) -> bool,
    ) -> Option<u32> {
        let mut next = Some(position);
        while let Some(first) = next {
            let number = self.bucket_of(first.reverse_bits());
            let mut entries: Vec<_> = self.buckets[number]
                .iter()
                .map(|(hash, leaf)| (hash.reverse_bits(), leaf))
                .collect();
            entries.retain(|entry| entry.0 >= first);
            entries.sort_unstable();
            entries.dedup();
            for group in entries.chunk_by(|a, b| a.0 == b.0) {
                let leaves: Vec<_> = group.iter().map(|entry| entry.1).collect();
                if !visit(group[0].0.reverse_bits(), &leaves) {
                    return Some(group[0].0);
                }
            }
            next = self.last_position(number).checked_add(1);
        }
        None
    }

    /// Frees about `count` entries. How many; fewer only when none are left. Nothing else than
    /// freeing more is possible afterwards.
    pub(super) fn free_some(&mut self, count: usize) -> usize {
        let mut freed = 0;
        while freed < count {
            let Some(bucket) = self.buckets.pop() else { break };
            self.entry_bytes -= bucket.heap_bytes();
            freed += bucket.len();
        }
        self.len -= freed;
        freed
    }

    fn change<R>(&mut self, bucket: usize, change: impl FnOnce(&mut Bucket) -> R) -> R {
        let bucket = &mut self.buckets[bucket];
        self.entry_bytes -= bucket.heap_bytes();
        let result = change(bucket);
        self.entry_bytes += bucket.heap_bytes();
        result
    }

    fn remove_at(&mut self, bucket: usize, at: usize) {
        self.change(bucket, |bucket| bucket.swap_remove(at));
        self.len -= 1;
        // Some way below the number at which they are split, lest they are split at once again.
        let room = (self.buckets.len() - 1) * usize::from(self.load);
        if self.buckets.len() > 1 && self.len < room - room / 4 {
            self.merge();
        }
    }

    /// The largest power of two that is not above the number of buckets, and its logarithm.
    fn round(&self) -> (usize, u32) {
        let bits = self.buckets.len().ilog2();
        (1 << bits, bits)
    }

    #[inline]
    fn bucket_of(&self, hash: Hash) -> usize {
        let (round, _) = self.round();
        let number = hash as usize & (2 * round - 1);
        if number < self.buckets.len() { number } else { number - round }
    }

    /// The last position of a bucket's interval.
    fn last_position(&self, bucket: usize) -> u32 {
        let (round, bits) = self.round();
        let is_split = bucket >= round || bucket + round < self.buckets.len();
        let depth = bits + u32::from(is_split);
        (bucket as u32).reverse_bits() | u32::MAX.checked_shr(depth).unwrap_or(0)
    }

    /// Adds a bucket, which gets its entries from another.
    fn split(&mut self) {
        let new = self.buckets.len();
        let mask = 2 * self.round().0 - 1;
        let belongs = |hash: Hash| hash as usize & mask == new;
        let moved = self.change(origin(new), |bucket| bucket.split(belongs));
        self.entry_bytes += moved.heap_bytes();
        self.buckets.push(moved);
    }

    /// Removes the last bucket, whose entries go back to where they came from.
    fn merge(&mut self) {
        let last = self.buckets.pop().expect("there are several");
        self.entry_bytes -= last.heap_bytes();
        self.change(origin(self.buckets.len()), |bucket| bucket.append(&last));
    }

    /// Checks what holds in every index, for tests.
    #[cfg(test)]
    pub(super) fn check(&self) {
        let mut len = 0;
        for (number, bucket) in self.buckets.iter().enumerate() {
            assert!(bucket.iter().all(|(hash, _)| self.bucket_of(hash) == number));
            len += bucket.len();
        }
        assert_eq!(len, self.len);
        let bytes: usize = self.buckets.iter().map(Bucket::heap_bytes).sum();
        assert_eq!(bytes, self.entry_bytes);
        assert!(self.len <= self.buckets.len() * usize::from(self.load));
    }
}
