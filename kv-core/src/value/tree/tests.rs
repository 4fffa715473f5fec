use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Records of some items, the first of which is a number of their own.
#[derive(Debug)]
struct Numbered<const STRIDE: usize>;

impl<const STRIDE: usize> Shape for Numbered<STRIDE> {
    const STRIDE: usize = STRIDE;
    type Key = i64;

    fn key(record: Items<'_>) -> i64 {
        number(record)
    }
}

fn number<'r>(mut record: impl Iterator<Item = Item<'r>>) -> i64 {
    match record.next() {
        Some(Item::Int(number)) => number,
        item => panic!("{item:?} is no number"),
    }
}

/// In which leaves records lie, for all that it was told.
#[derive(Debug, Default)]
struct Index(BTreeMap<i64, LeafNumber>);

impl Watcher for Index {
    fn moved<'r>(&mut self, record: impl Iterator<Item = Item<'r>>, leaf: LeafNumber) {
        self.0.insert(number(record), leaf);
    }
}

type Bytes = Vec<Vec<u8>>;

fn texts(items: Items<'_>) -> Bytes {
    items.map(Item::to_vec).collect()
}

fn with_items<R>(record: &Bytes, run: impl FnOnce(&[Item<'_>]) -> R) -> R {
    run(&record.iter().map(|bytes| Item::new(bytes)).collect::<Vec<_>>())
}

/// A tree beside a vector that should equal it.
struct Pair<const STRIDE: usize> {
    tree: Tree<Numbered<STRIDE>>,
    model: Vec<Bytes>,
    index: Index,
    numbers: usize,
}

impl<const STRIDE: usize> Pair<STRIDE> {
    fn new(sizes: Sizes) -> Self {
        Self { tree: Tree::new(sizes), model: Vec::new(), index: Index::default(), numbers: 0 }
    }

    fn rank(&self, seed: u16) -> usize {
        (usize::from(seed) * (self.model.len() + 1)) >> 16
    }

    fn record(&mut self, size: usize) -> Bytes {
        self.numbers += 1;
        let mut record = vec![self.numbers.to_string().into_bytes()];
        record.resize_with(STRIDE, || vec![b'x'; size / (STRIDE - 1).max(1)]);
        record
    }

    fn run(&mut self, operation: &Operation) {
        match *operation {
            Operation::Insert { rank, size } => self.insert(self.rank(rank), size),
            Operation::InsertRun { rank, size, count, step } => {
                let rank = self.rank(rank);
                (0..count).for_each(|done| self.insert(rank + done * step, size));
            }
            Operation::Remove { rank } => self.remove(self.rank(rank)),
            Operation::RemoveRun { rank, count } => {
                let rank = self.rank(rank);
                (0..count).for_each(|_| self.remove(rank));
            }
            Operation::Extend { size, count } => self.extend(size, count),
            Operation::Replace { rank, size } => self.replace(self.rank(rank), size),
            Operation::RemoveRange { mut ranks } => {
                ranks.sort_unstable();
                self.remove_range(self.rank(ranks[0])..self.rank(ranks[1]));
            }
        }
    }

    fn insert(&mut self, rank: usize, size: usize) {
        let record = self.record(size);
        let place = self.tree.at(rank);
        with_items(&record, |items| self.tree.insert(place, items, &mut self.index));
        self.model.insert(rank, record);
    }

    fn extend(&mut self, size: usize, count: usize) {
        // Of several sizes, and sometimes so large as to be alone.
        let records: Vec<_> = (0..count).map(|at| self.record(size * (at % 3))).collect();
        let items = records.iter().flatten().map(|item| Item::new(item));
        self.tree.extend(items, &mut self.index);
        self.model.extend(records);
    }

    fn remove(&mut self, rank: usize) {
        if let Some(position) = self.tree.at(rank) {
            self.tree.remove(position, &mut self.index);
            self.forget(rank..rank + 1);
        }
    }

    fn replace(&mut self, rank: usize, size: usize) {
        let Some(position) = self.tree.at(rank) else { return };
        let record = self.record(size);
        with_items(&record, |items| self.tree.replace(position, items, &mut self.index));
        self.index.0.entry(self.numbers as i64).or_insert(position.leaf());
        self.forget(rank..rank + 1);
        self.model.insert(rank, record);
    }

    fn remove_range(&mut self, ranks: Range<usize>) {
        self.tree.remove_range(ranks.clone(), &mut self.index);
        self.forget(ranks);
    }

    fn forget(&mut self, ranks: Range<usize>) {
        for record in self.model.drain(ranks) {
            let number = number_of(&record);
            self.index.0.remove(&number);
        }
    }

    fn check(&self, seed: u16) {
        self.tree.check();
        assert_eq!(self.tree.len(), self.model.len());
        assert_eq!(self.index.0.len(), self.model.len());
        assert!(self.tree.iter().map(texts).eq(self.model.iter().cloned()));
        let [low, high] = [self.rank(seed).min(self.rank(!seed)), self.rank(seed | 1 << 15)];
        self.check_iterators(low, high.max(low));
        self.check_seek(low);
        let clone = self.tree.clone();
        clone.check();
        assert!(clone.iter().map(texts).eq(self.model.iter().cloned()));
    }

    fn check_iterators(&self, low: usize, high: usize) {
        let (tree, model) = (&self.tree, &self.model);
        let place = tree.at(low);
        assert_eq!(tree.rank_of(place), low);
        assert!(tree.iter().rev().map(texts).eq(model.iter().rev().cloned()));
        assert!(tree.range(low..high).map(texts).eq(model[low..high].iter().cloned()));
        assert!(tree.range(low..high).rev().map(texts).eq(model[low..high].iter().rev().cloned()));
        assert!(tree.iter_from(place).map(texts).eq(model[low..].iter().cloned()));
        assert!(tree.iter_before(place).rev().map(texts).eq(model[..low].iter().rev().cloned()));
        let mut both = tree.range(low..high);
        for rank in 0..(high - low) / 2 {
            assert_eq!(both.next().map(texts).as_ref(), Some(&model[low + rank]));
            assert_eq!(both.next_back().map(texts).as_ref(), Some(&model[high - 1 - rank]));
        }
        assert_eq!(both.len(), (high - low) % 2);
        assert_eq!(tree.iter().nth(low).map(texts).as_ref(), model.get(low));
        assert_eq!(tree.first(), tree.at(0));
        assert_eq!(tree.last(), model.len().checked_sub(1).and_then(|rank| tree.at(rank)));
        assert_eq!(place.and_then(|position| tree.next(position)), tree.at(low + 1));
        assert_eq!(tree.previous(place), low.checked_sub(1).and_then(|rank| tree.at(rank)));
    }

    fn check_seek(&self, rank: usize) {
        let ranks: BTreeMap<i64, usize> =
            (0..).zip(&self.model).map(|(r, m)| (number_of(m), r)).collect();
        let found = self.tree.seek(|key, record| {
            assert_eq!(number(record.items()), key);
            ranks[&key] < rank
        });
        assert_eq!(found, self.tree.at(rank));
        let by_key = self.tree.seek_leaf_by_key(|key| ranks[&key] < rank);
        assert_eq!(by_key, self.tree.seek_leaf(|key, _| ranks[&key] < rank));
        for (record, &rank) in &ranks {
            let position = self.tree.at(rank).unwrap();
            let leaf = self.index.0[record];
            assert_eq!(position.leaf(), leaf, "what the watcher was told");
            assert_eq!(number(self.tree.record(position)), *record);
            assert_eq!(self.tree.find_item_in_leaf(leaf, Item::Int(*record), 0), Some(position));
        }
    }
}

fn number_of(record: &Bytes) -> i64 {
    str::from_utf8(&record[0]).unwrap().parse().unwrap()
}

#[derive(Clone, Debug)]
enum Operation {
    Insert {
        rank: u16,
        size: usize,
    },
    /// Each so many records behind the one before.
    InsertRun {
        rank: u16,
        size: usize,
        count: usize,
        step: usize,
    },
    /// Many at the end.
    Extend {
        size: usize,
        count: usize,
    },
    Remove {
        rank: u16,
    },
    RemoveRun {
        rank: u16,
        count: usize,
    },
    Replace {
        rank: u16,
        size: usize,
    },
    RemoveRange {
        ranks: [u16; 2],
    },
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 0..12usize, 3 => 12..60usize, 1 => 60..2000usize]
}

/// Ends are where the special cases are.
fn rank() -> impl Strategy<Value = u16> {
    prop_oneof![4 => any::<u16>(), 1 => Just(0), 1 => Just(u16::MAX)]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (rank(), size()).prop_map(|(rank, size)| Operation::Insert { rank, size }),
        4 => (rank(), 0..12usize, 1..80usize, 0..2usize)
            .prop_map(|(rank, size, count, step)| Operation::InsertRun { rank, size, count, step }),
        2 => (size(), 0..80usize).prop_map(|(size, count)| Operation::Extend { size, count }),
        2 => rank().prop_map(|rank| Operation::Remove { rank }),
        2 => (rank(), 1..60usize).prop_map(|(rank, count)| Operation::RemoveRun { rank, count }),
        3 => (rank(), size()).prop_map(|(rank, size)| Operation::Replace { rank, size }),
        1 => any::<[u16; 2]>().prop_map(|ranks| Operation::RemoveRange { ranks }),
        1 => (any::<u16>(), 0..6000u16).prop_map(|(rank, more)| Operation::RemoveRange {
            ranks: [rank, rank.saturating_add(more)]
        }),
    ]
}

fn run<const STRIDE: usize>(operations: &[Operation], sizes: Sizes, seed: u16) {
    let mut pair = Pair::<STRIDE>::new(sizes);
    for operation in operations {
        pair.run(operation);
        pair.check(seed);
    }
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    prop::collection::vec(operation(), 1..24)
}

proptest! {
    #[test]
    fn a_tree_of_tiny_nodes_equals_a_vector(operations in operations(), seed: u16) {
        run::<2>(&operations, Sizes::TINY, seed);
    }

    #[test]
    fn a_tree_of_lists_equals_a_vector(operations in operations(), seed: u16) {
        run::<1>(&operations, Sizes { leaf_max: 20, appended_max: 20, children_max: 5 }, seed);
    }

    #[test]
    fn a_tree_of_middling_nodes_equals_a_vector(operations in operations(), seed: u16) {
        run::<3>(&operations, Sizes { leaf_max: 200, appended_max: 150, children_max: 7 }, seed);
    }

    #[test]
    fn a_tree_of_the_usual_size_equals_a_vector(operations in operations(), seed: u16) {
        run::<2>(&operations, Sizes::DEFAULT, seed);
    }

    #[test]
    fn a_pack_becomes_a_tree(
        sizes in prop::collection::vec(size(), 0..60),
        leaf_max in 20..1024u16,
    ) {
        let appended_max = leaf_max / 4 * 3;
        let mut pair = Pair::<2>::new(Sizes { leaf_max, appended_max, children_max: 4 });
        let mut pack = Pack::default();
        for size in sizes {
            let record = pair.record(size);
            record.iter().for_each(|item| pack.push(Item::new(item)));
            pair.model.push(record);
        }
        pair.tree = Tree::from_pack(pack, pair.tree.sizes, &mut pair.index);
        pair.check(7);
    }

    #[test]
    fn a_tree_is_freed_in_steps(count in 0..400usize, step in 1..50usize) {
        let mut pair = Pair::<2>::new(Sizes::TINY);
        (0..count).for_each(|rank| pair.insert(rank, 3));
        for left in (0..count).rev().step_by(step) {
            prop_assert!(pair.tree.free_some(step) <= step);
            pair.tree.check();
            prop_assert!(pair.tree.len() <= left);
        }
        while pair.tree.free_some(step) > 0 {}
        prop_assert!(pair.tree.is_empty());
        pair.tree.check();
    }
}

/// A tree of `count` records of 24 bytes, in order or not.
fn uniform(count: usize, is_ordered: bool) -> Tree<Numbered<2>> {
    let mut tree = Tree::new(Sizes::DEFAULT);
    let mut state = 1;
    for _ in 0..count {
        let place = if is_ordered { None } else { tree.at(random(&mut state, tree.len() + 1)) };
        // A number takes 8 bytes, and each item a byte for its code.
        let number = i64::MAX - random(&mut state, 1 << 40) as i64;
        tree.insert(place, &[Item::Int(number), Item::Bytes(b"fourteen bytes")], &mut ());
    }
    tree
}

fn random(state: &mut u64, limit: usize) -> usize {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    ((u128::from(*state) * limit as u128) >> 64) as usize
}

#[test]
fn memory_is_little_more_than_the_records() {
    let bytes = |is_ordered| uniform(20_000, is_ordered).heap_bytes() as f64 / 20_000.0;
    let (ordered, random) = (bytes(true), bytes(false));
    assert!(ordered < 27.5, "{ordered} bytes a record in order");
    assert!(random < 30.0, "{random} bytes a record at random");
}

#[test]
fn what_was_added_at_an_end_leaves_room_for_changes() {
    let mut tree = uniform(20_000, true);
    let leaves = tree.leaves.len();
    let records: Vec<_> = (0..tree.len()).step_by(tree.len() / leaves).collect();
    for &rank in &records {
        tree.insert(tree.at(rank + 1), &[Item::Int(1), Item::Bytes(b"fourteen bytes")], &mut ());
    }
    tree.check();
    assert!(records.len() >= leaves);
    assert_eq!(tree.leaves.len(), leaves, "no leaf was cut for one record more");
}

#[test]
fn what_is_added_at_the_end_at_once_lies_in_leaves_as_full() {
    let record = [Item::Int(i64::MAX), Item::Bytes(b"fourteen bytes")];
    let mut tree = Tree::<Numbered<2>>::new(Sizes::DEFAULT);
    (0..200).for_each(|_| tree.extend([record; 100].concat(), &mut ()));
    tree.check();
    let ordered = uniform(20_000, true);
    assert_eq!((tree.len(), tree.leaves.len()), (ordered.len(), ordered.leaves.len()));
}

#[test]
fn a_large_record_is_alone() {
    let mut pair = Pair::<2>::new(Sizes::DEFAULT);
    (0..3).for_each(|rank| pair.insert(rank, 3));
    pair.insert(1, 100_000);
    pair.insert(2, 5);
    pair.insert(1, 5);
    pair.check(1);
    assert_eq!(pair.tree.leaves.iter().filter(|leaf| leaf.pack.len() > 1024).count(), 1);
    pair.replace(2, 3);
    pair.check(1);
    assert_eq!(pair.tree.leaves.len(), 1);
}

#[test]
fn two_splits_at_once_leave_no_node_too_small() {
    let operations = [
        Operation::InsertRun { rank: 0, size: 0, count: 2, step: 0 },
        Operation::Replace { rank: 0, size: 20 },
        Operation::InsertRun { rank: 21846, size: 4, count: 16, step: 0 },
        Operation::InsertRun { rank: 20696, size: 8, count: 64, step: 1 },
        Operation::Insert { rank: 39480, size: 184 },
    ];
    run::<3>(&operations, Sizes { leaf_max: 200, appended_max: 150, children_max: 7 }, 0);
}

#[test]
fn nodes_that_are_gone_give_their_memory_back() {
    let mut tree = uniform(20_000, false);
    let before = tree.heap_bytes();
    let mut state = 2;
    while tree.len() > 1000 {
        let position = tree.at(random(&mut state, tree.len())).unwrap();
        tree.remove(position, &mut ());
    }
    tree.check();
    assert!(tree.heap_bytes() < before / 8, "{} of {before}", tree.heap_bytes());
    tree.remove_range(1..tree.len(), &mut ());
    tree.check();
    // Nor does it remember many of their numbers.
    assert!(tree.heap_bytes() < 1000, "{} for one record", tree.heap_bytes());
}

/// Where we are, beside what the standard library has. Run it in a release build.
#[test]
#[ignore = "prints timings and sizes"]
#[expect(clippy::print_stdout, reason = "it is for reading")]
fn timings() {
    use nix::time::{ClockId, clock_gettime};
    use std::time::Duration;
    const COUNT: usize = 1_000_000;
    let time = |what: &str, run: &mut dyn FnMut()| {
        // The processor's time, for the sake of busy machines.
        let now = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
        let begin = now();
        run();
        println!("{what}: {} ns", Duration::from(now() - begin).as_nanos() as usize / COUNT);
    };
    let mut state = 9;
    let mut keys: Vec<u64> =
        (0..COUNT).map(|_| random(&mut state, 1 << 62) as u64 | 1 << 62).collect();
    let record = |key: u64| [Item::Int(key as i64), Item::Bytes(b"fourteen bytes")];
    let mut tree = Tree::<Numbered<2>>::new(Sizes::DEFAULT);
    let seek = |tree: &Tree<Numbered<2>>, key: u64| tree.seek(|other, _| other < key as i64);
    time("insert", &mut || {
        for &key in &keys {
            tree.insert(seek(&tree, key), &record(key), &mut ());
        }
    });
    println!("{} bytes a record", tree.heap_bytes() as f64 / COUNT as f64);
    time("seek", &mut || keys.iter().for_each(|&key| assert!(seek(&tree, key).is_some())));
    time("at, rank", &mut || {
        for &key in &keys {
            let rank = key as usize % COUNT;
            assert_eq!(tree.rank(tree.at(rank).unwrap()), rank);
        }
    });
    time("iterate", &mut || assert_eq!(tree.iter().map(|mut record| record.next()).count(), COUNT));
    time("iterate back", &mut || {
        assert_eq!(tree.iter().rev().map(|mut r| r.next()).count(), COUNT)
    });
    keys.rotate_left(COUNT / 3);
    time("remove and insert", &mut || {
        for &key in &keys {
            tree.remove(seek(&tree, key).unwrap(), &mut ());
            let other = key ^ 0xffff_ffff;
            tree.insert(seek(&tree, other), &record(other), &mut ());
        }
    });
    println!("{} bytes a record", tree.heap_bytes() as f64 / COUNT as f64);
    time("remove", &mut || {
        for &key in &keys {
            tree.remove(seek(&tree, key ^ 0xffff_ffff).unwrap(), &mut ());
        }
    });
    time("append", &mut || keys.iter().for_each(|&key| tree.insert(None, &record(key), &mut ())));
    println!("{} bytes a record", tree.heap_bytes() as f64 / COUNT as f64);
    time("iterate in order", &mut || {
        assert_eq!(tree.iter().map(|mut record| record.next()).count(), COUNT);
    });
    time("free", &mut || while tree.free_some(1000) > 0 {});
    time("prepend", &mut || {
        keys.iter().for_each(|&key| tree.insert(tree.first(), &record(key), &mut ()));
    });
    time("pop at the head", &mut || {
        (0..COUNT).for_each(|_| tree.remove(tree.first().unwrap(), &mut ()));
    });

    let mut map = BTreeMap::new();
    let boxed = || Box::<[u8]>::from(*b"fourteen bytes");
    time("BTreeMap: insert", &mut || keys.iter().for_each(|&key| drop(map.insert(key, boxed()))));
    time("BTreeMap: get", &mut || keys.iter().for_each(|key| assert!(map.contains_key(key))));
    time("BTreeMap: remove and insert", &mut || {
        for &key in &keys {
            map.remove(&key);
            map.insert(key ^ 0xffff_ffff, boxed());
        }
    });
    time("BTreeMap: remove", &mut || {
        keys.iter().for_each(|&key| drop(map.remove(&(key ^ 0xffff_ffff))));
    });
}
