//! Publishing and subscribing. The replies are those of Redis.

mod support;

use kv_core::kernel::Flow;
use kv_core::reply::Protocol;
use kv_core::session::Session;
use support::{Client, Text, check};

#[track_caller]
fn run(client: &mut Client, session: &mut Session, request: &str) -> String {
    std::mem::swap(&mut client.session, session);
    let reply = client.run(request);
    std::mem::swap(&mut client.session, session);
    reply
}

fn mail(session: &mut Session, protocol: Protocol) -> String {
    let mut out = Text::new(protocol);
    assert_eq!(session.deliver(&mut out), Flow::Continue);
    out.finish_all()
}

#[test]
fn a_message_reaches_subscribers_and_patterns_in_order() {
    let mut client = Client::new(16);
    let (mut one, mut two) = (client.open(), client.open());
    assert_eq!(
        run(&mut client, &mut one, "SUBSCRIBE a b"),
        ">[$subscribe $a :1] >[$subscribe $b :2]"
    );
    assert_eq!(
        run(&mut client, &mut two, "PSUBSCRIBE a* [ab]"),
        ">[$psubscribe $a* :1] >[$psubscribe $[ab] :2]"
    );
    assert_eq!(client.run("PUBLISH a x"), ":3");
    assert_eq!(client.run("PUBLISH b y"), ":2");
    assert_eq!(client.run("PUBLISH c z"), ":0");
    assert_eq!(mail(&mut one, Protocol::V3), ">[$message $a $x] >[$message $b $y]");
    assert_eq!(
        mail(&mut two, Protocol::V3),
        ">[$pmessage $[ab] $a $x] >[$pmessage $a* $a $x] >[$pmessage $[ab] $b $y]"
    );
    assert_eq!(client.run("PUBSUB CHANNELS"), "[$a $b]");
    assert_eq!(client.run("PUBSUB CHANNELS b*"), "[$b]");
    assert_eq!(client.run("PUBSUB NUMSUB a c"), "[$a :1 $c :0]");
    assert_eq!(client.run("PUBSUB NUMPAT"), ":2");
}

#[test]
fn shard_channels_have_names_of_their_own() {
    let mut client = Client::new(1);
    let mut one = client.open();
    assert_eq!(run(&mut client, &mut one, "SUBSCRIBE a"), ">[$subscribe $a :1]");
    assert_eq!(run(&mut client, &mut one, "SSUBSCRIBE a"), ">[$ssubscribe $a :1]");
    assert_eq!(client.run("SPUBLISH a x"), ":1");
    assert_eq!(mail(&mut one, Protocol::V3), ">[$smessage $a $x]");
    assert_eq!(client.run("PUBSUB SHARDCHANNELS"), "[$a]");
    assert_eq!(client.run("PUBSUB SHARDNUMSUB a b"), "[$a :1 $b :0]");
    assert_eq!(run(&mut client, &mut one, "SUNSUBSCRIBE"), ">[$sunsubscribe $a :0]");
    assert_eq!(client.run("SPUBLISH a x"), ":0");
}

#[test]
fn what_was_published_before_comes_before_the_confirmation() {
    let mut client = Client::new(1);
    let mut one = client.open();
    run(&mut client, &mut one, "SUBSCRIBE a b");
    client.run("PUBLISH a x");
    assert_eq!(
        run(&mut client, &mut one, "UNSUBSCRIBE a"),
        ">[$message $a $x] >[$unsubscribe $a :1]"
    );
    client.run("PUBLISH a y");
    assert_eq!(run(&mut client, &mut one, "UNSUBSCRIBE"), ">[$unsubscribe $b :0]");
    assert_eq!(run(&mut client, &mut one, "UNSUBSCRIBE"), ">[$unsubscribe _ :0]");
    assert_eq!(client.run("PUBSUB CHANNELS"), "[]");
}

#[test]
fn a_subscriber_without_pushes_may_send_little() {
    let error = "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
    check(&[
        ("SUBSCRIBE a", ">[$subscribe $a :1]"),
        ("GET k", error),
        ("PING", "[$pong $]"),
        ("PING hi", "[$pong $hi]"),
        ("RESET", "+RESET"),
        ("GET k", "_"),
        ("PUBSUB CHANNELS", "[]"),
        (
            "PUBSUB CHANNELS a b",
            "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.",
        ),
    ]);
}

#[test]
fn a_session_that_ends_listens_to_nothing() {
    let mut client = Client::new(16);
    let mut one = client.open();
    for request in ["SUBSCRIBE a", "PSUBSCRIBE *", "SSUBSCRIBE s"] {
        run(&mut client, &mut one, request);
    }
    client.kernel.close_session(one);
    assert_eq!(client.run("PUBLISH a x"), ":0");
    assert_eq!(client.run("SPUBLISH s x"), ":0");
    assert_eq!(client.run("PUBSUB NUMPAT"), ":0");
}

#[test]
fn one_that_does_not_read_is_given_up() {
    let mut client = Client::new(1);
    let mut one = client.open();
    client.run("CONFIG SET client-output-buffer-limit \"pubsub 2000 0 0\"");
    run(&mut client, &mut one, "SUBSCRIBE a");
    (0..100).for_each(|_| drop(client.run("PUBLISH a 0123456789012345678901234567890123456789")));
    assert_eq!(one.deliver(&mut Text::new(Protocol::V2)), Flow::Close);
}
