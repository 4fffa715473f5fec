//! The set commands. The replies are those of Redis, but for the order of members, which it leaves
//! open: sets are written in the order of their bytes here.

mod support;

use std::collections::BTreeSet;
use support::{Client, SHARDS, words};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

/// Runs the requests on a new server and compares each reply, sets without regard to order.
#[track_caller]
fn check(table: &[(&str, &str)]) {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        for (request, expected) in table {
            let reply = in_order(&client.run(request));
            assert_eq!(reply, *expected, "{request}, with {shards} shards");
        }
    }
}

/// The reply with the members of a set sorted.
fn in_order(reply: &str) -> String {
    match reply.strip_prefix("~[").and_then(|rest| rest.strip_suffix(']')) {
        Some(members) => {
            let mut members: Vec<&str> = members.split(' ').collect();
            members.sort_unstable();
            format!("~[{}]", members.join(" "))
        }
        None => reply.to_string(),
    }
}

/// The elements of a flat array or set of strings.
#[track_caller]
fn members(reply: &str) -> Vec<String> {
    let inner = reply.trim_start_matches('~').strip_prefix('[');
    let inner = inner.and_then(|rest| rest.strip_suffix(']')).expect(reply);
    inner.split_terminator(' ').map(|member| member[1..].to_string()).collect()
}

/// Adds `numbers`, as integers or as words, to the set at `key`.
fn fill(client: &mut Client, key: &str, prefix: &str, numbers: std::ops::Range<u32>) {
    let members = numbers.map(|number| format!("{prefix}{number}").into_bytes());
    let request: Vec<Vec<u8>> = words(&format!("SADD {key}")).into_iter().chain(members).collect();
    client.send(&request);
}

#[test]
fn members_are_there_once() {
    check(&[
        ("SADD s 1 2 3 x", ":4"),
        ("SADD s 1 9", ":1"),
        ("SADD s y y y", ":1"),
        ("SMEMBERS s", "~[$1 $2 $3 $9 $x $y]"),
        ("SCARD s", ":6"),
        ("SREM s 9 9 nosuch", ":1"),
        ("SREM missing x", ":0"),
        ("SISMEMBER s 1", ":1"),
        ("SISMEMBER s 9", ":0"),
        ("SISMEMBER missing 1", ":0"),
        ("SMISMEMBER s 1 x z 1", "[:1 :1 :0 :1]"),
        ("SMISMEMBER missing 1 x", "[:0 :0]"),
        ("SMEMBERS missing", "~[]"),
        ("SCARD missing", ":0"),
        (r#"SADD t "" "\x00\xff""#, ":2"),
        ("SMEMBERS t", r"~[$ $\x00\xff]"),
        (r#"SISMEMBER t """#, ":1"),
        ("SADD s", "-ERR wrong number of arguments for 'sadd' command"),
        ("SREM s", "-ERR wrong number of arguments for 'srem' command"),
        ("SISMEMBER s 1 2", "-ERR wrong number of arguments for 'sismember' command"),
        ("SMISMEMBER s", "-ERR wrong number of arguments for 'smismember' command"),
        ("SCARD s s", "-ERR wrong number of arguments for 'scard' command"),
    ]);
}

#[test]
fn numbers_are_the_same_only_if_their_digits_are() {
    check(&[
        ("SADD s 1 01 +1 1.0 -0 0 9223372036854775808 -9223372036854775808", ":8"),
        ("SISMEMBER s 1", ":1"),
        ("SREM s 01", ":1"),
        ("SISMEMBER s 1", ":1"),
        ("SISMEMBER s 01", ":0"),
        ("SISMEMBER s 9223372036854775808", ":1"),
        ("SISMEMBER s -9223372036854775808", ":1"),
    ]);
}

#[test]
fn a_set_without_members_is_gone() {
    check(&[
        ("SADD s a", ":1"),
        ("PEXPIREAT s 9999999999000", ":1"),
        ("SREM s a", ":1"),
        ("EXISTS s", ":0"),
        ("SADD s a b", ":2"),
        ("PEXPIRETIME s", ":-1"),
        ("SPOP s 2", "~[$a $b]"),
        ("TYPE s", "+none"),
        ("SADD s a", ":1"),
        ("SPOP s", "$a"),
        ("EXISTS s", ":0"),
        ("SADD s a", ":1"),
        ("SMOVE s t a", ":1"),
        ("EXISTS s t", ":1"),
        ("TYPE t", "+set"),
        ("SDIFFSTORE t t t", ":0"),
        ("EXISTS t", ":0"),
    ]);
}

#[test]
fn the_encoding_is_that_of_redis() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let encoding = |client: &mut Client| client.run("OBJECT ENCODING s");
        fill(&mut client, "s", "", 0..512);
        assert_eq!(encoding(&mut client), "$intset");
        client.run("SADD s 512");
        assert_eq!(encoding(&mut client), "$hashtable");
        client.run("DEL s");
        fill(&mut client, "s", "m", 0..128);
        assert_eq!(encoding(&mut client), "$listpack");
        client.run("SADD s m128");
        assert_eq!(encoding(&mut client), "$hashtable");
        client.run("DEL s");
        client.send(&[b"SADD".to_vec(), b"s".to_vec(), vec![b'x'; 64]]);
        assert_eq!(encoding(&mut client), "$listpack");
        client.send(&[b"SADD".to_vec(), b"s".to_vec(), vec![b'x'; 65]]);
        assert_eq!(encoding(&mut client), "$hashtable");
    }
}

#[test]
fn a_member_moves_only_where_the_target_may_be_a_set() {
    check(&[
        ("SET str 1", "+OK"),
        ("SADD a 1 x", ":2"),
        ("SADD b 2", ":1"),
        ("SMOVE a b x", ":1"),
        ("SMOVE a b x", ":0"),
        ("SMEMBERS b", "~[$2 $x]"),
        ("SMOVE b a 2", ":1"),
        ("SMOVE b a x", ":1"),
        ("EXISTS b", ":0"),
        ("SMOVE missing str x", ":0"),
        ("SMOVE missing a x", ":0"),
        ("SMOVE str a x", WRONG_TYPE),
        ("SMOVE a str 1", WRONG_TYPE),
        ("SMOVE a str nosuch", WRONG_TYPE),
        ("SMOVE str str 1", WRONG_TYPE),
        ("SMOVE a a 1", ":1"),
        ("SMOVE a a nosuch", ":0"),
        ("SMOVE a new nosuch", ":0"),
        ("EXISTS new", ":0"),
        ("SMEMBERS a", "~[$1 $2 $x]"),
        ("SMOVE a b", "-ERR wrong number of arguments for 'smove' command"),
    ]);
}

#[test]
fn intersections_have_what_all_sets_have() {
    check(&[
        ("SADD a 1 2 3 x", ":4"),
        ("SADD b 2 3 4 x y", ":5"),
        ("SADD c 3 x", ":2"),
        ("SINTER a", "~[$1 $2 $3 $x]"),
        ("SINTER a b", "~[$2 $3 $x]"),
        ("SINTER a b c b", "~[$3 $x]"),
        ("SINTER a missing", "~[]"),
        ("SINTER missing", "~[]"),
        ("SINTERSTORE d a b", ":3"),
        ("SMEMBERS d", "~[$2 $3 $x]"),
        ("SINTERSTORE a a c", ":2"),
        ("SMEMBERS a", "~[$3 $x]"),
        ("SINTERSTORE d a missing", ":0"),
        ("EXISTS d", ":0"),
        ("SINTER", "-ERR wrong number of arguments for 'sinter' command"),
        ("SINTERSTORE d", "-ERR wrong number of arguments for 'sinterstore' command"),
    ]);
}

#[test]
fn unions_have_what_any_set_has() {
    check(&[
        ("SADD a 1 2", ":2"),
        ("SADD b 2 x", ":2"),
        ("SUNION a b", "~[$1 $2 $x]"),
        ("SUNION missing a missing a", "~[$1 $2]"),
        ("SUNION missing", "~[]"),
        ("SUNIONSTORE d a b missing", ":3"),
        ("SMEMBERS d", "~[$1 $2 $x]"),
        ("SUNIONSTORE a a b", ":3"),
        ("SMEMBERS a", "~[$1 $2 $x]"),
        ("SUNIONSTORE a missing", ":0"),
        ("EXISTS a", ":0"),
        ("SUNION", "-ERR wrong number of arguments for 'sunion' command"),
        ("SUNIONSTORE d", "-ERR wrong number of arguments for 'sunionstore' command"),
    ]);
}

#[test]
fn differences_have_what_no_other_set_has() {
    check(&[
        ("SADD a 1 2 3 x y", ":5"),
        ("SADD b 2 9", ":2"),
        ("SADD c x 9", ":2"),
        ("SDIFF a", "~[$1 $2 $3 $x $y]"),
        ("SDIFF a b", "~[$1 $3 $x $y]"),
        ("SDIFF a b c missing", "~[$1 $3 $y]"),
        ("SDIFF a a", "~[]"),
        ("SDIFF missing a", "~[]"),
        ("SDIFFSTORE d a b c", ":3"),
        ("SMEMBERS d", "~[$1 $3 $y]"),
        ("SDIFFSTORE a b a", ":1"),
        ("SMEMBERS a", "~[$9]"),
        ("SDIFFSTORE d missing a", ":0"),
        ("EXISTS d", ":0"),
        ("SDIFF", "-ERR wrong number of arguments for 'sdiff' command"),
        ("SDIFFSTORE d", "-ERR wrong number of arguments for 'sdiffstore' command"),
    ]);
}

#[test]
fn what_is_stored_takes_the_place_of_anything() {
    check(&[
        ("SADD a 1 2", ":2"),
        ("SET str 1 EX 1000", "+OK"),
        ("SUNIONSTORE str a", ":2"),
        ("TYPE str", "+set"),
        ("TTL str", ":-1"),
        ("SET str 1", "+OK"),
        ("SINTERSTORE str missing a", ":0"),
        ("EXISTS str", ":0"),
        ("RPUSH l x", ":1"),
        ("SDIFFSTORE l a missing", ":2"),
        ("TYPE l", "+set"),
        ("SET str 1", "+OK"),
        ("SINTERSTORE d str", WRONG_TYPE),
        ("SUNIONSTORE str str a", WRONG_TYPE),
        ("GET str", "$1"),
    ]);
}

#[test]
fn an_intersection_is_counted_up_to_a_limit() {
    check(&[
        ("SET str 1", "+OK"),
        ("SADD a 1 2 3", ":3"),
        ("SADD b 2 3 4", ":3"),
        ("SINTERCARD 2 a b", ":2"),
        ("SINTERCARD 1 a", ":3"),
        ("SINTERCARD 1 a LIMIT 0", ":3"),
        ("SINTERCARD 1 a limit 2", ":2"),
        ("SINTERCARD 1 a LIMIT 9", ":3"),
        ("SINTERCARD 1 a LIMIT 2 LIMIT 1", ":1"),
        ("SINTERCARD 1 a LIMIT 1 LIMIT 0", ":3"),
        ("SINTERCARD 1 missing", ":0"),
        ("SINTERCARD 2 missing a LIMIT 1", ":0"),
        ("SINTERCARD 2 missing str", WRONG_TYPE),
        ("SINTERCARD 0 a", "-ERR numkeys should be greater than 0"),
        ("SINTERCARD -1 a", "-ERR numkeys should be greater than 0"),
        ("SINTERCARD x a", "-ERR numkeys should be greater than 0"),
        ("SINTERCARD 9223372036854775808 a", "-ERR numkeys should be greater than 0"),
        ("SINTERCARD 2 a", "-ERR Number of keys can't be greater than number of args"),
        (
            "SINTERCARD 9223372036854775807 a",
            "-ERR Number of keys can't be greater than number of args",
        ),
        ("SINTERCARD 1 a b", "-ERR syntax error"),
        ("SINTERCARD 1 a b c", "-ERR syntax error"),
        ("SINTERCARD 1 a LIMIT", "-ERR syntax error"),
        ("SINTERCARD 1 a LIMIT x", "-ERR LIMIT can't be negative"),
        ("SINTERCARD 1 a LIMIT -1", "-ERR LIMIT can't be negative"),
        ("SINTERCARD 1 a LIMIT 9223372036854775808", "-ERR LIMIT can't be negative"),
        ("SINTERCARD 1 str LIMIT x", "-ERR LIMIT can't be negative"),
        ("SINTERCARD 1", "-ERR wrong number of arguments for 'sintercard' command"),
    ]);
}

#[test]
fn a_count_of_spop_is_checked_before_the_key() {
    check(&[
        ("SET str 1", "+OK"),
        ("SADD s a", ":1"),
        ("SPOP missing", "_"),
        ("SPOP missing 0", "~[]"),
        ("SPOP missing 1", "~[]"),
        ("SPOP s 0", "~[]"),
        ("SPOP s -1", "-ERR value is out of range, must be positive"),
        ("SPOP s -9223372036854775808", "-ERR value is out of range, must be positive"),
        ("SPOP s 9223372036854775808", "-ERR value is out of range, must be positive"),
        ("SPOP missing x", "-ERR value is out of range, must be positive"),
        ("SPOP str", WRONG_TYPE),
        ("SPOP str 0", WRONG_TYPE),
        ("SPOP str -1", "-ERR value is out of range, must be positive"),
        ("SPOP str 1 2", "-ERR syntax error"),
        ("SPOP", "-ERR wrong number of arguments for 'spop' command"),
        ("SPOP s 9223372036854775807", "~[$a]"),
        ("EXISTS s", ":0"),
    ]);
}

#[test]
fn a_count_of_srandmember_is_checked_before_the_key() {
    const RANGE: &str = "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
    check(&[
        ("SET str 1", "+OK"),
        ("SADD s a", ":1"),
        ("SRANDMEMBER s", "$a"),
        ("SRANDMEMBER s 1", "[$a]"),
        ("SRANDMEMBER s 9223372036854775807", "[$a]"),
        ("SRANDMEMBER s -3", "[$a $a $a]"),
        ("SRANDMEMBER s 0", "[]"),
        ("SRANDMEMBER missing", "_"),
        ("SRANDMEMBER missing 0", "[]"),
        ("SRANDMEMBER missing 1", "[]"),
        ("SRANDMEMBER missing -1", "[]"),
        ("SRANDMEMBER missing -9223372036854775807", "[]"),
        ("SRANDMEMBER missing -9223372036854775808", RANGE),
        ("SRANDMEMBER s -9223372036854775808", RANGE),
        ("SRANDMEMBER s 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("SRANDMEMBER s x", "-ERR value is not an integer or out of range"),
        ("SRANDMEMBER missing x", "-ERR value is not an integer or out of range"),
        ("SRANDMEMBER str", WRONG_TYPE),
        ("SRANDMEMBER str 0", WRONG_TYPE),
        ("SRANDMEMBER str -1", WRONG_TYPE),
        ("SRANDMEMBER str x", "-ERR value is not an integer or out of range"),
        ("SRANDMEMBER s x 2", "-ERR syntax error"),
        ("SRANDMEMBER", "-ERR wrong number of arguments for 'srandmember' command"),
        ("SMEMBERS s", "~[$a]"),
    ]);
}

/// Redis would write them all.
#[test]
fn no_reply_with_repetitions_is_without_end() {
    check(&[
        ("SADD s a", ":1"),
        ("SRANDMEMBER s -16777217", "-ERR value is out of range"),
        ("SRANDMEMBER s -9223372036854775807", "-ERR value is out of range"),
    ]);
}

#[test]
fn spop_takes_each_member_once() {
    for shards in SHARDS {
        for (prefix, len) in [("", 30), ("m", 30), ("", 3000), ("m", 3000)] {
            let mut client = Client::new(shards);
            fill(&mut client, "s", prefix, 0..len);
            let mut popped = BTreeSet::new();
            for count in ["", " 1", " 9", " 0"] {
                let reply = client.run(&format!("SPOP s{count}"));
                let taken =
                    if count.is_empty() { vec![reply[1..].to_string()] } else { members(&reply) };
                assert_eq!(taken.len(), count.trim().parse().unwrap_or(1), "{count}");
                assert!(taken.into_iter().all(|member| popped.insert(member)), "one came twice");
            }
            assert_eq!(client.run("SCARD s"), format!(":{}", len - 11));
            let rest = members(&client.run(&format!("SPOP s {}", len - 12)));
            assert_eq!(rest.len() as u32, len - 12);
            assert!(rest.into_iter().all(|member| popped.insert(member)), "one came twice");
            assert!(popped.insert(client.run("SPOP s")[1..].to_string()));
            assert_eq!(popped, (0..len).map(|number| format!("{prefix}{number}")).collect());
            assert_eq!(client.run("EXISTS s"), ":0");
        }
    }
}

#[test]
fn srandmember_with_a_count_gives_different_members() {
    for shards in SHARDS {
        for len in [10, 3000] {
            let mut client = Client::new(shards);
            fill(&mut client, "s", "m", 0..len);
            for count in [1, 5, len / 2, len - 1, len, len + 1, 100 * len] {
                let sample = members(&client.run(&format!("SRANDMEMBER s {count}")));
                let different: BTreeSet<_> = sample.iter().cloned().collect();
                assert_eq!(sample.len() as u32, count.min(len));
                assert_eq!(sample.len(), different.len(), "one came twice of {count}");
                assert!(different.iter().all(|member| is_below(member, len)));
            }
            let repeated = members(&client.run(&format!("SRANDMEMBER s -{}", 2 * len)));
            assert_eq!(repeated.len() as u32, 2 * len);
            assert!(repeated.iter().all(|member| is_below(member, len)));
            assert_eq!(client.run("SCARD s"), format!(":{len}"));
        }
    }
}

fn is_below(member: &str, len: u32) -> bool {
    member[1..].parse::<u32>().expect("m and a number") < len
}

#[test]
fn a_small_set_is_scanned_at_once() {
    check(&[
        ("SET str 1", "+OK"),
        ("SADD s a b c", ":3"),
        ("SSCAN s 0", "[$0 [$a $b $c]]"),
        ("SSCAN s 5", "[$0 [$a $b $c]]"),
        ("SSCAN s 0 COUNT 1", "[$0 [$a $b $c]]"),
        ("SSCAN s 0 match b count 1", "[$0 [$b]]"),
        ("SSCAN s 0 MATCH nosuch", "[$0 []]"),
        ("SSCAN missing 0", "[$0 []]"),
        ("SSCAN missing 7", "[$0 []]"),
        ("SSCAN missing 0 nosuch", "[$0 []]"),
        ("SSCAN missing x", "-ERR invalid cursor"),
        ("SSCAN str x", "-ERR invalid cursor"),
        ("SSCAN str 0", WRONG_TYPE),
        ("SSCAN str 0 nosuch", WRONG_TYPE),
        ("SSCAN s x", "-ERR invalid cursor"),
        ("SSCAN s 0 nosuch", "-ERR syntax error"),
        ("SSCAN s 0 COUNT", "-ERR syntax error"),
        ("SSCAN s 0 COUNT 0", "-ERR syntax error"),
        ("SSCAN s 0 COUNT x", "-ERR value is not an integer or out of range"),
        ("SSCAN s 0 MATCH", "-ERR syntax error"),
        ("SSCAN s 0 TYPE set", "-ERR syntax error"),
        ("SSCAN s 0 NOVALUES", "-ERR syntax error"),
        ("SSCAN s", "-ERR wrong number of arguments for 'sscan' command"),
    ]);
}

#[test]
fn a_scan_gives_every_member_that_stays_exactly_once_while_others_come_and_go() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        fill(&mut client, "s", "m", 0..1000);
        let (mut found, mut cursor, mut round) = (Vec::new(), "0".to_string(), 0);
        loop {
            let reply = client.run(&format!("SSCAN s {cursor} COUNT 20"));
            let (next, page) = reply[2..].split_once(' ').expect("a cursor and a page");
            found.extend(members(page.strip_suffix(']').expect("the end")));
            cursor = next.to_string();
            if cursor == "0" {
                break;
            }
            fill(&mut client, "s", "x", round * 50..round * 50 + 50);
            client.run(&format!("SREM s x{} x{}", round * 40, round * 40 + 1));
            round += 1;
        }
        assert!(round > 10, "COUNT bounds a page");
        let mut stayed: Vec<_> = found.into_iter().filter(|m| m.starts_with('m')).collect();
        stayed.sort();
        let mut expected: Vec<_> = (0..1000).map(|number| format!("m{number}")).collect();
        expected.sort();
        assert_eq!(stayed, expected);
    }
}

#[test]
fn large_sets_combine_like_small_ones() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        fill(&mut client, "a", "", 0..2000);
        fill(&mut client, "b", "", 1000..3000);
        fill(&mut client, "c", "", 1990..2010);
        assert_eq!(client.run("SINTERCARD 2 a b"), ":1000");
        assert_eq!(client.run("SINTERCARD 3 a b c LIMIT 4"), ":4");
        assert_eq!(members(&client.run("SINTER a b c")).len(), 10);
        assert_eq!(client.run("SUNIONSTORE d a b c"), ":3000");
        assert_eq!(client.run("SINTERSTORE d a d"), ":2000");
        assert_eq!(client.run("SDIFFSTORE d a b"), ":1000");
        assert_eq!(client.run("SDIFFSTORE d a c c c c b"), ":1000");
        assert_eq!(members(&client.run("SDIFF c a")).len(), 10);
        assert_eq!(client.run("SISMEMBER d 999"), ":1");
        assert_eq!(client.run("SISMEMBER d 1000"), ":0");
        assert_eq!(client.run("COPY a e"), ":1");
        assert_eq!(client.run("SREM a 5"), ":1");
        assert_eq!(client.run("SISMEMBER e 5"), ":1");
    }
}

#[test]
fn set_commands_refuse_other_types() {
    check(&[
        ("SET str 1", "+OK"),
        ("SADD a 1", ":1"),
        ("SADD str 1", WRONG_TYPE),
        ("SREM str 1", WRONG_TYPE),
        ("SCARD str", WRONG_TYPE),
        ("SISMEMBER str 1", WRONG_TYPE),
        ("SMISMEMBER str 1", WRONG_TYPE),
        ("SMEMBERS str", WRONG_TYPE),
        // A missing key does not end the search for one of another type.
        ("SINTER missing str", WRONG_TYPE),
        ("SINTER a str missing", WRONG_TYPE),
        ("SINTERSTORE d missing str", WRONG_TYPE),
        ("SUNION missing str", WRONG_TYPE),
        ("SDIFF missing str", WRONG_TYPE),
        ("SDIFF a str", WRONG_TYPE),
        ("SDIFFSTORE d a str", WRONG_TYPE),
        ("GET a", WRONG_TYPE),
        ("LPUSH a x", WRONG_TYPE),
        ("GET str", "$1"),
    ]);
}

#[test]
fn large_results_that_are_only_shown_are_freed_in_slices() {
    for shards in support::SHARDS {
        let mut client = support::Client::new(shards);
        let members: Vec<String> = (0..2000).map(|number| format!("member-{number}")).collect();
        client.run(&format!("SADD a {}", members.join(" ")));
        client.run(&format!("SADD b {}", members[..10].join(" ")));
        while client.kernel.batch(client.now).tend(1000) >= 1000 {}
        for request in ["SUNION a b", "SDIFF a b", "ZUNION 2 a b", "ZINTER 1 a", "ZDIFF 2 a b"] {
            client.run(request);
            let mut batch = client.kernel.batch(client.now);
            let slices = (0..).take_while(|_| batch.tend(100) >= 100).count();
            assert!(slices > 10, "{request} left {slices} slices, with {shards} shards");
        }
    }
}
