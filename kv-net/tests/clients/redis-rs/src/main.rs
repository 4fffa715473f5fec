//! Uses the server at 127.0.0.1:PORT through the crate `redis`: redis-rs PORT PROTOCOL TOPIC

use futures_util::StreamExt;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{
    AsyncCommands, AsyncConnectionConfig, Client, Commands, Connection, Direction, ErrorKind,
    RedisResult, ServerErrorKind, TypedCommands, Value, pipe,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

type Check = fn(&Client) -> RedisResult<()>;

fn main() -> RedisResult<()> {
    let args: Vec<String> = std::env::args().collect();
    let (port, protocol, topic) = (&args[1], &args[2], &args[3]);
    let client = Client::open(format!("redis://127.0.0.1:{port}/0?protocol=resp{protocol}"))?;
    redis::cmd("FLUSHALL").exec(&mut client.get_connection()?)?;
    let checks: &[Check] = match &topic[..] {
        "commands" => &[commands, commands_without_waiting],
        "transactions" => &[transactions, transactions_without_waiting],
        "pubsub" => &[pubsub, pubsub_without_waiting],
        "blocking" => &[blocking, blocking_without_waiting],
        "scripts" => &[scripts],
        _ => panic!("no topic {topic}"),
    };
    checks.iter().try_for_each(|check| check(&client))?;
    println!("ok");
    Ok(())
}

fn commands(client: &Client) -> RedisResult<()> {
    let c = &mut client.get_connection()?;
    let () = Commands::set(c, "bytes", &[0u8, 255, 13, 10])?;
    assert_eq!(Commands::get::<_, Vec<u8>>(c, "bytes")?, [0, 255, 13, 10]);
    assert_eq!(TypedCommands::get(c, "none")?, None);
    assert_eq!(TypedCommands::incr(c, "n", 41)?, 41);
    let () = Commands::mset(c, &[("a", 1), ("b", 2)])?;
    assert_eq!(
        Commands::mget::<_, Vec<Option<i32>>>(c, &["a", "none", "b"])?,
        [Some(1), None, Some(2)]
    );

    let () = Commands::hset_multiple(c, "h", &[("f", "v"), ("g", "w")])?;
    let expected = [("f", "v"), ("g", "w")].map(|(f, v)| (f.to_owned(), v.to_owned()));
    assert_eq!(TypedCommands::hgetall(c, "h")?, HashMap::from(expected));
    assert_eq!(TypedCommands::rpush(c, "l", &["a", "b", "c"])?, 3);
    assert_eq!(TypedCommands::lrange(c, "l", 0, -1)?, ["a", "b", "c"]);
    assert_eq!(
        Commands::lmove::<_, _, String>(c, "l", "m", Direction::Left, Direction::Right)?,
        "a"
    );
    assert_eq!(TypedCommands::sadd(c, "s", &["a", "b"])?, 2);
    assert_eq!(Commands::smembers::<_, BTreeSet<String>>(c, "s")?.len(), 2);
    assert_eq!(
        Commands::zadd_multiple::<_, _, _, i32>(c, "z", &[(1.5, "a"), (f64::INFINITY, "b")])?,
        2
    );
    let scores: Vec<(String, f64)> = Commands::zrange_withscores(c, "z", 0, -1)?;
    assert_eq!(scores, [("a".to_owned(), 1.5), ("b".to_owned(), f64::INFINITY)]);
    assert_eq!(Commands::zscore::<_, _, Option<f64>>(c, "z", "none")?, None);
    let id: String = Commands::xadd(c, "x", "*", &[("f", "v")])?;
    let range: StreamRangeReply = Commands::xrange_all(c, "x")?;
    assert_eq!(
        (range.ids[0].id.as_str(), range.ids[0].get::<String>("f")),
        (&id[..], Some("v".into()))
    );

    let names: Vec<String> = (0..500).map(|i| format!("scan:{i}")).collect();
    names.iter().fold(&mut pipe(), |pipe, name| pipe.set(name, 1).ignore()).exec(c)?;
    let found: RedisResult<BTreeSet<String>> = Commands::scan_match(c, "scan:*")?.collect();
    assert_eq!(found?, names.into_iter().collect());

    let error = Commands::incr::<_, _, i64>(c, "l", 1).unwrap_err();
    assert_eq!(error.code(), Some("WRONGTYPE"), "{error}");
    let error = redis::cmd("NOSUCH").exec(c).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::ResponseError), "{error}");
    let info: redis::InfoDict = redis::cmd("INFO").query(c)?;
    assert!(info.get::<String>("redis_version").is_some());
    Ok(())
}

/// Runs a future on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("it starts")
        .block_on(future)
}

fn commands_without_waiting(client: &Client) -> RedisResult<()> {
    wait(async {
        let connection = client.get_multiplexed_async_connection().await?;
        // Many at once share one connection.
        let increments = (0..200).map(|_| {
            let mut connection = connection.clone();
            async move { AsyncCommands::incr::<_, _, i64>(&mut connection, "shared", 1).await }
        });
        let sums: RedisResult<BTreeSet<i64>> =
            futures_util::future::join_all(increments).await.into_iter().collect();
        assert_eq!(sums?, (1..=200).collect());
        Ok(())
    })
}

const WORKERS: usize = 6;
const ROUNDS: usize = 40;

fn transactions(client: &Client) -> RedisResult<()> {
    let c = &mut client.get_connection()?;
    let replies: (i64, Vec<String>) = pipe()
        .atomic()
        .set("a", 1)
        .ignore()
        .incr("a", 1)
        .rpush("l", "x")
        .ignore()
        .lrange("l", 0, -1)
        .query(c)?;
    assert_eq!(replies, (2, vec!["x".to_owned()]));
    let error = pipe().atomic().incr("l", 1).get("a").exec(c).unwrap_err();
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    let error = pipe().atomic().set("never", 1).cmd("GET").exec(c).unwrap_err();
    assert!(error.to_string().contains("wrong number of arguments"), "{error}");
    assert!(!TypedCommands::exists(c, "never")?);

    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(|| increment(client))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("it does not panic"))
    })?;
    let counters: (usize, usize) = Commands::mget(c, &["counter", "elsewhere"])?;
    assert_eq!(counters, (WORKERS * ROUNDS, WORKERS * ROUNDS));
    Ok(())
}

fn increment(client: &Client) -> RedisResult<()> {
    let c = &mut client.get_connection()?;
    for _ in 0..ROUNDS {
        redis::transaction(c, &["counter"], |c, pipe| {
            let value: Option<usize> = Commands::get(c, "counter")?;
            pipe.set("counter", value.unwrap_or(0) + 1)
                .ignore()
                .incr("elsewhere", 1)
                .query::<Option<(usize,)>>(c)
        })?;
    }
    Ok(())
}

fn transactions_without_waiting(client: &Client) -> RedisResult<()> {
    wait(async {
        let mut connection = client.get_multiplexed_async_connection().await?;
        // Transactions and single commands of others share the connection.
        let attempts = (0..50).map(|i| {
            let mut connection = connection.clone();
            async move {
                let key = format!("k{i}");
                let (set, got): (String, usize) =
                    pipe().atomic().set(&key, i).get(&key).query_async(&mut connection).await?;
                assert_eq!((set.as_str(), got), ("OK", i));
                AsyncCommands::get::<_, usize>(&mut connection, &key).await
            }
        });
        let got: RedisResult<Vec<usize>> =
            futures_util::future::join_all(attempts).await.into_iter().collect();
        assert_eq!(got?, (0..50).collect::<Vec<_>>());
        let () = redis::cmd("WATCH").arg("w").query_async(&mut connection).await?;
        let other = &mut client.get_connection()?;
        let () = Commands::set(other, "w", 1)?;
        let lost: Option<(Value,)> =
            pipe().atomic().set("w", 2).query_async(&mut connection).await?;
        assert_eq!(lost, None);
        Ok(())
    })
}

fn pubsub(client: &Client) -> RedisResult<()> {
    let (mut publisher, mut listening) = (client.get_connection()?, client.get_connection()?);
    let mut sub = listening.as_pubsub();
    sub.psubscribe("n*")?;
    // The library waits for one confirmation: another request would take the second for its own, and
    // what is published then might come before that request.
    sub.subscribe(&["news", "two"])?;
    assert_eq!(TypedCommands::publish(&mut publisher, "news", "hello")?, 2);
    assert_eq!(TypedCommands::publish(&mut publisher, "two", "")?, 1);
    let mut got = Vec::new();
    for _ in 0..3 {
        let message = sub.get_message()?;
        let pattern: Option<String> = message.get_pattern()?;
        got.push((
            pattern,
            message.get_channel_name().to_owned(),
            message.get_payload::<String>()?,
        ));
    }
    let message = |pattern: Option<&str>, channel: &str, payload: &str| {
        (pattern.map(str::to_owned), channel.to_owned(), payload.to_owned())
    };
    let expected = [
        message(None, "news", "hello"),
        message(Some("n*"), "news", "hello"),
        message(None, "two", ""),
    ];
    assert_eq!(got, expected);
    sub.unsubscribe("news")?;
    sub.punsubscribe("n*")?;
    assert_eq!(TypedCommands::publish(&mut publisher, "news", "nobody")?, 0);
    drop(sub);
    // The connection serves commands again.
    assert_eq!(TypedCommands::incr(&mut listening, "n", 1)?, 1);
    Ok(())
}

fn pubsub_without_waiting(client: &Client) -> RedisResult<()> {
    let resp3 =
        client.get_connection_info().redis_settings().protocol() == redis::ProtocolVersion::RESP3;
    wait(async {
        let mut publisher = client.get_multiplexed_async_connection().await?;
        let mut sub = client.get_async_pubsub().await?;
        sub.subscribe("chat").await?;
        for i in 0..100 {
            assert_eq!(AsyncCommands::publish::<_, _, i32>(&mut publisher, "chat", i).await?, 1);
        }
        let messages: Vec<_> = sub.on_message().take(100).collect().await;
        let payloads: RedisResult<Vec<i32>> =
            messages.iter().map(|message| message.get_payload()).collect();
        assert_eq!(payloads?, (0..100).collect::<Vec<_>>());
        if resp3 { pushes_between_replies(client, &mut publisher).await } else { Ok(()) }
    })
}

/// In RESP3 messages and replies share a connection.
async fn pushes_between_replies(
    client: &Client,
    publisher: &mut MultiplexedConnection,
) -> RedisResult<()> {
    let (sender, mut pushes) = tokio::sync::mpsc::unbounded_channel();
    let config = AsyncConnectionConfig::new().set_push_sender(sender);
    let mut both = client.get_multiplexed_async_connection_with_config(&config).await?;
    both.subscribe("pushed").await?;
    for i in 0..20 {
        assert_eq!(AsyncCommands::publish::<_, _, i32>(publisher, "pushed", i).await?, 1);
        assert_eq!(AsyncCommands::incr::<_, _, i32>(&mut both, "between", 1).await?, i + 1);
    }
    let mut kinds = Vec::new();
    while kinds.len() < 21 {
        kinds.push(pushes.recv().await.expect("the connection is open").kind);
    }
    assert_eq!(kinds[0], redis::PushKind::Subscribe);
    assert!(kinds[1..].iter().all(|kind| *kind == redis::PushKind::Message), "{kinds:?}");
    Ok(())
}

fn until_blocked(c: &mut Connection, count: usize) -> RedisResult<()> {
    loop {
        let info: redis::InfoDict = redis::cmd("INFO").arg("clients").query(c)?;
        if info.get("blocked_clients") == Some(count) {
            return Ok(());
        }
    }
}

/// What `wait` gives when `then` is done while it waits.
fn while_waiting<T: Send>(
    client: &Client,
    wait: impl Fn(&mut Connection) -> RedisResult<T> + Sync,
    then: impl Fn(&mut Connection) -> RedisResult<()>,
) -> RedisResult<T> {
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(&mut client.get_connection()?));
        let c = &mut client.get_connection()?;
        until_blocked(c, 1)?;
        then(c)?;
        waiting.join().expect("it does not panic")
    })
}

fn blocking(client: &Client) -> RedisResult<()> {
    let c = &mut client.get_connection()?;
    assert_eq!(Commands::blpop::<_, Option<(String, String)>>(c, "none", 0.01)?, None);
    let popped: (String, String) = while_waiting(
        client,
        |c| Commands::blpop(c, &["p", "q"], 0.0),
        |c| Commands::rpush(c, "q", &["a", "b"]),
    )?;
    assert_eq!(popped, ("q".into(), "a".into()));
    let moved: String = while_waiting(
        client,
        |c| Commands::blmove(c, "r", "d", Direction::Left, Direction::Right, 0.0),
        |c| Commands::lpush(c, "r", "x"),
    )?;
    assert_eq!(moved, "x");
    let lowest: (String, String, f64) = while_waiting(
        client,
        |c| Commands::bzpopmin(c, "z", 0.0),
        |c| Commands::zadd(c, "z", "m", 1.5),
    )?;
    assert_eq!(lowest, ("z".into(), "m".into(), 1.5));
    let read: StreamReadReply = while_waiting(
        client,
        |c| Commands::xread_options(c, &["s"], &["$"], &StreamReadOptions::default().block(0)),
        |c| Commands::xadd(c, "s", "1-1", &[("f", "v")]),
    )?;
    assert_eq!(read.keys[0].ids[0].get::<String>("f"), Some("v".into()));
    workers_share_a_queue(client)
}

fn workers_share_a_queue(client: &Client) -> RedisResult<()> {
    const ITEMS: usize = 300;
    let taken = AtomicUsize::new(0);
    let drain = || -> RedisResult<()> {
        let c = &mut client.get_connection()?;
        while Commands::blpop::<_, (String, String)>(c, "work", 0.0)?.1 != "stop" {
            taken.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(drain)).collect();
        let c = &mut client.get_connection()?;
        (0..ITEMS).try_for_each(|i| Commands::rpush(c, "work", i))?;
        let () = Commands::rpush(c, "work", &["stop"; WORKERS])?;
        workers.into_iter().try_for_each(|worker| worker.join().expect("it does not panic"))
    })?;
    assert_eq!(taken.into_inner(), ITEMS);
    Ok(())
}

fn blocking_without_waiting(client: &Client) -> RedisResult<()> {
    wait(async {
        let mut pusher = client.get_multiplexed_async_connection().await?;
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let mut connections = Vec::new();
        for _ in 0..10 {
            connections.push(client.get_multiplexed_async_connection_with_config(&config).await?);
        }
        let pops = connections
            .iter_mut()
            .map(|c| AsyncCommands::blpop::<_, (String, i32)>(c, "async", 0.0));
        let push = async {
            let items: Vec<i32> = (0..10).collect();
            AsyncCommands::rpush::<_, _, i32>(&mut pusher, "async", &items).await
        };
        let (popped, pushed) = tokio::join!(futures_util::future::join_all(pops), push);
        pushed?;
        let items: RedisResult<BTreeSet<i32>> =
            popped.into_iter().map(|pair| pair.map(|(_, item)| item)).collect();
        assert_eq!(items?, (0..10).collect());
        Ok(())
    })
}

fn scripts(client: &Client) -> RedisResult<()> {
    let c = &mut client.get_connection()?;
    let script = redis::Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    assert_eq!(script.key("n").arg(2).invoke::<i64>(c)?, 2);
    assert_eq!(script.key("n").arg(3).invoke::<i64>(c)?, 5);
    Ok(())
}
