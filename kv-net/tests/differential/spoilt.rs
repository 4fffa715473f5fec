//! What is wrong with one argument or two, and no more than that.
//!
//! Each of [`LINES`] is a request that does something with the keys of [`SCENE`]. It is spoilt in
//! one way or two: an argument replaced by one of [`NOISE`], left out, sent twice, moved; the end cut
//! off, another word added. Every such request meets the same scene, and must have the same reply and
//! leave the same values behind as in Redis.

use crate::grammar::{GRAMMAR_APART, Words, bytes};
use crate::{Sequence, Step, name};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A key of each kind.
const SCENE: &[&str] = &[
    "SET string some-text",
    "SET other one-text",
    "SET number 10",
    "RPUSH list a b c a",
    "SADD set a b c",
    "SADD ints 1 2 3",
    "HSET hash a 1 b 2.5 c text",
    "ZADD zset 1 a 2 b 3 c",
    "GEOADD geo 13.361389 38.115556 a 15.087269 37.502669 b",
    "PFADD hll a b c",
    "XADD stream 1-1 f v",
    "XADD stream 2-1 f v",
    "XGROUP CREATE stream g 0",
    "XREADGROUP GROUP g c COUNT 1 STREAMS stream >",
];

const KEYS: &[&str] = &[
    "string", "other", "number", "list", "set", "ints", "hash", "zset", "geo", "hll", "stream",
    "missing",
];

/// What takes the place of an argument, besides [`KEYS`]. No number is a near deadline, or makes a
/// large string.
const NOISE: &[&str] = &[
    "",
    "x",
    "0",
    "-0",
    "-1",
    "100000",
    "+1",
    "01",
    " 1",
    "1 ",
    "1.5",
    "0x10",
    "1e3",
    "1e400",
    "-1e400",
    "1e-400",
    "nan",
    "inf",
    "-inf",
    "(1",
    "[a",
    "-",
    "+",
    "$",
    ">",
    "#",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
    "\0",
    "1\0",
    "\u{ff}",
];

pub(crate) const LINES: &[&str] = &[
    // Strings.
    "GET string",
    "SET string v",
    "SET string v XX GET EX 100",
    "SET missing v NX PX 100000",
    "SET string v KEEPTTL",
    "SET string v EXAT 9999999999",
    "SET string v PXAT 9999999999999 GET",
    "GETDEL string",
    "GETEX string",
    "GETEX string EX 100",
    "GETEX string PX 100000",
    "GETEX string EXAT 9999999999",
    "GETEX string PXAT 9999999999999",
    "GETEX string PERSIST",
    "GETSET string v",
    "MGET string missing list",
    "MSET string v missing w",
    "MSETNX missing v other w",
    "APPEND string v",
    "STRLEN string",
    "GETRANGE string 0 2",
    "SUBSTR string 1 -1",
    "SETRANGE string 2 v",
    "INCR number",
    "DECR number",
    "INCRBY number 5",
    "DECRBY number 5",
    "INCRBYFLOAT number 1.5",
    "SETNX missing v",
    "SETEX string 100 v",
    "PSETEX string 100000 v",
    "LCS string other",
    "LCS string other LEN",
    "LCS string other IDX MINMATCHLEN 2 WITHMATCHLEN",
    // Bitmaps.
    "SETBIT string 7 1",
    "GETBIT string 7",
    "BITCOUNT string",
    "BITCOUNT string 0 -1",
    "BITCOUNT string 0 -1 BIT",
    "BITCOUNT string 0 -1 BYTE",
    "BITPOS string 1",
    "BITPOS string 0 1",
    "BITPOS string 0 1 -1 BYTE",
    "BITPOS string 1 2 -1 BIT",
    "BITOP AND missing string other",
    "BITOP NOT missing string",
    "BITOP OR missing string other",
    "BITOP XOR missing string other",
    "BITFIELD string GET u8 0",
    "BITFIELD string SET i5 #1 7",
    "BITFIELD string OVERFLOW SAT INCRBY u63 3 1",
    "BITFIELD string OVERFLOW FAIL INCRBY u2 3 3 OVERFLOW WRAP INCRBY i2 3 3",
    "BITFIELD_RO string GET u8 0 GET i64 #1",
    // HyperLogLogs.
    "PFADD hll a b",
    "PFCOUNT hll missing",
    "PFMERGE missing hll",
    "PFDEBUG ENCODING hll",
    "PFDEBUG TODENSE hll",
    "PFSELFTEST",
    // Lists.
    "LPUSH list x y",
    "RPUSH list x y",
    "LPUSHX list x",
    "RPUSHX list x",
    "LPOP list",
    "LPOP list 2",
    "RPOP list",
    "RPOP list 2",
    "LLEN list",
    "LRANGE list 0 -1",
    "LINDEX list 1",
    "LSET list 1 x",
    "LINSERT list BEFORE b x",
    "LINSERT list AFTER b x",
    "LREM list 1 a",
    "LTRIM list 1 2",
    "LPOS list a",
    "LPOS list a RANK 1 COUNT 1 MAXLEN 10",
    "LMOVE list missing LEFT RIGHT",
    "RPOPLPUSH list missing",
    "LMPOP 2 missing list LEFT",
    "LMPOP 1 list RIGHT COUNT 2",
    // Hashes.
    "HSET hash a 2 d 3",
    "HMSET hash a 2 d 3",
    "HSETNX hash d 3",
    "HGET hash a",
    "HMGET hash a d",
    "HGETALL hash",
    "HKEYS hash",
    "HVALS hash",
    "HLEN hash",
    "HEXISTS hash a",
    "HSTRLEN hash c",
    "HDEL hash a b",
    "HINCRBY hash a 5",
    "HINCRBYFLOAT hash b 1.5",
    "HRANDFIELD hash",
    "HRANDFIELD hash 2 WITHVALUES",
    "HSCAN hash 0 MATCH * COUNT 10",
    // Sets.
    "SADD set d e",
    "SADD ints 7 8",
    "SREM set a",
    "SMOVE set ints a",
    "SISMEMBER set a",
    "SMISMEMBER set a d",
    "SCARD set",
    "SMEMBERS set",
    "SINTER set ints",
    "SINTERSTORE missing set",
    "SINTERCARD 2 set ints LIMIT 1",
    "SUNION set ints",
    "SUNIONSTORE missing set ints",
    "SDIFF set ints",
    "SDIFFSTORE missing set ints",
    "SPOP set",
    "SPOP set 2",
    "SRANDMEMBER set",
    "SRANDMEMBER set 2",
    "SSCAN set 0 MATCH * COUNT 10",
    // Sorted sets.
    "ZADD zset 5 d",
    "ZADD zset NX CH 5 d 6 a",
    "ZADD zset XX GT CH 5 a",
    "ZADD zset LT INCR -5 a",
    "ZINCRBY zset 1.5 a",
    "ZREM zset a",
    "ZSCORE zset a",
    "ZMSCORE zset a d",
    "ZCARD zset",
    "ZCOUNT zset 1 (3",
    "ZLEXCOUNT zset - [b",
    "ZRANK zset b",
    "ZREVRANK zset b",
    "ZRANGE zset 0 -1 REV WITHSCORES",
    "ZRANGE zset 1 3 BYSCORE LIMIT 0 2",
    "ZRANGE zset - + BYLEX",
    "ZRANGEBYSCORE zset 1 3 WITHSCORES LIMIT 0 2",
    "ZREVRANGEBYSCORE zset 3 1 WITHSCORES LIMIT 0 2",
    "ZREVRANGE zset 0 -1 WITHSCORES",
    "ZRANGEBYLEX zset - + LIMIT 0 2",
    "ZREVRANGEBYLEX zset + - LIMIT 0 2",
    "ZRANGESTORE missing zset 0 -1 REV",
    "ZRANGESTORE missing zset 1 3 BYSCORE LIMIT 0 2",
    "ZRANGESTORE missing zset - + BYLEX",
    "ZREMRANGEBYRANK zset 0 1",
    "ZREMRANGEBYSCORE zset 1 2",
    "ZREMRANGEBYLEX zset - [b",
    "ZPOPMIN zset",
    "ZPOPMIN zset 2",
    "ZPOPMAX zset",
    "ZPOPMAX zset 2",
    "ZMPOP 2 missing zset MIN",
    "ZMPOP 1 zset MAX COUNT 2",
    "ZRANDMEMBER zset",
    "ZRANDMEMBER zset 2 WITHSCORES",
    "ZSCAN zset 0 MATCH * COUNT 10",
    "ZUNION 2 zset set WEIGHTS 1 2 AGGREGATE MAX WITHSCORES",
    "ZUNION 1 zset AGGREGATE SUM",
    "ZUNION 1 zset AGGREGATE MIN",
    "ZINTER 2 zset set WEIGHTS 1 2 AGGREGATE MIN WITHSCORES",
    "ZINTER 1 zset AGGREGATE SUM",
    "ZINTER 1 zset AGGREGATE MAX",
    "ZDIFF 2 zset ints WITHSCORES",
    "ZUNIONSTORE missing 2 zset set WEIGHTS 1 2 AGGREGATE SUM",
    "ZUNIONSTORE missing 2 zset set AGGREGATE MIN",
    "ZUNIONSTORE missing 2 zset set AGGREGATE MAX",
    "ZINTERSTORE missing 2 zset set WEIGHTS 1 2 AGGREGATE SUM",
    "ZINTERSTORE missing 2 zset set AGGREGATE MIN",
    "ZINTERSTORE missing 2 zset set AGGREGATE MAX",
    "ZDIFFSTORE missing 2 zset ints",
    "ZINTERCARD 2 zset set LIMIT 1",
    // Streams.
    "XADD stream 3-1 f v",
    "XADD stream NOMKSTREAM MAXLEN = 1 3-1 f v",
    "XADD stream MINID ~ 1 LIMIT 10 3-1 f v",
    "XLEN stream",
    "XRANGE stream - + COUNT 1",
    "XREVRANGE stream + - COUNT 1",
    "XDEL stream 1-1",
    "XTRIM stream MAXLEN 1",
    "XTRIM stream MAXLEN = 1",
    "XTRIM stream MINID ~ 1 LIMIT 10",
    "XSETID stream 5-1",
    "XSETID stream 5-1 ENTRIESADDED 5 MAXDELETEDID 1-1",
    "XREAD COUNT 1 STREAMS stream 0",
    "XREAD STREAMS stream missing 0 0",
    "XREADGROUP GROUP g c COUNT 1 NOACK STREAMS stream >",
    "XREADGROUP GROUP g c STREAMS stream 0",
    "XACK stream g 1-1",
    "XPENDING stream g",
    "XPENDING stream g - + 10",
    "XPENDING stream g IDLE 0 - + 10 c",
    "XCLAIM stream g d 0 1-1",
    "XCLAIM stream g d 0 1-1 IDLE 5 RETRYCOUNT 3 FORCE JUSTID LASTID 1-1",
    "XCLAIM stream g d 0 1-1 TIME 5",
    "XAUTOCLAIM stream g d 0 0 COUNT 10 JUSTID",
    "XGROUP CREATE stream h 0",
    "XGROUP CREATE missing h $ MKSTREAM ENTRIESREAD 1",
    "XGROUP SETID stream g 0 ENTRIESREAD 1",
    "XGROUP SETID stream g $",
    "XGROUP DESTROY stream g",
    "XGROUP CREATECONSUMER stream g d",
    "XGROUP DELCONSUMER stream g c",
    "XGROUP HELP",
    "XINFO STREAM stream",
    "XINFO STREAM stream FULL COUNT 1",
    "XINFO GROUPS stream",
    "XINFO CONSUMERS stream g",
    "XINFO HELP",
    // Geo.
    "GEOADD geo 1 2 c",
    "GEOADD geo NX CH 1 2 c",
    "GEOADD geo XX CH 1 2 a",
    "GEODIST geo a b",
    "GEODIST geo a b KM",
    "GEODIST geo a b M",
    "GEODIST geo a b FT",
    "GEODIST geo a b MI",
    "GEOHASH geo a b",
    "GEOPOS geo a b",
    "GEOSEARCH geo FROMMEMBER a BYRADIUS 200 KM ASC",
    "GEOSEARCH geo FROMMEMBER a BYRADIUS 200000 M DESC",
    "GEOSEARCH geo FROMMEMBER a BYRADIUS 200000 FT",
    "GEOSEARCH geo FROMMEMBER a BYBOX 200 300 MI",
    "GEOSEARCH geo FROMLONLAT 15 37 BYBOX 400 400 KM ASC COUNT 1 ANY WITHCOORD WITHDIST WITHHASH",
    "GEOSEARCHSTORE missing geo FROMMEMBER a BYRADIUS 200 KM STOREDIST",
    "GEOSEARCHSTORE missing geo FROMLONLAT 15 37 BYBOX 400000 400000 M COUNT 1 ANY",
    "GEOSEARCHSTORE missing geo FROMMEMBER a BYRADIUS 200 FT ASC",
    "GEOSEARCHSTORE missing geo FROMMEMBER a BYRADIUS 200 MI DESC",
    "GEORADIUS geo 15 37 200 KM WITHCOORD WITHDIST WITHHASH COUNT 1 ANY ASC",
    "GEORADIUS geo 15 37 200 KM STORE missing",
    "GEORADIUS geo 15 37 200 MI STOREDIST missing DESC",
    "GEORADIUS geo 15 37 200000 M",
    "GEORADIUS geo 15 37 200000 FT",
    "GEORADIUS_RO geo 15 37 200 KM DESC",
    "GEORADIUS_RO geo 15 37 200 MI WITHCOORD WITHDIST WITHHASH COUNT 1 ANY ASC",
    "GEORADIUS_RO geo 15 37 200000 M",
    "GEORADIUS_RO geo 15 37 200000 FT",
    "GEORADIUSBYMEMBER geo a 200 KM STOREDIST missing",
    "GEORADIUSBYMEMBER geo a 200 MI WITHCOORD WITHDIST WITHHASH COUNT 1 ANY ASC",
    "GEORADIUSBYMEMBER geo a 200000 M STORE missing",
    "GEORADIUSBYMEMBER geo a 200000 FT DESC",
    "GEORADIUSBYMEMBER_RO geo a 200 KM COUNT 1",
    "GEORADIUSBYMEMBER_RO geo a 200 MI WITHCOORD WITHDIST WITHHASH COUNT 1 ANY ASC",
    "GEORADIUSBYMEMBER_RO geo a 200000 M DESC",
    "GEORADIUSBYMEMBER_RO geo a 200000 FT",
    // Of all types.
    "DEL string list",
    "UNLINK string list",
    "EXISTS string missing",
    "TOUCH string missing",
    "TYPE string",
    "OBJECT ENCODING string",
    "OBJECT REFCOUNT string",
    "OBJECT IDLETIME string",
    "OBJECT FREQ string",
    "OBJECT HELP",
    "KEYS *",
    "SCAN 0 MATCH * COUNT 100 TYPE string",
    "RANDOMKEY",
    "RENAME string missing",
    "RENAMENX string missing",
    "COPY string missing DB 1 REPLACE",
    "MOVE string 1",
    "EXPIRE string 100 NX",
    "EXPIRE string 100 XX",
    "EXPIRE string 100 GT",
    "EXPIRE string 100 LT",
    "PEXPIRE string 100000 NX",
    "PEXPIRE string 100000 XX",
    "PEXPIRE string 100000 GT",
    "PEXPIRE string 100000 LT",
    "EXPIREAT string 9999999999 NX",
    "EXPIREAT string 9999999999 XX",
    "EXPIREAT string 9999999999 GT",
    "EXPIREAT string 9999999999 LT",
    "PEXPIREAT string 9999999999999 NX",
    "PEXPIREAT string 9999999999999 XX",
    "PEXPIREAT string 9999999999999 GT",
    "PEXPIREAT string 9999999999999 LT",
    "TTL string",
    "PTTL string",
    "EXPIRETIME string",
    "PEXPIRETIME string",
    "PERSIST string",
    "DUMP string",
    "RESTORE missing 0 \0\u{c0}\u{fb}\x0a\0I\u{c4}\u{c6}\u{f4}\u{d7}&?h",
    "RESTORE string 9999999999999 \0\u{c0}\u{fb}\x0a\0I\u{c4}\u{c6}\u{f4}\u{d7}&?h REPLACE ABSTTL \
     IDLETIME 5",
    "RESTORE string 0 \0\u{c0}\u{fb}\x0a\0I\u{c4}\u{c6}\u{f4}\u{d7}&?h REPLACE FREQ 5",
    "SORT ints",
    "SORT ints ASC",
    "SORT list ALPHA LIMIT 0 2 DESC",
    "SORT ints BY nosort GET # GET x* STORE missing",
    "SORT_RO ints BY x* GET # ASC",
    "SORT_RO list ALPHA LIMIT 0 2 DESC",
];

/// Elements enough that collections are not as small as those of the scene are in Redis.
const LARGE: usize = 150;

/// Some spoilt requests, each with a scene of its own.
pub(crate) fn sequences() -> impl Strategy<Value = Sequence> {
    let request = select(LINES).prop_flat_map(|line| {
        let once = select(spoilt(&words(line)));
        once.prop_flat_map(|once| prop_oneof![Just(once.clone()), select(spoilt(&once))])
    });
    let sizes = prop_oneof![9 => Just(0), 1 => Just(LARGE)];
    (select(&["2", "3"][..]), sizes, vec(request, 1..40)).prop_map(|(protocol, size, requests)| {
        let steps = requests.iter().flat_map(|request| steps(size, request)).collect();
        Sequence { protocol, steps }
    })
}

/// Sets the scene, with so many elements more, sends the request and looks at what it did.
fn steps(size: usize, request: &Words) -> Vec<Step> {
    let mut scene: Vec<Words> =
        [&"FLUSHALL"].into_iter().chain(SCENE).map(|line| words(line)).collect();
    if size > 0 {
        scene.extend(more(size));
    }
    let of_key = |command: &str| {
        KEYS.iter().map(|key| vec![bytes(command), bytes(key)]).collect::<Vec<Words>>()
    };
    let look = [of_key("DUMP"), of_key("PEXPIRETIME"), vec![words("KEYS *")]].concat();
    vec![Step::Pipeline(scene), step(request), Step::Pipeline(look)]
}

/// More elements for each collection.
fn more(size: usize) -> Vec<Words> {
    let each = |element: fn(usize) -> String| (0..size).map(element).collect::<String>();
    let lines = [
        format!("RPUSH list{}", each(|n| format!(" e{n}"))),
        format!("SADD set{}", each(|n| format!(" e{n}"))),
        format!("SADD ints{}", each(|n| format!(" {}", n + 10))),
        format!("HSET hash{}", each(|n| format!(" f{n} {n}"))),
        format!("ZADD zset{}", each(|n| format!(" {n} e{n}"))),
        format!("GEOADD geo{}", each(|n| format!(" 14.{n:03} 37.{n:03} e{n}"))),
        format!("PFADD hll{}", each(|n| format!(" e{n}"))),
    ];
    let entries = (0..size).map(|n| format!("XADD stream 2-{} f v", n + 2));
    lines.into_iter().chain(entries).map(|line| words(&line)).collect()
}

fn step(request: &Words) -> Step {
    let name = name(request);
    let is_named =
        |line: &&str| line.split(' ').next().is_some_and(|n| n.eq_ignore_ascii_case(&name));
    match GRAMMAR_APART.iter().any(is_named) {
        true => Step::Apart(request.clone()),
        false => Step::Pipeline(vec![request.clone()]),
    }
}

fn words(line: &str) -> Words {
    line.split(' ').map(bytes).collect()
}

/// A request spoilt in every way.
fn spoilt(words: &Words) -> Vec<Words> {
    let end = words.len();
    let mut all: Vec<Words> = (1..end).map(|len| words[..len].to_vec()).collect();
    for (at, word) in words.iter().enumerate().skip(1) {
        let noise = NOISE.iter().chain(KEYS).map(|noise| vec![bytes(noise)]);
        all.extend(noise.map(|noise| with(words, at, 1, noise)));
        all.push(with(words, at, 1, vec![]));
        all.push(with(words, at, 1, vec![word.clone(), word.clone()]));
        all.push(with(words, at, 1, vec![word.to_ascii_lowercase()]));
        all.extend(
            words.get(at + 1).map(|next| with(words, at, 2, vec![next.clone(), word.clone()])),
        );
        all.extend(words[1..].iter().map(|other| with(words, at, 0, vec![other.clone()])));
    }
    all.extend(words.iter().map(|word| with(words, end, 0, vec![word.clone()])));
    all.extend(["", "x", "1"].map(|more| with(words, end, 0, vec![bytes(more)])));
    all
}

/// The words with others instead of `len` of them.
fn with(words: &Words, at: usize, len: usize, others: Words) -> Words {
    let mut words = words.clone();
    words.splice(at..at + len, others);
    words
}
