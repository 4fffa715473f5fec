//! What clients of one thread do to those of others. With two threads, every other client is
//! another thread's.

mod support;

use support::{Client, Served, eventually, readable, request, serve};

fn clients<const N: usize>(served: &Served) -> [Client; N] {
    std::array::from_fn(|_| served.client())
}

fn id(client: &mut Client) -> String {
    client.call("CLIENT ID").trim_start_matches(':').trim_end_matches(r"\r\n").to_owned()
}

fn line(monitor: &mut Client) -> String {
    String::from_utf8(monitor.reply()).expect("a monitor is shown text")
}

#[test]
fn the_end_of_a_pause_wakes_every_thread() {
    let served = serve(2, &[]);
    let [mut one, mut others @ ..] = clients::<4>(&served);
    assert_eq!(one.call("CLIENT PAUSE 100000 WRITE"), r"+OK\r\n");
    for other in &mut others {
        other.send(request(["INCR", "n"]));
    }
    eventually("all are held", || {
        let list = one.call("CLIENT LIST");
        (list.matches("cmd=incr").count() == 3).then_some(())
    });
    assert_eq!(one.call("GET n"), r"$-1\r\n");
    assert_eq!(one.call("CLIENT UNPAUSE"), r"+OK\r\n");
    let mut replies: Vec<_> = others.iter_mut().map(|other| readable(&other.reply())).collect();
    replies.sort();
    assert_eq!(replies, [r":1\r\n", r":2\r\n", r":3\r\n"]);
}

#[test]
fn clients_of_other_threads_are_unblocked_and_closed() {
    let served = serve(2, &[]);
    let [mut one, mut others @ ..] = clients::<4>(&served);
    for other in &mut others {
        let id = id(other);
        other.send(request(["BLPOP", "list", "0"]));
        let unblock = format!("CLIENT UNBLOCK {id} ERROR");
        eventually("it waits", || (one.call(&unblock) == r":1\r\n").then_some(()));
        let answer = readable(&other.reply());
        assert_eq!(answer, r"-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
        assert_eq!(one.call(&format!("CLIENT KILL ID {id}")), r":1\r\n");
        assert_eq!(other.rest(), b"");
    }
}

#[test]
fn clients_of_all_threads_are_monitored_and_told_of_changes() {
    let served = serve(2, &[]);
    let [mut monitor, mut reader, mut one, mut other] = clients::<4>(&served);
    reader.call("HELLO 3");
    assert_eq!(reader.call("CLIENT TRACKING ON"), r"+OK\r\n");
    assert_eq!(monitor.call("MONITOR"), r"+OK\r\n");
    for (round, writer) in [&mut one, &mut other].into_iter().enumerate() {
        reader.call("GET key");
        assert!(line(&mut monitor).ends_with("\"GET\" \"key\"\r\n"), "round {round}");
        assert_eq!(writer.call("SET key 1"), r"+OK\r\n");
        assert!(line(&mut monitor).ends_with("\"SET\" \"key\" \"1\"\r\n"), "round {round}");
        let told = readable(&reader.reply());
        assert_eq!(told, r">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n", "round {round}");
    }
}
