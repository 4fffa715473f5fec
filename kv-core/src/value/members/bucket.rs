//! A bucket: a few records with a tag for each, in one pack.
//!
//! The first item of the pack is the column of tags; the records follow it, `stride` items each.
//! Code and tags of a usual bucket lie in the first cache line.

use super::super::pack::{Item, Items, Pack, PackRef};

/// The bit of a tag that says that the record is kept outside of the bucket. The other bits are
/// those of the position that follow the bucket's own.
pub(super) const OUTSIDE: u8 = 1;

/// What stands in a record for an item that it lacks.
const FILLER: Item<'static> = Item::Bytes(&[]);

/// Records in ascending order of their positions, and so of their tags.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket<'a>(pub(super) PackRef<'a>);

impl<'a> Bucket<'a> {
    pub(super) fn len(self) -> usize {
        self.tags().len()
    }

    #[inline]
    pub(super) fn tags(self) -> &'a [u8] {
        match self.0.iter().next() {
            Some(Item::Bytes(tags)) => tags,
            _ => &[],
        }
    }

    /// How many items each record has; 0 if there is no record.
    #[inline]
    fn stride(self) -> usize {
        // A division takes longer.
        let (items, records) = (self.0.count().saturating_sub(1), self.len());
        let mut stride = 0;
        while stride * records < items {
            stride += 1;
        }
        stride
    }

    /// The record at `slot`, as it is stored.
    pub(super) fn record(self, slot: usize) -> Items<'a> {
        let stride = self.stride();
        self.0.iter_from(1 + slot * stride).take_front(stride)
    }

    /// The tag at `slot`, and the first item of its record.
    pub(super) fn first(self, slot: usize) -> (u8, Item<'a>) {
        let item = self.0.get(1 + slot * self.stride());
        (self.tags()[slot], item.expect("the slot is taken"))
    }

    /// The first slot of those with `tag` for which `is_it` says so by tag and first item; or else
    /// that behind them.
    #[inline]
    pub(super) fn search(
        self,
        tag: u8,
        mut is_it: impl FnMut(u8, Item<'_>) -> bool,
    ) -> Result<usize, usize> {
        let tags = self.tags();
        let mut slot = rank(tags, tag);
        while let Some(&found) = tags.get(slot)
            && found & !OUTSIDE == tag
        {
            let item = self.0.get(1 + slot * self.stride());
            if is_it(found, item.expect("the slot is taken")) {
                return Ok(slot);
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
    pub(super) fn rank(self, bound: u8) -> usize {
        rank(self.tags(), bound)
    }
}

/// Puts a record before the one at `slot`, or behind all.
pub(super) fn insert(pack: &mut Pack, slot: usize, tag: u8, record: &[Item<'_>]) {
    let mut tags = Bucket(pack.view()).tags().to_vec();
    tags.insert(slot, tag);
    let stride = widen(pack, record.len()).max(record.len());
    set_tags(pack, &tags);
    splice(pack, slot * stride, 0, stride, record);
}

/// Puts another record in the place of the one at `slot`.
pub(super) fn replace(pack: &mut Pack, slot: usize, tag: u8, record: &[Item<'_>]) {
    let stride = widen(pack, record.len());
    let tags = Bucket(pack.view()).tags();
    if tags[slot] != tag {
        let mut tags = tags.to_vec();
        tags[slot] = tag;
        set_tags(pack, &tags);
    }
    splice(pack, slot * stride, stride, stride, record);
}

/// Takes the record at `slot` away.
pub(super) fn remove(pack: &mut Pack, slot: usize) {
    let bucket = Bucket(pack.view());
    if bucket.len() == 1 {
        return *pack = Pack::default();
    }
    let (stride, mut tags) = (bucket.stride(), bucket.tags().to_vec());
    tags.remove(slot);
    splice(pack, slot * stride, stride, 0, &[]);
    set_tags(pack, &tags);
}

/// Takes the records from `slot` on into a bucket of their own. `tags` are the new tags of all.
pub(super) fn split_off(pack: &mut Pack, slot: usize, tags: &[u8]) -> Pack {
    if slot == 0 {
        set_tags(pack, tags);
        return std::mem::take(pack);
    }
    let stride = Bucket(pack.view()).stride();
    set_tags(pack, &tags[..slot]);
    let mut back = pack.split_off(1 + slot * stride);
    if slot < tags.len() {
        back.splice(0..0, &[Item::Bytes(&tags[slot..])]);
    }
    back
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

/// Gives all records as many items as `stride`, if they have fewer. How many they have.
fn widen(pack: &mut Pack, stride: usize) -> usize {
    let bucket = Bucket(pack.view());
    let old = bucket.stride();
    if old == 0 || old >= stride {
        return old;
    }
    let mut items = vec![Item::Bytes(bucket.tags())];
    for (_, record) in bucket.records() {
        items.extend(record.chain(std::iter::repeat_n(FILLER, stride - old)));
    }
    let mut wide = Pack::default();
    wide.splice(0..0, &items);
    *pack = wide;
    stride
}

fn set_tags(pack: &mut Pack, tags: &[u8]) {
    let old = pack.count().min(1);
    if !tags.is_empty() {
        pack.splice(0..old, &[Item::Bytes(tags)]);
    }
}

/// Puts `record`, filled up to `new` items, in the place of `old` items from `index` on, the tags
/// not counted.
fn splice(pack: &mut Pack, index: usize, old: usize, new: usize, record: &[Item<'_>]) {
    let range = 1 + index..1 + index + old;
    if record.len() == new {
        return pack.splice(range, record);
    }
    let fillers = std::iter::repeat_n(FILLER, new - record.len());
    let filled: Vec<_> = record.iter().copied().chain(fillers).collect();
    pack.splice(range, &filled);
}

#[inline]
fn rank(tags: &[u8], bound: u8) -> usize {
    // They are sorted, but to count them all takes no branch that depends on them.
    let count = |tags: &[u8]| tags.iter().map(|&tag| u8::from(tag < bound)).sum::<u8>();
    tags.chunks(255).map(|tags| usize::from(count(tags))).sum()
}
