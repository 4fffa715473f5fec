//! What clients do to each other. The replies are those of Redis.

mod support;

use kv_core::reply::Protocol;
use support::{check, check_sessions};

#[test]
fn kill_closes_the_clients_that_all_filters_fit() {
    check_sessions(&[
        (1, "PING", "+PONG"),
        (2, "CLIENT ID", ":3"),
        (3, "SUBSCRIBE c", ">[$subscribe $c :1]"),
        (1, "CLIENT KILL ID 3 TYPE pubsub", ":0"),
        (1, "CLIENT KILL ID 3 TYPE replica", ":0"),
        (1, "CLIENT KILL id 3 user default type normal", ":1"),
        (2, "<", "closed"),
        (1, "CLIENT KILL TYPE pubsub", ":1"),
        (3, "<", "closed"),
        (1, "CLIENT KILL ID 2", ":0"),
        (1, "<", ""),
        (1, "CLIENT KILL ID 2 SKIPME no", ":1"),
        (1, "<", ""),
    ]);
}

#[test]
fn kill_spares_the_young() {
    check_sessions(&[
        (1, "PING", "+PONG"),
        (1, "+9000ms", ""),
        (2, "PING", "+PONG"),
        (2, "+1000ms", ""),
        (2, "CLIENT KILL MAXAGE 10 ID 2", ":1"),
        (1, "<", "closed"),
        (2, "CLIENT KILL MAXAGE 2 ID 3 SKIPME no", ":0"),
    ]);
}

#[test]
fn kill_says_what_is_wrong() {
    check(&[
        ("CLIENT KILL", "-ERR wrong number of arguments for 'client|kill' command"),
        ("CLIENT KILL x", "-ERR No such client"),
        ("CLIENT KILL ID", "-ERR No such client"),
        ("CLIENT KILL ID 0", "-ERR client-id should be greater than 0"),
        ("CLIENT KILL ID x", "-ERR client-id should be greater than 0"),
        ("CLIENT KILL TYPE foo", "-ERR Unknown client type 'foo'"),
        ("CLIENT KILL USER nosuch", "-ERR No such user 'nosuch'"),
        ("CLIENT KILL SKIPME maybe", "-ERR syntax error"),
        ("CLIENT KILL FOO bar", "-ERR syntax error"),
        ("CLIENT KILL ID 99 ADDR", "-ERR syntax error"),
        ("CLIENT KILL MAXAGE x", "-ERR maxage is not an integer or out of range"),
        ("CLIENT KILL MAXAGE 0", "-ERR maxage should be greater than 0"),
        ("CLIENT KILL ID 99999", ":0"),
        ("CLIENT KILL ADDR x LADDR y", ":0"),
        ("CLIENT KILL ADDR 1.2.3.4:5 SKIPME no", ":0"),
    ]);
}

#[test]
fn a_killed_client_that_waits_takes_nothing() {
    check_sessions(&[
        (1, "BLPOP l 0", "waits"),
        (2, "CLIENT KILL ID 2", ":1"),
        (2, "RPUSH l a", ":1"),
        (2, "LRANGE l 0 -1", "[$a]"),
        (1, "<", "closed"),
    ]);
}

#[test]
fn unblock_answers_for_what_does_not_come() {
    check_sessions(&[
        (1, "BLPOP l 0", "waits"),
        (2, "CLIENT UNBLOCK 2", ":1"),
        (2, "CLIENT UNBLOCK 2", ":0"),
        (2, "RPUSH l a", ":1"),
        (1, "<", "*_"),
        (1, "LLEN l", ":1"),
        (1, "BLMOVE none l LEFT LEFT 0", "waits"),
        (2, "CLIENT UNBLOCK 2 error", ":1"),
        (1, "<", "-UNBLOCKED client unblocked via CLIENT UNBLOCK"),
        (1, "BLMOVE none l LEFT LEFT 0", "waits"),
        (2, "CLIENT UNBLOCK 2 TIMEOUT", ":1"),
        (1, "<", "*_"),
        (1, "BLPOP none 0", "waits"),
        (2, "RPUSH none a", ":1"),
        (2, "CLIENT UNBLOCK 2", ":0"),
        (1, "<", "[$none $a]"),
    ]);
}

#[test]
fn unblock_says_what_is_wrong() {
    check(&[
        ("CLIENT UNBLOCK x", "-ERR value is not an integer or out of range"),
        ("CLIENT UNBLOCK x FOO", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
        ("CLIENT UNBLOCK 99", ":0"),
        ("CLIENT UNBLOCK -1", ":0"),
        ("CLIENT UNBLOCK 1", ":0"),
        (
            "CLIENT Unblock 1 TIMEOUT x",
            "-ERR unknown subcommand or wrong number of arguments for 'Unblock'. Try CLIENT HELP.",
        ),
    ]);
}

#[test]
fn a_pause_of_writes_holds_what_may_write() {
    check_sessions(&[
        (1, "MULTI", "+OK"),
        (1, "SET k v", "+QUEUED"),
        (3, "MULTI", "+OK"),
        (3, "GET k", "+QUEUED"),
        (2, "CLIENT PAUSE 1000 WRITE", "+OK"),
        (1, "EXEC", "held"),
        (3, "EXEC", "[_]"),
        (2, "SET k v", "held"),
        (2, "PUBLISH c m", "held"),
        (2, "SPUBLISH c m", "held"),
        (2, "PFCOUNT h", "held"),
        (2, "SET k", "-ERR wrong number of arguments for 'set' command"),
        (2, "GET k", "_"),
        (2, "+999ms", ""),
        (1, "EXEC", "held"),
        (2, "+1ms", ""),
        (1, "EXEC", "[+OK]"),
    ]);
}

#[test]
fn a_pause_of_all_holds_everything_and_lasts_as_long_as_the_longest() {
    check_sessions(&[
        (1, "CLIENT PAUSE 1000", "+OK"),
        (2, "PING", "held"),
        (2, "CLIENT UNPAUSE", "held"),
        (2, "+1000ms", ""),
        (2, "CLIENT PAUSE 1000 WRITE", "+OK"),
        (2, "CLIENT PAUSE 100 WRITE", "+OK"),
        (2, "+999ms", ""),
        (2, "SET k v", "held"),
        (2, "CLIENT UNPAUSE", "+OK"),
        (2, "SET k v", "+OK"),
        (2, "CLIENT PAUSE 1000 WRITE", "+OK"),
        (2, "CLIENT PAUSE 0", "+OK"),
        (2, "PING", "held"),
    ]);
}

#[test]
fn pause_says_what_is_wrong() {
    check(&[
        ("CLIENT PAUSE x", "-ERR timeout is not an integer or out of range"),
        ("CLIENT PAUSE -1", "-ERR timeout is negative"),
        ("CLIENT PAUSE x FOO", "-ERR CLIENT PAUSE mode must be WRITE or ALL"),
        ("CLIENT PAUSE 9223372036854775807", "-ERR timeout is out of range"),
        (
            "CLIENT PAUSE 0 ALL x",
            "-ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.",
        ),
        ("CLIENT PAUSE 0 ALL", "+OK"),
        ("CLIENT UNPAUSE", "+OK"),
    ]);
}

#[test]
fn nothing_is_removed_during_a_pause() {
    let mut client = support::Client::new(4);
    client.run("SET k v PX 100");
    client.run("CLIENT PAUSE 1000 WRITE");
    client.run("+200ms");
    assert_eq!(client.kernel.pause.deadline_us(client.now), 1_000_000);
    assert_eq!(client.kernel.batch(client.now).tend(1000), 0);
    for (request, reply) in [("GET k", "_"), ("EXISTS k", ":0"), ("TTL k", ":-2"), ("KEYS *", "[]")]
    {
        assert_eq!(client.run(request), reply, "{request}");
    }
    assert_eq!(client.run("DBSIZE"), ":1");
    client.run("CLIENT UNPAUSE");
    assert!(client.kernel.batch(client.now).tend(1000) > 0);
    assert_eq!(client.run("DBSIZE"), ":0");
}

#[test]
fn replies_are_dropped_as_the_client_wishes() {
    check(&[
        ("CLIENT REPLY foo", "-ERR syntax error"),
        ("CLIENT REPLY OFF", ""),
        ("PING", ""),
        ("NOSUCH", ""),
        ("CLIENT REPLY SKIP", ""),
        ("PING", ""),
        ("CLIENT REPLY ON", "+OK"),
        ("PING", "+PONG"),
        ("CLIENT REPLY SKIP", ""),
        ("NOSUCH", ""),
        ("PING", "+PONG"),
        ("CLIENT REPLY SKIP", ""),
        ("CLIENT REPLY SKIP", ""),
        ("PING", ""),
        ("PING", "+PONG"),
        ("CLIENT REPLY OFF", ""),
        ("MULTI", ""),
        ("PING", ""),
        ("DISCARD", ""),
        ("SUBSCRIBE c", ">[$subscribe $c :1]"),
        ("UNSUBSCRIBE c", ">[$unsubscribe $c :0]"),
        ("RESET", "+RESET"),
        ("PING", "+PONG"),
    ]);
}

#[test]
fn a_dropped_reply_stays_dropped_when_its_request_had_to_wait() {
    check_sessions(&[
        (1, "CLIENT REPLY SKIP", ""),
        (1, "BLPOP l 0", "waits"),
        (2, "RPUSH l a", ":1"),
        (1, "<", ""),
        (1, "PING", "+PONG"),
        (1, "CLIENT REPLY SKIP", ""),
        (2, "CLIENT PAUSE 100", "+OK"),
        (1, "PING", "held"),
        (1, "+100ms", ""),
        (1, "PING", ""),
        (1, "PING", "+PONG"),
    ]);
}

#[test]
fn messages_are_no_replies() {
    check_sessions(&[
        (1, "HELLO 2", &HELLO.replace("ID", "2")),
        (1, "SUBSCRIBE c", ">[$subscribe $c :1]"),
        (
            1,
            "CLIENT REPLY OFF",
            "-ERR Can't execute 'client|reply': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
        ),
        (3, "CLIENT REPLY OFF", ""),
        (3, "SUBSCRIBE c", ">[$subscribe $c :1]"),
        (2, "PUBLISH c m", ":2"),
        (3, "<", ">[$message $c $m]"),
    ]);
}

const HELLO: &str = "{$server=$redis $version=$7.2.0 $proto=:2 $id=:ID $mode=$standalone $role=$master $modules=[]}";

#[test]
fn a_monitor_is_shown_every_command() {
    const ADDRESS: &str = "";
    let line = |database: &str, request: &str| {
        format!("+1700000000.000000 [{database} {ADDRESS}] {request}")
    };
    let shown = [
        line("0", r#""GET" "a\x00\"\n""#),
        line("3", r#""SELECT" "3""#),
        line("3", r#""MULTI""#),
        line("3", r#""SET" "a" "1""#),
        line("3", r#""EXEC""#),
        line("3", r#""HELLO" "2" "AUTH" "(redacted)" "(redacted)" "SETNAME" "x""#),
        line("3", r#""LPUSH" "a" "x""#),
        line("3", r#""BLPOP" "l" "0""#),
    ]
    .join(" ");
    check_sessions(&[
        (1, "MONITOR", "+OK"),
        (2, "GET \"a\\x00\\\"\\n\"", "_"),
        (2, "SELECT 3", "+OK"),
        (2, "MULTI", "+OK"),
        (2, "SET a 1", "+QUEUED"),
        (2, "EXEC", "[+OK]"),
        (2, "HELLO 2 AUTH default foo SETNAME x", &HELLO.replace("ID", "3")),
        (2, "NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with: "),
        (2, "GET", "-ERR wrong number of arguments for 'get' command"),
        (
            2,
            "CONFIG SET databases 16",
            "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
        ),
        (2, "LPUSH a x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (2, "BLPOP l 0", "waits"),
        (1, "<", &shown),
        (1, "MONITOR", ""),
        (1, "<", ""),
        (1, "GET a", "-ERR Replica can't interact with the keyspace"),
        (1, "RESET", "+RESET"),
        (3, "PING", "+PONG"),
        (1, "GET a", "_"),
        (1, "<", ""),
    ]);
}

#[test]
fn nobody_monitors_within_a_transaction() {
    check(&[
        ("MULTI", "+OK"),
        ("MONITOR", "+QUEUED"),
        ("EXEC", "[-ERR MONITOR isn't allowed for DENY BLOCKING client]"),
    ]);
}

#[test]
fn a_monitor_that_reads_nothing_is_closed() {
    let mut client = support::Client::new(4);
    client.run("CONFIG SET client-output-buffer-limit \"pubsub 1000 0 0\"");
    client.run("MONITOR");
    let other = (client.open(), Protocol::V2);
    let monitor = client.become_session(other);
    client.send(&["ECHO", &"a".repeat(800)]);
    client.send(&["ECHO", &"a".repeat(800)]);
    client.become_session(monitor);
    assert_eq!(client.run("<"), "closed");
}

#[test]
fn what_a_transaction_says_of_its_replies_counts_at_once() {
    let mut client = support::Client::new(4);
    let mut out = support::Text::new(Protocol::V2);
    for request in ["MULTI", "CLIENT REPLY OFF", "PING", "CLIENT REPLY ON", "PING", "EXEC"] {
        let args = support::words(request).into_iter().collect::<kv_core::args::OwnedArgs>();
        let mut batch = client.kernel.batch(client.now);
        let _ = batch.execute(&mut client.session, args.as_args(), &mut out);
    }
    assert_eq!(out.text(), "+OK +QUEUED +QUEUED +QUEUED +QUEUED [+OK +PONG");
    assert_eq!(client.run("PING"), "+PONG");
}

#[test]
fn a_dropped_reply_stays_dropped_when_nothing_came() {
    let mut client = support::Client::new(4);
    client.run("CLIENT REPLY SKIP");
    assert_eq!(client.run("BLPOP l 0.1"), "waits");
    let mut out = support::Text::new(Protocol::V2);
    assert!(client.kernel.time_out(&mut client.session, &mut out));
    assert_eq!(out.text(), "");
    assert_eq!(client.run("PING"), "+PONG");
}

#[test]
fn a_monitor_that_quits_is_shown_nothing_more() {
    check_sessions(&[
        (1, "MONITOR", "+OK"),
        (1, "QUIT", "+OK"),
        (2, "PING", "+PONG"),
        (1, "<", ""),
    ]);
}
