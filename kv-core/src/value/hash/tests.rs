use super::super::Sizes;
use super::super::string::IntBuffer;
use super::*;
use crate::hash::KeyHasher;
use crate::rng::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A field's name, value and deadline.
type Entry = (Vec<u8>, (Vec<u8>, Option<i64>));
type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<i64>)>;

fn growth(sizes: Sizes) -> Growth {
    Growth { hasher: KeyHasher::new(&mut Rng::new(1)), sizes }
}

fn new_hash(sizes: Sizes) -> Hash {
    Hash::unpack(Pack::default(), growth(sizes))
}

fn name(number: u8) -> Vec<u8> {
    match number % 8 {
        0 => vec![number; 600],
        1 | 2 => number.to_string().into_bytes(),
        _ => format!("field {number}").into_bytes(),
    }
}

fn value(number: u16) -> Vec<u8> {
    match number % 16 {
        0 => vec![7; usize::from(number % 1000)],
        1 => Vec::new(),
        _ => number.to_string().into_bytes(),
    }
}

fn is_live(deadline: Option<i64>, now: i64) -> bool {
    deadline.is_none_or(|deadline| deadline >= now)
}

fn text(item: Item<'_>) -> Vec<u8> {
    item.as_bytes(&mut IntBuffer::new()).to_vec()
}

fn entry(field: Field<'_>) -> Entry {
    (text(field.name), (text(field.value), field.deadline))
}

fn live(model: &Model, now: i64) -> Model {
    let live = model.iter().filter(|(_, (_, deadline))| is_live(*deadline, now));
    live.map(|(name, field)| (name.clone(), field.clone())).collect()
}

fn scan(hash: &Hash, now: i64, count: usize) -> Vec<Entry> {
    let (mut cursor, mut found) = (0, Vec::new());
    loop {
        cursor = hash.at(now).scan(cursor, count, |field| found.push(entry(field)));
        if cursor == 0 {
            return found;
        }
    }
}

fn compare(hash: &Hash, model: &Model, now: i64) {
    if let HashRef::Large(fields) = hash.view() {
        fields.check();
    }
    let expected = live(model, now);
    assert_eq!(hash.at(now).len(), expected.len());
    assert_eq!(hash.at(now).is_empty(), expected.is_empty());
    assert_eq!(hash.view().stored_len(), model.len());
    assert_eq!(hash.is_over(now), expected.is_empty() && !model.is_empty());
    assert_eq!(hash.first_deadline(), model.values().filter_map(|field| field.1).min());
    let found: Vec<_> = hash.at(now).iter().map(entry).collect();
    assert_eq!(found.len(), expected.len(), "each field once");
    assert_eq!(found.into_iter().collect::<Model>(), expected);
}

#[derive(Clone, Debug)]
enum Operation {
    Set(u8, u16, Option<i64>),
    SetDeadline(u8, Option<i64>),
    Remove(u8),
    Purge(usize),
    Wait(i64),
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let deadline = || prop_oneof![Just(None), (0..60i64).prop_map(Some)];
    prop_oneof![
        4 => (any::<u8>(), any::<u16>()).prop_map(|(name, value)| Set(name % 40, value, None)),
        4 => (any::<u8>(), any::<u16>(), deadline())
            .prop_map(|(name, value, deadline)| Set(name % 40, value, deadline)),
        3 => (any::<u8>(), deadline())
            .prop_map(|(name, deadline)| SetDeadline(name % 40, deadline)),
        4 => any::<u8>().prop_map(|name| Remove(name % 40)),
        1 => (0..5usize).prop_map(Purge),
        1 => (0..10i64).prop_map(Wait),
    ]
}

proptest! {
    #[test]
    fn equals_a_map_of_which_fields_expire(
        sizes in prop::sample::select(vec![Sizes::DEFAULT, Sizes::TINY]),
        operations in prop::collection::vec(operation(), 0..120),
    ) {
        use Operation::*;
        let (mut hash, mut model, mut now) = (new_hash(sizes), Model::new(), 0);
        for operation in operations {
            match operation {
                Set(number, new, deadline) => {
                    let (name, new) = (name(number), value(new));
                    let old = model.insert(name.clone(), (new.clone(), deadline));
                    let is_new = old.is_none_or(|(_, deadline)| !is_live(deadline, now));
                    prop_assert_eq!(hash.set(&name, &new, deadline, now).is_new(), is_new);
                    prop_assert!(!hash.is_empty());
                    let found = hash.at(now).value(&name).map(text);
                    prop_assert_eq!(found, is_live(deadline, now).then_some(new));
                }
                SetDeadline(number, deadline) => {
                    let name = name(number);
                    if let Some((_, old)) = model.get_mut(&name) {
                        *old = deadline;
                        hash.set_deadline(&name, deadline);
                        let found = hash.at(now).find(&name).map(|field| field.deadline);
                        prop_assert_eq!(found, is_live(deadline, now).then_some(deadline));
                    }
                }
                Remove(number) => {
                    let old = model.remove(&name(number));
                    let was_there = old.is_some_and(|(_, deadline)| is_live(deadline, now));
                    prop_assert_eq!(hash.remove(&name(number), now), was_there);
                    prop_assert_eq!(hash.is_empty(), live(&model, now).is_empty());
                    prop_assert!(hash.at(now).find(&name(number)).is_none());
                }
                Purge(count) => {
                    let expired = model.len() - live(&model, now).len();
                    prop_assert_eq!(hash.purge(now, count), expired.min(count));
                    let mut deadlines: Vec<_> =
                        model.iter().filter_map(|(name, field)| Some((field.1?, name.clone())))
                        .collect();
                    deadlines.sort();
                    for (_, name) in deadlines.into_iter().take(expired.min(count)) {
                        model.remove(&name);
                    }
                }
                Wait(ms) => now += ms,
            }
            compare(&hash, &model, now);
        }
        let expected = live(&model, now);
        for count in [1, 7, 1000] {
            let found = scan(&hash, now, count);
            prop_assert_eq!(found.len(), expected.len());
            prop_assert_eq!(&found.into_iter().collect::<Model>(), &expected);
        }
        let mut rng = Rng::new(now as u64);
        prop_assert_eq!(hash.at(now).random(&mut rng).is_some(), !expected.is_empty());
        for count in [0, 1, 3, expected.len(), 1000] {
            let sample: Vec<_> = hash.at(now).sample(count, &mut rng).into_iter().map(entry).collect();
            prop_assert_eq!(sample.len(), count.min(expected.len()));
            for (name, field) in &sample {
                prop_assert_eq!(expected.get(name), Some(field));
            }
            prop_assert_eq!(sample.iter().collect::<BTreeSet<_>>().len(), sample.len());
        }
        let copy = hash.view().to_owned();
        let copy = Hash::of(&copy).cloned();
        copy.iter().for_each(|copy| compare(copy, &model, now));
        let empty = new_hash(sizes).view().stored_len();
        while Contents::free_some(&mut hash, 3) > 0 {}
        prop_assert_eq!((Contents::len(&hash), hash.view().stored_len()), (0, empty));
    }
}

#[test]
fn a_hash_stays_one_pack_until_it_is_large_or_a_field_has_a_deadline() {
    let mut hash = new_hash(Sizes::DEFAULT);
    hash.set(b"a", &[1; 500], None, 0);
    hash.set(b"b", &[1; 500], None, 0);
    assert!(matches!(hash.view(), HashRef::Packed(_)));
    hash.set(b"b", &[1; 400], None, 0);
    hash.set(b"c", &[1; 90], None, 0);
    assert!(matches!(hash.view(), HashRef::Packed(_)));
    let mut timed = hash.clone();
    hash.set(b"a", &[1; 550], None, 0);
    assert!(matches!(hash.view(), HashRef::Large(_)));
    timed.set_deadline(b"c", None);
    assert!(matches!(timed.view(), HashRef::Packed(_)));
    timed.set_deadline(b"c", Some(1));
    assert!(matches!(timed.view(), HashRef::Large(_)));
    timed.set(b"c", b"", None, 0);
    assert!(!timed.view().has_deadlines());
}

#[test]
fn random_fields_are_drawn_evenly_whatever_has_expired() {
    // Of all; of few of which some have deadlines; of few that all have deadlines.
    for (with_later_deadline, without) in [(500, 500), (3, 5), (8, 0)] {
        let mut hash = new_hash(Sizes::DEFAULT);
        let live = with_later_deadline + without;
        for number in 0..1000u32 {
            let deadline = match number {
                _ if number < with_later_deadline => Some(7),
                _ if number < live => None,
                _ => Some(5),
            };
            hash.set(&number.to_le_bytes(), b"", deadline, 0);
        }
        let (mut rng, hash) = (Rng::new(1), hash.at(6));
        assert_eq!(hash.is_sparse(), live < 15);
        let draws = 1000 * live;
        let mut counts = [BTreeMap::new(), BTreeMap::new()];
        let mut count = |of: usize, field: Field<'_>| {
            *counts[of].entry(text(field.name)).or_insert(0) += 1;
        };
        (0..draws).for_each(|_| count(0, hash.random(&mut rng).expect("some are left")));
        hash.draw(draws.into(), &mut rng, |field| count(1, field));
        for counts in counts {
            assert_eq!(counts.len(), live as usize);
            assert!(counts.values().all(|count| (800..1200).contains(count)), "{counts:?}");
        }
        assert_eq!(hash.sample(live as usize, &mut rng).len(), live as usize);
        assert_eq!(hash.sample(2, &mut rng).len(), 2);
    }
}
