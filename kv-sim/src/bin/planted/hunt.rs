//! Running the simulator until it fails.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};

/// How many seeds of each tier are run one after the other, in the first round and in the last
/// ones: rounds double.
const SWARM_ROUND: (u64, u64) = (200, 12_800);
/// The swarm runs so many times as many seeds.
const SWARM_SHARE: u64 = 20;

/// The simulator with bugs in it.
#[derive(Debug)]
pub(crate) struct Hunt {
    /// Where it is.
    pub(crate) program: PathBuf,
    /// How much CPU time a hunt may take, in seconds.
    pub(crate) budget_s: f64,
}

/// A hunt that is over.
#[derive(Debug)]
pub(crate) struct Trail {
    /// What it found.
    pub(crate) find: Option<Find>,
    /// How many seeds it took, of both tiers.
    pub(crate) seeds: u64,
    /// How much CPU time it took, in seconds.
    pub(crate) cpu_s: f64,
}

/// A failed seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Find {
    /// The simulator's tier.
    pub(crate) tier: String,
    /// The seed.
    pub(crate) seed: u64,
    /// What was wrong.
    pub(crate) text: String,
}

impl fmt::Display for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.text.chars().take(300).collect();
        write!(f, "{} seed {} fails: {text}", self.tier, self.seed)
    }
}

/// Seeds that are run in one go.
#[derive(Clone, Copy, Debug)]
struct Round {
    tier: &'static str,
    first: u64,
    seeds: u64,
}

impl Hunt {
    /// Runs seeds from `first` on with a bug, or without any, until one fails, `seeds_max` have
    /// passed or the budget is used up.
    pub(crate) fn run(&self, bug: Option<&str>, first: u64, seeds_max: u64) -> io::Result<Trail> {
        let mut trail = Trail { find: None, seeds: 0, cpu_s: 0.0 };
        for round in rounds(first) {
            if trail.seeds >= seeds_max || trail.cpu_s >= self.budget_s {
                break;
            }
            let before_s = children_s();
            let output = self.simulate(bug, round, self.budget_s - trail.cpu_s)?;
            trail.cpu_s += children_s() - before_s;
            trail.find = find_in(&output, round);
            match &trail.find {
                Some(find) => {
                    trail.seeds += find.seed.saturating_sub(round.first) + 1;
                    break;
                }
                None => trail.seeds += round.seeds,
            }
        }
        Ok(trail)
    }

    /// Runs a round with at most so much CPU time.
    fn simulate(&self, bug: Option<&str>, round: Round, left_s: f64) -> io::Result<Output> {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -t \"$1\"; shift; exec \"$@\"", "sh"]);
        command.arg((left_s.ceil() as u64).max(1).to_string()).arg(&self.program);
        command.args(["run", "--as-is", "--tier", round.tier]);
        command.args(["--first", &round.first.to_string(), "--seeds", &round.seeds.to_string()]);
        match bug {
            Some(bug) => command.env("KV_PLANTED", bug),
            None => command.env_remove("KV_PLANTED"),
        };
        command.output()
    }
}

/// Rounds of both tiers by turns, without end.
fn rounds(first: u64) -> impl Iterator<Item = Round> {
    let (least, most) = SWARM_ROUND;
    let lens = std::iter::successors(Some(least), move |len| Some((len * 2).min(most)));
    lens.scan(0, move |done, len| {
        let swarm = Round { tier: "swarm", first: first + *done, seeds: len };
        let turmoil =
            Round { tier: "turmoil", first: first + *done / SWARM_SHARE, seeds: len / SWARM_SHARE };
        *done += len;
        Some([swarm, turmoil])
    })
    .flatten()
}

/// The CPU time of all child processes that have ended, in seconds.
fn children_s() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it is told of children");
    (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6
}

/// The failure that a round's output tells of, if it does.
fn find_in(output: &Output, round: Round) -> Option<Find> {
    const CPU_LIMIT_SIGNALS: [i32; 2] = [9, 24];
    use std::os::unix::process::ExitStatusExt as _;
    let out = String::from_utf8_lossy(&output.stdout);
    let told = out.lines().find_map(told_failure);
    let is_out_of_time =
        output.status.signal().is_some_and(|signal| CPU_LIMIT_SIGNALS.contains(&signal));
    if told.is_some() || output.status.success() || is_out_of_time {
        return told;
    }
    // It died without a word of its seed: any of the round's.
    let err = String::from_utf8_lossy(&output.stderr);
    let last = err.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
    let text = format!("died ({}): {last}", output.status);
    Some(Find { tier: round.tier.into(), seed: round.first + round.seeds - 1, text })
}

/// What a line says of a failed seed.
fn told_failure(line: &str) -> Option<Find> {
    let (place, text) = line.split_once(" FAILED: ")?;
    let (tier, seed) = place.split_once(" seed ")?;
    let what = text.split_once(": ").map_or(text, |(_, what)| what);
    Some(Find { tier: tier.into(), seed: seed.parse().ok()?, text: what.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_simulator_says_of_a_failed_seed_is_understood() {
        let line = "swarm seed 17 FAILED: stuck (waits) at 5 us on connection c3: GET k waits";
        let text = "GET k waits".into();
        assert_eq!(told_failure(line), Some(Find { tier: "swarm".into(), seed: 17, text }));
        assert_eq!(told_failure("reproduce with: cargo run --seed 17"), None);
    }

    #[test]
    fn no_tier_runs_a_seed_twice() {
        for tier in ["swarm", "turmoil"] {
            let rounds: Vec<Round> =
                rounds(7).filter(|round| round.tier == tier).take(12).collect();
            assert_eq!(rounds[0].first, 7);
            for two in rounds.windows(2) {
                assert_eq!(two[0].first + two[0].seeds, two[1].first);
            }
        }
    }
}
