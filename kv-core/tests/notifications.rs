//! What is published of keys: `notify-keyspace-events`. The events are those of Redis.

mod support;

use kv_core::session::Session;
use support::{Client, SHARDS};

/// A server and a session that listens to it.
struct Audience {
    client: Client,
    listener: Session,
}

impl Audience {
    fn new(shards: usize, classes: &str, pattern: &str) -> Self {
        let mut client = Client::new(shards);
        client.run(&format!("CONFIG SET notify-keyspace-events {classes}"));
        let mut listener = client.open();
        std::mem::swap(&mut client.session, &mut listener);
        client.run(&format!("PSUBSCRIBE {pattern}"));
        std::mem::swap(&mut client.session, &mut listener);
        Self { client, listener }
    }

    /// The events of a request: `event key`, with the number of the database if it is not 0.
    fn events_of(&mut self, request: &str) -> String {
        self.client.run(request);
        self.heard()
    }

    fn heard(&mut self) -> String {
        let told = self.client.told(&mut self.listener);
        let events = told.split("__keyevent@").skip(1).map(|message| {
            let (database, message) = message.split_once("__:").expect("the channel has a prefix");
            let (event, message) = message.split_once(" $").expect("a key follows the event");
            let key = message.split(']').next().expect("the message ends");
            let database = if database == "0" { String::new() } else { format!("@{database}") };
            format!("{event} {key}{database}")
        });
        events.collect::<Vec<_>>().join(", ")
    }
}

/// Runs the requests on a new server and compares the events of each.
#[track_caller]
fn check(table: &[(&str, &str)]) {
    for shards in SHARDS {
        // Not `*`, since the name of the pattern would be taken for a channel.
        let mut audience = Audience::new(shards, "EAmn", "__key?vent*");
        for (request, expected) in table {
            let events = audience.events_of(request);
            assert_eq!(events, *expected, "{request}, with {shards} shards");
        }
    }
}

#[test]
fn an_event_is_told_by_key_and_then_by_event() {
    let mut audience = Audience::new(16, "KEA", "__key*");
    audience.client.run("SELECT 3");
    audience.client.run("SET a 1 EX 10");
    assert_eq!(
        audience.client.told(&mut audience.listener),
        ">[$pmessage $__key* $__keyspace@3__:a $set] \
         >[$pmessage $__key* $__keyevent@3__:set $a] \
         >[$pmessage $__key* $__keyspace@3__:a $expire] \
         >[$pmessage $__key* $__keyevent@3__:expire $a]"
    );
}

#[test]
fn only_what_is_asked_for_is_told() {
    let table = [
        ("\"\"", "set", ""),
        ("A", "set", ""),
        ("E", "set", ""),
        ("E$", "set", "set a"),
        ("K$", "set", ""),
        ("Eg", "set", "expire a"),
        ("Eglshzxetd", "set", "expire a"),
        ("En", "set", "new a"),
        ("EA", "get", ""),
        ("Em", "get", "keymiss a"),
        ("EAmn", "set", "new a, set a, expire a"),
    ];
    for (classes, command, expected) in table {
        let mut audience = Audience::new(1, classes, "__key?vent*");
        let request = if command == "get" { "GET a" } else { "SET a 1 EX 10" };
        assert_eq!(audience.events_of(request), expected, "{classes}");
    }
}

#[test]
fn the_setting_can_be_changed_at_any_time() {
    check(&[
        ("SET a 1", "new a, set a"),
        ("CONFIG SET notify-keyspace-events E$", ""),
        ("SET b 1", "set b"),
        ("CONFIG SET notify-keyspace-events \"\"", ""),
        ("SET c 1", ""),
        ("CONFIG SET notify-keyspace-events AE", ""),
        ("DEL c", "del c"),
    ]);
}

#[test]
fn keys_of_any_type() {
    check(&[
        ("MSET a 1 b 2", "new a, set a, new b, set b"),
        ("RENAME a b", "new b, rename_from a, rename_to b"),
        ("RENAME b b", ""),
        ("RENAMENX b c", "new c, rename_from b, rename_to c"),
        ("COPY c d", "new d, copy_to d"),
        ("COPY c d", ""),
        ("COPY c d REPLACE", "new d, copy_to d"),
        ("COPY c c DB 2", "new c@2, copy_to c@2"),
        ("MOVE c 1", "new c@1, move_from c, move_to c@1"),
        ("MOVE c 1", ""),
        ("EXPIRE d 100", "expire d"),
        ("EXPIRE d 200 NX", ""),
        ("PERSIST d", "persist d"),
        ("PERSIST d", ""),
        ("PEXPIREAT d 1", "del d"),
        ("COPY missing d", "keymiss missing"),
        ("TYPE missing", "keymiss missing"),
        ("EXISTS missing", "keymiss missing"),
        ("OBJECT ENCODING missing", ""),
        ("MEMORY USAGE missing", ""),
        ("SWAPDB 0 1", ""),
        ("UNLINK c missing", "del c"),
        ("FLUSHALL", ""),
    ]);
}

#[test]
fn strings_and_what_they_hold() {
    check(&[
        ("SETEX s 10 a", "new s, set s, expire s"),
        ("SET s a KEEPTTL", "set s"),
        ("SET s a NX", ""),
        ("SET missing a XX GET", "keymiss missing"),
        ("GETEX s PERSIST", "persist s"),
        ("GETEX s PERSIST", ""),
        ("GETEX s EX 10", "expire s"),
        ("GETEX s PXAT 1", "del s"),
        ("GETSET s b", "keymiss s, new s, set s"),
        ("GETDEL s", "del s"),
        ("APPEND s a", "new s, append s"),
        ("SETRANGE s 1 b", "setrange s"),
        ("SETRANGE s 1 \"\"", ""),
        ("INCR n", "new n, incrby n"),
        ("DECRBY n 2", "incrby n"),
        ("INCRBYFLOAT n 1.5", "incrbyfloat n"),
        ("INCREX m EX 10", "new m, incrby m, expire m"),
        ("SETBIT s 7 0", "setbit s"),
        ("SETBIT s 7 0", ""),
        ("BITFIELD s SET u8 0 7 INCRBY u8 0 1", "setbit s"),
        ("BITFIELD s SET u8 0 8", ""),
        ("BITOP NOT t s", "new t, set t"),
        ("BITOP NOT t missing", "keymiss missing, del t"),
        ("PFADD p a", "new p, pfadd p"),
        ("PFADD p a", ""),
        ("PFMERGE q p", "keymiss q, new q, pfadd q"),
        ("MSETEX 1 a 1 PX 5000", "new a, set a, expire a"),
        ("DELEX a", "del a"),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("RPUSH l a b c d", "new l, rpush l"),
        ("LPUSHX l z", "lpush l"),
        ("LPUSHX missing z", ""),
        ("LPOP l", "lpop l"),
        ("RPOP l 0", ""),
        ("LMOVE l k LEFT RIGHT", "new k, rpush k, lpop l"),
        ("RPOPLPUSH k k", "lpush k, rpop k"),
        ("RPOPLPUSH k l", "lpush l, rpop k, del k"),
        ("LSET l 0 x", "lset l"),
        ("LINSERT l BEFORE b q", "linsert l"),
        ("LINSERT l BEFORE missing q", ""),
        ("LREM l 0 missing", ""),
        ("LREM l 0 q", "lrem l"),
        ("SORT l ALPHA STORE k", "new k, sortstore k"),
        ("LTRIM l 0 1", "ltrim l"),
        ("LTRIM l 5 6", "ltrim l, del l"),
        ("LTRIM l 5 6", ""),
        ("BLPOP missing k 0", "lpop k"),
        ("BRPOP k 0", "rpop k"),
        ("LMPOP 1 k RIGHT COUNT 9", "rpop k, del k"),
        ("LRANGE k 0 1", "keymiss k"),
    ]);
}

#[test]
fn what_a_push_wakes_is_told_behind_it() {
    let mut audience = Audience::new(16, "EA", "__key?vent*");
    let mut waiting = audience.client.open();
    std::mem::swap(&mut audience.client.session, &mut waiting);
    let args: kv_core::args::OwnedArgs = ["BLMOVE", "a", "b", "LEFT", "LEFT", "0"].iter().collect();
    let mut out = support::Text::new(kv_core::reply::Protocol::V2);
    let now = audience.client.now;
    let session = &mut audience.client.session;
    let flow = audience.client.kernel.batch(now).execute(session, args.as_args(), &mut out);
    assert_eq!(flow, kv_core::kernel::Flow::Wait);
    std::mem::swap(&mut audience.client.session, &mut waiting);
    assert_eq!(audience.events_of("RPUSH a x"), "rpush a, lpush b, lpop a, del a");
    audience.client.kernel.close_session(waiting);
}

#[test]
fn sets_and_sorted_sets() {
    check(&[
        ("SADD s a b c", "new s, sadd s"),
        ("SADD s a", ""),
        ("SMOVE s t a", "srem s, new t, sadd t"),
        ("SREM s b", "srem s"),
        ("SMOVE s t c", "srem s, del s, sadd t"),
        ("SPOP t", "spop t"),
        ("SUNIONSTORE s t", "new s, sunionstore s"),
        ("SINTERSTORE s missing", "keymiss missing, del s"),
        ("SPOP t 9", "spop t, del t"),
        ("ZADD z 1 a 2 b 3 c", "new z, zadd z"),
        ("ZADD z 1 a", ""),
        ("ZADD z XX CH 5 a", "zadd z"),
        ("ZINCRBY z 1 a", "zincr z"),
        ("ZINCRBY z 0 a", ""),
        ("ZREM z a", "zrem z"),
        ("ZRANGESTORE y z 0 -1", "new y, zrangestore y"),
        ("ZUNIONSTORE y 1 z", "zunionstore y"),
        ("ZREMRANGEBYSCORE z 9 10", ""),
        ("ZREMRANGEBYSCORE z 0 10", "zremrangebyscore z, del z"),
        ("ZREMRANGEBYRANK y 0 0", "zremrangebyrank y"),
        ("ZPOPMAX y 0", ""),
        ("ZPOPMAX y", "zpopmax y, del y"),
        ("GEOADD g 1 1 a", "new g, zadd g"),
        ("GEOSEARCHSTORE h g FROMMEMBER a BYRADIUS 1 m", "new h, geosearchstore h"),
        ("GEORADIUSBYMEMBER g a 1 m STORE h", "georadiusstore h"),
    ]);
}

#[test]
fn hashes_and_deadlines_of_fields() {
    check(&[
        ("HSET h a 1 b 2", "new h, hset h"),
        ("HSETNX h a 1", ""),
        ("HINCRBY h a 1", "hincrby h"),
        ("HINCRBYFLOAT h a 0.5", "hincrbyfloat h"),
        ("HEXPIRE h 10 FIELDS 1 a", "hexpire h"),
        ("HEXPIRE h 10 FIELDS 1 missing", ""),
        ("HPERSIST h FIELDS 1 a", "hpersist h"),
        ("HPERSIST h FIELDS 1 a", ""),
        ("HEXPIRE h 0 FIELDS 1 a", "hdel h"),
        ("HGETEX h EX 10 FIELDS 1 b", "hexpire h"),
        ("HGETEX h PERSIST FIELDS 1 b", "hpersist h"),
        ("HGETDEL h FIELDS 1 b", "hdel h, del h"),
        ("HSETEX h EX 10 FIELDS 1 a 1", "new h, hset h, hexpire h"),
        ("HDEL h a", "hdel h, del h"),
        ("HSETEX h PXAT 1 FIELDS 1 a 1", "new h, hset h, hdel h, del h"),
    ]);
}

#[test]
fn streams_and_their_groups() {
    check(&[
        ("XADD x 1-1 f v", "new x, xadd x"),
        ("XADD x MAXLEN 1 2-1 f v", "xadd x, xtrim x"),
        ("XTRIM x MAXLEN 1", ""),
        ("XGROUP CREATE x g 0", "xgroup-create x"),
        ("XGROUP CREATE y g 0 MKSTREAM", "new y, xgroup-create y"),
        ("XGROUP CREATECONSUMER x g a", "xgroup-createconsumer x"),
        ("XGROUP CREATECONSUMER x g a", ""),
        ("XREADGROUP GROUP g b STREAMS x >", "xgroup-createconsumer x"),
        ("XREADGROUP GROUP g b STREAMS x >", ""),
        ("XCLAIM x g c 0 2-1", "xgroup-createconsumer x"),
        ("XAUTOCLAIM x g d 0 0", "xgroup-createconsumer x"),
        ("XACK x g 2-1", ""),
        ("XGROUP DELCONSUMER x g d", "xgroup-delconsumer x"),
        ("XGROUP SETID x g 0", "xgroup-setid x"),
        ("XGROUP DESTROY x g", "xgroup-destroy x"),
        ("XDEL x 2-1", "xdel x"),
        ("XDEL x 2-1", ""),
        ("XSETID x 9-9", "xsetid x"),
    ]);
}

#[test]
fn a_key_that_expires_is_told_of_when_it_is_found() {
    check(&[
        ("SET a 1 PX 100", "new a, set a, expire a"),
        ("+101ms", ""),
        ("GET a", "expired a, keymiss a"),
        ("SET a 1 PX 100", "new a, set a, expire a"),
        ("+101ms", ""),
        ("SET a 1", "expired a, new a, set a"),
        ("HSETEX h PX 100 FIELDS 1 f v", "new h, hset h, hexpire h"),
        ("+101ms", ""),
        ("HLEN h", "hexpired h, del h, keymiss h"),
    ]);
}

#[test]
fn a_key_that_expires_is_told_of_in_time_though_nobody_looks() {
    for shards in SHARDS {
        let mut audience = Audience::new(shards, "EA", "__key?vent*");
        audience.client.run("SET a 1 PX 100");
        audience.client.run("HSET h f 1 g 1");
        audience.client.run("HPEXPIRE h 200 FIELDS 1 f");
        audience.heard();
        for (ms, expected) in [(99, ""), (2, "expired a"), (100, "hexpired h")] {
            audience.client.run(&format!("+{ms}ms"));
            audience.client.kernel.batch(audience.client.now).tend(1000);
            assert_eq!(audience.heard(), expected, "with {shards} shards");
        }
        audience.client.run("HPEXPIRE h 100 FIELDS 1 g");
        audience.client.run("+101ms");
        audience.heard();
        audience.client.kernel.batch(audience.client.now).tend(1000);
        assert_eq!(audience.heard(), "hexpired h, del h", "with {shards} shards");
    }
}

#[test]
fn a_key_that_is_evicted_is_told_of() {
    for shards in SHARDS {
        let mut audience = Audience::new(shards, "Ee", "__key?vent*");
        audience.client.run("CONFIG SET maxmemory-policy allkeys-random");
        audience.client.run(&format!("SET a {}", "x".repeat(1000)));
        audience.client.run("CONFIG SET maxmemory 1");
        assert_eq!(audience.events_of("SET b 1"), "evicted a", "with {shards} shards");
    }
}

#[test]
fn what_a_transaction_does_is_told_in_its_order() {
    check(&[
        ("MULTI", ""),
        ("RPUSH l a", ""),
        ("SET s 1", ""),
        ("LPOP l", ""),
        ("EXEC", "new l, rpush l, new s, set s, lpop l, del l"),
    ]);
}
