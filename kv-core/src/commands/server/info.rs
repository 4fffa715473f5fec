//! INFO: how the server is doing, in sections of `field:value` lines.
//!
//! Only what is known is told: a field that would have to be made up is missing. Fields that are
//! constant stand for what this server does not have and exporters ask for.

use super::footprint::{Excess, Footprint};
use crate::args::Args;
use crate::command::EngineCx;
use crate::commands::parse::is;
use crate::config::{BIND, HZ, LATENCY_TRACKING, MAXCLIENTS, MAXMEMORY, SUPERVISED, UNIXSOCKET};
use crate::error::Error;
use crate::kernel::{Flow, REDIS_VERSION};
use crate::now::Now;
use crate::session::Profile;
use crate::stats::CommandStats;
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
    ("Modules", |_, _| {}),
    ("Commandstats", commandstats),
    ("Errorstats", errorstats),
    ("Latencystats", latencystats),
    ("Cluster", cluster),
    ("Keyspace", keyspace),
];

/// Sections that are told only if they are asked for.
const SPECIAL: [&str; 2] = ["Commandstats", "Latencystats"];

/// Whether the request names a section, or all of them. Names that are no section are ignored.
fn is_wanted(args: Args<'_>, section: &str) -> bool {
    let is_default = !SPECIAL.contains(&section);
    let names_it = |arg| {
        let names_all = ["all", "everything"].into_iter().any(|word| is(arg, word));
        is(arg, section) || names_all || (is_default && is(arg, "default"))
    };
    if args.len() == 1 { is_default } else { args.from(1).any(names_it) }
}

fn server(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    let facts = cx.kernel.host.facts();
    let uptime_s = cx.now.mono_us.saturating_sub(cx.kernel.started.mono_us) / 1_000_000;
    fields.put("redis_version", REDIS_VERSION);
    fields.put("redis_git_sha1", "00000000");
    fields.put("redis_git_dirty", 0);
    fields.put("redis_build_id", "0");
    fields.put("kv_version", env!("CARGO_PKG_VERSION"));
    fields.put("redis_mode", "standalone");
    fields.put("os", &facts.os);
    fields.put("arch_bits", usize::BITS);
    fields.put("process_id", facts.process_id);
    fields.put("process_supervised", cx.kernel.config.text(SUPERVISED));
    fields.put("run_id", &cx.kernel.run_id);
    fields.put("tcp_port", facts.tcp_port);
    fields.put("server_time_usec", cx.now.unix_us);
    fields.put("uptime_in_seconds", uptime_s);
    fields.put("uptime_in_days", uptime_s / 86_400);
    let hz = cx.kernel.config.int(HZ);
    fields.put("hz", hz);
    fields.put("configured_hz", hz);
    fields.put("lru_clock", lru_clock(cx.now));
    fields.put("executable", &facts.executable);
    fields.put("config_file", &facts.config_file);
    fields.put("io_threads_active", 0);
    listeners(cx, fields);
    if let Some(recording) = cx.kernel.host.recording() {
        fields.put("recording", recording.state.name());
        fields.put("recording_bytes", recording.bytes);
    }
}

/// The greatest number of seconds that fits where Redis notes the use of a key.
pub(super) const LRU_CLOCK_MAX: u64 = 0xff_ffff;

/// Seconds, in the 24 bits in which Redis notes them with every key.
fn lru_clock(now: Now) -> u64 {
    (now.unix_us / 1_000_000) & LRU_CLOCK_MAX
}

/// What the server listens on: TCP, and the Unix socket if there is one.
fn listeners(cx: &EngineCx<'_, '_>, fields: &mut Fields) {
    let (config, port) = (&cx.kernel.config, cx.kernel.host.facts().tcp_port);
    let addresses = config.text(BIND);
    let addresses: String =
        addresses.split_ascii_whitespace().map(|address| format!(",bind={address}")).collect();
    fields.put("listener0", format_args!("name=tcp{addresses},port={port}"));
    let path = config.text(UNIXSOCKET);
    if !path.is_empty() {
        fields.put("listener1", format_args!("name=unix,bind={path}"));
    }
}

fn clients(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    fields.put("connected_clients", cx.kernel.sessions.len());
    fields.put("cluster_connections", 0);
    fields.put("maxclients", cx.kernel.config.int(MAXCLIENTS));
    let profiles = cx.kernel.sessions.profiles();
    let longest = |len: fn(&Profile) -> usize| profiles.iter().map(|p| len(p)).max().unwrap_or(0);
    fields.put("client_recent_max_input_buffer", longest(Profile::input_len));
    fields.put("client_recent_max_output_buffer", longest(Profile::output_len));
    fields.put("blocked_clients", cx.kernel.sessions.waiting());
    fields.put("tracking_clients", 0);
    fields.put("clients_in_timeout_table", 0);
    fields.put("total_blocking_keys", 0);
    fields.put("total_blocking_keys_on_nokey", 0);
}

fn memory(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    let footprint = Footprint::measure(cx);
    let config = &cx.kernel.config;
    used_memory(&footprint, fields);
    allocator(&footprint, fields);
    fields.put_bytes("total_system_memory", cx.kernel.host.facts().total_system_memory);
    scripts(fields);
    fields.put_bytes("maxmemory", config.int(MAXMEMORY) as u64);
    fields.put("maxmemory_policy", config.eviction_policy().name());
    fragmentation(&footprint, fields);
    fields.put("mem_not_counted_for_evict", footprint.data.not_counted);
    fields.put("mem_replication_backlog", 0);
    fields.put("mem_total_replication_buffers", 0);
    fields.put("mem_clients_slaves", 0);
    fields.put("mem_clients_normal", footprint.clients);
    fields.put("mem_cluster_links", 0);
    fields.put("mem_aof_buffer", 0);
    fields.put("mem_allocator", "libc");
    fields.put("active_defrag_running", 0);
    fields.put("lazyfree_pending_objects", footprint.data.freeing_values);
    fields.put("lazyfreed_objects", footprint.data.freed_values);
}

fn used_memory(footprint: &Footprint, fields: &mut Fields) {
    fields.put_bytes("used_memory", footprint.used() as u64);
    fields.put_bytes("used_memory_rss", footprint.resident as u64);
    fields.put_bytes("used_memory_peak", footprint.peak() as u64);
    fields.put("used_memory_peak_perc", Percent(footprint.peak_percentage()));
    fields.put("used_memory_overhead", footprint.overhead());
    fields.put("used_memory_startup", footprint.data.startup);
    fields.put("used_memory_dataset", footprint.data.dataset);
    fields.put("used_memory_dataset_perc", Percent(footprint.dataset_percentage()));
}

/// The keys' own allocator; of the one below it is not known what it holds.
fn allocator(footprint: &Footprint, fields: &mut Fields) {
    fields.put("allocator_allocated", footprint.used());
    fields.put("allocator_active", footprint.active());
    fields.put("allocator_resident", footprint.resident);
}

fn scripts(fields: &mut Fields) {
    fields.put("used_memory_lua", 0);
    fields.put("used_memory_vm_eval", 0);
    fields.put("used_memory_lua_human", Human(0));
    fields.put("used_memory_scripts_eval", 0);
    fields.put("number_of_cached_scripts", 0);
    fields.put("number_of_functions", 0);
    fields.put("number_of_libraries", 0);
    fields.put("used_memory_vm_functions", 0);
    fields.put_bytes("used_memory_vm_total", 0);
    fields.put("used_memory_functions", 0);
    fields.put_bytes("used_memory_scripts", 0);
}

fn fragmentation(footprint: &Footprint, fields: &mut Fields) {
    let mut put = |[ratio, bytes]: [&'static str; 2], excess: Excess| {
        fields.put(ratio, format_args!("{:.2}", excess.ratio));
        fields.put(bytes, excess.bytes);
    };
    put(["allocator_frag_ratio", "allocator_frag_bytes"], footprint.cell_fragmentation());
    put(["allocator_rss_ratio", "allocator_rss_bytes"], footprint.resident_excess());
    put(["rss_overhead_ratio", "rss_overhead_bytes"], Excess::NONE);
    put(["mem_fragmentation_ratio", "mem_fragmentation_bytes"], footprint.fragmentation());
}

/// Nothing is written to disk yet: what is told is of a server that was just started.
fn persistence(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    for name in
        ["loading", "async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age"]
    {
        fields.put(name, 0);
    }
    fields.put("current_fork_perc", "0.00");
    fields.put("current_save_keys_processed", 0);
    fields.put("current_save_keys_total", 0);
    snapshots(cx, fields);
    append_only_file(fields);
    fields.put("module_fork_in_progress", 0);
    fields.put("module_fork_last_cow_size", 0);
}

fn snapshots(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    fields.put("rdb_changes_since_last_save", 0);
    fields.put("rdb_bgsave_in_progress", 0);
    fields.put("rdb_last_save_time", cx.kernel.started.unix_us / 1_000_000);
    fields.put("rdb_last_bgsave_status", "ok");
    fields.put("rdb_last_bgsave_time_sec", -1);
    fields.put("rdb_current_bgsave_time_sec", -1);
    fields.put("rdb_saves", 0);
    fields.put("rdb_last_cow_size", 0);
    fields.put("rdb_last_load_keys_expired", 0);
    fields.put("rdb_last_load_keys_loaded", 0);
}

fn append_only_file(fields: &mut Fields) {
    fields.put("aof_enabled", 0);
    fields.put("aof_rewrite_in_progress", 0);
    fields.put("aof_rewrite_scheduled", 0);
    fields.put("aof_last_rewrite_time_sec", -1);
    fields.put("aof_current_rewrite_time_sec", -1);
    fields.put("aof_last_bgrewrite_status", "ok");
    fields.put("aof_rewrites", 0);
    fields.put("aof_rewrites_consecutive_failures", 0);
    fields.put("aof_last_write_status", "ok");
    fields.put("aof_last_cow_size", 0);
}

fn stats(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    let (figures, memory) = (cx.kernel.figures(), cx.store.memory());
    let keys = figures.keys;
    fields.put("total_connections_received", figures.clients_opened);
    fields.put("total_commands_processed", figures.commands);
    let totals = cx.kernel.totals();
    let rate = |field| cx.kernel.stats.rates.per_second(cx.now, totals, field);
    let kib = |field| format!("{:.2}", rate(field) / 1024.0);
    fields.put("instantaneous_ops_per_sec", rate(|totals| totals.commands) as u64);
    fields.put("total_net_input_bytes", figures.received_bytes);
    fields.put("total_net_output_bytes", figures.sent_bytes);
    fields.put("total_net_repl_input_bytes", 0);
    fields.put("total_net_repl_output_bytes", 0);
    fields.put("instantaneous_input_kbps", kib(|totals| totals.received_bytes));
    fields.put("instantaneous_output_kbps", kib(|totals| totals.sent_bytes));
    fields.put("instantaneous_input_repl_kbps", "0.00");
    fields.put("instantaneous_output_repl_kbps", "0.00");
    fields.put("rejected_connections", figures.clients_refused);
    for name in ["sync_full", "sync_partial_ok", "sync_partial_err"] {
        fields.put(name, 0);
    }
    fields.put("expired_keys", keys.expired);
    fields.put("expired_stale_perc", format_args!("{:.2}", memory.expired_stale_percent));
    fields.put("expired_time_cap_reached_count", memory.expired_time_cap_reached);
    fields.put("evicted_keys", memory.evicted_keys);
    fields.put("evicted_clients", 0);
    fields.put("total_eviction_exceeded_time", memory.eviction_exceeded_total_us / 1000);
    fields.put("current_eviction_exceeded_time", memory.eviction_exceeded_now_us / 1000);
    fields.put("keyspace_hits", keys.hits);
    fields.put("keyspace_misses", keys.misses);
    fields.put("pubsub_channels", 0);
    fields.put("pubsub_patterns", 0);
    for name in ABSENT {
        fields.put(name, 0);
    }
    fields.put("total_error_replies", cx.kernel.stats.errors.total());
}

/// What this server does not have, or has nothing to tell of.
const ABSENT: [&str; 24] = [
    "pubsubshard_channels",
    "latest_fork_usec",
    "total_forks",
    "migrate_cached_sockets",
    "slave_expires_tracked_keys",
    "active_defrag_hits",
    "active_defrag_misses",
    "active_defrag_key_hits",
    "active_defrag_key_misses",
    "total_active_defrag_time",
    "current_active_defrag_time",
    "tracking_total_keys",
    "tracking_total_items",
    "tracking_total_prefixes",
    "unexpected_error_replies",
    "dump_payload_sanitizations",
    "io_threaded_reads_processed",
    "io_threaded_writes_processed",
    "reply_buffer_shrinks",
    "reply_buffer_expands",
    "acl_access_denied_auth",
    "acl_access_denied_cmd",
    "acl_access_denied_key",
    "acl_access_denied_channel",
];

fn replication(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    fields.put("role", "master");
    fields.put("connected_slaves", 0);
    fields.put("master_failover_state", "no-failover");
    fields.put("master_replid", &cx.kernel.run_id);
    fields.put("master_replid2", "0".repeat(40));
    fields.put("master_repl_offset", 0);
    fields.put("second_repl_offset", -1);
    fields.put("repl_backlog_active", 0);
    fields.put("repl_backlog_size", 1 << 20);
    fields.put("repl_backlog_first_byte_offset", 0);
    fields.put("repl_backlog_histlen", 0);
}

fn cpu(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    let usage = cx.kernel.host.usage();
    fields.put("used_cpu_sys", Seconds(usage.cpu_system_us));
    fields.put("used_cpu_user", Seconds(usage.cpu_user_us));
    fields.put("used_cpu_sys_children", Seconds(0));
    fields.put("used_cpu_user_children", Seconds(0));
}

fn commandstats(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    for stats in cx.kernel.stats.commands() {
        let CommandStats { command, calls, time_ns, rejected, failed } = stats;
        let (time_us, calls_min) = (time_ns / 1000, calls.max(1));
        let per_call = time_ns as f64 / 1000.0 / calls_min as f64;
        fields.put(
            &format!("cmdstat_{}", command.full_name()),
            format_args!(
                "calls={calls},usec={time_us},usec_per_call={per_call:.2},\
                 rejected_calls={rejected},failed_calls={failed}"
            ),
        );
    }
}

fn errorstats(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    for (code, count) in cx.kernel.stats.errors.by_code() {
        // A script can make up codes that would break the line.
        let code = code.replace(['#', ':', '\n', '\r'], "_");
        fields.put(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

fn latencystats(cx: &mut EngineCx<'_, '_>, fields: &mut Fields) {
    if !cx.kernel.config.is_on(LATENCY_TRACKING) {
        return;
    }
    let percentiles = cx.kernel.config.percentiles();
    for CommandStats { command, .. } in cx.kernel.stats.commands() {
        let Some(histogram) = cx.kernel.stats.histogram(command) else { continue };
        let told = percentiles.iter().map(|(name, percent)| {
            let time_ns = histogram.percentile_ns(*percent);
            format!("p{name}={}.{:03}", time_ns / 1000, time_ns % 1000)
        });
        let told: Vec<_> = told.collect();
        let name = format!("latency_percentiles_usec_{}", command.full_name());
        fields.put(&name, told.join(","));
    }
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

struct Percent(f64);

impl Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2}%", self.0)
    }
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
}
