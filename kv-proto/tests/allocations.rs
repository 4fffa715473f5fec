//! The hot path is disciplined: counted, not timed.

use kv_core::config::Config;
use kv_core::kernel::{Kernel, NoHost};
use kv_core::now::Now;
use kv_core::session::Peer;
use kv_proto::dialect::Terms;
use kv_proto::server::{ConnectionId, Server};
use std::sync::Arc;

fn round(server: &mut Server, id: ConnectionId, now: Now, requests: &[u8]) -> usize {
    server.input(id)[..requests.len()].copy_from_slice(requests);
    server.handle_received(id, requests.len());
    server.execute(now);
    while server.poll_event().is_some() {}
    let sent = server.output(id).len();
    server.handle_sent(now, id, sent);
    sent
}

fn allocations_of(shards: usize, request: &str, reply_len: usize) -> u64 {
    pipelined_allocations_of(32, shards, request, reply_len)
}

fn pipelined_allocations_of(
    pipeline: usize,
    shards: usize,
    request: &str,
    reply_len: usize,
) -> u64 {
    allocations_with("", pipeline, shards, request, reply_len)
}

/// Where events of these classes are published.
fn allocations_with(
    classes: &str,
    pipeline: usize,
    shards: usize,
    request: &str,
    reply_len: usize,
) -> u64 {
    let now = Now { mono_us: 0, unix_us: 1_700_000_000_000_000 };
    let kernel = Kernel::new(Config::default(), shards, 1, Box::new(NoHost::default()), now);
    let mut server = Server::new(Arc::new(kernel));
    let id = server.handle_accept(now, Peer::default(), Terms::default());
    round(&mut server, id, now, b"MSET key value number 12345 a 1 b 2\r\n");
    round(&mut server, id, now, b"SET volatile value EX 1000\r\n");
    round(&mut server, id, now, b"RPUSH list x y\r\n");
    let notify = format!("CONFIG SET notify-keyspace-events \"{classes}\"\r\n");
    round(&mut server, id, now, notify.as_bytes());
    let requests: Vec<u8> = request.split(' ').fold(
        format!("*{}\r\n", request.split(' ').count()).into_bytes(),
        |mut bytes, arg| {
            bytes.extend(format!("${}\r\n{arg}\r\n", arg.len()).bytes());
            bytes
        },
    );
    let requests = requests.repeat(pipeline);
    // Once to warm up the buffers.
    assert_eq!(round(&mut server, id, now, &requests), pipeline * reply_len, "{request}");
    allocation_counter::measure(|| {
        round(&mut server, id, now, &requests);
    })
    .count_total
}

#[test]
fn a_warm_get_allocates_nothing() {
    for shards in [1, 32] {
        assert_eq!(allocations_of(shards, "GET key", 11), 0);
        assert_eq!(allocations_of(shards, "get number", 11), 0);
        assert_eq!(allocations_of(shards, "GET volatile", 11), 0);
        assert_eq!(allocations_of(shards, "GET none", 5), 0);
    }
}

#[test]
fn a_pipeline_of_several_windows_allocates_nothing() {
    for shards in [1, 32] {
        assert_eq!(pipelined_allocations_of(64, shards, "GET key", 11), 0);
    }
}

#[test]
fn other_small_commands_allocate_nothing() {
    for shards in [1, 32] {
        for (request, reply_len) in
            [("PING", 7), ("EXISTS key", 4), ("STRLEN key", 4), ("TTL key", 5), ("SET a 7", 5)]
        {
            assert_eq!(allocations_of(shards, request, reply_len), 0, "{request}, {shards} shards");
        }
    }
}

#[test]
fn an_event_that_nobody_asked_for_allocates_nothing() {
    for classes in ["", "KEx", "$l"] {
        for (request, reply_len) in
            [("GET none", 5), ("SET a 7", 5), ("INCRBY number 0", 8), ("LSET list 0 z", 5)]
        {
            let allocations = allocations_with(classes, 32, 1, request, reply_len);
            assert_eq!(allocations, 0, "{request}, {classes}");
        }
    }
    assert!(allocations_with("K$", 32, 1, "SET a 7", 5) > 0);
}

#[test]
fn an_overwrite_of_the_same_length_allocates_nothing() {
    assert_eq!(allocations_of(1, "SET key other-value", 5), 0);
}

/// What two renamings allocate, by number and in bytes, of a value that these requests make, each
/// for many numbers in the place of the star.
fn renaming(requests: &[&str], numbers: usize) -> (u64, u64) {
    let now = Now { mono_us: 0, unix_us: 1_700_000_000_000_000 };
    let kernel = Kernel::new(Config::default(), 1, 1, Box::new(NoHost::default()), now);
    let mut server = Server::new(Arc::new(kernel));
    let id = server.handle_accept(now, Peer::default(), Terms::default());
    for request in requests {
        for number in 1..=numbers {
            let request = request.replace('*', &number.to_string());
            round(&mut server, id, now, format!("{request}\r\n").as_bytes());
        }
    }
    let there_and_back = b"RENAME key other\r\nRENAME other key\r\n";
    assert_eq!(round(&mut server, id, now, there_and_back), 10, "{requests:?}");
    let info = allocation_counter::measure(|| {
        round(&mut server, id, now, there_and_back);
    });
    (info.count_total, info.bytes_total)
}

#[test]
fn a_renamed_value_stays_where_it_is() {
    for requests in [
        &["SETRANGE key *00 x"][..],
        &["RPUSH key element-*"],
        &["SADD key member-*"],
        &["HSET key field-* value"],
        &["HSET key field-* value", "HPEXPIRE key 1000* FIELDS 1 field-*"],
        &["ZADD key * member-*"],
        &["XADD key *-0 field value"],
        &["XADD key *-0 field value", "XGROUP CREATE key group-* 0"],
    ] {
        let (small, large) = (renaming(requests, 300), renaming(requests, 6000));
        assert_eq!(small, large, "{requests:?}");
        assert!(large.1 < 1000, "{requests:?}: {} bytes", large.1);
    }
}
