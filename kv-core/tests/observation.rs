//! What the server tells of the commands that it ran: SLOWLOG, LATENCY and the statistics of INFO.
//! The replies are those of Redis.

mod support;

use kv_core::config::Config;
use kv_core::kernel::{Facts, Host, Usage};
use kv_core::reply::Protocol;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use support::{Client, SHARDS, START_MS, Text, check, words};

/// A host whose precise time goes on by so much with each look at it.
#[derive(Clone, Debug, Default)]
struct Ticking {
    time_ns: Arc<AtomicU64>,
    step_ns: Arc<AtomicU64>,
    looks: Arc<AtomicU64>,
}

impl Host for Ticking {
    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn facts(&self) -> &Facts {
        static FACTS: std::sync::OnceLock<Facts> = std::sync::OnceLock::new();
        FACTS.get_or_init(Facts::default)
    }

    fn rewrite_config(&self, _: &Config) -> Result<(), String> {
        Err("there is none".into())
    }

    fn precise_ns(&self) -> u64 {
        self.looks.fetch_add(1, Relaxed);
        self.time_ns.fetch_add(self.step_ns.load(Relaxed), Relaxed)
    }

    fn sleep(&self, us: u64) {
        self.time_ns.fetch_add(us * 1000, Relaxed);
    }
}

impl Ticking {
    /// Every command that is timed alone takes so long from now on.
    fn set_step_us(&self, us: u64) {
        self.step_ns.store(us * 1000, Relaxed);
    }

    fn looks(&self) -> u64 {
        self.looks.load(Relaxed)
    }
}

fn client(shards: usize) -> (Client, Ticking) {
    let host = Ticking::default();
    (Client::with_host(shards, Box::new(host.clone())), host)
}

/// The fields of a section of INFO.
fn section(client: &mut Client, name: &str) -> Vec<String> {
    let info = client.run(&format!("INFO {name}"));
    let lines = info.split("\\x0d\\x0a").skip(1).map(str::to_owned);
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn commandstats_count_calls_times_failures_and_refusals() {
    for shards in SHARDS {
        let (mut client, host) = client(shards);
        host.set_step_us(3);
        for request in
            ["SET s x", "SET t x", "LPUSH s x", "GET", "nosuch", "SET a b c", "CLIENT ID"]
        {
            client.run(request);
        }
        assert_eq!(
            section(&mut client, "commandstats"),
            [
                "cmdstat_client|id:calls=1,usec=3,usec_per_call=3.00,rejected_calls=0,failed_calls=0",
                "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0",
                "cmdstat_lpush:calls=1,usec=3,usec_per_call=3.00,rejected_calls=0,failed_calls=1",
                "cmdstat_set:calls=3,usec=9,usec_per_call=3.00,rejected_calls=0,failed_calls=1",
            ]
        );
        assert_eq!(
            section(&mut client, "errorstats"),
            ["errorstat_ERR:count=3", "errorstat_WRONGTYPE:count=1"]
        );
        assert!(section(&mut client, "stats").contains(&"total_error_replies:4".to_owned()));
        client.run("CONFIG RESETSTAT");
        let stats = section(&mut client, "commandstats");
        assert_eq!(
            stats,
            [
                "cmdstat_config|resetstat:calls=1,usec=3,usec_per_call=3.00,rejected_calls=0,failed_calls=0"
            ]
        );
        assert!(section(&mut client, "errorstats").is_empty());
    }
}

#[test]
fn commands_of_a_transaction_are_counted_and_logged_on_their_own() {
    for shards in SHARDS {
        let (mut client, host) = client(shards);
        client.run("CONFIG SET slowlog-log-slower-than 0");
        client.run("SLOWLOG RESET");
        host.set_step_us(5);
        for request in ["MULTI", "SET k v", "LPUSH k x", "GET k x", "EXEC", "DISCARD"] {
            client.run(request);
        }
        for request in ["MULTI", "SET k v", "LPUSH k x", "EXEC"] {
            client.run(request);
        }
        let stats = section(&mut client, "commandstats").join(" ");
        for part in [
            "cmdstat_exec:calls=2,",
            "cmdstat_set:calls=1,usec=5,usec_per_call=5.00,rejected_calls=0,failed_calls=0",
            "cmdstat_lpush:calls=1,usec=5,usec_per_call=5.00,rejected_calls=0,failed_calls=1",
            "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0",
        ] {
            assert!(stats.contains(part), "{part}: {stats}");
        }
        let logged = client.run("SLOWLOG GET -1");
        assert!(logged.contains("[$LPUSH $k $x]"), "{logged}");
        assert!(logged.contains("[$SET $k $v]"), "{logged}");
        assert!(!logged.contains("EXEC"), "{logged}");
    }
}

#[test]
fn latencystats_tell_the_percentiles_that_are_set() {
    let (mut client, host) = client(1);
    host.set_step_us(1024);
    client.run("SET s x");
    let line = "latency_percentiles_usec_set:p50=1048.575,p99=1048.575,p99.9=1048.575";
    assert_eq!(section(&mut client, "latencystats"), [line]);
    client.run("CONFIG SET latency-tracking-info-percentiles \"100 0.50\"");
    let stats = section(&mut client, "latencystats");
    let line = "latency_percentiles_usec_set:p100=1048.575,p0.5=1048.575".to_owned();
    assert!(stats.contains(&line), "{stats:?}");
    client.run("CONFIG SET latency-tracking-info-percentiles \"\"");
    let line = "latency_percentiles_usec_set:".to_owned();
    assert!(section(&mut client, "latencystats").contains(&line));
    client.run("CONFIG SET latency-tracking no");
    assert!(section(&mut client, "latencystats").is_empty());
    client.run("SET s x");
    let histogram = "{$set={$calls=:1 $histogram_usec={:1056=:1}}}";
    client.run("HELLO 3");
    assert_eq!(client.run("LATENCY HISTOGRAM set get nosuch"), histogram);
    client.run("CONFIG SET latency-tracking yes");
    host.set_step_us(40);
    client.run("SET s x");
    let histogram = "{$set={$calls=:2 $histogram_usec={:66=:1 :1056=:2}}}";
    assert_eq!(client.run("LATENCY HISTOGRAM SET"), histogram);
    assert!(client.run("LATENCY HISTOGRAM config").starts_with("{$config|set={$calls=:"));
    assert!(client.run("LATENCY HISTOGRAM").contains("$latency|histogram={"));
    client.run("CONFIG RESETSTAT");
    assert_eq!(client.run("LATENCY HISTOGRAM set"), "{}");
}

#[test]
fn percentiles_are_checked() {
    const FAILED: &str = "-ERR CONFIG SET failed (possibly related to argument 'latency-tracking-info-percentiles') - ";
    const NAME: &str = "latency-tracking-info-percentiles";
    let mut client = Client::new(1);
    for (value, shown) in [
        ("50.0 099", "50 99"),
        ("1e1", "10"),
        ("99.999999", "99.999999"),
        ("33.333333333333", "33.333333"),
        ("-0", "-0"),
        ("0x10", "16"),
        ("50 50", "50 50"),
        ("0 100", "0 100"),
        ("", ""),
    ] {
        assert_eq!(client.run(&format!("CONFIG SET {NAME} \"{value}\"")), "+OK", "{value}");
        let told = client.run(&format!("CONFIG GET {NAME}"));
        assert_eq!(told, format!("{{${NAME}=${shown}}}"), "{value}");
    }
    for (value, why) in [
        ("50  99", format!("Invalid {NAME} parameters")),
        (" 50", format!("Invalid {NAME} parameters")),
        ("nan", format!("Invalid {NAME} parameters")),
        ("x", format!("Invalid {NAME} parameters")),
        ("-1", format!("{NAME} parameters should sit between [0.0,100.0]")),
        ("100.0001", format!("{NAME} parameters should sit between [0.0,100.0]")),
    ] {
        let reply = client.run(&format!("CONFIG SET {NAME} \"{value}\""));
        assert_eq!(reply, format!("{FAILED}{why}"), "{value}");
    }
}

#[test]
fn light_commands_of_a_window_share_few_looks_at_the_clock() {
    let (mut client, host) = client(16);
    client.run("SET k v");
    host.set_step_us(32);
    let mut session = client.open();
    let before = host.looks();
    {
        let mut batch = client.kernel.batch(client.now);
        let args: kv_core::args::OwnedArgs = ["get", "k"].iter().collect();
        let prepared: Vec<_> =
            (0..10).map(|ahead| batch.prepare(&session, ahead, args.as_args())).collect();
        for prepared in prepared {
            let mut out = Text::new(Protocol::V2);
            let _ = batch.execute_prepared(&prepared, &mut session, args.as_args(), &mut out);
            assert_eq!(out.finish(), "$v");
        }
    }
    assert_eq!(host.looks() - before, 3, "the first alone, the others together");
    let stats = section(&mut client, "commandstats").join(" ");
    assert!(stats.contains("cmdstat_get:calls=10,usec=63,"), "{stats}");
}

/// Runs requests in one batch. How often somebody has looked at the clock.
fn looks_in_batch(client: &mut Client, host: &Ticking, requests: &[&str]) -> u64 {
    let mut session = client.open();
    let before = host.looks();
    let mut batch = client.kernel.batch(client.now);
    for request in requests {
        let args: kv_core::args::OwnedArgs = request.split(' ').collect();
        let mut out = Text::new(Protocol::V2);
        let _ = batch.execute(&mut session, args.as_args(), &mut out);
        assert!(!out.finish().starts_with('-'), "{request}");
    }
    drop(batch);
    host.looks() - before
}

#[test]
fn time_is_shared_by_the_sizes_of_arguments_and_replies() {
    let (mut client, host) = client(1);
    client.run(&format!("SET k {}", "v".repeat(640)));
    client.run("RPUSH l a b c");
    host.set_step_us(310);
    let requests =
        ["PING", "GET k", "SET k v EX 100", "LRANGE l 0 -1", "ZADD z 1 a 2 b", "DEL a b c"];
    assert_eq!(looks_in_batch(&mut client, &host, &requests), 3, "PING alone, the others together");
    let stats = section(&mut client, "commandstats").join(" ");
    for share in ["get:calls=1,usec=120,", "set:calls=2,usec=50,", "lrange:calls=1,usec=40,"] {
        assert!(stats.contains(share), "{share}: {stats}");
    }
}

#[test]
fn what_may_take_long_is_timed_alone() {
    let (mut client, host) = client(1);
    client.run("RPUSH l a b c");
    let many = format!("DEL {}", "k ".repeat(40).trim_end());
    for request in ["XADD x MAXLEN 5 * f v", "SORT l ALPHA", &many] {
        let looks = looks_in_batch(&mut client, &host, &["PING", request, request, request]);
        assert_eq!(looks, 5, "{request}: at the beginning and after each");
    }
}

#[test]
fn a_long_reply_ends_its_window_and_is_slow_by_itself() {
    let (mut client, host) = client(1);
    client.run(&format!("SET k {}", "v".repeat(5000)));
    host.set_step_us(20_000);
    let requests = ["PING", "GET nosuch", "GET k", "GET nosuch"];
    assert_eq!(looks_in_batch(&mut client, &host, &requests), 4);
    let logged = client.run("SLOWLOG GET -1");
    assert!(logged.contains("[$GET $k]"), "{logged}");
    assert!(!logged.contains("nosuch"), "{logged}");
}

#[test]
fn every_command_is_timed_alone_for_a_slowlog_of_short_ones() {
    let (mut client, host) = client(1);
    client.run("CONFIG SET slowlog-log-slower-than 999");
    client.run("SET k v");
    host.set_step_us(1000);
    let mut session = client.open();
    {
        let mut batch = client.kernel.batch(client.now);
        for _ in 0..5 {
            let args: kv_core::args::OwnedArgs = ["get", "k"].iter().collect();
            let mut out = Text::new(Protocol::V2);
            let _ = batch.execute(&mut session, args.as_args(), &mut out);
        }
    }
    assert_eq!(client.run("SLOWLOG LEN"), ":5");
}

#[test]
fn slowlog_keeps_the_newest_slow_commands() {
    for shards in SHARDS {
        let (mut client, host) = client(shards);
        let start_s = START_MS / 1000;
        client.run("CLIENT SETNAME me");
        client.run("CONFIG SET slowlog-log-slower-than 20000 slowlog-max-len 2");
        host.set_step_us(19_999);
        client.run("SET a 1");
        assert_eq!(client.run("SLOWLOG GET"), "[]");
        host.set_step_us(20_000);
        client.run("SET b 2");
        host.set_step_us(0);
        assert_eq!(client.run("SLOWLOG LEN"), ":1");
        let entry = format!("[[:0 :{start_s} :20000 [$SET $b $2] $ $me]]");
        assert_eq!(client.run("SLOWLOG GET"), entry);
        client.run("+2000ms");
        host.set_step_us(30_500);
        client.run("lrange l 0 -1");
        client.run("GET c");
        host.set_step_us(0);
        let newest = format!("[:2 :{} :30500 [$GET $c] $ $me]", start_s + 2);
        assert_eq!(client.run("slowlog get 1"), format!("[{newest}]"));
        let second = format!("[:1 :{} :30500 [$lrange $l $0 $-1] $ $me]", start_s + 2);
        assert_eq!(client.run("SLOWLOG GET"), format!("[{newest} {second}]"));
        assert_eq!(client.run("SLOWLOG GET -1"), format!("[{newest} {second}]"));
        assert_eq!(client.run("SLOWLOG GET 0"), "[]");
        assert_eq!(client.run("SLOWLOG RESET"), "+OK");
        assert_eq!(client.run("SLOWLOG LEN"), ":0");
    }
}

#[test]
fn slowlog_shortens_what_is_long_and_hides_what_is_secret() {
    let mut client = Client::new(1);
    client.run("CONFIG SET slowlog-log-slower-than 0");
    let newest = |client: &mut Client, request: &str| {
        client.run(request);
        let reply = client.run("SLOWLOG GET 1");
        let (_, args) = reply.split_once(" [").expect("an entry");
        args.split_once("] ").expect("an entry").0.to_owned()
    };
    let long = "x".repeat(129);
    let shown = format!("$set $k ${}... (1 more bytes)", "x".repeat(128));
    assert_eq!(newest(&mut client, &format!("set k {long}")), shown);
    let fits = "x".repeat(128);
    assert_eq!(newest(&mut client, &format!("set k {fits}")), format!("$set $k ${fits}"));
    let words = "a ".repeat(31);
    assert_eq!(newest(&mut client, &format!("del {words}")), format!("$del{}", " $a".repeat(31)));
    let shown = format!("$del{} $... (2 more arguments)", " $a".repeat(30));
    assert_eq!(newest(&mut client, &format!("del {words} a")), shown);
    let shown = "$config $set $maxclients $9 $requirepass $(redacted)";
    assert_eq!(newest(&mut client, "config set maxclients 9 requirepass x"), shown);
    let shown = "$hello $2 $AUTH $(redacted) $(redacted) $setname $x";
    assert_eq!(newest(&mut client, "hello 2 AUTH default secret setname x"), shown);
    client.run("CONFIG SET slowlog-log-slower-than -1");
    client.run("SLOWLOG RESET");
    client.run("GET k");
    assert_eq!(client.run("SLOWLOG LEN"), ":0");
}

#[test]
fn slowlog_checks_its_arguments() {
    check(&[
        ("SLOWLOG", "-ERR wrong number of arguments for 'slowlog' command"),
        ("SLOWLOG nosuch", "-ERR unknown subcommand 'nosuch'. Try SLOWLOG HELP."),
        ("SLOWLOG GET -2", "-ERR count should be greater than or equal to -1"),
        ("SLOWLOG GET x", "-ERR count should be greater than or equal to -1"),
        ("SLOWLOG GET 2147483648", "[]"),
        (
            "sLowlog geT 1 2",
            "-ERR unknown subcommand or wrong number of arguments for 'geT'. Try SLOWLOG HELP.",
        ),
        ("SLOWLOG RESET x", "-ERR wrong number of arguments for 'slowlog|reset' command"),
        ("SLOWLOG LEN x", "-ERR wrong number of arguments for 'slowlog|len' command"),
    ]);
}

#[test]
fn latency_keeps_events_from_the_threshold_on() {
    for shards in SHARDS {
        let (mut client, host) = client(shards);
        let second = |offset: i64| START_MS / 1000 + offset;
        host.set_step_us(50_000);
        client.run("KEYS *");
        host.set_step_us(0);
        assert_eq!(client.run("LATENCY LATEST"), "[]");
        client.run("CONFIG SET latency-monitor-threshold 40");
        for (us, request) in [
            (39_999, "KEYS *"),
            (50_000, "KEYS *"),
            (45_000, "KEYS *"),
            (0, "+3000ms"),
            (41_000, "KEYS *"),
            (60_000, "GET k"),
        ] {
            host.set_step_us(us);
            client.run(request);
        }
        host.set_step_us(0);
        let (first, last) = (second(0), second(3));
        assert_eq!(
            client.run("LATENCY LATEST"),
            format!("[[$command :{last} :41 :50] [$fast-command :{last} :60 :60]]")
        );
        assert_eq!(
            client.run("LATENCY HISTORY command"),
            format!("[[:{first} :50] [:{last} :41]]")
        );
        assert_eq!(client.run("LATENCY HISTORY nosuch"), "[]");
        assert!(client.run("LATENCY GRAPH fast-command").contains(" high 60 ms, low 60 ms "));
        assert!(client.run("LATENCY DOCTOR").starts_with("=command: 2 samples, 45 ms in the mean"));
        assert_eq!(client.run("LATENCY RESET nosuch command command"), ":1");
        assert_eq!(client.run("LATENCY RESET"), ":1");
        assert_eq!(client.run("LATENCY RESET"), ":0");
    }
}

#[test]
fn latency_tells_of_work_besides_commands() {
    let (mut client, host) = client(1);
    client.run("CONFIG SET latency-monitor-threshold 10 maxmemory 1gb");
    host.set_step_us(20_000);
    client.kernel.batch(client.now).tend(10);
    client.run("SET k v");
    host.set_step_us(0);
    let latest = client.run("LATENCY LATEST");
    for event in ["[$eviction-cycle :", "[$expire-cycle :"] {
        assert!(latest.contains(event), "{latest}");
    }
}

#[test]
fn latency_checks_its_arguments() {
    check(&[
        ("LATENCY", "-ERR wrong number of arguments for 'latency' command"),
        ("LATENCY nosuch", "-ERR unknown subcommand 'nosuch'. Try LATENCY HELP."),
        ("LATENCY HISTORY", "-ERR wrong number of arguments for 'latency|history' command"),
        ("LATENCY GRAPH nosuch", "-ERR No samples available for event 'nosuch'"),
        ("LATENCY GRAPH command", "-ERR No samples available for event 'command'"),
        ("LATENCY HISTOGRAM nosuch get", "{}"),
        ("LATENCY RESET nosuch", ":0"),
    ]);
    let mut client = Client::new(1);
    assert!(client.run("LATENCY DOCTOR").contains("latency-monitor-threshold <milliseconds>"));
}

#[test]
fn help_lists_the_subcommands() {
    for (container, last) in [("SLOWLOG", "+RESET"), ("LATENCY", "+RESET"), ("MODULE", "+LIST")] {
        let help = Client::new(1).send(&words(&format!("{container} HELP")));
        let start =
            format!("[+{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are: ");
        assert!(help.starts_with(&start) && help.contains(last), "{help}");
    }
}
