//! What each insertion takes while the table grows from nothing.
//!
//! Growing takes the same course every time. So what an insertion itself takes is what it took the
//! least time that it was run: the machine does not interrupt the same insertion each time.

use crate::Outcome;
use crate::data::{self, Key, Map, SameHasher, Text, put};
use crate::steps::{COLUMNS, Steps};
use crate::table::{Table, number};
use crate::target::{STEP_MAX, Target};
use std::ops::Range;
use std::time::Duration;

const ROUNDS: usize = 3;
/// In how many parts the table grows. After each, the others take their turns.
const PARTS: usize = 20;

pub(crate) fn run(keys: usize) -> Outcome<Vec<Target>> {
    let [mut ours, mut theirs, mut idle] = [Growth::new(keys), Growth::new(keys), Growth::new(0)];
    (0..ROUNDS).for_each(|_| round(keys, &mut ours, &mut theirs, &mut idle));
    let mut table = Table::new(format!("Growing to {keys} keys, µs for each insertion"), &COLUMNS);
    for (name, growth) in [("keyspace", &ours), ("hashbrown", &theirs), ("idle loop", &idle)] {
        for (clock, cells) in growth.all.cells() {
            table.row(format!("{name}, {clock}"), cells);
        }
        if !growth.least.is_empty() {
            let least = format!("{name}, least of {ROUNDS} rounds");
            table.row(least, Steps::of(&growth.least).wall_cells());
        }
    }
    println!("{table}");
    println!("  The keyspace's longest at keys {}\n", ours.longest());
    let longest = Steps::of(&ours.least).longest();
    Ok(vec![Target {
        what: format!("longest insertion while growing to {keys} keys"),
        goal: "<= 1 ms".into(),
        measured: format!("{} µs", number(longest.as_secs_f64() * 1e6)),
        verdict: (longest <= STEP_MAX).into(),
    }])
}

/// The keyspace and the map grow by turns, and the idle loop runs for as long as the former takes.
fn round(keys: usize, ours: &mut Growth, theirs: &mut Growth, idle: &mut Growth) {
    let (mut keyspace, hasher) = (data::keyspace(), data::hasher());
    let mut map: Map = Map::with_hasher(SameHasher(hasher));
    for part in 0..PARTS {
        let numbers = keys * part / PARTS..keys * (part + 1) / PARTS;
        let before = ours.all.total.wall;
        ours.each(numbers.clone(), |key, text| {
            let hash = hasher.hash(key);
            let place = keyspace.find(hash, key);
            put(&mut keyspace, hash, key, place, text, None);
        });
        idle.all.idle(ours.all.total.wall - before, Duration::ZERO);
        theirs.each(numbers, |key, text| {
            map.insert(key[..].into(), (text[..].into(), ()));
        });
    }
}

/// The insertions of one contestant.
struct Growth {
    all: Steps,
    /// The least that each insertion took in any round, in nanoseconds.
    least: Vec<u32>,
}

impl Growth {
    fn new(keys: usize) -> Self {
        Self { all: Steps::new(), least: vec![u32::MAX; keys] }
    }

    /// Makes a step of each insertion.
    fn each(&mut self, numbers: Range<usize>, mut insert: impl FnMut(&Key, &Text)) {
        let pairs: Vec<_> = numbers.clone().map(|at| (data::key(at), data::text(at))).collect();
        self.all.resume();
        for (least, (key, text)) in self.least[numbers].iter_mut().zip(&pairs) {
            self.all.step(|| insert(key, text));
            let ns = u32::try_from(self.all.last.as_nanos()).unwrap_or(u32::MAX);
            *least = ns.min(*least);
        }
    }

    /// The insertions that took longest in every round, and how long.
    fn longest(&self) -> String {
        let mut order: Vec<usize> = (0..self.least.len()).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(self.least[number]));
        let show = |&at: &usize| format!("{at} ({} µs)", number(f64::from(self.least[at]) / 1e3));
        order.iter().take(5).map(show).collect::<Vec<_>>().join(", ")
    }
}
