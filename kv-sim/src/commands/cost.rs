//! What runs did and what they cost.

use kv_sim::Summary;
use kv_sim::plan::Tier;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::io::{self, Write};
use std::time::Duration;

/// The CPU time that this process has taken, in all its threads.
pub(super) fn cpu_time() -> Duration {
    // It fails for other arguments only.
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Duration::ZERO };
    let us = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(us.unsigned_abs())
}

/// What the runs of one tier did.
#[derive(Debug)]
pub(super) struct Row {
    tier: Tier,
    seeds: u64,
    failed: u64,
    operations: u64,
    virtual_us: u64,
    pub(super) cpu: Duration,
}

impl Row {
    pub(super) fn new(tier: Tier) -> Self {
        let (cpu, seeds) = (Duration::ZERO, 0);
        Self { tier, seeds, failed: 0, operations: 0, virtual_us: 0, cpu }
    }

    pub(super) fn add(&mut self, summary: &Summary) {
        self.seeds += 1;
        self.operations += summary.replies;
        self.virtual_us += summary.elapsed_us;
    }

    pub(super) fn add_failed(&mut self, summary: &Summary) {
        self.add(summary);
        self.failed += 1;
    }

    pub(super) fn seeds(&self) -> u64 {
        self.seeds
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed
    }
}

/// Prints what was done and at what cost.
pub(super) fn print_table(rows: &[Row]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let heads = ["tier", "seeds", "failed", "operations", "virtual h", "CPU s"];
    let rates = ["seeds/CPU min", "operations/CPU s", "virtual h/CPU h"];
    heads.iter().try_for_each(|head| write!(out, "{head:>12}"))?;
    rates.iter().try_for_each(|head| write!(out, "{head:>18}"))?;
    writeln!(out)?;
    for row in rows {
        let Row { tier, seeds, failed, operations, virtual_us, cpu } = row;
        let (hours, cpu_s) = (*virtual_us as f64 / 3.6e9, cpu.as_secs_f64());
        write!(out, "{:>12}{seeds:>12}{failed:>12}{operations:>12}", tier.name())?;
        write!(out, "{hours:>12.1}{cpu_s:>12.1}")?;
        let per = |amount: f64, seconds| if cpu_s > 0.0 { amount * seconds / cpu_s } else { 0.0 };
        let (a, b) = (per(*seeds as f64, 60.0), per(*operations as f64, 1.0));
        writeln!(out, "{a:>18.0}{b:>18.0}{:>18.0}", per(hours, 3600.0))?;
    }
    Ok(())
}
