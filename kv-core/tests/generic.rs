//! The commands for keys of any type. The replies are those of Redis.

mod support;

use std::collections::BTreeSet;
use support::{Client, SHARDS, check};

/// As `check`, for replies whose elements may come in any order.
#[track_caller]
fn check_in_any_order(table: &[(&str, &str)]) {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        for (request, expected) in table {
            let reply = client.run(request);
            assert_eq!(sorted(&reply), sorted(expected), "{request}, with {shards} shards");
        }
    }
}

fn sorted(reply: &str) -> Vec<&str> {
    let mut words: Vec<&str> = reply.split([' ', '[', ']']).collect();
    words.sort_unstable();
    words
}

#[test]
fn del_and_unlink_count_the_keys_that_they_remove() {
    check(&[
        ("SET a 1", "+OK"),
        ("SET b 2", "+OK"),
        ("RPUSH l 1 2 3", ":3"),
        ("DEL a missing a", ":1"),
        ("EXISTS a", ":0"),
        ("UNLINK b l b", ":2"),
        ("EXISTS b l", ":0"),
        ("DEL", "-ERR wrong number of arguments for 'del' command"),
    ]);
}

#[test]
fn exists_and_touch_count_a_key_as_often_as_it_is_named() {
    check(&[
        ("SET a 1", "+OK"),
        ("EXISTS a a missing", ":2"),
        ("TOUCH a a missing", ":2"),
        ("EXISTS missing", ":0"),
    ]);
}

#[test]
fn type_names_what_a_key_holds() {
    check(&[
        ("SET s 1", "+OK"),
        ("RPUSH l 1", ":1"),
        ("TYPE s", "+string"),
        ("TYPE l", "+list"),
        ("TYPE missing", "+none"),
    ]);
}

#[test]
fn a_renamed_key_keeps_its_value_and_its_deadline() {
    check(&[
        ("SET a 1 ", "+OK"),
        ("PEXPIREAT a 9999999999499", ":1"),
        ("RENAME a b", "+OK"),
        ("GET b", "$1"),
        ("PEXPIRETIME b", ":9999999999499"),
        ("EXISTS a", ":0"),
        ("SET c 3", "+OK"),
        ("RENAME c b", "+OK"),
        ("GET b", "$3"),
        ("PEXPIRETIME b", ":-1"),
        ("RENAME missing b", "-ERR no such key"),
        ("RENAME b b", "+OK"),
        ("GET b", "$3"),
        ("RENAME missing missing", "-ERR no such key"),
    ]);
}

#[test]
fn renamenx_leaves_a_key_of_that_name_alone() {
    check(&[
        ("SET a 1", "+OK"),
        ("SET b 2", "+OK"),
        ("RENAMENX a b", ":0"),
        ("RENAMENX a a", ":0"),
        ("RENAMENX missing b", "-ERR no such key"),
        ("RENAMENX missing missing", "-ERR no such key"),
        ("PEXPIREAT a 9999999999499", ":1"),
        ("RENAMENX a c", ":1"),
        ("PEXPIRETIME c", ":9999999999499"),
        ("EXISTS a", ":0"),
    ]);
}

#[test]
fn a_copy_has_its_own_value_and_the_deadline() {
    check(&[
        ("RPUSH a 1 2", ":2"),
        ("PEXPIREAT a 9999999999499", ":1"),
        ("COPY a b", ":1"),
        ("RPUSH b 3", ":3"),
        ("LRANGE a 0 -1", "[$1 $2]"),
        ("LRANGE b 0 -1", "[$1 $2 $3]"),
        ("PEXPIRETIME b", ":9999999999499"),
        ("COPY missing b", ":0"),
        ("COPY missing c", ":0"),
        ("COPY a b", ":0"),
        ("LLEN b", ":3"),
        ("COPY a b REPLACE", ":1"),
        ("LLEN b", ":2"),
        ("SET c 1", "+OK"),
        ("COPY c b replace Replace", ":1"),
        ("PEXPIRETIME b", ":-1"),
        ("GET b", "$1"),
    ]);
}

#[test]
fn copy_reaches_other_databases() {
    check(&[
        ("SET a 1", "+OK"),
        ("COPY a a DB 1", ":1"),
        ("COPY a a DB 1", ":0"),
        ("COPY a a DB 1 REPLACE", ":1"),
        ("COPY a b DB 2 DB 3", ":1"),
        ("MOVE a 1", ":0"),
        ("DEL a", ":1"),
        ("MOVE b 3", ":0"),
    ]);
}

#[test]
fn the_first_wrong_option_of_copy_wins() {
    check(&[
        ("SET a 1", "+OK"),
        ("COPY a", "-ERR wrong number of arguments for 'copy' command"),
        ("COPY a b DB 16", "-ERR DB index is out of range"),
        ("COPY a b DB -1", "-ERR DB index is out of range"),
        ("COPY a b DB x", "-ERR value is not an integer or out of range"),
        (
            "COPY a b DB 99999999999",
            "-ERR value is out of range, value must between -2147483648 and 2147483647",
        ),
        ("COPY a b DB 9999999999999999999999", "-ERR value is not an integer or out of range"),
        ("COPY a b DB", "-ERR syntax error"),
        ("COPY a b foo", "-ERR syntax error"),
        ("COPY a a", "-ERR source and destination objects are the same"),
        ("COPY a a DB 0 REPLACE", "-ERR source and destination objects are the same"),
        ("COPY a a DB 99", "-ERR DB index is out of range"),
        ("COPY missing missing", "-ERR source and destination objects are the same"),
        ("COPY a b REPLACE DB", "-ERR syntax error"),
        ("COPY a b x DB 99", "-ERR syntax error"),
        ("COPY a b DB 99 x", "-ERR DB index is out of range"),
        ("COPY a b DB x foo", "-ERR value is not an integer or out of range"),
        ("EXISTS b", ":0"),
    ]);
}

#[test]
fn move_takes_a_key_away_unless_the_other_database_has_it() {
    check(&[
        ("SET a 1", "+OK"),
        ("COPY a a DB 1", ":1"),
        ("MOVE a 1", ":0"),
        ("EXISTS a", ":1"),
        ("MOVE a 2", ":1"),
        ("EXISTS a", ":0"),
        ("MOVE missing 1", ":0"),
        ("MOVE a 0", "-ERR source and destination objects are the same"),
        ("MOVE missing 0", "-ERR source and destination objects are the same"),
        ("MOVE a 16", "-ERR DB index is out of range"),
        ("MOVE a -1", "-ERR DB index is out of range"),
        ("MOVE a x", "-ERR value is not an integer or out of range"),
        (
            "MOVE a 99999999999",
            "-ERR value is out of range, value must between -2147483648 and 2147483647",
        ),
        ("MOVE missing 16", "-ERR DB index is out of range"),
    ]);
}

#[test]
fn keys_lists_what_the_pattern_matches() {
    check_in_any_order(&[
        ("SET abc 1", "+OK"),
        ("SET b 2", "+OK"),
        ("KEYS *", "[$abc $b]"),
        ("KEYS b", "[$b]"),
        ("KEYS a*", "[$abc]"),
        ("KEYS [^a]", "[$b]"),
        (r#"KEYS """#, "[]"),
        (r#"SET "" empty"#, "+OK"),
        ("KEYS *", "[$ $abc $b]"),
        ("KEYS **", "[$abc $b]"),
        (r#"KEYS """#, "[$]"),
        ("KEYS", "-ERR wrong number of arguments for 'keys' command"),
    ]);
}

#[test]
fn scan_lists_what_pattern_and_type_select() {
    check_in_any_order(&[
        ("SET a 1", "+OK"),
        ("RPUSH l 1", ":1"),
        ("SCAN 0", "[$0 [$a $l]]"),
        ("SCAN 0 COUNT 9223372036854775807", "[$0 [$a $l]]"),
        ("SCAN 0 MATCH a", "[$0 [$a]]"),
        ("SCAN 0 match [^a] count 100", "[$0 [$l]]"),
        ("SCAN 0 TYPE LIST", "[$0 [$l]]"),
        ("SCAN 0 TYPE string MATCH l", "[$0 []]"),
        ("SCAN 0 TYPE stream", "[$0 []]"),
        ("SCAN 0 TYPE nonsense", "[$0 []]"),
        ("SCAN 0 MATCH b TYPE string COUNT 5 MATCH a", "[$0 [$a]]"),
        (r#"SET "" empty"#, "+OK"),
        ("SCAN 0 MATCH *", "[$0 [$ $a $l]]"),
        ("SCAN 0 MATCH **", "[$0 [$a $l]]"),
        (r#"SCAN 0 MATCH """#, "[$0 [$]]"),
    ]);
}

#[test]
fn a_cursor_is_read_as_c_reads_it() {
    check(&[
        ("SET a 1", "+OK"),
        ("SCAN x", "-ERR invalid cursor"),
        ("SCAN -1", "[$0 []]"),
        ("SCAN +0", "[$0 [$a]]"),
        (r#"SCAN """#, "[$0 [$a]]"),
        (r#"SCAN " 0""#, "-ERR invalid cursor"),
        (r#"SCAN "\t0""#, "-ERR invalid cursor"),
        (r#"SCAN "0 ""#, "-ERR invalid cursor"),
        ("SCAN 00", "[$0 [$a]]"),
        (r#"SCAN "0\x00a""#, "[$0 [$a]]"),
        ("SCAN -", "-ERR invalid cursor"),
        ("SCAN +", "-ERR invalid cursor"),
        ("SCAN +-1", "-ERR invalid cursor"),
        ("SCAN ++1", "-ERR invalid cursor"),
        ("SCAN -+1", "-ERR invalid cursor"),
        ("SCAN 18446744073709551615", "[$0 []]"),
        ("SCAN 18446744073709551616", "-ERR invalid cursor"),
        ("SCAN -18446744073709551615", "[$0 [$a]]"),
        ("SCAN -18446744073709551616", "-ERR invalid cursor"),
        ("SCAN 0.0", "-ERR invalid cursor"),
        ("SCAN", "-ERR wrong number of arguments for 'scan' command"),
    ]);
}

#[test]
fn wrong_options_of_scan_are_refused() {
    check(&[
        ("SCAN 0 COUNT 0", "-ERR syntax error"),
        ("SCAN 0 COUNT -1", "-ERR syntax error"),
        ("SCAN 0 COUNT x", "-ERR value is not an integer or out of range"),
        ("SCAN 0 COUNT", "-ERR syntax error"),
        ("SCAN 0 COUNT 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("SCAN 0 MATCH", "-ERR syntax error"),
        ("SCAN 0 TYPE", "-ERR syntax error"),
        ("SCAN x COUNT 0", "-ERR invalid cursor"),
        ("SCAN 0 foo", "-ERR syntax error"),
        ("SCAN 0 foo bar", "-ERR syntax error"),
        ("SCAN 0 COUNT 1 COUNT 0", "-ERR syntax error"),
        ("SCAN 0 MATCH a COUNT x", "-ERR value is not an integer or out of range"),
        ("SCAN 0 COUNT x foo", "-ERR value is not an integer or out of range"),
    ]);
}

#[test]
fn randomkey_gives_a_key_that_is_there() {
    check(&[
        ("RANDOMKEY", "_"),
        ("SET a 1", "+OK"),
        ("RANDOMKEY", "$a"),
        ("RANDOMKEY a", "-ERR wrong number of arguments for 'randomkey' command"),
    ]);
}

#[test]
fn a_key_lives_through_the_millisecond_of_its_deadline() {
    check(&[
        ("SET a 1", "+OK"),
        ("PEXPIREAT a 9999999999499", ":1"),
        ("EXPIRETIME a", ":9999999999"),
        ("PEXPIREAT a 9999999999500", ":1"),
        ("EXPIRETIME a", ":10000000000"),
        ("EXPIREAT a 9999999999", ":1"),
        ("PEXPIRETIME a", ":9999999999000"),
        ("PERSIST a", ":1"),
        ("PERSIST a", ":0"),
        ("PERSIST missing", ":0"),
        ("TTL a", ":-1"),
        ("PTTL a", ":-1"),
        ("EXPIRETIME a", ":-1"),
        ("PEXPIRETIME a", ":-1"),
        ("TTL missing", ":-2"),
        ("PTTL missing", ":-2"),
        ("EXPIRETIME missing", ":-2"),
        ("PEXPIRETIME missing", ":-2"),
        ("EXPIRE a 100", ":1"),
        ("TTL a", ":100"),
        ("PEXPIRE a 100400", ":1"),
        ("TTL a", ":100"),
        ("SET a 2", "+OK"),
        ("TTL a", ":-1"),
    ]);
}

#[test]
fn a_deadline_that_has_passed_removes_the_key() {
    check(&[
        ("SET a 1", "+OK"),
        ("EXPIRE a 0", ":1"),
        ("EXISTS a", ":0"),
        ("SET a 1", "+OK"),
        ("EXPIRE a -5", ":1"),
        ("EXISTS a", ":0"),
        ("SET a 1", "+OK"),
        ("PEXPIRE a -9223372036854775808", ":1"),
        ("EXISTS a", ":0"),
        ("SET a 1", "+OK"),
        ("PEXPIREAT a -9223372036854775808", ":1"),
        ("EXISTS a", ":0"),
        ("SET a 1", "+OK"),
        ("EXPIREAT a 1", ":1"),
        ("EXISTS a", ":0"),
        ("SET a 1", "+OK"),
        ("EXPIRE a -9223372036854775", ":1"),
        ("EXISTS a", ":0"),
    ]);
}

#[test]
fn times_that_overflow_are_refused() {
    check(&[
        ("SET a 1", "+OK"),
        ("EXPIRE a 9223372036854775807", "-ERR invalid expire time in 'expire' command"),
        ("EXPIRE a 9223372036854776", "-ERR invalid expire time in 'expire' command"),
        ("EXPIRE a -9223372036854776", "-ERR invalid expire time in 'expire' command"),
        ("EXPIRE a 9223372036854775", "-ERR invalid expire time in 'expire' command"),
        ("PEXPIRE a 9223372036854775807", "-ERR invalid expire time in 'pexpire' command"),
        ("EXPIREAT a 9223372036854776", "-ERR invalid expire time in 'expireat' command"),
        ("EXPIREAT a -9223372036854776", "-ERR invalid expire time in 'expireat' command"),
        ("EXPIREAT a 9223372036854775", ":1"),
        ("PEXPIRETIME a", ":9223372036854775000"),
        ("PEXPIREAT a 9223372036854775807", ":1"),
        ("PEXPIRETIME a", ":9223372036854775807"),
        ("EXPIRETIME a", ":9223372036854776"),
        ("PERSIST a", ":1"),
        ("PEXPIREAT a 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("EXPIRE a x", "-ERR value is not an integer or out of range"),
        ("EXPIRE a 1.5", "-ERR value is not an integer or out of range"),
        ("EXPIRE a +10", "-ERR value is not an integer or out of range"),
        (r#"EXPIRE a "10 ""#, "-ERR value is not an integer or out of range"),
        ("EXPIRE missing x", "-ERR value is not an integer or out of range"),
        ("EXPIRE missing 9223372036854775807", "-ERR invalid expire time in 'expire' command"),
        ("EXPIRE missing 10", ":0"),
        ("EXPIRE a", "-ERR wrong number of arguments for 'expire' command"),
    ]);
}

#[test]
fn conditions_of_expire_compare_with_the_deadline_that_is_there() {
    check(&[
        ("SET a 1", "+OK"),
        ("EXPIREAT a 9999999990 XX", ":0"),
        ("EXPIREAT a 9999999990 GT", ":0"),
        ("EXPIREAT a 9999999990 XX LT", ":0"),
        ("EXPIREAT a 9999999990 NX", ":1"),
        ("EXPIREAT a 9999999991 NX", ":0"),
        ("EXPIREAT a 9999999990 GT", ":0"),
        ("EXPIREAT a 9999999990 LT", ":0"),
        ("EXPIREAT a 9999999991 gt", ":1"),
        ("EXPIREAT a 9999999991 lt", ":0"),
        ("EXPIREAT a 9999999990 lt xx", ":1"),
        ("EXPIREAT a 9999999999 xx", ":1"),
        ("PEXPIRETIME a", ":9999999999000"),
        ("PERSIST a", ":1"),
        ("EXPIREAT a 9999999990 LT", ":1"),
        ("PEXPIREAT a 1 GT", ":0"),
        ("PEXPIREAT a 1 LT", ":1"),
        ("EXISTS a", ":0"),
    ]);
}

#[test]
fn conditions_of_expire_that_do_not_fit_together_are_refused() {
    check(&[
        ("SET a 1", "+OK"),
        ("EXPIRE a x NX", "-ERR value is not an integer or out of range"),
        ("EXPIRE a x foo", "-ERR Unsupported option foo"),
        ("EXPIRE a 10 foo NX XX", "-ERR Unsupported option foo"),
        ("EXPIRE a 10 NX foo", "-ERR Unsupported option foo"),
        (
            "EXPIRE a 10 NX XX",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        (
            "EXPIRE a 10 NX GT",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        (
            "EXPIRE a 10 NX LT",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        ("EXPIRE a 10 GT LT", "-ERR GT and LT options at the same time are not compatible"),
        (
            "EXPIRE a 10 NX GT LT",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        (
            "EXPIRE a x NX XX",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        (r#"EXPIRE a 10 """#, "-ERR Unsupported option "),
        (r#"EXPIRE a 10 "b\x00c""#, "-ERR Unsupported option b"),
        ("EXPIRE a 100 NX NX", ":1"),
        ("EXPIRE a 100 XX XX", ":1"),
        (
            "EXPIRE missing 10 NX XX",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
    ]);
}

#[test]
fn time_takes_keys_away() {
    check(&[
        ("SET a 1", "+OK"),
        ("PEXPIRE a 1600", ":1"),
        ("PTTL a", ":1600"),
        ("TTL a", ":2"),
        ("PEXPIRETIME a", ":1700000001600"),
        ("EXPIRETIME a", ":1700000002"),
        ("+101ms", ""),
        ("TTL a", ":1"),
        ("+1499ms", ""),
        ("PTTL a", ":0"),
        ("EXISTS a", ":1"),
        ("COPY a b", ":1"),
        ("RENAME b c", "+OK"),
        ("MOVE c 1", ":1"),
        ("KEYS *", "[$a]"),
        ("SCAN 0", "[$0 [$a]]"),
        ("+1ms", ""),
        ("KEYS *", "[]"),
        ("SCAN 0", "[$0 []]"),
        ("RANDOMKEY", "_"),
        ("COPY a b", ":0"),
        ("RENAME a b", "-ERR no such key"),
        ("EXPIRE a 10", ":0"),
        ("PERSIST a", ":0"),
        ("TTL a", ":-2"),
        ("TYPE a", "+none"),
        ("DEL a", ":0"),
        ("SET c 2", "+OK"),
        ("MOVE c 1", ":1"),
    ]);
}

#[test]
fn an_expired_list_is_not_pushed_to() {
    check(&[
        ("RPUSH l a", ":1"),
        ("PEXPIRE l 10", ":1"),
        ("+11ms", ""),
        ("RPUSHX l b", ":0"),
        ("RPUSH l b", ":1"),
        ("PTTL l", ":-1"),
    ]);
}

/// The next cursor and the keys of one call.
fn scan(client: &mut Client, cursor: &str, count: &str) -> (String, Vec<String>) {
    let reply = client.run(&format!("SCAN {cursor} COUNT {count}"));
    let (cursor, keys) = reply[2..reply.len() - 2].split_once(" [").expect("two elements");
    let keys = keys.split_terminator(' ').map(|key| key[1..].to_string());
    (cursor.to_string(), keys.collect())
}

fn set_and_delete(client: &mut Client, keys: std::ops::Range<usize>, kept: usize) {
    keys.clone().for_each(|key| drop(client.run(&format!("SET {key} 1"))));
    keys.skip(kept).for_each(|key| drop(client.run(&format!("DEL {key}"))));
}

#[test]
fn a_scan_gives_every_key_that_stays_exactly_once_while_others_come_and_go() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        set_and_delete(&mut client, 0..3000, 1000);
        let mut found = Vec::new();
        let mut cursor = "0".to_string();
        let mut others = 3000;
        loop {
            let (next, keys) = scan(&mut client, &cursor, "17");
            assert!(keys.len() <= 17, "{} keys", keys.len());
            let keys = keys.iter().map(|key| key.parse::<usize>().expect("a number"));
            found.extend(keys.filter(|key| *key < 1000));
            if next == "0" {
                break;
            }
            cursor = next;
            set_and_delete(&mut client, others..others + 100, others / 100 % 50);
            others += 100;
        }
        assert_eq!(found.len(), 1000, "with {shards} shards");
        assert_eq!(found.iter().collect::<BTreeSet<&usize>>().len(), 1000);
    }
}

#[test]
fn a_scan_stops_after_expired_keys_too() {
    let mut client = Client::new(1);
    for key in 0..1000 {
        client.run(&format!("SET {key} 1"));
        client.run(&format!("PEXPIRE {key} 1"));
    }
    client.run("+2ms");
    let (cursor, keys) = scan(&mut client, "0", "10");
    assert!(keys.is_empty());
    assert_ne!(cursor, "0");
}

#[test]
fn classes_of_patterns_end_where_redis_ends_them() {
    let keys = [
        "a", "b", "c", "-", "\\", "]", "[", "^", "*", "?", "ab", "a]", "A", "z", "aa", "ab]", "^]",
        "", "[a]", "x", "_",
    ];
    let mut client = Client::new(1);
    keys.iter().for_each(|key| drop(client.send(&["SET", key, "1"])));
    for (pattern, expected) in PATTERNS {
        let reply = client.send(&["KEYS", pattern]);
        let mut found: Vec<&str> = reply[1..reply.len() - 1].split_terminator(' ').collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), *expected, "{pattern}");
    }
}

/// Patterns and the keys that Redis finds with them.
const PATTERNS: &[(&str, &str)] = &[
    ("[", ""),
    ("[]", ""),
    ("[^", r"$* $- $? $A $[ $\ $] $^ $_ $a $b $c $x $z"),
    ("[^]", r"$* $- $? $A $[ $\ $] $^ $_ $a $b $c $x $z"),
    ("[a", "$a"),
    ("[a-", "$- $a"),
    ("[a-]", "$] $^ $_ $a"),
    ("[^a", r"$* $- $? $A $[ $\ $] $^ $_ $b $c $x $z"),
    ("[^a-", r"$* $? $A $[ $\ $] $^ $_ $b $c $x $z"),
    (r"[\", r"$\"),
    (r"[\]", "$]"),
    (r"[\]]", "$]"),
    (r"[a\", r"$\ $a"),
    (r"\", r"$\"),
    (r"\\", r"$\"),
    (r"a\", ""),
    ("[z-a]", "$a $b $c $x $z"),
    ("[a-z]", "$a $b $c $x $z"),
    ("[^a-z]", r"$* $- $? $A $[ $\ $] $^ $_"),
    ("[^z-a]", r"$* $- $? $A $[ $\ $] $^ $_"),
    ("*", r"$ $* $- $? $A $[ $[a] $\ $] $^ $^] $_ $a $a] $aa $ab $ab] $b $c $x $z"),
    ("**", r"$* $- $? $A $[ $[a] $\ $] $^ $^] $_ $a $a] $aa $ab $ab] $b $c $x $z"),
    (r"*\", r"$\"),
    ("[a-z", "$a $b $c $x $z"),
    ("[]a]", ""),
    ("[^]a]", "$[a]"),
    ("[a]]", "$a]"),
    ("[[]", "$["),
    ("[]]", ""),
    (r"\*", "$*"),
    (r"\?", "$?"),
    (r"\a", "$a"),
    (r"[a-\]]", "$^] $a]"),
    (r"[\a-z]", "$- $a $z"),
    ("[a-c-z]", "$- $a $b $c $z"),
    ("[--a]", r"$- $? $A $[ $\ $] $^ $_ $a"),
    ("[*]", "$*"),
    ("*]", "$[a] $] $^] $a] $ab]"),
    ("?]", "$^] $a]"),
    ("*[", ""),
    ("[a]*", "$a $a] $aa $ab $ab]"),
    ("*[a]", "$a $aa"),
    ("[^a]*", r"$* $- $? $A $[ $[a] $\ $] $^ $^] $_ $b $c $x $z"),
    ("a*", "$a $a] $aa $ab $ab]"),
    ("a**", "$a $a] $aa $ab $ab]"),
    ("*a**", "$[a] $a $a] $aa $ab $ab]"),
    ("??", "$^] $a] $aa $ab"),
    ("?*", r"$* $- $? $A $[ $[a] $\ $] $^ $^] $_ $a $a] $aa $ab $ab] $b $c $x $z"),
    ("*?", r"$* $- $? $A $[ $[a] $\ $] $^ $^] $_ $a $a] $aa $ab $ab] $b $c $x $z"),
    ("*?*", r"$* $- $? $A $[ $[a] $\ $] $^ $^] $_ $a $a] $aa $ab $ab] $b $c $x $z"),
    ("[!a]", "$a"),
    ("[^^]", r"$* $- $? $A $[ $\ $] $_ $a $b $c $x $z"),
    (r"[\^]", "$^"),
    (r"\[a\]", "$[a]"),
    ("[A-z]", r"$A $[ $\ $] $^ $_ $a $b $c $x $z"),
    ("[]-a]", ""),
    (r"[\]-a]", "$- $] $a"),
    ("*a*b*", "$ab $ab]"),
    ("***", r"$* $- $? $A $[ $[a] $\ $] $^ $^] $_ $a $a] $aa $ab $ab] $b $c $x $z"),
    ("a***", "$a $a] $aa $ab $ab]"),
];
