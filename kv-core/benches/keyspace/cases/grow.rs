//! What each insertion takes while the table grows from nothing.

use crate::Outcome;
use crate::data::{self, Map, SameHasher, keyspace, put};
use crate::steps::{COLUMNS, Steps};
use crate::table::Table;
use crate::target::Target;
use std::time::Duration;

/// In how many parts the table grows. After each, the idle loop takes its turn.
const PARTS: usize = 20;

pub(crate) fn run(keys: usize) -> Outcome<Vec<Target>> {
    let (mut keyspace, mut map) = (keyspace(), Map::with_hasher(SameHasher(data::hasher())));
    let hasher = data::hasher();
    let [mut ours, mut theirs, mut idle] = std::array::from_fn(|_| Steps::new());
    for part in 0..PARTS {
        let numbers = keys * part / PARTS..keys * (part + 1) / PARTS;
        let before = ours.total.wall;
        each(&mut ours, numbers.clone(), |key, text| {
            let hash = hasher.hash(key);
            let place = keyspace.find(hash, key);
            put(&mut keyspace, hash, key, place, text, None);
        });
        idle.idle(ours.total.wall - before, Duration::ZERO);
        each(&mut theirs, numbers, |key, text| {
            map.insert(key[..].into(), (text[..].into(), ()));
        });
    }
    let mut table = Table::new(format!("Growing to {keys} keys, µs for each insertion"), &COLUMNS);
    for (name, steps) in [("keyspace", &ours), ("hashbrown", &theirs), ("idle loop", &idle)] {
        for (clock, cells) in steps.cells() {
            table.row(format!("{name}, {clock}"), cells);
        }
    }
    println!("{table}");
    Ok(vec![Target {
        what: format!("longest insertion while growing to {keys} keys"),
        goal: "<= 1 ms".into(),
        measured: ours.longest_beside(&idle),
        verdict: ours.verdict(&idle),
    }])
}

/// Makes a step of each insertion.
fn each(
    steps: &mut Steps,
    numbers: std::ops::Range<usize>,
    mut insert: impl FnMut(&data::Key, &data::Text),
) {
    for number in numbers {
        let (key, text) = (data::key(number), data::text(number));
        steps.resume();
        steps.step(|| insert(&key, &text));
    }
}
