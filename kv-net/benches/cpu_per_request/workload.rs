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
}

pub(crate) static ALL: [Workload; 8] = [
    small("get", Operation::Get),
    small("set", Operation::Set),
    Workload { clients: 2000, requests: 4_000_000, ..small("get-2000", Operation::Get) },
    Workload { clients: 2000, requests: 4_000_000, ..small("set-2000", Operation::Set) },
    large("get-4k", Operation::Get),
    large("set-4k", Operation::Set),
    Workload { pipeline: 1, requests: 300_000, ..small("get-p1", Operation::Get) },
    Workload { pipeline: 1, requests: 300_000, ..small("set-p1", Operation::Set) },
];

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
