//! How the server is doing, in the text format of Prometheus, version 0.0.4.

use kv_core::config;
use kv_core::kernel::{Figures, Kernel, REDIS_VERSION, Usage};
use kv_core::now::Now;
use kv_core::stats::CommandStats;
use std::fmt::{Display, Write as _};

/// The type of the text.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all metrics. `loads` are the connections of each event loop. Waits for no command.
pub(crate) fn render(kernel: &Kernel, loads: impl Iterator<Item = usize>, now: Now) -> String {
    let (figures, usage) = (kernel.figures(), kernel.host.usage());
    let mut page = Page(String::new());
    write_process(&mut page, kernel, &usage, now);
    write_clients(&mut page, kernel, &figures, loads);
    write_memory(&mut page, kernel, &figures, &usage);
    write_keys(&mut page, &figures);
    write_commands(&mut page, kernel);
    page.0
}

fn write_process(page: &mut Page, kernel: &Kernel, usage: &Usage, now: Now) {
    let version = env!("CARGO_PKG_VERSION");
    let labels = format!(r#"version="{version}",redis_version="{REDIS_VERSION}""#);
    page.family("kv_build_info", GAUGE, "Always 1; the labels tell the versions.");
    page.sample("kv_build_info", &labels, 1);
    let uptime_us = now.mono_us.saturating_sub(kernel.started.mono_us);
    page.gauge("kv_uptime_seconds", "Time since the start.", uptime_us / 1_000_000);
    page.family("kv_cpu_seconds_total", COUNTER, "Processor time that the process has used.");
    for (mode, time_us) in [("system", usage.cpu_system_us), ("user", usage.cpu_user_us)] {
        page.sample("kv_cpu_seconds_total", &label("mode", mode), time_us as f64 / 1e6);
    }
}

fn write_clients(
    page: &mut Page,
    kernel: &Kernel,
    figures: &Figures,
    loads: impl Iterator<Item = usize>,
) {
    let max = kernel.config.int(config::MAXCLIENTS);
    page.gauge("kv_connected_clients", "Clients that are connected.", figures.clients);
    page.gauge("kv_max_clients", "How many clients may be connected.", max);
    page.family("kv_event_loop_connections", GAUGE, "Connections of each event loop.");
    for (number, load) in loads.enumerate() {
        page.sample("kv_event_loop_connections", &label("loop", number), load);
    }
    let opened = figures.clients_opened;
    page.counter("kv_connections_received_total", "Clients that were accepted.", opened);
    let refused = figures.clients_refused;
    page.counter("kv_connections_rejected_total", "Clients that were refused.", refused);
    page.counter("kv_commands_processed_total", "Commands that were run.", figures.commands);
    let received = figures.received_bytes;
    page.counter("kv_net_input_bytes_total", "Bytes received from clients.", received);
    page.counter("kv_net_output_bytes_total", "Bytes sent to clients.", figures.sent_bytes);
}

fn write_memory(page: &mut Page, kernel: &Kernel, figures: &Figures, usage: &Usage) {
    let max = kernel.config.int(config::MAXMEMORY);
    page.gauge("kv_memory_used_bytes", "What the data takes.", figures.used_bytes);
    page.gauge("kv_memory_max_bytes", "What the data may take; 0 for no limit.", max);
    page.gauge("kv_memory_resident_bytes", "Resident memory of the process.", usage.resident_bytes);
}

fn write_keys(page: &mut Page, figures: &Figures) {
    let keys = figures.keys;
    page.counter("kv_keyspace_hits_total", "Look-ups that found their key.", keys.hits);
    page.counter("kv_keyspace_misses_total", "Look-ups that did not.", keys.misses);
    page.counter("kv_expired_keys_total", "Keys removed as expired.", keys.expired);
    page.counter("kv_evicted_keys_total", "Keys removed to make room.", keys.evicted);
    // The first database is always shown, so that there is a sample before there is a key.
    let shown = |&(number, size): &(usize, _)| number == 0 || size != Default::default();
    let databases = || figures.databases.iter().copied().enumerate().filter(shown);
    page.family("kv_db_keys", GAUGE, "Keys of each database that has any.");
    for (number, size) in databases() {
        page.sample("kv_db_keys", &label("db", format_args!("db{number}")), size.keys);
    }
    page.family("kv_db_keys_expiring", GAUGE, "Of those, keys with a deadline.");
    for (number, size) in databases() {
        let labels = label("db", format_args!("db{number}"));
        page.sample("kv_db_keys_expiring", &labels, size.with_deadline);
    }
}

fn write_commands(page: &mut Page, kernel: &Kernel) {
    let stats = kernel.stats.commands();
    let mut count = |name, help, value: fn(&CommandStats) -> f64| {
        page.family(name, COUNTER, help);
        for stats in &stats {
            page.sample(name, &label("cmd", stats.command.full_name()), value(stats));
        }
    };
    count("kv_command_calls_total", "How often each command ran.", |cmd| cmd.calls as f64);
    count("kv_command_seconds_total", "How long each ran.", |cmd| seconds(cmd.time_ns));
    count("kv_command_failed_total", "Calls that failed.", |cmd| cmd.failed as f64);
    count("kv_command_rejected_total", "Requests refused unrun.", |cmd| cmd.rejected as f64);
    write_quantiles(page, kernel, &stats);
    write_errors(page, kernel);
}

/// Gauges rather than a summary, whose quantiles would go with a count and a sum: those are the
/// counters of the same commands.
fn write_quantiles(page: &mut Page, kernel: &Kernel, stats: &[CommandStats]) {
    const NAME: &str = "kv_command_latency_seconds";
    page.family(NAME, GAUGE, "Time that so large a share of a command's calls did not exceed.");
    for command in stats.iter().map(|stats| stats.command) {
        let Some(histogram) = kernel.stats.histogram(command) else { continue };
        for (quantile, percent) in [("0.5", 50.0), ("0.99", 99.0), ("0.999", 99.9)] {
            let labels = format!(r#"cmd="{}",quantile="{quantile}""#, command.full_name());
            page.sample(NAME, &labels, seconds(histogram.percentile_ns(percent)));
        }
    }
}

fn write_errors(page: &mut Page, kernel: &Kernel) {
    page.family("kv_errors_total", COUNTER, "Error replies by their codes.");
    for (code, count) in kernel.stats.errors.by_code() {
        let code = code.replace(['\\', '"'], "_");
        page.sample("kv_errors_total", &label("err", code), count);
    }
    page.gauge("kv_slowlog_length", "Entries of SLOWLOG.", kernel.stats.slowlog.len());
}

fn seconds(time_ns: u64) -> f64 {
    time_ns as f64 / 1e9
}

/// A value that goes up and down.
const GAUGE: &str = "gauge";

/// A value that only goes up, but for restarts and resets.
const COUNTER: &str = "counter";

fn label(name: &str, value: impl Display) -> String {
    format!(r#"{name}="{value}""#)
}

/// The text so far.
struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, GAUGE, help);
        self.sample(name, "", value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, COUNTER, help);
        self.sample(name, "", value);
    }

    /// Begins the samples of one name.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        match labels {
            "" => self.write(format_args!("{name} {value}\n")),
            _ => self.write(format_args!("{name}{{{labels}}} {value}\n")),
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a string takes everything");
    }
}
