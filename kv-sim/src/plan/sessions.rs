//! What sessions do to each other: requests that wait, transactions, channels. All of it is about a
//! few keys and channels, so that clients meet.

use super::{Make, Maker};
use crate::model::Bytes;

/// What plans about sessions consist of, each as often as it stands here or not at all.
pub(super) const KINDS: &[Make] = &[waiting, waiting, arrivals, watched, channels, ordered];

/// Seldom for ever, and never for so long that a run would take hours.
fn timeout(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["0.001", "0.0101", "0.05", "0.2", "1", "3", "0", "-1", "x"]).into()
}

pub(super) fn list(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["l0", "l0", "l1", "l2"]).into()
}

fn sorted_set(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["z0", "z0", "z1"]).into()
}

fn stream(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["s0", "s0", "s1"]).into()
}

fn side(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["LEFT", "RIGHT"]).into()
}

pub(super) fn element(m: &mut Maker<'_>) -> Bytes {
    // So that hardly any two are the same.
    m.rng.below(1_000_000).to_string().into()
}

/// Requests that wait if there is nothing.
pub(super) fn waiting(m: &mut Maker<'_>) -> Vec<Bytes> {
    let timeout = timeout(m);
    match m.rng.below(16) {
        0 | 1 => words!["BLPOP", list(m), timeout],
        2 => words!["BLPOP", list(m), list(m), timeout],
        3 => words!["BRPOP", list(m), list(m), list(m), timeout],
        4 | 5 => words!["BLMOVE", list(m), list(m), side(m), side(m), timeout],
        6 => words!["BRPOPLPUSH", list(m), list(m), timeout],
        7 => words!["BLMPOP", timeout, "2", list(m), list(m), side(m)],
        8 => words!["BLMPOP", timeout, "1", list(m), side(m), "COUNT", m.pick(&["1", "2", "9"])],
        9 => words![m.pick(&["BZPOPMIN", "BZPOPMAX"]), sorted_set(m), timeout],
        10 => words![m.pick(&["BZPOPMIN", "BZPOPMAX"]), sorted_set(m), sorted_set(m), timeout],
        11 => words!["BZMPOP", timeout, "2", sorted_set(m), sorted_set(m), "MIN"],
        12 => words!["XREAD", "BLOCK", wait_ms(m), "STREAMS", stream(m), m.pick(&["$", "0"])],
        13 => {
            words!["XREAD", "COUNT", "1", "BLOCK", wait_ms(m), "STREAMS", "s0", "s1", "$", "$"]
        }
        14 => {
            let (consumer, stream, block) = (m.pick(&["a", "b"]), stream(m), wait_ms(m));
            words!["XREADGROUP", "GROUP", "g", consumer, "BLOCK", block, "STREAMS", stream, ">"]
        }
        _ => words!["WAIT", m.pick(&["0", "1", "2"]), wait_ms(m)],
    }
}

fn wait_ms(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["1", "11", "50", "200", "1000", "3000", "0"]).into()
}

/// What others wait for, and what else becomes of such keys.
pub(super) fn arrivals(m: &mut Maker<'_>) -> Vec<Bytes> {
    match m.rng.below(24) {
        0..6 => words![m.pick(&["RPUSH", "LPUSH"]), list(m), element(m)],
        6 | 7 => words!["RPUSH", list(m), element(m), element(m), element(m)],
        8 => words![m.pick(&["LPOP", "RPOP"]), list(m)],
        9 => words!["LMOVE", list(m), list(m), side(m), side(m)],
        10..13 => words!["ZADD", sorted_set(m), m.rng.below(9).to_string(), element(m)],
        13 => words!["ZPOPMIN", sorted_set(m)],
        14..17 => words!["XADD", stream(m), new_id(m), "f", element(m)],
        17 => words!["XGROUP", "CREATE", stream(m), "g", m.pick(&["$", "0"]), "MKSTREAM"],
        18 => words!["XGROUP", "DESTROY", stream(m), "g"],
        19 => words!["DEL", m.pick(&["l0", "l1", "z0", "s0", "s1"])],
        20 => words!["RENAME", list(m), list(m)],
        // Something else is where a list or a set may be expected.
        21 => words!["SET", m.pick(&["l1", "z1"]), element(m), "PX", m.pick(&["1", "30"])],
        22 => words!["LLEN", list(m)],
        _ => words!["SELECT", m.pick(&["0", "0", "0", "1"])],
    }
}

fn new_id(m: &mut Maker<'_>) -> Bytes {
    format!("{}-*", m.elapsed_us / 200_000).into()
}

/// Requests that run together.
pub(super) fn transactions(m: &mut Maker<'_>) -> Vec<Bytes> {
    match m.rng.below(24) {
        0..5 => words!["MULTI"],
        5..12 => words!["EXEC"],
        12 => words!["DISCARD"],
        13 => words!["UNWATCH"],
        14..16 => words!["WATCH", watched_key(m), watched_key(m)],
        16 | 17 => words!["WATCH", "w3"],
        18 => words!["EXEC", "surplus"],
        19 => words![m.pick(&["NOPE", "RESET"])],
        20 => waiting(m),
        _ => watched(m),
    }
}

/// What makes transactions of other commands.
pub(super) fn blocks(m: &mut Maker<'_>) -> Vec<Bytes> {
    words![m.pick(&["MULTI", "MULTI", "MULTI", "EXEC", "EXEC", "EXEC", "DISCARD"])]
}

fn watched_key(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["w0", "w1", "w2", "l0", "z0"]).into()
}

/// What changes keys that are watched, and what does not.
pub(super) fn watched(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, other) = (m.pick(&["w0", "w1", "w2"]), m.pick(&["w0", "w1"]));
    match m.rng.below(24) {
        0 | 1 => words!["SET", key, m.pick(&["1", "2"])],
        // Of what is watched and changes seldom, most will expire.
        2 => words!["SET", "w3", "1", "PX", m.pick(&["1", "5", "50"])],
        3 => words!["SET", key, "1", m.pick(&["NX", "XX"])],
        4 | 5 => words!["INCR", key],
        6 => words!["GET", key],
        7 => words!["DEL", key],
        8..11 => words!["PEXPIRE", key, m.pick(&["1", "2", "20", "200", "-1"])],
        11 => words!["PERSIST", key],
        12 => words!["SET", key, "1", "PX", m.pick(&["1", "5", "50"])],
        13 => words!["RENAME", key, other],
        14 => words!["COPY", key, other, "REPLACE"],
        15 => words!["MOVE", key, "1"],
        16 => words!["TTL", key],
        17 if m.one_in(4) => words!["FLUSHDB"],
        18 => words!["GETDEL", key],
        19 => words!["APPEND", key, ""],
        20 => words!["MSETNX", key, "1", other, "2"],
        21 => words!["LREM", "l0", "0", "nothing"],
        22 => words!["ZADD", "z0", "NX", "1", "always"],
        _ => words!["EXISTS", key, other],
    }
}

/// Pauses of all clients, seldom among other requests.
pub(super) fn pauses(m: &mut Maker<'_>) -> Vec<Bytes> {
    let ms = m.pick(&["0", "1", "7", "30", "30", "200", "1500"]);
    match m.rng.below(8) {
        0 => words!["CLIENT", "PAUSE", ms],
        1 => words!["CLIENT", "PAUSE", ms, "ALL"],
        2 | 3 => words!["CLIENT", "PAUSE", ms, m.pick(&["WRITE", "write"])],
        4 => words!["CLIENT", "UNPAUSE"],
        _ => watched(m),
    }
}

/// What clients cache, and what changes it. Of keys without deadlines, since nobody knows to the
/// moment when the server tells of those that expire.
pub(super) fn cached(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, other) = (m.pick(&["t0", "t1", "u"]), m.pick(&["t0", "t2"]));
    match m.rng.below(24) {
        0..6 => words!["GET", key],
        6 => words!["MGET", key, other],
        7 => words!["EXISTS", key, other],
        8 => words![m.pick(&["STRLEN", "strlen"]), key],
        9 => words!["GETRANGE", key, "0", "1"],
        10..14 => words!["SET", key, m.pick(&["1", "2"])],
        14 | 15 => words!["INCR", key],
        16 => words!["APPEND", key, "1"],
        17 => words!["DEL", key, other],
        18 => words!["MSET", key, "1", other, "2"],
        19 => words!["GETDEL", key],
        20 => words!["SET", key, "3", m.pick(&["NX", "XX", "GET"])],
        21 => words!["RENAME", key, other],
        22 if m.one_in(3) => words![m.pick(&["FLUSHALL", "FLUSHDB"])],
        22 => words!["SELECT", m.pick(&["0", "0", "1"])],
        _ => words!["PING"],
    }
}

/// Whether and of what a client wants to know.
pub(super) fn caches(m: &mut Maker<'_>) -> Vec<Bytes> {
    let on = words!["CLIENT", "TRACKING", "ON"];
    let and = |more: &[&str]| on.iter().cloned().chain(more.iter().map(|&it| it.into())).collect();
    match m.rng.below(14) {
        0..3 => on,
        3 => and(&["NOLOOP"]),
        4 => and(&["OPTIN"]),
        5 => and(&["OPTOUT", "NOLOOP"]),
        6 => and(&["BCAST"]),
        7 => and(&["BCAST", "PREFIX", m.pick(&["t", "u", "t1"])]),
        8 => and(&["bcast", "noloop", "prefix", "t"]),
        9..12 => words!["CLIENT", "CACHING", m.pick(&["YES", "NO"])],
        _ => words!["HELLO", "3"],
    }
}

/// Messages that are too many for slow readers.
pub(super) fn floods(m: &mut Maker<'_>) -> Vec<Bytes> {
    let payload = vec![b'm'; 20 + m.rng.below(200) as usize];
    match m.rng.below(6) {
        0 => words!["SUBSCRIBE", "c0"],
        1 => words!["PSUBSCRIBE", "c*"],
        _ => words!["PUBLISH", m.pick(&["c0", "c1"]), payload],
    }
}

/// What a history of clients can explain: keys of their own, without deadlines and chance.
pub(super) fn ordered(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (list, other) = (m.pick(&["ol0", "ol0", "ol1"]), m.pick(&["ol0", "ol1"]));
    let (number, word) = (m.pick(&["on0", "on0", "on1"]), element(m));
    match m.rng.below(20) {
        0..3 => words!["INCR", number],
        3 => words!["SET", number, m.pick(&["1", "7"]), m.pick(&["NX", "XX", "GET"])],
        4 => words!["GETSET", number, "100"],
        5 => words!["APPEND", number, "0"],
        6 => words!["DEL", number, list],
        7 => words!["MGET", "on0", "on1"],
        8 => words!["MSET", "on0", "1", "on1", "2"],
        9..12 => words!["RPUSH", list, word],
        12 => words!["LPUSH", list, word],
        13 => words!["LPOP", list],
        14 => words!["BLPOP", list, other, m.pick(&["0.001", "0.05", "1"])],
        15 => words!["BLMOVE", list, other, side(m), side(m), m.pick(&["0.01", "0.2"])],
        16 => words!["LMOVE", list, other, side(m), side(m)],
        17 => words!["LRANGE", list, "0", "-1"],
        _ => words!["GET", number],
    }
}

/// Channels, of which others may hear.
pub(super) fn channels(m: &mut Maker<'_>) -> Vec<Bytes> {
    let channel = m.pick(&["c0", "c0", "c1", "c2"]);
    let pattern = m.pick(&["c*", "c[01]", "*1"]);
    let wide = !m.features.transactions;
    match m.rng.below(24) {
        0 | 1 => words!["SUBSCRIBE", channel],
        2 if wide => words!["SUBSCRIBE", channel, m.pick(&["c0", "c1"])],
        3 | 4 => words!["PSUBSCRIBE", pattern],
        5 => words!["SSUBSCRIBE", channel],
        6 => words!["UNSUBSCRIBE", channel],
        7 if wide => words!["UNSUBSCRIBE"],
        8 => words!["PUNSUBSCRIBE", pattern],
        9 if wide => words!["PUNSUBSCRIBE"],
        10 => words!["SUNSUBSCRIBE", channel],
        11 => words!["PUBSUB", "CHANNELS"],
        12 => words!["PUBSUB", "NUMSUB", channel, "c9"],
        13 => words!["PUBSUB", m.pick(&["NUMPAT", "SHARDCHANNELS"])],
        14 => words!["SPUBLISH", channel, element(m)],
        15 if m.one_in(4) => words!["RESET"],
        15 => words!["PING", element(m)],
        _ => words!["PUBLISH", channel, element(m)],
    }
}
