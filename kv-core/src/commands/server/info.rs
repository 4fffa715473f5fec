//! INFO: how the server is doing, in sections of `field:value` lines.
//!
//! Only what is known is told: a field that would have to be made up is missing. Fields that are
//! constant stand for what this server does not have and exporters ask for.

use crate::args::Args;
use crate::command::EngineCx;
use crate::commands::parse::is;
use crate::config::MAXCLIENTS;
use crate::error::Error;
use crate::kernel::{Flow, REDIS_VERSION};
use std::fmt::{Display, Write as _};

pub(crate) fn info(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let args = cx.args;
    let mut text = Fields(String::new());
    for &(name, write) in SECTIONS.iter().filter(|section| is_wanted(args, section.0)) {
        text.begin_section(name);
        write(cx, &mut text);
    }
    cx.out.verbatim(text.0.as_bytes());
    Ok(Flow::Continue)
}

type Section = (&'static str, fn(&mut EngineCx<'_, '_>, &mut Fields));

const SECTIONS: &[Section] = &[
    ("Server", server),
    ("Clients", clients),
    ("Memory", memory),
    ("Persistence", persistence),
    ("Stats", stats),
    ("Replication", replication),
    ("CPU", cpu),
    ("Cluster", cluster),
    ("Keyspace", keyspace),
];

/// Whether the request names a section, or all of them. Names that are no section are ignored.
fn is_wanted(args: Args<'_>, section: &str) -> bool {
    let names_it =
        |arg| [section, "default", "all", "everything"].into_iter().any(|word| is(arg, word));
    args.len() == 1 || args.from(1).any(names_it)
}

fn server(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    let facts = cx.kernel.host.facts();
    let uptime_s = cx.now.mono_us.saturating_sub(cx.kernel.started.mono_us) / 1_000_000;
    fields.put("redis_version", REDIS_VERSION);
    fields.put("kv_version", env!("CARGO_PKG_VERSION"));
    fields.put("redis_mode", "standalone");
    fields.put("os", &facts.os);
    fields.put("arch_bits", usize::BITS);
    fields.put("process_id", facts.process_id);
    fields.put("run_id", &cx.kernel.run_id);
    fields.put("tcp_port", facts.tcp_port);
    fields.put("server_time_usec", cx.now.unix_us);
    fields.put("uptime_in_seconds", uptime_s);
    fields.put("uptime_in_days", uptime_s / 86_400);
    fields.put("executable", &facts.executable);
    fields.put("config_file", "");
}

fn clients(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    fields.put("connected_clients", cx.kernel.sessions.len());
    fields.put("cluster_connections", 0);
    fields.put("maxclients", cx.kernel.config.int(MAXCLIENTS));
    fields.put("blocked_clients", 0);
    fields.put("tracking_clients", 0);
    fields.put("clients_in_timeout_table", 0);
}

fn memory(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    let usage = cx.kernel.host.usage();
    let (used, peak) = (usage.resident_bytes, usage.resident_peak_bytes);
    // The process's memory is what is known; there is no count of the data's own yet.
    fields.put_bytes("used_memory", used);
    fields.put_bytes("used_memory_rss", used);
    fields.put_bytes("used_memory_peak", peak);
    fields.put("used_memory_peak_perc", format_args!("{:.2}%", percentage(used, peak)));
    fields.put_bytes("total_system_memory", cx.kernel.host.facts().total_system_memory);
    fields.put_bytes("maxmemory", 0);
    fields.put("maxmemory_policy", "noeviction");
}

fn persistence(_: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    fields.put("loading", 0);
    fields.put("async_loading", 0);
    fields.put("rdb_bgsave_in_progress", 0);
    fields.put("aof_enabled", 0);
    fields.put("aof_rewrite_in_progress", 0);
    fields.put("aof_rewrite_scheduled", 0);
}

fn stats(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    let (sessions, keys) = (&cx.kernel.sessions, cx.store.stats());
    fields.put("total_connections_received", sessions.opened());
    fields.put("total_commands_processed", cx.kernel.commands());
    fields.put("rejected_connections", sessions.refused());
    fields.put("expired_keys", keys.expired);
    fields.put("evicted_keys", 0);
    fields.put("keyspace_hits", keys.hits);
    fields.put("keyspace_misses", keys.misses);
    fields.put("pubsub_channels", 0);
    fields.put("pubsub_patterns", 0);
    fields.put("latest_fork_usec", 0);
    fields.put("total_forks", 0);
}

fn replication(_: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    fields.put("role", "master");
    fields.put("connected_slaves", 0);
    fields.put("master_failover_state", "no-failover");
    fields.put("master_repl_offset", 0);
    fields.put("repl_backlog_active", 0);
}

fn cpu(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    let usage = cx.kernel.host.usage();
    fields.put("used_cpu_sys", Seconds(usage.cpu_system_us));
    fields.put("used_cpu_user", Seconds(usage.cpu_user_us));
    fields.put("used_cpu_sys_children", Seconds(0));
    fields.put("used_cpu_user_children", Seconds(0));
}

fn cluster(_: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    fields.put("cluster_enabled", 0);
}

fn keyspace(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    for (database, size) in cx.store.sizes().into_iter().enumerate() {
        if size.keys > 0 {
            let (keys, expires) = (size.keys, size.with_deadline);
            fields.put(
                &format!("db{database}"),
                format_args!("keys={keys},expires={expires},avg_ttl=0"),
            );
        }
    }
}

/// The text so far.
struct Fields(String);

impl Fields {
    fn begin_section(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.push_str("\r\n");
        }
        self.write(format_args!("# {name}\r\n"));
    }

    fn put(&mut self, name: &str, value: impl Display) {
        self.write(format_args!("{name}:{value}\r\n"));
    }

    /// A number of bytes, and the same in a form for people.
    fn put_bytes(&mut self, name: &str, bytes: u64) {
        self.put(name, bytes);
        self.put(&format!("{name}_human"), Human(bytes));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a string takes everything");
    }
}

fn percentage(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 }
}

/// Microseconds, shown in seconds.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Bytes, shown in the largest binary unit that they fill.
struct Human(u64);

impl Display for Human {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
        match self.0.checked_ilog(1024).unwrap_or(0) {
            0 => write!(f, "{}B", self.0),
            unit => {
                let amount = self.0 as f64 / 1024_f64.powi(unit as i32);
                write!(f, "{amount:.2}{}", UNITS[unit as usize - 1])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_redis_shows_them() {
        let sizes = [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1_048_575, "1024.00K"),
            (12_439_552, "11.86M"),
            (25_276_510_208, "23.54G"),
            (u64::MAX, "16.00E"),
        ];
        for (bytes, text) in sizes {
            assert_eq!(Human(bytes).to_string(), text);
        }
    }

    #[test]
    fn seconds_have_six_decimals() {
        assert_eq!(Seconds(0).to_string(), "0.000000");
        assert_eq!(Seconds(12_034_216).to_string(), "12.034216");
    }

    #[test]
    fn a_peak_that_is_not_known_is_no_division_by_zero() {
        assert_eq!(percentage(1, 0), 0.0);
        assert_eq!(percentage(1, 4), 25.0);
    }
}
