//! Freeing what is large, in slices as the server frees it.

use super::BUDGET;
use crate::Outcome;
use crate::data::{self, filled_keyspace, filled_map, keyspace};
use crate::steps::Steps;
use crate::table::{Table, number};
use crate::target::Target;
use kv_core::keyspace::Graveyard;
use kv_core::value::Value;
use kv_core::value::list::{End, List};
use std::collections::VecDeque;

/// Deletes a list.
pub(crate) fn list(elements: usize) -> Outcome<Vec<Target>> {
    let mut list = List::new(keyspace().growth());
    (0..elements).for_each(|number| list.push(End::Tail, &data::key(number)));
    let (mut keyspace, mut graveyard) = (keyspace(), Graveyard::default());
    let hash = data::hasher().hash(b"list");
    let old = keyspace.put(hash, b"list", None, Value::from(list).into(), None, 1);
    assert!(old.replaced.is_none(), "the keyspace was empty");
    let mut slices = Slices::new("keyspace and graveyard", elements);
    slices.step(|| {
        let place = keyspace.find(hash, b"list").expect("it was put there");
        graveyard.bury(keyspace.remove(hash, place).expect("lists are boxed"));
    });
    slices.run(|| graveyard.dig(BUDGET));
    assert!(graveyard.is_empty());
    let plain: VecDeque<Box<[u8]>> = (0..elements).map(|at| data::key(at).into()).collect();
    let baseline = Slices::whole("VecDeque<Box<[u8]>>, dropped", elements, || drop(plain));
    print(&format!("Deletion of a list of {elements} elements"), &[&slices, &baseline]);
    let what = format!("longest slice of the deletion of a list of {elements}");
    Ok(vec![target(what, &slices)])
}

/// Empties a keyspace.
pub(crate) fn flush(keys: usize) -> Outcome<Vec<Target>> {
    let mut keyspace = filled_keyspace(keys, |_| None);
    let mut graveyard = Graveyard::default();
    let mut slices = Slices::new("keyspace and graveyard", keys);
    slices.step(|| graveyard.bury_all(keyspace.take()));
    slices.run(|| graveyard.dig(BUDGET));
    assert!(graveyard.is_empty());
    let map = filled_map(keys, |_| ());
    let baseline = Slices::whole("hashbrown, dropped", keys, || drop(map));
    print(&format!("Flush of {keys} keys"), &[&slices, &baseline]);
    Ok(vec![target(format!("longest slice of the flush of {keys} keys"), &slices)])
}

/// Work in slices, and an idle loop as long.
pub(super) struct Slices {
    name: &'static str,
    /// How many keys or elements there were.
    count: usize,
    steps: Steps,
    idle: Steps,
}

impl Slices {
    pub(super) fn new(name: &'static str, count: usize) -> Self {
        Self { name, count, steps: Steps::new(), idle: Steps::new() }
    }

    /// Does everything at once.
    pub(super) fn whole(name: &'static str, count: usize, work: impl FnOnce()) -> Self {
        let mut slices = Self::new(name, count);
        slices.step(work);
        slices
    }

    fn step(&mut self, work: impl FnOnce()) {
        self.steps.resume();
        self.steps.step(work);
    }

    /// Runs slices, each of which says how much it did, until one leaves some of its budget.
    pub(super) fn run(&mut self, mut slice: impl FnMut() -> usize) {
        self.steps.resume();
        while self.steps.step(&mut slice) >= BUDGET {}
        self.idle.idle(self.steps.total.wall, self.steps.mean());
    }
}

const COLUMNS: [&str; 7] =
    ["total ms", "ns each", "slices", "median µs", "longest µs", "of the processor", "idle loop's"];

pub(super) fn print(title: &str, rows: &[&Slices]) {
    let mut table = Table::new(title, &COLUMNS);
    for Slices { name, count, steps, idle } in rows {
        let total = steps.total.cpu.as_secs_f64();
        let [wall, cpu] = steps.longest_us();
        let mut cells = [total * 1e3, total * 1e9 / *count as f64].map(number).to_vec();
        cells.push(steps.count().to_string());
        cells.extend([steps.median_us(), wall, cpu].map(number));
        let [wall, cpu] = idle.longest_us().map(number);
        cells.push(if idle.count() == 0 { "-".into() } else { format!("{wall}, {cpu}") });
        table.row(*name, cells);
    }
    println!("{table}");
}

pub(super) fn target(what: String, slices: &Slices) -> Target {
    let Slices { steps, idle, .. } = slices;
    let measured = steps.longest_beside(idle);
    Target { what, goal: "<= 1 ms".into(), measured, verdict: steps.verdict(idle) }
}
