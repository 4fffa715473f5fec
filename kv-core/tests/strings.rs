//! The string commands. The replies are those of Redis.

mod support;

use support::check;

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
