//! The workloads.

use crate::support::resp::bulk;

/// What every client does, over and over.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) operation: Operation,
    pub(crate) clients: u32,
    /// Requests that a client sends before it waits for their replies.
    pub(crate) pipeline: u64,
    /// How many keys there are; each request takes one of them at random.
    pub(crate) keys: u64,
    /// The length of every value, in bytes.
    pub(crate) value_len: usize,
    /// Requests per round, unless an option tells otherwise.
    requests: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Get,
    Set,
    /// Any request, as redis-benchmark takes it: `__rand_int__` stands for twelve digits of a
    /// number below `keys`.
    Line {
        /// What is sent first, with `__nth__` for the digits of each number below `keys`.
        fill: &'static str,
        request: &'static str,
        /// The reply to every request, or one as long.
        reply: &'static str,
    },
}

pub(crate) static ALL: [Workload; 18] = [
    small("get", Operation::Get),
    small("set", Operation::Set),
    Workload { clients: 2000, requests: 4_000_000, ..small("get-2000", Operation::Get) },
    Workload { clients: 2000, requests: 4_000_000, ..small("set-2000", Operation::Set) },
    large("get-4k", Operation::Get),
    large("set-4k", Operation::Set),
    Workload { pipeline: 1, requests: 300_000, ..small("get-p1", Operation::Get) },
    Workload { pipeline: 1, requests: 300_000, ..small("set-p1", Operation::Set) },
    line("incr", "SET key:__nth__ 1", "INCR key:__rand_int__", ":2\r\n"),
    line("mset-10", "SET key:__nth__ value:__nth__", MSET, "+OK\r\n"),
    line("lpush", "LPUSH key item:__nth__", "LPUSH key item:__rand_int__", ":1000000\r\n"),
    line("lrange-100", "RPUSH key item:__nth__", "LRANGE key 0 99", LRANGE_REPLY),
    line(
        "hset",
        "HSET key f:__nth__ v:__nth__",
        "HSET key f:__rand_int__ v:__rand_int__",
        ":0\r\n",
    ),
    line("sadd", "SADD key m:__nth__", "SADD key m:__rand_int__", ":0\r\n"),
    // Few enough requests for the set to stay large.
    Workload {
        requests: 80_000,
        ..line("spop", "SADD key m:__nth__", "SPOP key", "$14\r\nm:000000000000\r\n")
    },
    line("zadd", "ZADD key __nth__ m:__nth__", "ZADD key __rand_int__ m:__rand_int__", ":0\r\n"),
    line("zrange", "ZADD key __nth__ m:__nth__", "ZRANGE key 500000 500009", ZRANGE_REPLY),
    line("xadd", "XADD key * f v:__nth__", "XADD key * f v:__rand_int__", XADD_REPLY),
];

const MSET: &str = "MSET key:__rand_int__ value key:__rand_int__ value key:__rand_int__ value \
    key:__rand_int__ value key:__rand_int__ value key:__rand_int__ value key:__rand_int__ value \
    key:__rand_int__ value key:__rand_int__ value key:__rand_int__ value";
/// Of as many elements; redis-benchmark counts replies without looking at them.
const LRANGE_REPLY: &str = "*100";
const ZRANGE_REPLY: &str = "*10";
const XADD_REPLY: &str = "$15\r\n1700000000000-0\r\n";

/// 16 requests at a time, of a value with a million elements.
const fn line(
    name: &'static str,
    fill: &'static str,
    request: &'static str,
    reply: &'static str,
) -> Workload {
    let operation = Operation::Line { fill, request, reply };
    Workload { pipeline: 16, requests: 500_000, ..small(name, operation) }
}

pub(crate) fn find(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|workload| workload.name == name)
}

const fn small(name: &'static str, operation: Operation) -> Workload {
    Workload {
        name,
        operation,
        clients: 50,
        pipeline: 32,
        keys: 1_000_000,
        value_len: 32,
        requests: 2_000_000,
    }
}

/// With a tenth of the keys, so that all servers together fit into a few GB.
const fn large(name: &'static str, operation: Operation) -> Workload {
    Workload { keys: 100_000, value_len: 4096, requests: 500_000, ..small(name, operation) }
}

impl Workload {
    /// How many requests to send if `wanted` were asked for: redis-benchmark sends whole
    /// pipelines.
    pub(crate) fn requests(&self, wanted: Option<u64>) -> u64 {
        wanted.unwrap_or(self.requests).max(1).next_multiple_of(self.pipeline)
    }

    /// The reply to every request, byte for byte as a real server gives it, but for the value.
    pub(crate) fn reply(&self) -> Vec<u8> {
        match self.operation {
            Operation::Set => b"+OK\r\n".to_vec(),
            Operation::Get => bulk(&self.value()),
            Operation::Line { reply, .. } => match reply.strip_prefix('*') {
                Some(len) => {
                    let elements = len.parse().expect("the length of an array");
                    [format!("*{len}\r\n").into_bytes(), bulk(b"m:000000000000").repeat(elements)]
                        .concat()
                }
                None => reply.into(),
            },
        }
    }

    /// The value that keys are filled with.
    pub(crate) fn value(&self) -> Vec<u8> {
        vec![b'v'; self.value_len]
    }
}

/// The name that redis-benchmark gives to a key.
pub(crate) fn key(number: u64) -> String {
    format!("key:{number:012}")
}
