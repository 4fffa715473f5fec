//! A bucket: a few records with a tag for each, in one pack.
//!
//! The first item of the pack is the column of tags; the records follow it, `stride` items each.
//! Code and tags of a usual bucket lie in the first cache line.

use super::super::pack::{self, Item, Items, Mark, Pack, PackRef};
use crate::wide;
use std::ops::Range;

/// The bit of a tag that says that the record is kept outside of the bucket. The other bits are
/// those of the position that follow the bucket's own.
pub(super) const OUTSIDE: u8 = 1;

/// What stands in a record for an item that it lacks.
const FILLER: Item<'static> = Item::Bytes(&[]);

/// A record that was looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) slot: usize,
    pub(super) tag: u8,
    /// How many items each record has.
    pub(super) stride: usize,
    /// Where the item behind its first begins.
    pub(super) second: Mark,
}

/// Records in ascending order of their positions, and so of their tags.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket<'a>(pub(super) PackRef<'a>);

impl<'a> Bucket<'a> {
    pub(super) fn len(self) -> usize {
        self.tags().len()
    }

    #[inline]
    pub(super) fn tags(self) -> &'a [u8] {
        self.parts().0
    }

    /// The tags, and the items of all records.
    #[inline(always)]
    fn parts(self) -> (&'a [u8], Items<'a>) {
        let mut items = self.0.iter();
        match items.next() {
            Some(Item::Bytes(tags)) => (tags, items),
            _ => (&[], items),
        }
    }

    /// How many items each record has; 0 if there is no record.
    fn stride(self) -> usize {
        let (tags, items) = self.parts();
        stride(items.len(), tags.len())
    }

    /// The record at `slot`, as it is stored.
    pub(super) fn record(self, slot: usize) -> Items<'a> {
        self.items_from(slot).take_front(self.stride())
    }

    /// The items of the record at `slot`, and all that follow.
    pub(super) fn items_from(self, slot: usize) -> Items<'a> {
        self.0.iter_from(1 + slot * self.stride())
    }

    /// The tag at `slot`, and the first item of its record.
    pub(super) fn first(self, slot: usize) -> (u8, Item<'a>) {
        let item = self.0.get(1 + slot * self.stride());
        (self.tags()[slot], item.expect("the slot is taken"))
    }

    /// The first record of those with `tag` for which `is_it` says so by tag and first item; or else the slot
    /// behind them.
    #[inline(always)]
    pub(super) fn search(
        self,
        tag: u8,
        mut is_it: impl FnMut(u8, Item<'_>) -> bool,
    ) -> Result<Hit, usize> {
        let (tags, records) = self.parts();
        let stride = stride(records.len(), tags.len());
        let mut slot = self.rank(tag);
        while let Some(&found) = tags.get(slot)
            && found & !OUTSIDE == tag
        {
            let mut items = self.0.iter_from(1 + slot * stride);
            let item = items.next();
            if is_it(found, item.expect("the slot is taken")) {
                return Ok(Hit { slot, tag: found, stride, second: self.0.mark(&items) });
            }
            slot += 1;
        }
        Err(slot)
    }

    /// All records with their tags.
    pub(super) fn records(self) -> impl Iterator<Item = (u8, Items<'a>)> {
        let stride = self.stride();
        let mut items = self.0.iter_from(1);
        self.tags().iter().map(move |&tag| (tag, items.take_front(stride)))
    }

    /// The number of tags that are less than `bound`.
    #[inline(always)]
    pub(super) fn rank(self, bound: u8) -> usize {
        let (tags, bytes) = self.0.first_bytes();
        // They are sorted, but to count them all takes no branch that depends on them.
        wide::count_below(bytes, tags.len(), bound)
    }
}

/// Changes of one record. What becomes of the bucket is written into `out`.
impl Bucket<'_> {
    /// Puts a record before the one at `slot`, or behind all.
    pub(super) fn insert(self, slot: usize, tag: u8, record: &[Item<'_>], out: &mut Pack) {
        let mut tags = Vec::with_capacity(self.len() + 1);
        tags.extend_from_slice(&self.tags()[..slot]);
        tags.push(tag);
        tags.extend_from_slice(&self.tags()[slot..]);
        self.splice(slot, 0, &tags, record, out);
    }

    /// Puts another record in the place of the one at `slot`.
    pub(super) fn replace(self, slot: usize, tag: u8, record: &[Item<'_>], out: &mut Pack) {
        let mut tags = self.tags().to_vec();
        tags[slot] = tag;
        self.splice(slot, 1, &tags, record, out);
    }

    /// Takes the record at `slot` away, where [`cut`] cannot.
    pub(super) fn remove(self, slot: usize, out: &mut Pack) {
        if self.len() == 1 {
            return *out = Pack::default();
        }
        let mut tags = self.tags().to_vec();
        tags.remove(slot);
        self.0.edit_into([(0..1, &[Item::Bytes(&tags)]), (self.items_of(slot), &[])], out);
    }

    /// The items of the record at `slot`.
    fn items_of(self, slot: usize) -> Range<usize> {
        let stride = self.stride();
        let first = 1 + slot * stride;
        first..first + stride
    }

    /// Puts a record in the place of `old` records from `slot` on.
    fn splice(self, slot: usize, old: usize, tags: &[u8], record: &[Item<'_>], out: &mut Pack) {
        let stride = self.stride();
        if stride > record.len() {
            let fillers = std::iter::repeat_n(FILLER, stride - record.len());
            let filled: Vec<_> = record.iter().copied().chain(fillers).collect();
            return self.splice(slot, old, tags, &filled, out);
        }
        if (1..record.len()).contains(&stride) {
            let mut wide = Pack::from_bytes(self.0.as_bytes().to_vec());
            widen(&mut wide, record.len());
            return Bucket(wide.view()).splice(slot, old, tags, record, out);
        }
        let (end, first) = (self.0.count().min(1), self.0.count().min(1) + slot * record.len());
        let range = first..first + old * record.len();
        self.0.edit_into([(0..end, &[Item::Bytes(tags)]), (range, record)], out);
    }

    /// Keeps the records of some slots alone. `tags` are their new tags.
    pub(super) fn keep(self, slots: Range<usize>, tags: &[u8], out: &mut Pack) {
        if slots.is_empty() {
            return *out = Pack::default();
        }
        let (stride, end) = (self.stride(), self.0.count());
        let kept = 1 + slots.start * stride..1 + slots.end * stride;
        let tags = Item::Bytes(tags);
        self.0.edit_into([(0..kept.start, &[tags]), (kept.end..end, &[])], out);
    }

    /// Whether each record has so many items.
    #[inline]
    pub(super) fn has_stride(self, items: usize) -> bool {
        self.0.count() == 1 + self.len() * items
    }
}

/// Takes the record at `slot` out of the bytes of a bucket. How long it is then; None, and nothing has changed,
/// if it would be empty or has very many records.
pub(super) fn cut(bucket: &mut [u8], slot: usize) -> Option<usize> {
    let view = Bucket(PackRef::from_bytes(bucket));
    let items = view.items_of(slot);
    if view.len() == 1 {
        return None;
    }
    pack::cut(bucket, slot, items)
}

/// Adds the records of another bucket behind all others. `tags` are the new tags of all.
pub(super) fn append(pack: &mut Pack, mut other: Pack, tags: &[u8]) {
    if pack.is_empty() {
        *pack = other;
    } else if !other.is_empty() {
        widen(&mut other, Bucket(pack.view()).stride());
        widen(pack, Bucket(other.view()).stride());
        other.splice(0..1, &[]);
        set_tags(pack, tags);
        return pack.append(other.view());
    }
    set_tags(pack, tags);
}

/// Gives all records as many items as `stride`, if they have fewer.
fn widen(pack: &mut Pack, stride: usize) {
    let bucket = Bucket(pack.view());
    let old = bucket.stride();
    if old == 0 || old >= stride {
        return;
    }
    let mut items = vec![Item::Bytes(bucket.tags())];
    for (_, record) in bucket.records() {
        items.extend(record.chain(std::iter::repeat_n(FILLER, stride - old)));
    }
    let mut wide = Pack::default();
    wide.splice(0..0, &items);
    *pack = wide;
}

fn set_tags(pack: &mut Pack, tags: &[u8]) {
    let old = pack.count().min(1);
    if !tags.is_empty() {
        pack.splice(0..old, &[Item::Bytes(tags)]);
    }
}

/// How many items each of so many records has, if they have so many together; 0 if there is no record.
#[inline]
fn stride(items: usize, records: usize) -> usize {
    // A division takes longer.
    let mut stride = 0;
    while stride * records < items {
        stride += 1;
    }
    stride
}
