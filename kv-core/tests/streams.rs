//! The stream commands. The replies are those of Redis.

mod support;

use support::check;

#[test]
fn the_keys_of_reads_follow_the_word_streams() {
    check(&[
        ("COMMAND GETKEYS XREAD COUNT 2 STREAMS a b 0 0", "[$a $b]"),
        ("COMMAND GETKEYS XREAD STREAMS a b 0", "[$a]"),
        ("COMMAND GETKEYS XREAD STREAMS a 0 STREAMS", "[$a]"),
        ("COMMAND GETKEYS XREAD COUNT 2 3", "-ERR Invalid arguments specified for command"),
        ("COMMAND GETKEYS XREAD COUNT 2 STREAMS", "-ERR Invalid arguments specified for command"),
        ("COMMAND GETKEYS XREADGROUP GROUP g c STREAMS a b > >", "[$a $b]"),
        ("COMMAND GETKEYS XREADGROUP COUNT 1 GROUP g STREAMS STREAMS a >", "[$STREAMS]"),
        ("COMMAND GETKEYS XREADGROUP GROUP g c COUNT 1 STREAMS a b >", "[$a]"),
        (
            "COMMAND GETKEYS XREADGROUP STREAMS a b > > 1 2",
            "-ERR Invalid arguments specified for command",
        ),
        (
            "COMMAND GETKEYSANDFLAGS XREADGROUP GROUP g c STREAMS a b > >",
            "[[$a ~[+RO +access]] [$b ~[+RO +access]]]",
        ),
        (
            "COMMAND GETKEYS XREAD STREAMS a",
            "-ERR Invalid number of arguments specified for command",
        ),
        ("COMMAND GETKEYS XREAD STREAMS a b c d e", "[$a $b]"),
        (
            "XREADGROUP COUNT 1 GROUP g STREAMS STREAMS a >",
            "-NOGROUP No such key 'a' or consumer group 'g' in XREADGROUP with GROUP option",
        ),
        ("XADD a 1-1 f v", "$1-1"),
        ("XGROUP CREATE a g 0", "+OK"),
        ("XREADGROUP COUNT 1 GROUP g STREAMS STREAMS a >", "[[$a [[$1-1 [$f $v]]]]]"),
        ("XREAD STREAMS STREAMS 0", "*_"),
        ("XREAD STREAMS STREAMS a 0 0", "[[$a [[$1-1 [$f $v]]]]]"),
    ]);
}

#[test]
fn options_of_xadd_are_checked_before_anything_is_added() {
    check(&[
        ("XADD s 0-0 a b", "-ERR The ID specified in XADD must be greater than 0-0"),
        ("XADD s *", "-ERR wrong number of arguments for 'xadd' command"),
        ("XADD s * a", "-ERR wrong number of arguments for 'xadd' command"),
        ("XADD s MAXLEN 10 NOMKSTREAM", "-ERR wrong number of arguments for 'xadd' command"),
        (
            "XADD s MAXLEN 10 NOMKSTREAM NOMKSTREAM NOMKSTREAM",
            "-ERR wrong number of arguments for 'xadd' command",
        ),
        ("XADD s maxlen maxlen maxlen maxlen", "-ERR value is not an integer or out of range"),
        ("XADD s MAXLEN x * a b", "-ERR value is not an integer or out of range"),
        ("XADD s MAXLEN -1 * a b", "-ERR The MAXLEN argument must be >= 0."),
        ("XADD s MAXLEN = -1 * a b", "-ERR The MAXLEN argument must be >= 0."),
        (
            "XADD s MAXLEN 1 MINID 1 * a b",
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
        ),
        (
            "XADD s MINID 1 MINID 1 * a b",
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
        ),
        ("XADD s MINID x * a b", "-ERR Invalid stream ID specified as stream command argument"),
        (
            "XADD s LIMIT 1 * a b",
            "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
        ),
        (
            "XADD s LIMIT 0 * a b",
            "-ERR syntax error, LIMIT cannot be used without the special ~ option",
        ),
        (
            "XADD s LIMIT 0 1-1 a b",
            "-ERR syntax error, LIMIT cannot be used without the special ~ option",
        ),
        (
            "XADD s MAXLEN 10 LIMIT 1 1-2 a b",
            "-ERR syntax error, LIMIT cannot be used without the special ~ option",
        ),
        (
            "XADD s MAXLEN 10 LIMIT 0 1-2 a b",
            "-ERR syntax error, LIMIT cannot be used without the special ~ option",
        ),
        ("XADD s MAXLEN ~ 10 LIMIT 1 1-2 a b", "$1-2"),
        ("XADD s MAXLEN ~ 10 LIMIT -1 1-2 a b", "-ERR The LIMIT argument must be >= 0."),
        ("XADD s MAXLEN ~ 10 LIMIT x 1-2 a b", "-ERR value is not an integer or out of range"),
        ("XADD s LIMIT x 1-2 a b", "-ERR value is not an integer or out of range"),
    ]);
}

#[test]
fn ids_ascend_and_may_be_left_to_the_stream() {
    check(&[
        ("XADD s 1-* a b", "$1-0"),
        ("XADD s 1-*x a b", "-ERR Invalid stream ID specified as stream command argument"),
        (
            "XADD s 0-* a b",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
        ),
        (
            "XADD s 1 a b",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
        ),
        ("XADD s 2 a b", "$2-0"),
        (
            "XADD s 2 a b",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
        ),
        ("XADD s - a b", "-ERR Invalid stream ID specified as stream command argument"),
        ("XADD s + a b", "-ERR Invalid stream ID specified as stream command argument"),
        (
            "XADD s 01-01 a b",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
        ),
        ("XADD s 3-01 a b", "$3-1"),
        ("XADD s +4-+1 a b", "$4-1"),
        ("XADD s 5--3 a b", "-ERR Invalid stream ID specified as stream command argument"),
        ("XADD s 5--03 a b", "$5-18446744073709551613"),
        (r#"XADD s "6-\x000" a b"#, "-ERR Invalid stream ID specified as stream command argument"),
        (r#"XADD s "7\x000" a b"#, "$7-0"),
        (
            "XADD s 18446744073709551615-18446744073709551614 a b",
            "$18446744073709551615-18446744073709551614",
        ),
        ("XADD s 18446744073709551615-* a b", "$18446744073709551615-18446744073709551615"),
        (
            "XADD s 18446744073709551615-* a b",
            "-ERR The stream has exhausted the last possible ID, unable to add more items",
        ),
        (
            "XADD s * a b",
            "-ERR The stream has exhausted the last possible ID, unable to add more items",
        ),
        (
            "XADD s 1-1 a b",
            "-ERR The stream has exhausted the last possible ID, unable to add more items",
        ),
        ("XADD s2 NOMKSTREAM 1-1 a b", "_"),
        ("XADD s2 NOMKSTREAM 1-1 a", "-ERR wrong number of arguments for 'xadd' command"),
        ("XADD s2 nomkstream maxlen 1 1-1 a b", "_"),
        ("EXISTS s2", ":0"),
    ]);
}

#[test]
fn an_id_without_a_time_takes_that_of_the_server() {
    check(&[
        ("XADD s * a b", "$1700000000000-0"),
        ("XADD s * a b", "$1700000000000-1"),
        ("+5ms", ""),
        ("XADD s * a b", "$1700000000005-0"),
        ("XADD s 1700000000009-* a b", "$1700000000009-0"),
        ("XADD s * a b", "$1700000000009-1"),
        ("XRANGE s - + COUNT 1", "[[$1700000000000-0 [$a $b]]]"),
    ]);
}

#[test]
fn a_range_includes_its_ends_unless_they_are_excluded() {
    check(&[
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 1-3 a b", "$1-3"),
        (r#"XADD s 2 a "" 1 -7"#, "$2-0"),
        (
            "XADD s 18446744073709551615-18446744073709551614 a b",
            "$18446744073709551615-18446744073709551614",
        ),
        (
            "XADD s 18446744073709551615-18446744073709551615 a b",
            "$18446744073709551615-18446744073709551615",
        ),
        (
            "XRANGE s - +",
            "[[$1-2 [$a $b]] [$1-3 [$a $b]] [$2-0 [$a $ $1 $-7]] [$18446744073709551615-18446744073709551614 [$a $b]] [$18446744073709551615-18446744073709551615 [$a $b]]]",
        ),
        ("XRANGE s - + COUNT 2", "[[$1-2 [$a $b]] [$1-3 [$a $b]]]"),
        ("XRANGE s - + COUNT 0", "*_"),
        ("XRANGE s - + COUNT -1", "*_"),
        ("XRANGE s - + COUNT -5", "*_"),
        ("XRANGE s - + COUNT x", "-ERR value is not an integer or out of range"),
        ("XRANGE s - + COUNT", "-ERR syntax error"),
        ("XRANGE s - + COUNT 1 COUNT 2", "[[$1-2 [$a $b]] [$1-3 [$a $b]]]"),
        ("XRANGE s - + x", "-ERR syntax error"),
        ("XRANGE s - + x y", "-ERR syntax error"),
        ("XRANGE nosuch - + COUNT 0", "[]"),
        ("XRANGE nosuch x +", "-ERR Invalid stream ID specified as stream command argument"),
        ("XRANGE s (1-1 (2", "[[$1-2 [$a $b]] [$1-3 [$a $b]] [$2-0 [$a $ $1 $-7]]]"),
        ("XRANGE s (- +", "-ERR Invalid stream ID specified as stream command argument"),
        ("XRANGE s ( +", "-ERR Invalid stream ID specified as stream command argument"),
        (
            "XRANGE s (18446744073709551615-18446744073709551615 +",
            "-ERR invalid start ID for the interval",
        ),
        (
            "XRANGE s (18446744073709551615 +",
            "[[$18446744073709551615-18446744073709551614 [$a $b]] [$18446744073709551615-18446744073709551615 [$a $b]]]",
        ),
        ("XRANGE s - (0-0", "-ERR invalid end ID for the interval"),
        ("XRANGE s - (0", "[]"),
        ("XRANGE s - (+", "-ERR Invalid stream ID specified as stream command argument"),
        ("XRANGE s 2 1", "[]"),
        (
            "XREVRANGE s + - COUNT 2",
            "[[$18446744073709551615-18446744073709551615 [$a $b]] [$18446744073709551615-18446744073709551614 [$a $b]]]",
        ),
        ("XREVRANGE s (2-0 (1-0", "[[$1-3 [$a $b]] [$1-2 [$a $b]]]"),
        ("XREVRANGE s (0-0 -", "-ERR invalid end ID for the interval"),
        (
            "XREVRANGE s + (18446744073709551615-18446744073709551615",
            "-ERR invalid start ID for the interval",
        ),
        ("XREVRANGE s x y", "-ERR Invalid stream ID specified as stream command argument"),
        ("XRANGE s x y", "-ERR Invalid stream ID specified as stream command argument"),
    ]);
}

#[test]
fn entries_are_removed_by_their_ids() {
    check(&[
        ("XADD s 1-1 a b", "$1-1"),
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 2 a b", "$2-0"),
        ("XDEL s 1-1 1-1 2", ":2"),
        ("XDEL s x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XDEL s 1 x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XDEL str x", ":0"),
        ("XDEL str 1", ":0"),
        ("XDEL nosuch x", ":0"),
        ("XDEL nosuch 1", ":0"),
        ("XDEL s -", "-ERR Invalid stream ID specified as stream command argument"),
        ("XDEL s 1-2", ":1"),
        ("XLEN s", ":0"),
        ("EXISTS s", ":1"),
        ("XRANGE s - +", "[]"),
        (
            "XADD s 2 a b",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
        ),
        ("XADD s 3 a b", "$3-0"),
    ]);
}

#[test]
fn trimming_removes_the_first_entries() {
    check(&[
        ("XADD s 1-1 a b", "$1-1"),
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 1-3 a b", "$1-3"),
        ("XADD s 1-4 a b", "$1-4"),
        ("XTRIM s", "-ERR wrong number of arguments for 'xtrim' command"),
        ("XTRIM s MAXLEN", "-ERR wrong number of arguments for 'xtrim' command"),
        ("XTRIM s MAXLEN x", "-ERR value is not an integer or out of range"),
        ("XTRIM s MAXLEN -1", "-ERR The MAXLEN argument must be >= 0."),
        ("XTRIM s MAXLEN = x", "-ERR value is not an integer or out of range"),
        ("XTRIM s MAXLEN ~", "-ERR value is not an integer or out of range"),
        ("XTRIM s MAXLEN ~ 0 LIMIT 1", ":0"),
        ("XTRIM s MAXLEN ~ 10 LIMIT 0", ":0"),
        ("XTRIM s MAXLEN 10 x", "-ERR syntax error"),
        ("XTRIM s LIMIT 1 MAXLEN ~ 5", ":0"),
        (
            "XTRIM s LIMIT 1 LIMIT 2",
            "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
        ),
        (
            "XTRIM s LIMIT 0 LIMIT 0",
            "-ERR syntax error, XTRIM must be called with a trimming strategy",
        ),
        (
            "XTRIM s MAXLEN 5 LIMIT 0",
            "-ERR syntax error, LIMIT cannot be used without the special ~ option",
        ),
        (
            "XTRIM s MAXLEN 5 MINID 1",
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
        ),
        ("XTRIM s MINID x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XTRIM s MINID 1-4", ":3"),
        ("XTRIM s MINID ~ 9 LIMIT 1", ":1"),
        ("XTRIM s MINID ~ 9", ":0"),
        (
            "XINFO STREAM s",
            "{$length=:0 $radix-tree-keys=:0 $radix-tree-nodes=:1 $last-generated-id=$1-4 $max-deleted-entry-id=$0-0 $entries-added=:4 $recorded-first-entry-id=$0-0 $groups=:0 $first-entry=_ $last-entry=_}",
        ),
        ("XTRIM nosuch x y", "-ERR syntax error"),
        ("XTRIM nosuch MAXLEN 1", ":0"),
        ("XLEN s", ":0"),
        ("XADD s MAXLEN 2 8-1 a b", "$8-1"),
        ("XADD s MAXLEN = 2 8-2 a b", "$8-2"),
        ("XADD s MAXLEN 2 8-3 a b", "$8-3"),
        ("XRANGE s - +", "[[$8-2 [$a $b]] [$8-3 [$a $b]]]"),
        ("XADD s MINID 8-3 8-4 a b", "$8-4"),
        ("XRANGE s - +", "[[$8-3 [$a $b]] [$8-4 [$a $b]]]"),
        ("XADD s MAXLEN 0 9-1 a b", "$9-1"),
        ("XLEN s", ":0"),
        ("EXISTS s", ":1"),
    ]);
}

#[test]
fn the_state_of_a_stream_can_be_set() {
    check(&[
        ("XADD s 1-3 a b", "$1-3"),
        ("XADD s 1-4 a b", "$1-4"),
        ("XGROUP CREATE s g 1-3 ENTRIESREAD 3", "+OK"),
        (
            "XSETID s 1-1",
            "-ERR The ID specified in XSETID is smaller than the target stream top item",
        ),
        ("XSETID s 1-4", "+OK"),
        ("XSETID s 1-9", "+OK"),
        ("XSETID nosuch 1-9", "-ERR no such key"),
        ("XSETID nosuch x", "-ERR Invalid stream ID specified as stream command argument"),
        (
            "XSETID s 1-9 ENTRIESADDED 1",
            "-ERR The entries_added specified in XSETID is smaller than the target stream length",
        ),
        ("XSETID s 1-9 ENTRIESADDED -1", "-ERR entries_added must be positive"),
        ("XSETID s 1-9 ENTRIESADDED x", "-ERR value is not an integer or out of range"),
        ("XSETID s 1-9 ENTRIESADDED 10", "+OK"),
        (
            "XSETID s 1-9 MAXDELETEDID 2-0",
            "-ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
        ),
        (
            "XSETID s 1-9 MAXDELETEDID x",
            "-ERR Invalid stream ID specified as stream command argument",
        ),
        ("XSETID s 1-9 MAXDELETEDID 0-0", "+OK"),
        ("XSETID s 1-9 MAXDELETEDID 1-8", "+OK"),
        (
            "XSETID s 1-7 MAXDELETEDID 1-5",
            "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        ),
        ("XSETID s 1-9 MAXDELETEDID", "-ERR syntax error"),
        ("XSETID s 1-9 x y", "-ERR syntax error"),
        ("XSETID s 1-9 ENTRIESADDED 20 MAXDELETEDID 1-9", "+OK"),
        (
            "XINFO STREAM s",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-9 $max-deleted-entry-id=$1-9 $entries-added=:20 $recorded-first-entry-id=$1-3 $groups=:1 $first-entry=[$1-3 [$a $b]] $last-entry=[$1-4 [$a $b]]}",
        ),
        (
            "XINFO GROUPS s",
            "[{$name=$g $consumers=:0 $pending=:0 $last-delivered-id=$1-3 $entries-read=:3 $lag=_}]",
        ),
    ]);
}

#[test]
fn xinfo_shows_everything() {
    check(&[
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 1-3 a b", "$1-3"),
        ("XGROUP CREATE s g 0", "+OK"),
        ("XGROUP CREATE s h $ ENTRIESREAD 3", "+OK"),
        (
            "XINFO STREAM s",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-3 $max-deleted-entry-id=$0-0 $entries-added=:2 $recorded-first-entry-id=$1-2 $groups=:2 $first-entry=[$1-2 [$a $b]] $last-entry=[$1-3 [$a $b]]}",
        ),
        (
            "XINFO STREAM s FULL",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-3 $max-deleted-entry-id=$0-0 $entries-added=:2 $recorded-first-entry-id=$1-2 $entries=[[$1-2 [$a $b]] [$1-3 [$a $b]]] $groups=[{$name=$g $last-delivered-id=$0-0 $entries-read=_ $lag=:2 $pel-count=:0 $pending=[] $consumers=[]} {$name=$h $last-delivered-id=$1-3 $entries-read=:3 $lag=:-1 $pel-count=:0 $pending=[] $consumers=[]}]}",
        ),
        ("XREADGROUP GROUP g c COUNT 2 STREAMS s >", "[[$s [[$1-2 [$a $b]] [$1-3 [$a $b]]]]]"),
        (
            "XINFO STREAM s FULL",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-3 $max-deleted-entry-id=$0-0 $entries-added=:2 $recorded-first-entry-id=$1-2 $entries=[[$1-2 [$a $b]] [$1-3 [$a $b]]] $groups=[{$name=$g $last-delivered-id=$1-3 $entries-read=:2 $lag=:0 $pel-count=:2 $pending=[[$1-2 $c :1700000000000 :1] [$1-3 $c :1700000000000 :1]] $consumers=[{$name=$c $seen-time=:1700000000000 $active-time=:1700000000000 $pel-count=:2 $pending=[[$1-2 :1700000000000 :1] [$1-3 :1700000000000 :1]]}]} {$name=$h $last-delivered-id=$1-3 $entries-read=:3 $lag=:-1 $pel-count=:0 $pending=[] $consumers=[]}]}",
        ),
        (
            "XINFO STREAM s FULL COUNT 1",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-3 $max-deleted-entry-id=$0-0 $entries-added=:2 $recorded-first-entry-id=$1-2 $entries=[[$1-2 [$a $b]]] $groups=[{$name=$g $last-delivered-id=$1-3 $entries-read=:2 $lag=:0 $pel-count=:2 $pending=[[$1-2 $c :1700000000000 :1]] $consumers=[{$name=$c $seen-time=:1700000000000 $active-time=:1700000000000 $pel-count=:2 $pending=[[$1-2 :1700000000000 :1]]}]} {$name=$h $last-delivered-id=$1-3 $entries-read=:3 $lag=:-1 $pel-count=:0 $pending=[] $consumers=[]}]}",
        ),
        (
            "XINFO STREAM s FULL COUNT 0",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-3 $max-deleted-entry-id=$0-0 $entries-added=:2 $recorded-first-entry-id=$1-2 $entries=[[$1-2 [$a $b]] [$1-3 [$a $b]]] $groups=[{$name=$g $last-delivered-id=$1-3 $entries-read=:2 $lag=:0 $pel-count=:2 $pending=[[$1-2 $c :1700000000000 :1] [$1-3 $c :1700000000000 :1]] $consumers=[{$name=$c $seen-time=:1700000000000 $active-time=:1700000000000 $pel-count=:2 $pending=[[$1-2 :1700000000000 :1] [$1-3 :1700000000000 :1]]}]} {$name=$h $last-delivered-id=$1-3 $entries-read=:3 $lag=:-1 $pel-count=:0 $pending=[] $consumers=[]}]}",
        ),
        (
            "XINFO STREAM s FULL COUNT -1",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-3 $max-deleted-entry-id=$0-0 $entries-added=:2 $recorded-first-entry-id=$1-2 $entries=[[$1-2 [$a $b]] [$1-3 [$a $b]]] $groups=[{$name=$g $last-delivered-id=$1-3 $entries-read=:2 $lag=:0 $pel-count=:2 $pending=[[$1-2 $c :1700000000000 :1] [$1-3 $c :1700000000000 :1]] $consumers=[{$name=$c $seen-time=:1700000000000 $active-time=:1700000000000 $pel-count=:2 $pending=[[$1-2 :1700000000000 :1] [$1-3 :1700000000000 :1]]}]} {$name=$h $last-delivered-id=$1-3 $entries-read=:3 $lag=:-1 $pel-count=:0 $pending=[] $consumers=[]}]}",
        ),
        (
            "XINFO STREAM s FULL COUNT -2",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-3 $max-deleted-entry-id=$0-0 $entries-added=:2 $recorded-first-entry-id=$1-2 $entries=[[$1-2 [$a $b]] [$1-3 [$a $b]]] $groups=[{$name=$g $last-delivered-id=$1-3 $entries-read=:2 $lag=:0 $pel-count=:2 $pending=[[$1-2 $c :1700000000000 :1] [$1-3 $c :1700000000000 :1]] $consumers=[{$name=$c $seen-time=:1700000000000 $active-time=:1700000000000 $pel-count=:2 $pending=[[$1-2 :1700000000000 :1] [$1-3 :1700000000000 :1]]}]} {$name=$h $last-delivered-id=$1-3 $entries-read=:3 $lag=:-1 $pel-count=:0 $pending=[] $consumers=[]}]}",
        ),
        ("XINFO STREAM s FULL COUNT x", "-ERR value is not an integer or out of range"),
        (
            "XINFO STREAM s FULL COUNT",
            "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.",
        ),
        (
            "XINFO STREAM s FULL x 1",
            "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.",
        ),
        (
            "XINFO STREAM s FULL COUNT 1 2",
            "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.",
        ),
        (
            "XINFO STREAM s x",
            "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.",
        ),
        ("XINFO STREAM nosuch", "-ERR no such key"),
        ("XINFO STREAM nosuch x", "-ERR no such key"),
        ("XINFO STREAM nosuch FULL COUNT x", "-ERR no such key"),
        (
            "XINFO GROUPS s",
            "[{$name=$g $consumers=:1 $pending=:2 $last-delivered-id=$1-3 $entries-read=:2 $lag=:0} {$name=$h $consumers=:0 $pending=:0 $last-delivered-id=$1-3 $entries-read=:3 $lag=:-1}]",
        ),
        ("XINFO GROUPS nosuch", "-ERR no such key"),
        ("XINFO CONSUMERS s g", "[{$name=$c $pending=:2 $idle=:0 $inactive=:0}]"),
        ("XINFO CONSUMERS s nosuch", "-NOGROUP No such consumer group 'nosuch' for key name 's'"),
        ("XINFO CONSUMERS nosuch nosuch", "-ERR no such key"),
        ("XINFO nosuch", "-ERR unknown subcommand 'nosuch'. Try XINFO HELP."),
        ("XINFO", "-ERR wrong number of arguments for 'xinfo' command"),
    ]);
}

#[test]
fn groups_are_made_and_destroyed() {
    check(&[
        ("XADD s 1-1 a b", "$1-1"),
        ("XGROUP CREATE s g 0", "+OK"),
        ("XGROUP", "-ERR wrong number of arguments for 'xgroup' command"),
        ("XGROUP nosuch a b", "-ERR unknown subcommand 'nosuch'. Try XGROUP HELP."),
        ("XGROUP CREATE s g 0", "-BUSYGROUP Consumer Group name already exists"),
        ("XGROUP CREATE s g x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XGROUP CREATE s g -", "-ERR Invalid stream ID specified as stream command argument"),
        (
            "XGROUP CREATE s g2 0 x",
            "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.",
        ),
        (
            "XGROUP CREATE s g2 0 ENTRIESREAD",
            "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.",
        ),
        ("XGROUP CREATE s g2 0 ENTRIESREAD x", "-ERR value is not an integer or out of range"),
        (
            "XGROUP CREATE s g2 0 ENTRIESREAD -2",
            "-ERR value for ENTRIESREAD must be positive or -1",
        ),
        ("XGROUP CREATE s g2 0 ENTRIESREAD -1", "+OK"),
        (
            "XGROUP CREATE t g2 0",
            "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
        ),
        (
            "XGROUP CREATE t g2 x MKSTREAM",
            "-ERR Invalid stream ID specified as stream command argument",
        ),
        ("EXISTS t", ":0"),
        ("XGROUP CREATE t g2 $ MKSTREAM ENTRIESREAD 9", "+OK"),
        (
            "XINFO STREAM t",
            "{$length=:0 $radix-tree-keys=:0 $radix-tree-nodes=:1 $last-generated-id=$0-0 $max-deleted-entry-id=$0-0 $entries-added=:0 $recorded-first-entry-id=$0-0 $groups=:1 $first-entry=_ $last-entry=_}",
        ),
        (
            "XINFO GROUPS t",
            "[{$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$0-0 $entries-read=:9 $lag=:0}]",
        ),
        ("XGROUP SETID s g -", "+OK"),
        ("XGROUP SETID s g +", "+OK"),
        ("XGROUP SETID s g x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XGROUP SETID s g $", "+OK"),
        ("XGROUP SETID s g 0 ENTRIESREAD 5", "+OK"),
        (
            "XGROUP SETID s g 0 MKSTREAM",
            "-ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP.",
        ),
        ("XGROUP SETID s nosuch x", "-NOGROUP No such consumer group 'nosuch' for key name 's'"),
        (
            "XGROUP SETID nosuch nosuch x",
            "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
        ),
        ("XGROUP DESTROY s nosuch", ":0"),
        (
            "XGROUP DESTROY nosuch nosuch",
            "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
        ),
        (
            "XGROUP DELCONSUMER s nosuch a",
            "-NOGROUP No such consumer group 'nosuch' for key name 's'",
        ),
        ("XGROUP CREATECONSUMER s g c", ":1"),
        ("XGROUP CREATECONSUMER s g d", ":1"),
        ("XGROUP DELCONSUMER s g c", ":0"),
        ("XGROUP DESTROY t g2", ":1"),
        ("EXISTS t", ":1"),
        ("TYPE t", "+stream"),
    ]);
}

#[test]
fn a_consumer_reads_what_its_group_has_not_had() {
    check(&[
        ("XADD s 1-1 a b", "$1-1"),
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 1-3 a b", "$1-3"),
        ("XGROUP CREATE s g 0", "+OK"),
        ("XGROUP CREATE t g 0 MKSTREAM", "+OK"),
        (
            "XREADGROUP GROUP g c COUNT 2 BLOCK 0 STREAMS s >",
            "[[$s [[$1-1 [$a $b]] [$1-2 [$a $b]]]]]",
        ),
        ("XREADGROUP GROUP g c STREAMS s 0", "[[$s [[$1-1 [$a $b]] [$1-2 [$a $b]]]]]"),
        ("XREADGROUP GROUP g c STREAMS s 1-1", "[[$s [[$1-2 [$a $b]]]]]"),
        (
            "XREADGROUP GROUP g c STREAMS s $",
            "-ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
        ),
        (
            "XREADGROUP GROUP g c STREAMS s x",
            "-ERR Invalid stream ID specified as stream command argument",
        ),
        (
            "XREADGROUP GROUP g c STREAMS s s > 0",
            "[[$s [[$1-3 [$a $b]]]] [$s [[$1-1 [$a $b]] [$1-2 [$a $b]] [$1-3 [$a $b]]]]]",
        ),
        (
            "XREADGROUP GROUP g c STREAMS s s 0",
            "-ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.",
        ),
        ("XREADGROUP GROUP g c NOACK BLOCK -1 STREAMS s >", "-ERR timeout is negative"),
        (
            "XREADGROUP GROUP g c NOACK BLOCK x STREAMS s >",
            "-ERR timeout is not an integer or out of range",
        ),
        (
            "XREADGROUP GROUP g c COUNT x STREAMS s >",
            "-ERR value is not an integer or out of range",
        ),
        (
            "XREADGROUP GROUP nosuch c COUNT 1 STREAMS s x",
            "-NOGROUP No such key 's' or consumer group 'nosuch' in XREADGROUP with GROUP option",
        ),
        (
            "XREADGROUP GROUP g c COUNT 1 STREAMS nosuch x",
            "-NOGROUP No such key 'nosuch' or consumer group 'g' in XREADGROUP with GROUP option",
        ),
        ("XREADGROUP NOACK COUNT 1 STREAMS s s x >", "-ERR Missing GROUP option for XREADGROUP"),
        ("XREADGROUP NOACK COUNT 1 STREAMS s x", "-ERR Missing GROUP option for XREADGROUP"),
        (
            "XREADGROUP GROUP g c BLOCK 9223372036854775807 STREAMS s >",
            "-ERR timeout is out of range",
        ),
    ]);
}

#[test]
fn xread_gives_what_follows_an_id() {
    check(&[
        ("XADD s 1-1 a b", "$1-1"),
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 1-3 a b", "$1-3"),
        ("XGROUP CREATE t g 0 MKSTREAM", "+OK"),
        ("XREAD STREAMS s 0", "[[$s [[$1-1 [$a $b]] [$1-2 [$a $b]] [$1-3 [$a $b]]]]]"),
        ("XREAD STREAMS s $", "*_"),
        (
            "XREAD STREAMS s >",
            "-ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        ),
        ("XREAD STREAMS s s", "-ERR Invalid stream ID specified as stream command argument"),
        (
            "XREAD STREAMS s s 0",
            "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
        ),
        (
            "XREAD GROUP g c STREAMS s 0",
            "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
        ),
        (
            "XREAD NOACK STREAMS s 0",
            "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
        ),
        ("XREAD BLOCK x STREAMS s 0", "-ERR timeout is not an integer or out of range"),
        ("XREAD COUNT 1 STREAMS s t 0 0", "[[$s [[$1-1 [$a $b]]]]]"),
        ("XREAD COUNT 1 STREAMS s str 0 0", "[[$s [[$1-1 [$a $b]]]]]"),
        ("XREAD COUNT 0 STREAMS s 0", "[[$s [[$1-1 [$a $b]] [$1-2 [$a $b]] [$1-3 [$a $b]]]]]"),
        ("XREAD x STREAMS s 0", "-ERR syntax error"),
        ("XREAD COUNT 1 COUNT", "-ERR syntax error"),
        ("XREAD a b c", "-ERR syntax error"),
        ("XREAD BLOCK 10 STREAMS s $", "waits"),
    ]);
}

#[test]
fn pending_entries_are_shown_and_acknowledged() {
    check(&[
        ("XADD s 1-1 a b", "$1-1"),
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 1-3 a b", "$1-3"),
        ("XGROUP CREATE s g 0", "+OK"),
        ("XGROUP CREATE s h 0", "+OK"),
        (
            "XREADGROUP GROUP g c STREAMS s >",
            "[[$s [[$1-1 [$a $b]] [$1-2 [$a $b]] [$1-3 [$a $b]]]]]",
        ),
        ("XACK s g 1-1 1-1 x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XACK s g 1-1 1-1", ":1"),
        ("XACK nosuch g x", ":0"),
        ("XACK s nosuch x", ":0"),
        ("XPENDING s g", "[:2 $1-2 $1-3 [[$c $2]]]"),
        ("XPENDING s h", "[:0 _ _ *_]"),
        ("XPENDING s nosuch", "-NOGROUP No such key 's' or consumer group 'nosuch'"),
        ("XPENDING s g - + 10", "[[$1-2 $c :0 :1] [$1-3 $c :0 :1]]"),
        ("XPENDING s g - + 10 c", "[[$1-2 $c :0 :1] [$1-3 $c :0 :1]]"),
        ("XPENDING s g - + 10 nosuch", "[]"),
        ("XPENDING s g IDLE 0 - + 10", "[[$1-2 $c :0 :1] [$1-3 $c :0 :1]]"),
        ("XPENDING s g IDLE 0 - +", "-ERR syntax error"),
        ("XPENDING s g IDLE x - + 10", "-ERR value is not an integer or out of range"),
        ("XPENDING s g IDLE 0 - + 10 c", "[[$1-2 $c :0 :1] [$1-3 $c :0 :1]]"),
        ("XPENDING s g - + x", "-ERR value is not an integer or out of range"),
        ("XPENDING s g - + -1", "[]"),
        ("XPENDING s g (1-2 + 10", "[[$1-3 $c :0 :1]]"),
        ("XPENDING s g x y z", "-ERR value is not an integer or out of range"),
        ("XPENDING s g - +", "-ERR syntax error"),
        ("XPENDING s g 1", "-ERR syntax error"),
        ("XPENDING s g 1 2 3 4 5 6 7", "-ERR syntax error"),
        ("XPENDING s g IDLE 0 - + 10 c x", "-ERR syntax error"),
        ("XPENDING nosuch nosuch x y z", "-ERR value is not an integer or out of range"),
        ("XPENDING s g - + 10 c d", "[[$1-2 $c :0 :1] [$1-3 $c :0 :1]]"),
        ("+7ms", ""),
        ("XPENDING s g - + 10", "[[$1-2 $c :7 :1] [$1-3 $c :7 :1]]"),
        ("XPENDING s g IDLE 7 - + 10", "[[$1-2 $c :7 :1] [$1-3 $c :7 :1]]"),
        ("XPENDING s g IDLE 8 - + 10", "[]"),
        ("XREADGROUP GROUP g c COUNT 1 STREAMS s 0", "[[$s [[$1-2 [$a $b]]]]]"),
        ("XPENDING s g - + 10", "[[$1-2 $c :0 :2] [$1-3 $c :7 :1]]"),
    ]);
}

#[test]
fn entries_are_taken_over() {
    check(&[
        ("XADD s 1-1 a b", "$1-1"),
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 1-3 a b", "$1-3"),
        ("XADD s 1-4 a b c d", "$1-4"),
        ("XGROUP CREATE s g 0", "+OK"),
        (
            "XREADGROUP GROUP g c COUNT 3 STREAMS s >",
            "[[$s [[$1-1 [$a $b]] [$1-2 [$a $b]] [$1-3 [$a $b]]]]]",
        ),
        ("XCLAIM s g d 0 1-1", "[[$1-1 [$a $b]]]"),
        ("XCLAIM s g d 0 1-1 JUSTID", "[$1-1]"),
        ("XCLAIM s g d 0 1-4", "[]"),
        ("XCLAIM s g d 0 1-4 FORCE", "[[$1-4 [$a $b $c $d]]]"),
        ("XCLAIM s g d 0 1-4 FORCE RETRYCOUNT 7 JUSTID", "[$1-4]"),
        ("XCLAIM s g d 100000 1-1", "[]"),
        ("XCLAIM s g d -5 1-1 1-2 x", "-ERR Unrecognized XCLAIM option 'x'"),
        ("XCLAIM s g d x 1-1", "-ERR Invalid min-idle-time argument for XCLAIM"),
        ("XCLAIM s g d 0 1-1 IDLE", "-ERR Unrecognized XCLAIM option 'IDLE'"),
        ("XCLAIM s g d 0 1-1 IDLE x", "-ERR Invalid IDLE option argument for XCLAIM"),
        ("XCLAIM s g d 0 1-1 TIME x", "-ERR Invalid TIME option argument for XCLAIM"),
        ("XCLAIM s g d 0 1-1 RETRYCOUNT x", "-ERR Invalid RETRYCOUNT option argument for XCLAIM"),
        ("XCLAIM s g d 0 1-1 RETRYCOUNT -1", "[[$1-1 [$a $b]]]"),
        ("XCLAIM s g d 0 1-1 RETRYCOUNT 0 IDLE -9223372036854775808", "[[$1-1 [$a $b]]]"),
        ("XCLAIM s g d 0 1-1 IDLE 9223372036854775807 JUSTID", "[$1-1]"),
        ("XCLAIM s g d 0 1-1 TIME -1 LASTID 1-2", "[[$1-1 [$a $b]]]"),
        (
            "XCLAIM s g d 0 1-1 LASTID x",
            "-ERR Invalid stream ID specified as stream command argument",
        ),
        ("XCLAIM s g d 0 1-1 LASTID 0-5", "[[$1-1 [$a $b]]]"),
        ("XCLAIM s g d 0 x", "-ERR Unrecognized XCLAIM option 'x'"),
        ("XCLAIM s g d 0 JUSTID", "[]"),
        ("XCLAIM s g d 0 1-1 FORCE 1-2", "-ERR Unrecognized XCLAIM option '1-2'"),
        ("XCLAIM s nosuch d 0 x", "-NOGROUP No such key 's' or consumer group 'nosuch'"),
        ("XCLAIM s nosuch d x x", "-NOGROUP No such key 's' or consumer group 'nosuch'"),
        ("XCLAIM nosuch nosuch d 0 x", "-NOGROUP No such key 'nosuch' or consumer group 'nosuch'"),
        (
            "XINFO GROUPS s",
            "[{$name=$g $consumers=:2 $pending=:4 $last-delivered-id=$1-3 $entries-read=:3 $lag=:1}]",
        ),
        ("XPENDING s g", "[:4 $1-1 $1-4 [[$c $2] [$d $2]]]"),
        ("XDEL s 1-1", ":1"),
        ("XCLAIM s g e 0 1-1", "[]"),
        ("XPENDING s g", "[:3 $1-2 $1-4 [[$c $2] [$d $1]]]"),
        ("XCLAIM s g e 0 1-1 FORCE", "[]"),
    ]);
}

#[test]
fn entries_are_taken_over_one_after_the_other() {
    check(&[
        ("XADD s 1-1 a b", "$1-1"),
        ("XADD s 1-2 a b", "$1-2"),
        ("XADD s 1-3 a b", "$1-3"),
        ("XADD s 1-4 a b c d", "$1-4"),
        ("XGROUP CREATE s g 0", "+OK"),
        (
            "XREADGROUP GROUP g c COUNT 3 STREAMS s >",
            "[[$s [[$1-1 [$a $b]] [$1-2 [$a $b]] [$1-3 [$a $b]]]]]",
        ),
        ("XCLAIM s g d 0 1-4 FORCE", "[[$1-4 [$a $b $c $d]]]"),
        ("XDEL s 1-2", ":1"),
        (
            "XAUTOCLAIM s g f 0 0",
            "[$0-0 [[$1-1 [$a $b]] [$1-3 [$a $b]] [$1-4 [$a $b $c $d]]] [$1-2]]",
        ),
        ("XAUTOCLAIM s g f 0 0", "[$0-0 [[$1-1 [$a $b]] [$1-3 [$a $b]] [$1-4 [$a $b $c $d]]] []]"),
        ("XAUTOCLAIM s g f 0 0 JUSTID", "[$0-0 [$1-1 $1-3 $1-4] []]"),
        ("XAUTOCLAIM s g f 0 - COUNT 1", "[$1-3 [[$1-1 [$a $b]]] []]"),
        ("XAUTOCLAIM s g f 0 (1-3 COUNT 1", "[$0-0 [[$1-4 [$a $b $c $d]]] []]"),
        ("XAUTOCLAIM s g f 0 1-4 COUNT 1", "[$0-0 [[$1-4 [$a $b $c $d]]] []]"),
        ("XAUTOCLAIM s g f 0 + COUNT 1", "[$0-0 [] []]"),
        (
            "XAUTOCLAIM s g f 0 (18446744073709551615-18446744073709551615",
            "-ERR invalid start ID for the interval",
        ),
        ("XAUTOCLAIM s g f 0 x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XAUTOCLAIM s g f x x", "-ERR Invalid min-idle-time argument for XAUTOCLAIM"),
        ("XAUTOCLAIM s g f 0 0 COUNT 0", "-ERR COUNT must be > 0"),
        ("XAUTOCLAIM s g f 0 0 COUNT x", "-ERR COUNT must be > 0"),
        ("XAUTOCLAIM s g f 0 0 COUNT", "-ERR syntax error"),
        ("XAUTOCLAIM s g f 0 0 COUNT 576460752303423488", "-ERR COUNT must be > 0"),
        ("XAUTOCLAIM s g f 0 0 x", "-ERR syntax error"),
        ("XAUTOCLAIM s g f 1000000 0 COUNT 1", "[$0-0 [] []]"),
        ("XAUTOCLAIM s g f -7 0 COUNT 1", "[$1-3 [[$1-1 [$a $b]]] []]"),
        ("XAUTOCLAIM s nosuch f 0 0", "-NOGROUP No such key 's' or consumer group 'nosuch'"),
        (
            "XAUTOCLAIM nosuch nosuch f 0 0",
            "-NOGROUP No such key 'nosuch' or consumer group 'nosuch'",
        ),
        (
            "XAUTOCLAIM str nosuch f 0 x",
            "-ERR Invalid stream ID specified as stream command argument",
        ),
        ("XPENDING s g", "[:3 $1-1 $1-4 [[$f $3]]]"),
    ]);
}

#[test]
fn how_far_a_group_has_read_is_told_if_it_can_be() {
    check(&[
        ("XADD e 5-5 a b", "$5-5"),
        ("XADD e 5-6 a b", "$5-6"),
        ("XADD e 5-7 a b", "$5-7"),
        ("XADD e 5-8 a b", "$5-8"),
        ("XTRIM e MAXLEN 3", ":1"),
        (
            "XINFO STREAM e",
            "{$length=:3 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$5-8 $max-deleted-entry-id=$0-0 $entries-added=:4 $recorded-first-entry-id=$5-6 $groups=:0 $first-entry=[$5-6 [$a $b]] $last-entry=[$5-8 [$a $b]]}",
        ),
        ("XDEL e 5-7", ":1"),
        (
            "XINFO STREAM e",
            "{$length=:2 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$5-8 $max-deleted-entry-id=$5-7 $entries-added=:4 $recorded-first-entry-id=$5-6 $groups=:0 $first-entry=[$5-6 [$a $b]] $last-entry=[$5-8 [$a $b]]}",
        ),
        ("XGROUP CREATE e g1 0", "+OK"),
        ("XGROUP CREATE e g2 5-5", "+OK"),
        ("XGROUP CREATE e g3 5-6", "+OK"),
        ("XGROUP CREATE e g4 5-7", "+OK"),
        ("XGROUP CREATE e g5 $", "+OK"),
        ("XGROUP CREATE e g6 9", "+OK"),
        ("XGROUP CREATE e g7 5-6 ENTRIESREAD 2", "+OK"),
        (
            "XINFO GROUPS e",
            "[{$name=$g1 $consumers=:0 $pending=:0 $last-delivered-id=$0-0 $entries-read=_ $lag=_} {$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=_} {$name=$g3 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=_ $lag=_} {$name=$g4 $consumers=:0 $pending=:0 $last-delivered-id=$5-7 $entries-read=_ $lag=_} {$name=$g5 $consumers=:0 $pending=:0 $last-delivered-id=$5-8 $entries-read=_ $lag=:0} {$name=$g6 $consumers=:0 $pending=:0 $last-delivered-id=$9-0 $entries-read=_ $lag=_} {$name=$g7 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=:2 $lag=_}]",
        ),
        ("XREADGROUP GROUP g1 c COUNT 1 STREAMS e >", "[[$e [[$5-6 [$a $b]]]]]"),
        ("XREADGROUP GROUP g7 c COUNT 1 STREAMS e >", "[[$e [[$5-8 [$a $b]]]]]"),
        ("XREADGROUP GROUP g6 c COUNT 1 STREAMS e >", "*_"),
        (
            "XINFO GROUPS e",
            "[{$name=$g1 $consumers=:1 $pending=:1 $last-delivered-id=$5-6 $entries-read=_ $lag=_} {$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=_} {$name=$g3 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=_ $lag=_} {$name=$g4 $consumers=:0 $pending=:0 $last-delivered-id=$5-7 $entries-read=_ $lag=_} {$name=$g5 $consumers=:0 $pending=:0 $last-delivered-id=$5-8 $entries-read=_ $lag=:0} {$name=$g6 $consumers=:1 $pending=:0 $last-delivered-id=$9-0 $entries-read=_ $lag=_} {$name=$g7 $consumers=:1 $pending=:1 $last-delivered-id=$5-8 $entries-read=:3 $lag=:1}]",
        ),
        ("XREADGROUP GROUP g1 c STREAMS e >", "[[$e [[$5-8 [$a $b]]]]]"),
        ("XREADGROUP GROUP g4 c NOACK STREAMS e >", "[[$e [[$5-8 [$a $b]]]]]"),
        ("XREADGROUP GROUP g1 c STREAMS e >", "*_"),
        (
            "XINFO GROUPS e",
            "[{$name=$g1 $consumers=:1 $pending=:2 $last-delivered-id=$5-8 $entries-read=:4 $lag=:0} {$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=_} {$name=$g3 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=_ $lag=_} {$name=$g4 $consumers=:1 $pending=:0 $last-delivered-id=$5-8 $entries-read=:4 $lag=:0} {$name=$g5 $consumers=:0 $pending=:0 $last-delivered-id=$5-8 $entries-read=_ $lag=:0} {$name=$g6 $consumers=:1 $pending=:0 $last-delivered-id=$9-0 $entries-read=_ $lag=_} {$name=$g7 $consumers=:1 $pending=:1 $last-delivered-id=$5-8 $entries-read=:3 $lag=:1}]",
        ),
        ("XDEL e 5-6", ":1"),
        (
            "XINFO GROUPS e",
            "[{$name=$g1 $consumers=:1 $pending=:2 $last-delivered-id=$5-8 $entries-read=:4 $lag=:0} {$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=:1} {$name=$g3 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=_ $lag=:1} {$name=$g4 $consumers=:1 $pending=:0 $last-delivered-id=$5-8 $entries-read=:4 $lag=:0} {$name=$g5 $consumers=:0 $pending=:0 $last-delivered-id=$5-8 $entries-read=_ $lag=:0} {$name=$g6 $consumers=:1 $pending=:0 $last-delivered-id=$9-0 $entries-read=_ $lag=_} {$name=$g7 $consumers=:1 $pending=:1 $last-delivered-id=$5-8 $entries-read=:3 $lag=:1}]",
        ),
        (
            "XINFO STREAM e",
            "{$length=:1 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$5-8 $max-deleted-entry-id=$5-7 $entries-added=:4 $recorded-first-entry-id=$5-8 $groups=:7 $first-entry=[$5-8 [$a $b]] $last-entry=[$5-8 [$a $b]]}",
        ),
        ("XDEL e 5-8", ":1"),
        (
            "XINFO GROUPS e",
            "[{$name=$g1 $consumers=:1 $pending=:2 $last-delivered-id=$5-8 $entries-read=:4 $lag=:0} {$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=:0} {$name=$g3 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=_ $lag=:0} {$name=$g4 $consumers=:1 $pending=:0 $last-delivered-id=$5-8 $entries-read=:4 $lag=:0} {$name=$g5 $consumers=:0 $pending=:0 $last-delivered-id=$5-8 $entries-read=_ $lag=:0} {$name=$g6 $consumers=:1 $pending=:0 $last-delivered-id=$9-0 $entries-read=_ $lag=_} {$name=$g7 $consumers=:1 $pending=:1 $last-delivered-id=$5-8 $entries-read=:3 $lag=:1}]",
        ),
        (
            "XINFO STREAM e",
            "{$length=:0 $radix-tree-keys=:0 $radix-tree-nodes=:1 $last-generated-id=$5-8 $max-deleted-entry-id=$5-8 $entries-added=:4 $recorded-first-entry-id=$0-0 $groups=:7 $first-entry=_ $last-entry=_}",
        ),
        ("XREADGROUP GROUP g1 c STREAMS e 0", "[[$e [[$5-6 *_] [$5-8 *_]]]]"),
        ("XREADGROUP GROUP g1 c STREAMS e 18446744073709551615-18446744073709551615", "*_"),
        ("XADD e 6-0 a b", "$6-0"),
        (
            "XINFO GROUPS e",
            "[{$name=$g1 $consumers=:1 $pending=:2 $last-delivered-id=$5-8 $entries-read=:4 $lag=:1} {$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=:1} {$name=$g3 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=_ $lag=:1} {$name=$g4 $consumers=:1 $pending=:0 $last-delivered-id=$5-8 $entries-read=:4 $lag=:1} {$name=$g5 $consumers=:0 $pending=:0 $last-delivered-id=$5-8 $entries-read=_ $lag=:1} {$name=$g6 $consumers=:1 $pending=:0 $last-delivered-id=$9-0 $entries-read=_ $lag=_} {$name=$g7 $consumers=:1 $pending=:1 $last-delivered-id=$5-8 $entries-read=:3 $lag=:1}]",
        ),
        ("XTRIM e MAXLEN 0", ":1"),
        (
            "XINFO STREAM e",
            "{$length=:0 $radix-tree-keys=:0 $radix-tree-nodes=:1 $last-generated-id=$6-0 $max-deleted-entry-id=$5-8 $entries-added=:5 $recorded-first-entry-id=$0-0 $groups=:7 $first-entry=_ $last-entry=_}",
        ),
        (
            "XINFO GROUPS e",
            "[{$name=$g1 $consumers=:1 $pending=:2 $last-delivered-id=$5-8 $entries-read=:4 $lag=:1} {$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=:0} {$name=$g3 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=_ $lag=:0} {$name=$g4 $consumers=:1 $pending=:0 $last-delivered-id=$5-8 $entries-read=:4 $lag=:1} {$name=$g5 $consumers=:0 $pending=:0 $last-delivered-id=$5-8 $entries-read=_ $lag=:0} {$name=$g6 $consumers=:1 $pending=:0 $last-delivered-id=$9-0 $entries-read=_ $lag=_} {$name=$g7 $consumers=:1 $pending=:1 $last-delivered-id=$5-8 $entries-read=:3 $lag=:2}]",
        ),
        ("TYPE e", "+stream"),
        ("OBJECT ENCODING e", "$stream"),
        ("COPY e e2", ":1"),
        (
            "XINFO STREAM e2",
            "{$length=:0 $radix-tree-keys=:0 $radix-tree-nodes=:1 $last-generated-id=$6-0 $max-deleted-entry-id=$5-8 $entries-added=:5 $recorded-first-entry-id=$0-0 $groups=:7 $first-entry=_ $last-entry=_}",
        ),
        ("RENAME e2 e3", "+OK"),
        (
            "XINFO GROUPS e3",
            "[{$name=$g1 $consumers=:1 $pending=:2 $last-delivered-id=$5-8 $entries-read=:4 $lag=:1} {$name=$g2 $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=:0} {$name=$g3 $consumers=:0 $pending=:0 $last-delivered-id=$5-6 $entries-read=_ $lag=:0} {$name=$g4 $consumers=:1 $pending=:0 $last-delivered-id=$5-8 $entries-read=:4 $lag=:1} {$name=$g5 $consumers=:0 $pending=:0 $last-delivered-id=$5-8 $entries-read=_ $lag=:0} {$name=$g6 $consumers=:1 $pending=:0 $last-delivered-id=$9-0 $entries-read=_ $lag=_} {$name=$g7 $consumers=:1 $pending=:1 $last-delivered-id=$5-8 $entries-read=:3 $lag=:2}]",
        ),
    ]);
}

#[test]
fn an_entry_that_is_read_again_has_another_owner() {
    check(&[
        ("XADD e 7-0 a b", "$7-0"),
        ("XGROUP CREATE e g1 0", "+OK"),
        ("XREADGROUP GROUP g1 c STREAMS e >", "[[$e [[$7-0 [$a $b]]]]]"),
        ("XGROUP SETID e g1 0", "+OK"),
        (
            "XADD e 7-0 a b",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
        ),
        ("XREADGROUP GROUP g1 d STREAMS e >", "[[$e [[$7-0 [$a $b]]]]]"),
        ("XGROUP SETID e g1 0", "+OK"),
        ("XREADGROUP GROUP g1 f STREAMS e >", "[[$e [[$7-0 [$a $b]]]]]"),
        ("XPENDING e g1", "[:1 $7-0 $7-0 [[$f $1]]]"),
        ("XREADGROUP GROUP g1 f NOACK STREAMS e >", "*_"),
        (
            "XINFO CONSUMERS e g1",
            "[{$name=$c $pending=:0 $idle=:0 $inactive=:0} {$name=$d $pending=:0 $idle=:0 $inactive=:0} {$name=$f $pending=:1 $idle=:0 $inactive=:0}]",
        ),
        ("+9ms", ""),
        ("XREADGROUP GROUP g1 h STREAMS e >", "*_"),
        ("XREADGROUP GROUP g1 i STREAMS e 0", "[[$e []]]"),
        ("XCLAIM e g1 j 0 9-9", "[]"),
        ("XAUTOCLAIM e g1 k 0 9-9", "[$0-0 [] []]"),
        (
            "XINFO CONSUMERS e g1",
            "[{$name=$c $pending=:0 $idle=:9 $inactive=:9} {$name=$d $pending=:0 $idle=:9 $inactive=:9} {$name=$f $pending=:1 $idle=:9 $inactive=:9} {$name=$h $pending=:0 $idle=:0 $inactive=:-1} {$name=$i $pending=:0 $idle=:0 $inactive=:-1} {$name=$j $pending=:0 $idle=:0 $inactive=:-1} {$name=$k $pending=:0 $idle=:0 $inactive=:-1}]",
        ),
        ("XGROUP DELCONSUMER e g1 f", ":1"),
        ("XPENDING e g1", "[:0 _ _ *_]"),
    ]);
}

#[test]
fn stream_commands_refuse_other_types() {
    check(&[
        ("SET str 1", "+OK"),
        ("XADD str 1-1 a b", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XADD str 0-0 a b", "-ERR The ID specified in XADD must be greater than 0-0"),
        ("XADD str x a b", "-ERR Invalid stream ID specified as stream command argument"),
        ("XLEN str", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XRANGE str - +", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XRANGE str x +", "-ERR Invalid stream ID specified as stream command argument"),
        (
            "XRANGE str - + COUNT 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("XDEL str x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (
            "XCLAIM str g d x x",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "XAUTOCLAIM str nosuch f 0 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("XPENDING str g", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XACK str g 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (
            "XREAD STREAMS str 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "XREADGROUP GROUP g c STREAMS str x",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "XREAD STREAMS s str 0 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "XTRIM str MAXLEN 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("XTRIM str x", "-ERR wrong number of arguments for 'xtrim' command"),
        ("XSETID str 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XSETID str x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XINFO STREAM str", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XINFO GROUPS str", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (
            "XINFO CONSUMERS str g",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "XGROUP CREATE str g x",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "XGROUP CREATE str g x y",
            "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.",
        ),
        (
            "XGROUP DESTROY str g",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ]);
}

#[test]
fn maps_are_maps_in_version_3() {
    check(&[
        (
            "HELLO 3",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("XADD s 1-1 a b", "$1-1"),
        ("XGROUP CREATE s g 0", "+OK"),
        ("XREAD STREAMS s 0", "{$s=[[$1-1 [$a $b]]]}"),
        ("XREAD STREAMS s 1", "{$s=[[$1-1 [$a $b]]]}"),
        ("XREADGROUP GROUP g c STREAMS s s > 0", "{$s=[[$1-1 [$a $b]]] $s=[[$1-1 [$a $b]]]}"),
        ("XREADGROUP GROUP g c STREAMS s >", "*_"),
        ("XDEL s 1-1", ":1"),
        ("XREADGROUP GROUP g c STREAMS s 0", "{$s=[[$1-1 *_]]}"),
        ("XRANGE s - + COUNT 0", "*_"),
    ]);
}
