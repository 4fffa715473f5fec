//! Settings: one table of parameters, from which CONFIG, the server's flags and the documentation
//! are made. Numbers can be read without a lock.

mod policy;

pub use policy::Policy;

use crate::kernel::until_zero;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{RwLock, RwLockReadGuard};

/// A setting. Its values are kept as text in the form in which CONFIG GET gives them.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in configuration files, in lower case.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value it starts with.
    pub default: &'static str,
    /// Whether it can be set only before the server starts.
    pub fixed: bool,
    /// What it is for, in one line.
    pub summary: &'static str,
    /// Of another name for a setting: the setting's name.
    pub alias_of: Option<&'static str>,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// `no`. `yes` is refused, for this reason.
    Never(&'static str),
    /// One of these words. Its number is its position.
    Choice(&'static [&'static str]),
    /// A whole number from a range.
    Int {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number of bytes, with an optional unit: `k` and `kb`, `m` and `mb`, `g` and `gb`. The
    /// units with `b` are powers of 1024.
    Memory {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// Any text. Several words are separated by spaces.
    Text,
    /// `<class> <hard limit> <soft limit> <seconds>`, repeated: the limits of output buffers.
    OutputLimits,
}

/// Which setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(usize);

const MEMORY_MAX: i64 = i64::MAX;

const DEFAULT: Parameter =
    Parameter { name: "", kind: Kind::Text, default: "", fixed: true, summary: "", alias_of: None };

/// A number in Redis's `int`, not negative.
const COUNT: Kind = Kind::Int { min: 0, max: i32::MAX as i64 };

/// A bound of a collection's form.
const SIZE: Kind = Kind::Int { min: 0, max: i64::MAX };

/// Accepted, since configurations name them; without effect, since freeing is always done in
/// slices and no command waits for it.
const LAZYFREE: Parameter = Parameter { kind: Kind::Bool, default: "no", fixed: false, ..DEFAULT };

/// Bounds of a list's form: a number of elements, or -1 to -5 for sizes from 4 to 64 KiB.
const LIST_MAX_LISTPACK: Parameter = Parameter {
    kind: Kind::Int { min: i32::MIN as i64, max: i32::MAX as i64 },
    default: "-2",
    fixed: false,
    ..DEFAULT
};

static PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "active-expire-effort",
        kind: Kind::Int { min: 1, max: 10 },
        default: "1",
        fixed: false,
        summary: "accepted, without effect: how much work goes into removing expired keys does not depend on it",
        ..DEFAULT
    },
    Parameter {
        name: "activedefrag",
        kind: Kind::Never(
            "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution",
        ),
        default: "no",
        fixed: false,
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
        default: "127.0.0.1 -::1",
        summary: "addresses to listen on; one with a minus before it may be missing",
        ..DEFAULT
    },
    Parameter {
        name: "client-output-buffer-limit",
        kind: Kind::OutputLimits,
        default: "normal 1073741824 33554432 10",
        fixed: false,
        summary: "per class of clients: replies beyond the hard limit close the connection; beyond the soft limit no further request is read, and a client that takes nothing for so many seconds is closed",
        ..DEFAULT
    },
    Parameter {
        name: "client-query-buffer-limit",
        kind: Kind::Memory { min: 1024 * 1024, max: 4 * 1024 * 1024 * 1024 - 1 },
        default: "1073741824",
        fixed: false,
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
        name: "hash-max-listpack-entries",
        kind: SIZE,
        default: "512",
        fixed: false,
        summary: "OBJECT ENCODING says listpack of hashes with at most so many fields; their form in memory does not depend on it",
        ..DEFAULT
    },
    Parameter {
        name: "hash-max-listpack-value",
        kind: SIZE,
        default: "64",
        fixed: false,
        summary: "the same for fields and values of at most so many bytes",
        ..DEFAULT
    },
    Parameter {
        name: "hash-max-ziplist-entries",
        kind: SIZE,
        default: "512",
        fixed: false,
        summary: "another name for hash-max-listpack-entries",
        alias_of: Some("hash-max-listpack-entries"),
    },
    Parameter {
        name: "hash-max-ziplist-value",
        kind: SIZE,
        default: "64",
        fixed: false,
        summary: "another name for hash-max-listpack-value",
        alias_of: Some("hash-max-listpack-value"),
    },
    Parameter {
        name: "hll-sparse-max-bytes",
        kind: Kind::Memory { min: 0, max: MEMORY_MAX },
        default: "3000",
        fixed: false,
        summary: "the longest sparse HyperLogLog, in bytes, its header included; a longer one becomes dense",
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
        fixed: false,
        summary: "minutes without use after which a key's count of uses falls by one; 0 means that it never falls",
        ..DEFAULT
    },
    Parameter {
        name: "lfu-log-factor",
        kind: COUNT,
        default: "10",
        fixed: false,
        summary: "how slowly a key's count of uses grows; with 0 it counts every use",
        ..DEFAULT
    },
    Parameter {
        name: "list-compress-depth",
        kind: COUNT,
        default: "0",
        fixed: false,
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
        summary: "the file that log lines are appended to; empty for standard output",
        ..DEFAULT
    },
    Parameter {
        name: "loglevel",
        kind: Kind::Choice(&["debug", "verbose", "notice", "warning", "nothing"]),
        default: "notice",
        fixed: false,
        summary: "how important a message must be to be logged",
        ..DEFAULT
    },
    Parameter {
        name: "maxclients",
        kind: Kind::Int { min: 1, max: 4_294_967_295 },
        default: "10000",
        fixed: false,
        summary: "how many clients may be connected at once",
        ..DEFAULT
    },
    Parameter {
        name: "maxmemory",
        kind: Kind::Memory { min: 0, max: MEMORY_MAX },
        default: "0",
        fixed: false,
        summary: "how many bytes the data may take; 0 sets no limit",
        ..DEFAULT
    },
    Parameter {
        name: "maxmemory-eviction-tenacity",
        kind: Kind::Int { min: 0, max: 100 },
        default: "10",
        fixed: false,
        summary: "how long a command may go on removing keys to make room, from 0 for least to 100 for without end",
        ..DEFAULT
    },
    Parameter {
        name: "maxmemory-policy",
        kind: Kind::Choice(Policy::NAMES),
        default: "noeviction",
        fixed: false,
        summary: "which keys make room when the data takes more than maxmemory",
        ..DEFAULT
    },
    Parameter {
        name: "maxmemory-samples",
        kind: Kind::Int { min: 1, max: 64 },
        default: "5",
        fixed: false,
        summary: "how many keys are looked at to find one that makes room",
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
        fixed: false,
        summary: "whether clients on other machines are refused as long as no password is set",
        ..DEFAULT
    },
    Parameter {
        name: "proto-max-bulk-len",
        kind: Kind::Memory { min: 1024 * 1024, max: MEMORY_MAX },
        default: "536870912",
        fixed: false,
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
    Parameter { name: "save", summary: "when to save a snapshot; there are none yet", ..DEFAULT },
    Parameter {
        name: "seed",
        default: "",
        summary: "decides every random choice; empty takes one from the operating system",
        ..DEFAULT
    },
    Parameter {
        name: "set-max-intset-entries",
        kind: SIZE,
        default: "512",
        fixed: false,
        summary: "OBJECT ENCODING says intset of sets with at most so many members, all of them integers",
        ..DEFAULT
    },
    Parameter {
        name: "set-max-listpack-entries",
        kind: SIZE,
        default: "128",
        fixed: false,
        summary: "OBJECT ENCODING says listpack of sets with at most so many members; their form in memory does not depend on it",
        ..DEFAULT
    },
    Parameter {
        name: "set-max-listpack-value",
        kind: SIZE,
        default: "64",
        fixed: false,
        summary: "the same for members of at most so many bytes",
        ..DEFAULT
    },
    Parameter {
        name: "stream-node-max-bytes",
        kind: Kind::Memory { min: 0, max: MEMORY_MAX },
        default: "4096",
        fixed: false,
        summary: "XTRIM and XADD with ~ remove whole nodes, which Redis makes of so many bytes at most; 0 sets no limit",
        ..DEFAULT
    },
    Parameter {
        name: "stream-node-max-entries",
        kind: Kind::Int { min: 0, max: i64::MAX },
        default: "100",
        fixed: false,
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
        summary: "how many connections may wait to be accepted",
        ..DEFAULT
    },
    Parameter {
        name: "tcp-keepalive",
        kind: COUNT,
        default: "300",
        fixed: false,
        summary: "seconds of silence after which the operating system asks whether a client is still there; 0 for never; for connections that are accepted from then on",
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
        fixed: false,
        summary: "seconds after which an idle client is closed; 0 for never",
        ..DEFAULT
    },
    Parameter {
        name: "unixsocket",
        default: "",
        summary: "the path of a Unix socket to listen on too; empty for none",
        ..DEFAULT
    },
    Parameter {
        name: "unixsocketperm",
        default: "0",
        summary: "the permissions of the Unix socket, in octal; 0 leaves them to the umask",
        ..DEFAULT
    },
    Parameter {
        name: "zset-max-listpack-entries",
        kind: SIZE,
        default: "128",
        fixed: false,
        summary: "OBJECT ENCODING says listpack of sorted sets with at most so many members; their form in memory does not depend on it",
        ..DEFAULT
    },
    Parameter {
        name: "zset-max-listpack-value",
        kind: SIZE,
        default: "64",
        fixed: false,
        summary: "the same for members of at most so many bytes",
        ..DEFAULT
    },
    Parameter {
        name: "zset-max-ziplist-entries",
        kind: SIZE,
        default: "128",
        fixed: false,
        summary: "another name for zset-max-listpack-entries",
        alias_of: Some("zset-max-listpack-entries"),
    },
    Parameter {
        name: "zset-max-ziplist-value",
        kind: SIZE,
        default: "64",
        fixed: false,
        summary: "another name for zset-max-listpack-value",
        alias_of: Some("zset-max-listpack-value"),
    },
];

/// `client-query-buffer-limit`
pub const CLIENT_QUERY_BUFFER_LIMIT: Id = id("client-query-buffer-limit");
/// `databases`
pub const DATABASES: Id = id("databases");
/// `hll-sparse-max-bytes`
pub const HLL_SPARSE_MAX_BYTES: Id = id("hll-sparse-max-bytes");
/// `lfu-decay-time`, in minutes
pub const LFU_DECAY_TIME: Id = id("lfu-decay-time");
/// `lfu-log-factor`
pub const LFU_LOG_FACTOR: Id = id("lfu-log-factor");
/// `list-max-listpack-size`
pub const LIST_MAX_LISTPACK_SIZE: Id = id("list-max-listpack-size");
/// `maxclients`
pub const MAXCLIENTS: Id = id("maxclients");
/// `maxmemory`, in bytes
pub const MAXMEMORY: Id = id("maxmemory");
/// `maxmemory-eviction-tenacity`
pub const MAXMEMORY_EVICTION_TENACITY: Id = id("maxmemory-eviction-tenacity");
/// `maxmemory-policy`
pub const MAXMEMORY_POLICY: Id = id("maxmemory-policy");
/// `maxmemory-samples`
pub const MAXMEMORY_SAMPLES: Id = id("maxmemory-samples");
/// `port`
pub const PORT: Id = id("port");
/// `bind`
pub const BIND: Id = id("bind");
/// `proto-max-bulk-len`
pub const PROTO_MAX_BULK_LEN: Id = id("proto-max-bulk-len");
/// `seed`
pub const SEED: Id = id("seed");
/// `hash-max-listpack-entries`
pub const HASH_MAX_LISTPACK_ENTRIES: Id = id("hash-max-listpack-entries");
/// `hash-max-listpack-value`
pub const HASH_MAX_LISTPACK_VALUE: Id = id("hash-max-listpack-value");
/// `set-max-intset-entries`
pub const SET_MAX_INTSET_ENTRIES: Id = id("set-max-intset-entries");
/// `set-max-listpack-entries`
pub const SET_MAX_LISTPACK_ENTRIES: Id = id("set-max-listpack-entries");
/// `set-max-listpack-value`
pub const SET_MAX_LISTPACK_VALUE: Id = id("set-max-listpack-value");
/// `zset-max-listpack-entries`
pub const ZSET_MAX_LISTPACK_ENTRIES: Id = id("zset-max-listpack-entries");
/// `zset-max-listpack-value`
pub const ZSET_MAX_LISTPACK_VALUE: Id = id("zset-max-listpack-value");
/// `stream-node-max-bytes`
pub const STREAM_NODE_MAX_BYTES: Id = id("stream-node-max-bytes");
/// `stream-node-max-entries`
pub const STREAM_NODE_MAX_ENTRIES: Id = id("stream-node-max-entries");
/// `tcp-backlog`
pub const TCP_BACKLOG: Id = id("tcp-backlog");
/// `threads`
pub const THREADS: Id = id("threads");
/// `admin-port`
pub const ADMIN_PORT: Id = id("admin-port");
/// `log-format`
pub const LOG_FORMAT: Id = id("log-format");
/// `logfile`
pub const LOGFILE: Id = id("logfile");
/// `loglevel`
pub const LOGLEVEL: Id = id("loglevel");
/// `protected-mode`
pub const PROTECTED_MODE: Id = id("protected-mode");
/// `proxy-protocol`
pub const PROXY_PROTOCOL: Id = id("proxy-protocol");
/// `supervised`
pub const SUPERVISED: Id = id("supervised");
/// `tcp-keepalive`, in seconds
pub const TCP_KEEPALIVE: Id = id("tcp-keepalive");
/// `timeout`, in seconds
pub const TIMEOUT: Id = id("timeout");
/// `unixsocket`
pub const UNIXSOCKET: Id = id("unixsocket");
/// `unixsocketperm`
pub const UNIXSOCKETPERM: Id = id("unixsocketperm");

/// All parameters, sorted by name.
pub fn parameters() -> &'static [Parameter] {
    PARAMETERS
}

/// All parameters, in the order of their names.
pub fn ids() -> impl Iterator<Item = Id> {
    (0..PARAMETERS.len()).map(Id)
}

/// The parameter of this name in any case.
pub fn find(name: &[u8]) -> Option<Id> {
    PARAMETERS.iter().position(|row| name.eq_ignore_ascii_case(row.name.as_bytes())).map(Id)
}

/// Finds a parameter at compile time, so that a wrong name does not compile.
const fn id(name: &str) -> Id {
    let mut row = 0;
    while row < PARAMETERS.len() {
        if equal(PARAMETERS[row].name.as_bytes(), name.as_bytes()) {
            return Id(row);
        }
        row += 1;
    }
    panic!("there is no such parameter");
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

impl Id {
    /// The parameter's row.
    pub fn parameter(self) -> &'static Parameter {
        &PARAMETERS[self.0]
    }

    /// Itself, or the setting that it is another name for.
    fn target(self) -> Id {
        self.parameter().alias_of.map_or(self, id)
    }
}

/// The limits of a connection's output. 0 means that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// Beyond this many bytes the connection is closed.
    pub hard: usize,
    /// Beyond this many bytes nothing more is read from the client.
    pub soft: usize,
    /// Seconds after which a client that is beyond the soft limit and takes nothing is closed.
    pub seconds: u64,
}

/// The settings of one server.
#[derive(Debug)]
pub struct Config {
    values: RwLock<Vec<String>>,
    /// The value of each parameter that is a number.
    numbers: Vec<AtomicI64>,
    output: [AtomicI64; 3],
}

impl Default for Config {
    fn default() -> Self {
        let config = Self {
            values: RwLock::new(vec![String::new(); PARAMETERS.len()]),
            numbers: PARAMETERS.iter().map(|_| AtomicI64::new(0)).collect(),
            output: Default::default(),
        };
        for (index, parameter) in PARAMETERS.iter().enumerate() {
            config.set(Id(index), parameter.default.as_bytes()).expect("defaults are valid");
        }
        config
    }
}

impl Config {
    /// A whole number, or a number of bytes.
    ///
    /// `id` is one of this module's constants: the numbers are kept under the settings' own names.
    pub fn int(&self, id: Id) -> i64 {
        debug_assert!(matches!(id.parameter().kind, Kind::Int { .. } | Kind::Memory { .. }));
        debug_assert!(id.parameter().alias_of.is_none());
        self.numbers[id.0].load(Relaxed)
    }

    /// The value as CONFIG GET gives it.
    pub fn text(&self, id: Id) -> String {
        self.values()[id.target().0].clone()
    }

    /// Which keys make room when memory is short. Takes no lock.
    pub fn eviction_policy(&self) -> Policy {
        Policy::ALL[self.numbers[MAXMEMORY_POLICY.0].load(Relaxed) as usize]
    }

    /// The limits of clients' output.
    pub fn output_limits(&self) -> OutputLimits {
        let [hard, soft, seconds] = [0, 1, 2].map(|i| self.output[i].load(Relaxed));
        OutputLimits { hard: hard as usize, soft: soft as usize, seconds: seconds as u64 }
    }

    /// Checks a value without setting it, and gives the form in which it is kept. The error is
    /// Redis's explanation.
    pub fn check(id: Id, value: &[u8]) -> Result<String, String> {
        Ok(parse(id.parameter().kind, value)?.text)
    }

    /// Sets a value. Does not ask whether the server has started. The error is Redis's
    /// explanation.
    pub fn set(&self, id: Id, value: &[u8]) -> Result<(), String> {
        let parsed = parse(id.parameter().kind, value)?;
        let slot = id.target().0;
        self.values.write().expect(POISON)[slot] = parsed.text;
        self.numbers[slot].store(parsed.number, Relaxed);
        if let Some(limits) = parsed.limits {
            (0..3).for_each(|i| self.output[i].store(limits[i], Relaxed));
        }
        Ok(())
    }

    fn values(&self) -> RwLockReadGuard<'_, Vec<String>> {
        self.values.read().expect(POISON)
    }
}

const POISON: &str = "nothing panics while it holds the settings";

struct Parsed {
    text: String,
    number: i64,
    limits: Option<[i64; 3]>,
}

impl Parsed {
    fn text(text: String) -> Self {
        Self { text, number: 0, limits: None }
    }

    fn number(number: i64) -> Self {
        Self { text: number.to_string(), number, limits: None }
    }
}

fn parse(kind: Kind, value: &[u8]) -> Result<Parsed, String> {
    // Redis reads words and sizes, though not whole numbers, up to the first zero byte.
    let text = String::from_utf8_lossy(until_zero(value)).into_owned();
    let in_range = |number: i64, min: i64, max: i64| {
        let error = || format!("argument must be between {min} and {max} inclusive");
        (min..=max).contains(&number).then_some(number).ok_or_else(error)
    };
    match kind {
        Kind::Bool => parse_bool(&text),
        Kind::Never(why) => match parse_bool(&text)? {
            parsed if parsed.number == 0 => Ok(parsed),
            _ => Err(why.into()),
        },
        Kind::Choice(words) => parse_choice(&text, words),
        Kind::Int { min, max } => {
            let number = crate::value::string::parse_int(value);
            let number = number.ok_or("argument couldn't be parsed into an integer")?;
            Ok(Parsed::number(in_range(number, min, max)?))
        }
        Kind::Memory { min, max } => {
            let number = parse_memory(&text).ok_or("argument must be a memory value")?;
            // What does not fit is outside of every range, as -1 is.
            let number = i64::try_from(number).unwrap_or(-1);
            Ok(Parsed::number(in_range(number, min, max)?))
        }
        Kind::Text => Ok(Parsed::text(text)),
        Kind::OutputLimits => {
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let [class, hard, soft, seconds] = words[..] else {
                return Err("Wrong number of arguments in buffer limit configuration.".into());
            };
            if !class.eq_ignore_ascii_case("normal") {
                return Err("Invalid client class specified in buffer limit configuration.".into());
            }
            let limits = (parse_memory(hard), parse_memory(soft), seconds.parse::<u32>().ok());
            let (Some(hard), Some(soft), Some(seconds)) = limits else {
                return Err(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration."
                        .into(),
                );
            };
            let [hard, soft] = [hard, soft].map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
            let text = format!("normal {hard} {soft} {seconds}");
            Ok(Parsed { text, number: 0, limits: Some([hard, soft, i64::from(seconds)]) })
        }
    }
}

fn parse_bool(text: &str) -> Result<Parsed, String> {
    match text.to_ascii_lowercase().as_str() {
        word @ ("yes" | "no") => {
            Ok(Parsed { text: word.into(), number: i64::from(word == "yes"), limits: None })
        }
        _ => Err("argument must be 'yes' or 'no'".into()),
    }
}

fn parse_choice(text: &str, words: &[&str]) -> Result<Parsed, String> {
    let position = words.iter().position(|word| word.eq_ignore_ascii_case(text));
    let error = || format!("argument(s) must be one of the following: {}", words.join(", "));
    let position = position.ok_or_else(error)?;
    Ok(Parsed { text: words[position].into(), number: position as i64, limits: None })
}

/// A number of bytes with an optional unit. As in Redis, no digits are 0; a number beyond 64 bits
/// is the greatest there is.
fn parse_memory(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    if number.is_empty() {
        return Some(0);
    }
    Some(number.parse().unwrap_or(u64::MAX).saturating_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_sorted_and_described() {
        assert!(PARAMETERS.is_sorted_by(|a, b| a.name < b.name));
        assert!(PARAMETERS.iter().all(|row| !row.summary.is_empty()));
    }

    #[test]
    fn memory_sizes_have_redis_units() {
        let sizes = [
            ("0", 0),
            ("", 0),
            ("kb", 0),
            ("12", 12),
            ("1k", 1000),
            ("1KB", 1024),
            ("2m", 2_000_000),
            ("2mb", 2 << 20),
            ("1gb", 1 << 30),
        ];
        for (text, bytes) in sizes {
            assert_eq!(parse_memory(text), Some(bytes), "{text}");
        }
        for text in ["99999999999999999999", "9223372036854775807kb"] {
            assert_eq!(parse_memory(text), Some(u64::MAX), "{text}");
        }
        for text in ["-1", "1tb", "1 k", "1.5gb"] {
            assert_eq!(parse_memory(text), None, "{text}");
        }
    }

    #[test]
    fn another_name_for_a_setting_has_a_setting_to_name() {
        for alias in ids().filter(|id| id.parameter().alias_of.is_some()) {
            let (alias, target) = (alias.parameter(), alias.target().parameter());
            assert_eq!(target.alias_of, None, "{}", alias.name);
            assert_eq!(alias.default, target.default, "{}", alias.name);
        }
    }

    #[test]
    fn the_eviction_policy_is_the_one_that_was_named() {
        let config = Config::default();
        assert_eq!(config.eviction_policy(), Policy::NoEviction);
        for policy in Policy::ALL {
            config.set(MAXMEMORY_POLICY, policy.name().to_uppercase().as_bytes()).unwrap();
            assert_eq!(config.eviction_policy(), policy);
            assert_eq!(config.text(MAXMEMORY_POLICY), policy.name());
        }
    }

    #[test]
    fn a_value_outside_its_range_is_refused_and_changes_nothing() {
        let config = Config::default();
        assert!(config.set(MAXCLIENTS, b"0").is_err());
        assert!(config.set(MAXCLIENTS, b"x").is_err());
        assert_eq!(config.int(MAXCLIENTS), 10_000);
        config.set(MAXCLIENTS, b"7").unwrap();
        assert_eq!((config.int(MAXCLIENTS), config.text(MAXCLIENTS)), (7, "7".into()));
    }
}
