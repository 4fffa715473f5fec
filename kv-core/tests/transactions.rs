//! Transactions. The replies are those of Redis.

mod support;

use support::{Client, check, check_sessions};

const ABORTED: &str = "-EXECABORT Transaction discarded because of previous errors.";

#[test]
fn requests_are_queued_and_run_together() {
    check(&[
        ("MULTI", "+OK"),
        ("SET a 1", "+QUEUED"),
        ("INCR a", "+QUEUED"),
        ("MGET a b", "+QUEUED"),
        ("DBSIZE", "+QUEUED"),
        ("EXEC", "[+OK :2 [$2 _] :1]"),
        ("GET a", "$2"),
        ("MULTI", "+OK"),
        ("EXEC", "[]"),
        ("EXEC", "-ERR EXEC without MULTI"),
        ("DISCARD", "-ERR DISCARD without MULTI"),
    ]);
}

#[test]
fn an_error_while_it_runs_stops_nothing() {
    check(&[
        ("MULTI", "+OK"),
        ("SET a x", "+QUEUED"),
        ("LPUSH a 1", "+QUEUED"),
        ("SET b 2", "+QUEUED"),
        ("EXEC", "[+OK -WRONGTYPE Operation against a key holding the wrong kind of value +OK]"),
        ("GET b", "$2"),
    ]);
}

#[test]
fn a_request_that_is_refused_breaks_the_transaction() {
    for request in ["GET", "nosuch a", "CLIENT nosuch"] {
        let mut client = Client::new(16);
        assert_eq!(client.run("MULTI"), "+OK");
        assert_eq!(client.run("SET a 1"), "+QUEUED");
        assert!(client.run(request).starts_with("-ERR "), "{request}");
        assert_eq!(client.run("EXEC"), ABORTED, "{request}");
        assert_eq!(client.run("EXISTS a"), ":0", "{request}");
    }
}

#[test]
fn exec_with_arguments_ends_the_transaction() {
    const REFUSED: &str =
        "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
    check(&[
        ("MULTI", "+OK"),
        ("SET a 1", "+QUEUED"),
        ("EXEC x", REFUSED),
        ("EXEC", "-ERR EXEC without MULTI"),
        ("EXISTS a", ":0"),
    ]);
    check_sessions(&[
        (1, "WATCH a", "+OK"),
        (2, "SET a 1", "+OK"),
        (1, "EXEC x", REFUSED),
        (1, "MULTI", "+OK"),
        (1, "EXEC", "[]"),
    ]);
}

#[test]
fn what_is_not_allowed_inside_breaks_nothing() {
    check(&[
        ("MULTI", "+OK"),
        ("MULTI", "-ERR MULTI calls can not be nested"),
        ("WATCH a", "-ERR WATCH inside MULTI is not allowed"),
        ("SET a 1", "+QUEUED"),
        ("EXEC", "[+OK]"),
    ]);
}

#[test]
fn discard_and_reset_forget_what_was_queued() {
    check(&[
        ("MULTI", "+OK"),
        ("SET a 1", "+QUEUED"),
        ("DISCARD", "+OK"),
        ("MULTI", "+OK"),
        ("SET a 1", "+QUEUED"),
        ("RESET", "+RESET"),
        ("EXISTS a", ":0"),
        ("EXEC", "-ERR EXEC without MULTI"),
    ]);
}

#[test]
fn a_selected_database_counts_for_what_follows() {
    check(&[
        ("MULTI", "+OK"),
        ("SET a 0", "+QUEUED"),
        ("SELECT 3", "+QUEUED"),
        ("SET a 3", "+QUEUED"),
        ("EXEC", "[+OK +OK +OK]"),
        ("GET a", "$3"),
    ]);
}

/// Session 1 watches, session 2 does something, and EXEC runs or does not.
#[track_caller]
fn check_watch(before: &[&str], watched: &str, change: &[&str], is_broken: bool) {
    for shards in support::SHARDS {
        let mut client = Client::new(shards);
        before.iter().for_each(|request| drop(client.run(request)));
        assert_eq!(client.run(&format!("WATCH {watched}")), "+OK");
        let mut other = client.open();
        std::mem::swap(&mut client.session, &mut other);
        change.iter().for_each(|request| drop(client.run(request)));
        std::mem::swap(&mut client.session, &mut other);
        assert_eq!(client.run("MULTI"), "+OK");
        assert_eq!(client.run("PING"), "+QUEUED");
        let expected = if is_broken { "*_" } else { "[+PONG]" };
        assert_eq!(client.run("EXEC"), expected, "{watched}: {change:?}, with {shards} shards");
        assert_eq!(client.run("MULTI"), "+OK");
        assert_eq!(client.run("EXEC"), "[]", "nothing is watched any more");
    }
}

#[test]
fn a_change_of_a_watched_key_breaks_the_transaction() {
    let scene =
        ["SET s x", "LPUSH l a", "SADD set a", "HSET h f v", "ZADD z 1 a", "XADD x 1-1 f v"];
    let changes = [
        "SET s x",
        "DEL s",
        "APPEND s y",
        "SETRANGE s 0 y",
        "EXPIRE s 100",
        "RENAME s t",
        "LPUSH l b",
        "LSET l 0 b",
        "SADD set b",
        "SREM set a",
        "HSET h f w",
        "HDEL h f",
        "ZADD z 2 a",
        "ZREM z a",
        "XADD x 2-1 f v",
        "COPY l s REPLACE",
        "FLUSHALL",
        "FLUSHDB",
        "MOVE s 1",
        "SWAPDB 0 1",
        "SETBIT s 2 0",
        "SETBIT s 100 0",
        "SETBIT missing 0 0",
        "BITFIELD s SET u8 0 1",
        "BITFIELD s SET u8 100 0",
        "SETBIT s 0 1",
        "SETBIT s 100 0",
        "BITFIELD s SET u8 0 1",
        "BITOP NOT l s",
        "SETEX s 10 x",
        "MSET t 1 s x",
        "GETSET s x",
        "GETDEL s",
        "GETEX s EX 10",
        "APPEND s \"\"",
        "RENAME s l",
        "RENAMENX s t",
        "PEXPIREAT s 1",
        "RPUSH l b",
        "LPUSHX l b",
        "LPOP l 5",
        "LINSERT l BEFORE a b",
        "LREM l 0 a",
        "LTRIM l 0 -1",
        "LMOVE l l LEFT LEFT",
        "RPOPLPUSH l t",
        "LMPOP 1 l LEFT",
        "BLPOP l 0",
        "SORT l ALPHA STORE s",
        "SMOVE set t a",
        "SPOP set 9",
        "SINTERSTORE set t t",
        "SUNIONSTORE l set",
        "SDIFFSTORE set set t",
        "HSETNX h g 1",
        "HMSET h f v",
        "HINCRBY h n 0",
        "HINCRBYFLOAT h n 0",
        "HEXPIRE h 10 FIELDS 1 f",
        "HGETDEL h FIELDS 1 f",
        "HGETEX h EX 10 FIELDS 1 f",
        "HSETEX h FIELDS 1 f v",
        "ZINCRBY z 1 a",
        "ZPOPMIN z",
        "ZMPOP 1 z MAX",
        "BZPOPMAX z 0",
        "ZREMRANGEBYRANK z 0 0",
        "ZRANGESTORE s z 0 -1",
        "ZUNIONSTORE z 1 z",
        "ZINTERSTORE z 1 t",
        "GEOADD z 1 1 b",
        "XTRIM x MAXLEN 0",
        "XDEL x 1-1",
        "RPOP l",
        "SPOP set",
        "UNLINK s h x set l z",
    ];
    for change in changes {
        check_watch(&scene, "s l set h z x missing", &[change], true);
    }
}

#[test]
fn what_changes_nothing_breaks_nothing() {
    let scene =
        ["SET s x", "LPUSH l a", "SADD set a", "HSET h f v", "ZADD z 1 a", "XADD x 1-1 f v"];
    let requests = [
        "GET s",
        "SADD set a",
        "SREM set b",
        "HDEL h g",
        "HSETNX h f w",
        "ZADD z 1 a",
        "ZREM z b",
        "ZADD z NX 2 a",
        "LREM l 0 b",
        "LINSERT l BEFORE b c",
        "XDEL x 9-9",
        "DEL t",
        "SETNX s y",
        "EXPIRE t 100",
        "PERSIST s",
        "LPUSHX t a",
        "SINTERSTORE t set t",
        "SET t x",
        "XTRIM x MAXLEN 10",
        "SELECT 1",
        "ZREMRANGEBYSCORE z 5 6",
        "PFCOUNT s",
        "TOUCH s",
        "SMOVE set set a",
        "SMOVE t set b",
        "LMOVE t l LEFT LEFT",
        "SET s y NX",
        "GETEX s",
        "RENAME s s",
        "SWAPDB 0 0",
        "GETEX s PERSIST",
        "LPOP l 0",
        "RPOP l 0",
        "ZPOPMIN z 0",
        "XSETID x 2-1",
        "XGROUP CREATE x g $",
        "SETBIT s 1 1",
        "BITFIELD s SET u8 0 120 GET u8 8",
        "GETEX s PERSIST",
        "SETBIT s 1 1",
        "BITFIELD s SET u8 0 120",
        "BITFIELD s OVERFLOW FAIL INCRBY u8 0 300",
        "SETRANGE s 0 \"\"",
        "MSETNX s 1 t 2",
        "RENAME s s",
        "RENAME t s",
        "RENAMENX s l",
        "COPY s l",
        "MOVE t 1",
        "EXPIRE s 10 GT",
        "LPOP l 0",
        "LTRIM t 0 1",
        "SPOP set 0",
        "SINTERSTORE t s2 t",
        "HEXPIRE h 10 FIELDS 1 g",
        "HPERSIST h FIELDS 1 f",
        "HGETDEL h FIELDS 1 g",
        "HGETEX h FIELDS 1 f",
        "HSETEX h FNX FIELDS 1 f w",
        "HRANDFIELD h",
        "ZADD z GT 0 a",
        "ZINCRBY z 0 a",
        "ZPOPMIN z 0",
        "GEOADD z XX 1 1 b",
        "XGROUP CREATE x g 0",
        "XADD t NOMKSTREAM * f v",
        "XSETID x 9-9",
        "SWAPDB 2 3",
    ];
    for request in requests {
        check_watch(&scene, "s l set h z x", &[request], false);
    }
}

#[test]
fn what_groups_of_consumers_do_changes_no_stream() {
    let scene = [
        "XADD x 1-1 f v",
        "XADD x 2-1 f v",
        "XGROUP CREATE x g 0",
        "XREADGROUP GROUP g c COUNT 1 STREAMS x >",
    ];
    let requests = [
        "XREADGROUP GROUP g c STREAMS x >",
        "XACK x g 1-1",
        "XCLAIM x g d 0 1-1",
        "XAUTOCLAIM x g d 0 0",
        "XGROUP SETID x g 0",
        "XGROUP CREATECONSUMER x g e",
        "XGROUP DELCONSUMER x g c",
        "XGROUP DESTROY x g",
    ];
    for request in requests {
        check_watch(&scene, "x", &[request], false);
    }
    check_watch(&[], "x", &["XGROUP CREATE x g $ MKSTREAM"], true);
    check_watch(&scene, "x", &["XDEL x 1-1"], true);
    check_watch(&scene, "x", &["XTRIM x MAXLEN 0"], true);
}

#[test]
fn expiry_and_flushing_break_what_relied_on_a_key() {
    check_watch(&["SET a 1 PX 100"], "a", &["+101ms", "GET b"], true);
    check_watch(&["SET a 1 PX 100", "+101ms"], "a", &["GET a"], false);
    check_watch(&[], "missing", &["FLUSHALL"], false);
    check_watch(&["SELECT 1", "SET a 1", "SELECT 0"], "a", &["SWAPDB 0 1"], true);
    check_watch(&[], "missing", &["SWAPDB 0 1"], false);
}

#[test]
fn unwatch_and_discard_forget_watched_keys() {
    for forget in ["UNWATCH", "DISCARD", "EXEC"] {
        check_sessions(&[
            (1, "WATCH a", "+OK"),
            (1, "MULTI", "+OK"),
            (2, "SET a 1", "+OK"),
            (
                1,
                if forget == "UNWATCH" { "DISCARD" } else { forget },
                match forget {
                    "EXEC" => "*_",
                    _ => "+OK",
                },
            ),
            (1, "UNWATCH", "+OK"),
            (1, "MULTI", "+OK"),
            (1, "GET a", "+QUEUED"),
            (1, "EXEC", "[$1]"),
        ]);
    }
}

#[test]
fn a_session_that_ends_leaves_nothing_behind() {
    let mut client = Client::new(16);
    let mut other = client.open();
    std::mem::swap(&mut client.session, &mut other);
    client.run("WATCH a b c");
    client.run("MULTI");
    std::mem::swap(&mut client.session, &mut other);
    client.kernel.close_session(other);
    assert_eq!(client.kernel.observers(), 0);
}

#[test]
fn what_groups_read_is_no_change() {
    let scene = ["XADD x 1-1 f v", "XADD x 1-2 f v", "XGROUP CREATE x g 0"];
    let requests = [
        "XREADGROUP GROUP g a STREAMS x >",
        "XREADGROUP GROUP g a NOACK STREAMS x 0",
        "XACK x g 1-1",
        "XCLAIM x g b 0 1-1 FORCE",
        "XAUTOCLAIM x g b 0 0",
        "XGROUP CREATE x h 0",
        "XGROUP SETID x g $",
        "XGROUP CREATECONSUMER x g c",
        "XGROUP DELCONSUMER x g a",
        "XGROUP DESTROY x g",
    ];
    for request in requests {
        check_watch(&scene, "x", &[request], false);
    }
    check_watch(&scene, "y", &["XGROUP CREATE y g 0 MKSTREAM"], true);
}

#[test]
fn what_a_sketch_remembers_is_a_change_but_not_how_it_is_kept() {
    let scene = ["PFADD p a b c"];
    for request in ["PFCOUNT p", "PFADD p d", "PFMERGE p p"] {
        check_watch(&scene, "p", &[request], true);
    }
    for request in ["PFADD p a", "PFCOUNT p p", "PFDEBUG TODENSE p"] {
        check_watch(&scene, "p", &[request], false);
    }
    check_watch(&["PFADD p a b c", "PFCOUNT p"], "p", &["PFCOUNT p"], false);
}
