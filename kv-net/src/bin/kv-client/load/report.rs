//! How fast the replies came.

use super::Plan;
use super::work::Step;
use hdrhistogram::Histogram;
use std::time::Duration;

/// The longest latency that is told from longer ones, in nanoseconds.
const LATENCY_NS_MAX: u64 = 600_000_000_000;

/// How many digits of a latency are exact.
const EXACT_DIGITS: u8 = 3;

const PERCENTILES: [f64; 3] = [50.0, 95.0, 99.0];

/// Latencies, in nanoseconds, by step.
#[derive(Debug)]
pub(super) struct Report {
    latencies: [Histogram<u64>; Step::ALL.len()],
    requests: u64,
}

impl Report {
    pub(super) fn new() -> Self {
        Self { latencies: Step::ALL.map(|_| histogram()), requests: 0 }
    }

    pub(super) fn note(&mut self, step: Step, latency: Duration) {
        let latency_ns = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latencies[step as usize].saturating_record(latency_ns);
        self.requests += 1;
    }

    /// How many replies there were.
    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    /// The table for people.
    pub(super) fn text(&self, plan: &Plan, time: Duration) -> String {
        let seconds = time.as_secs_f64();
        let rate = self.requests as f64 / seconds;
        let (requests, clients, pipeline) = (self.requests, plan.clients, plan.pipeline);
        let mut text = format!(
            "{requests} requests in {seconds:.2} s, all answered as they should be: {rate:.0} per second\n\
             connections: {clients}, requests in flight on each: {pipeline}, bytes of a key: {}, of a value: {}\n\n",
            plan.key_len, plan.value_len
        );
        let columns = ["requests", "min", "avg", "p50", "p95", "p99", "max"];
        text += &row("latency (ms)", columns.map(str::to_owned));
        let mut all = histogram();
        for (step, latencies) in Step::ALL.iter().zip(&self.latencies) {
            text += &row(step.name(), figures(latencies));
            all.add(latencies).expect("they have the same bounds");
        }
        text + &row("all", figures(&all))
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, EXACT_DIGITS).expect("the bounds are in order")
}

fn figures(latencies: &Histogram<u64>) -> [String; 7] {
    let [p50, p95, p99] = PERCENTILES.map(|at| latencies.value_at_percentile(at) as f64);
    let (min, max) = (latencies.min() as f64, latencies.max() as f64);
    let ms = |ns: f64| format!("{:.3}", ns / 1e6);
    let count = latencies.len().to_string();
    [count, ms(min), ms(latencies.mean()), ms(p50), ms(p95), ms(p99), ms(max)]
}

fn row(name: &str, columns: [String; 7]) -> String {
    let columns: String = columns.iter().map(|column| format!(" {column:>11}")).collect();
    format!("{name:12}{columns}\n")
}
