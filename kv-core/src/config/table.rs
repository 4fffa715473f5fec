//! The rows: every setting there is.

use super::log_level::LogLevel;
use super::parameter::{Change, Kind, Parameter};
use super::policy::Policy;

const MEMORY_MAX: i64 = i64::MAX;

const DEFAULT: Parameter = Parameter {
    name: "",
    kind: Kind::Text,
    default: "",
    change: Change::AtStart,
    summary: "",
    alias_of: None,
};

/// A number in Redis's `int`, not negative.
const COUNT: Kind = Kind::Int { min: 0, max: i32::MAX as i64 };

/// A bound of a collection's form.
const SIZE: Kind = Kind::Int { min: 0, max: i64::MAX };

/// Accepted, since configurations name them; without effect, since freeing is always done in
/// slices and no command waits for it.
const LAZYFREE: Parameter =
    Parameter { kind: Kind::Bool, default: "no", change: Change::Anytime, ..DEFAULT };

/// Bounds of a list's form: a number of elements, or -1 to -5 for sizes from 4 to 64 KiB.
const LIST_MAX_LISTPACK: Parameter = Parameter {
    kind: Kind::Int { min: i32::MIN as i64, max: i32::MAX as i64 },
    default: "-2",
    change: Change::Anytime,
    ..DEFAULT
};

/// All settings, sorted by name.
pub(super) static PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "accept",
        kind: Kind::Choice(&["balanced", "reuseport"]),
        default: "balanced",
        summary: "how threads come by connections: balanced has one thread accept them and hand each to the thread with the fewest; reuseport has each thread accept its own, at sockets that the system spreads connections over",
        ..DEFAULT
    },
    Parameter {
        name: "active-expire-effort",
        kind: Kind::Int { min: 1, max: 10 },
        default: "1",
        change: Change::Anytime,
        summary: "accepted, without effect: how much work goes into removing expired keys does not depend on it",
        ..DEFAULT
    },
    Parameter {
        name: "activedefrag",
        kind: Kind::Never(
            "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution",
        ),
        default: "no",
        change: Change::Anytime,
        summary: "whether memory is defragmented in the background; it cannot be, and only 'no' is accepted",
        ..DEFAULT
    },
    Parameter {
        name: "admin-port",
        kind: Kind::Int { min: 0, max: 65_535 },
        default: "0",
        summary: "the TCP port, at the addresses of 'bind', that answers GET /metrics and GET /health over HTTP; 0 for none",
        ..DEFAULT
    },
    Parameter {
        name: "appendonly",
        kind: Kind::Bool,
        default: "no",
        summary: "whether writes are logged to a file; there is none yet",
        ..DEFAULT
    },
    Parameter {
        name: "bind",
        kind: Kind::Addresses,
        default: "127.0.0.1 -::1",
        summary: "addresses to listen on; one with a minus before it may be missing; [::] is every IPv6 and every IPv4 address, at one socket",
        ..DEFAULT
    },
    Parameter {
        name: "busy-reply-threshold",
        kind: SIZE,
        default: "5000",
        change: Change::Anytime,
        summary: "milliseconds that a script may run before other clients are answered BUSY; 0 sets no limit",
        ..DEFAULT
    },
    Parameter {
        name: "client-output-buffer-limit",
        kind: Kind::OutputLimits,
        default: "normal 1073741824 33554432 10 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        change: Change::Anytime,
        summary: "per class of clients: replies beyond the hard limit close the connection; beyond the soft limit no further request is read, and a client that takes nothing for so many seconds is closed",
        ..DEFAULT
    },
    Parameter {
        name: "client-query-buffer-limit",
        kind: Kind::Memory { min: 1024 * 1024, max: 4 * 1024 * 1024 * 1024 - 1 },
        default: "1073741824",
        change: Change::Anytime,
        summary: "the longest request, in bytes; a longer one closes the connection",
        ..DEFAULT
    },
    Parameter {
        name: "databases",
        kind: Kind::Int { min: 1, max: 1024 },
        default: "16",
        summary: "how many databases SELECT can choose from",
        ..DEFAULT
    },
    Parameter {
        name: "dbfilename",
        kind: Kind::FileName,
        default: "dump.rdb",
        change: Change::Protected,
        summary: "the name of the snapshot's file in 'dir'",
        ..DEFAULT
    },
    Parameter {
        name: "dir",
        default: "./",
        change: Change::Protected,
        summary: "the directory of data files; it must exist when the server starts",
        ..DEFAULT
    },
    Parameter {
        name: "enable-debug-command",
        kind: Kind::Choice(&["no", "yes", "local"]),
        default: "no",
        summary: "whether DEBUG can be used: no, yes, or by clients of this machine",
        ..DEFAULT
    },
    Parameter {
        name: "enable-protected-configs",
        kind: Kind::Choice(&["no", "yes", "local"]),
        default: "no",
        summary: "whether CONFIG SET may change 'dir' and 'dbfilename': no, yes, or for clients of this machine",
        ..DEFAULT
    },
    Parameter {
        name: "frame-port",
        kind: Kind::Int { min: 0, max: 65_535 },
        default: "0",
        summary: "the TCP port, at the addresses of 'bind', for clients that speak the frame protocol, customarily 1234; 0 for none",
        ..DEFAULT
    },
    Parameter {
        name: "hash-max-listpack-entries",
        kind: SIZE,
        default: "512",
        change: Change::Anytime,
        summary: "OBJECT ENCODING says listpack of hashes with at most so many fields; their form in memory does not depend on it",
        ..DEFAULT
    },
    Parameter {
        name: "hash-max-listpack-value",
        kind: SIZE,
        default: "64",
        change: Change::Anytime,
        summary: "the same for fields and values of at most so many bytes",
        ..DEFAULT
    },
    Parameter {
        name: "hash-max-ziplist-entries",
        kind: SIZE,
        default: "512",
        change: Change::Anytime,
        summary: "another name for hash-max-listpack-entries",
        alias_of: Some("hash-max-listpack-entries"),
    },
    Parameter {
        name: "hash-max-ziplist-value",
        kind: SIZE,
        default: "64",
        change: Change::Anytime,
        summary: "another name for hash-max-listpack-value",
        alias_of: Some("hash-max-listpack-value"),
    },
    Parameter {
        name: "hll-sparse-max-bytes",
        kind: Kind::Memory { min: 0, max: MEMORY_MAX },
        default: "3000",
        change: Change::Anytime,
        summary: "the longest sparse HyperLogLog, in bytes, its header included; a longer one becomes dense",
        ..DEFAULT
    },
    Parameter {
        name: "hz",
        kind: COUNT,
        default: "10",
        change: Change::Anytime,
        summary: "accepted, without effect: work is done when it is due, not so many times a second",
        ..DEFAULT
    },
    Parameter {
        name: "latency-monitor-threshold",
        kind: SIZE,
        default: "0",
        change: Change::Anytime,
        summary: "milliseconds from which an event is kept for LATENCY; 0 keeps none",
        ..DEFAULT
    },
    Parameter {
        name: "latency-tracking",
        kind: Kind::Bool,
        default: "yes",
        change: Change::Anytime,
        summary: "whether it is counted how often each command took how long, for INFO latencystats and LATENCY HISTOGRAM",
        ..DEFAULT
    },
    Parameter {
        name: "latency-tracking-info-percentiles",
        kind: Kind::Percentiles,
        default: "50 99 99.9",
        change: Change::Anytime,
        summary: "which percentiles INFO latencystats tells",
        ..DEFAULT
    },
    Parameter {
        name: "lazyfree-lazy-eviction",
        summary: "accepted, without effect: what eviction removes is always freed in slices",
        ..LAZYFREE
    },
    Parameter {
        name: "lazyfree-lazy-expire",
        summary: "accepted, without effect: what expires is always freed in slices",
        ..LAZYFREE
    },
    Parameter {
        name: "lazyfree-lazy-server-del",
        summary: "accepted, without effect: what a command replaces is always freed in slices",
        ..LAZYFREE
    },
    Parameter {
        name: "lazyfree-lazy-user-del",
        summary: "accepted, without effect: DEL always frees in slices, as UNLINK does",
        ..LAZYFREE
    },
    Parameter {
        name: "lazyfree-lazy-user-flush",
        summary: "accepted, without effect: FLUSHALL and FLUSHDB always free in slices, SYNC or ASYNC",
        ..LAZYFREE
    },
    Parameter {
        name: "lfu-decay-time",
        kind: COUNT,
        default: "1",
        change: Change::Anytime,
        summary: "minutes without use after which a key's count of uses falls by one; 0 means that it never falls",
        ..DEFAULT
    },
    Parameter {
        name: "lfu-log-factor",
        kind: COUNT,
        default: "10",
        change: Change::Anytime,
        summary: "how slowly a key's count of uses grows; with 0 it counts every use",
        ..DEFAULT
    },
    Parameter {
        name: "list-compress-depth",
        kind: COUNT,
        default: "0",
        change: Change::Anytime,
        summary: "accepted, without effect: lists are not compressed",
        ..DEFAULT
    },
    Parameter {
        name: "list-max-listpack-size",
        summary: "OBJECT ENCODING says listpack of lists with at most so many elements, or of 4 to 64 KiB for -1 to -5; their form in memory does not depend on it",
        ..LIST_MAX_LISTPACK
    },
    Parameter {
        name: "list-max-ziplist-size",
        summary: "another name for list-max-listpack-size",
        alias_of: Some("list-max-listpack-size"),
        ..LIST_MAX_LISTPACK
    },
    Parameter {
        name: "log-format",
        kind: Kind::Choice(&["redis", "json"]),
        default: "redis",
        summary: "the form of log lines: Redis's, or one JSON object a line",
        ..DEFAULT
    },
    Parameter {
        name: "logfile",
        default: "",
        summary: "the file for log lines; empty means standard output",
        ..DEFAULT
    },
    Parameter {
        name: "loglevel",
        kind: Kind::Choice(LogLevel::NAMES),
        default: "notice",
        change: Change::Anytime,
        summary: "the least important lines that are logged",
        ..DEFAULT
    },
    Parameter {
        name: "lua-time-limit",
        kind: SIZE,
        default: "5000",
        change: Change::Anytime,
        summary: "another name for busy-reply-threshold",
        alias_of: Some("busy-reply-threshold"),
    },
    Parameter {
        name: "maxclients",
        kind: Kind::Int { min: 1, max: 4_294_967_295 },
        default: "10000",
        change: Change::Anytime,
        summary: "how many clients may be connected at once",
        ..DEFAULT
    },
    Parameter {
        name: "maxmemory",
        kind: Kind::Memory { min: 0, max: MEMORY_MAX },
        default: "0",
        change: Change::Anytime,
        summary: "how many bytes the data may take; 0 sets no limit",
        ..DEFAULT
    },
    Parameter {
        name: "maxmemory-eviction-tenacity",
        kind: Kind::Int { min: 0, max: 100 },
        default: "10",
        change: Change::Anytime,
        summary: "how long a command may go on removing keys to make room, from 0 for least to 100 for without end",
        ..DEFAULT
    },
    Parameter {
        name: "maxmemory-policy",
        kind: Kind::Choice(Policy::NAMES),
        default: "noeviction",
        change: Change::Anytime,
        summary: "which keys make room when the data takes more than maxmemory",
        ..DEFAULT
    },
    Parameter {
        name: "maxmemory-samples",
        kind: Kind::Int { min: 1, max: 64 },
        default: "5",
        change: Change::Anytime,
        summary: "how many keys are looked at to find one that makes room",
        ..DEFAULT
    },
    Parameter {
        name: "notify-keyspace-events",
        kind: Kind::Notifications,
        default: "",
        change: Change::Anytime,
        summary: "which changes of keys are published, and where: letters of Ag$lshzxeKEtmdn",
        ..DEFAULT
    },
    Parameter {
        name: "port",
        kind: Kind::Int { min: 0, max: 65_535 },
        default: "6379",
        summary: "the TCP port; 0 takes any free one and prints it",
        ..DEFAULT
    },
    Parameter {
        name: "protected-mode",
        kind: Kind::Bool,
        default: "yes",
        change: Change::Anytime,
        summary: "whether clients of other machines are refused while there is no password",
        ..DEFAULT
    },
    Parameter {
        name: "proto-max-bulk-len",
        kind: Kind::Memory { min: 1024 * 1024, max: MEMORY_MAX },
        default: "536870912",
        change: Change::Anytime,
        summary: "the longest argument and the longest string, in bytes",
        ..DEFAULT
    },
    Parameter {
        name: "proxy-protocol",
        kind: Kind::Bool,
        default: "no",
        summary: "whether every TCP connection begins with a header of the PROXY protocol, version 1 or 2, that tells the client's address",
        ..DEFAULT
    },
    Parameter {
        name: "record",
        default: "",
        summary: "a file that all input is recorded in, to be run again by `kv-sim replay`: it contains whatever clients send, and threads take turns for it; empty records nothing",
        ..DEFAULT
    },
    Parameter {
        name: "record-files",
        kind: Kind::Int { min: 1, max: 1000 },
        default: "3",
        summary: "how many recordings there are at most: that of this run, and those of the runs before it, with .1, .2 ... behind the name",
        ..DEFAULT
    },
    Parameter {
        name: "record-max-size",
        kind: Kind::Memory { min: 64 << 10, max: MEMORY_MAX },
        default: "1gb",
        summary: "how long a recording becomes: then it ends, and the server goes on without",
        ..DEFAULT
    },
    Parameter {
        name: "replica-read-only",
        kind: Kind::Bool,
        default: "yes",
        change: Change::Anytime,
        summary: "whether a replica refuses writes",
        ..DEFAULT
    },
    Parameter {
        name: "requirepass",
        kind: Kind::Secret,
        default: "",
        change: Change::Anytime,
        summary: "the password that AUTH asks of the default user; empty asks for none",
        ..DEFAULT
    },
    Parameter {
        name: "save",
        kind: Kind::SavePoints,
        default: "",
        change: Change::Anytime,
        summary: "pairs of seconds and changes: a snapshot is due after so many of both; there are none yet",
        ..DEFAULT
    },
    Parameter {
        name: "seed",
        default: "",
        summary: "decides every random choice; empty takes one from the operating system",
        ..DEFAULT
    },
    Parameter {
        name: "server-cpulist",
        summary: "processors that the threads are pinned to, one after the other, such as 0,2-5 or 0-7:2; empty to leave that to the system",
        ..DEFAULT
    },
    Parameter {
        name: "server_cpulist",
        summary: "another name for server-cpulist",
        alias_of: Some("server-cpulist"),
        ..DEFAULT
    },
    Parameter {
        name: "set-max-intset-entries",
        kind: SIZE,
        default: "512",
        change: Change::Anytime,
        summary: "OBJECT ENCODING says intset of sets with at most so many members, all of them integers",
        ..DEFAULT
    },
    Parameter {
        name: "set-max-listpack-entries",
        kind: SIZE,
        default: "128",
        change: Change::Anytime,
        summary: "OBJECT ENCODING says listpack of sets with at most so many members; their form in memory does not depend on it",
        ..DEFAULT
    },
    Parameter {
        name: "set-max-listpack-value",
        kind: SIZE,
        default: "64",
        change: Change::Anytime,
        summary: "the same for members of at most so many bytes",
        ..DEFAULT
    },
    Parameter {
        name: "slave-read-only",
        kind: Kind::Bool,
        default: "yes",
        change: Change::Anytime,
        summary: "another name for replica-read-only",
        alias_of: Some("replica-read-only"),
    },
    Parameter {
        name: "slowlog-log-slower-than",
        kind: Kind::Int { min: -1, max: i64::MAX },
        default: "10000",
        change: Change::Anytime,
        summary: "microseconds from which a command is kept for SLOWLOG; 0 keeps all, -1 none",
        ..DEFAULT
    },
    Parameter {
        name: "slowlog-max-len",
        kind: SIZE,
        default: "128",
        change: Change::Anytime,
        summary: "how many commands SLOWLOG keeps",
        ..DEFAULT
    },
    Parameter {
        name: "stream-node-max-bytes",
        kind: Kind::Memory { min: 0, max: MEMORY_MAX },
        default: "4096",
        change: Change::Anytime,
        summary: "XTRIM and XADD with ~ remove whole nodes, which Redis makes of so many bytes at most; 0 sets no limit",
        ..DEFAULT
    },
    Parameter {
        name: "stream-node-max-entries",
        kind: Kind::Int { min: 0, max: i64::MAX },
        default: "100",
        change: Change::Anytime,
        summary: "the same with so many entries",
        ..DEFAULT
    },
    Parameter {
        name: "supervised",
        kind: Kind::Choice(&["upstart", "systemd", "auto", "no"]),
        default: "no",
        summary: "whom to tell that the server is ready or stopping: systemd, over NOTIFY_SOCKET; auto does so if that is set; upstart is accepted, without effect",
        ..DEFAULT
    },
    Parameter {
        name: "tcp-backlog",
        kind: Kind::Int { min: 0, max: i32::MAX as i64 },
        default: "511",
        summary: "how many connections may wait to be accepted; with 'accept reuseport' at least 1024 for each thread",
        ..DEFAULT
    },
    Parameter {
        name: "tcp-keepalive",
        kind: COUNT,
        default: "300",
        change: Change::Anytime,
        summary: "seconds after which the operating system asks a silent client whether it is there; 0 never asks",
        ..DEFAULT
    },
    Parameter {
        name: "threads",
        kind: Kind::Int { min: 0, max: 64 },
        default: "0",
        summary: "event loops; 0 takes one for each processor core, at most 8",
        ..DEFAULT
    },
    Parameter {
        name: "timeout",
        kind: COUNT,
        default: "0",
        change: Change::Anytime,
        summary: "seconds after which a client without requests is closed; 0 never closes it",
        ..DEFAULT
    },
    Parameter {
        name: "tlv-port",
        kind: Kind::Int { min: 0, max: 65_535 },
        default: "0",
        summary: "the TCP port, at the addresses of 'bind', for clients that speak the TLV protocol; 0 for none",
        ..DEFAULT
    },
    Parameter {
        name: "tlv-strict",
        kind: Kind::Bool,
        default: "no",
        summary: "whether replies at 'tlv-port' begin with a status, which tells values, absent values and errors apart",
        ..DEFAULT
    },
    Parameter {
        name: "tracking-table-max-keys",
        kind: SIZE,
        default: "1000000",
        change: Change::Anytime,
        summary: "how many keys of clients with caches are remembered at most; 0 sets no limit",
        ..DEFAULT
    },
    Parameter {
        name: "unixsocket",
        default: "",
        summary: "the path of a Unix socket to listen on; empty means none",
        ..DEFAULT
    },
    Parameter {
        name: "unixsocketperm",
        kind: Kind::Octal { max: 0o777 },
        default: "0",
        summary: "the permissions of the Unix socket, in octal; 0 leaves them as they come",
        ..DEFAULT
    },
    Parameter {
        name: "zset-max-listpack-entries",
        kind: SIZE,
        default: "128",
        change: Change::Anytime,
        summary: "OBJECT ENCODING says listpack of sorted sets with at most so many members; their form in memory does not depend on it",
        ..DEFAULT
    },
    Parameter {
        name: "zset-max-listpack-value",
        kind: SIZE,
        default: "64",
        change: Change::Anytime,
        summary: "the same for members of at most so many bytes",
        ..DEFAULT
    },
    Parameter {
        name: "zset-max-ziplist-entries",
        kind: SIZE,
        default: "128",
        change: Change::Anytime,
        summary: "another name for zset-max-listpack-entries",
        alias_of: Some("zset-max-listpack-entries"),
    },
    Parameter {
        name: "zset-max-ziplist-value",
        kind: SIZE,
        default: "64",
        change: Change::Anytime,
        summary: "another name for zset-max-listpack-value",
        alias_of: Some("zset-max-listpack-value"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_sorted_and_described() {
        assert!(PARAMETERS.is_sorted_by(|a, b| a.name < b.name));
        assert!(PARAMETERS.iter().all(|row| !row.summary.is_empty()));
    }
}
