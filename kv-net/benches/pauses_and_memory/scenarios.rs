//! The scenarios.

use crate::data::{self, Expiry, RAW_BYTES};
use crate::report::Report;
use crate::stage::{Seen, Stage, Watch};
use crate::support::Outcome;
use crate::support::resp::Client;
use crate::support::servers::Server;
use std::time::{Duration, Instant, SystemTime};

#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// How many keys there are, unless an option tells otherwise.
    pub(crate) keys: u64,
    /// What is counted by `keys`.
    pub(crate) of: &'static str,
    pub(crate) what: &'static str,
    pub(crate) run: fn(&Stage<'_>, u64) -> Outcome<Report>,
}

pub(crate) static ALL: [Scenario; 6] = [
    Scenario {
        name: "memory",
        keys: 1_000_000,
        of: "keys",
        what: "resident memory per key, without and with TTL",
        run: memory,
    },
    Scenario {
        name: "grow",
        keys: 10_000_000,
        of: "keys",
        what: "store keys into an empty server",
        run: grow,
    },
    Scenario {
        name: "delete-list",
        keys: 5_000_000,
        of: "elements",
        what: "DEL, and UNLINK, of one list",
        run: delete_list,
    },
    Scenario { name: "flush", keys: 5_000_000, of: "keys", what: "FLUSHALL", run: flush },
    Scenario {
        name: "expire",
        keys: 1_000_000,
        of: "keys",
        what: "all keys expire in the same millisecond",
        run: expire,
    },
    Scenario {
        name: "shrink",
        keys: 5_000_000,
        of: "keys",
        what: "delete 95 % of all keys; is the memory given back?",
        run: shrink,
    },
];

/// How long to go on watching a server that has answered but may have more to do.
const AFTERMATH: Duration = Duration::from_secs(2);
/// How long to wait for keys to be gone that have expired.
const EXPIRY_WAIT_MAX: Duration = Duration::from_secs(60);
/// How often to ask for the number of keys that are left.
const SAMPLING: Duration = Duration::from_millis(5);
/// When to begin to ask, before the deadline.
const SAMPLING_LEAD: Duration = Duration::from_millis(20);
/// A TTL that outlives every run, in milliseconds.
const FAR_MS: u64 = 10_000_000;

fn memory(stage: &Stage<'_>, keys: u64) -> Outcome<Report> {
    let mut report = Report::default();
    for (kind, expiry) in [("", Expiry::Never), (" with TTL", Expiry::In(FAR_MS))] {
        let server = stage.start()?;
        let empty = stage.rss(&server)?;
        let watch = Watch::new(stage, &server)?;
        let idle = watch.idle(idle_span(keys))?;
        let load = watch.during(|| store(stage, &server, 0..keys, expiry))?;
        drop(watch);
        let full = stage.rss(&server)?;
        let per_key = (full - empty) / keys as f64;
        if kind.is_empty() {
            report.figure("RSS empty, MB", mb(empty));
        }
        report.figure(format!("RSS{kind}, MB"), mb(full));
        report.figure(format!("RSS{kind} without the empty server's, MB"), mb(full - empty));
        report.figure(format!("bytes per key{kind}"), per_key);
        report.figure(format!("bytes above raw data per key{kind}"), per_key - RAW_BYTES as f64);
        times(&mut report, &format!("load{kind}"), &idle, &load);
        report.pings(format!("idle, before load{kind}"), idle.pings);
        report.pings(format!("load{kind}"), load.pings);
    }
    Ok(report)
}

fn grow(stage: &Stage<'_>, keys: u64) -> Outcome<Report> {
    let mut report = Report::default();
    let server = stage.start()?;
    let watch = Watch::new(stage, &server)?;
    let idle = watch.idle(idle_span(keys))?;
    let growth = watch.during(|| store(stage, &server, 0..keys, Expiry::Never))?;
    let again = watch.during(|| store(stage, &server, 0..keys, Expiry::Never))?;
    expect_size(&server, keys)?;
    drop(watch);
    times(&mut report, "growth", &idle, &growth);
    times(&mut report, "the same again, no growth", &idle, &again);
    report.figure("RSS, MB", mb(stage.rss(&server)?));
    report.pings("idle, before", idle.pings);
    report.pings("growth", growth.pings);
    report.pings("the same again, no growth", again.pings);
    Ok(report)
}

fn delete_list(stage: &Stage<'_>, elements: u64) -> Outcome<Report> {
    let mut report = Report::default();
    for command in ["DEL", "UNLINK"] {
        let server = stage.start()?;
        stage.load(&server, data::batches(0..elements), |out, batch| data::rpush(out, &batch))?;
        expect(&server, &[b"LLEN", b"list"], elements)?;
        end_of_all(stage, &server, &mut report, elements, &[command.as_bytes(), b"list"])?;
    }
    Ok(report)
}

fn flush(stage: &Stage<'_>, keys: u64) -> Outcome<Report> {
    let mut report = Report::default();
    let server = stage.start()?;
    store(stage, &server, 0..keys, Expiry::Never)?;
    expect_size(&server, keys)?;
    end_of_all(stage, &server, &mut report, keys, &[b"FLUSHALL"])?;
    Ok(report)
}

/// One request that leaves nothing.
fn end_of_all(
    stage: &Stage<'_>,
    server: &Server,
    report: &mut Report,
    keys: u64,
    request: &[&[u8]],
) -> Outcome<()> {
    let name = String::from_utf8_lossy(request[0]);
    let mut client = server.client()?;
    let before = stage.rss(server)?;
    let watch = Watch::new(stage, server)?;
    let idle = watch.idle(idle_span(keys))?;
    let end = watch.during(|| {
        let answered = time(|| client.ask(request))?;
        stage.wait(AFTERMATH)?;
        Ok(answered)
    })?;
    drop(watch);
    expect_size(server, 0)?;
    report.figure(format!("{name} answered after, ms"), ms(end.outcome));
    cpu(report, &name, &idle, &end);
    report.figure(format!("RSS before {name}, MB"), mb(before));
    report.figure(format!("RSS after {name}, MB"), mb(stage.rss(server)?));
    report.pings(format!("idle, before {name}"), idle.pings);
    report.pings(format!("{name} and 2 s more"), end.pings);
    Ok(())
}

fn expire(stage: &Stage<'_>, keys: u64) -> Outcome<Report> {
    let mut report = Report::default();
    let server = stage.start()?;
    // 10 µs for each key, and 3 s to see what the machine does when the server is idle.
    let load_max = Duration::from_micros(keys * 10);
    let deadline = Deadline::after(load_max + Duration::from_secs(3));
    store(stage, &server, 0..keys, Expiry::At(deadline.unix_ms))?;
    expect_size(&server, keys)?;
    if deadline.left() < AFTERMATH {
        return Err("the machine is too slow: no time is left between load and deadline".into());
    }
    let watch = Watch::new(stage, &server)?;
    let idle = watch.idle(deadline.left() - SAMPLING_LEAD)?;
    let expiry = watch.during(|| sizes(stage, &mut server.client()?, &deadline))?;
    let sizes = &expiry.outcome;
    let gone = sizes.iter().find(|sample| sample.size == 0);
    let left_at = |ms: f64| {
        let sample = sizes.iter().rev().find(|sample| sample.ms <= ms);
        sample.map_or(f64::NAN, |sample| sample.size as f64)
    };
    report.figure("DBSIZE 0 after deadline, ms", gone.map_or(f64::INFINITY, |sample| sample.ms));
    for (label, ms) in [("5 ms before", -5.0), ("50 ms after", 50.0), ("1 s after", 1e3)] {
        report.figure(format!("DBSIZE {label} deadline"), left_at(ms));
    }
    report.figure("DBSIZE at the end", left_at(f64::INFINITY));
    times(&mut report, "expiry", &idle, &expiry);
    report.pings("idle, before deadline", idle.pings);
    report.pings("expiry and 2 s more", expiry.pings);
    Ok(report)
}

/// The number of keys, some time before or after the deadline.
#[derive(Clone, Copy, Debug)]
struct Sample {
    ms: f64,
    size: u64,
}

/// Samples until no key is left, and watches on for a moment.
fn sizes(stage: &Stage<'_>, client: &mut Client, deadline: &Deadline) -> Outcome<Vec<Sample>> {
    let mut samples = Vec::new();
    let mut next = Instant::now();
    loop {
        let size = client.ask(&[b"DBSIZE"])?.trim_start_matches(':').parse()?;
        let ms = deadline.passed_ms();
        samples.push(Sample { ms, size });
        if size == 0 || ms > EXPIRY_WAIT_MAX.as_millis() as f64 {
            break;
        }
        next += SAMPLING;
        stage.wait(next.saturating_duration_since(Instant::now()))?;
    }
    stage.wait(AFTERMATH)?;
    Ok(samples)
}

fn shrink(stage: &Stage<'_>, keys: u64) -> Outcome<Report> {
    let rest = (0..keys).filter(|number| data::stays(*number));
    let doomed = (0..keys).filter(|number| !data::stays(*number));
    let mut report = Report::default();
    let server = stage.start()?;
    store(stage, &server, 0..keys, Expiry::Never)?;
    let full = stage.rss(&server)?;
    let watch = Watch::new(stage, &server)?;
    let idle = watch.idle(idle_span(keys))?;
    let deletion = watch.during(|| {
        stage.load(&server, data::batches(doomed), |out, batch| data::del(out, &batch))
    })?;
    drop(watch);
    expect_size(&server, rest.clone().count() as u64)?;
    let shrunk = stage.rss(&server)?;
    drop(server);
    let server = stage.start()?;
    store(stage, &server, rest, Expiry::Never)?;
    let fresh = stage.rss(&server)?;
    report.figure("RSS with all keys, MB", mb(full));
    report.figure("RSS after 95 % were deleted, MB", mb(shrunk));
    report.figure("RSS of a fresh server with the rest, MB", mb(fresh));
    report.figure("after deletion / fresh", shrunk / fresh);
    times(&mut report, "deletion", &idle, &deletion);
    report.pings("idle, before", idle.pings);
    report.pings("deletion", deletion.pings);
    Ok(report)
}

fn store(
    stage: &Stage<'_>,
    server: &Server,
    numbers: impl Iterator<Item = u64> + Clone,
    expiry: Expiry,
) -> Outcome<()> {
    stage.load(server, numbers, |out, number| data::set(out, number, expiry))
}

fn expect_size(server: &Server, keys: u64) -> Outcome<()> {
    expect(server, &[b"DBSIZE"], keys)
}

/// Without this a benchmark would praise a server that stores nothing.
fn expect(server: &Server, request: &[&[u8]], number: u64) -> Outcome<()> {
    let answer = server.client()?.ask(request)?;
    if answer == format!(":{number}") {
        return Ok(());
    }
    let request = String::from_utf8_lossy(request[0]);
    Err(format!("{request} tells {answer}, and should :{number}").into())
}

/// About as long as the scenario's work may take, so that both see as much of the machine.
fn idle_span(keys: u64) -> Duration {
    Duration::from_micros(keys).max(Duration::from_secs(2))
}

fn times<T>(report: &mut Report, what: &str, idle: &Seen<()>, seen: &Seen<T>) {
    report.figure(format!("{what}: wall, s"), seen.wall.as_secs_f64());
    cpu(report, what, idle, seen);
}

fn cpu<T>(report: &mut Report, what: &str, idle: &Seen<()>, seen: &Seen<T>) {
    report.figure(format!("{what}: server's CPU, s"), seen.cpu.as_secs_f64());
    report.figure(format!("{what}: beyond idle, s"), seen.cpu_beyond(idle).as_secs_f64());
}

fn time<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<Duration> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed())
}

fn mb(bytes: f64) -> f64 {
    bytes / 1e6
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// A moment of the machine's wall clock, which the servers read too.
struct Deadline {
    unix_ms: u64,
}

impl Deadline {
    fn after(span: Duration) -> Self {
        Self { unix_ms: (unix_time() + span).as_millis() as u64 }
    }

    fn time(&self) -> Duration {
        Duration::from_millis(self.unix_ms)
    }

    fn left(&self) -> Duration {
        self.time().saturating_sub(unix_time())
    }

    /// Negative before the deadline.
    fn passed_ms(&self) -> f64 {
        ms(unix_time()) - ms(self.time())
    }
}

fn unix_time() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().expect("the clock is past 1970")
}
