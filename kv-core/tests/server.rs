//! The server commands. The replies are those of Redis.

mod support;

use kv_core::args::OwnedArgs;
use kv_core::reply::Protocol;
use kv_core::session::Peer;
use support::{Client, SHARDS, START_MS, Text, check, words};

#[test]
fn databases_are_counted_emptied_and_exchanged() {
    check(&[
        ("DBSIZE", ":0"),
        ("SET a 1", "+OK"),
        ("SET b 2", "+OK"),
        ("SELECT 1", "+OK"),
        ("SET c 3", "+OK"),
        ("DBSIZE", ":1"),
        ("FLUSHDB", "+OK"),
        ("DBSIZE", ":0"),
        ("SET c 3", "+OK"),
        ("SWAPDB 0 1", "+OK"),
        ("DBSIZE", ":2"),
        ("GET a", "$1"),
        ("SWAPDB 1 1", "+OK"),
        ("DBSIZE", ":2"),
        ("SELECT 0", "+OK"),
        ("GET c", "$3"),
        ("GET a", "_"),
        ("FLUSHALL", "+OK"),
        ("DBSIZE", ":0"),
        ("SELECT 1", "+OK"),
        ("DBSIZE", ":0"),
        ("SET a 1", "+OK"),
        ("FLUSHDB async", "+OK"),
        ("GET a", "_"),
        ("SET a 1", "+OK"),
        ("FLUSHDB SYNC", "+OK"),
        ("GET a", "_"),
        ("SET a 1", "+OK"),
        ("FLUSHALL Async", "+OK"),
        ("GET a", "_"),
        ("SET a 1", "+OK"),
        ("FLUSHALL sync", "+OK"),
        ("GET a", "_"),
    ]);
}

#[test]
fn databases_commands_check_their_arguments() {
    check(&[
        ("SET a 1", "+OK"),
        ("DBSIZE x", "-ERR wrong number of arguments for 'dbsize' command"),
        ("FLUSHDB foo", "-ERR syntax error"),
        ("FLUSHDB async sync", "-ERR syntax error"),
        ("FLUSHDB async async", "-ERR syntax error"),
        ("FLUSHALL foo", "-ERR syntax error"),
        ("FLUSHALL sync async", "-ERR syntax error"),
        ("GET a", "$1"),
        ("SWAPDB", "-ERR wrong number of arguments for 'swapdb' command"),
        ("SWAPDB 0", "-ERR wrong number of arguments for 'swapdb' command"),
        ("SWAPDB 0 1 2", "-ERR wrong number of arguments for 'swapdb' command"),
        ("SWAPDB a 1", "-ERR invalid first DB index"),
        ("SWAPDB 0 b", "-ERR invalid second DB index"),
        ("SWAPDB a b", "-ERR invalid first DB index"),
        ("SWAPDB 16 b", "-ERR invalid second DB index"),
        ("SWAPDB 0 16", "-ERR DB index is out of range"),
        ("SWAPDB 16 0", "-ERR DB index is out of range"),
        ("SWAPDB -1 0", "-ERR DB index is out of range"),
        ("SWAPDB 01 1", "-ERR invalid first DB index"),
        ("SWAPDB 2147483648 0", "-ERR invalid first DB index"),
        ("SWAPDB 0 2147483648", "-ERR invalid second DB index"),
        ("SWAPDB 0 99999999999999999999", "-ERR invalid second DB index"),
        ("TIME x", "-ERR wrong number of arguments for 'time' command"),
    ]);
}

#[test]
fn config_get_matches_names_and_patterns() {
    check(&[
        ("CONFIG GET maxclients", "{$maxclients=$10000}"),
        ("CONFIG GET MaxClients", "{$MaxClients=$10000}"),
        ("CONFIG GET maxclients maxclients", "{$maxclients=$10000}"),
        ("CONFIG GET TCP-BACKLOG tcp-backlog", "{$TCP-BACKLOG=$511}"),
        ("CONFIG GET nosuch", "{}"),
        (r#"CONFIG GET """#, "{}"),
        ("CONFIG GET tcp-backlo?", "{$tcp-backlog=$511}"),
        ("CONFIG GET tcp-backlog?", "{}"),
        ("CONFIG GET [T]CP-backlog", "{$tcp-backlog=$511}"),
        ("CONFIG GET [^a]cp-backlog", "{$tcp-backlog=$511}"),
        ("CONFIG GET tcp-backlo[g", "{$tcp-backlog=$511}"),
        ("CONFIG GET tcp-backlog[", "{}"),
        (r"CONFIG GET tcp\-backlog", "{}"),
        (r"CONFIG GET tcp\-backlo?", "{$tcp-backlog=$511}"),
        ("CONFIG GET proto*LEN proto-max-bulk-len", "{$proto-max-bulk-len=$536870912}"),
        ("CONFIG GET databases nosuch", "{$databases=$16}"),
        (
            "HELLO 3",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("CONFIG GET databases", "{$databases=$16}"),
        ("CONFIG GET nosuch", "{}"),
    ]);
}

#[test]
fn config_set_sets_all_or_nothing() {
    check(&[
        ("CONFIG SET maxclients 100", "+OK"),
        ("CONFIG SET MAXCLIENTS 200 proto-max-bulk-len 1mb", "+OK"),
        ("CONFIG GET maxclients", "{$maxclients=$200}"),
        ("CONFIG GET proto-max-bulk-len", "{$proto-max-bulk-len=$1048576}"),
        (
            "CONFIG SET proto-max-bulk-len 2mb maxclients 0",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive",
        ),
        (
            "CONFIG SET proto-max-bulk-len 2mb nosuch 1",
            "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'",
        ),
        (
            "CONFIG SET proto-max-bulk-len 2mb databases 1",
            "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
        ),
        (
            "CONFIG SET proto-max-bulk-len 2mb proto-max-bulk-len 2mb",
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - duplicate parameter",
        ),
        ("CONFIG SET proto-max-bulk-len 2mb maxclients", "-ERR syntax error"),
        ("CONFIG GET proto-max-bulk-len", "{$proto-max-bulk-len=$1048576}"),
        ("CONFIG GET maxclients", "{$maxclients=$200}"),
    ]);
}

#[test]
fn config_set_refuses_with_the_texts_of_redis() {
    check(&[
        ("CONFIG SET", "-ERR wrong number of arguments for 'config|set' command"),
        ("CONFIG SET maxclients", "-ERR wrong number of arguments for 'config|set' command"),
        ("CONFIG SET maxclients 100 nosuch", "-ERR syntax error"),
        ("CONFIG SET foo bar", "-ERR Unknown option or number of arguments for CONFIG SET - 'foo'"),
        (
            "CONFIG SET FOO bar maxclients abc",
            "-ERR Unknown option or number of arguments for CONFIG SET - 'FOO'",
        ),
        (
            "CONFIG SET maxclients abc foo bar",
            "-ERR Unknown option or number of arguments for CONFIG SET - 'foo'",
        ),
        (
            r#"CONFIG SET "foo\x00bar" 1"#,
            "-ERR Unknown option or number of arguments for CONFIG SET - 'foo'",
        ),
        (
            "CONFIG SET maxclients abc",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument couldn't be parsed into an integer",
        ),
        (
            "CONFIG SET MAXCLIENTS 0",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive",
        ),
        (
            "CONFIG SET maxclients -1",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive",
        ),
        (
            "CONFIG SET maxclients 4294967296",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive",
        ),
        (
            "CONFIG SET maxclients 99999999999999999999",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument couldn't be parsed into an integer",
        ),
        (
            r#"CONFIG SET maxclients """#,
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument couldn't be parsed into an integer",
        ),
        (
            "CONFIG SET maxclients 010",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument couldn't be parsed into an integer",
        ),
        (
            r#"CONFIG SET maxclients " 10""#,
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument couldn't be parsed into an integer",
        ),
        (
            "CONFIG SET maxclients 100 MAXCLIENTS 101",
            "-ERR CONFIG SET failed (possibly related to argument 'MAXCLIENTS') - duplicate parameter",
        ),
        (
            "CONFIG SET maxclients abc maxclients 101",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - duplicate parameter",
        ),
        (
            "CONFIG SET maxclients 100 maxclients 100 nosuch 1",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - duplicate parameter",
        ),
        (
            "CONFIG SET databases 3",
            "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
        ),
        (
            "CONFIG SET DATABASES abc",
            "-ERR CONFIG SET failed (possibly related to argument 'DATABASES') - can't set immutable config",
        ),
        (
            "CONFIG SET databases 3 databases 4",
            "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
        ),
        (
            "CONFIG SET databases 3 nosuch x",
            "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
        ),
        (
            "CONFIG SET nosuch x databases 3",
            "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'",
        ),
        (
            "CONFIG SET maxclients 100 maxclients 100 databases 1",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - duplicate parameter",
        ),
        (
            "CONFIG SET proto-max-bulk-len 1",
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        (
            "CONFIG SET proto-max-bulk-len 1x",
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be a memory value",
        ),
        (
            "CONFIG SET proto-max-bulk-len 1.5gb",
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be a memory value",
        ),
        (
            "CONFIG SET proto-max-bulk-len -1",
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be a memory value",
        ),
        (
            r#"CONFIG SET proto-max-bulk-len """#,
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        (
            "CONFIG SET proto-max-bulk-len kb",
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        (
            "CONFIG SET proto-max-bulk-len 99999999999999999999",
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        (
            "CONFIG SET client-output-buffer-limit foo",
            "-ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Wrong number of arguments in buffer limit configuration.",
        ),
        (
            r#"CONFIG SET client-output-buffer-limit "normal 0 0""#,
            "-ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Wrong number of arguments in buffer limit configuration.",
        ),
        (
            r#"CONFIG SET client-output-buffer-limit "foo 0 0 0""#,
            "-ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Invalid client class specified in buffer limit configuration.",
        ),
        (
            r#"CONFIG SET client-output-buffer-limit "normal x 0 0""#,
            "-ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ),
        (
            r#"CONFIG SET client-output-buffer-limit "normal 0 0 -1""#,
            "-ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ),
    ]);
}

#[test]
fn config_set_gives_values_the_form_of_redis() {
    let limits = |shown| format!("{{$client-output-buffer-limit=${shown}}}");
    let settings = [
        ("notify-keyspace-events", "KEAmn", "AKEm"),
        ("notify-keyspace-events", "KgEmx", "gxKEm"),
        ("save", r#""900 01 +300 10""#, "900 1 300 10"),
        ("save", r#""""#, ""),
        ("loglevel", "WARNING", "warning"),
        ("protected-mode", "NO", "no"),
        ("lua-time-limit", "7", "7"),
        ("slowlog-log-slower-than", "-1", "-1"),
    ];
    let mut client = Client::new(1);
    for (name, value, shown) in settings {
        assert_eq!(client.run(&format!("CONFIG SET {name} {value}")), "+OK", "{name} {value}");
        let expected = format!("{{${name}=${shown}}}");
        assert_eq!(client.run(&format!("CONFIG GET {name}")), expected);
    }
    assert_eq!(client.run("CONFIG GET busy-reply-threshold"), "{$busy-reply-threshold=$7}");
    client.run(r#"CONFIG SET client-output-buffer-limit "REPLICA 1kb 2k 3 pubsub  2mb 07""#);
    let shown = "normal 1073741824 33554432 10 slave 1024 2000 3 pubsub 0 2097152 7";
    assert_eq!(client.run("CONFIG GET client-output-buffer-limit"), limits(shown));
}

#[test]
fn config_set_refuses_values_with_the_explanations_of_redis() {
    let table = [
        ("save", "900", "Invalid save parameters"),
        ("save", r#""900  1""#, "Invalid save parameters"),
        ("save", r#""0 1""#, "Invalid save parameters"),
        ("save", r#""1 -1""#, "Invalid save parameters"),
        ("notify-keyspace-events", "Kq", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        (
            "slowlog-log-slower-than",
            "-2",
            "argument must be between -1 and 9223372036854775807 inclusive",
        ),
        ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
        ("protected-mode", "maybe", "argument must be 'yes' or 'no'"),
        ("unixsocketperm", "700", "can't set immutable config"),
        ("logfile", "x", "can't set immutable config"),
        ("dir", "/", "can't set protected config"),
        ("dbfilename", "a/b", "can't set protected config"),
        (
            "client-output-buffer-limit",
            r#""master 1 2 3""#,
            "Invalid client class specified in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            r#""normal 1  2 3""#,
            "Wrong number of arguments in buffer limit configuration.",
        ),
    ];
    let mut client = Client::new(1);
    let before = client.run("CONFIG GET *");
    for (name, value, why) in table {
        let expected =
            format!("-ERR CONFIG SET failed (possibly related to argument '{name}') - {why}");
        assert_eq!(client.run(&format!("CONFIG SET {name} {value}")), expected);
        assert_eq!(client.run(&format!("CONFIG SET maxclients 5 {name} {value}")), expected);
    }
    assert_eq!(client.run("CONFIG GET *"), before);
}

#[test]
fn config_subcommands_are_checked() {
    check(&[
        ("CONFIG", "-ERR wrong number of arguments for 'config' command"),
        ("CONFIG foo", "-ERR unknown subcommand 'foo'. Try CONFIG HELP."),
        ("CONFIG foo bar", "-ERR unknown subcommand 'foo'. Try CONFIG HELP."),
        ("CONFIG GET", "-ERR wrong number of arguments for 'config|get' command"),
        ("CONFIG RESETSTAT x", "-ERR wrong number of arguments for 'config|resetstat' command"),
        ("CONFIG REWRITE", "-ERR The server is running without a config file"),
        ("CONFIG REWRITE x", "-ERR wrong number of arguments for 'config|rewrite' command"),
        ("CONFIG HELP x", "-ERR wrong number of arguments for 'config|help' command"),
    ]);
}

#[test]
fn info_gives_the_sections_that_are_named() {
    check(&[
        ("INFO keyspace", r"=# Keyspace\x0d\x0a"),
        ("SET a 1", "+OK"),
        ("INFO keyspace", r"=# Keyspace\x0d\x0adb0:keys=1,expires=0,avg_ttl=0\x0d\x0a"),
        ("INFO KEYSPACE keyspace", r"=# Keyspace\x0d\x0adb0:keys=1,expires=0,avg_ttl=0\x0d\x0a"),
        ("INFO nosuch", "="),
        ("INFO nosuch Keyspace", r"=# Keyspace\x0d\x0adb0:keys=1,expires=0,avg_ttl=0\x0d\x0a"),
        (r#"INFO """#, "="),
        (
            "INFO cluster keyspace",
            r"=# Cluster\x0d\x0acluster_enabled:0\x0d\x0a\x0d\x0a# Keyspace\x0d\x0adb0:keys=1,expires=0,avg_ttl=0\x0d\x0a",
        ),
        (
            "HELLO 3",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("INFO keyspace", r"=# Keyspace\x0d\x0adb0:keys=1,expires=0,avg_ttl=0\x0d\x0a"),
        ("INFO nosuch", "="),
    ]);
}

/// The fields of an INFO reply, without sections.
fn fields(reply: &str) -> Vec<(&str, &str)> {
    reply.split(r"\x0d\x0a").filter_map(|line| line.split_once(':')).collect()
}

fn field(client: &mut Client, name: &str) -> String {
    let info = client.run("INFO");
    let found = fields(&info).into_iter().find(|field| field.0 == name);
    found.unwrap_or_else(|| panic!("INFO has no {name}")).1.to_owned()
}

#[test]
fn info_without_sections_gives_them_all_in_the_order_of_redis() {
    let mut client = Client::new(1);
    let info = client.run("INFO");
    let titles: Vec<&str> =
        info[1..].split(r"\x0d\x0a").filter_map(|line| line.strip_prefix("# ")).collect();
    let all = [
        "Server",
        "Clients",
        "Memory",
        "Persistence",
        "Stats",
        "Replication",
        "CPU",
        "Modules",
        "Errorstats",
        "Cluster",
        "Keyspace",
    ];
    assert_eq!(titles, all);
    // Only the counts of commands differ.
    let names = |info: &str| {
        fields(info).into_iter().map(|field| field.0.to_owned()).collect::<Vec<String>>()
    };
    assert_eq!(names(&client.run("INFO Default")), names(&info));
    for request in ["INFO all", "INFO everything nosuch", "INFO cpu ALL"] {
        let again = client.run(request);
        let names = names(&again);
        for special in ["cmdstat_info", "latency_percentiles_usec_info"] {
            assert!(names.iter().any(|name| name == special), "{request}: {special}");
        }
    }
}

#[test]
fn info_tells_what_clients_and_exporters_ask_for() {
    let mut client = Client::new(1);
    client.run("+90061000ms");
    let expected = [
        ("redis_version", "7.2.0"),
        ("redis_mode", "standalone"),
        ("uptime_in_seconds", "90061"),
        ("uptime_in_days", "1"),
        ("connected_clients", "1"),
        ("maxclients", "10000"),
        ("loading", "0"),
        ("role", "master"),
        ("connected_slaves", "0"),
        ("used_cpu_sys", "0.000000"),
        ("cluster_enabled", "0"),
        ("used_memory_human", "0B"),
        ("maxmemory_policy", "noeviction"),
    ];
    for (name, value) in expected {
        assert_eq!(field(&mut client, name), value, "{name}");
    }
    assert_eq!(field(&mut client, "kv_version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(field(&mut client, "run_id"), client.kernel.run_id);
}

#[test]
fn info_counts_keys_of_each_database_and_what_was_read() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        for request in ["SET a 1", "SET b 2", "SELECT 3", "SET c 3", "GET c", "GET c", "GET d"] {
            client.run(request);
        }
        assert_eq!(field(&mut client, "db0"), "keys=2,expires=0,avg_ttl=0");
        assert_eq!(field(&mut client, "db3"), "keys=1,expires=0,avg_ttl=0");
        assert_eq!(field(&mut client, "keyspace_hits"), "2");
        assert_eq!(field(&mut client, "keyspace_misses"), "1");
        assert!(!client.run("INFO").contains("db1:"));
    }
}

#[test]
fn resetstat_sets_the_counters_to_zero_and_keeps_numbering_sessions() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("CONFIG SET maxclients 2");
        client.run("SET a 1");
        client.run("GET a");
        client.run("GET b");
        let second = client.kernel.open_session(Peer::default(), client.now).unwrap();
        assert!(client.kernel.open_session(Peer::default(), client.now).is_err());
        let counters = [
            ("total_connections_received", "2"),
            ("rejected_connections", "1"),
            ("keyspace_hits", "1"),
            ("keyspace_misses", "1"),
        ];
        for (name, value) in counters {
            assert_eq!(field(&mut client, name), value, "{name}");
        }
        assert_eq!(client.run("CONFIG RESETSTAT"), "+OK");
        for (name, _) in counters {
            assert_eq!(field(&mut client, name), "0", "{name}");
        }
        drop(second);
        let third = client.kernel.open_session(Peer::default(), client.now).unwrap();
        assert_eq!(third.id(), 3);
        assert_eq!(field(&mut client, "total_connections_received"), "1");
    }
}

#[test]
fn commands_are_counted_within_a_batch_once_they_have_run() {
    let mut client = Client::new(1);
    let mut batch = client.kernel.batch(client.now);
    let mut run = |request: &str| {
        let args: OwnedArgs = words(request).iter().collect();
        let mut out = Text::new(Protocol::V2);
        let _ = batch.execute(&mut client.session, args.as_args(), &mut out);
        out.finish()
    };
    let counted = |info: &str| {
        let found = fields(info).into_iter().find(|field| field.0 == "total_commands_processed");
        found.expect("it is there").1.to_owned()
    };
    run("PING");
    run("SET a 1");
    run("nosuch");
    assert_eq!(counted(&run("INFO stats")), "2");
    assert_eq!(counted(&run("INFO stats")), "3");
    run("CONFIG RESETSTAT");
    assert_eq!(counted(&run("INFO stats")), "1");
    drop(batch);
    assert_eq!(client.kernel.commands(), 2);
}

#[test]
fn config_get_of_a_star_gives_every_setting_once() {
    let mut client = Client::new(1);
    let all = client.run("CONFIG GET *");
    for parameter in kv_core::config::parameters() {
        let times = all.matches(&format!("${}=$", parameter.name)).count();
        assert_eq!(times, 1, "{}", parameter.name);
    }
    assert_eq!(client.run("CONFIG GET * maxclients *max*"), all);
}

#[test]
fn config_takes_back_the_values_it_gives() {
    let mut client = Client::new(1);
    client.run(r#"CONFIG SET client-output-buffer-limit "normal 1mb 1k 60""#);
    let get = "CONFIG GET client-output-buffer-limit";
    let expected = "{$client-output-buffer-limit=$normal 1048576 1000 60 slave 268435456 67108864 60 pubsub 33554432 8388608 60}";
    assert_eq!(client.run(get), expected);
    client.run(r#"CONFIG SET client-output-buffer-limit "normal 1048576 1000 60""#);
    assert_eq!(client.run(get), expected);
}

#[test]
fn config_help_lists_the_subcommands() {
    let help = Client::new(1).run("CONFIG HELP");
    let title = "[+CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are: +GET parameter [parameter ...] +    ";
    assert!(help.starts_with(title), "{help}");
    assert!(help.contains(" +REWRITE +    "), "{help}");
}

#[test]
fn time_is_that_of_the_call() {
    let mut client = Client::new(1);
    client.now = client.now.after_us(1_000_042);
    assert_eq!(client.run("TIME"), format!("[${} $42]", START_MS / 1000 + 1));
}
