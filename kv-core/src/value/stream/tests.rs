use super::*;
use crate::hash::KeyHasher;
use crate::rng::Rng;
use crate::value::Sizes;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn stream(sizes: Sizes) -> Stream {
    let growth = Growth { hasher: KeyHasher::new(&mut Rng::new(1)), sizes };
    Stream::unpack(Pack::default(), growth)
}

type Fields = Vec<Vec<u8>>;
type Entries = BTreeMap<StreamId, Fields>;

fn shown<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Vec<(StreamId, Fields)> {
    let fields = |entry: Entry<'_>| entry.fields().flatten().map(|item| item.to_vec()).collect();
    entries.map(|entry| (entry.id(), fields(entry))).collect()
}

#[derive(Clone, Debug)]
enum Operation {
    /// So many, each so much later, with fields of a kind.
    Push {
        count: usize,
        step: (u64, u64),
        fields: (usize, usize, usize),
    },
    Remove {
        place: u16,
        count: usize,
    },
    TrimLen {
        place: u16,
        limit: usize,
        is_rough: bool,
    },
    TrimId {
        place: u16,
        limit: usize,
        is_rough: bool,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    let step = (prop::sample::select(vec![0, 0, 1, 300, 1 << 40]), 0..3_u64);
    let size = prop::sample::select(vec![0, 1, 3, 20, 500, 5000]);
    let push = (1..60_usize, step, (1..4_usize, 0..3_usize, size));
    let trim = || (any::<u16>(), prop::sample::select(vec![0, 1, 10, 200]), any::<bool>());
    prop_oneof![
        6 => push.prop_map(|(count, step, fields)| Operation::Push { count, step, fields }),
        3 => (any::<u16>(), 1..40_usize).prop_map(|(place, count)| Operation::Remove { place, count }),
        1 => trim().prop_map(|(place, limit, is_rough)| Operation::TrimLen { place, limit, is_rough }),
        1 => trim().prop_map(|(place, limit, is_rough)| Operation::TrimId { place, limit, is_rough }),
    ]
}

fn id_at(model: &Entries, place: u16) -> StreamId {
    let index = (usize::from(place) * (model.len() + 1)) >> 16;
    model.keys().nth(index).copied().unwrap_or(StreamId { ms: 1 << 62, seq: 0 })
}

fn push(log: &mut Log, model: &mut Entries, step: (u64, u64), shape: (usize, usize, usize)) {
    let (ms, seq) = step;
    let last = log.last_id;
    let id = if ms > 0 {
        StreamId { ms: last.ms + ms, seq }
    } else {
        StreamId { ms: last.ms, seq: last.seq + seq + 1 }
    };
    let (len, kind, size) = shape;
    let name = |index| format!("{}{index}", ["name", "", "other"][kind]).into_bytes();
    let value = |index| if kind == 1 { b"-77000".to_vec() } else { vec![index as u8; size] };
    let fields: Fields = (0..len).flat_map(|index| [name(index), value(index)]).collect();
    let sizes = BlockSizes { entries_max: 100, bytes_max: 4096 };
    log.push(id, fields.iter().map(|field| &field[..]), sizes);
    model.insert(id, fields);
}

/// What must hold of a trimming; how it ends is left open when it is rough or limited.
fn check_trim(log: &Log, model: &mut Entries, trim: Trim, removed: usize) {
    let unwanted = match trim.until {
        Until::Len(len) => model.len().saturating_sub(len),
        Until::Id(id) => model.range(..id).count(),
    };
    assert!(removed <= unwanted);
    assert!(trim.limit == 0 || removed <= trim.limit);
    if !trim.is_rough && trim.limit == 0 {
        assert_eq!(removed, unwanted);
    }
    (0..removed).for_each(|_| drop(model.pop_first()));
    assert_eq!(log.len(), model.len());
}

proptest! {
    #[test]
    fn entries_equal_a_map(
        sizes in prop::sample::select(vec![Sizes::DEFAULT, Sizes::TINY]),
        operations in prop::collection::vec(operation(), 1..40),
        seek in any::<u16>(),
    ) {
        let mut stream = stream(sizes);
        let mut model = Entries::new();
        prop_assert!(Collection::is_empty(&stream));
        for operation in operations {
            let log = stream.log_mut();
            match operation {
                Operation::Push { count, step, fields } => {
                    (0..count).for_each(|_| push(log, &mut model, step, fields));
                }
                Operation::Remove { place, count } => {
                    let start = id_at(&model, place);
                    let ids: Vec<_> = model.range(start..).map(|(id, _)| *id).take(count).collect();
                    for id in ids {
                        prop_assert!(log.remove(id));
                        prop_assert!(!log.remove(id));
                        model.remove(&id);
                    }
                }
                Operation::TrimLen { place, limit, is_rough } => {
                    let len = (usize::from(place) * (model.len() + 1)) >> 16;
                    let trim = Trim { until: Until::Len(len), limit, is_rough };
                    let removed = log.trim(trim);
                    check_trim(log, &mut model, trim, removed);
                }
                Operation::TrimId { place, limit, is_rough } => {
                    let trim = Trim { until: Until::Id(id_at(&model, place)), limit, is_rough };
                    let removed = log.trim(trim);
                    check_trim(log, &mut model, trim, removed);
                }
            }
            log.check();
            prop_assert_eq!(log.len(), model.len());
            prop_assert_eq!(log.blocks() == 0, model.is_empty());
            let seek = id_at(&model, seek);
            let entry = |(id, fields): (&StreamId, &Fields)| (*id, fields.clone());
            prop_assert!(shown(log.iter_from(seek)).into_iter().eq(model.range(seek..).map(entry)));
            let back = model.range(..=seek).rev().map(entry);
            prop_assert!(shown(log.iter_back_from(seek)).into_iter().eq(back));
            prop_assert_eq!(log.get(seek).is_some(), model.contains_key(&seek));
            prop_assert_eq!(log.first().map(Entry::id), model.keys().next().copied());
            prop_assert_eq!(log.last().map(Entry::id), model.keys().next_back().copied());
        }
        let copy = stream.view().to_owned();
        while Contents::free_some(&mut stream, 20) > 0 {}
        prop_assert_eq!(Contents::len(&stream), 0);
        let ValueRef::Stream(copy) = copy.view() else { panic!("a stream") };
        copy.check();
        prop_assert_eq!(copy.len(), model.len());
    }

    #[test]
    fn a_group_equals_a_map(
        sizes in prop::sample::select(vec![Sizes::DEFAULT, Sizes::TINY]),
        operations in prop::collection::vec((0..8_u8, 0..16_u8, 0..200_u64), 1..300),
    ) {
        let mut stream = stream(sizes);
        let log = stream.log_mut();
        prop_assert!(log.add_group(b"g", StreamId::MIN, None));
        let mut model: BTreeMap<StreamId, (Vec<u8>, i64, u64)> = BTreeMap::new();
        let mut names: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
        for (time, (operation, consumer, number)) in operations.into_iter().enumerate() {
            let name = vec![b'c'; consumer.into()];
            let id = StreamId { ms: number / 3, seq: number };
            let time = time as i64;
            log.change_group(b"g", |_, group| match operation {
                0..=3 => {
                    let consumer = group.see_consumer(&name, time);
                    group.set_pending(Pending { id, consumer, delivered_ms: time, deliveries: 7 });
                    names.insert(name.clone(), time);
                    model.insert(id, (name.clone(), time, 7));
                }
                4..=6 => {
                    assert_eq!(group.remove_pending(id), model.remove(&id).is_some());
                }
                _ => {
                    let count = model.values().filter(|pending| pending.0 == name).count();
                    model.retain(|_, pending| pending.0 != name);
                    let known = names.remove(&name).map(|_| count);
                    let removed = group.remove_consumer(&name);
                    assert_eq!(removed.as_ref().map(|removed| removed.0), known);
                    let dropped = removed.map_or(0, |removed| removed.1.size());
                    assert!(dropped == 0 || dropped >= 2 * count, "it is dropped in slices");
                }
            });
            log.check();
            let group = log.group(b"g").expect("it is there");
            prop_assert_eq!(group.pending_len(), model.len());
            prop_assert_eq!(group.pending(id).is_some(), model.contains_key(&id));
            let pending = group.pending_from(id).map(|pending| {
                let name = group.consumer_name(pending.consumer).to_vec();
                (pending.id, (name, pending.delivered_ms, pending.deliveries))
            });
            prop_assert!(pending.eq(model.range(id..).map(|(id, rest)| (*id, rest.clone()))));
            prop_assert!(group.consumers().map(|number| group.consumer_name(number)).eq(names.keys()));
            for number in group.consumers() {
                let name = group.consumer_name(number);
                prop_assert_eq!(group.find_consumer(name), Some(number));
                let mine = model.range(id..).filter(|(_, pending)| pending.0 == name);
                prop_assert!(group.owned_from(number, id).eq(mine.map(|(id, _)| *id)));
            }
        }
        prop_assert!(stream.remove_group(b"x").is_none());
        let mut group = stream.remove_group(b"g").expect("it is there");
        prop_assert_eq!(stream.view().groups_len(), 0);
        while Contents::free_some(&mut group, 3) > 0 {}
        prop_assert_eq!(Contents::len(&group), 0);
    }
}

#[test]
fn groups_are_in_the_order_of_their_names() {
    let mut stream = stream(Sizes::TINY);
    let log = stream.log_mut();
    for name in ["b", "", "a", "10", "9", "ab"] {
        assert!(log.add_group(name.as_bytes(), StreamId::MAX, Some(1)), "{name}");
        assert!(!log.add_group(name.as_bytes(), StreamId::MIN, None), "{name}");
    }
    log.check();
    let names: Vec<_> = log.groups().map(|(name, _)| name).collect();
    assert_eq!(names, [&b""[..], b"10", b"9", b"a", b"ab", b"b"]);
    assert!(stream.remove_group(b"a").is_some());
    stream.log_mut().add_group(b"c", StreamId::MIN, None);
    stream.view().check();
    assert_eq!(stream.view().groups_len(), 6);
    for name in [&b"9"[..], b""] {
        stream.log_mut().change_group(name, |_, group| group.add_consumer(b"x", 1));
    }
    while Contents::free_some(&mut stream, 1) > 0 {}
    assert_eq!(Contents::len(&stream), 0);
}

#[test]
fn the_neighbours_of_an_id_carry_over() {
    let id = |ms, seq| StreamId { ms, seq };
    assert_eq!(id(1, 2).next(), Some(id(1, 3)));
    assert_eq!(id(1, u64::MAX).next(), Some(id(2, 0)));
    assert_eq!(StreamId::MAX.next(), None);
    assert_eq!(id(1, 2).previous(), Some(id(1, 1)));
    assert_eq!(id(1, 0).previous(), Some(id(0, u64::MAX)));
    assert_eq!(StreamId::MIN.previous(), None);
}
