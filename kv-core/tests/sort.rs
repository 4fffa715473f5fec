//! SORT and SORT_RO. The replies are those of Redis.

mod support;

use support::check;

#[test]
fn numbers_are_sorted_by_their_size() {
    check(&[
        (r#"RPUSH l 10 9 -3 0x10 2.5 1e1 " 7" """#, ":8"),
        ("SORT l", "[$-3 $ $2.5 $ 7 $9 $10 $1e1 $0x10]"),
        ("SORT l DESC", "[$0x10 $1e1 $10 $9 $ 7 $2.5 $ $-3]"),
        ("SORT l ASC DESC ASC", "[$-3 $ $2.5 $ 7 $9 $10 $1e1 $0x10]"),
        ("SORT l DESC ALPHA", "[$9 $2.5 $1e1 $10 $0x10 $-3 $ 7 $]"),
        ("SORT_RO l", "[$-3 $ $2.5 $ 7 $9 $10 $1e1 $0x10]"),
        ("SORT missing", "[]"),
        ("SORT_RO missing DESC", "[]"),
    ]);
}

#[test]
fn what_is_no_number_cannot_be_sorted_by_size() {
    check(&[
        ("RPUSH l 10 x", ":2"),
        ("SORT l", "-ERR One or more scores can't be converted into double"),
        ("SORT l LIMIT 0 0", "-ERR One or more scores can't be converted into double"),
        ("SORT l LIMIT 0 1 STORE d", "-ERR One or more scores can't be converted into double"),
        ("SORT l ALPHA", "[$10 $x]"),
        ("DEL l", ":1"),
        ("RPUSH l 1 nan", ":2"),
        ("SORT l", "-ERR One or more scores can't be converted into double"),
        ("DEL l", ":1"),
        (r#"RPUSH l 1 "2 ""#, ":2"),
        ("SORT l", "-ERR One or more scores can't be converted into double"),
        ("DEL l", ":1"),
        ("RPUSH l -inf 1 inf -1 INF 1e308 Infinity", ":7"),
        ("SORT l", "[$-inf $-1 $1 $1e308 $INF $Infinity $inf]"),
    ]);
}

#[test]
fn equal_numbers_are_sorted_by_their_bytes() {
    check(&[
        ("RPUSH l 1.0 1 01 +1 1e0 0x1", ":6"),
        ("SORT l", "[$+1 $01 $0x1 $1 $1.0 $1e0]"),
        ("SORT l DESC", "[$1e0 $1.0 $1 $0x1 $01 $+1]"),
        ("DEL l", ":1"),
        (r#"RPUSH l 0 -0 "" 0.0"#, ":4"),
        ("SORT l", "[$ $-0 $0 $0.0]"),
    ]);
}

#[test]
fn texts_are_sorted_by_their_bytes() {
    check(&[
        (r#"RPUSH l b a B "" ab 10 9 "\xff" a"#, ":9"),
        ("SORT l ALPHA", r"[$ $10 $9 $B $a $a $ab $b $\xff]"),
        ("SORT l ALPHA DESC", r"[$\xff $b $ab $a $a $B $9 $10 $]"),
        ("SORT l ALPHA LIMIT 1 2", "[$10 $9]"),
        ("SORT l ALPHA LIMIT -5 3", "[$ $10 $9]"),
        ("SORT l ALPHA LIMIT 7 100", r"[$b $\xff]"),
        ("SORT l ALPHA LIMIT 9 1", "[]"),
        ("SORT l ALPHA LIMIT 100 1", "[]"),
        ("SORT l ALPHA LIMIT 0 -1", r"[$ $10 $9 $B $a $a $ab $b $\xff]"),
        ("SORT l ALPHA LIMIT 6 -9223372036854775808", r"[$ab $b $\xff]"),
        ("SORT l ALPHA LIMIT 6 9223372036854775807", r"[$ab $b $\xff]"),
        ("SORT l ALPHA LIMIT 9223372036854775807 9223372036854775807", "[]"),
        ("SORT l ALPHA LIMIT -9223372036854775808 1", "[$]"),
    ]);
}

#[test]
fn elements_are_sorted_by_what_other_keys_hold() {
    check(&[
        ("RPUSH l 1 2 3 4", ":4"),
        (r#"MSET w_1 30 w_2 10 w_3 20 t_1 c t_2 "" t_3 a"#, "+OK"),
        ("SORT l BY w_*", "[$4 $2 $3 $1]"),
        ("SORT l BY w_* DESC", "[$1 $3 $2 $4]"),
        ("SORT l BY w_* LIMIT 1 2", "[$2 $3]"),
        ("SORT l BY t_* ALPHA", "[$4 $2 $3 $1]"),
        ("SORT l BY t_* ALPHA DESC", "[$1 $3 $2 $4]"),
        ("SORT l BY t_*", "-ERR One or more scores can't be converted into double"),
        ("SORT l BY nosuch_*", "[$1 $2 $3 $4]"),
        ("SORT l BY nosuch_* DESC", "[$4 $3 $2 $1]"),
        ("SORT l BY w_*->f", "[$1 $2 $3 $4]"),
        ("SORT l BY w_*->", "[$1 $2 $3 $4]"),
        ("SET w_4 x", "+OK"),
        ("SORT l BY w_*", "-ERR One or more scores can't be converted into double"),
        ("SORT l BY w_* ALPHA", "[$2 $3 $1 $4]"),
        ("SORT l BY *", "[$1 $2 $3 $4]"),
        ("SORT l BY w_* BY t_* ALPHA", "[$4 $2 $3 $1]"),
        ("RPUSH l2 2 1", ":2"),
        (r#"SET "w_1->" 1"#, "+OK"),
        (r#"SET "w_2->" 2"#, "+OK"),
        ("SORT l2 BY w_*->", "[$1 $2]"),
        ("SORT l2 BY w_*->x", "[$1 $2]"),
    ]);
}

#[test]
fn a_constant_pattern_leaves_the_order_as_it_is() {
    check(&[
        ("RPUSH l 3 x 1 2", ":4"),
        ("SORT l BY nosort", "[$3 $x $1 $2]"),
        ("SORT l BY nosort DESC", "[$2 $1 $x $3]"),
        ("SORT l BY nosort DESC LIMIT 1 2", "[$1 $x]"),
        ("SORT l BY nosort DESC LIMIT 3 5 STORE d", ":1"),
        ("LRANGE d 0 -1", "[$3]"),
        ("SORT l BY nosort LIMIT 1 2", "[$x $1]"),
        ("SORT l BY nosort ALPHA", "[$3 $x $1 $2]"),
        (r#"SORT l BY "" LIMIT 1 10"#, "[$x $1 $2]"),
        ("SORT l BY #", "[$3 $x $1 $2]"),
        (r#"SORT l BY "\x00*""#, "[$3 $x $1 $2]"),
        ("SORT l BY nosort BY w_*", "[$3 $x $1 $2]"),
        ("SORT l BY w_* BY nosort", "[$3 $x $1 $2]"),
        ("SORT l BY nosort LIMIT 3 -1", "[$2]"),
        ("SORT l BY nosort LIMIT 4 1", "[]"),
        ("SORT l BY nosort LIMIT 0 0", "[]"),
    ]);
}

#[test]
fn what_elements_stand_for_is_given() {
    check(&[
        ("RPUSH l 2 1 3", ":3"),
        ("MSET n_1 one n_2 two n_1_x 1x *_1 star", "+OK"),
        ("SORT l GET n_*", "[$one $two _]"),
        ("SORT l GET n_* GET #", "[$one $1 $two $2 _ $3]"),
        ("SORT l GET # GET n_*_x GET n_", "[$1 $1x _ $2 _ _ $3 _ _]"),
        ("SORT l GET **_1", "[_ _ _]"),
        ("SORT l GET n_*->f", "[_ _ _]"),
        ("SORT l GET n_* DESC LIMIT 1 2", "[$two $one]"),
        ("RPUSH n_3 a", ":1"),
        ("SORT l GET n_*", "[$one $two _]"),
        ("SORT l BY nosort GET n_*", "[$two $one _]"),
        ("SORT l GET #x", "[_ _ _]"),
        (r##"SORT l GET "#\x00x""##, "[$1 $2 $3]"),
        ("SORT missing GET #", "[]"),
        ("SORT_RO l GET # GET n_*", "[$1 $one $2 $two $3 _]"),
    ]);
}

#[test]
fn a_result_is_stored_as_a_list() {
    check(&[
        ("RPUSH l 3 1 2", ":3"),
        ("SET n_1 one", "+OK"),
        ("SET d old", "+OK"),
        ("PEXPIREAT d 9999999999000", ":1"),
        ("SORT l STORE d", ":3"),
        ("LRANGE d 0 -1", "[$1 $2 $3]"),
        ("TYPE d", "+list"),
        ("PEXPIRETIME d", ":-1"),
        ("SORT l DESC GET n_* GET # STORE d", ":6"),
        ("LRANGE d 0 -1", "[$ $3 $ $2 $one $1]"),
        ("SORT l STORE l", ":3"),
        ("LRANGE l 0 -1", "[$1 $2 $3]"),
        ("SORT l STORE d STORE e DESC", ":3"),
        ("LRANGE d 0 -1", "[$ $3 $ $2 $one $1]"),
        ("LRANGE e 0 -1", "[$3 $2 $1]"),
        ("SORT missing STORE d", ":0"),
        ("EXISTS d", ":0"),
        ("SORT l LIMIT 5 5 STORE e", ":0"),
        ("EXISTS e", ":0"),
        ("SORT missing STORE nothing", ":0"),
        ("SORT l ALPHA STORE d", ":3"),
    ]);
}

#[test]
fn the_request_is_read_before_the_key() {
    check(&[
        ("SET s 1", "+OK"),
        ("SORT s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SORT s FOO", "-ERR syntax error"),
        ("SORT s ASC FOO", "-ERR syntax error"),
        ("SORT s LIMIT 1", "-ERR syntax error"),
        ("SORT s LIMIT x 1", "-ERR value is not an integer or out of range"),
        ("SORT s LIMIT 1 x", "-ERR value is not an integer or out of range"),
        ("SORT s LIMIT 1 x FOO", "-ERR value is not an integer or out of range"),
        ("SORT s FOO LIMIT 1 x", "-ERR syntax error"),
        ("SORT s BY", "-ERR syntax error"),
        ("SORT s GET", "-ERR syntax error"),
        ("SORT s STORE", "-ERR syntax error"),
        ("SORT s LIMIT 9223372036854775808 1", "-ERR value is not an integer or out of range"),
        ("SORT_RO s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SORT_RO s STORE d", "-ERR syntax error"),
        ("SORT_RO s GET", "-ERR syntax error"),
        ("SORT s STORE s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SORT s BY nosort", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SORT", "-ERR wrong number of arguments for 'sort' command"),
        ("SORT_RO", "-ERR wrong number of arguments for 'sort_ro' command"),
        ("SORT missing LIMIT 1", "-ERR syntax error"),
    ]);
}

#[test]
fn keys_of_the_request_are_told() {
    check(&[
        ("COMMAND GETKEYS sort k", "[$k]"),
        ("COMMAND GETKEYS sort k store d", "[$k $d]"),
        ("COMMAND GETKEYS sort k store d store e", "[$k $e]"),
        ("COMMAND GETKEYS sort k by store d", "[$k]"),
        ("COMMAND GETKEYS sort k limit 0 store d", "[$k]"),
        ("COMMAND GETKEYS sort k foo store d", "[$k $d]"),
        ("COMMAND GETKEYS sort k get store store d", "[$k $d]"),
        ("COMMAND GETKEYS sort k store", "[$k]"),
        (
            "COMMAND GETKEYSANDFLAGS sort k by nosort get # limit 0 1 store d",
            "[[$k ~[+RO +access]] [$d ~[+OW +update]]]",
        ),
        ("COMMAND GETKEYSANDFLAGS sort_ro k by w_* get #", "[[$k ~[+RO +access]]]"),
        ("COMMAND GETKEYS sort_ro k store d", "[$k]"),
    ]);
}

#[test]
fn sets_are_sorted() {
    check(&[
        (
            r#"RESTORE s 0 "\x0b\x10\x02\x00\x00\x00\x04\x00\x00\x00\xfd\xff\x02\x00\x09\x00\x0a\x00\x0a\x00\xady\xbc\x0e\x8b\xfa\x13\xa1""#,
            "+OK",
        ),
        ("SORT s", "[$-3 $2 $9 $10]"),
        ("SORT s DESC LIMIT 0 2", "[$10 $9]"),
        ("SORT s ALPHA", "[$-3 $10 $2 $9]"),
        (r#"RESTORE t 0 "\x02\x03\x01b\x01c\x01a\x0a\x00\xb2\x94\xda.N\xcd\xa6\xfc""#, "+OK"),
        ("SORT t", "-ERR One or more scores can't be converted into double"),
        ("SORT t ALPHA DESC", "[$c $b $a]"),
        ("SORT t BY nosort STORE d", ":3"),
        ("LRANGE d 0 -1", "[$a $b $c]"),
        ("SORT t BY nosort DESC LIMIT 1 1 STORE d", ":1"),
        ("LRANGE d 0 -1", "[$b]"),
        ("SORT t BY nosort GET # GET nosuch_* STORE d", ":6"),
        ("LRANGE d 0 -1", "[$a $ $b $ $c $]"),
    ]);
}

#[test]
fn sorted_sets_are_sorted_or_left_in_the_order_of_their_scores() {
    check(&[
        (
            r#"RESTORE z 0 "\x11\x1a\x1a\x00\x00\x00\x08\x00\x81b\x02\x01\x01\x01\x01\x02\x01\x81c\x02\x02\x01\x81a\x02\x03\x01\xff\x0a\x00b8p9\xe29\xa5=""#,
            "+OK",
        ),
        ("SORT z", "-ERR One or more scores can't be converted into double"),
        ("SORT z ALPHA", "[$1 $a $b $c]"),
        ("SORT z BY nosort", "[$b $1 $c $a]"),
        ("SORT z BY nosort DESC", "[$a $c $1 $b]"),
        ("SORT z BY nosort LIMIT 1 2", "[$1 $c]"),
        ("SORT z BY nosort DESC LIMIT 0 1", "[$a]"),
        ("SORT z BY nosort GET # STORE d", ":4"),
        ("LRANGE d 0 -1", "[$b $1 $c $a]"),
    ]);
}

#[test]
fn elements_are_looked_up_in_hashes() {
    check(&[
        ("RPUSH l 1 2 3", ":3"),
        (
            r#"RESTORE h_1 0 "\x10\x12\x12\x00\x00\x00\x04\x00\x81f\x02\x05\x01\x81g\x02\x81x\x02\xff\x0a\x00jp\xbb\x9d\xdf\xf1d\xdf""#,
            "+OK",
        ),
        (
            r#"RESTORE h_2 0 "\x10\x17\x17\x00\x00\x00\x04\x00\x81f\x02\x03\x01\x84name\x05\x83two\x04\xff\x0a\x00\xe4j\xaa\xf8\x08G\xda*""#,
            "+OK",
        ),
        (
            r#"RESTORE h_3x 0 "\x10\x17\x17\x00\x00\x00\x04\x00\x81f\x02\x03\x01\x84name\x05\x83two\x04\xff\x0a\x00\xe4j\xaa\xf8\x08G\xda*""#,
            "+OK",
        ),
        ("SORT l BY h_*->f", "[$3 $2 $1]"),
        ("SORT l BY h_*->f DESC GET #", "[$1 $2 $3]"),
        ("SORT l GET h_*->name GET h_*->g", "[_ $x $two _ _ _]"),
        ("SORT l GET h_*", "[_ _ _]"),
        ("SORT l GET h_*x->name", "[_ _ $two]"),
        ("SORT l BY h_*->name ALPHA", "[$1 $3 $2]"),
        ("SORT l BY h_*->g", "-ERR One or more scores can't be converted into double"),
        ("SORT l BY h_*->f->g", "[$1 $2 $3]"),
        ("SORT h_1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ]);
}
