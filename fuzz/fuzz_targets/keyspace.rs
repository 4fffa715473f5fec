//! A keyspace: whatever is done to it, it holds what a `BTreeMap` in hash order holds, keys expire
//! on time, and its own books are right. Under AddressSanitizer no cell or box is used after it
//! was freed, or lost.
#![no_main]

use kv_core::hash::KeyHasher;
use kv_core::keyspace::{Graveyard, Input, Keyspace, PageSize, SegmentSize, Sizes};
use kv_core::rng::Rng;
use kv_core::value;
use kv_core::value::list::{End, List};
use kv_core::value::pack::Item;
use kv_core::value::string::{IntBuffer, StrRef};
use kv_core::value::{Collection, Value, ValueRef};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

/// Operations after which everything is compared.
const OPERATIONS_PER_CHECK: usize = 7;

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

/// What is left of the input; zeros behind its end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }

    fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    fn long(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Mostly short, sometimes around where strings leave their cells.
    fn len(&mut self) -> usize {
        match self.byte() {
            short @ 0..160 => short.into(),
            160..240 => usize::from(self.word() % 2000),
            _ => 14_000 + usize::from(self.word() % 6000),
        }
    }

    /// Around `unix_ms`, in either direction, or anywhere, or none.
    fn deadline(&mut self, unix_ms: i64) -> Option<i64> {
        match self.byte() {
            0..100 => None,
            near @ 100..180 => Some(unix_ms + i64::from(near) - 110),
            180..230 => Some(unix_ms + i64::from(self.word())),
            230..250 => Some((self.long() >> (self.byte() % 64)) as i64 & i64::MAX),
            _ => Some(i64::MAX - i64::from(self.byte())),
        }
    }
}

/// What an entry of the model holds: the bytes of a string, or a list.
type Held = Result<Vec<u8>, Vec<Vec<u8>>>;

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
        match bytes.byte() % 20 {
            0..4 => self.put_string(bytes),
            4 => self.put_int(bytes),
            5 => self.put_list(bytes),
            6 => self.put_many(bytes),
            7 | 8 => self.remove(bytes),
            9 => self.remove_many(bytes),
            10 => self.take_entry(bytes),
            11 | 12 => self.set_deadline(bytes),
            13 => self.patch(bytes),
            14 => self.push(bytes),
            15 => self.pass(bytes),
            16 => self.compact(bytes),
            17 => self.iterate(bytes),
            18 => self.evict(bytes),
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
        let old = self.keyspace.put(hash, &key, place, input, deadline, clock);
        let replaced = self.model.insert((hash, key), Kept { held, deadline, clock });
        assert_eq!(place.is_some(), replaced.is_some());
        if let Some(old) = old {
            assert_is(old.view(), &replaced.expect("a boxed value was there").held);
            self.graveyard.bury(old);
        }
    }

    fn put_string(&mut self, bytes: &mut Bytes<'_>) {
        let (number, len, deadline) = (bytes.word(), bytes.len(), bytes.deadline(self.unix_ms));
        let (is_built, is_moved) = (bytes.byte() & 1 != 0, bytes.byte() & 1 != 0);
        let Some(key) = self.key(number) else { return };
        let string: Vec<u8> = (0..len).map(|at| (at as u8).wrapping_add(number as u8)).collect();
        let string_ = StrRef::Bytes { bytes: &string, is_built };
        let input = if is_moved {
            Input::Owned(Value::String(string_.to_owned()))
        } else {
            Input::String(string_)
        };
        self.put(key, input, Ok(string.clone()), deadline, 7);
    }

    fn put_int(&mut self, bytes: &mut Bytes<'_>) {
        let (number, value) = (bytes.word(), bytes.long() as i64);
        let deadline = bytes.deadline(self.unix_ms);
        let Some(key) = self.key(number) else { return };
        let held = Ok(value.to_string().into());
        self.put(key, Input::String(StrRef::Int(value)), held, deadline, 0xff_ff_ff);
    }

    fn put_list(&mut self, bytes: &mut Bytes<'_>) {
        let (number, len) = (bytes.word(), bytes.word() % 1400);
        let deadline = bytes.deadline(self.unix_ms);
        let Some(key) = self.key(number) else { return };
        let items: Vec<Vec<u8>> = (0..len).map(|item| item.to_le_bytes().to_vec()).collect();
        let mut list = List::new(self.keyspace.growth());
        list.push_all(End::Tail, items.iter().map(|item| &item[..]));
        self.put(key, list.into(), Err(items), deadline, 1);
    }

    fn put_many(&mut self, bytes: &mut Bytes<'_>) {
        let (first, count, step) = (bytes.word() % KEYS, bytes.byte(), bytes.byte() % 8);
        let deadline = bytes.deadline(self.unix_ms);
        for number in first..first + u16::from(count) {
            let Some(key) = self.key(number) else { continue };
            let string = vec![b'm'; usize::from(number * u16::from(step) % 90)];
            let input = Input::String(StrRef::Bytes { bytes: &string, is_built: false });
            let spread = deadline.map(|at| at.saturating_add(i64::from(number % 5)));
            self.put(key, input, Ok(string.clone()), spread, 3);
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

    fn take_entry(&mut self, bytes: &mut Bytes<'_>) {
        let number = bytes.word();
        let Some((hash, key)) = self.key(number) else { return };
        let Some(place) = self.keyspace.find(hash, &key) else { return };
        let expected = self.model.remove(&(hash, key)).expect("it was found");
        let (value, deadline) = self.keyspace.take_entry(hash, place);
        assert_is(value.view(), &expected.held);
        assert_eq!(deadline, expected.deadline);
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
        let (number, offset, len) = (bytes.word(), bytes.len(), bytes.byte());
        let Some((hash, key)) = self.key(number) else { return };
        let Some(place) = self.keyspace.find(hash, &key) else { return };
        let model = self.model.get_mut(&(hash, key)).expect("it was found");
        if let Ok(string) = &mut model.held {
            let patch = vec![b'p'; len.into()];
            let end = offset + patch.len();
            string.resize(string.len().max(end), 0);
            string[offset..end].copy_from_slice(&patch);
            assert_eq!(self.keyspace.patch(place, offset, &patch), string.len());
        }
    }

    /// Changes a list in its place.
    fn push(&mut self, bytes: &mut Bytes<'_>) {
        let (number, item) = (bytes.word(), bytes.byte());
        let Some((hash, key)) = self.key(number) else { return };
        let Some(place) = self.keyspace.find(hash, &key) else { return };
        let model = self.model.get_mut(&(hash, key.clone())).expect("it was found");
        if let Err(items) = &mut model.held {
            let added = vec![item; item.into()];
            match self.keyspace.unpack(place) {
                Some(pack) => {
                    let mut list = List::unpack(pack, self.keyspace.growth());
                    list.push(End::Tail, &added);
                    let old = self.keyspace.put(
                        hash,
                        &key,
                        Some(place),
                        Input::Owned(list.into()),
                        model.deadline,
                        model.clock,
                    );
                    assert!(old.is_none(), "it was not boxed");
                }
                None => self.keyspace.change_boxed(place, |value| match value {
                    Value::List(list) => list.push(End::Tail, &added),
                    other => panic!("{other:?} is no list"),
                }),
            }
            items.push(added);
        }
    }

    /// Lets time pass, or turns it back, and lets keys expire.
    fn pass(&mut self, bytes: &mut Bytes<'_>) {
        let (way, step) = (bytes.byte(), bytes.long() >> (24 + bytes.byte() % 40));
        let step = step as i64;
        self.unix_ms = if way < 60 { (self.unix_ms - step).max(0) } else { self.unix_ms + step };
        let unix_ms = self.unix_ms;
        let is_overdue = |held: &Kept| held.deadline.is_some_and(|at| at < unix_ms);
        let overdue = self.model.values().filter(|held| is_overdue(held)).count();
        // When the clock was turned back, the keyspace learns of it with the next call.
        if overdue > 0 && way >= 60 {
            assert!(self.keyspace.next_expiry().is_some_and(|at| at <= unix_ms), "it is late");
        }
        let mut expired = 0;
        let graveyard = &mut self.graveyard;
        while let (removed, 1..) = self.keyspace.expire(unix_ms, |_| {}, |value| graveyard.bury(value)) {
            expired += removed;
        }
        assert_eq!(expired, overdue);
        self.model.retain(|_, held| !is_overdue(held));
        let next = self.keyspace.next_expiry();
        let first = self.model.values().filter_map(|held| held.deadline).min();
        assert_eq!(next.is_some(), first.is_some());
        assert!(next.is_none_or(|at| at > unix_ms), "{next:?} is not to come");
        // `None` would be less than any time.
        assert!(next <= first.map(|at| at.saturating_add(1)), "{next:?} is after {first:?}");
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
        assert!(self.graveyard.bytes() <= before);
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

fn assert_is(value: ValueRef<'_>, held: &Held) {
    match (value, held) {
        (ValueRef::String(string), Ok(bytes)) => {
            assert!(string.as_bytes(&mut IntBuffer::new()) == bytes, "{string:?}");
        }
        (ValueRef::List(list), Err(items)) => {
            let elements = list.iter_from(0).map(Item::to_vec);
            assert!(elements.eq(items.iter().cloned()));
        }
        _ => panic!("{value:?} is not {held:?}"),
    }
}
