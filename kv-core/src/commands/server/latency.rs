//! LATENCY: what took long, and how long commands take.

mod graph;

use crate::command::{Command, EngineCx, Names, table};
use crate::config::{LATENCY_MONITOR_THRESHOLD, SLOWLOG_LOG_SLOWER_THAN};
use crate::error::Error;
use crate::kernel::Flow;
use crate::stats::{Event, Histogram, Series};

pub(crate) fn latest(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let events = events(cx);
    cx.out.array(events.len());
    for (event, series) in events {
        let last = series.samples.back().expect("an event that happened has a sample");
        cx.out.array(4);
        cx.out.bulk(event.name().as_bytes());
        cx.out.int(last.unix_s as i64);
        cx.out.int(last.time_ms as i64);
        cx.out.int(series.longest_ms as i64);
    }
    Ok(Flow::Continue)
}

/// The events that happened.
fn events(cx: &EngineCx<'_, '_>) -> Vec<(Event, Series)> {
    let latency = &cx.kernel.stats.latency;
    let events = Event::ALL.into_iter();
    events.filter_map(|event| Some((event, latency.series(event)?))).collect()
}

pub(crate) fn history(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let samples = named(cx).map(|(_, series)| series.samples).unwrap_or_default();
    cx.out.array(samples.len());
    for sample in samples {
        cx.out.array(2);
        cx.out.int(sample.unix_s as i64);
        cx.out.int(sample.time_ms as i64);
    }
    Ok(Flow::Continue)
}

/// The event that the request names, if it happened.
fn named(cx: &EngineCx<'_, '_>) -> Option<(Event, Series)> {
    let event = Event::named(cx.args.get(2))?;
    Some((event, cx.kernel.stats.latency.series(event)?))
}

pub(crate) fn reset(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let is_named = |event: &Event| {
        let mut names = cx.args.from(2);
        cx.args.len() == 2 || names.any(|name| Event::named(name) == Some(*event))
    };
    let events = Event::ALL.into_iter().filter(is_named);
    let count = events.filter(|&event| cx.kernel.stats.latency.reset(event)).count();
    cx.out.int(count as i64);
    Ok(Flow::Continue)
}

pub(crate) fn graph(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let none = || {
        let text = [b"ERR No samples available for event '", cx.args.get(2), b"'"].concat();
        Error::composed(text)
    };
    let (event, series) = named(cx).ok_or_else(none)?;
    let text = graph::draw(event.name(), &series, cx.now.unix_us / 1_000_000);
    cx.out.verbatim(text.as_bytes());
    Ok(Flow::Continue)
}

pub(crate) fn histogram(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let names = cx.kernel.config.names();
    let histogram = |command| Some((command, cx.kernel.stats.histogram(command)?));
    let told: Vec<(&'static Command, Histogram)> = if cx.args.len() == 2 {
        table::rows().filter_map(histogram).collect()
    } else {
        cx.args.from(2).flat_map(|name| family(names, name)).filter_map(histogram).collect()
    };
    cx.out.map(told.len());
    for (command, histogram) in told {
        cx.out.bulk(command.full_name().as_bytes());
        cx.out.map(2);
        cx.out.bulk(b"calls");
        cx.out.int(histogram.total() as i64);
        cx.out.bulk(b"histogram_usec");
        let steps = histogram.cumulative();
        cx.out.map(steps.len());
        for (time_us, count) in steps {
            cx.out.int(time_us as i64);
            cx.out.int(count as i64);
        }
    }
    Ok(Flow::Continue)
}

/// The command of this name, and its subcommands if it has some.
fn family(names: &Names, name: &[u8]) -> impl Iterator<Item = &'static Command> + use<> {
    let command = names.find_full(name);
    command.into_iter().flat_map(|command| std::iter::once(command).chain(command.subcommands))
}

pub(crate) fn doctor(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let config = &cx.kernel.config;
    let threshold_ms = config.int(LATENCY_MONITOR_THRESHOLD);
    let slower_than_us = config.int(SLOWLOG_LOG_SLOWER_THAN);
    let report = match threshold_ms {
        0 => DISABLED.into(),
        _ => report(&events(cx), threshold_ms, slower_than_us),
    };
    cx.out.verbatim(report.as_bytes());
    Ok(Flow::Continue)
}

const DISABLED: &str = "Latency is not monitored. CONFIG SET latency-monitor-threshold <milliseconds> \
    says from which time on an event is kept.\n";

/// What took long, and what may help, in words.
fn report(events: &[(Event, Series)], threshold_ms: i64, slower_than_us: i64) -> String {
    if events.is_empty() {
        return format!("Nothing has taken {threshold_ms} ms or more.\n");
    }
    let mut lines: Vec<String> =
        events.iter().map(|(event, series)| line(*event, series)).collect();
    let happened = |wanted| events.iter().any(|(event, _)| *event == wanted);
    if happened(Event::Command) || happened(Event::FastCommand) {
        lines.push("Commands: SLOWLOG GET shows which ones were slow, and for whom.".into());
        if !(0..=threshold_ms.saturating_mul(1000)).contains(&slower_than_us) {
            lines.push(format!(
                "SLOWLOG misses some of them: CONFIG SET slowlog-log-slower-than {}.",
                threshold_ms.saturating_mul(1000)
            ));
        }
    }
    if happened(Event::EvictionCycle) {
        lines.push(
            "Eviction: commands wait for room. Raise maxmemory, or write less at once.".into(),
        );
    }
    if happened(Event::ExpireCycle) {
        lines.push("Expiry: slices are small, so the machine was busy with something else.".into());
    }
    lines.join("\n") + "\n"
}

fn line(event: Event, series: &Series) -> String {
    let samples = &series.samples;
    let count = samples.len() as u64;
    let mean_ms = samples.iter().map(|sample| sample.time_ms).sum::<u64>() / count;
    let deviation_ms =
        samples.iter().map(|sample| sample.time_ms.abs_diff(mean_ms)).sum::<u64>() / count;
    let (name, longest_ms) = (event.name(), series.longest_ms);
    format!(
        "{name}: {count} samples, {mean_ms} ms in the mean, deviating by {deviation_ms} ms, \
         {longest_ms} ms at most."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Sample;

    fn series(times_ms: &[u64]) -> Series {
        let sample = |(unix_s, &time_ms)| Sample { unix_s: unix_s as u64, time_ms };
        let longest_ms = times_ms.iter().copied().max().unwrap_or(0);
        Series { samples: times_ms.iter().enumerate().map(sample).collect(), longest_ms }
    }

    #[test]
    fn the_doctor_tells_what_happened_and_what_may_help() {
        assert_eq!(report(&[], 7, 0), "Nothing has taken 7 ms or more.\n");
        let command = (Event::Command, series(&[10, 20, 60]));
        let text = report(std::slice::from_ref(&command), 10, 10_000);
        let first = "command: 3 samples, 30 ms in the mean, deviating by 20 ms, 60 ms at most.\n";
        assert!(text.starts_with(first), "{text}");
        assert_eq!(text.lines().count(), 2);
        for slower_than_us in [-1, 10_001] {
            let text = report(std::slice::from_ref(&command), 10, slower_than_us);
            assert!(text.contains("CONFIG SET slowlog-log-slower-than 10000"), "{text}");
        }
        let others = [(Event::EvictionCycle, series(&[10])), (Event::ExpireCycle, series(&[10]))];
        let text = report(&others, 10, -1);
        assert!(text.contains("Eviction: ") && text.contains("Expiry: "), "{text}");
        assert!(!text.contains("SLOWLOG"), "{text}");
    }
}
