//! What a value holds, as plain collections; and changes that are done to both.

use crate::input::Bytes;
use kv_core::rng::Rng;
use kv_core::value::hash::Hash;
use kv_core::value::list::{End, List};
use kv_core::value::pack::Item;
use kv_core::value::set::Set;
use kv_core::value::sorted_set::SortedSet;
use kv_core::value::stream::{BlockSizes, Log, Pending, Stream, StreamId, Trim, Until};
use kv_core::value::string::IntBuffer;
use kv_core::value::{Collection, Kind, Value, ValueRef};
use std::collections::{BTreeMap, BTreeSet};

/// The only group of a stream.
const GROUP: &[u8] = b"group";

const BLOCK_SIZES: BlockSizes = BlockSizes { entries_max: 100, bytes_max: 4096 };

#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    String(Vec<u8>),
    List(Items),
    Set(BTreeSet<Vec<u8>>),
    Hash(Fields),
    SortedSet(Scores),
    Stream(Entries),
}

pub type Items = Vec<Vec<u8>>;
pub type Fields = BTreeMap<Vec<u8>, (Vec<u8>, Option<i64>)>;
pub type Scores = BTreeMap<Vec<u8>, f64>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entries {
    entries: BTreeMap<u64, Vec<u8>>,
    last_id: u64,
    group: Option<Group>,
}

/// What each consumer is to acknowledge.
type Group = BTreeMap<Vec<u8>, BTreeSet<u64>>;

/// A type of collections, and what its values hold.
pub trait Twin: Collection {
    type Model: Default;

    fn model(held: &mut Held) -> Option<&mut Self::Model>;

    fn held(model: Self::Model) -> Held;

    /// Does to both what the input says. Gives what was cut off and is to be buried.
    fn change(
        &mut self,
        model: &mut Self::Model,
        bytes: &mut Bytes<'_>,
        unix_ms: i64,
    ) -> Option<Value>;

    /// Whether nothing is left that should be stored.
    fn is_gone(model: &Self::Model, unix_ms: i64) -> bool;
}

/// A name of one of a few hundred members, numbers and long ones among them.
fn name(number: u16) -> Vec<u8> {
    match number % 32 {
        0..10 => number.to_string().into(),
        31 => vec![number as u8; 300 + usize::from(number)],
        _ => format!("member-{number}").into(),
    }
}

/// The names of some neighbours.
fn names(bytes: &mut Bytes<'_>) -> impl Iterator<Item = Vec<u8>> {
    let (first, count) = (bytes.word() % 1400, bytes.count());
    (first..first + count).map(name)
}

/// A range of positions in something of this length.
fn range(bytes: &mut Bytes<'_>, len: usize) -> std::ops::Range<usize> {
    let mut ends = [bytes.word(), bytes.word()].map(|end| usize::from(end) % (len + 1));
    ends.sort_unstable();
    ends[0]..ends[1]
}

impl Twin for List {
    type Model = Items;

    fn model(held: &mut Held) -> Option<&mut Items> {
        if let Held::List(items) = held { Some(items) } else { None }
    }

    fn held(model: Items) -> Held {
        Held::List(model)
    }

    fn change(&mut self, model: &mut Items, bytes: &mut Bytes<'_>, _: i64) -> Option<Value> {
        match bytes.byte() % 8 {
            0..3 => {
                let items: Items = names(bytes).collect();
                self.push_all(End::Tail, items.iter().map(|item| &item[..]));
                model.extend(items);
            }
            3 => {
                let items: Items = names(bytes).collect();
                self.push_all(End::Head, items.iter().map(|item| &item[..]));
                model.splice(0..0, items.into_iter().rev());
            }
            4 => {
                let at = range(bytes, model.len()).start;
                let item = name(bytes.word());
                self.insert(at, &item);
                model.insert(at, item);
            }
            5 if !model.is_empty() => {
                let at = usize::from(bytes.word()) % model.len();
                let item = name(bytes.word());
                self.set(at, &item);
                model[at] = item;
            }
            6 => {
                let kept = range(bytes, model.len());
                self.retain(kept.clone());
                *model = model[kept].to_vec();
            }
            _ => (0..bytes.count()).for_each(|_| {
                let mut popped = None;
                self.pop(End::Tail, |item| popped = Some(item.to_vec()));
                assert_eq!(popped, model.pop());
            }),
        }
        None
    }

    fn is_gone(model: &Items, _: i64) -> bool {
        model.is_empty()
    }
}

impl Twin for Set {
    type Model = BTreeSet<Vec<u8>>;

    fn model(held: &mut Held) -> Option<&mut Self::Model> {
        if let Held::Set(members) = held { Some(members) } else { None }
    }

    fn held(model: Self::Model) -> Held {
        Held::Set(model)
    }

    fn change(&mut self, model: &mut Self::Model, bytes: &mut Bytes<'_>, _: i64) -> Option<Value> {
        match bytes.byte() % 4 {
            0 | 1 => names(bytes)
                .for_each(|name| assert_eq!(self.add(Item::new(&name)), model.insert(name))),
            2 => names(bytes)
                .for_each(|name| assert_eq!(self.remove(Item::new(&name)), model.remove(&name))),
            _ => {
                let mut rng = Rng::new(bytes.byte().into());
                for _ in 0..bytes.count() {
                    let was_there = self.pop(&mut rng, |member| assert!(model.remove(member)));
                    assert!(was_there || model.is_empty());
                }
            }
        }
        None
    }

    fn is_gone(model: &Self::Model, _: i64) -> bool {
        model.is_empty()
    }
}

impl Twin for Hash {
    type Model = Fields;

    fn model(held: &mut Held) -> Option<&mut Fields> {
        if let Held::Hash(fields) = held { Some(fields) } else { None }
    }

    fn held(model: Fields) -> Held {
        Held::Hash(model)
    }

    fn change(&mut self, model: &mut Fields, bytes: &mut Bytes<'_>, unix_ms: i64) -> Option<Value> {
        match bytes.byte() % 4 {
            0 | 1 => {
                let (deadline, value) = (bytes.deadline(unix_ms), name(bytes.word()));
                for name in names(bytes) {
                    let is_new = self.set(&name, &value, deadline, unix_ms).is_new();
                    let old = model.insert(name, (value.clone(), deadline));
                    assert_eq!(is_new, old.is_none_or(|(_, old)| is_over(old, unix_ms)));
                }
            }
            2 => {
                for name in names(bytes) {
                    let was_there = self.remove(&name, unix_ms);
                    let old = model.remove(&name);
                    assert_eq!(was_there, old.is_some_and(|(_, old)| !is_over(old, unix_ms)));
                }
            }
            _ => {
                let deadline = bytes.deadline(unix_ms);
                for name in names(bytes) {
                    self.set_deadline(&name, deadline);
                    model.get_mut(&name).into_iter().for_each(|field| field.1 = deadline);
                }
            }
        }
        None
    }

    fn is_gone(model: &Fields, unix_ms: i64) -> bool {
        model.values().all(|&(_, deadline)| is_over(deadline, unix_ms))
    }
}

fn is_over(deadline: Option<i64>, unix_ms: i64) -> bool {
    deadline.is_some_and(|deadline| deadline < unix_ms)
}

impl Twin for SortedSet {
    type Model = Scores;

    fn model(held: &mut Held) -> Option<&mut Scores> {
        if let Held::SortedSet(scores) = held { Some(scores) } else { None }
    }

    fn held(model: Scores) -> Held {
        Held::SortedSet(model)
    }

    fn change(&mut self, model: &mut Scores, bytes: &mut Bytes<'_>, _: i64) -> Option<Value> {
        match bytes.byte() % 4 {
            0 | 1 => {
                let (mut score, step) = (f64::from(bytes.byte()), f64::from(bytes.byte() % 4));
                for name in names(bytes) {
                    assert_eq!(self.set(&name, score), model.insert(name, score));
                    score += step / 2.0;
                }
            }
            2 => names(bytes)
                .for_each(|name| assert_eq!(self.remove(&name), model.remove(&name).is_some())),
            _ => {
                let ranks = range(bytes, model.len());
                let gone = ranked(model);
                gone[ranks.clone()].iter().for_each(|(_, member)| _ = model.remove(member));
                self.remove_range(ranks);
            }
        }
        None
    }

    fn is_gone(model: &Scores, _: i64) -> bool {
        model.is_empty()
    }
}

fn ranked(scores: &Scores) -> Vec<(f64, Vec<u8>)> {
    let mut ranked: Vec<_> = scores.iter().map(|(name, &score)| (score, name.clone())).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    ranked
}

impl Twin for Stream {
    type Model = Entries;

    fn model(held: &mut Held) -> Option<&mut Entries> {
        if let Held::Stream(entries) = held { Some(entries) } else { None }
    }

    fn held(model: Entries) -> Held {
        Held::Stream(model)
    }

    fn change(&mut self, model: &mut Entries, bytes: &mut Bytes<'_>, _: i64) -> Option<Value> {
        let log = self.log_mut();
        match bytes.byte() % 10 {
            0..3 => push(log, model, bytes),
            3 => remove_entries(log, model, bytes),
            4 => trim(log, model, bytes),
            5 | 6 => deliver(log, model, bytes),
            7 => acknowledge(log, model, bytes),
            8 => return remove_consumer(self, model, bytes),
            _ => {
                let group = self.remove_group(GROUP);
                assert_eq!(group.is_some(), model.group.take().is_some());
                return group.map(Value::from);
            }
        }
        None
    }

    /// A stream without entries is one.
    fn is_gone(_: &Entries, _: i64) -> bool {
        false
    }
}

fn id(ms: u64) -> StreamId {
    StreamId { ms, seq: 0 }
}

fn push(log: &mut Log, model: &mut Entries, bytes: &mut Bytes<'_>) {
    for value in names(bytes) {
        model.last_id += 1 + u64::from(value[0] % 2);
        log.push(id(model.last_id), [b"field", &value[..]].into_iter(), BLOCK_SIZES);
        model.entries.insert(model.last_id, value);
    }
}

/// Some IDs that follow each other, of entries or not.
fn ids(model: &Entries, bytes: &mut Bytes<'_>) -> std::ops::Range<u64> {
    let first = u64::from(bytes.word()) % (model.last_id + 1);
    first..first + u64::from(bytes.count())
}

fn remove_entries(log: &mut Log, model: &mut Entries, bytes: &mut Bytes<'_>) {
    for ms in ids(model, bytes) {
        assert_eq!(log.remove(id(ms)), model.entries.remove(&ms).is_some());
    }
}

fn trim(log: &mut Log, model: &mut Entries, bytes: &mut Bytes<'_>) {
    let until = ids(model, bytes).start;
    let left = model.entries.split_off(&until);
    let removed = std::mem::replace(&mut model.entries, left).len();
    let trim = Trim { until: Until::Id(id(until)), is_rough: false, limit: 0 };
    assert_eq!(log.trim(trim), removed);
}

fn deliver(log: &mut Log, model: &mut Entries, bytes: &mut Bytes<'_>) {
    let is_new = log.add_group(GROUP, StreamId::MIN, None);
    assert_eq!(is_new, model.group.is_none());
    let consumer = name(u16::from(bytes.byte() % 16));
    let delivered = ids(model, bytes).step_by(usize::from(bytes.byte() % 4) + 1);
    let group = model.group.get_or_insert_default();
    group.entry(consumer.clone()).or_default();
    log.change_group(GROUP, |_, theirs| {
        let number = theirs.see_consumer(&consumer, 5);
        for ms in delivered {
            group.values_mut().for_each(|owned| _ = owned.remove(&ms));
            group.entry(consumer.clone()).or_default().insert(ms);
            theirs.set_pending(Pending {
                id: id(ms),
                consumer: number,
                delivered_ms: 7,
                deliveries: ms,
            });
        }
    });
}

fn acknowledge(log: &mut Log, model: &mut Entries, bytes: &mut Bytes<'_>) {
    let ids = ids(model, bytes);
    let Some(group) = &mut model.group else { return };
    log.change_group(GROUP, |_, theirs| {
        for ms in ids {
            let was_pending = group.values_mut().any(|owned| owned.remove(&ms));
            assert_eq!(theirs.remove_pending(id(ms)), was_pending);
        }
    });
}

fn remove_consumer(
    stream: &mut Stream,
    model: &mut Entries,
    bytes: &mut Bytes<'_>,
) -> Option<Value> {
    let consumer = name(u16::from(bytes.byte() % 16));
    let owned = model.group.as_mut().and_then(|group| group.remove(&consumer));
    let removed = stream.remove_consumer(GROUP, &consumer);
    assert_eq!(removed.as_ref().map(|removed| removed.0), owned.map(|owned| owned.len()));
    removed.map(|removed| removed.1.into())
}

/// Does the same to a collection of this type and what it holds, whichever it is.
pub trait Visitor {
    fn visit<T: Twin>(self);
}

/// Shows the visitor the type of collections that this is.
pub fn with_kind(kind: Kind, visitor: impl Visitor) {
    match kind {
        Kind::List => visitor.visit::<List>(),
        Kind::Set => visitor.visit::<Set>(),
        Kind::Hash => visitor.visit::<Hash>(),
        Kind::SortedSet => visitor.visit::<SortedSet>(),
        Kind::Stream => visitor.visit::<Stream>(),
    }
}

impl Held {
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::String(_) => None,
            Self::List(_) => Some(Kind::List),
            Self::Set(_) => Some(Kind::Set),
            Self::Hash(_) => Some(Kind::Hash),
            Self::SortedSet(_) => Some(Kind::SortedSet),
            Self::Stream(_) => Some(Kind::Stream),
        }
    }

    /// The first deadline of a part of it.
    pub fn first_deadline(&self) -> Option<i64> {
        let Self::Hash(fields) = self else { return None };
        fields.values().filter_map(|field| field.1).min()
    }

    /// Removes parts whose deadlines have passed. Whether nothing is left then.
    pub fn purge(&mut self, unix_ms: i64) -> bool {
        let Self::Hash(fields) = self else { return false };
        fields.retain(|_, field| !is_over(field.1, unix_ms));
        fields.is_empty()
    }
}

/// Checks that a value is what it should be.
pub fn assert_is(value: ValueRef<'_>, held: &Held) {
    match (value, held) {
        (ValueRef::String(string), Held::String(bytes)) => {
            assert!(string.as_bytes(&mut IntBuffer::new()) == bytes, "{string:?}");
        }
        (ValueRef::List(list), Held::List(items)) => {
            assert_eq!(list.len(), items.len());
            assert!(list.iter().map(Item::to_vec).eq(items.iter().cloned()));
        }
        (ValueRef::Set(set), Held::Set(members)) => {
            assert_eq!(set.len(), members.len());
            let found: BTreeSet<_> = set.iter().map(Item::to_vec).collect();
            assert_eq!(found, *members);
        }
        (ValueRef::Hash(hash), Held::Hash(fields)) => {
            assert_eq!(hash.stored_len(), fields.len());
            let found = hash.at(i64::MIN).iter();
            let found =
                found.map(|field| (field.name.to_vec(), (field.value.to_vec(), field.deadline)));
            assert_eq!(found.collect::<Fields>(), *fields);
        }
        (ValueRef::SortedSet(set), Held::SortedSet(scores)) => {
            let found = set.iter().map(|pair| (pair.score, pair.member.to_vec()));
            assert!(found.eq(ranked(scores)));
            for (member, &score) in scores {
                assert_eq!(set.score(Item::new(member)), Some(score));
            }
        }
        (ValueRef::Stream(log), Held::Stream(entries)) => assert_is_log(log, entries),
        _ => panic!("{value:?} is not {held:?}"),
    }
}

fn assert_is_log(log: &Log, held: &Entries) {
    log.check();
    assert_eq!(log.last_id, id(held.last_id));
    let found = log.iter_from(StreamId::MIN).map(|entry| {
        let value = entry.fields().next().map(|[_, value]| value.to_vec());
        (entry.id().ms, value.expect("an entry has a field"))
    });
    assert!(found.eq(held.entries.iter().map(|(&ms, value)| (ms, value.clone()))));
    let groups = log.groups().map(|(_, group)| {
        let owned = |number| {
            let ids = group.owned_from(number, StreamId::MIN).map(|id| id.ms);
            (group.consumer_name(number).to_vec(), ids.collect())
        };
        group.consumers().map(owned).collect::<Group>()
    });
    assert!(groups.eq(held.group.iter().cloned()));
}
