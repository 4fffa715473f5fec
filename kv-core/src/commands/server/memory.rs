//! MEMORY: how much memory the server and its keys take.

use super::footprint::Footprint;
use crate::args::Args;
use crate::command::{Cx, EngineCx};
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::kernel::Flow;
use crate::reply::Reply;
use crate::store::TableOverhead;

pub(crate) fn usage(cx: &mut Cx<'_>) -> Result<(), Error> {
    check_samples(cx.args)?;
    match cx.db.memory_usage(cx.args.get(2)) {
        Some(bytes) => cx.out.int(bytes as i64),
        None => cx.out.null(),
    }
    Ok(())
}

/// The number of samples is checked and not used: what a value takes is known.
fn check_samples(args: Args<'_>) -> Result<(), Error> {
    let mut rest = args.from(3);
    while let Some(option) = rest.next() {
        let count = rest.next().filter(|_| is(option, "SAMPLES")).ok_or(Error::Syntax)?;
        if int(count)? < 0 {
            return Err(Error::Syntax);
        }
    }
    Ok(())
}

pub(crate) fn purge(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    // Memory that is free goes back on its own.
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn malloc_stats(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.bulk(b"Stats not supported for the current allocator");
    Ok(Flow::Continue)
}

pub(crate) fn stats(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let footprint = Footprint::measure(cx);
    let keys = cx.store.sizes().iter().map(|size| size.keys).sum();
    let (before, after) = (totals(&footprint), shares(&footprint, keys));
    let tables = &footprint.data.tables;
    cx.out.map(before.len() + tables.len() + after.len());
    before.iter().for_each(|field| write_field(cx.out, field));
    tables.iter().for_each(|table| write_table(cx.out, table));
    after.iter().for_each(|field| write_field(cx.out, field));
    Ok(Flow::Continue)
}

/// A line of MEMORY STATS.
type Field = (&'static str, Number);

enum Number {
    Int(i64),
    Double(f64),
}

impl From<usize> for Number {
    fn from(number: usize) -> Self {
        Number::Int(number as i64)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Number::Int(number)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Number::Double(number)
    }
}

/// What stands before the databases. The zeros are of what this server does not have.
fn totals(footprint: &Footprint) -> [Field; 10] {
    [
        ("peak.allocated", footprint.peak().into()),
        ("total.allocated", footprint.used().into()),
        ("startup.allocated", footprint.data.startup.into()),
        ("replication.backlog", Number::Int(0)),
        ("clients.slaves", Number::Int(0)),
        ("clients.normal", footprint.clients.into()),
        ("cluster.links", Number::Int(0)),
        ("aof.buffer", Number::Int(0)),
        ("lua.caches", Number::Int(0)),
        ("functions.caches", Number::Int(0)),
    ]
}

/// What stands behind the databases.
fn shares(footprint: &Footprint, keys: usize) -> [Field; 17] {
    let [cells, resident, all] =
        [footprint.cell_fragmentation(), footprint.resident_excess(), footprint.fragmentation()];
    [
        ("overhead.total", footprint.overhead().into()),
        ("keys.count", keys.into()),
        ("keys.bytes-per-key", footprint.net().checked_div(keys).unwrap_or(0).into()),
        ("dataset.bytes", footprint.data.dataset.into()),
        ("dataset.percentage", footprint.dataset_percentage().into()),
        ("peak.percentage", footprint.peak_percentage().into()),
        ("allocator.allocated", footprint.used().into()),
        ("allocator.active", footprint.active().into()),
        ("allocator.resident", footprint.resident.into()),
        ("allocator-fragmentation.ratio", cells.ratio.into()),
        ("allocator-fragmentation.bytes", cells.bytes.into()),
        ("allocator-rss.ratio", resident.ratio.into()),
        ("allocator-rss.bytes", resident.bytes.into()),
        ("rss-overhead.ratio", Number::Double(1.0)),
        ("rss-overhead.bytes", Number::Int(0)),
        ("fragmentation", all.ratio.into()),
        ("fragmentation.bytes", all.bytes.into()),
    ]
}

fn write_field(out: &mut dyn Reply, (name, number): &Field) {
    out.bulk(name.as_bytes());
    match *number {
        Number::Int(number) => out.int(number),
        Number::Double(number) => out.double(number),
    }
}

fn write_table(out: &mut dyn Reply, table: &TableOverhead) {
    out.bulk(format!("db.{}", table.database).as_bytes());
    out.map(3);
    write_field(out, &("overhead.hashtable.main", table.main.into()));
    write_field(out, &("overhead.hashtable.expires", table.expires.into()));
    write_field(out, &("overhead.hashtable.slot-to-keys", Number::Int(0)));
}

pub(crate) fn doctor(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let footprint = Footprint::measure(cx);
    let advice = advice(&footprint, cx.kernel.sessions.len());
    cx.out.verbatim(advice.as_bytes());
    Ok(Flow::Continue)
}

/// Below this nothing can be said: what the process takes for itself outweighs the data.
const TELLING_BYTES_MIN: usize = 5 << 20;

/// What is unusual, in words. Each limit is where an operator would want to know.
fn advice(footprint: &Footprint, clients: usize) -> String {
    const PEAK_RATIO_MAX: f64 = 1.5;
    const FRAGMENTATION_MAX: f64 = 1.4;
    const FRAGMENTATION_BYTES_MAX: i64 = 10 << 20;
    const CLIENT_BYTES_MAX: usize = 200 << 10;
    if footprint.used() < TELLING_BYTES_MIN {
        return "There is too little data to judge the use of memory by.\n".into();
    }
    let was_larger = footprint.peak() as f64 / footprint.used() as f64 > PEAK_RATIO_MAX;
    let fragmentation = footprint.fragmentation();
    let is_fragmented =
        fragmentation.ratio > FRAGMENTATION_MAX && fragmentation.bytes > FRAGMENTATION_BYTES_MAX;
    let has_slow_clients = footprint.clients / clients.max(1) > CLIENT_BYTES_MAX;
    let findings = [
        (
            was_larger,
            "Peak: much more memory was in use before than is now. The process may still hold it, to be used again.",
        ),
        (
            is_fragmented,
            "Fragmentation: the process holds much more memory than is in use. Unless the peak explains it, the allocator cannot give it back.",
        ),
        (
            has_slow_clients,
            "Clients: their buffers are large. CLIENT LIST shows which ones do not take their replies; client-output-buffer-limit bounds them.",
        ),
    ];
    let found: Vec<&str> = findings.iter().filter(|finding| finding.0).map(|f| f.1).collect();
    if found.is_empty() { "No memory problem was found.\n".into() } else { found.join("\n") + "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStats;

    const MB: usize = 1 << 20;

    fn advice_on(used: usize, peak: usize, resident: usize, clients: usize) -> String {
        let data = MemoryStats { used, peak, ..MemoryStats::default() };
        advice(&Footprint { data, resident, clients }, 10)
    }

    #[test]
    fn the_doctor_names_what_is_unusual_and_nothing_else() {
        assert!(advice_on(MB, 100 * MB, 100 * MB, 0).starts_with("There is too little data"));
        assert!(advice_on(100 * MB, 100 * MB, 130 * MB, MB).starts_with("No memory problem"));
        assert!(advice_on(100 * MB, 151 * MB, 130 * MB, 0).starts_with("Peak"));
        assert!(advice_on(100 * MB, 100 * MB, 150 * MB, 0).starts_with("Fragmentation"));
        assert!(advice_on(6 * MB, 6 * MB, 12 * MB, 0).starts_with("No memory problem"));
        assert!(advice_on(100 * MB, 100 * MB, 100 * MB, 3 * MB).starts_with("Clients"));
        assert_eq!(advice_on(100 * MB, 200 * MB, 200 * MB, 3 * MB).lines().count(), 3);
    }
}
