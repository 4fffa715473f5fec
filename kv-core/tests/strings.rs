//! The string commands. The replies are those of Redis.

mod support;

use support::{Client, check};

#[test]
fn a_string_reads_back_as_it_was_set() {
    check(&[
        ("SET k v", "+OK"),
        ("get k", "$v"),
        ("GET other", "_"),
        (r#"SET k "a \x00\r\n""#, "+OK"),
        ("GET k", r"$a \x00\x0d\x0a"),
        (r#"SET "" """#, "+OK"),
        (r#"GET """#, "$"),
        ("GET", "-ERR wrong number of arguments for 'get' command"),
    ]);
}

#[test]
fn set_stores_under_its_condition() {
    check(&[
        ("SET k v XX", "_"),
        ("GET k", "_"),
        ("SET k v NX", "+OK"),
        ("SET k w NX", "_"),
        ("GET k", "$v"),
        ("SET k w xx", "+OK"),
        ("GET k", "$w"),
        ("SET k x XX GET", "$w"),
        ("SET k y NX GET", "$x"),
        ("GET k", "$x"),
        ("SET none x XX GET", "_"),
        ("GET none", "_"),
        ("SET none x NX GET", "_"),
        ("GET none", "$x"),
        ("SET k z GET", "$x"),
        ("GET k", "$z"),
    ]);
}

#[test]
fn set_refuses_options_that_do_not_fit() {
    check(&[
        ("SET k v NX XX", "-ERR syntax error"),
        ("SET k v XX NX", "-ERR syntax error"),
        ("SET k v EX", "-ERR syntax error"),
        ("SET k v EX 10 PX 20", "-ERR syntax error"),
        ("SET k v EXAT 10 EX 20", "-ERR syntax error"),
        ("SET k v KEEPTTL EX 10", "-ERR syntax error"),
        ("SET k v EX 10 KEEPTTL", "-ERR syntax error"),
        ("SET k v PERSIST", "-ERR syntax error"),
        (r#"SET k v """#, "-ERR syntax error"),
        ("SET k v N", "-ERR syntax error"),
        ("SET k v EX abc BAD", "-ERR syntax error"),
        ("GET k", "_"),
        ("SET k v EX 10 EX 20", "+OK"),
        ("SET k w GET GET NX NX KEEPTTL KEEPTTL", "$v"),
    ]);
}

#[test]
fn a_time_to_live_must_be_a_positive_integer_that_does_not_overflow() {
    check(&[
        ("SET k v EX abc", "-ERR value is not an integer or out of range"),
        ("SET k v EX 1.5", "-ERR value is not an integer or out of range"),
        (r#"SET k v EX " 1""#, "-ERR value is not an integer or out of range"),
        ("SET k v EX 0", "-ERR invalid expire time in 'set' command"),
        ("SET k v PX -1", "-ERR invalid expire time in 'set' command"),
        ("SET k v EX 9223372036854775807", "-ERR invalid expire time in 'set' command"),
        ("SET k v EX 9223372036854775", "-ERR invalid expire time in 'set' command"),
        ("SET k v PX 9223372036854775807", "-ERR invalid expire time in 'set' command"),
        ("SET k v EXAT 9223372036854776", "-ERR invalid expire time in 'set' command"),
        ("SET k v EXAT 0", "-ERR invalid expire time in 'set' command"),
        ("SET k v PXAT -5", "-ERR invalid expire time in 'set' command"),
        ("GET k", "_"),
        ("SET k v PXAT 9223372036854775807", "+OK"),
        ("SET k v EXAT 9223372036854775", "+OK"),
        ("GET k", "$v"),
        ("SETEX k 0 v", "-ERR invalid expire time in 'setex' command"),
        ("SETEX k abc v", "-ERR value is not an integer or out of range"),
        ("SETEX k 9223372036854775807 v", "-ERR invalid expire time in 'setex' command"),
        ("PSETEX k 0 v", "-ERR invalid expire time in 'psetex' command"),
        ("PSETEX k 9223372036854775807 v", "-ERR invalid expire time in 'psetex' command"),
        ("PSETEX k x", "-ERR wrong number of arguments for 'psetex' command"),
        ("GETEX k EX 0", "-ERR invalid expire time in 'getex' command"),
        ("GETEX k EXAT -1", "-ERR invalid expire time in 'getex' command"),
        ("GETEX k PX x", "-ERR value is not an integer or out of range"),
        ("GETEX none EX 0", "_"),
        ("GETEX none EX abc", "_"),
        ("GETEX none BAD", "-ERR syntax error"),
    ]);
}

#[test]
fn a_deadline_ends_a_key() {
    check(&[
        ("SET k v PX 100", "+OK"),
        ("GET k", "$v"),
        ("+150ms", ""),
        ("GET k", "_"),
        ("SET k v px 1000 NX", "+OK"),
        ("SETEX e 1 v", "+OK"),
        ("PSETEX p 1000 v", "+OK"),
        ("+1100ms", ""),
        ("MGET k e p", "[_ _ _]"),
        ("SET k v PXAT 1", "+OK"),
        ("GET k", "_"),
        ("SET k v EXAT 99999999999", "+OK"),
        ("GET k", "$v"),
        ("SET k v exat 1", "+OK"),
        ("SET k w NX", "+OK"),
        ("GET k", "$w"),
    ]);
}

#[test]
fn keepttl_keeps_the_deadline_and_a_plain_set_clears_it() {
    check(&[
        ("SET a 1 PX 200", "+OK"),
        ("SET b 1 PX 200", "+OK"),
        ("SET c 1 PX 200", "+OK"),
        ("SET d 1 PX 200", "+OK"),
        ("SET e 1 PX 200", "+OK"),
        ("SET f 1 PX 200", "+OK"),
        ("SET g 1 PX 200", "+OK"),
        ("SET h 1 PX 200", "+OK"),
        ("SET i 1 PX 200", "+OK"),
        ("SET j 1 PX 200", "+OK"),
        ("SET a 2 KEEPTTL", "+OK"),
        ("SET b 2", "+OK"),
        ("MSET c 2", "+OK"),
        ("GETSET d 2", "$1"),
        ("SETRANGE e 0 2", ":1"),
        ("APPEND f 2", ":2"),
        ("INCR g", ":2"),
        ("INCRBYFLOAT h 1", "$2"),
        ("GETEX i PERSIST", "$1"),
        ("GETEX j", "$1"),
        ("MGET a b c d e f g h i j", "[$2 $2 $2 $2 $2 $12 $2 $2 $1 $1]"),
        ("+250ms", ""),
        ("MGET a b c d e f g h i j", "[_ $2 $2 $2 _ _ _ _ $1 _]"),
    ]);
}

#[test]
fn getex_sets_and_takes_away_the_deadline() {
    check(&[
        ("GETEX none", "_"),
        ("SET k v", "+OK"),
        ("GETEX k PX 100", "$v"),
        ("+150ms", ""),
        ("GETEX k", "_"),
        ("SET k v PX 100", "+OK"),
        ("GETEX k PERSIST", "$v"),
        ("+150ms", ""),
        ("GETEX k EXAT 99999999999", "$v"),
        ("GETEX k EXAT 1", "$v"),
        ("GET k", "_"),
        ("SET k v", "+OK"),
        ("GETEX k PXAT 1", "$v"),
        ("SETNX k w", ":1"),
        ("GETEX k EX 10 PERSIST", "-ERR syntax error"),
        ("GETEX k PERSIST EX 10", "-ERR syntax error"),
        ("GETEX k EX 10 PX 10", "-ERR syntax error"),
        ("GETEX k KEEPTTL", "-ERR syntax error"),
        ("GETEX k NX", "-ERR syntax error"),
        ("GETEX k GET", "-ERR syntax error"),
        ("GETEX k PX", "-ERR syntax error"),
        ("GETEX k PERSIST PERSIST", "$w"),
        ("GETEX k EX 10 EX 20", "$w"),
    ]);
}

#[test]
fn getdel_and_getset_give_the_old_string() {
    check(&[
        ("GETDEL k", "_"),
        ("SET k v", "+OK"),
        ("GETDEL k", "$v"),
        ("GET k", "_"),
        ("GETSET k 1", "_"),
        ("GETSET k w", "$1"),
        ("GET k", "$w"),
        ("GETSET k", "-ERR wrong number of arguments for 'getset' command"),
    ]);
}

#[test]
fn several_keys_at_once() {
    check(&[
        ("MGET", "-ERR wrong number of arguments for 'mget' command"),
        ("MGET a b a", "[_ _ _]"),
        ("MSET", "-ERR wrong number of arguments for 'mset' command"),
        ("MSET a", "-ERR wrong number of arguments for 'mset' command"),
        ("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command"),
        ("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command"),
        ("MSET a 1 b 2 a 3", "+OK"),
        ("MGET a none b a", "[$3 _ $2 $3]"),
        ("MSETNX c 1 a 2", ":0"),
        ("MGET c a", "[_ $3]"),
        ("MSETNX c 1 d 2 c 3", ":1"),
        ("MGET c d", "[$3 $2]"),
        ("MSETNX e 1 f", "-ERR wrong number of arguments for 'msetnx' command"),
        ("SETNX c 9", ":0"),
        ("SETNX e 9", ":1"),
        ("MGET c e", "[$3 $9]"),
    ]);
}

#[test]
fn append_and_strlen() {
    check(&[
        ("APPEND k 12", ":2"),
        ("APPEND k 3", ":3"),
        ("GET k", "$123"),
        ("INCR k", ":124"),
        (r#"APPEND k """#, ":3"),
        ("STRLEN k", ":3"),
        (r#"APPEND none """#, ":0"),
        ("GET none", "$"),
        ("STRLEN other", ":0"),
        (r#"APPEND k " and more""#, ":12"),
        ("GET k", "$124 and more"),
        ("STRLEN k", ":12"),
    ]);
}

#[test]
fn getrange_takes_positions_from_either_end() {
    check(&[
        (r#"SET s "This is a string""#, "+OK"),
        ("GETRANGE s 0 3", "$This"),
        ("GETRANGE s -3 -1", "$ing"),
        ("GETRANGE s 0 -1", "$This is a string"),
        ("GETRANGE s 10 100", "$string"),
        ("GETRANGE s 5 3", "$"),
        ("GETRANGE s 0 -100", "$T"),
        ("GETRANGE s -100 -100", "$T"),
        ("GETRANGE s -100 -101", "$"),
        ("GETRANGE s -100 3", "$This"),
        ("GETRANGE s -1 -5", "$"),
        ("GETRANGE s 16 16", "$"),
        ("GETRANGE s 15 9223372036854775807", "$g"),
        ("GETRANGE s -9223372036854775808 9223372036854775807", "$This is a string"),
        ("GETRANGE s -9223372036854775808 -9223372036854775808", "$T"),
        ("GETRANGE s a 1", "-ERR value is not an integer or out of range"),
        ("GETRANGE s 1 a", "-ERR value is not an integer or out of range"),
        ("GETRANGE none 0 1", "$"),
        ("GETRANGE none x 1", "-ERR value is not an integer or out of range"),
        ("SET i 12345", "+OK"),
        ("GETRANGE i 1 2", "$23"),
        ("SUBSTR i -2 -1", "$45"),
        (r#"SET empty """#, "+OK"),
        ("GETRANGE empty 0 -1", "$"),
    ]);
}

#[test]
fn setrange_overwrites_and_fills_gaps_with_zeros() {
    check(&[
        (r#"SETRANGE none 0 """#, ":0"),
        ("GET none", "_"),
        (r#"SETRANGE none -1 """#, "-ERR offset is out of range"),
        (r#"SETRANGE none x """#, "-ERR value is not an integer or out of range"),
        (
            "SETRANGE none 536870912 x",
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)",
        ),
        (r#"SETRANGE none 536870912 """#, ":0"),
        ("GET none", "_"),
        ("SET s abc", "+OK"),
        (
            "SETRANGE s 536870911 xy",
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)",
        ),
        (
            "SETRANGE s 9223372036854775807 xx",
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)",
        ),
        (r#"SETRANGE s 9223372036854775807 """#, ":3"),
        ("SETRANGE s 1 x", ":3"),
        ("GET s", "$axc"),
        ("SET i 12345", "+OK"),
        ("SETRANGE i 2 xyz", ":5"),
        ("GET i", "$12xyz"),
        ("SETRANGE i 8 !", ":9"),
        ("GET i", r"$12xyz\x00\x00\x00!"),
        ("SETRANGE new 3 a", ":4"),
        ("GET new", r"$\x00\x00\x00a"),
    ]);
}

#[test]
fn integers_are_changed_within_64_bits() {
    check(&[
        ("INCR n", ":1"),
        ("INCRBY n 41", ":42"),
        ("DECR n", ":41"),
        ("DECRBY n 1", ":40"),
        ("GET n", "$40"),
        ("DECR m", ":-1"),
        ("INCRBY n x", "-ERR value is not an integer or out of range"),
        ("INCRBY n 1.5", "-ERR value is not an integer or out of range"),
        ("INCRBY n +1", "-ERR value is not an integer or out of range"),
        ("INCRBY n 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("DECRBY n -9223372036854775808", "-ERR decrement would overflow"),
        ("DECRBY none -9223372036854775808", "-ERR decrement would overflow"),
        ("DECRBY n 9223372036854775807", ":-9223372036854775767"),
        ("DECRBY n 9223372036854775807", "-ERR increment or decrement would overflow"),
        ("SET n 9223372036854775807", "+OK"),
        ("INCR n", "-ERR increment or decrement would overflow"),
        ("GET n", "$9223372036854775807"),
        ("INCRBY n -9223372036854775808", ":-1"),
        ("SET n -9223372036854775808", "+OK"),
        ("DECR n", "-ERR increment or decrement would overflow"),
        (r#"SET n " 1""#, "+OK"),
        ("INCR n", "-ERR value is not an integer or out of range"),
        ("SET n 01", "+OK"),
        ("INCR n", "-ERR value is not an integer or out of range"),
        ("SET n -0", "+OK"),
        ("INCR n", "-ERR value is not an integer or out of range"),
        (r#"SET n """#, "+OK"),
        ("INCR n", "-ERR value is not an integer or out of range"),
        ("SET n 1.0", "+OK"),
        ("INCR n", "-ERR value is not an integer or out of range"),
    ]);
}

#[test]
fn floats_are_added_in_extended_precision() {
    check(&[
        ("INCRBYFLOAT f 0.1", "$0.1"),
        ("INCRBYFLOAT f 0.2", "$0.3"),
        ("INCRBYFLOAT f -0.3", "$0"),
        ("SET f 10.50", "+OK"),
        ("INCRBYFLOAT f 0.1", "$10.6"),
        ("INCRBYFLOAT f -5", "$5.6"),
        ("SET f 5.0e3", "+OK"),
        ("INCRBYFLOAT f 2.0e2", "$5200"),
        ("INCR f", ":5201"),
        ("INCRBYFLOAT f x", "-ERR value is not a valid float"),
        (r#"INCRBYFLOAT f """#, "-ERR value is not a valid float"),
        (r#"INCRBYFLOAT f " 1""#, "-ERR value is not a valid float"),
        (r#"INCRBYFLOAT f "1 ""#, "-ERR value is not a valid float"),
        (r#"INCRBYFLOAT f "1\x00""#, "-ERR value is not a valid float"),
        ("INCRBYFLOAT f nan", "-ERR value is not a valid float"),
        ("INCRBYFLOAT f inf", "-ERR increment would produce NaN or Infinity"),
        ("INCRBYFLOAT f -Infinity", "-ERR increment would produce NaN or Infinity"),
        ("INCRBYFLOAT f 1e4933", "-ERR value is not a valid float"),
        ("INCRBYFLOAT f 1e30", "$1000000000000000000024696061952"),
        ("INCRBYFLOAT f -1e30", "$0"),
        ("INCRBYFLOAT f 0x10p-1", "$8"),
        ("SET f abc", "+OK"),
        ("INCRBYFLOAT f x", "-ERR value is not a valid float"),
        ("INCRBYFLOAT f 1", "-ERR value is not a valid float"),
        ("SET f 1.1e4932", "+OK"),
        ("INCRBYFLOAT f 1.1e4932", "-ERR increment would produce NaN or Infinity"),
        ("SET f 0", "+OK"),
        ("INCRBYFLOAT f -1e-18", "$0"),
        ("GET f", "$0"),
        ("INCRBYFLOAT f 1e-4951", "-ERR value is not a valid float"),
        ("INCRBYFLOAT f 1e-4952", "-ERR value is not a valid float"),
        ("INCRBYFLOAT f 3.14159265358979323846", "$3.14159265358979324"),
        ("INCRBYFLOAT f 9007199254740993", "$9007199254740996.1416015625"),
        ("INCRBYFLOAT f 18446744073709551615", "$18455751272964292612"),
    ]);
}

#[test]
fn lcs_finds_what_two_strings_have_in_common() {
    check(&[
        ("MSET a ohmytext b mynewtext", "+OK"),
        ("LCS a b", "$mytext"),
        ("LCS a b LEN", ":6"),
        ("LCS a b IDX", "{$matches=[[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] $len=:6}"),
        ("LCS a b IDX MINMATCHLEN 4", "{$matches=[[[:4 :7] [:5 :8]]] $len=:6}"),
        ("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", "{$matches=[[[:4 :7] [:5 :8] :4]] $len=:6}"),
        (
            "LCS a b idx withmatchlen",
            "{$matches=[[[:4 :7] [:5 :8] :4] [[:2 :3] [:0 :1] :2]] $len=:6}",
        ),
        ("LCS a b IDX MINMATCHLEN -5", "{$matches=[[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] $len=:6}"),
        ("LCS a b IDX MINMATCHLEN 5", "{$matches=[] $len=:6}"),
        ("LCS a b IDX MINMATCHLEN x", "-ERR value is not an integer or out of range"),
        ("LCS a b IDX MINMATCHLEN", "-ERR syntax error"),
        ("LCS a b IDX LEN", "-ERR If you want both the length and indexes, please just use IDX."),
        ("LCS a b IDX LEN BAD", "-ERR syntax error"),
        ("LCS a b IDX LEN MINMATCHLEN x", "-ERR value is not an integer or out of range"),
        ("LCS a b LEN LEN", ":6"),
        ("LCS a b WITHMATCHLEN", "$mytext"),
        ("LCS a b MINMATCHLEN 9", "$mytext"),
        ("LCS a b LEN MINMATCHLEN 9", ":6"),
        ("LCS a b BAD", "-ERR syntax error"),
        ("LCS none a", "$"),
        ("LCS none none IDX", "{$matches=[] $len=:0}"),
        ("LCS none a LEN", ":0"),
        ("LCS a a IDX WITHMATCHLEN", "{$matches=[[[:0 :7] [:0 :7] :8]] $len=:8}"),
        ("MSET i 123456 j 3452", "+OK"),
        ("LCS i j", "$345"),
        ("LCS i j IDX WITHMATCHLEN", "{$matches=[[[:2 :4] [:0 :2] :3]] $len=:3}"),
        ("LCS a", "-ERR wrong number of arguments for 'lcs' command"),
    ]);
}

#[test]
fn lcs_refuses_strings_that_need_too_much_memory() {
    check(&[
        ("SETRANGE a 16382 x", ":16383"),
        ("SETRANGE b 8190 x", ":8191"),
        ("LCS a b LEN", ":8191"),
        ("SETRANGE c 8191 x", ":8192"),
        (
            "LCS a c LEN",
            "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ),
        (
            "LCS a c",
            "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ),
        (
            "LCS c a IDX",
            "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ),
    ]);
}

#[test]
fn another_type_is_refused() {
    check(&[
        ("RPUSH l a", ":1"),
        ("SET l v GET", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SET l v GET EX 0", "-ERR invalid expire time in 'set' command"),
        ("SET l v NX GET", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SET l v NX", "_"),
        ("GET l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GETDEL l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GETEX l EX 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GETEX l BAD", "-ERR syntax error"),
        ("GETSET l x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("MGET l none", "[_ _]"),
        ("MSETNX l 1 m 2", ":0"),
        ("SETNX l x", ":0"),
        ("APPEND l x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("STRLEN l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GETRANGE l a 1", "-ERR value is not an integer or out of range"),
        ("GETRANGE l 0 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (
            r#"SETRANGE l 0 """#,
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (r#"SETRANGE l -1 """#, "-ERR offset is out of range"),
        (
            "SETRANGE l 536870912 x",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("INCR l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("INCRBY l x", "-ERR value is not an integer or out of range"),
        ("DECRBY l -9223372036854775808", "-ERR decrement would overflow"),
        ("INCRBYFLOAT l x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("INCRBYFLOAT l 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LCS none l BAD", "-ERR The specified keys must contain string values"),
        ("LCS l l", "-ERR The specified keys must contain string values"),
        ("SET l v XX", "+OK"),
        ("GET l", "$v"),
        ("RPUSH m a", ":1"),
        ("MSET m 1", "+OK"),
        ("GET m", "$1"),
    ]);
}

#[test]
fn wrong_numbers_of_arguments() {
    check(&[
        ("APPEND k", "-ERR wrong number of arguments for 'append' command"),
        ("DECR", "-ERR wrong number of arguments for 'decr' command"),
        ("DECRBY k", "-ERR wrong number of arguments for 'decrby' command"),
        ("GET k k", "-ERR wrong number of arguments for 'get' command"),
        ("GETDEL", "-ERR wrong number of arguments for 'getdel' command"),
        ("GETEX", "-ERR wrong number of arguments for 'getex' command"),
        ("GETRANGE k 0", "-ERR wrong number of arguments for 'getrange' command"),
        ("GETSET k", "-ERR wrong number of arguments for 'getset' command"),
        ("INCR k 1", "-ERR wrong number of arguments for 'incr' command"),
        ("INCRBY k", "-ERR wrong number of arguments for 'incrby' command"),
        ("INCRBYFLOAT k", "-ERR wrong number of arguments for 'incrbyfloat' command"),
        ("LCS k", "-ERR wrong number of arguments for 'lcs' command"),
        ("MGET", "-ERR wrong number of arguments for 'mget' command"),
        ("MSETNX k", "-ERR wrong number of arguments for 'msetnx' command"),
        ("PSETEX k 1", "-ERR wrong number of arguments for 'psetex' command"),
        ("SET k", "-ERR wrong number of arguments for 'set' command"),
        ("SETEX k 1", "-ERR wrong number of arguments for 'setex' command"),
        ("SETNX k", "-ERR wrong number of arguments for 'setnx' command"),
        ("SETRANGE k 1", "-ERR wrong number of arguments for 'setrange' command"),
        ("STRLEN", "-ERR wrong number of arguments for 'strlen' command"),
        ("SUBSTR k 1", "-ERR wrong number of arguments for 'substr' command"),
    ]);
}

// What follows came after Redis 7.2; the replies are those that the documentation of each command's
// inventor gives.

#[test]
fn set_stores_if_the_old_value_is_as_expected() {
    check(&[
        ("SET k v IFEQ x", "_"),
        ("EXISTS k", ":0"),
        ("SET k v IFNE x", "+OK"),
        ("SET k w IFNE v", "_"),
        ("SET k w IFEQ x", "_"),
        ("GET k", "$v"),
        ("SET k w ifeq v", "+OK"),
        ("SET k 12 IFNE v", "+OK"),
        ("SET k 13 IFEQ 012", "_"),
        ("SET k 13 IFEQ 12 EX 100", "+OK"),
        ("TTL k", ":100"),
        (r#"SET k "" IFEQ 13 KEEPTTL"#, "+OK"),
        ("TTL k", ":100"),
        (r#"SET k x IFEQ """#, "+OK"),
        ("TTL k", ":-1"),
    ]);
}

#[test]
fn set_stores_if_the_old_value_has_a_digest() {
    check(&[
        ("SET k hello IFDEQ 9555e8555c62dcfd", "_"),
        ("SET k hello IFDNE 9555e8555c62dcfd", "+OK"),
        ("SET k x IFDNE 9555e8555c62dcfd", "_"),
        ("SET k x IFDEQ 9555e8555c62dcfe", "_"),
        ("SET k x IFDEQ zzzzzzzzzzzzzzzz", "_"),
        ("SET k x IFDEQ 9555e8555c62dcf", "-ERR must be exactly 16 hexadecimal characters"),
        ("SET k x IFDNE 09555e8555c62dcfd GET", "-ERR must be exactly 16 hexadecimal characters"),
        ("GET k", "$hello"),
        ("SET k x IFDEQ 9555E8555C62DCFD", "+OK"),
        ("GET k", "$x"),
        ("SET none x IFDEQ 1", "_"),
    ]);
}

#[test]
fn set_with_get_gives_the_old_value_whether_it_stores_or_not() {
    check(&[
        ("SET k v IFEQ x GET", "_"),
        ("EXISTS k", ":0"),
        ("SET k v IFNE x GET", "_"),
        ("GET k", "$v"),
        ("SET k w GET IFEQ x", "$v"),
        ("GET k", "$v"),
        ("SET k w GET IFEQ v", "$v"),
        ("GET k", "$w"),
    ]);
}

#[test]
fn set_compares_strings_only_and_on_one_condition() {
    const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    check(&[
        ("RPUSH l a", ":1"),
        ("SET l v IFEQ a", WRONG_TYPE),
        ("SET l v IFNE a", WRONG_TYPE),
        ("SET l v IFDEQ 1", WRONG_TYPE),
        ("SET l v IFDNE 9555e8555c62dcfd GET", WRONG_TYPE),
        ("SET k v IFEQ", "-ERR syntax error"),
        ("SET k v IFEQ a NX", "-ERR syntax error"),
        ("SET k v XX IFNE a", "-ERR syntax error"),
        ("SET k v IFEQ a IFNE b", "-ERR syntax error"),
        ("SET k v IFDEQ a IFEQ b", "-ERR syntax error"),
        ("SET k v", "+OK"),
        ("SET k w IFEQ x IFEQ v", "+OK"),
        ("SET k x IFEQ w EX 0", "-ERR invalid expire time in 'set' command"),
    ]);
}

#[test]
fn delifeq_deletes_a_string_that_is_as_expected() {
    check(&[
        ("SET k abc123", "+OK"),
        ("DELIFEQ k xyz", ":0"),
        ("EXISTS k", ":1"),
        ("DELIFEQ k abc123", ":1"),
        ("DELIFEQ k abc123", ":0"),
        ("SET k 12", "+OK"),
        ("DELIFEQ k 12", ":1"),
        ("RPUSH l a", ":1"),
        ("DELIFEQ l a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("DELIFEQ k", "-ERR wrong number of arguments for 'delifeq' command"),
    ]);
}

#[test]
fn delex_deletes_on_a_condition() {
    check(&[
        ("DELEX k", ":0"),
        ("MSET a hello b hello c hello d hello e -999", "+OK"),
        ("DELEX a IFEQ x", ":0"),
        ("DELEX a ifeq hello", ":1"),
        ("DELEX b IFNE hello", ":0"),
        ("DELEX b IfNe x", ":1"),
        ("DELEX c IFDEQ 0000000000000000", ":0"),
        ("DELEX c IFDEQ 9555E8555C62DCFD", ":1"),
        ("DELEX d IFDNE 9555e8555c62dcfd", ":0"),
        ("DELEX d IFDNE zzzzzzzzzzzzzzzz", ":1"),
        ("DELEX e IFEQ -999", ":1"),
        ("EXISTS a b c d e", ":0"),
        ("RPUSH l a", ":1"),
        ("DELEX l", ":1"),
        ("EXISTS l", ":0"),
    ]);
}

#[test]
fn delex_looks_at_the_key_before_the_condition() {
    const NOT_A_STRING: &str = "-ERR Key should be of string type if conditions are specified";
    check(&[
        ("DELEX none IFEQ x", ":0"),
        ("DELEX none IFNE x", ":0"),
        ("DELEX none IFDEQ x", ":0"),
        ("DELEX none FOO x", ":0"),
        ("DELEX none IFEQ", "-ERR wrong number of arguments for 'delex' command"),
        ("RPUSH l a", ":1"),
        ("DELEX l IFEQ a", NOT_A_STRING),
        ("DELEX l FOO a", NOT_A_STRING),
        ("SET k hello", "+OK"),
        ("DELEX k FOO a", "-ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"),
        ("DELEX k IFDEQ 123", "-ERR must be exactly 16 hexadecimal characters"),
        (r#"DELEX k IFDNE """#, "-ERR must be exactly 16 hexadecimal characters"),
        ("DELEX k IFEQ hello x", "-ERR wrong number of arguments for 'delex' command"),
        ("GET k", "$hello"),
    ]);
}

#[test]
fn digest_gives_sixteen_digits() {
    check(&[
        ("DIGEST k", "_"),
        (r#"SET k "Hello world""#, "+OK"),
        ("DIGEST k", "$b6acb9d84a38ff74"),
        ("SET k v8", "+OK"),
        ("DIGEST k", "$0cc76dbb41381419"),
        ("SET k 123", "+OK"),
        ("DIGEST k", "$404a763b3f4c8c9a"),
        (r#"SET k """#, "+OK"),
        ("DIGEST k", "$2d06800538d394c2"),
        ("RPUSH l a", ":1"),
        ("DIGEST l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ]);
}

#[test]
fn msetex_stores_all_or_none() {
    check(&[
        ("MSETEX 2 a 1 b 2", ":1"),
        ("MGET a b", "[$1 $2]"),
        ("TTL a", ":-1"),
        ("MSETEX 2 b 3 c 3 NX", ":0"),
        ("MSETEX 2 b 3 c 3 xx", ":0"),
        ("MGET b c", "[$2 _]"),
        ("MSETEX 2 c 4 d 4 NX EX 100", ":1"),
        ("TTL d", ":100"),
        ("MSETEX 2 c 5 d 5 PX 5000 XX", ":1"),
        ("MGET c d", "[$5 $5]"),
        ("PTTL c", ":5000"),
        ("MSETEX 2 c 6 e 6 KEEPTTL", ":1"),
        ("PTTL c", ":5000"),
        ("TTL e", ":-1"),
        ("MSETEX 1 c 7", ":1"),
        ("TTL c", ":-1"),
        ("MSETEX 2 c 8 c 9 NX NX XX", "-ERR syntax error"),
        ("MSETEX 2 c 8 c 9", ":1"),
        ("GET c", "$9"),
        ("RPUSH l a", ":1"),
        ("MSETEX 1 l v EXAT 1700000060", ":1"),
        ("TTL l", ":60"),
        ("MSETEX 1 l v PXAT 1", ":1"),
        ("EXISTS l", ":0"),
        ("COMMAND GETKEYS MSETEX 2 a 1 b 2 NX", "[$a $b]"),
    ]);
}

#[test]
fn msetex_refuses_what_does_not_fit() {
    const COUNT: &str = "-ERR invalid numkeys value";
    const PAIRS: &str = "-ERR wrong number of key-value pairs";
    check(&[
        ("MSETEX 1 a", "-ERR wrong number of arguments for 'msetex' command"),
        ("MSETEX key1 val1 ex 10", COUNT),
        ("MSETEX 0 a 1", COUNT),
        ("MSETEX -1 a 1", COUNT),
        ("MSETEX 2147483648 a 1", COUNT),
        ("MSETEX 9223372036854775807 a 1", COUNT),
        ("MSETEX 2147483647 a 1", PAIRS),
        ("MSETEX 2 a 1 b", PAIRS),
        ("MSETEX 1 a 1 b", "-ERR syntax error"),
        ("MSETEX 1 a 1 NX XX", "-ERR syntax error"),
        ("MSETEX 1 a 1 EX 10 PX 5000", "-ERR syntax error"),
        ("MSETEX 1 a 1 EX 10 KEEPTTL", "-ERR syntax error"),
        ("MSETEX 1 a 1 GET", "-ERR syntax error"),
        ("MSETEX 1 a 1 IFEQ 1", "-ERR syntax error"),
        ("MSETEX 1 a 1 EX", "-ERR syntax error"),
        ("MSETEX 1 a 1 EX 0", "-ERR invalid expire time in 'msetex' command"),
        ("MSETEX 1 a 1 EX x", "-ERR value is not an integer or out of range"),
        ("EXISTS a", ":0"),
    ]);
}

#[test]
fn increx_adds_and_tells_what_it_added() {
    check(&[
        ("INCREX k", "[:1 :1]"),
        ("INCREX k BYINT 5", "[:6 :5]"),
        ("INCREX k byint -10", "[:-4 :-10]"),
        ("INCREX k BYINT 0", "[:-4 :0]"),
        ("OBJECT ENCODING k", "$int"),
        ("INCREX k BYFLOAT 0.25", "[$-3.75 $0.25]"),
        ("GET k", "$-3.75"),
        ("INCREX k", "-ERR value is not an integer or out of range"),
        ("INCREX f BYFLOAT 2.5", "[$2.5 $2.5]"),
        (
            "HELLO 3",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("INCREX f BYFLOAT -1", "[,1.5 ,-1]"),
        ("INCREX i BYINT 3", "[:3 :3]"),
    ]);
}

#[test]
fn increx_leaves_alone_what_would_go_out_of_bounds() {
    check(&[
        ("SET k 10", "+OK"),
        ("INCREX k BYINT 10 UBOUND 15", "[:10 :0]"),
        ("INCREX k BYINT -10 LBOUND 5 EX 100", "[:10 :0]"),
        ("TTL k", ":-1"),
        ("INCREX k BYINT 5 UBOUND 15", "[:15 :5]"),
        ("INCREX k BYINT -15 LBOUND 0", "[:0 :-15]"),
        ("SET k 50", "+OK"),
        ("INCREX k BYINT 5 UBOUND 30", "[:50 :0]"),
        ("INCREX k BYINT -25 UBOUND 30", "[:25 :-25]"),
        ("INCREX none BYINT 5 LBOUND 10", "[:0 :0]"),
        ("EXISTS none", ":0"),
        ("SET k 9223372036854775800", "+OK"),
        ("INCREX k BYINT 9223372036854775800", "[:9223372036854775800 :0]"),
        ("SET k 10.0", "+OK"),
        ("INCREX k BYFLOAT 10 UBOUND 15.5", "[$10 $0]"),
        ("GET k", "$10.0"),
        ("INCREX k BYFLOAT 5.5 UBOUND 15.5", "[$15.5 $5.5]"),
        ("INCREX none BYFLOAT -0.5 UBOUND -1.5", "[$0 $0]"),
        ("EXISTS none", ":0"),
        ("SET big 1e4932", "+OK"),
        ("INCREX none BYFLOAT 1e4932 UBOUND 1", "[$0 $0]"),
    ]);
}

#[test]
fn increx_saturates_at_its_bounds() {
    check(&[
        ("SET k 10", "+OK"),
        ("INCREX k BYINT 10 UBOUND 15 SATURATE EX 100", "[:15 :5]"),
        ("TTL k", ":100"),
        ("INCREX k BYINT -100 LBOUND 0 SATURATE", "[:0 :-15]"),
        ("SET k 50", "+OK"),
        ("INCREX k BYINT 5 UBOUND 30 saturate", "[:30 :-20]"),
        ("INCREX k BYINT -5 LBOUND 40 SATURATE", "[:40 :10]"),
        ("INCREX new LBOUND 5 SATURATE", "[:5 :5]"),
        ("SET k 9223372036854775800", "+OK"),
        ("INCREX k BYINT 9223372036854775800 SATURATE", "[:9223372036854775807 :7]"),
        (
            "INCREX k BYINT 1 SATURATE UBOUND -9223372036854775808",
            "-ERR applied increment would overflow",
        ),
        ("SET k -9223372036854775800", "+OK"),
        ("INCREX k BYINT -9223372036854775800 SATURATE", "[:-9223372036854775808 :-8]"),
        ("SET f 10", "+OK"),
        ("INCREX f BYFLOAT 100 UBOUND 42.5 SATURATE", "[$42.5 $32.5]"),
        ("INCREX f BYFLOAT -1e4932 LBOUND -5.5 SATURATE", "[$-5.5 $-48]"),
        ("INCREX f BYFLOAT 1 LBOUND inf UBOUND inf", "[$-5.5 $0]"),
        (
            "INCREX f BYFLOAT 1 LBOUND inf UBOUND inf SATURATE",
            "-ERR applied increment would be Infinity",
        ),
        ("GET f", "$-5.5"),
    ]);
}

#[test]
fn increx_cuts_a_sum_beyond_all_numbers_to_the_greatest() {
    let mut client = Client::new(1);
    client.run("SET k 1e4932");
    let stays = client.run("INCREX k BYFLOAT 1e4932");
    assert!(stays.ends_with(" $0]") && client.run("GET k") == "$1e4932", "{stays}");
    let cut = client.run("INCREX k BYFLOAT 1e4932 SATURATE");
    assert!(cut.starts_with("[$118973149535723176502126385303"), "{cut}");
    client.run("SET k -1e4932");
    let cut = client.run("INCREX k BYFLOAT -1e4932 SATURATE");
    assert!(cut.starts_with("[$-118973149535723176502126385303"), "{cut}");
}

#[test]
fn increx_sets_keeps_or_takes_away_the_deadline() {
    check(&[
        ("INCREX k EX 100", "[:1 :1]"),
        ("TTL k", ":100"),
        ("INCREX k", "[:2 :1]"),
        ("TTL k", ":100"),
        ("INCREX k PX 5000 ENX", "[:3 :1]"),
        ("TTL k", ":100"),
        ("INCREX k EXAT 1 ENX", "[:4 :1]"),
        ("TTL k", ":100"),
        ("INCREX k EXAT 1700000060", "[:5 :1]"),
        ("TTL k", ":60"),
        ("INCREX k PERSIST", "[:6 :1]"),
        ("TTL k", ":-1"),
        ("INCREX k BYFLOAT 1 PXAT 1700000060000 ENX", "[$7 $1]"),
        ("TTL k", ":60"),
        ("INCREX k EXAT 1", "[:8 :1]"),
        ("EXISTS k", ":0"),
        ("INCREX k EXAT 1", "[:1 :1]"),
        ("EXISTS k", ":0"),
        ("INCREX k EX 60 ENX", "[:1 :1]"),
        ("+60000ms", ""),
        ("INCREX k EX 60 ENX UBOUND 2", "[:2 :1]"),
        ("INCREX k EX 60 ENX UBOUND 2", "[:2 :0]"),
        ("+1ms", ""),
        ("INCREX k EX 60 ENX UBOUND 2", "[:1 :1]"),
    ]);
}

#[test]
fn increx_adds_only_where_there_is_a_key_or_none() {
    check(&[
        ("INCREX k XX", "[:0 :0]"),
        ("INCREX k XX BYFLOAT 1.5", "[$0 $0]"),
        ("EXISTS k", ":0"),
        ("INCREX k NX BYINT 3 EX 100", "[:3 :3]"),
        ("INCREX k NX BYINT 3", "[:3 :0]"),
        ("INCREX k XX", "[:4 :1]"),
        ("INCREX k NX XX", "-ERR syntax error"),
    ]);
}

#[test]
fn increx_refuses_what_does_not_fit() {
    const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    check(&[
        ("INCREX k BYINT 1 FOO", "-ERR syntax error"),
        ("INCREX k BYINT 1 BYINT 2", "-ERR syntax error"),
        ("INCREX k BYINT 1 BYFLOAT 2", "-ERR syntax error"),
        ("INCREX k BYINT", "-ERR syntax error"),
        ("INCREX k LBOUND 0 LBOUND 1", "-ERR syntax error"),
        ("INCREX k UBOUND", "-ERR syntax error"),
        ("INCREX k SATURATE SATURATE", "-ERR syntax error"),
        ("INCREX k EX 10 EX 20", "-ERR syntax error"),
        ("INCREX k EX 10 PERSIST", "-ERR syntax error"),
        ("INCREX k PERSIST PERSIST", "-ERR syntax error"),
        ("INCREX k ENX ENX EX 10", "-ERR syntax error"),
        ("INCREX k ENX PERSIST", "-ERR syntax error"),
        ("INCREX k PERSIST ENX", "-ERR syntax error"),
        ("INCREX k ENX", "-ERR ENX flag requires an expiration"),
        ("INCREX k BYINT 1.5", "-ERR Increment is not an integer or out of range"),
        ("INCREX k BYFLOAT abc", "-ERR Increment is not a valid float"),
        ("INCREX k BYFLOAT nan", "-ERR Increment is not a valid float"),
        ("INCREX k BYFLOAT -inf", "-ERR BYFLOAT increment cannot be Infinity"),
        ("INCREX k LBOUND 1.5", "-ERR LBOUND is not an integer or out of range"),
        ("INCREX k UBOUND inf", "-ERR UBOUND is not an integer or out of range"),
        ("INCREX k BYFLOAT 1 LBOUND abc", "-ERR LBOUND is not a valid float"),
        ("INCREX k BYFLOAT 1 UBOUND abc", "-ERR UBOUND is not a valid float"),
        ("INCREX k LBOUND 10 UBOUND 5", "-ERR LBOUND can't be greater than UBOUND"),
        ("INCREX k BYFLOAT 1 LBOUND 10.5 UBOUND 1.5", "-ERR LBOUND can't be greater than UBOUND"),
        ("INCREX k BYFLOAT 1 LBOUND inf", "-ERR LBOUND can't be greater than UBOUND"),
        ("INCREX k EX 0", "-ERR invalid expire time in 'increx' command"),
        ("INCREX k PX -1", "-ERR invalid expire time in 'increx' command"),
        ("INCREX k EX x", "-ERR value is not an integer or out of range"),
        ("EXISTS k", ":0"),
        ("RPUSH l a", ":1"),
        ("INCREX l", WRONG_TYPE),
        ("INCREX l BYFLOAT 1 EXAT 1", WRONG_TYPE),
        ("SET k hello", "+OK"),
        ("INCREX k", "-ERR value is not an integer or out of range"),
        ("INCREX k BYFLOAT 1", "-ERR value is not a valid float"),
        ("SET k inf", "+OK"),
        ("INCREX k BYFLOAT 1", "-ERR value cannot be Infinity"),
    ]);
}

#[test]
fn throttle_lets_a_burst_through_and_then_one_by_one() {
    check(&[
        // Never more at once than the limit.
        ("CL.THROTTLE k 4 1 1 6", "[:1 :5 :5 :-1 :0]"),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :4 :-1 :1]"),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :3 :-1 :2]"),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :2 :-1 :3]"),
        ("CL.THROTTLE k 4 1 1 1", "[:0 :5 :1 :-1 :4]"),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :0 :-1 :5]"),
        ("CL.THROTTLE k 4 1 1", "[:1 :5 :0 :1 :5]"),
        ("+3000ms", ""),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :2 :-1 :3]"),
        ("+100ms", ""),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :1 :-1 :4]"),
        ("+900ms", ""),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :1 :-1 :4]"),
        ("+4000ms", ""),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :4 :-1 :1]"),
        ("+1500ms", ""),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :4 :-1 :1]"),
        // None at all only looks.
        ("CL.THROTTLE k 4 1 1 0", "[:0 :5 :4 :-1 :1]"),
        ("CL.THROTTLE k 4 1 1 2", "[:0 :5 :2 :-1 :3]"),
        ("CL.THROTTLE k 4 1 1 5", "[:1 :5 :2 :3 :3]"),
        ("CL.THROTTLE k 4 1 1 6", "[:1 :5 :2 :-1 :3]"),
    ]);
}

#[test]
fn throttle_rounds_the_time_to_wait_up() {
    check(&[
        ("CL.THROTTLE k 0 1 2", "[:0 :1 :0 :-1 :2]"),
        ("CL.THROTTLE k 0 1 2", "[:1 :1 :0 :2 :2]"),
        ("+500ms", ""),
        ("CL.THROTTLE k 0 1 2", "[:1 :1 :0 :2 :2]"),
        ("+500ms", ""),
        ("CL.THROTTLE k 0 1 2", "[:1 :1 :0 :1 :1]"),
        ("+1000ms", ""),
        ("CL.THROTTLE k 0 1 2", "[:0 :1 :0 :-1 :2]"),
        ("CL.THROTTLE user123 15 30 60", "[:0 :16 :15 :-1 :2]"),
        ("CL.THROTTLE often 15 500000 1 2", "[:0 :16 :14 :-1 :1]"),
    ]);
}

#[test]
fn throttle_keeps_a_time_that_goes_when_it_has_passed() {
    check(&[
        ("CL.THROTTLE k 4 1 1 0", "[:0 :5 :5 :-1 :0]"),
        ("EXISTS k", ":0"),
        ("CL.THROTTLE k 4 1 1 2", "[:0 :5 :3 :-1 :2]"),
        ("GET k", "$1700000002000000000"),
        ("PTTL k", ":2000"),
        ("+2001ms", ""),
        ("EXISTS k", ":0"),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :4 :-1 :1]"),
        ("SET k 1", "+OK"),
        ("CL.THROTTLE k 4 1 1", "[:0 :5 :4 :-1 :1]"),
        ("SET k 9223372036854775807", "+OK"),
        // Such a time is from before the clock was set back: it counts as the latest that may be.
        ("CL.THROTTLE k 4 1 1", "[:1 :5 :0 :1 :5]"),
    ]);
}

#[test]
fn throttle_refuses_what_is_no_rate() {
    const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
    const ARITY: &str = "-ERR wrong number of arguments for 'cl.throttle' command";
    check(&[
        ("CL.THROTTLE k 1 1", ARITY),
        ("CL.THROTTLE k 1 1 1 1 1", ARITY),
        ("CL.THROTTLE k 10 1 0", "-ERR zero rates are not supported"),
        ("CL.THROTTLE k 10 2000000000 1", "-ERR zero rates are not supported"),
        ("CL.THROTTLE k 10 0 1", NOT_AN_INTEGER),
        ("CL.THROTTLE k -1 1 1", NOT_AN_INTEGER),
        ("CL.THROTTLE k 1 -1 1", NOT_AN_INTEGER),
        ("CL.THROTTLE k 1 1 -1", NOT_AN_INTEGER),
        ("CL.THROTTLE k 1 1 1 -1", NOT_AN_INTEGER),
        ("CL.THROTTLE k 1 1 one", NOT_AN_INTEGER),
        ("CL.THROTTLE k 9223372036854775807 1 1", NOT_AN_INTEGER),
        ("CL.THROTTLE k 1 1 9223372036854775807", NOT_AN_INTEGER),
        ("CL.THROTTLE k 1 9223372036854775807 9223372036854775807 9223372036", "[:1 :2 :2 :-1 :0]"),
        ("CL.THROTTLE k 1 1 1 9223372036854775807", NOT_AN_INTEGER),
        ("EXISTS k", ":0"),
        ("RPUSH l a", ":1"),
        (
            "CL.THROTTLE l 1 1 1",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("SET s not-a-number", "+OK"),
        ("CL.THROTTLE s 1 1 1", NOT_AN_INTEGER),
    ]);
}
