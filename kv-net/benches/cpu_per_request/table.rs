//! The table of results.

use crate::fill::FLOOR;
use crate::median::median;
use crate::support::servers::REDIS;
use std::fmt::Write;

/// What one run of the load against one server gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Processor time of the server, in microseconds.
    pub(crate) us_per_request: f64,
    pub(crate) requests_per_second: f64,
}

pub(crate) const HEADER: &str = "\
workload   server        us/request     min     max   x redis   x floor   requests/s
----------------------------------------------------------------------------------";

/// The rows of one workload. Ratios are medians of the ratios within each round.
pub(crate) fn rows(workload: &str, servers: &[(&str, Vec<Sample>)]) -> String {
    let of = |name| servers.iter().find(|(server, _)| *server == name).map(|(_, runs)| &runs[..]);
    let mut rows = String::new();
    for (name, runs) in servers {
        let us: Vec<f64> = runs.iter().map(|run| run.us_per_request).collect();
        let (min, max) = us.iter().fold((f64::MAX, 0f64), |(l, h), &us| (l.min(us), h.max(us)));
        let throughput = median(runs.iter().map(|run| run.requests_per_second).collect());
        let (redis, floor) = (ratio(runs, of(REDIS)), ratio(runs, of(FLOOR)));
        let us = median(us);
        writeln!(
            rows,
            "{workload:<10} {name:<12} {us:>11.3} {min:>7.3} {max:>7.3} {redis:>9} {floor:>9} {throughput:>12.0}",
        )
        .expect("a string takes everything");
    }
    rows
}

fn ratio(runs: &[Sample], base: Option<&[Sample]>) -> String {
    let Some(base) = base else { return "-".to_owned() };
    let rounds = runs.iter().zip(base);
    let ratios = rounds.map(|(run, base)| run.us_per_request / base.us_per_request).collect();
    format!("{:.2}", median(ratios))
}
