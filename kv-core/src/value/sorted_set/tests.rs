use super::*;
use crate::hash::KeyHasher;
use crate::rng::Rng;
use crate::value::Sizes;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

fn growth(sizes: Sizes) -> Growth {
    Growth { hasher: KeyHasher::new(&mut Rng::new(1)), sizes }
}

type Bytes = Vec<u8>;

/// A sorted set beside a model that should equal it.
struct Twins {
    set: SortedSet,
    scores: BTreeMap<Bytes, f64>,
}

impl Twins {
    /// With fewer bits, members have the same hash. Then the set is no pack from the beginning.
    fn new(sizes: Sizes, hash_bits: u32) -> Self {
        let growth = growth(Sizes { hash_bits, ..sizes });
        let set = match hash_bits {
            u32::MAX => SortedSet::unpack(Pack::default(), growth),
            _ => {
                let large = Large::from_pack(Pack::default(), growth);
                SortedSet(Repr::Large(Box::new(large)))
            }
        };
        Self { set, scores: BTreeMap::new() }
    }

    fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Set(member, score) => self.set(member.clone(), *score),
            Operation::SetMany { first, step, count, score, spread } => {
                for number in (0..*count).map(|number| first + step * number) {
                    let score = score + (number % spread) as f64;
                    self.set(number.to_string().into(), score);
                }
            }
            Operation::Remove(member) => self.remove(member),
            Operation::RemoveMany { first, step, count } => {
                for number in (0..*count).map(|number| first + step * number) {
                    self.remove(number.to_string().as_bytes());
                }
            }
            Operation::Keep => {
                let score = |_: Option<f64>| None;
                self.set.update(b"1", score);
            }
            Operation::RemoveRange(ranks) => self.remove_range(*ranks),
        }
    }

    fn set(&mut self, member: Bytes, score: f64) {
        let mut before = None;
        // Some of the guesses are right.
        let guesses = [self.scores.len(), score as usize].map(|it| LeafNumber(it as u32 % 8));
        let guess = Guess { member: guesses[0], place: guesses[1], ..Guess::NONE };
        self.set.update_near(guess, (&member).into(), |old| {
            before = old;
            Some(score)
        });
        assert_eq!(before, self.scores.insert(member, score));
    }

    fn remove(&mut self, member: &[u8]) {
        assert_eq!(self.set.remove(member), self.scores.remove(member).is_some());
    }

    fn remove_range(&mut self, ranks: [u16; 2]) {
        let pairs = self.pairs();
        let [a, b] = ranks.map(|rank| (usize::from(rank) * (pairs.len() + 1)) >> 16);
        let ranks = a.min(b)..a.max(b);
        self.set.remove_range(ranks.clone());
        for (_, member) in &pairs[ranks] {
            self.scores.remove(member);
        }
    }

    /// What should be there, in order.
    fn pairs(&self) -> Vec<(f64, Bytes)> {
        let pairs = self.scores.iter().map(|(member, score)| (*score, member.clone()));
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_by(|a, b| a.partial_cmp(b).expect("there is no NaN"));
        pairs
    }

    fn check(&self, probe: f64, ends: [u16; 2]) {
        let (set, pairs) = (self.set.view(), self.pairs());
        if let SortedSetRef::Large(large) = set {
            large.check();
        }
        assert_eq!((set.len(), self.set.is_empty()), (pairs.len(), pairs.is_empty()));
        assert!(set.iter().map(owned).eq(pairs.iter().cloned()));
        assert!(set.iter().rev().map(owned).eq(pairs.iter().rev().cloned()));
        let [a, b] = ends.map(|end| (usize::from(end) * (pairs.len() + 1)) >> 16);
        let ranks = a.min(b)..a.max(b);
        assert!(set.range(ranks.clone()).map(owned).eq(pairs[ranks.clone()].iter().cloned()));
        let members = || set.range(ranks.clone()).members().map(Item::to_vec);
        assert!(members().eq(pairs[ranks.clone()].iter().map(|pair| pair.1.clone())));
        assert!(members().rev().eq(pairs[ranks.clone()].iter().rev().map(|pair| pair.1.clone())));
        assert!(set.range(ranks.clone()).rev().map(owned).eq(pairs[ranks].iter().rev().cloned()));
        assert_eq!(set.get(a).map(owned).as_ref(), pairs.get(a));
        self.check_members(&pairs);
        self.check_scores(&pairs, probe);
        self.check_clone(&pairs);
    }

    fn check_members(&self, pairs: &[(f64, Bytes)]) {
        let set = self.set.view();
        for (rank, (score, member)) in pairs.iter().enumerate() {
            assert_eq!(set.score(Item::new(member)), Some(*score));
            assert_eq!(set.rank(Item::new(member)), Some((rank, *score)));
            assert_eq!(set.rank_of(Mark::Pair(*score, member)), rank);
        }
        for member in ["absent", "-1", ""] {
            let score = self.scores.get(member.as_bytes()).copied();
            assert_eq!(set.score(Item::new(member.as_bytes())), score);
            assert_eq!(set.rank(Item::new(member.as_bytes())).is_some(), score.is_some());
        }
    }

    fn check_scores(&self, pairs: &[(f64, Bytes)], probe: f64) {
        let set = self.set.view();
        let before = |is_before: &dyn Fn(f64) -> bool| {
            pairs.iter().take_while(|(score, _)| is_before(*score)).count()
        };
        let (low, high) = (before(&|score| score < probe), before(&|score| score <= probe));
        let (all, at) = (pairs.len(), Bound::Included(probe));
        let past = Bound::Excluded(probe);
        assert_eq!(set.ranks_by_score(at, at), low..high);
        assert_eq!(set.ranks_by_score(past, Bound::Unbounded), high..all);
        assert_eq!(set.ranks_by_score(Bound::Unbounded, past), 0..low);
        assert_eq!(set.ranks_by_score(past, past).len(), 0);
        let middle = pairs.iter().filter(|pair| (pair.0, &pair.1[..]) < (probe, b"5")).count();
        assert_eq!(set.rank_of(Mark::Pair(probe, b"5")), middle);
    }

    fn check_clone(&self, pairs: &[(f64, Bytes)]) {
        let Value::SortedSet(clone) = self.set.view().to_owned() else { return };
        assert!(clone.view().iter().map(owned).eq(pairs.iter().cloned()));
        let SortedSetRef::Large(large) = clone.view() else { panic!("it was one") };
        large.check();
    }
}

fn owned(pair: Pair<'_>) -> (f64, Bytes) {
    (pair.score, pair.member.to_vec())
}

#[derive(Clone, Debug)]
enum Operation {
    Set(Bytes, f64),
    SetMany { first: i64, step: i64, count: i64, score: f64, spread: i64 },
    Remove(Bytes),
    RemoveMany { first: i64, step: i64, count: i64 },
    Keep,
    RemoveRange([u16; 2]),
}

fn score() -> impl Strategy<Value = f64> {
    let odd = select(vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 0.1, -1e-300]);
    prop_oneof![6 => (-20..20i64).prop_map(|score| score as f64), 2 => -3.0..3.0, 1 => odd]
}

fn member() -> impl Strategy<Value = Bytes> {
    let number = (-5..200i64).prop_map(|number| number.to_string().into_bytes());
    let bytes = prop::collection::vec(any::<u8>(), 0..20);
    let long = (30..1500usize).prop_map(|len| vec![b'l'; len]);
    prop_oneof![8 => number, 3 => bytes, 1 => long]
}

fn operation() -> impl Strategy<Value = Operation> {
    let run = || (0..150i64, 1..4i64, 1..150i64);
    prop_oneof![
        4 => (member(), score()).prop_map(|(member, score)| Operation::Set(member, score)),
        4 => (run(), score(), select(vec![1, 7, 1000])).prop_map(
            |((first, step, count), score, spread)|
            Operation::SetMany { first, step, count, score, spread }),
        2 => member().prop_map(Operation::Remove),
        2 => run().prop_map(|(first, step, count)| Operation::RemoveMany { first, step, count }),
        1 => Just(Operation::Keep),
        1 => any::<[u16; 2]>().prop_map(Operation::RemoveRange),
    ]
}

fn run(operations: &[Operation], sizes: Sizes, hash_bits: u32, probe: f64, ends: [u16; 2]) {
    let mut twins = Twins::new(sizes, hash_bits);
    for operation in operations {
        twins.run(operation);
        twins.check(probe, ends);
    }
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    prop::collection::vec(operation(), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn equals_a_map(
        operations in operations(), probe in score(), ends: [u16; 2],
        sizes in select(vec![Sizes::DEFAULT, Sizes::TINY]),
    ) {
        run(&operations, sizes, u32::MAX, probe, ends);
    }

    #[test]
    fn members_with_the_same_hash_are_told_apart(
        operations in operations(), probe in score(), ends: [u16; 2],
        sizes in select(vec![Sizes::DEFAULT, Sizes::TINY]),
        bits in select(vec![0, 1, 0x8000_0003, 0x1f]),
    ) {
        run(&operations, sizes, bits, probe, ends);
    }

    #[test]
    fn members_are_found_by_ranges_where_scores_are_the_same(
        members in prop::collection::btree_set(member(), 0..200),
        ends in [member(), member()],
        sizes in select(vec![Sizes::DEFAULT, Sizes::TINY]),
    ) {
        let mut set = SortedSet::unpack(Pack::default(), growth(sizes));
        members.iter().for_each(|member| assert_eq!(set.set(member, 1.5), None));
        let before = |end: &Bytes| members.iter().filter(|member| *member < end).count();
        let past = |end: &Bytes| members.iter().filter(|member| *member <= end).count();
        let (view, [a, b]) = (set.view(), &ends);
        let range = before(a)..past(b).max(before(a));
        prop_assert_eq!(view.ranks_by_member(Bound::Included(a), Bound::Included(b)), range);
        let range = past(a)..before(b).max(past(a));
        prop_assert_eq!(view.ranks_by_member(Bound::Excluded(a), Bound::Excluded(b)), range);
        let all = view.ranks_by_member(Bound::Unbounded, Bound::Unbounded);
        prop_assert_eq!(all, 0..members.len());
    }

    #[test]
    fn a_scan_meets_each_member_that_stays_once(
        members in prop::collection::btree_set(member(), 0..300),
        changes in prop::collection::vec((member(), score(), any::<bool>()), 0..200),
        count in 1..50usize,
        bits in select(vec![u32::MAX, 0x1f]),
    ) {
        let mut twins = Twins::new(Sizes::TINY, bits);
        members.iter().for_each(|member| twins.set(member.clone(), 1.0));
        let mut changes = changes.into_iter();
        let mut found = Vec::new();
        let mut removed = BTreeSet::new();
        let mut cursor = 0;
        loop {
            cursor = twins.set.view().scan(cursor, count, |pair| found.push(pair.member.to_vec()));
            if cursor == 0 {
                break;
            }
            for (member, score, is_removed) in changes.by_ref().take(10) {
                if is_removed {
                    twins.remove(&member);
                    removed.insert(member);
                } else {
                    twins.set(member, score);
                }
            }
        }
        for member in members.iter().filter(|member| !removed.contains(*member)) {
            prop_assert_eq!(found.iter().filter(|other| *other == member).count(), 1);
        }
    }

    #[test]
    fn a_set_is_freed_in_steps(count in 0..400i64, step in 1..50usize) {
        let mut twins = Twins::new(Sizes::TINY, u32::MAX);
        (0..count).for_each(|number| twins.set(number.to_string().into(), number as f64));
        let mut steps = 0;
        while Contents::free_some(&mut twins.set, step) >= step {
            steps += 1;
            prop_assert!(steps <= 2 * count as usize / step);
        }
        prop_assert_eq!(Contents::len(&twins.set), 0);
        prop_assert!(twins.set.is_empty());
    }
}

fn fill(set: &mut SortedSet, count: usize, score: impl Fn(usize) -> f64) {
    for number in 0..count {
        let member = format!("member:{:07}", number * 7_654_321 % 10_000_019);
        set.set(member.as_bytes(), score(number));
    }
}

#[test]
fn memory_is_little_more_than_the_members() {
    let bytes = |score: fn(usize) -> f64| {
        let mut set = SortedSet::unpack(Pack::default(), growth(Sizes::DEFAULT));
        fill(&mut set, 20_000, score);
        Contents::heap_bytes(&set) as f64 / 20_000.0
    };
    let odd = |number: usize| (number * 7919 % 20_011) as f64 / 3.0;
    let small = |number: usize| (number * 7919 % 20_011) as f64;
    let rising = |number: usize| 1.7e9 + number as f64;
    let sizes = [bytes(odd), bytes(small), bytes(rising)];
    assert!(sizes[0] < 40.0 && sizes[1] < 36.0 && sizes[2] < 36.0, "{sizes:?} bytes a member");
}

#[test]
fn memory_is_given_back() {
    let mut set = SortedSet::unpack(Pack::default(), growth(Sizes::DEFAULT));
    fill(&mut set, 20_000, |number| (number % 100) as f64);
    let before = Contents::heap_bytes(&set);
    set.remove_range(500..19_500);
    assert!(Contents::heap_bytes(&set) < before / 12, "{}", Contents::heap_bytes(&set));
    while Contents::free_some(&mut set, 100) > 0 {}
    assert!(Contents::heap_bytes(&set) < 4000, "{}", Contents::heap_bytes(&set));
}

/// Where we are. Run it in a release build.
#[test]
#[ignore = "prints timings and sizes"]
#[expect(clippy::print_stdout, reason = "it is for reading")]
fn timings() {
    use nix::time::{ClockId, clock_gettime};
    use std::time::Duration;
    const COUNT: usize = 1_000_000;
    let now = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let time = |what: &str, run: &mut dyn FnMut(usize)| {
        let (begin, mut longest) = (now(), Duration::ZERO);
        for number in 0..COUNT {
            let begin = now();
            run(number);
            longest = longest.max(now() - begin);
        }
        let mean = (now() - begin).as_nanos() as usize / COUNT;
        println!("{what}: {mean} ns, at most {} us", longest.as_micros());
    };
    let mut members: Vec<_> =
        (0..COUNT).map(|n| format!("member:{:07}", n * 7_654_321 % 10_000_019)).collect();
    let score = |number: usize| ((number * 7_919) % 1_000_003) as f64 / 7.0;
    let mut set = SortedSet::unpack(Pack::default(), growth(Sizes::DEFAULT));
    time("nothing", &mut |_| {});
    time("insert", &mut |n| assert_eq!(set.set(members[n].as_bytes(), score(n)), None));
    println!("{} bytes a member", Contents::heap_bytes(&set) as f64 / COUNT as f64);
    let item = |n: usize| Item::new(members[n * 7919 % COUNT].as_bytes());
    time("score", &mut |n| assert!(set.view().score(item(n)).is_some()));
    time("rank", &mut |n| assert!(set.view().rank(item(n)).is_some()));
    time("rank of score", &mut |n| {
        assert!(set.view().rank_of(Mark::Score(score(n * 31))) <= COUNT);
    });
    time("score up a little", &mut |n| {
        assert!(set.set(members[n].as_bytes(), score(n) + 0.01).is_some())
    });
    time("score elsewhere", &mut |n| {
        assert!(set.set(members[n].as_bytes(), score(n + 77)).is_some())
    });
    println!("{} bytes a member", Contents::heap_bytes(&set) as f64 / COUNT as f64);
    let mut cursor = 0;
    let mut found = 0;
    time("scan", &mut |n| {
        if n % 10 == 0 {
            cursor = set.view().scan(cursor, 10, |_| found += 1);
        }
    });
    println!("{found} found");
    let mut pairs = set.view().iter();
    time("iterate", &mut |_| assert!(pairs.next().is_some()));
    let mut clone = set.clone();
    members.reverse();
    time("remove", &mut |n| assert!(set.remove(members[n].as_bytes())));
    let mut set = clone.clone();
    time("pop", &mut |_| set.remove_range(0..1));
    let mut set = clone.clone();
    let begin = now();
    set.remove_range(1000..COUNT - 1000);
    println!("remove range: {} ns each", (now() - begin).as_nanos() as usize / COUNT);
    time("free", &mut |n| {
        if n % 100 == 0 {
            Contents::free_some(&mut clone, 210);
        }
    });
    assert!(clone.is_empty());
    let mut set = SortedSet::unpack(Pack::default(), growth(Sizes::DEFAULT));
    time("same score", &mut |n| assert_eq!(set.set(members[n].as_bytes(), 0.0), None));
    println!("{} bytes a member", Contents::heap_bytes(&set) as f64 / COUNT as f64);
    let mut set = SortedSet::unpack(Pack::default(), growth(Sizes::DEFAULT));
    time("append", &mut |n| assert_eq!(set.set(members[n].as_bytes(), 1.7e9 + n as f64), None));
    println!("{} bytes a member", Contents::heap_bytes(&set) as f64 / COUNT as f64);
}
