//! How much memory the server takes of the machine while it evicts.

mod support;

use support::{Client, Program, payload, request};

const MAX: u64 = 100 << 20;

/// What fragmentation may cost: pages of cells that are partly empty.
const FRAGMENTATION_PERCENT: u64 = 30;

/// What it may cost when all sizes change together: pages of sizes that are no longer wanted, until
/// the allocator gives them back.
const DRIFT_PERCENT: u64 = 70;

/// What buffers and the allocator may hold besides.
const SLACK: u64 = 16 << 20;

/// What the last request may take: room is made before a request, not after it.
const LAST: u64 = 64 << 10;

/// Requests that are sent before their replies are read.
const PIPELINE: u64 = 500;

/// A field of INFO that is a number.
fn field(client: &mut Client, name: &str) -> u64 {
    client.send(request(["INFO"]));
    let reply = client.reply();
    let info = std::str::from_utf8(payload(&reply)).expect("INFO is text");
    let mut lines = info.split("\r\n").filter_map(|line| line.split_once(':'));
    let value = lines.find(|line| line.0 == name).expect(name).1;
    value.parse().expect("it is a number")
}

/// Sends SET of the keys from 0 to `keys`, with values of the length that `len` gives, and checks
/// now and then that memory stays within its bounds, of which `spare_percent` more than the limit
/// is one.
fn write_all(
    server: &Program,
    client: &mut Client,
    keys: u64,
    len: impl Fn(u64) -> u64,
    spare_percent: u64,
) {
    let empty = server.resident_bytes();
    let resident_max = MAX + MAX * spare_percent / 100 + empty + SLACK;
    let value = [b'x'; 4096];
    for first in (0..keys).step_by(PIPELINE as usize) {
        let batch = (first..first + PIPELINE).map(|key| {
            let name = format!("key:{key}");
            request([&b"SET"[..], name.as_bytes(), &value[..len(key) as usize]])
        });
        client.send(batch.collect::<Vec<_>>().concat());
        let replies = client.replies(PIPELINE as usize);
        assert!(replies.iter().all(|reply| reply == r"+OK\r\n"), "{replies:?}");
        if first % (50 * PIPELINE) == 0 {
            let resident = server.resident_bytes();
            assert!(resident < resident_max, "{resident} of {resident_max} bytes, key {first}");
        }
    }
    let used = field(client, "used_memory");
    let resident = server.resident_bytes();
    assert!(used <= MAX + LAST, "{used} bytes in use");
    assert!(used > MAX * 9 / 10, "{used} bytes in use: too much was evicted");
    assert!(resident < resident_max, "{resident} of {resident_max} bytes");
}

fn evicting(threads: &str) -> (Program, Client) {
    let server = Program::kv(&["--threads", threads]);
    let mut client = Client::connect(server.address);
    let settings = format!("CONFIG SET maxmemory {MAX} maxmemory-policy allkeys-lru");
    assert_eq!(client.call(&settings), r"+OK\r\n");
    (server, client)
}

#[test]
#[ignore = "takes too long without optimization"]
fn resident_memory_stays_near_the_limit_whatever_is_written() {
    for threads in ["1", "2"] {
        let (server, mut client) = evicting(threads);
        write_all(
            &server,
            &mut client,
            1_000_000,
            |key| 100 + key * 7919 % 901,
            FRAGMENTATION_PERCENT,
        );
    }
}

#[test]
#[ignore = "takes too long without optimization"]
fn resident_memory_stays_near_the_limit_while_sizes_drift() {
    for threads in ["1", "2"] {
        let (server, mut client) = evicting(threads);
        write_all(&server, &mut client, 500_000, |key| 10 + key / 250, DRIFT_PERCENT);
    }
}
