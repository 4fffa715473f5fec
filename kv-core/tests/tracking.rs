//! Clients that cache what they read. The replies and messages are those of Redis.

mod support;

use support::{Client, check, check_sessions};

const OFF: &str = "{$flags=~[$off] $redirect=:-1 $prefixes=[]}";

fn hello(id: u64) -> String {
    format!(
        "{{$server=$redis $version=$7.2.0 $proto=:3 $id=:{id} $mode=$standalone $role=$master $modules=[]}}"
    )
}

/// What a client is told of one key.
fn invalid(key: &str) -> String {
    format!(">[$invalidate [${key}]]")
}

#[test]
fn tracking_says_what_is_wrong() {
    let switched = |what: &str| {
        format!(
            "-ERR You can't switch {what} before disabling tracking for this client, and then re-enabling it with a different mode."
        )
    };
    let (bcast, optin) = (switched("BCAST mode on/off"), switched("OPTIN/OPTOUT mode"));
    let nobody = "-ERR The client ID you want redirect to does not exist";
    check(&[
        ("CLIENT TRACKING", "-ERR wrong number of arguments for 'client|tracking' command"),
        ("CLIENT TRACKING x", "-ERR syntax error"),
        ("CLIENT TRACKING on x", "-ERR syntax error"),
        ("CLIENT TRACKING on PREFIX a", "-ERR PREFIX option requires BCAST mode to be enabled"),
        ("CLIENT TRACKING on REDIRECT x", "-ERR value is not an integer or out of range"),
        ("CLIENT TRACKING on REDIRECT 0", nobody),
        ("CLIENT TRACKING on REDIRECT -1", nobody),
        ("CLIENT TRACKING off REDIRECT 9999", nobody),
        ("CLIENT TRACKING on REDIRECT", "-ERR syntax error"),
        (
            "CLIENT TRACKING on REDIRECT 1 REDIRECT 1",
            "-ERR A client can only redirect to a single other client",
        ),
        ("CLIENT TRACKING on BCAST OPTIN", "-ERR OPTIN and OPTOUT are not compatible with BCAST"),
        (
            "CLIENT TRACKING on OPTIN OPTOUT",
            "-ERR You can't specify both OPTIN mode and OPTOUT mode",
        ),
        (
            "CLIENT TRACKING on BCAST PREFIX ab PREFIX a",
            "-ERR Prefix 'ab' overlaps with another provided prefix 'a'. Prefixes for a single client must not overlap.",
        ),
        ("CLIENT TRACKINGINFO", OFF),
        ("CLIENT GETREDIR", ":-1"),
        ("CLIENT TRACKING on", "+OK"),
        ("CLIENT TRACKING on BCAST", &bcast),
        ("CLIENT TRACKING on OPTIN", "+OK"),
        ("CLIENT TRACKING on OPTOUT", &optin),
        ("CLIENT TRACKING off", "+OK"),
        ("CLIENT TRACKING on BCAST PREFIX b PREFIX aa", "+OK"),
        (
            "CLIENT TRACKING on BCAST PREFIX b",
            "-ERR Prefix 'b' overlaps with an existing prefix 'b'. Prefixes for a single client must not overlap.",
        ),
        ("CLIENT TRACKING on BCAST PREFIX c NOLOOP", "+OK"),
        (
            "CLIENT TRACKINGINFO",
            "{$flags=~[$on $bcast $noloop] $redirect=:0 $prefixes=[$aa $b $c]}",
        ),
        ("RESET", "+RESET"),
        ("CLIENT TRACKINGINFO", OFF),
    ]);
}

#[test]
fn the_list_of_clients_tells_who_is_told_instead() {
    let mut client = Client::new(1);
    let redirection = |client: &mut Client| {
        let info = client.run("CLIENT INFO");
        info.split(' ').find_map(|word| word.strip_prefix("redir=")).expect("there").to_owned()
    };
    assert_eq!(redirection(&mut client), "-1");
    client.run("HELLO 3");
    client.run("CLIENT TRACKING on");
    assert_eq!(redirection(&mut client), "0");
    client.run("CLIENT TRACKING off");
    client.run("CLIENT TRACKING on REDIRECT 1");
    assert_eq!(redirection(&mut client), "1");
}

#[test]
fn caching_is_a_choice_for_one_request() {
    const WITHOUT: &str = "-ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled";
    const YES: &str =
        "-ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
    const NO: &str =
        "-ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";
    check(&[
        ("CLIENT CACHING yes", WITHOUT),
        ("CLIENT CACHING x", WITHOUT),
        ("CLIENT TRACKING on", "+OK"),
        ("CLIENT CACHING yes", YES),
        ("CLIENT CACHING no", NO),
        ("CLIENT CACHING x", "-ERR syntax error"),
        ("CLIENT TRACKING on OPTIN", "+OK"),
        ("CLIENT CACHING yes", "+OK"),
        ("CLIENT TRACKINGINFO", "{$flags=~[$on $optin $caching-yes] $redirect=:0 $prefixes=[]}"),
        ("CLIENT GETREDIR", ":0"),
        ("PING", "+PONG"),
        ("CLIENT TRACKINGINFO", "{$flags=~[$on $optin] $redirect=:0 $prefixes=[]}"),
        ("CLIENT TRACKING off", "+OK"),
        ("CLIENT TRACKING on OPTOUT", "+OK"),
        ("CLIENT CACHING no", "+OK"),
        ("CLIENT TRACKINGINFO", "{$flags=~[$on $optout $caching-no] $redirect=:0 $prefixes=[]}"),
    ]);
}

#[test]
fn readers_of_a_key_are_told_once_of_its_change() {
    let (a, b, both) = (invalid("a"), invalid("b"), format!("{} {}", invalid("a"), invalid("b")));
    check_sessions(&[
        (1, "HELLO 3", &hello(2)),
        (1, "CLIENT TRACKING on", "+OK"),
        (1, "GET a", "_"),
        (1, "SET a 1", "+OK"),
        (1, "<", &a),
        (1, "MGET a b", "[$1 _]"),
        (2, "MSET a 2 b 2", "+OK"),
        (2, "MSET a 3 b 3", "+OK"),
        (1, "<", &both),
        (1, "EXISTS b", ":1"),
        (2, "SADD b x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (1, "<", ""),
        (2, "RENAME b c", "+OK"),
        (1, "<", &b),
        (1, "GET a", "$3"),
        (2, "SELECT 5", "+OK"),
        (2, "SET a 1", "+OK"),
        (1, "<", &a),
        (1, "GET a", "$3"),
        (1, "CLIENT TRACKING off", "+OK"),
        (2, "SET a 1", "+OK"),
        (1, "<", ""),
    ]);
}

#[test]
fn a_flush_is_told_to_all_who_cache() {
    check_sessions(&[
        (1, "HELLO 3", &hello(2)),
        (1, "CLIENT TRACKING on NOLOOP", "+OK"),
        (3, "HELLO 3", &hello(3)),
        (3, "CLIENT TRACKING on BCAST PREFIX x", "+OK"),
        (1, "GET a", "_"),
        (2, "FLUSHDB", "+OK"),
        (1, "<", ">[$invalidate _]"),
        (3, "<", ">[$invalidate _]"),
        (2, "SET a 1", "+OK"),
        (1, "<", ""),
        (1, "FLUSHALL", "+OK"),
        (1, "<", ">[$invalidate _]"),
    ]);
}

#[test]
fn expiry_and_eviction_are_told() {
    let mut client = Client::new(4);
    for request in ["HELLO 3", "CLIENT TRACKING on", "SET a 1 PX 100", "SET b 1 PX 100"] {
        client.run(request);
    }
    client.run("GET a");
    client.run("GET b");
    client.run("+200ms");
    assert_eq!(client.run("EXISTS a"), ":0");
    assert_eq!(client.run("<"), invalid("a"));
    client.kernel.batch(client.now).tend(1000);
    assert_eq!(client.run("<"), invalid("b"));
    client.run("SET c 1");
    client.run("GET c");
    client.run("CONFIG SET maxmemory-policy allkeys-lru maxmemory 1");
    client.run("<");
    client.run("SET d 1");
    assert!(client.run("<").contains(&invalid("c")));
}

#[test]
fn who_wants_no_loop_is_not_told_of_its_own_changes() {
    let a = invalid("a");
    check_sessions(&[
        (1, "HELLO 3", &hello(2)),
        (1, "CLIENT TRACKING on NOLOOP", "+OK"),
        (1, "GET a", "_"),
        (1, "SET a 1", "+OK"),
        (1, "<", ""),
        (1, "GET a", "$1"),
        (2, "SET a 1", "+OK"),
        (1, "<", &a),
        (1, "SET a 1 PX 100", "+OK"),
        (1, "GET a", "$1"),
        (2, "+200ms", ""),
        (2, "EXISTS a", ":0"),
        (1, "<", &a),
    ]);
}

#[test]
fn what_is_read_in_a_transaction_is_tracked_as_chosen() {
    let told = [invalid("b"), invalid("d"), invalid("e")].join(" ");
    check_sessions(&[
        (1, "HELLO 3", &hello(2)),
        (1, "CLIENT TRACKING on OPTIN", "+OK"),
        (1, "GET a", "_"),
        (1, "CLIENT CACHING yes", "+OK"),
        (1, "GET b", "_"),
        (1, "GET c", "_"),
        (1, "CLIENT CACHING yes", "+OK"),
        (1, "MULTI", "+OK"),
        (1, "GET d", "+QUEUED"),
        (1, "GET e", "+QUEUED"),
        (1, "EXEC", "[_ _]"),
        (1, "GET f", "_"),
        (2, "MSET a 1 b 1 c 1 d 1 e 1 f 1", "+OK"),
        (1, "<", &told),
    ]);
}

#[test]
fn who_opts_out_is_told_of_the_rest() {
    let b = invalid("b");
    check_sessions(&[
        (1, "HELLO 3", &hello(2)),
        (1, "CLIENT TRACKING on OPTOUT", "+OK"),
        (1, "CLIENT CACHING no", "+OK"),
        (1, "GET a", "_"),
        (1, "GET b", "_"),
        (2, "MSET a 1 b 1", "+OK"),
        (1, "<", &b),
    ]);
}

#[test]
fn prefixes_are_told_of_each_key_once_a_batch() {
    check_sessions(&[
        (1, "HELLO 3", &hello(2)),
        (1, "CLIENT TRACKING on BCAST PREFIX x PREFIX y NOLOOP", "+OK"),
        (2, "MULTI", "+OK"),
        (2, "MSET y1 1 x1 1 x0 1 z 1", "+QUEUED"),
        (2, "SET x1 2", "+QUEUED"),
        (2, "EXEC", "[+OK +OK]"),
        (1, "<", ">[$invalidate [$x0 $x1]] >[$invalidate [$y1]]"),
        (1, "SET x1 3", "+OK"),
        (1, "<", ""),
        (3, "HELLO 3", &hello(4)),
        (3, "CLIENT TRACKING on BCAST", "+OK"),
        (1, "SET x1 4", "+OK"),
        (1, "<", ""),
        (3, "<", ">[$invalidate [$x1]]"),
        (1, "CLIENT TRACKING off", "+OK"),
        (2, "SET x1 5", "+OK"),
        (1, "<", ""),
        (3, "<", ">[$invalidate [$x1]]"),
    ]);
}

#[test]
fn another_client_may_be_told_instead() {
    check_sessions(&[
        (1, "CLIENT ID", ":2"),
        (2, "HELLO 3", &hello(3)),
        (2, "CLIENT TRACKING on REDIRECT 2", "+OK"),
        (2, "CLIENT GETREDIR", ":2"),
        (2, "GET q", "_"),
        (3, "SET q 1", "+OK"),
        (1, "<", ""),
        (2, "GET q", "$1"),
        (1, "SUBSCRIBE zzz", ">[$subscribe $zzz :1]"),
        (3, "SET q 1", "+OK"),
        (1, "<", ">[$message $__redis__:invalidate [$q]]"),
        (2, "<", ""),
        (3, "FLUSHALL", "+OK"),
        (1, "<", ">[$message $__redis__:invalidate _]"),
        (2, "GET q", "_"),
        (1, "close 1", ""),
        (3, "SET q 1", "+OK"),
        (2, "<", ">[$tracking-redir-broken :2]"),
        (2, "CLIENT TRACKINGINFO", "{$flags=~[$on $broken_redirect] $redirect=:2 $prefixes=[]}"),
    ]);
}

#[test]
fn a_client_without_pushes_is_told_nothing() {
    check_sessions(&[
        (1, "CLIENT TRACKING on", "+OK"),
        (1, "GET q", "_"),
        (2, "SET q 1", "+OK"),
        (1, "<", ""),
    ]);
}

#[test]
fn a_request_that_waited_has_read_what_it_gets() {
    let x = invalid("x");
    check_sessions(&[
        (1, "HELLO 3", &hello(2)),
        (1, "CLIENT TRACKING on", "+OK"),
        (1, "XREAD BLOCK 0 STREAMS x $", "waits"),
        (2, "XADD x 1-1 f v", "$1-1"),
        (1, "<", &format!("{x} {{$x=[[$1-1 [$f $v]]]}}")),
        (2, "XADD x 2-1 f v", "$2-1"),
        (1, "<", &x),
    ]);
}

#[test]
fn too_many_keys_are_forgotten_and_told() {
    for shards in support::SHARDS {
        let mut client = Client::new(shards);
        client.run("HELLO 3");
        client.run("CONFIG SET tracking-table-max-keys 10");
        client.run("CLIENT TRACKING on");
        let mut told = 0;
        for key in 0..100 {
            client.run(&format!("GET key:{key}"));
            told += client.run("<").matches("invalidate").count();
        }
        assert_eq!(told, 90, "with {shards} shards");
    }
}

#[test]
fn nothing_is_left_of_clients_that_are_gone() {
    let mut client = Client::new(4);
    let other = client.open();
    client.run("CLIENT TRACKING on BCAST");
    assert_eq!(client.kernel.observers(), 1);
    let (session, _) = client.become_session((other, kv_core::reply::Protocol::V2));
    client.kernel.close_session(session);
    assert_eq!(client.kernel.observers(), 0);
}

#[test]
fn what_nobody_changes_is_told_to_who_wants_no_loop() {
    for shards in support::SHARDS {
        let mut client = Client::new(shards);
        for request in ["HELLO 3", "CLIENT TRACKING on NOLOOP", "SET a 1 PX 100", "GET a", "+200ms"]
        {
            client.run(request);
        }
        client.kernel.batch(client.now).tend(1000);
        assert_eq!(client.run("<"), invalid("a"), "with {shards} shards");
    }
}
