//! A keyspace: whatever is done to it, it holds what a `BTreeMap` in hash order holds, keys expire
//! on time, and its own books are right. Under AddressSanitizer no cell or box is used after it
//! was freed, or lost.
#![no_main]

use kv_core::hash::KeyHasher;
use kv_core::keyspace::{Graveyard, Input, Keyspace, PageSize, Place, SegmentSize, Sizes};
use kv_core::rng::Rng;
use kv_core::value::pack::Pack;
use kv_core::value::string::StrRef;
use kv_core::value::{self, Kind, Value};
use kv_fuzz::held::{Held, Twin, Visitor, assert_is, with_kind};
use kv_fuzz::input::Bytes;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

/// Operations after which everything is compared.
const OPERATIONS_PER_CHECK: usize = 7;

/// What a tree that is being freed may take for a while to note which of its nodes are gone, in
/// bytes.
const NOTES_MAX: usize = 4096;

/// Keys have so many names, so that they are met again.
const KEYS: u16 = 400;

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let mut pair = Pair::new(&mut bytes);
    let mut operations = 0;
    while !bytes.0.is_empty() {
        pair.operate(&mut bytes);
        operations += 1;
        if operations % OPERATIONS_PER_CHECK == 0 {
            pair.compare();
        }
    }
    pair.compare();
    pair.finish();
});

struct Kept {
    held: Held,
    deadline: Option<i64>,
    clock: u32,
}

struct Pair {
    keyspace: Keyspace,
    model: BTreeMap<(u64, Vec<u8>), Kept>,
    graveyard: Graveyard,
    hasher: KeyHasher,
    prefix: u32,
    unix_ms: i64,
}

impl Pair {
    /// The first byte chooses the sizes of the parts, the shard's share of all hashes, and the
    /// hasher.
    fn new(bytes: &mut Bytes<'_>) -> Self {
        let head = bytes.byte();
        let sizes = Sizes {
            segment: if head & 1 == 0 { SegmentSize::TINY } else { SegmentSize::DEFAULT },
            page: if head & 2 == 0 { PageSize::TINY } else { PageSize::DEFAULT },
            value: if head & 2 == 0 { value::Sizes::TINY } else { value::Sizes::DEFAULT },
        };
        let prefix = u32::from(head >> 2 & 1);
        let hasher = KeyHasher::new(&mut Rng::new(u64::from(head >> 3)));
        Self {
            keyspace: Keyspace::new(prefix, hasher, sizes),
            model: BTreeMap::new(),
            graveyard: Graveyard::default(),
            hasher,
            prefix,
            unix_ms: 1_700_000_000_000,
        }
    }

    fn operate(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.byte() % 26 {
            0..3 => self.put_string(bytes),
            3 => self.put_int(bytes),
            4 | 5 => self.put_collection(bytes),
            6 => self.put_many(bytes),
            7 | 8 => self.remove(bytes),
            9 => self.remove_many(bytes),
            10 => self.rename(bytes),
            11 | 12 => self.set_deadline(bytes),
            13 => self.patch(bytes),
            14..20 => self.edit(bytes),
            20 => self.copy(bytes),
            21 => self.pass(bytes),
            22 => self.compact(bytes),
            23 => self.iterate(bytes),
            24 => self.evict(bytes),
            _ => self.bury(bytes),
        }
    }

    /// One of a few keys whose hash is of this shard, some of them long.
    fn key(&self, number: u16) -> Option<(u64, Vec<u8>)> {
        let number = number % KEYS;
        let len = [2, 3, 20, 300][usize::from(number % 29) / 8];
        let key: Vec<u8> = number.to_le_bytes().into_iter().cycle().take(len).collect();
        let hash = self.hasher.hash(&key);
        (self.prefix == 0 || hash >> (64 - self.prefix) == 0).then_some((hash, key))
    }

    fn put(
        &mut self,
        (hash, key): (u64, Vec<u8>),
        input: Input<'_>,
        held: Held,
        deadline: Option<i64>,
        clock: u32,
    ) {
        let place = self.keyspace.find(hash, &key);
        let old = self.keyspace.put(hash, &key, place, input, deadline, clock).replaced;
        let replaced = self.model.insert((hash, key), Kept { held, deadline, clock });
        assert_eq!(place.is_some(), replaced.is_some());
        if let Some(old) = old {
            assert_is(old.view(), &replaced.expect("a boxed value was there").held);
            self.graveyard.bury(old);
        }
    }

    fn put_string(&mut self, bytes: &mut Bytes<'_>) {
        let (number, len, deadline) = (bytes.word(), bytes.length(), bytes.deadline(self.unix_ms));
        let (is_built, is_moved) = (bytes.byte() & 1 != 0, bytes.byte() & 1 != 0);
        let Some(key) = self.key(number) else { return };
        let string: Vec<u8> = (0..len).map(|at| (at as u8).wrapping_add(number as u8)).collect();
        let string_ = StrRef::Bytes { bytes: &string, is_built };
        let input = if is_moved {
            Input::Owned(Value::String(string_.to_owned()))
        } else {
            Input::String(string_)
        };
        self.put(key, input, Held::String(string.clone()), deadline, 7);
    }

    fn put_int(&mut self, bytes: &mut Bytes<'_>) {
        let (number, value) = (bytes.word(), bytes.long() as i64);
        let deadline = bytes.deadline(self.unix_ms);
        let Some(key) = self.key(number) else { return };
        let held = Held::String(value.to_string().into());
        self.put(key, Input::String(StrRef::Int(value)), held, deadline, 0xff_ff_ff);
    }

    fn put_collection(&mut self, bytes: &mut Bytes<'_>) {
        let (number, kind) = (bytes.word(), Kind::from_number(bytes.byte() % 5));
        let deadline = bytes.deadline(self.unix_ms);
        if let Some(key) = self.key(number) {
            with_kind(kind, Build { pair: self, key, deadline, bytes });
        }
    }

    fn put_many(&mut self, bytes: &mut Bytes<'_>) {
        let (first, count, step) = (bytes.word() % KEYS, bytes.byte(), bytes.byte() % 8);
        let deadline = bytes.deadline(self.unix_ms);
        for number in first..first + u16::from(count) {
            let Some(key) = self.key(number) else { continue };
            let string = vec![b'm'; usize::from(number * u16::from(step) % 90)];
            let input = Input::String(StrRef::Bytes { bytes: &string, is_built: false });
            let spread = deadline.map(|at| at.saturating_add(i64::from(number % 5)));
            self.put(key, input, Held::String(string.clone()), spread, 3);
        }
    }

    fn remove(&mut self, bytes: &mut Bytes<'_>) {
        let number = bytes.word();
        self.remove_key(number);
    }

    fn remove_key(&mut self, number: u16) {
        let Some((hash, key)) = self.key(number) else { return };
        let place = self.keyspace.find(hash, &key);
        let expected = self.model.remove(&(hash, key));
        assert_eq!(place.is_some(), expected.is_some());
        if let (Some(place), Some(Kept { held, .. })) = (place, expected)
            && let Some(value) = self.keyspace.remove(hash, place)
        {
            assert_is(value.view(), &held);
            self.graveyard.bury(value);
        }
    }

    fn remove_many(&mut self, bytes: &mut Bytes<'_>) {
        let (first, count) = (bytes.word() % KEYS, bytes.byte());
        (first..first + u16::from(count)).for_each(|number| self.remove_key(number));
    }

    /// Takes an entry away, and may store it under another key.
    fn rename(&mut self, bytes: &mut Bytes<'_>) {
        let (number, target) = (bytes.word(), bytes.word());
        let Some((hash, key)) = self.key(number) else { return };
        let Some(place) = self.keyspace.find(hash, &key) else { return };
        let Kept { held, deadline, clock } = self.model.remove(&(hash, key)).expect("it was found");
        let (value, found) = self.keyspace.take_entry(hash, place);
        assert_is(value.view(), &held);
        assert_eq!(found, deadline);
        if let Some(target) = self.key(target) {
            self.put(target, Input::Owned(value), held, deadline, clock);
        }
    }

    fn copy(&mut self, bytes: &mut Bytes<'_>) {
        let (number, target) = (bytes.word(), bytes.word());
        let (Some(key), Some(target)) = (self.key(number), self.key(target)) else { return };
        let Some(place) = self.keyspace.find(key.0, &key.1) else { return };
        let copy = self.keyspace.entry(place).value().to_owned();
        let Kept { held, deadline, clock } = &self.model[&key];
        let (held, deadline, clock) = (held.clone(), *deadline, *clock);
        self.put(target, Input::Owned(copy), held, deadline, clock);
    }

    fn set_deadline(&mut self, bytes: &mut Bytes<'_>) {
        let (number, deadline) = (bytes.word(), bytes.deadline(self.unix_ms));
        let Some((hash, key)) = self.key(number) else { return };
        if let Some(place) = self.keyspace.find(hash, &key) {
            self.keyspace.set_deadline(place, deadline);
            self.model.get_mut(&(hash, key)).expect("it was found").deadline = deadline;
        }
    }

    fn patch(&mut self, bytes: &mut Bytes<'_>) {
        let (number, offset, len) = (bytes.word(), bytes.length(), bytes.byte());
        let Some((hash, key)) = self.key(number) else { return };
        let Some(place) = self.keyspace.find(hash, &key) else { return };
        let model = self.model.get_mut(&(hash, key)).expect("it was found");
        if let Held::String(string) = &mut model.held {
            let patch = vec![b'p'; len.into()];
            let end = offset + patch.len();
            string.resize(string.len().max(end), 0);
            string[offset..end].copy_from_slice(&patch);
            assert_eq!(self.keyspace.patch(place, offset, &patch), string.len());
        }
    }

    /// Changes a collection.
    fn edit(&mut self, bytes: &mut Bytes<'_>) {
        let number = bytes.word();
        let Some(key) = self.key(number) else { return };
        let Some(place) = self.keyspace.find(key.0, &key.1) else { return };
        if let Some(kind) = self.model[&key].held.kind() {
            with_kind(kind, Edit { pair: self, key, place, bytes });
        }
    }

    /// Lets time pass, or turns it back, and lets keys expire.
    fn pass(&mut self, bytes: &mut Bytes<'_>) {
        let (way, step) = (bytes.byte(), bytes.long() >> (24 + bytes.byte() % 40));
        let step = step as i64;
        self.unix_ms = if way < 60 { (self.unix_ms - step).max(0) } else { self.unix_ms + step };
        let unix_ms = self.unix_ms;
        let before = self.model.len();
        let first = self.first_deadline();
        let is_overdue = |held: &Kept| held.deadline.is_some_and(|at| at < unix_ms);
        self.model.retain(|_, kept| !is_overdue(kept) && !kept.held.purge(unix_ms));
        // When the clock was turned back, the keyspace learns of it with the next call.
        if first.is_some_and(|at| at < unix_ms) && way >= 60 {
            assert!(self.keyspace.next_expiry().is_some_and(|at| at <= unix_ms), "it is late");
        }
        let mut expired = 0;
        let graveyard = &mut self.graveyard;
        while let (removed, 1..) =
            self.keyspace.expire(unix_ms, |_| {}, |value| graveyard.bury(value))
        {
            expired += removed;
        }
        while let (removed, 1..) =
            self.keyspace.expire_fields(unix_ms, |_| {}, |_| {}, |value| graveyard.bury(value))
        {
            expired += removed;
        }
        assert_eq!(expired, before - self.model.len());
        let next = self.keyspace.next_expiry();
        let first = self.first_deadline();
        assert_eq!(next.is_some(), first.is_some());
        assert!(next.is_none_or(|at| at > unix_ms), "{next:?} is not to come");
        // `None` would be less than any time.
        assert!(next <= first.map(|at| at.saturating_add(1)), "{next:?} is after {first:?}");
    }

    /// Of all entries and of the parts of their values.
    fn first_deadline(&self) -> Option<i64> {
        let first = |kept: &Kept| kept.deadline.into_iter().chain(kept.held.first_deadline()).min();
        self.model.values().filter_map(first).min()
    }

    fn compact(&mut self, bytes: &mut Bytes<'_>) {
        for _ in 0..bytes.byte() % 8 {
            if self.keyspace.compact() == 0 {
                assert!(!self.keyspace.wants_compaction());
                break;
            }
        }
    }

    fn iterate(&mut self, bytes: &mut Bytes<'_>) {
        let position = bytes.long() << self.prefix >> self.prefix;
        let found = self.keyspace.iter_from(position);
        let found = found.map(|(hash, entry)| (hash, entry.key().to_vec()));
        assert!(found.eq(self.model.range((position, vec![])..).map(|(place, _)| place.clone())));
    }

    fn evict(&mut self, bytes: &mut Bytes<'_>) {
        let (how, position) = (bytes.byte(), bytes.long() << self.prefix >> self.prefix);
        let count = usize::from(bytes.byte() % 20) + 1;
        let with_deadline = self.model.values().filter(|held| held.deadline.is_some()).count();
        let by_len = |entry: kv_core::keyspace::Entry<'_>| entry.key().len() as u64;
        let (worst, may_go) = match how % 3 {
            0 => (self.keyspace.worst(position, count, by_len), self.model.len()),
            1 => (self.keyspace.worst_with_deadline(position, count, by_len), with_deadline),
            _ => (self.keyspace.worst_of_soonest(count, by_len), with_deadline),
        };
        assert_eq!(worst.is_some(), may_go > 0, "{how}");
        let Some((score, candidate)) = worst else { return };
        if let Some(value) = self.keyspace.evict(candidate) {
            self.graveyard.bury(value);
        }
        let is_left = |(hash, key): &(u64, Vec<u8>)| self.keyspace.find(*hash, key).is_some();
        let gone: Vec<_> = self.model.keys().filter(|key| !is_left(key)).cloned().collect();
        let [key] = &gone[..] else { panic!("{} keys are gone", gone.len()) };
        assert_eq!(key.1.len() as u64, score);
        let held = self.model.remove(key).expect("it is one of the model's");
        assert!(how % 3 == 0 || held.deadline.is_some(), "it had no deadline");
    }

    /// Gives all entries up, or frees some of what was given up.
    fn bury(&mut self, bytes: &mut Bytes<'_>) {
        if bytes.byte() < 40 {
            self.graveyard.bury_all(self.keyspace.take());
            self.model.clear();
            assert_eq!(self.keyspace.memory().used(), 0);
        }
        let (before, budget) = (self.graveyard.bytes(), usize::from(bytes.byte()) + 1);
        let freed = self.graveyard.dig(budget);
        assert!(self.graveyard.bytes() <= before + NOTES_MAX);
        if freed < budget {
            self.check_buried();
        }
    }

    fn check_buried(&self) {
        assert!(self.graveyard.is_empty());
        assert_eq!((self.graveyard.bytes(), self.graveyard.len()), (0, 0));
    }

    fn compare(&self) {
        self.keyspace.check();
        assert_eq!(self.keyspace.len(), self.model.len());
        let found = self.keyspace.iter_from(0).map(|(hash, entry)| (hash, entry.key().to_vec()));
        assert!(found.eq(self.model.keys().cloned()), "the order of hashes");
        for ((hash, key), expected) in &self.model {
            let entry = self.keyspace.entry(self.keyspace.find(*hash, key).expect("it is there"));
            assert_is(entry.value(), &expected.held);
            assert_eq!((entry.deadline(), entry.clock()), (expected.deadline, expected.clock));
        }
    }

    /// Removes what is left, one by one: then nothing but tables is left. Cells move on the way.
    fn finish(mut self) {
        let keys: Vec<_> = self.model.keys().cloned().collect();
        for (number, (hash, key)) in keys.into_iter().enumerate() {
            let place = self.keyspace.find(hash, &key).expect("it is there");
            if let Some(value) = self.keyspace.remove(hash, place) {
                self.graveyard.bury(value);
            }
            self.model.remove(&(hash, key));
            if number % 64 == 63 {
                while self.keyspace.compact() > 0 {}
                self.compare();
            }
        }
        while self.keyspace.compact() > 0 {}
        self.compare();
        let memory = self.keyspace.memory();
        assert_eq!((memory.cells, memory.values, self.keyspace.with_deadline()), (0, 0, 0));
        while self.graveyard.dig(1000) >= 1000 {}
        self.check_buried();
    }
}

/// Stores a new collection.
struct Build<'a, 'b> {
    pair: &'a mut Pair,
    key: (u64, Vec<u8>),
    deadline: Option<i64>,
    bytes: &'a mut Bytes<'b>,
}

impl Visitor for Build<'_, '_> {
    fn visit<T: Twin>(self) {
        let Self { pair, key, deadline, bytes } = self;
        let mut collection = T::unpack(Pack::default(), pair.keyspace.growth());
        let mut model = T::Model::default();
        for _ in 0..=bytes.byte() % 4 {
            let part = collection.change(&mut model, bytes, pair.unix_ms);
            part.into_iter().for_each(|part| pair.graveyard.bury(Box::new(part)));
        }
        // Nobody stores what has expired already.
        if !T::is_gone(&model, pair.unix_ms) {
            pair.put(key, Input::Owned(collection.into()), T::held(model), deadline, 1);
        }
    }
}

/// Changes a collection, as commands do.
struct Edit<'a, 'b> {
    pair: &'a mut Pair,
    key: (u64, Vec<u8>),
    place: Place,
    bytes: &'a mut Bytes<'b>,
}

impl Visitor for Edit<'_, '_> {
    fn visit<T: Twin>(self) {
        let Self { pair, key, place, bytes } = self;
        let Pair { keyspace, model, graveyard, unix_ms, .. } = pair;
        let Kept { held, deadline, clock } = model.get_mut(&key).expect("it was found");
        let held = T::model(held).expect("it is of this type");
        let mut change = |value: &mut T| {
            let part = value.change(held, bytes, *unix_ms);
            part.into_iter().for_each(|part| graveyard.bury(Box::new(part)));
            value.is_empty()
        };
        let is_empty = match keyspace.unpack(place, T::KIND) {
            Some(pack) => {
                let mut value = T::unpack(pack, keyspace.growth());
                let is_empty = change(&mut value);
                if !is_empty {
                    let input = Input::Owned(value.into());
                    let place = Some(place);
                    let stored = keyspace.put(key.0, &key.1, place, input, *deadline, *clock);
                    assert!(stored.replaced.is_none(), "it was not boxed");
                }
                is_empty
            }
            None => {
                let value = keyspace.boxed_mut(place).and_then(T::of_mut);
                let value = value.expect("what is not in its entry is boxed, and of this type");
                let before = value.heap_bytes();
                change(value);
                keyspace.settle::<T>(key.0, place, before).is_empty
            }
        };
        if is_empty {
            assert!(T::is_gone(held, *unix_ms));
            let place = keyspace.find(key.0, &key.1).expect("it is still there");
            keyspace.remove(key.0, place).into_iter().for_each(|value| graveyard.bury(value));
            model.remove(&key);
        }
    }
}
