//! Deadlines of hash fields. The replies are those that Redis documents.

mod support;

use support::{Client, SHARDS, START_MS, check};

#[test]
fn deadlines_are_set_and_shown() {
    check(&[
        ("HSET h a 1 b 2 c 3", ":3"),
        ("HEXPIRE h 100 FIELDS 2 a z", "[:1 :-2]"),
        ("HPEXPIRE h 2500 FIELDS 1 b", "[:1]"),
        ("HTTL h FIELDS 4 a b c z", "[:100 :3 :-1 :-2]"),
        ("HPTTL h FIELDS 4 a b c z", "[:100000 :2500 :-1 :-2]"),
        ("HEXPIRETIME h FIELDS 4 a b c z", "[:1700000100 :1700000003 :-1 :-2]"),
        ("HPEXPIRETIME h FIELDS 4 a b c z", "[:1700000100000 :1700000002500 :-1 :-2]"),
        ("HEXPIREAT h 1700000007 FIELDS 1 a", "[:1]"),
        ("HPEXPIREAT h 1700000008009 FIELDS 1 b", "[:1]"),
        ("HPEXPIRETIME h FIELDS 2 a b", "[:1700000007000 :1700000008009]"),
        ("HPERSIST h FIELDS 4 a c a z", "[:1 :-1 :-1 :-2]"),
        ("HPTTL h FIELDS 2 a b", "[:-1 :8009]"),
        ("HMGET h a b c", "[$1 $2 $3]"),
        ("PTTL h", ":-1"),
    ]);
}

#[test]
fn a_missing_hash_has_no_fields() {
    check(&[
        ("HEXPIRE missing 100 FIELDS 2 a b", "[:-2 :-2]"),
        ("HPEXPIREAT missing 0 NX FIELDS 1 a", "[:-2]"),
        ("HTTL missing FIELDS 1 a", "[:-2]"),
        ("HPEXPIRETIME missing FIELDS 2 a b", "[:-2 :-2]"),
        ("HPERSIST missing FIELDS 1 a", "[:-2]"),
        ("HGETDEL missing FIELDS 2 a b", "[_ _]"),
        ("HGETEX missing EX 10 FIELDS 2 a b", "[_ _]"),
        ("HSETEX missing FXX EX 10 FIELDS 1 a 1", ":0"),
        ("EXISTS missing", ":0"),
    ]);
}

#[test]
fn conditions_compare_with_the_deadline_that_is_there() {
    check(&[
        ("HSET h a 1 b 2", ":2"),
        ("HEXPIRE h 100 XX FIELDS 1 a", "[:0]"),
        ("HEXPIRE h 100 GT FIELDS 1 a", "[:0]"),
        ("HEXPIRE h 100 NX FIELDS 1 a", "[:1]"),
        ("HEXPIRE h 200 nx FIELDS 2 a b", "[:0 :1]"),
        ("HEXPIRE h 150 GT FIELDS 2 a b", "[:1 :0]"),
        ("HTTL h FIELDS 2 a b", "[:150 :200]"),
        ("HEXPIRE h 150 GT FIELDS 1 a", "[:0]"),
        ("HEXPIRE h 150 LT FIELDS 2 a b", "[:0 :1]"),
        ("HEXPIRE h 90 XX FIELDS 2 a b", "[:1 :1]"),
        ("HPERSIST h FIELDS 1 a", "[:1]"),
        ("HEXPIRE h 80 LT FIELDS 1 a", "[:1]"),
        ("HEXPIREAT h 1 NX FIELDS 1 a", "[:0]"),
        ("HEXPIREAT h 1 GT FIELDS 1 a", "[:0]"),
        ("HTTL h FIELDS 2 a b", "[:80 :90]"),
        ("HEXPIREAT h 1 LT FIELDS 1 a", "[:2]"),
        ("HKEYS h", "[$b]"),
    ]);
}

#[test]
fn a_deadline_in_the_past_deletes_the_field() {
    check(&[
        ("HSET h a 1 b 2 c 3 d 4", ":4"),
        ("HEXPIRE h 0 FIELDS 2 a z", "[:2 :-2]"),
        ("HPEXPIREAT h 1700000000000 FIELDS 1 b", "[:2]"),
        ("HPEXPIREAT h 1700000000001 FIELDS 1 c", "[:1]"),
        ("HMGET h a b c d", "[_ _ $3 $4]"),
        ("HLEN h", ":2"),
        ("HEXPIREAT h 0 FIELDS 2 c d", "[:2 :2]"),
        ("EXISTS h", ":0"),
    ]);
}

#[test]
fn an_expired_field_is_seen_by_no_command() {
    check(&[
        ("HSET h a 1 b 22 c 3", ":3"),
        ("HPEXPIRE h 10 FIELDS 2 a b", "[:1 :1]"),
        ("+10ms", ""),
        ("HGET h a", "$1"),
        ("HLEN h", ":3"),
        ("+1ms", ""),
        ("HLEN h", ":1"),
        ("HGETALL h", "{$c=$3}"),
        ("HKEYS h", "[$c]"),
        ("HVALS h", "[$3]"),
        ("HGET h a", "_"),
        ("HMGET h a b c", "[_ _ $3]"),
        ("HEXISTS h a", ":0"),
        ("HSTRLEN h b", ":0"),
        ("HSCAN h 0", "[$0 [$c $3]]"),
        ("HRANDFIELD h", "$c"),
        ("HRANDFIELD h 5", "[$c]"),
        ("HRANDFIELD h -2 WITHVALUES", "[$c $3 $c $3]"),
        ("HTTL h FIELDS 3 a b c", "[:-2 :-2 :-1]"),
        ("HPERSIST h FIELDS 1 a", "[:-2]"),
        ("HEXPIRE h 100 FIELDS 1 a", "[:-2]"),
        ("HGETEX h PERSIST FIELDS 1 a", "[_]"),
        ("HGETDEL h FIELDS 1 a", "[_]"),
        ("HDEL h a", ":0"),
        ("HSETNX h b new", ":1"),
        ("HTTL h FIELDS 1 b", "[:-1]"),
        ("HLEN h", ":2"),
    ]);
}

#[test]
fn an_expired_field_is_a_new_one_to_whoever_writes_it() {
    check(&[
        ("HSET h a 1 b 2 c 3 d 4 e 5", ":5"),
        ("HPEXPIRE h 10 FIELDS 4 a b c d", "[:1 :1 :1 :1]"),
        ("+11ms", ""),
        ("HSET h a x", ":1"),
        ("HINCRBY h b 7", ":7"),
        ("HINCRBYFLOAT h c 0.5", "$0.5"),
        ("HSETEX h FNX KEEPTTL FIELDS 1 d new", ":1"),
        ("HTTL h FIELDS 4 a b c d", "[:-1 :-1 :-1 :-1]"),
        ("HLEN h", ":5"),
    ]);
}

#[test]
fn a_hash_whose_fields_have_all_expired_is_gone() {
    check(&[
        ("HSET h a 1 b 2", ":2"),
        ("HPEXPIRE h 10 FIELDS 1 a", "[:1]"),
        ("HPEXPIRE h 20 FIELDS 1 b", "[:1]"),
        ("COPY h copy", ":1"),
        ("SET s 1", "+OK"),
        ("+20ms", ""),
        ("EXISTS h copy", ":2"),
        ("+1ms", ""),
        ("SCAN 0 COUNT 100", "[$0 [$s]]"),
        ("KEYS *", "[$s]"),
        ("RANDOMKEY", "$s"),
        ("TYPE h", "+none"),
        ("EXISTS h", ":0"),
        ("HGETALL h", "{}"),
        ("HLEN h", ":0"),
        ("OBJECT ENCODING copy", "_"),
        ("HSETNX h c 3", ":1"),
        ("HGETALL h", "{$c=$3}"),
        ("DBSIZE", ":2"),
    ]);
}

#[test]
fn a_hash_without_live_fields_gives_way_to_any_type() {
    check(&[
        ("HSETEX h PX 10 FIELDS 1 a 1", ":1"),
        ("HSETEX g PX 10 FIELDS 1 a 1", ":1"),
        ("HSETEX f PX 10 FIELDS 1 a 1", ":1"),
        ("+11ms", ""),
        ("SETNX h string", ":1"),
        ("LPUSH g item", ":1"),
        ("RENAME f x", "-ERR no such key"),
        ("TTL f", ":-2"),
        ("DEL f", ":0"),
    ]);
}

#[test]
fn a_hash_ends_with_its_last_live_field() {
    check(&[
        ("HSETEX h PX 10 FIELDS 1 a 1", ":1"),
        ("HSET h b 2", ":1"),
        ("+11ms", ""),
        ("HDEL h b", ":1"),
        ("DBSIZE", ":0"),
        ("HSETEX h PX 10 FIELDS 1 a 1", ":1"),
        ("HSET h b 2", ":1"),
        ("+11ms", ""),
        ("HGETDEL h FIELDS 2 b a", "[$2 _]"),
        ("DBSIZE", ":0"),
    ]);
}

#[test]
fn writing_a_field_drops_its_deadline_but_counting_keeps_it() {
    check(&[
        ("HSET h a 1 b 2 c 3 d 4", ":4"),
        ("HEXPIRE h 100 FIELDS 4 a b c d", "[:1 :1 :1 :1]"),
        ("HSET h a x", ":0"),
        ("HINCRBY h b 1", ":3"),
        ("HINCRBYFLOAT h c 1", "$4"),
        ("HMSET h d x", "+OK"),
        ("HTTL h FIELDS 4 a b c d", "[:-1 :100 :100 :-1]"),
        ("HSETNX h b x", ":0"),
        ("HTTL h FIELDS 1 b", "[:100]"),
        ("HDEL h b", ":1"),
        ("HSET h b 1", ":1"),
        ("HTTL h FIELDS 1 b", "[:-1]"),
    ]);
}

#[test]
fn deadlines_go_with_the_key_to_its_new_name_and_to_a_copy() {
    check(&[
        ("HSETEX h PX 10 FIELDS 1 a 1", ":1"),
        ("HSET h b 2", ":1"),
        ("COPY h copy", ":1"),
        ("RENAME h renamed", "+OK"),
        ("MOVE renamed 1", ":1"),
        ("COPY copy copy DB 1", ":1"),
        ("HPTTL copy FIELDS 2 a b", "[:10 :-1]"),
        ("SELECT 1", "+OK"),
        ("HPTTL renamed FIELDS 2 a b", "[:10 :-1]"),
        ("HPTTL copy FIELDS 2 a b", "[:10 :-1]"),
        ("SWAPDB 0 1", "+OK"),
        ("+11ms", ""),
        ("HGETALL copy", "{$b=$2}"),
        ("SELECT 0", "+OK"),
        ("HGETALL renamed", "{$b=$2}"),
        ("HGETALL copy", "{$b=$2}"),
    ]);
}

#[test]
fn hgetdel_gives_and_deletes() {
    check(&[
        ("HSET h a 1 b 2 c 3", ":3"),
        ("HGETDEL h FIELDS 3 a z a", "[$1 _ _]"),
        ("HGETDEL h FIELDS 1 z", "[_]"),
        ("HKEYS h", "[$b $c]"),
        ("HGETDEL h FIELDS 2 b c", "[$2 $3]"),
        ("EXISTS h", ":0"),
        ("SET s 1", "+OK"),
        (
            "HGETDEL s FIELDS 1 a",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("HGETDEL s FIELDS 1", "-ERR wrong number of arguments for 'hgetdel' command"),
        (
            "HGETDEL s FIELD 1 a",
            "-ERR Mandatory argument FIELDS is missing or not at the right position",
        ),
        ("HGETDEL s FIELDS 0 a", "-ERR Number of fields must be a positive integer"),
        ("HGETDEL s FIELDS -1 a", "-ERR Number of fields must be a positive integer"),
        ("HGETDEL s FIELDS x a", "-ERR Number of fields must be a positive integer"),
        (
            "HGETDEL s FIELDS 2 a",
            "-ERR The `numfields` parameter must match the number of arguments",
        ),
        (
            "HGETDEL s FIELDS 9223372036854775807 a",
            "-ERR The `numfields` parameter must match the number of arguments",
        ),
    ]);
}

#[test]
fn hgetex_gives_and_sets_deadlines() {
    check(&[
        ("HSET h a 1 b 2", ":2"),
        ("HGETEX h FIELDS 2 a z", "[$1 _]"),
        ("HGETEX h EX 100 FIELDS 2 a z", "[$1 _]"),
        ("HPTTL h FIELDS 2 a b", "[:100000 :-1]"),
        ("HGETEX h px 50 FIELDS 1 a", "[$1]"),
        ("HPTTL h FIELDS 1 a", "[:50]"),
        ("HGETEX h EXAT 1700000001 FIELDS 2 a b", "[$1 $2]"),
        ("HPTTL h FIELDS 2 a b", "[:1000 :1000]"),
        ("HGETEX h FIELDS 1 a", "[$1]"),
        ("HGETEX h PERSIST FIELDS 1 b", "[$2]"),
        ("HPTTL h FIELDS 2 a b", "[:1000 :-1]"),
        ("HGETEX h PXAT 1 FIELDS 2 a a", "[$1 _]"),
        ("HGETALL h", "{$b=$2}"),
        ("HGETEX h EX 0 FIELDS 1 b", "[$2]"),
        ("EXISTS h", ":0"),
    ]);
}

#[test]
fn hsetex_stores_on_its_condition() {
    check(&[
        ("HSETEX h FXX FIELDS 1 a 1", ":0"),
        ("EXISTS h", ":0"),
        ("HSETEX h FNX EX 100 FIELDS 2 a 1 b 2", ":1"),
        ("HSETEX h FNX FIELDS 2 c 3 a 4", ":0"),
        ("HSETEX h FXX FIELDS 2 c 3 a 4", ":0"),
        ("HMGET h a b c", "[$1 $2 _]"),
        ("HSETEX h PX 50 fxx FIELDS 1 a 5", ":1"),
        ("HPTTL h FIELDS 2 a b", "[:50 :100000]"),
        ("HSETEX h KEEPTTL FIELDS 2 b 6 c 7", ":1"),
        ("HPTTL h FIELDS 2 b c", "[:100000 :-1]"),
        ("HSETEX h FIELDS 1 b 8", ":1"),
        ("HPTTL h FIELDS 1 b", "[:-1]"),
        ("HSETEX h PXAT 1700000000000 FIELDS 2 a x c x", ":1"),
        ("HGETALL h", "{$b=$8}"),
        ("HSETEX h EXAT 0 FIELDS 1 b x", ":1"),
        ("EXISTS h", ":0"),
        ("HSETEX h EX 0 FIELDS 1 b x", ":1"),
        ("EXISTS h", ":0"),
    ]);
}

const MISPLACED: &str = "-ERR Mandatory argument FIELDS is missing or not at the right position";
const MISCOUNTED: &str = "-ERR The `numfields` parameter must match the number of arguments";
const NOT_POSITIVE: &str = "-ERR Number of fields must be a positive integer";
const NOT_ABOVE_0: &str = "-ERR Parameter `numFields` should be greater than 0";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
const NEGATIVE: &str = "-ERR invalid expire time, must be >= 0";
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn the_fields_of_a_command_are_counted() {
    check(&[
        ("HSET h a 1", ":1"),
        ("HEXPIRE h 10 FIELDS 1", "-ERR wrong number of arguments for 'hexpire' command"),
        ("HEXPIRE h 10 a FIELDS 1 a", MISPLACED),
        ("HEXPIRE h 10 NX XX FIELDS 1 a", MISPLACED),
        ("HEXPIRE h 10 FIELDS 0 a", NOT_ABOVE_0),
        ("HEXPIRE h 10 FIELDS -1 a", NOT_ABOVE_0),
        ("HEXPIRE h 10 FIELDS x a", NOT_ABOVE_0),
        ("HEXPIRE h 10 FIELDS 9223372036854775808 a", NOT_ABOVE_0),
        ("HEXPIRE h 10 FIELDS 2 a", MISCOUNTED),
        ("HEXPIRE h 10 FIELDS 1 a b", MISCOUNTED),
        ("HEXPIRE h 10 NX FIELDS 1", MISCOUNTED),
        ("HEXPIRE h 10 FIELDS 1 a NX", MISCOUNTED),
        ("HTTL h FIELDS 1", "-ERR wrong number of arguments for 'httl' command"),
        ("HTTL h a 1 b", MISPLACED),
        ("HTTL h FIELDS 0 a", NOT_POSITIVE),
        ("HPEXPIRETIME h FIELDS 2 a", MISCOUNTED),
        ("HPERSIST h FIELDS x a", NOT_POSITIVE),
        ("HPERSIST h FIELDS 1 a b", MISCOUNTED),
        ("HGETEX h XFIELDS 1 a", MISPLACED),
        ("HGETEX h PERSIST EX 1 FIELDS 1 a", MISPLACED),
        ("HGETEX h EX 1 PERSIST FIELDS 1 a", MISPLACED),
        ("HGETEX h PXAT 1 1", MISPLACED),
        ("HGETEX h FIELDS 0 a", NOT_POSITIVE),
        ("HGETEX h FIELDS 2 a", MISCOUNTED),
        ("HGETALL h", "{$a=$1}"),
        ("HTTL h FIELDS 1 a", "[:-1]"),
    ]);
}

#[test]
fn times_are_within_bounds() {
    check(&[
        ("HSET h a 1", ":1"),
        ("HEXPIRE h x FIELDS 1 a", NOT_AN_INTEGER),
        ("HEXPIRE h 9223372036854775808 FIELDS 1 a", NOT_AN_INTEGER),
        ("HEXPIRE h -1 FIELDS 1 a", NEGATIVE),
        ("HPEXPIREAT h -9223372036854775808 FIELDS 1 a", NEGATIVE),
        (
            "HEXPIRE h 9223372036854775807 FIELDS 1 a",
            "-ERR invalid expire time in 'hexpire' command",
        ),
        (
            "HPEXPIRE h 9223372036854775807 FIELDS 1 a",
            "-ERR invalid expire time in 'hpexpire' command",
        ),
        ("HEXPIREAT h 70368744178 FIELDS 1 a", "-ERR invalid expire time in 'hexpireat' command"),
        (
            "HPEXPIREAT h 70368744177664 FIELDS 1 a",
            "-ERR invalid expire time in 'hpexpireat' command",
        ),
        ("HPEXPIREAT h 70368744177663 FIELDS 1 a", "[:1]"),
        ("HEXPIRETIME h FIELDS 1 a", "[:70368744178]"),
        ("HGETEX h EX x FIELDS 1 a", NOT_AN_INTEGER),
        ("HGETEX h PX -1 FIELDS 1 a", NEGATIVE),
        ("HGETEX h PXAT 70368744177664 FIELDS 1 a", "-ERR invalid expire time in 'hgetex' command"),
        ("HSETEX h EX FIELDS 1 a b", NOT_AN_INTEGER),
        ("HSETEX h EXAT -1 FIELDS 1 a b", NEGATIVE),
        ("HSETEX h EXAT 99999999999 FIELDS 1 a b", "-ERR invalid expire time in 'hsetex' command"),
        ("HGETALL h", "{$a=$1}"),
    ]);
}

#[test]
fn the_options_of_hsetex_exclude_each_other() {
    const ARITY: &str = "-ERR wrong number of arguments for 'hsetex' command";
    const CONDITIONS: &str = "-ERR Only one of FXX or FNX arguments can be specified";
    const DEADLINES: &str =
        "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
    check(&[
        ("HSETEX h FIELDS 1 a", ARITY),
        ("HSETEX h FIELDS 2 a b", ARITY),
        ("HSETEX h FIELDS 2 a b c", ARITY),
        ("HSETEX h FIELDS 1 a b c d", ARITY),
        ("HSETEX h FIELDS 1 a b EX", ARITY),
        ("HSETEX h FNX KEEPTTL FIELDS 1", ARITY),
        ("HSETEX h FIELDS x a b", "-ERR invalid number of fields"),
        ("HSETEX h FIELDS 0 a b", "-ERR invalid number of fields"),
        ("HSETEX h FIELDS -1 a b", "-ERR invalid number of fields"),
        ("HSETEX h NX FIELDS 1 a b", "-ERR unknown argument: NX"),
        ("HSETEX h 1 FIELDS 1 a b", "-ERR unknown argument: 1"),
        ("HSETEX h FXX FNX FIELDS 1 a b", CONDITIONS),
        ("HSETEX h FXX FXX FIELDS 1 a b", CONDITIONS),
        ("HSETEX h EX 1 PX 1 FIELDS 1 a b", DEADLINES),
        ("HSETEX h EX 1 EX 1 FIELDS 1 a b", DEADLINES),
        ("HSETEX h KEEPTTL EX 1 FIELDS 1 a b", DEADLINES),
        ("HSETEX h KEEPTTL KEEPTTL FIELDS 1 a b", DEADLINES),
        ("EXISTS h", ":0"),
    ]);
}

#[test]
fn other_types_are_refused() {
    check(&[
        ("SET s 1", "+OK"),
        ("HEXPIRE s x FIELDS 0 a", WRONG_TYPE),
        ("HPEXPIREAT s 10 FIELDS 1 a", WRONG_TYPE),
        ("HTTL s FIELDS 0 a", WRONG_TYPE),
        ("HPERSIST s x 1 a", WRONG_TYPE),
        ("HGETEX s FIELDS 1 a", WRONG_TYPE),
        ("HSETEX s FIELDS 1 a 1", WRONG_TYPE),
        ("HSETEX s FIELDS 0 a 1", "-ERR invalid number of fields"),
    ]);
}

#[test]
fn the_encoding_tells_of_deadlines() {
    check(&[
        ("HSET h a 1", ":1"),
        ("OBJECT ENCODING h", "$listpack"),
        ("HEXPIRE h 10 FIELDS 1 a", "[:1]"),
        ("OBJECT ENCODING h", "$listpackex"),
    ]);
}

/// Lets the kernel do all that is due, in steps of this budget. How many steps that took.
fn tend(client: &Client, budget: usize) -> usize {
    let mut batch = client.kernel.batch(client.now);
    let mut steps = 1;
    while batch.tend(budget) >= budget {
        steps += 1;
    }
    batch.check();
    steps
}

fn used(client: &mut Client) -> String {
    client.run("MEMORY USAGE h")
}

#[test]
fn expired_fields_are_removed_without_being_asked_for() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        tend(&client, 1000);
        let before = used(&mut client);
        client.run("HSET h stays 1");
        let small = used(&mut client);
        for number in 0..2000 {
            client.run(&format!("HSETEX h PX {} FIELDS 1 field:{number} 1", 100 + number % 10));
        }
        client.run("HSETEX gone PX 100 FIELDS 2 a 1 b 2");
        assert_eq!(client.kernel.due_ms(), Some(START_MS + 101));
        client.run("+104ms");
        tend(&client, 1000);
        assert_eq!(client.run("DBSIZE"), ":1");
        assert_eq!(client.run("HLEN h"), ":1201");
        assert_eq!(client.kernel.due_ms(), Some(START_MS + 105), "with {shards} shards");
        client.run("+6ms");
        assert!(tend(&client, 100) > 5, "a step does as much as its budget allows");
        assert_eq!(client.run("HGETALL h"), "{$stays=$1}");
        assert_eq!(client.kernel.due_ms(), None);
        assert_eq!(client.run("DEL h"), ":1");
        tend(&client, 1000);
        assert_eq!(used(&mut client), before);
        assert_ne!(small, before);
    }
}

#[test]
fn nothing_is_waited_for_that_is_no_longer_there() {
    let ends = [
        "DEL h",
        "SET h string",
        "HPERSIST h FIELDS 1 a",
        "HDEL h a",
        "HSET h a 2",
        "HGETDEL h FIELDS 1 a",
        "FLUSHALL",
        "HSETEX h FIELDS 1 a x",
    ];
    for end in ends {
        for shards in SHARDS {
            let mut client = Client::new(shards);
            client.run("HSET h b 1");
            client.run("HSETEX h PX 100 FIELDS 1 a 1");
            assert_eq!(client.kernel.due_ms(), Some(START_MS + 101), "{end}");
            client.run(end);
            tend(&client, 1000);
            assert_eq!(client.kernel.due_ms(), None, "{end}");
        }
    }
}

#[test]
fn the_first_deadline_is_waited_for_wherever_the_hash_goes() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("HSETEX h PX 100 FIELDS 2 a 1 b 1");
        client.run("HPEXPIRE h 50 FIELDS 1 b");
        client.run("RENAME h g");
        client.run("COPY g f");
        client.run("HPEXPIRE f 40 FIELDS 1 a");
        client.run("MOVE g 3");
        for (ms, due) in [(0, Some(41)), (41, Some(51)), (10, Some(101)), (50, None)] {
            client.run(&format!("+{ms}ms"));
            tend(&client, 10);
            assert_eq!(client.kernel.due_ms(), due.map(|ms| START_MS + ms), "{shards} shards");
        }
        assert_eq!(client.run("DBSIZE"), ":0");
    }
}

#[test]
fn timers_of_fields_count_in_memory() {
    let mut client = Client::new(1);
    client.run("HSET h a 1");
    let stats = |client: &mut Client| client.run("MEMORY STATS");
    let hash = used(&mut client);
    let before = stats(&mut client);
    client.run("HEXPIRE h 10 FIELDS 1 a");
    assert_ne!(used(&mut client), hash);
    assert_ne!(stats(&mut client), before);
}
