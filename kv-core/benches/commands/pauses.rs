//! How long the longest step takes when a large value goes.

use crate::requests::{Kind, Maker};
use crate::served::Served;
use crate::steps::Steps;
use crate::table::{Table, number};
use crate::target::{STEP_MAX, Target};
use crate::target::{Verdict, summary};

const ELEMENTS: usize = 5_000_000;
/// What a slice of the server's work that nobody asks for deals with.
const BUDGET: usize = 1024;
const TTL_MS: u64 = 1000;

/// How a value goes: what is done while it is still there, and the request that ends it.
const WAYS: [(&str, &[&str], &str); 4] = [
    ("deleted", &[], "DEL key"),
    ("expired", &["PEXPIRE key 1000"], "PING"),
    ("renamed over", &["SET other 1"], "RENAME other key"),
    ("flushed", &[], "FLUSHALL"),
];

pub(crate) fn run(elements: Option<usize>) {
    let elements = elements.unwrap_or(ELEMENTS);
    let title = format!("A value of {elements} elements goes");
    let mut table = Table::new(title, &["slices", "median µs", "longest µs", "idle loop's"]);
    let mut targets = Vec::new();
    for kind in Kind::COLLECTIONS {
        for (way, before, end) in WAYS {
            let (steps, idle) = go(kind, before, end, elements);
            let mut cells = vec![steps.count().to_string(), number(steps.median_us())];
            cells.extend([&steps, &idle].map(|steps| number(steps.longest_us()[0])));
            table.row(format!("{kind:?} {way}"), cells);
            targets.push(target(format!("longest step, {kind:?} {way}"), &steps, &idle));
        }
    }
    println!("{table}\n{}", summary(&targets));
}

fn go(kind: Kind, before: &[&str], end: &str, elements: usize) -> (Steps, Steps) {
    let mut served = Served::new();
    Maker::new(elements).fill(&mut served, kind);
    while served.tend(BUDGET) >= BUDGET {}
    before.iter().for_each(|line| served.run_line(line));
    served.pass(2 * TTL_MS);
    let (mut steps, mut idle) = (Steps::new(), Steps::new());
    steps.step(|| served.run_line(end));
    while steps.step(|| served.tend(BUDGET)) >= BUDGET {}
    idle.idle(steps.total.wall, steps.mean());
    (steps, idle)
}

fn target(what: String, steps: &Steps, idle: &Steps) -> Target {
    let verdict: Verdict = steps.verdict(idle);
    let goal = format!("<= {} ms", STEP_MAX.as_millis());
    Target { what, goal, measured: steps.longest_beside(idle), verdict }
}
