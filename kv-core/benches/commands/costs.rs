//! What a request costs, by the size of the value.

use crate::Options;
use crate::clock::time;
use crate::requests::{Kind, Maker};
use crate::served::Served;
use crate::table::{Table, median, number};
use kv_core::command::table::find;

const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
const ROUNDS: usize = 7;
/// How many requests a round has; fewer where they would change the size of the value.
const REQUESTS: usize = 2000;

/// A request, the value that it is for, and whether it adds or takes elements.
struct Row(Kind, &'static str, Effect);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Keeps,
    Resizes,
}

use Effect::{Keeps, Resizes};

const ROWS: &[Row] = &[
    Row(Kind::Keys, "GET member", Keeps),
    Row(Kind::Keys, "SET member text", Keeps),
    Row(Kind::Keys, "EXISTS stranger", Keeps),
    Row(Kind::Keys, "EXPIRE member 1000", Keeps),
    Row(Kind::Keys, "SCAN 0 COUNT 10", Keeps),
    Row(Kind::Keys, "RANDOMKEY", Keeps),
    Row(Kind::Keys, "DEL member", Resizes),
    Row(Kind::Keys, "MSET member text member text member text member text", Keeps),
    Row(Kind::Keys, "MGET member member member member", Keeps),
    Row(Kind::String, "GETRANGE key 10 20", Keeps),
    Row(Kind::String, "SETRANGE key offset x", Keeps),
    Row(Kind::String, "APPEND key x", Keeps),
    Row(Kind::String, "GETBIT key offset", Keeps),
    Row(Kind::String, "SETBIT key offset 1", Keeps),
    Row(Kind::String, "BITCOUNT key 0 100", Keeps),
    Row(Kind::List, "LPUSH key text", Resizes),
    Row(Kind::List, "RPUSH key text", Resizes),
    Row(Kind::List, "LPOP key", Resizes),
    Row(Kind::List, "LLEN key", Keeps),
    Row(Kind::List, "LINDEX key rank", Keeps),
    Row(Kind::List, "LSET key rank text", Keeps),
    Row(Kind::List, "LRANGE key 0 99", Keeps),
    Row(Kind::List, "LMOVE key key LEFT RIGHT", Keeps),
    Row(Kind::Set, "SADD key stranger", Resizes),
    Row(Kind::Set, "SREM key member", Resizes),
    Row(Kind::Set, "SISMEMBER key member", Keeps),
    Row(Kind::Set, "SPOP key", Resizes),
    Row(Kind::Set, "SRANDMEMBER key", Keeps),
    Row(Kind::Set, "SRANDMEMBER key 10", Keeps),
    Row(Kind::Set, "SSCAN key 0", Keeps),
    Row(Kind::Hash, "HSET key member text", Keeps),
    Row(Kind::Hash, "HSET key stranger text", Resizes),
    Row(Kind::Hash, "HGET key member", Keeps),
    Row(Kind::Hash, "HDEL key member", Resizes),
    Row(Kind::Hash, "HINCRBY key number 1", Keeps),
    Row(Kind::Hash, "HRANDFIELD key", Keeps),
    Row(Kind::Hash, "HSCAN key 0", Keeps),
    Row(Kind::SortedSet, "ZADD key score member", Keeps),
    Row(Kind::SortedSet, "ZADD key score stranger", Resizes),
    Row(Kind::SortedSet, "ZREM key member", Resizes),
    Row(Kind::SortedSet, "ZSCORE key member", Keeps),
    Row(Kind::SortedSet, "ZINCRBY key 1 member", Keeps),
    Row(Kind::SortedSet, "ZRANK key member", Keeps),
    Row(Kind::SortedSet, "ZRANGE key rank +inf BYSCORE LIMIT 0 10", Keeps),
    Row(Kind::SortedSet, "ZCOUNT key rank +inf", Keeps),
    Row(Kind::SortedSet, "ZQUERY key score member 100 10", Keeps),
    Row(Kind::SortedSet, "ZPOPMIN key", Resizes),
    Row(Kind::SortedSet, "ZRANDMEMBER key", Keeps),
    Row(Kind::SortedSet, "ZSCAN key 0", Keeps),
    Row(Kind::Stream, "XADD key id f text g text", Resizes),
    Row(Kind::Stream, "XLEN key", Keeps),
    Row(Kind::Stream, "XRANGE key some-id + COUNT 10", Keeps),
    Row(Kind::Stream, "XREVRANGE key + - COUNT 10", Keeps),
    Row(Kind::Stream, "XDEL key some-id", Resizes),
];

pub(crate) fn run(options: &Options) {
    let sizes = options.elements.map_or(SIZES.to_vec(), |elements| vec![elements]);
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let rows: Vec<&Row> = ROWS.iter().filter(|row| options.wants(&name(row.1))).collect();
    if rows.is_empty() {
        return;
    }
    let mut columns: Vec<&'static str> = vec!["1e3 ns", "1e5 ns", "1e6 ns", "documented"];
    if options.elements.is_some() {
        columns.drain(..2);
        columns[0] = "ns";
    }
    let mut table = Table::new("Processor time of a request, by the number of elements", &columns);
    for Row(kind, line, effect) in rows {
        let costs = sizes.iter().map(|&size| number(cost(*kind, line, *effect, size)));
        let complexity = find(name(line).as_bytes()).map_or("", |command| command.complexity);
        let short = complexity.split([',', ';', '.']).next().unwrap_or_default();
        table.row(*line, costs.chain([short.to_owned()]).collect());
    }
    println!("{table}");
}

/// Nanoseconds for each request.
fn cost(kind: Kind, line: &str, effect: Effect, elements: usize) -> f64 {
    let requests = if effect == Resizes { REQUESTS.min(elements / 10) } else { REQUESTS };
    let mut maker = Maker::new(elements);
    let mut served = None;
    let mut costs = Vec::new();
    for _ in 0..=ROUNDS {
        let served = served.get_or_insert_with(|| {
            let mut served = Served::new();
            maker.fill(&mut served, kind);
            served
        });
        let requests: Vec<_> = (0..requests).map(|_| maker.request(line)).collect();
        let span = time(|| requests.iter().for_each(|request| served.run(request)));
        costs.push(span.cpu.as_nanos() as f64 / requests.len() as f64);
    }
    // The first round warms up.
    median(costs.into_iter().skip(1))
}
