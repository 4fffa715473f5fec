//! `kv-sim soak`: runs seeds for a given time, on several threads, and keeps what fails.

use super::cost::{Row, cpu_time, print_table};
use super::report::{shrink, store};
use super::run::{CHECK_TWICE_EVERY, check_twice};
use super::trace::hash;
use super::{Command, Result, tier};
use indicatif::{ProgressBar, ProgressStyle};
use kv_sim::failure::Check;
use kv_sim::model::Flaw;
use kv_sim::plan::{Plan, Tier};
use kv_sim::{Failed, Options, Summary};
use lexopt::{Arg, Parser, ValueExt as _};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(crate) const COMMAND: Command = Command { name: "soak", help: HELP, start };

const HELP: &str = "\
kv-sim soak --minutes M [--jobs J] [--first N]
    runs seeds for M minutes on J threads (default 1), from seed 1 or --first on, and goes on when
    one fails; one in 20 runs again in a process of its own, and has to do the same there

  --tier swarm|turmoil             which simulator (default: swarm)
  --commands N                     about how many commands a seed sends (default: the seed decides)
  --save DIR                       where plans that fail are saved, made small
                                   (default: kv-sim/corpus, which `cargo test` runs)
  --flaw NAME                      gives the model a defect, to see it caught
";

/// Of how many plans that fail one check those are made small and saved that fail first.
const SAVED_MAX: u64 = 3;

struct Arguments {
    time: Duration,
    jobs: u64,
    first: u64,
    tier: Tier,
    save: PathBuf,
    options: Options,
}

fn start(parser: Parser) -> Result {
    let arguments = parse(parser)?;
    let soak = Soak {
        end: Instant::now() + arguments.time,
        next: AtomicU64::new(arguments.first),
        findings: Mutex::new(Findings::new(arguments.tier)),
        bar: progress_bar(arguments.time),
        arguments,
    };
    std::thread::scope(|scope| {
        (0..soak.arguments.jobs).for_each(|_| drop(scope.spawn(|| soak.work())));
    });
    soak.bar.finish_and_clear();
    let mut findings = soak.findings.into_inner().expect("nobody panicked with it");
    findings.row.cpu = cpu_time();
    print_table(std::slice::from_ref(&findings.row))?;
    writeln!(io::stdout(), "{} seeds checked twice", findings.twice)?;
    Ok(if findings.row.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parse(mut parser: Parser) -> Result<Arguments> {
    let (mut minutes, mut jobs, mut first, mut place) = (None, 1, 1, Tier::Swarm);
    let (mut save, mut options) = (PathBuf::from("kv-sim/corpus"), Options::default());
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("minutes") => minutes = Some(parser.value()?.parse::<f64>()?),
            Arg::Long("jobs") => jobs = parser.value()?.parse()?,
            Arg::Long("first") => first = parser.value()?.parse()?,
            Arg::Long("tier") => place = tier(&mut parser)?,
            Arg::Long("commands") => options.commands = Some(parser.value()?.parse()?),
            Arg::Long("save") => save = parser.value()?.into(),
            Arg::Long("flaw") => options.flaw = Some(parser.value()?.parse_with(Flaw::from_name)?),
            other => return Err(other.unexpected().into()),
        }
    }
    let minutes = minutes.ok_or("soak needs --minutes")?;
    let time = Duration::try_from_secs_f64(minutes * 60.0)?;
    Ok(Arguments { time, jobs, first, tier: place, save, options })
}

fn progress_bar(time: Duration) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:8} {bar:40} {elapsed} of {len} s, {msg}");
    let style = style.expect("the template is well-formed");
    ProgressBar::new(time.as_secs()).with_style(style).with_prefix("soak")
}

/// What the threads share.
struct Soak {
    arguments: Arguments,
    end: Instant,
    next: AtomicU64,
    findings: Mutex<Findings>,
    bar: ProgressBar,
}

/// What came of the seeds so far.
struct Findings {
    row: Row,
    twice: u64,
    /// How many plans failed each check.
    failures: BTreeMap<Check, u64>,
}

impl Findings {
    fn new(tier: Tier) -> Self {
        Self { row: Row::new(tier), twice: 0, failures: BTreeMap::new() }
    }
}

impl Soak {
    /// Runs one seed after the other until the time is over.
    fn work(&self) {
        while Instant::now() < self.end {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            self.run(seed);
            self.show_progress();
        }
    }

    fn run(&self, seed: u64) {
        let Arguments { tier, first, options, .. } = self.arguments;
        let plan = Plan { tier, ..Plan::new(seed, options.commands) };
        let outcome = kv_sim::run(&plan, options);
        match &outcome {
            Ok(summary) => self.tell(|findings| findings.row.add(summary)),
            Err(failed) => return self.keep(&plan, failed),
        }
        if (seed - first).is_multiple_of(CHECK_TWICE_EVERY) {
            self.check_twice(seed, hash(&outcome));
        }
    }

    fn tell<T>(&self, what: impl FnOnce(&mut Findings) -> T) -> T {
        what(&mut self.findings.lock().expect("nobody panics with it"))
    }

    /// Counts a plan that fails, and saves it unless there are several of its sort.
    fn keep(&self, plan: &Plan, failed: &Failed) {
        let check = failed.failure.check;
        let count = self.tell(|findings| {
            findings.row.add_failed(&failed.summary);
            let count = findings.failures.entry(check).or_default();
            *count += 1;
            *count
        });
        let (tier, seed) = (plan.tier.name(), plan.seed);
        self.say(&format!("{tier} seed {seed} FAILED: {}", failed.failure));
        if count > SAVED_MAX {
            return;
        }
        let shrunk = shrink(plan, &failed.failure, self.arguments.options);
        match store(plan, &shrunk, (&self.arguments.save, &format!("{tier}-{seed}"))) {
            Ok(path) => self.say(&format!("run it with: kv-sim run --plan {}", path.display())),
            Err(error) => self.say(&format!("it cannot be saved: {error}")),
        }
    }

    fn check_twice(&self, seed: u64, here: u64) {
        let Arguments { tier, options, .. } = self.arguments;
        self.tell(|findings| findings.twice += 1);
        let text = match check_twice(tier, seed, options, here) {
            Ok(Ok(())) => return,
            Ok(Err(text)) => text,
            Err(error) => format!("{} seed {seed} FAILED: {error}", tier.name()),
        };
        self.tell(|findings| findings.row.add_failed(&Summary::default()));
        self.say(&text);
    }

    fn say(&self, text: &str) {
        // A terminal that went away is no reason to stop.
        self.bar.suspend(|| drop(writeln!(io::stdout(), "{text}")));
    }

    fn show_progress(&self) {
        let (seeds, failed) = self.tell(|findings| (findings.row.seeds(), findings.row.failed()));
        let left = self.end.saturating_duration_since(Instant::now());
        self.bar.set_position((self.arguments.time - left.min(self.arguments.time)).as_secs());
        self.bar.set_message(format!("{seeds} seeds, {failed} failed"));
    }
}
