//! Many short steps, each of which somebody waits for.

use crate::clock::{Span, cpu_time};
use crate::table::number;
use crate::target::{STEP_MAX, Verdict};
use hdrhistogram::Histogram;
use std::hint::spin_loop;
use std::time::{Duration, Instant};

/// How long the steps took, in nanoseconds.
#[derive(Debug)]
pub(crate) struct Steps {
    wall: Histogram<u64>,
    /// A step's own, and of reading the clocks.
    cpu: Histogram<u64>,
    pub(crate) total: Span,
    /// What the last step took, by the wall's clock.
    pub(crate) last: Duration,
    last_cpu: Duration,
}

impl Steps {
    pub(crate) fn new() -> Self {
        let histogram = || Histogram::new(3).expect("three digits are fine");
        Self {
            wall: histogram(),
            cpu: histogram(),
            total: Span::default(),
            last: Duration::ZERO,
            last_cpu: cpu_time(),
        }
    }

    /// Steps of these lengths by the wall's clock, in nanoseconds.
    pub(crate) fn of(lengths: &[u32]) -> Self {
        let mut steps = Self::new();
        for &ns in lengths {
            steps.wall.record(ns.into()).expect("the histogram grows");
        }
        steps
    }

    /// From now on, after doing something else.
    pub(crate) fn resume(&mut self) {
        self.last_cpu = cpu_time();
    }

    /// Makes one step.
    pub(crate) fn step<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let begin = Instant::now();
        let result = work();
        let wall = begin.elapsed();
        let now = cpu_time();
        let cpu = now - std::mem::replace(&mut self.last_cpu, now);
        self.wall.record(wall.as_nanos() as u64).expect("the histogram grows");
        self.cpu.record(cpu.as_nanos() as u64).expect("the histogram grows");
        self.last = wall;
        self.total.wall += wall;
        self.total.cpu += cpu;
        result
    }

    /// Does nothing for as long, in steps of this length at least.
    pub(crate) fn idle(&mut self, whole: Duration, step: Duration) {
        self.resume();
        let begin = Instant::now();
        while begin.elapsed() < whole {
            self.step(|| {
                let begin = Instant::now();
                while begin.elapsed() < step {
                    spin_loop();
                }
            });
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.wall.len()
    }

    /// How long steps are on average.
    pub(crate) fn mean(&self) -> Duration {
        Duration::from_nanos(self.wall.mean() as u64)
    }

    /// How long half of the steps are at most, in microseconds.
    pub(crate) fn median_us(&self) -> f64 {
        self.wall.value_at_quantile(0.5) as f64 / 1e3
    }

    /// The longest by the wall's clock, and the one that had the processor for longest, in
    /// microseconds.
    pub(crate) fn longest_us(&self) -> [f64; 2] {
        [&self.wall, &self.cpu].map(|histogram| histogram.max() as f64 / 1e3)
    }

    /// The longest step, by the clock that makes it shorter.
    pub(crate) fn longest(&self) -> Duration {
        let cpu = if self.cpu.is_empty() { u64::MAX } else { self.cpu.max() };
        Duration::from_nanos(self.wall.max().min(cpu))
    }

    /// Whether no step took too long, or, if one did, whether it may have been the machine.
    pub(crate) fn verdict(&self, idle: &Steps) -> Verdict {
        if self.longest() <= STEP_MAX {
            Verdict::Met
        } else if idle.longest() > STEP_MAX {
            Verdict::Unclear
        } else {
            Verdict::NotMet
        }
    }

    /// What the longest step took, to be read beside what an idle one did.
    pub(crate) fn longest_beside(&self, idle: &Steps) -> String {
        let us = |steps: &Steps| number(steps.longest().as_secs_f64() * 1e6);
        format!("{} µs (idle: {})", us(self), us(idle))
    }

    /// The cells of [`COLUMNS`] for each clock: what it is called, and figures in microseconds.
    pub(crate) fn cells(&self) -> [(&'static str, Vec<String>); 2] {
        [("wall", cells(&self.wall)), ("processor", cells(&self.cpu))]
    }

    /// The cells of the wall's clock alone.
    pub(crate) fn wall_cells(&self) -> Vec<String> {
        cells(&self.wall)
    }
}

fn cells(histogram: &Histogram<u64>) -> Vec<String> {
    let us = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
    QUANTILES.map(|quantile| number(us(quantile))).to_vec()
}

pub(crate) const COLUMNS: [&str; 5] = ["p50", "p99", "p99.9", "p99.99", "max"];
const QUANTILES: [f64; 5] = [0.5, 0.99, 0.999, 0.9999, 1.0];
