use super::*;
use crate::rng::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Keys and the items behind them.
type Model = BTreeMap<Vec<u8>, Vec<Vec<u8>>>;

#[derive(Clone, Debug)]
enum Operation {
    /// Sets the keys of a range to records of this many items of this size.
    Set(std::ops::Range<u16>, usize, usize),
    Remove(std::ops::Range<u16>),
}

/// Adds a member, or puts this record in the place of that with the same key. Whether it is new.
fn set(members: &mut Members, record: &[Item<'_>]) -> bool {
    let place = members.locate(record[0].into());
    match place {
        Ok(place) => members.replace(place, record),
        Err(absent) => members.insert(absent, record),
    }
    place.is_err()
}

fn insert(members: &mut Members, record: &[Item<'_>]) {
    assert!(set(members, record), "the key is there already");
}

fn operation() -> impl Strategy<Value = Operation> {
    let keys = (0..400u16, prop_oneof![4 => 1..4u16, 1 => 1..200u16])
        .prop_map(|(first, count)| first..first + count);
    let size =
        prop_oneof![4 => 0..30usize, 1 => 230..250usize, 1 => 480..530usize, 1 => 0..3000usize];
    prop_oneof![
        3 => (keys.clone(), 1..4usize, size).prop_map(|(keys, n, size)| Operation::Set(keys, n, size)),
        2 => keys.prop_map(Operation::Remove),
    ]
}

fn load() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![1, 2, 5, Members::LOAD])
}

fn hasher(seed: u64) -> KeyHasher {
    KeyHasher::new(&mut Rng::new(seed))
}

/// Integers, words, and now and then a key that is large itself.
fn key(number: u16) -> Vec<u8> {
    match number % 16 {
        0..4 => number.to_string().into_bytes(),
        4 => format!("{number:0>600}").into_bytes(),
        _ => format!("member:{number}").into_bytes(),
    }
}

fn items<'a>(record: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<Item<'a>> {
    record.into_iter().map(|bytes| Item::new(bytes)).collect()
}

fn texts(record: Items<'_>) -> Vec<Vec<u8>> {
    record.map(Item::to_vec).collect()
}

fn find(members: &Members, key: &[u8]) -> Option<Place> {
    members.find(Item::new(key))
}

/// Does the same to both, and checks that only one bucket is split or merged at a time.
fn apply(operation: &Operation, members: &mut Members, model: &mut Model) {
    match operation.clone() {
        Operation::Set(keys, count, size) => keys.for_each(|number| {
            let values: Vec<_> = (1..count).map(|item| vec![b'a' + item as u8; size]).collect();
            let (key, before) = (key(number), members.buckets.len());
            let is_new = set(members, &items([&key].into_iter().chain(&values)));
            assert_eq!(is_new, model.insert(key, values).is_none());
            assert!(members.buckets.len() - before <= usize::from(is_new));
        }),
        Operation::Remove(keys) => keys.for_each(|number| {
            let (key, before) = (key(number), members.buckets.len());
            let place = find(members, &key);
            place.into_iter().for_each(|place| members.remove(place));
            assert_eq!(place.is_some(), model.remove(&key).is_some());
            assert!(before - members.buckets.len() <= place.is_some().into());
        }),
    }
    members.check();
    assert_eq!(members.len(), model.len());
    assert_eq!(members.is_empty(), model.is_empty());
}

/// Checks a record, which may have empty items behind those it was set with.
fn assert_is(mut record: Vec<Vec<u8>>, key: &[u8], values: &[Vec<u8>]) {
    assert!(record.len() > values.len());
    let fillers = record.split_off(1 + values.len());
    assert_eq!((&*record[0], &record[1..]), (key, values));
    assert!(fillers.iter().all(Vec::is_empty));
}

fn assert_same(members: &Members, model: &Model) {
    for number in 0..600 {
        let record = find(members, &key(number)).map(|place| texts(members.record(place)));
        assert_eq!(record.is_some(), model.contains_key(&key(number)), "{number}");
        record.into_iter().for_each(|record| assert_is(record, &key(number), &model[&key(number)]));
    }
    let mut seen = BTreeSet::new();
    for record in members.iter().map(texts) {
        assert!(seen.insert(record[0].clone()), "{record:?} comes once");
        assert_is(record.clone(), &record[0], &model[&record[0]]);
    }
    assert_eq!(seen.len(), model.len());
}

proptest! {
    #[test]
    fn equals_a_map(
        seed in any::<u64>(),
        load in load(),
        operations in prop::collection::vec(operation(), 1..30),
    ) {
        let mut members = Members::new(hasher(seed), load);
        let mut model = Model::new();
        operations.iter().for_each(|operation| apply(operation, &mut members, &mut model));
        assert_same(&members, &model);
        let clone = members.clone();
        clone.check();
        assert_same(&clone, &model);

        apply(&Operation::Remove(0..600), &mut members, &mut model);
        // The tables keep their first parts, and the slab its record of each class.
        let empty = 2 * PART * size_of::<Outside>();
        prop_assert!(members.heap_bytes() <= empty, "{} bytes", members.heap_bytes());
    }

    #[test]
    fn the_order_depends_on_the_hasher_and_the_members_alone(
        seed in any::<u64>(),
        loads in [load(), load()],
        operations in prop::collection::vec(operation(), 1..20),
    ) {
        let mut members = Members::new(hasher(seed), loads[0]);
        let mut model = Model::new();
        operations.iter().for_each(|operation| apply(operation, &mut members, &mut model));
        let mut other = Members::new(hasher(seed), loads[1]);
        for (key, values) in model.iter().rev() {
            insert(&mut other, &items([key].into_iter().chain(values)));
        }
        let keys = |members: &Members| -> Vec<_> {
            members.iter().map(|mut record| record.next().unwrap().to_vec()).collect()
        };
        prop_assert_eq!(keys(&members), keys(&other));
        let positions = keys(&other).into_iter().map(|key| hasher(seed).hash(&key).reverse_bits());
        prop_assert!(positions.is_sorted());
    }

    #[test]
    fn a_scan_visits_what_stays_exactly_once_whatever_else_comes_and_goes(
        seed in any::<u64>(),
        load in load(),
        initial in 0..500u16,
        count in 0..30usize,
        operations in prop::collection::vec(prop::option::of(operation()), 1..40),
    ) {
        let mut members = Members::new(hasher(seed), load);
        let mut model = Model::new();
        apply(&Operation::Set(0..initial, 2, 5), &mut members, &mut model);
        let mut staying: BTreeSet<Vec<u8>> = model.keys().cloned().collect();
        let mut visits: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        let mut cursor = 0;
        for operation in operations.into_iter().chain(std::iter::repeat(None)) {
            let mut visited = 0;
            cursor = members.scan(cursor, count, |mut record| {
                *visits.entry(record.next().unwrap().to_vec()).or_default() += 1;
                visited += 1;
            });
            prop_assert!(cursor < 1 << CURSOR_BITS);
            if cursor == 0 {
                break;
            }
            prop_assert_eq!(visited, count.max(1));
            operation.iter().for_each(|operation| apply(operation, &mut members, &mut model));
            staying.retain(|key| model.contains_key(key));
        }
        for key in &staying {
            prop_assert_eq!(visits.get(key), Some(&1), "{:?}", String::from_utf8_lossy(key));
        }
    }

    #[test]
    fn what_is_freed_in_slices_is_freed_completely(
        load in load(),
        operations in prop::collection::vec(operation(), 1..10),
        slice in 1..50usize,
    ) {
        let mut members = Members::new(hasher(1), load);
        let mut model = Model::new();
        operations.iter().for_each(|operation| apply(operation, &mut members, &mut model));
        while !members.is_empty() {
            let largest = members.counts.iter().copied().max().unwrap_or(0);
            let len = members.len();
            let freed = members.free_some(slice);
            prop_assert_eq!(len - freed, members.len());
            prop_assert!((slice.min(len)..slice + usize::from(largest)).contains(&freed));
        }
        members.free_some(usize::MAX);
        prop_assert_eq!(members.outside_bytes, 0);
    }

    #[test]
    fn a_pack_becomes_a_table(load in load(), stride in 1..4usize, count in 0..200u16) {
        let (mut pack, mut model) = (Pack::default(), Model::new());
        for number in 0..count {
            let values = vec![key(number + 1); stride - 1];
            items([&key(number)].into_iter().chain(&values)).iter().for_each(|&item| pack.push(item));
            model.insert(key(number), values);
        }
        let members = Members::from_pack(hasher(3), load, stride, pack.view());
        members.check();
        assert_same(&members, &model);
    }
}

/// The elements of the first part of a table, up to which it does not give memory back.
const PART: usize = 1024;

#[test]
fn each_member_is_drawn_with_the_same_probability() {
    const DRAWS: u64 = 200;
    for (load, len) in [(1, 3), (2, 150), (20, 30), (20, 100), (20, 350)] {
        let mut members = Members::new(hasher(7), load);
        // The table has shrunk, and has buckets of very different sizes.
        (0..2 * len).for_each(|number| insert(&mut members, &[Item::new(&key(number))]));
        for number in len..2 * len {
            members.remove(find(&members, &key(number)).unwrap());
        }
        let mut rng = Rng::new(u64::from(len));
        let mut drawn: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        for _ in 0..u64::from(len) * DRAWS {
            let place = members.random(&mut rng).unwrap();
            *drawn.entry(texts(members.record(place)).remove(0)).or_default() += 1;
        }
        assert_eq!(drawn.len(), usize::from(len), "each is drawn");
        let square = |count: &u64| (*count as f64 - DRAWS as f64).powi(2) / DRAWS as f64;
        let chi_square: f64 = drawn.values().map(square).sum();
        // Its mean, and five times its standard deviation.
        let freedom = f64::from(len - 1);
        let bound = freedom + 5.0 * (2.0 * freedom).sqrt();
        assert!(chi_square < bound, "{len} members, {load} in a bucket: {chi_square} > {bound}");
    }
}

#[test]
fn draws_find_a_member_soon_however_much_a_table_has_shrunk() {
    for load in [1, 5, Members::LOAD] {
        let mut members = Members::new(hasher(7), load);
        let all = 400 * load;
        (0..all).for_each(|number| insert(&mut members, &[Item::new(&key(number))]));
        for number in 0..all - 1 {
            members.remove(find(&members, &key(number)).unwrap());
            let buckets = members.buckets.len();
            let intervals = (0..buckets).map(|bucket| 1 + usize::from(members.is_wide(bucket)));
            let slots = usize::from(members.slots) * intervals.sum::<usize>();
            let bound = members.len() * 10 + usize::from(load) * 20;
            assert!(
                slots <= bound,
                "{} members in {slots} slots, {buckets} buckets",
                members.len()
            );
        }
        members.check();
    }
}

#[test]
fn nothing_is_drawn_where_nothing_is() {
    let mut members = Members::new(hasher(7), 2);
    assert_eq!(members.random(&mut Rng::new(1)), None);
    insert(&mut members, &[Item::Int(1)]);
    members.remove(members.find(Item::Int(1)).unwrap());
    assert_eq!(members.random(&mut Rng::new(1)), None);
}

#[test]
fn a_record_with_more_items_widens_its_own_bucket_only() {
    let mut members = Members::new(hasher(7), Members::LOAD);
    let value = Item::Bytes(b"value");
    (0..1000).for_each(|number| insert(&mut members, &[Item::Int(number), value]));
    set(&mut members, &[Item::Int(500), value, Item::Int(1234)]);
    let wide = members.find(Item::Int(500)).unwrap();
    assert_eq!(texts(members.record(wide)), [&b"500"[..], b"value", b"1234"]);
    let widths: Vec<usize> = members.iter().map(|record| record.len()).collect();
    let in_wide = members.bucket(wide.bucket).len();
    assert_eq!(widths.iter().filter(|&&width| width == 3).count(), in_wide);
    assert_eq!(widths.iter().filter(|&&width| width == 2).count(), 1000 - in_wide);
    members.check();
}

#[test]
fn a_cursor_that_no_scan_returned_ends_or_goes_on() {
    let mut members = Members::new(hasher(7), 2);
    (0..100).for_each(|number| insert(&mut members, &[Item::Int(number)]));
    for cursor in [1 << CURSOR_BITS, u64::MAX] {
        assert_eq!(members.scan(cursor, 10, |_| panic!("nothing is there")), 0);
    }
    let mut visited = 0;
    members.scan((1 << CURSOR_BITS) / 2, usize::MAX, |_| visited += 1);
    assert!((30..70).contains(&visited), "{visited} are in the second half");
}

#[test]
fn members_that_share_a_cursor_are_visited_together() {
    let mut members = Members::new(hasher(7), 2);
    (0..500).for_each(|number| insert(&mut members, &[Item::Int(number)]));
    let (mut cursor, mut visits) = (0, Vec::new());
    for _ in 0..64 {
        // Cursors of six bits.
        cursor = members.scan_cut(58, cursor, 1, |mut record| visits.push(record.next().unwrap()));
    }
    assert_eq!(cursor, 0);
    assert!(members.iter().map(|mut record| record.next().unwrap()).eq(visits));
}

#[test]
fn a_neighbour_does_not_move_what_is_large() {
    let mut members = Members::new(hasher(7), Members::LOAD);
    let large = vec![b'x'; 1 << 20];
    insert(&mut members, &[Item::Int(0), Item::Bytes(&large)]);
    let address =
        |members: &Members| match members.record(members.find(Item::Int(0)).unwrap()).next_back() {
            Some(Item::Bytes(bytes)) => bytes.as_ptr(),
            other => panic!("{other:?}"),
        };
    let before = address(&members);
    (1..5000).for_each(|number| insert(&mut members, &[Item::Int(number), Item::Int(number)]));
    assert_eq!(address(&members), before);
    assert!((0..members.buckets.len()).all(|at| members.buckets.get(at).as_bytes().len() < 1024));
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_table_takes_what_it_counts_for() {
    assert!(size_of::<Members>() <= Members::BYTES);
}
