//! A consumer group: what it has read, and who is to acknowledge what.

use super::directory::Directory;
use super::{StreamId, TREE_BYTES};
use crate::value::pack::{Item, Items};
use crate::value::tree::{Position, Shape, Sizes, Tree};
use std::ops::Range;

/// What a consumer owns is removed one by one if it is no more than one of so many. Else it is
/// cheaper to write down what is left.
const REMOVED_SINGLY_MAX: usize = 8;

/// The consumers that share a stream's entries.
#[derive(Clone, Debug)]
pub struct Group {
    /// The last entry that it delivered.
    pub last_id: StreamId,
    /// How many entries it has read, if that is known: the number in the stream of the entry with
    /// `last_id`, counted from the first ever added.
    pub entries_read: Option<u64>,
    consumers: Directory<Consumer>,
    /// What was delivered and not acknowledged, by ID.
    pending: Tree<ById>,
    /// The same by consumer.
    owned: Tree<ByConsumer>,
}

/// One that reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// When it last tried to do something, in milliseconds since the Unix epoch.
    pub seen_ms: i64,
    /// When it last did something, if ever.
    pub active_ms: Option<i64>,
    pending: usize,
}

impl Consumer {
    /// How many entries it is to acknowledge.
    pub fn pending(self) -> usize {
        self.pending
    }
}

/// Which consumer of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerNumber(u32);

/// An entry that was delivered but not acknowledged. It may have been deleted since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its ID.
    pub id: StreamId,
    /// To whom it was delivered.
    pub consumer: ConsumerNumber,
    /// When, in milliseconds since the Unix epoch.
    pub delivered_ms: i64,
    /// How often.
    pub deliveries: u64,
}

#[derive(Debug)]
struct ById;

impl Shape for ById {
    const STRIDE: usize = 5;
    type Key = StreamId;

    fn key(record: Items<'_>) -> StreamId {
        read_pending(record).id
    }
}

fn read_pending(mut record: Items<'_>) -> Pending {
    let mut int = || int(&mut record);
    Pending {
        id: StreamId { ms: int() as u64, seq: int() as u64 },
        consumer: ConsumerNumber(int() as u32),
        delivered_ms: int(),
        deliveries: int() as u64,
    }
}

impl Pending {
    fn record(self) -> [Item<'static>; 5] {
        let Pending { id, consumer, delivered_ms, deliveries } = self;
        [id.ms as i64, id.seq as i64, consumer.0.into(), delivered_ms, deliveries as i64]
            .map(Item::Int)
    }
}

#[derive(Debug)]
struct ByConsumer;

impl Shape for ByConsumer {
    const STRIDE: usize = 3;
    type Key = (u32, StreamId);

    fn key(mut record: Items<'_>) -> (u32, StreamId) {
        let mut int = || int(&mut record);
        (int() as u32, StreamId { ms: int() as u64, seq: int() as u64 })
    }
}

fn int(record: &mut Items<'_>) -> i64 {
    match record.next() {
        Some(Item::Int(value)) => value,
        item => panic!("{item:?} is no number"),
    }
}

impl Group {
    /// A group that has read up to an entry.
    pub(super) fn new(last_id: StreamId, entries_read: Option<u64>, sizes: Sizes) -> Self {
        Self {
            last_id,
            entries_read,
            consumers: Directory::new(sizes),
            pending: Tree::new(sizes),
            owned: Tree::new(sizes),
        }
    }

    /// The memory that it takes, in bytes. O(1).
    pub(super) fn heap_bytes(&self) -> usize {
        3 * TREE_BYTES
            + self.consumers.heap_bytes()
            + self.pending.heap_bytes()
            + self.owned.heap_bytes()
    }

    /// How much there is to be dropped, about. O(1).
    pub(super) fn size(&self) -> usize {
        self.consumers.len() + self.pending.len() + self.owned.len()
    }

    /// Frees up to about `count` of that. How much; less only when nothing is left.
    pub(super) fn free_some(&mut self, count: usize) -> usize {
        let mut freed = self.pending.free_some(count);
        freed += self.owned.free_some(count - freed);
        while freed < count && self.consumers.pop().is_some() {
            freed += 1;
        }
        freed
    }

    /// How many consumers there are. O(1).
    pub fn consumers_len(&self) -> usize {
        self.consumers.len()
    }

    /// The consumers in the order of their names.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = ConsumerNumber> {
        self.consumers.numbers().map(ConsumerNumber)
    }

    /// The consumer of this name. O(log n).
    pub fn find_consumer(&self, name: &[u8]) -> Option<ConsumerNumber> {
        self.consumers.find(name).map(ConsumerNumber)
    }

    /// A consumer.
    pub fn consumer(&self, number: ConsumerNumber) -> &Consumer {
        self.consumers.get(number.0)
    }

    /// A consumer, to change it.
    pub fn consumer_mut(&mut self, number: ConsumerNumber) -> &mut Consumer {
        self.consumers.get_mut(number.0)
    }

    /// A consumer's name.
    pub fn consumer_name(&self, number: ConsumerNumber) -> &[u8] {
        self.consumers.name(number.0)
    }

    /// Adds a consumer. None if there is one of this name. O(log n).
    pub fn add_consumer(&mut self, name: &[u8], seen_ms: i64) -> Option<ConsumerNumber> {
        if self.find_consumer(name).is_some() {
            return None;
        }
        let consumer = Consumer { seen_ms, active_ms: None, pending: 0 };
        Some(ConsumerNumber(self.consumers.insert(name, consumer)))
    }

    /// The consumer of this name, which is added if there is none; it is seen now. O(log n).
    pub fn see_consumer(&mut self, name: &[u8], now_ms: i64) -> ConsumerNumber {
        let found = self.find_consumer(name).or_else(|| self.add_consumer(name, now_ms));
        let number = found.expect("it was added if it was not there");
        self.consumer_mut(number).seen_ms = now_ms;
        number
    }

    /// Removes a consumer and what it was to acknowledge. How much that was, or none if there is no
    /// such consumer; and a group that has nothing but what is to be dropped. O(log n) for each if
    /// it is little of all, else O(what is left).
    pub(super) fn remove_consumer(&mut self, name: &[u8]) -> Option<(usize, Self)> {
        let number = self.find_consumer(name)?;
        let ranks = self.ranks_of(number);
        let mut grave = Self::new(StreamId::MIN, None, self.pending.sizes());
        if ranks.len() > self.pending.len() / REMOVED_SINGLY_MAX {
            self.keep_others(number, ranks.clone(), &mut grave);
        } else {
            self.remove_owned(ranks.clone());
        }
        self.consumers.remove(name);
        Some((ranks.len(), grave))
    }

    fn remove_owned(&mut self, ranks: Range<usize>) {
        let owned = self.owned.range(ranks.clone()).map(|record| ByConsumer::key(record).1);
        for id in owned.collect::<Vec<_>>() {
            let (position, _) = self.find(id).expect("what is owned is pending");
            self.pending.remove(position, &mut ());
        }
        self.owned.remove_range(ranks, &mut ());
    }

    /// Makes both trees anew without what this consumer owns, at these ranks of one of them. The
    /// old trees go into the grave.
    fn keep_others(&mut self, consumer: ConsumerNumber, ranks: Range<usize>, grave: &mut Self) {
        let Self { pending, owned, .. } = self;
        if ranks.len() < pending.len() {
            let is_kept = |record: &Items<'_>| read_pending(record.clone()).consumer != consumer;
            grave.pending.extend(pending.iter().filter(is_kept).flatten(), &mut ());
            let kept = owned.range(0..ranks.start).chain(owned.range(ranks.end..owned.len()));
            grave.owned.extend(kept.flatten(), &mut ());
        }
        std::mem::swap(pending, &mut grave.pending);
        std::mem::swap(owned, &mut grave.owned);
    }

    /// How many entries are to be acknowledged. O(1).
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// What is to be acknowledged, from an ID on. O(log n) to begin with.
    pub fn pending_from(&self, start: StreamId) -> impl DoubleEndedIterator<Item = Pending> {
        self.pending.iter_from(self.pending.seek(|id, _| id < start)).map(read_pending)
    }

    /// The IDs that a consumer is to acknowledge, from one on. O(log n) to begin with.
    pub fn owned_from(
        &self,
        consumer: ConsumerNumber,
        start: StreamId,
    ) -> impl Iterator<Item = StreamId> {
        let start = self.owned.seek(|key, _| key < (consumer.0, start));
        let all = self.owned.iter_from(start).map(ByConsumer::key);
        all.take_while(move |key| key.0 == consumer.0).map(|key| key.1)
    }

    /// An entry, if it is to be acknowledged. O(log n).
    pub fn pending(&self, id: StreamId) -> Option<Pending> {
        self.find(id).map(|(_, pending)| pending)
    }

    /// Notes that an entry is to be acknowledged, whatever was noted of it before. O(log n).
    pub fn set_pending(&mut self, pending: Pending) {
        let place = self.pending.seek(|id, _| id < pending.id);
        let old = place.map(|place| read_pending(self.pending.record(place)));
        match old.filter(|old| old.id == pending.id) {
            Some(old) => {
                let position = place.expect("it was read there");
                self.pending.replace(position, &pending.record(), &mut ());
                if old.consumer != pending.consumer {
                    self.disown(old.consumer, old.id);
                    self.own(pending.consumer, pending.id);
                }
            }
            None => {
                self.pending.insert(place, &pending.record(), &mut ());
                self.own(pending.consumer, pending.id);
            }
        }
    }

    /// Notes that an entry is not to be acknowledged any more. Whether it was. O(log n).
    pub fn remove_pending(&mut self, id: StreamId) -> bool {
        let Some((position, pending)) = self.find(id) else { return false };
        self.pending.remove(position, &mut ());
        self.disown(pending.consumer, id);
        true
    }

    fn find(&self, id: StreamId) -> Option<(Position, Pending)> {
        let position = self.pending.seek(|key, _| key < id)?;
        let pending = read_pending(self.pending.record(position));
        (pending.id == id).then_some((position, pending))
    }

    fn own(&mut self, consumer: ConsumerNumber, id: StreamId) {
        let place = self.owned.seek(|key, _| key < (consumer.0, id));
        let record = [consumer.0.into(), id.ms as i64, id.seq as i64].map(Item::Int);
        self.owned.insert(place, &record, &mut ());
        self.consumer_mut(consumer).pending += 1;
    }

    fn disown(&mut self, consumer: ConsumerNumber, id: StreamId) {
        let position = self.owned.seek(|key, _| key < (consumer.0, id));
        self.owned.remove(position.expect("what is pending is owned"), &mut ());
        self.consumer_mut(consumer).pending -= 1;
    }

    fn ranks_of(&self, consumer: ConsumerNumber) -> Range<usize> {
        let start = self.owned.seek(|key, _| key.0 < consumer.0);
        let start = self.owned.rank_of(start);
        start..start + self.consumer(consumer).pending
    }

    /// Checks what must hold between any two calls. O(n).
    ///
    /// # Panics
    /// If something is wrong.
    pub(super) fn check(&self) {
        self.consumers.check();
        let mut pending: Vec<_> = self
            .pending_from(StreamId::MIN)
            .map(|pending| (pending.consumer.0, pending.id))
            .collect();
        assert!(pending.is_sorted_by(|a, b| a.1 < b.1), "pending entries ascend");
        pending.sort_unstable();
        assert!(
            self.owned.iter().map(ByConsumer::key).eq(pending.iter().copied()),
            "all are owned"
        );
        for number in self.consumers() {
            let count = pending.iter().filter(|(owner, _)| *owner == number.0).count();
            assert_eq!(self.consumer(number).pending, count, "all are counted");
        }
    }
}
