//! The list commands. The replies are those of Redis.

mod support;

use support::check;

#[test]
fn pushes_add_at_their_end_one_after_the_other() {
    check(&[
        ("RPUSH l a b", ":2"),
        ("LPUSH l x y", ":4"),
        ("LRANGE l 0 -1", "[$y $x $a $b]"),
        ("RPUSHX l c d", ":6"),
        ("LPUSHX l z", ":7"),
        ("LRANGE l 0 -1", "[$z $y $x $a $b $c $d]"),
        ("LLEN l", ":7"),
        ("LPUSHX missing a", ":0"),
        ("RPUSHX missing a b", ":0"),
        ("EXISTS missing", ":0"),
        ("LPUSH l", "-ERR wrong number of arguments for 'lpush' command"),
        ("RPUSHX l", "-ERR wrong number of arguments for 'rpushx' command"),
        (r#"RPUSH l "" "\x00\xff""#, ":9"),
        ("LRANGE l -2 -1", r"[$ $\x00\xff]"),
    ]);
}

#[test]
fn pops_take_from_their_end() {
    check(&[
        ("RPUSH l a b c d e f g", ":7"),
        ("LPOP l", "$a"),
        ("RPOP l", "$g"),
        ("LPOP l 2", "[$b $c]"),
        ("RPOP l 2", "[$f $e]"),
        ("RPOP l 99", "[$d]"),
        ("EXISTS l", ":0"),
        ("LPOP l", "_"),
        ("RPOP l", "_"),
    ]);
}

#[test]
fn a_list_without_elements_is_gone() {
    check(&[
        ("RPUSH l a", ":1"),
        ("LPOP l", "$a"),
        ("EXISTS l", ":0"),
        ("TYPE l", "+none"),
        ("RPUSH l a b", ":2"),
        ("RPOP l 2", "[$b $a]"),
        ("EXISTS l", ":0"),
        ("RPUSH l a", ":1"),
        ("PEXPIREAT l 9999999999000", ":1"),
        ("LPOP l 1", "[$a]"),
        ("RPUSH l b", ":1"),
        ("PEXPIRETIME l", ":-1"),
    ]);
}

#[test]
fn a_count_of_pops_is_checked_before_the_key() {
    check(&[
        ("SET s 1", "+OK"),
        ("RPUSH l a", ":1"),
        ("LPOP l 0", "[]"),
        ("RPOP l 0", "[]"),
        ("LPOP l -1", "-ERR value is out of range, must be positive"),
        ("LPOP l x", "-ERR value is out of range, must be positive"),
        ("LPOP l 9223372036854775808", "-ERR value is out of range, must be positive"),
        ("RPOP l -9223372036854775808", "-ERR value is out of range, must be positive"),
        ("LPOP missing", "_"),
        ("LPOP missing 0", "*_"),
        ("RPOP missing 1", "*_"),
        ("LPOP missing -1", "-ERR value is out of range, must be positive"),
        ("LPOP s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPOP s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPOP s -1", "-ERR value is out of range, must be positive"),
        ("LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command"),
        ("RPOP l 1 2", "-ERR wrong number of arguments for 'rpop' command"),
        ("RPOP s x y", "-ERR wrong number of arguments for 'rpop' command"),
        ("LPOP", "-ERR wrong number of arguments for 'lpop' command"),
        ("LPOP l 9223372036854775807", "[$a]"),
    ]);
}

#[test]
fn a_range_is_cut_to_the_list() {
    check(&[
        ("RPUSH l a b c", ":3"),
        ("LRANGE l 0 -1", "[$a $b $c]"),
        ("LRANGE l 1 1", "[$b]"),
        ("LRANGE l -1 -1", "[$c]"),
        ("LRANGE l -100 -2", "[$a $b]"),
        ("LRANGE l -100 -4", "[]"),
        ("LRANGE l 1 0", "[]"),
        ("LRANGE l 3 10", "[]"),
        ("LRANGE l 2 10", "[$c]"),
        ("LRANGE l -9223372036854775808 9223372036854775807", "[$a $b $c]"),
        ("LRANGE l 9223372036854775807 -9223372036854775808", "[]"),
        ("LRANGE l 9223372036854775807 9223372036854775807", "[]"),
        ("LRANGE l 0 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("LRANGE l x 0", "-ERR value is not an integer or out of range"),
        ("LRANGE l 0 x", "-ERR value is not an integer or out of range"),
        ("LRANGE missing 0 0", "[]"),
        ("LRANGE missing x 0", "-ERR value is not an integer or out of range"),
        ("LRANGE l 0", "-ERR wrong number of arguments for 'lrange' command"),
    ]);
}

#[test]
fn an_index_counts_from_either_end() {
    check(&[
        ("RPUSH l a b", ":2"),
        ("LINDEX l 0", "$a"),
        ("LINDEX l 1", "$b"),
        ("LINDEX l 2", "_"),
        ("LINDEX l -1", "$b"),
        ("LINDEX l -2", "$a"),
        ("LINDEX l -3", "_"),
        ("LINDEX l 9223372036854775807", "_"),
        ("LINDEX l -9223372036854775808", "_"),
        ("LINDEX l x", "-ERR value is not an integer or out of range"),
        ("LINDEX missing x", "_"),
        ("LINDEX missing 0", "_"),
        ("LINDEX l", "-ERR wrong number of arguments for 'lindex' command"),
    ]);
}

#[test]
fn list_commands_refuse_other_types() {
    check(&[
        ("SET s 1", "+OK"),
        ("LPUSH s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("RPUSH s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPUSHX s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("RPUSHX s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPOP s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("RPOP s 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LLEN s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LRANGE s 0 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LRANGE s x 0", "-ERR value is not an integer or out of range"),
        ("LINDEX s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LINDEX s x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LLEN missing", ":0"),
        ("RPUSH l a", ":1"),
        ("GET l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ]);
}

#[test]
fn an_element_is_replaced_by_its_position() {
    check(&[
        ("RPUSH l a b c", ":3"),
        ("LSET l 0 x", "+OK"),
        ("LSET l -1 12", "+OK"),
        (r#"LSET l 1 """#, "+OK"),
        ("LRANGE l 0 -1", "[$x $ $12]"),
        ("LSET l 3 x", "-ERR index out of range"),
        ("LSET l -4 x", "-ERR index out of range"),
        ("LSET l -3 y", "+OK"),
        ("LSET l 9223372036854775807 x", "-ERR index out of range"),
        ("LSET l -9223372036854775808 x", "-ERR index out of range"),
        ("LSET l x y", "-ERR value is not an integer or out of range"),
        ("LSET missing 0 y", "-ERR no such key"),
        ("LSET missing x y", "-ERR no such key"),
        ("LSET l 0", "-ERR wrong number of arguments for 'lset' command"),
        ("SET s 1", "+OK"),
        ("LSET s x y", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ]);
}

#[test]
fn an_element_is_added_beside_its_pivot() {
    check(&[
        ("RPUSH l a b a 5", ":4"),
        ("LINSERT l BEFORE a x", ":5"),
        ("LINSERT l after a y", ":6"),
        ("LINSERT l before 5 z", ":7"),
        ("LINSERT l After 5 w", ":8"),
        ("LINSERT l before 05 z", ":-1"),
        ("LRANGE l 0 -1", "[$x $a $y $b $a $z $5 $w]"),
        ("LINSERT l BEFORE nope q", ":-1"),
        ("LINSERT missing BEFORE nope q", ":0"),
        ("EXISTS missing", ":0"),
        ("LINSERT l BESIDE a x", "-ERR syntax error"),
        ("LINSERT missing BESIDE a x", "-ERR syntax error"),
        ("LINSERT l BEFORE a", "-ERR wrong number of arguments for 'linsert' command"),
        ("SET s 1", "+OK"),
        (
            "LINSERT s AFTER a b",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("LINSERT s x a b", "-ERR syntax error"),
    ]);
}

#[test]
fn equal_elements_are_removed_from_either_end() {
    check(&[
        ("RPUSH l a b a a c a 1", ":7"),
        ("LREM l 1 a", ":1"),
        ("LREM l -1 a", ":1"),
        ("LRANGE l 0 -1", "[$b $a $a $c $1]"),
        ("LREM l 2 nope", ":0"),
        ("LREM l 0 a", ":2"),
        ("LREM l 0 01", ":0"),
        ("LREM l -9223372036854775808 1", ":1"),
        ("LRANGE l 0 -1", "[$b $c]"),
        ("LREM l 9223372036854775807 b", ":1"),
        ("LREM l 0 c", ":1"),
        ("EXISTS l", ":0"),
        ("LREM missing 0 a", ":0"),
        ("LREM missing x a", "-ERR value is not an integer or out of range"),
        ("LREM l 9223372036854775808 a", "-ERR value is not an integer or out of range"),
        ("SET s 1", "+OK"),
        ("LREM s x a", "-ERR value is not an integer or out of range"),
        ("LREM s 0 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LREM l 0", "-ERR wrong number of arguments for 'lrem' command"),
    ]);
}

#[test]
fn a_trim_keeps_what_is_between_two_positions() {
    check(&[
        ("RPUSH l a b c d e", ":5"),
        ("LTRIM l 1 -1", "+OK"),
        ("LTRIM l 0 2", "+OK"),
        ("LRANGE l 0 -1", "[$b $c $d]"),
        ("LTRIM l -100 100", "+OK"),
        ("LTRIM l 1 1", "+OK"),
        ("LRANGE l 0 -1", "[$c]"),
        ("PEXPIREAT l 9999999999000", ":1"),
        ("LTRIM l 0 0", "+OK"),
        ("PEXPIRETIME l", ":9999999999000"),
        ("LTRIM l 1 0", "+OK"),
        ("EXISTS l", ":0"),
        ("LTRIM missing 0 0", "+OK"),
        ("LTRIM missing x 0", "-ERR value is not an integer or out of range"),
        ("LTRIM missing 0 x", "-ERR value is not an integer or out of range"),
        ("SET s 1", "+OK"),
        ("LTRIM s 0 x", "-ERR value is not an integer or out of range"),
        ("LTRIM s 0 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("RPUSH l a b", ":2"),
        ("LTRIM l -9223372036854775808 9223372036854775807", "+OK"),
        ("LTRIM l 5 10", "+OK"),
        ("EXISTS l", ":0"),
        ("LTRIM l 0", "-ERR wrong number of arguments for 'ltrim' command"),
    ]);
}

#[test]
fn positions_of_an_element_are_found() {
    check(&[
        ("RPUSH l a b c 1 2 3 c c", ":8"),
        ("LPOS l c", ":2"),
        ("LPOS l 1", ":3"),
        ("LPOS l nope", "_"),
        ("LPOS l c RANK 2", ":6"),
        ("LPOS l c RANK -1", ":7"),
        ("LPOS l c RANK -3", ":2"),
        ("LPOS l c RANK 4", "_"),
        ("LPOS l c COUNT 2", "[:2 :6]"),
        ("LPOS l c COUNT 0", "[:2 :6 :7]"),
        ("LPOS l c COUNT 0 RANK -2", "[:6 :2]"),
        ("LPOS l nope COUNT 1", "[]"),
        ("LPOS l c COUNT 0 MAXLEN 7", "[:2 :6]"),
        ("LPOS l c MAXLEN 2", "_"),
        ("LPOS l c MAXLEN 1 RANK -1", ":7"),
        ("LPOS l c MAXLEN 0 COUNT 0", "[:2 :6 :7]"),
        ("LPOS l c COUNT 1 count 0", "[:2 :6 :7]"),
        ("LPOS missing c", "_"),
        ("LPOS missing c COUNT 0", "[]"),
        ("LPOS l c RANK 9223372036854775807 COUNT 0", "[]"),
        ("LPOS l c RANK -9223372036854775807", "_"),
        ("LPOS l c COUNT 9223372036854775807", "[:2 :6 :7]"),
    ]);
}

#[test]
fn options_of_positions_are_checked_before_the_key() {
    check(&[
        ("SET s 1", "+OK"),
        ("LPOS s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (
            "LPOS s a RANK 0",
            "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
        ),
        (
            "LPOS missing a RANK 0",
            "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
        ),
        ("LPOS missing a RANK x", "-ERR value is not an integer or out of range"),
        ("LPOS missing a RANK 9223372036854775808", "-ERR value is not an integer or out of range"),
        (
            "LPOS missing a RANK -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ),
        ("LPOS missing a COUNT -1", "-ERR COUNT can't be negative"),
        ("LPOS missing a COUNT x", "-ERR COUNT can't be negative"),
        ("LPOS missing a MAXLEN -1", "-ERR MAXLEN can't be negative"),
        ("LPOS missing a MAXLEN x", "-ERR MAXLEN can't be negative"),
        ("LPOS missing a RANK", "-ERR syntax error"),
        ("LPOS missing a FOO 1", "-ERR syntax error"),
        (
            "LPOS missing a RANK 0 FOO 1",
            "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
        ),
        ("LPOS missing a RANK 1 FOO", "-ERR syntax error"),
        ("LPOS missing", "-ERR wrong number of arguments for 'lpos' command"),
    ]);
}

#[test]
fn an_element_moves_from_list_to_list() {
    check(&[
        ("RPUSH a 1 2 3", ":3"),
        ("LMOVE a b LEFT RIGHT", "$1"),
        ("LMOVE a b right left", "$3"),
        ("RPOPLPUSH a b", "$2"),
        ("LRANGE b 0 -1", "[$2 $3 $1]"),
        ("EXISTS a", ":0"),
        ("LMOVE a b LEFT LEFT", "_"),
        ("RPOPLPUSH a b", "_"),
        ("SET s 1", "+OK"),
        ("LMOVE missing s LEFT RIGHT", "_"),
        ("RPOPLPUSH missing s", "_"),
        (
            "LMOVE b s LEFT RIGHT",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "LMOVE s b LEFT RIGHT",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("RPOPLPUSH b s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("RPOPLPUSH s b", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LMOVE missing s LEFT UP", "-ERR syntax error"),
        ("LMOVE missing s UP LEFT", "-ERR syntax error"),
        ("LLEN b", ":3"),
        ("LMOVE a b LEFT", "-ERR wrong number of arguments for 'lmove' command"),
        ("RPOPLPUSH a", "-ERR wrong number of arguments for 'rpoplpush' command"),
    ]);
}

#[test]
fn a_move_within_one_list_rotates_it() {
    check(&[
        ("RPUSH l a b c", ":3"),
        ("RPOPLPUSH l l", "$c"),
        ("LRANGE l 0 -1", "[$c $a $b]"),
        ("LMOVE l l LEFT RIGHT", "$c"),
        ("LMOVE l l LEFT LEFT", "$a"),
        ("LMOVE l l RIGHT RIGHT", "$c"),
        ("LRANGE l 0 -1", "[$a $b $c]"),
        ("RPUSH one x", ":1"),
        ("PEXPIREAT one 9999999999000", ":1"),
        ("LMOVE one one LEFT RIGHT", "$x"),
        ("PEXPIRETIME one", ":9999999999000"),
    ]);
}

#[test]
fn elements_are_taken_from_the_first_list_that_is_there() {
    check(&[
        ("RPUSH b 1 2 3", ":3"),
        ("RPUSH c 4", ":1"),
        ("LMPOP 3 a b c LEFT", "[$b [$1]]"),
        ("LMPOP 3 a b c right COUNT 10", "[$b [$3 $2]]"),
        ("LMPOP 3 a b c RIGHT count 9223372036854775807", "[$c [$4]]"),
        ("LMPOP 3 a b c RIGHT", "*_"),
        ("EXISTS b c", ":0"),
        ("SET s 1", "+OK"),
        ("RPUSH l a", ":1"),
        ("LMPOP 2 a s LEFT", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LMPOP 2 s l LEFT", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LMPOP 2 l s LEFT", "[$l [$a]]"),
    ]);
}

#[test]
fn the_request_of_several_lists_is_checked_before_them() {
    check(&[
        ("SET s 1", "+OK"),
        ("LMPOP 0 s LEFT", "-ERR numkeys should be greater than 0"),
        ("LMPOP -1 s LEFT", "-ERR numkeys should be greater than 0"),
        ("LMPOP x s LEFT", "-ERR numkeys should be greater than 0"),
        ("LMPOP 2 s LEFT", "-ERR syntax error"),
        ("LMPOP 2 s LEFT COUNT 1", "-ERR syntax error"),
        ("LMPOP 1 s UP", "-ERR syntax error"),
        ("LMPOP 1 s LEFT COUNT", "-ERR syntax error"),
        ("LMPOP 1 s LEFT COUNT 0", "-ERR count should be greater than 0"),
        ("LMPOP 1 s LEFT COUNT x", "-ERR count should be greater than 0"),
        ("LMPOP 1 s LEFT COUNT 1 COUNT 1", "-ERR syntax error"),
        ("LMPOP 1 s LEFT COUNT 0 FOO", "-ERR count should be greater than 0"),
        ("LMPOP 1 s LEFT FOO 1", "-ERR syntax error"),
        ("LMPOP 1 s LEFT FOO", "-ERR syntax error"),
        ("LMPOP 9223372036854775807 s LEFT", "-ERR syntax error"),
        ("LMPOP 9223372036854775808 s LEFT", "-ERR numkeys should be greater than 0"),
        ("LMPOP 1 s LEFT COUNT 9223372036854775808", "-ERR count should be greater than 0"),
        ("LMPOP 1 s LEFT", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LMPOP 1 s", "-ERR wrong number of arguments for 'lmpop' command"),
    ]);
}
