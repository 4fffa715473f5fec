//! What a client does in several steps that belong together. Requests that chance throws together
//! hardly ever meet what an earlier one has made: here the later ones know what it is.

use super::{Bytes, Maker, Step, number, sessions};

/// Makes the steps of a scene.
pub(super) type Scene = fn(&mut Maker<'_>) -> Vec<Beat>;

/// A request of a scene.
pub(super) struct Beat {
    /// Time before it, in microseconds.
    wait_us: u64,
    words: Vec<Bytes>,
}

/// The scenes about data, each with the home of the keys that it is about.
pub(super) const OF_DATA: &[(Scene, &str)] = &[
    (long_replies, "k"),
    (strings_with_deadlines, "k"),
    (known_list, "l"),
    (known_set, "s"),
    (several_sets, "s"),
    (known_hash, "h"),
    (known_sorted_set, "z"),
    (several_sorted_sets, "z"),
    (queue, "x"),
    (shortened_stream, "x"),
];

/// The scenes about sessions that use transactions.
pub(super) const OF_TRANSACTIONS: &[Scene] =
    &[expiring_watch, expiring_watch, flushed_watch, filled_lists, waiting, readers];

/// The scenes about sessions that use channels.
pub(super) const OF_CHANNELS: &[Scene] = &[waiting, readers, farewell];

/// The scenes about clients that cache.
pub(super) const OF_CACHES: &[Scene] = &[last_reads];

/// Requests that follow each other at once.
fn at_once(requests: impl IntoIterator<Item = Vec<Bytes>>) -> Vec<Beat> {
    requests.into_iter().map(|words| Beat { wait_us: 0, words }).collect()
}

impl Maker<'_> {
    /// The steps of one of the plan's scenes.
    pub(super) fn scene(&mut self) -> Vec<Step> {
        let scene = self.pick(&self.features.scenes);
        let mut steps: Vec<Step> = Vec::new();
        let is_pipelined = self.one_in(2);
        for Beat { wait_us, words } in scene(self) {
            let request = self.sent(words);
            self.elapsed_us += wait_us;
            match steps.last_mut() {
                Some(step) if is_pipelined && wait_us == 0 => step.requests.push(request),
                _ => {
                    let then = self.then();
                    steps.push(Step { wait_us, requests: vec![request], then });
                }
            }
        }
        steps
    }

    /// How many elements a scene's collection has.
    fn scene_len(&mut self) -> u64 {
        2 + self.rng.below(if self.features.long_lists { 300 } else { 30 })
    }
}

fn words<W: Into<Bytes>>(head: Vec<Bytes>, tail: impl IntoIterator<Item = W>) -> Vec<Bytes> {
    head.into_iter().chain(tail.into_iter().map(Into::into)).collect()
}

/// One value, of which many replies are made before the first is taken.
fn long_replies(m: &mut Maker<'_>) -> Vec<Beat> {
    let key = m.key_of("k");
    let (len, count) = match m.features.large_values {
        true => (3000 + m.rng.below(9000) as usize, 4 + m.rng.below(24)),
        false => (m.rng.below(60) as usize, m.rng.below(5)),
    };
    let value = (0..len).map(|at| b'a' + (at % 23) as u8).collect::<Bytes>();
    let reads = (0..count).map(|_| words!["GET", key.clone()]);
    at_once([words!["SET", key.clone(), value]].into_iter().chain(reads))
}

/// What keeps a deadline and what takes it away, and a look when it ends.
fn strings_with_deadlines(m: &mut Maker<'_>) -> Vec<Beat> {
    let (key, other) = (m.key_of("k"), m.key_of("k"));
    let ttl_ms = m.pick(&[1, 3, 20]);
    let change = match m.rng.below(8) {
        0 | 1 => words!["SET", key.clone(), "2", "KEEPTTL"],
        2 => words!["SET", key.clone(), "2"],
        3 => words!["APPEND", key.clone(), "2"],
        4 => words!["RENAME", key.clone(), other.clone()],
        5 => words!["COPY", key.clone(), other.clone(), "REPLACE"],
        6 => words!["GETSET", key.clone(), "2"],
        _ => words!["PEXPIRE", key.clone(), number(2 * ttl_ms), m.pick(&["GT", "LT", "NX", "XX"])],
    };
    let set = words!["SET", key.clone(), "1", "PX", number(ttl_ms)];
    let mut beats =
        at_once([set, change, words!["PTTL", key.clone()], words!["PTTL", other.clone()]]);
    let wait_us = 1000 * (ttl_ms - 1) + m.rng.below(2500);
    beats.push(Beat { wait_us, words: words!["EXISTS", key, other] });
    beats
}

/// A list of a few different elements, each several times.
fn known_list(m: &mut Maker<'_>) -> Vec<Beat> {
    let (key, len, kinds) = (m.key_of("l"), m.scene_len(), 1 + m.rng.below(4));
    let elements = (0..len).map(|_| format!("e{}", m.rng.below(kinds))).collect::<Vec<_>>();
    let mut requests = vec![
        words!["DEL", key.clone()],
        words(words![m.pick(&["RPUSH", "LPUSH"]), key.clone()], elements),
    ];
    for _ in 0..1 + m.rng.below(4) {
        requests.push(list_change(m, &key, len, kinds));
    }
    requests.push(words!["LRANGE", key, "0", "-1"]);
    at_once(requests)
}

fn list_change(m: &mut Maker<'_>, key: &Bytes, len: u64, kinds: u64) -> Vec<Bytes> {
    let (key, element) = (key.clone(), format!("e{}", m.rng.below(kinds)));
    let (first, second) = (m.rng.below(len), m.rng.below(len));
    let sign = m.pick(&["", "-"]);
    match m.rng.below(9) {
        0..3 => words!["LREM", key, format!("{sign}{}", m.rng.below(4)), element],
        3 => words!["LSET", key, number(first), "set"],
        4 => words!["LINDEX", key, number(first)],
        5 => words!["LINSERT", key, m.pick(&["BEFORE", "AFTER"]), element, "inserted"],
        6 => words!["LPOS", key, element, "RANK", format!("{sign}{}", 1 + m.rng.below(3))],
        7 => words!["LRANGE", key, number(first.min(second)), number(first.max(second))],
        _ => words!["LTRIM", key, number(first.min(second)), number(first.max(second))],
    }
}

/// A set of which some members are taken, sometimes all or all but one.
fn known_set(m: &mut Maker<'_>) -> Vec<Beat> {
    let (key, len) = (m.key_of("s"), m.scene_len());
    let prefix = m.pick(&["", "member "]);
    let members: Vec<String> = (0..len).map(|number| format!("{prefix}{number}")).collect();
    let count = m.pick(&[len - 1, len - 1, len, len + 1, 1, len / 2]);
    let name = m.pick(&["SPOP", "SPOP", "SRANDMEMBER"]);
    at_once([
        words!["DEL", key.clone()],
        words(words!["SADD", key.clone()], members),
        words![name, key.clone(), number(count)],
        words!["SCARD", key.clone()],
        words!["SMEMBERS", key],
    ])
}

/// Sets that have some members in common, and what is made of them.
fn several_sets(m: &mut Maker<'_>) -> Vec<Beat> {
    let keys: Vec<Bytes> = (0..3 + m.rng.below(2)).map(|_| m.key_of("s")).collect();
    let mut requests = vec![words(words!["DEL"], keys.clone())];
    for key in &keys {
        let (first, count) = (m.rng.below(6), 1 + m.rng.below(6));
        let members = (first..first + count).map(number);
        requests.push(words(words!["SADD", key.clone()], members));
    }
    for _ in 0..2 {
        let name = m.pick(&["SDIFF", "SDIFF", "SUNION", "SINTER"]);
        requests.push(words(words![name], keys.clone()));
    }
    let name = m.pick(&["SDIFFSTORE", "SUNIONSTORE", "SINTERSTORE"]);
    requests.push(words(words![name, m.key_of("s")], keys));
    at_once(requests)
}

/// A hash of short and long fields and values, of which some go.
fn known_hash(m: &mut Maker<'_>) -> Vec<Beat> {
    let (key, len) = (m.key_of("h"), 2 + m.rng.below(12));
    let rarity = m.pick(&[1, 2, 5]);
    let mut field = |number: u64| {
        let is_long = m.features.large_values && m.one_in(rarity);
        format!("{number}{}", if is_long { "f".repeat(500) } else { String::new() })
    };
    let fields: Vec<String> = (0..len).map(&mut field).collect();
    let long = "v".repeat(if m.features.large_values { 200 } else { 1 });
    let pairs = fields.iter().flat_map(|field| [field.clone(), format!("{long}{field}")]);
    let mut requests = vec![words!["DEL", key.clone()], words(words!["HSET", key.clone()], pairs)];
    for _ in 0..1 + m.rng.below(4) {
        let field = m.pick(&fields);
        requests.push(match m.rng.below(6) {
            0..3 => words!["HDEL", key.clone(), field],
            3 => words!["HSET", key.clone(), field, "another"],
            4 => words!["HPEXPIRE", key.clone(), "1", "FIELDS", "1", field],
            _ => words!["HGET", key.clone(), field],
        });
    }
    requests.push(words(words!["HMGET", key.clone()], fields));
    requests.push(words!["HGETALL", key]);
    at_once(requests)
}

/// A sorted set of few scores, which change or not, and ranges that begin and end at some of them.
fn known_sorted_set(m: &mut Maker<'_>) -> Vec<Beat> {
    let (key, len) = (m.key_of("z"), m.scene_len());
    let pairs = (0..len).flat_map(|member| [number(member / 2), number(member)]);
    let mut requests = vec![words!["DEL", key.clone()], words(words!["ZADD", key.clone()], pairs)];
    for _ in 0..1 + m.rng.below(5) {
        requests.push(sorted_set_change(m, &key, len));
    }
    requests.push(words!["ZRANGE", key, "0", "-1", "WITHSCORES"]);
    at_once(requests)
}

fn sorted_set_change(m: &mut Maker<'_>, key: &Bytes, len: u64) -> Vec<Bytes> {
    let (key, member) = (key.clone(), m.rng.below(len));
    let score = member / 2;
    let near = m.pick(&[score, score, score + 1, score.saturating_sub(1)]);
    let (low, high) = (m.rng.below(len / 2 + 1), m.rng.below(len / 2 + 1));
    let bound = |m: &mut Maker<'_>, score: u64| format!("{}{score}", m.pick(&["", "("]));
    let (low, high) = (bound(m, low.min(high)), bound(m, low.max(high)));
    match m.rng.below(9) {
        0..3 => {
            let condition = m.pick(&["LT", "GT", "LT", "GT", "NX", "XX"]);
            let more = m.pick(&["CH", "CH", "INCR"]);
            let by = if more == "INCR" { m.pick(&[0, 1]) } else { near };
            words!["ZADD", key, condition, more, number(by), number(member)]
        }
        3 => words!["ZINCRBY", key, m.pick(&["0", "1", "-1", "3"]), number(member)],
        4 => words!["ZRANGEBYSCORE", key, low, high, "WITHSCORES"],
        5 => words!["ZCOUNT", key, low, high],
        6 => words!["ZREVRANGEBYSCORE", key, high, low],
        7 => words!["ZRANK", key, number(member)],
        _ => words!["ZREMRANGEBYSCORE", key, low, high],
    }
}

/// Sorted sets that have some members in common, and what is made of them.
fn several_sorted_sets(m: &mut Maker<'_>) -> Vec<Beat> {
    let keys: Vec<Bytes> = (0..2 + m.rng.below(3)).map(|_| m.key_of("z")).collect();
    let mut requests = vec![words(words!["DEL"], keys.clone())];
    for key in &keys {
        let (first, count) = (m.rng.below(6), 1 + m.rng.below(6));
        let pairs =
            (first..first + count).flat_map(|member| [number(1 + member % 3), number(member)]);
        requests.push(words(words!["ZADD", key.clone()], pairs));
    }
    let count = number(keys.len() as u64);
    for _ in 0..2 {
        let name = m.pick(&["ZUNION", "ZUNION", "ZINTER"]);
        let weights: Vec<&str> = keys.iter().map(|_| m.pick(&["1", "2", "3", "0.5"])).collect();
        let mut args = words(words![name, count.clone()], keys.clone());
        args.extend(words(words!["WEIGHTS"], weights));
        args.extend(words!["AGGREGATE", m.pick(&["SUM", "MIN", "MAX"]), "WITHSCORES"]);
        requests.push(args);
    }
    requests.push(words(words![m.pick(&["ZDIFF", "ZINTER"]), count], keys));
    at_once(requests)
}

/// Entries that consumers of a group read, acknowledge and take over.
fn queue(m: &mut Maker<'_>) -> Vec<Beat> {
    let (key, len, ms) = (m.key_of("x"), 2 + m.rng.below(12), m.stream_ms() + 1);
    let id = |number: u64| format!("{ms}-{number}");
    let mut requests = vec![
        words!["DEL", key.clone()],
        words!["XGROUP", "CREATE", key.clone(), "g", "0", "MKSTREAM"],
    ];
    requests.extend((1..=len).map(|number| words!["XADD", key.clone(), id(number), "f", "v"]));
    for _ in 0..3 + m.rng.below(8) {
        let consumer = m.pick(&["a", "b"]);
        let from = id(1 + m.rng.below(len));
        let (count, key) = (m.pick(&["1", "2", "5"]), key.clone());
        let read =
            words!["XREADGROUP", "GROUP", "g", consumer, "COUNT", count, "STREAMS", key.clone()];
        requests.push(match m.rng.below(12) {
            0..4 => words(read, [">"]),
            4 | 5 => words(words!["XACK", key, "g"], [from, id(1), id(1 + m.rng.below(len))]),
            6 | 7 => words(read, [m.pick(&["0", "0", "1"])]),
            8 | 9 => {
                let start = if m.one_in(2) { "0".into() } else { from };
                words!["XAUTOCLAIM", key, "g", consumer, "0", start, "COUNT", count]
            }
            10 => words!["XPENDING", key, "g", "-", "+", "10", consumer],
            _ => words!["XINFO", "CONSUMERS", key, "g"],
        });
    }
    requests.push(words!["XPENDING", key, "g"]);
    at_once(requests)
}

/// A stream that loses its newest entries, or its oldest, and gets others.
fn shortened_stream(m: &mut Maker<'_>) -> Vec<Beat> {
    let (key, len, ms) = (m.key_of("x"), m.scene_len(), m.stream_ms() + 1);
    let id = |number: u64| format!("{ms}-{number}");
    let mut requests = vec![words!["DEL", key.clone()]];
    requests.extend((1..=len).map(|number| words!["XADD", key.clone(), id(number), "f", "v"]));
    let gone = 1 + m.rng.below(len);
    let first = if m.one_in(3) { 1 + m.rng.below(len - gone + 1) } else { len - gone + 1 };
    requests.push(words(words!["XDEL", key.clone()], (first..first + gone).map(id)));
    let (edge, count) = (id(1 + m.rng.below(len)), m.pick(&["1", "3", "100"]));
    requests.push(words!["XRANGE", key.clone(), "-", "+"]);
    requests.push(words!["XREVRANGE", key.clone(), "+", edge.clone(), "COUNT", count]);
    requests.push(words!["XADD", key.clone(), id(len + 1), "f", "w"]);
    requests.push(words!["XREAD", "COUNT", count, "STREAMS", key.clone(), edge]);
    requests.push(words!["XLEN", key]);
    at_once(requests)
}

/// A key that is watched and expires when the transaction is about to run.
fn expiring_watch(m: &mut Maker<'_>) -> Vec<Beat> {
    let (key, ttl_ms) = (m.pick(&["w4", "w5"]), m.pick(&[1, 2, 10]));
    let mut beats = at_once([
        words!["SET", key, "1", "PX", number(ttl_ms)],
        words!["WATCH", key],
        words!["MULTI"],
        words!["PING"],
    ]);
    let wait_us = 1000 * ttl_ms + m.rng.below(2500);
    if m.one_in(2) {
        beats.push(Beat { wait_us, words: words!["EXEC"] });
    } else {
        // Or somebody comes upon it first.
        beats.push(Beat { wait_us, words: words!["DISCARD"] });
        beats.extend(at_once([words!["EXISTS", "w4", "w5"]]));
    }
    beats
}

/// A key that is watched and goes with all others.
fn flushed_watch(m: &mut Maker<'_>) -> Vec<Beat> {
    let key = m.pick(&["w0", "w3"]);
    let flush = m.pick(&["FLUSHALL", "FLUSHDB", "FLUSHALL"]);
    let swap = words!["SWAPDB", "0", "1"];
    at_once([
        words!["SET", key, "1"],
        words!["WATCH", key],
        if m.one_in(4) { swap } else { words![flush] },
        words!["MULTI"],
        words!["GET", key],
        words!["EXEC"],
    ])
}

/// A transaction that fills several lists for which others may wait.
fn filled_lists(m: &mut Maker<'_>) -> Vec<Beat> {
    let mut requests = vec![words!["MULTI"]];
    for _ in 0..2 + m.rng.below(3) {
        let (list, element) = (sessions::list(m), sessions::element(m));
        requests.push(words!["RPUSH", list, element]);
    }
    requests.push(words!["EXEC"]);
    requests.extend(["l0", "l1", "l2"].map(|list| words!["LRANGE", list, "0", "-1"]));
    at_once(requests)
}

/// A client that waits for elements, and sends on meanwhile.
fn waiting(m: &mut Maker<'_>) -> Vec<Beat> {
    let (from, to) = (m.pick(&["l0", "l1"]), m.pick(&["l2", "l2", "l0"]));
    let timeout = m.pick(&["0.05", "1", "3"]);
    let waits = match m.rng.below(4) {
        0 => words!["BLPOP", from, timeout],
        1 => words!["BZPOPMIN", "z0", timeout],
        _ => words!["BLMOVE", from, to, "LEFT", "RIGHT", timeout],
    };
    let mut beats = at_once([waits]);
    for _ in 0..m.rng.below(3) {
        let wait_us = m.pick(&[0, 100, 2000]);
        beats.push(Beat { wait_us, words: words!["PING"] });
    }
    beats
}

/// Readers of a stream that want what comes next, or only what comes later.
fn readers(m: &mut Maker<'_>) -> Vec<Beat> {
    let (stream, block) = (m.pick(&["s0", "s0", "s1"]), m.pick(&["50", "1000", "3000"]));
    let ms = m.stream_ms();
    let after = m.pick(&["$".to_string(), format!("{}", ms + 1), format!("{}", ms + 1000)]);
    match m.rng.below(4) {
        0 => at_once([words!["XADD", stream, format!("{ms}-*"), "f", "v"]]),
        _ => at_once([words!["XREAD", "BLOCK", block, "STREAMS", stream, after]]),
    }
}

/// A subscriber that leaves while it is told something.
fn farewell(m: &mut Maker<'_>) -> Vec<Beat> {
    let (subscribe, unsubscribe, name) = m.pick(&[
        ("SUBSCRIBE", "UNSUBSCRIBE", "c0"),
        ("PSUBSCRIBE", "PUNSUBSCRIBE", "c*"),
        ("SSUBSCRIBE", "SUNSUBSCRIBE", "c0"),
    ]);
    let wait_us = m.pick(&[0, 500, 3000]);
    let mut beats = at_once([words![subscribe, name]]);
    beats.push(Beat { wait_us, words: words![unsubscribe, name] });
    beats.extend(at_once([words!["PING"]]));
    beats
}

/// A client that caches no more and leaves: if it cached again, what it is told of keys that it has
/// read before would depend on whether others cached meanwhile.
fn last_reads(m: &mut Maker<'_>) -> Vec<Beat> {
    let end = m.pick(&["CLIENT TRACKING OFF", "RESET"]).split(' ');
    let (first, second) = (sessions::cached(m), sessions::cached(m));
    at_once([words(vec![], end), first, second, words!["QUIT"]])
}
