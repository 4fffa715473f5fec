//! Who may connect, whose connection it is, for how long it may be idle, and what it takes.

use kv_core::config::{self, Config};
use kv_core::kernel::{Kernel, NoHost};
use kv_core::now::Now;
use kv_core::session::{Origin, Peer};
use kv_proto::dialect::Terms;
use kv_proto::proxy::HeaderError;
use kv_proto::server::{ConnectionId, Event, Refusal, Server};
use std::sync::Arc;

struct Driver {
    server: Server,
    now: Now,
    closed: Vec<ConnectionId>,
    refused: Vec<(ConnectionId, Refusal)>,
}

impl Driver {
    fn new(settings: &[(&str, &str)]) -> Self {
        let now = Now { mono_us: 1_000_000, unix_us: 1_700_000_000_000_000 };
        let kernel = Kernel::new(Config::default(), 1, 1, Box::new(NoHost::default()), now);
        for (name, value) in settings {
            kernel.config.set(config::find(name.as_bytes()).unwrap(), value.as_bytes()).unwrap();
        }
        let server = Server::new(Arc::new(kernel));
        Self { server, now, closed: Vec::new(), refused: Vec::new() }
    }

    fn connect(&mut self, origin: Origin) -> ConnectionId {
        let peer = Peer { address: "10.0.0.9:7".into(), origin, ..Peer::default() };
        self.server.handle_accept(self.now, peer, Terms::default())
    }

    fn connect_proxied(&mut self, origin: Origin) -> ConnectionId {
        let peer = Peer { address: "10.0.0.9:7".into(), origin, ..Peer::default() };
        let terms = Terms { is_proxied: true, ..Terms::default() };
        self.server.handle_accept(self.now, peer, terms)
    }

    fn put(&mut self, id: ConnectionId, bytes: &[u8]) {
        self.server.input(id)[..bytes.len()].copy_from_slice(bytes);
        self.server.handle_received(id, bytes.len());
    }

    /// Hands in bytes and gives what comes of it.
    fn answer(&mut self, id: ConnectionId, bytes: &[u8]) -> String {
        self.put(id, bytes);
        self.server.execute(self.now);
        self.take(id)
    }

    fn take(&mut self, id: ConnectionId) -> String {
        self.drain_events();
        let output = self.server.output(id).to_vec();
        if !output.is_empty() {
            self.server.handle_sent(self.now, id, output.len());
            self.drain_events();
        }
        String::from_utf8(output).unwrap()
    }

    fn drain_events(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Closed(id) => self.closed.push(id),
                Event::Refused(id, reason) => self.refused.push((id, reason)),
                _ => {}
            }
        }
    }

    /// Waits for what is due until then.
    fn pass_s(&mut self, seconds: u64) {
        let end = self.now.after_us(seconds * 1_000_000);
        while let Some(at) = self.server.poll_deadline().filter(|&at| at <= end.mono_us) {
            self.now = self.now.after_us(at.saturating_sub(self.now.mono_us));
            self.server.handle_timeout(self.now);
            self.drain_events();
        }
        self.now = end;
    }
}

const LINE: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.7 4000 6379\r\n";

#[test]
fn a_header_tells_whose_connection_it_is_however_it_is_cut() {
    for cut in 1..LINE.len() {
        let mut driver = Driver::new(&[("protected-mode", "no")]);
        let id = driver.connect_proxied(Origin::Remote);
        assert_eq!(driver.answer(id, &LINE[..cut]), "");
        let rest = [&LINE[cut..], b"CLIENT INFO\r\n"].concat();
        let answer = driver.answer(id, &rest);
        assert!(answer.contains("addr=192.0.2.1:4000 laddr=198.51.100.7:6379 "), "{answer}");
        assert_eq!(driver.refused, []);
    }
}

#[test]
fn the_proxys_own_connection_has_its_own_address() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect_proxied(Origin::Local);
    let answer = driver.answer(id, b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0CLIENT INFO\r\n");
    assert!(answer.contains("addr=10.0.0.9:7 "), "{answer}");
}

#[test]
fn a_connection_without_a_header_is_closed_without_a_word() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect_proxied(Origin::Local);
    assert_eq!(driver.answer(id, b"PING\r\n"), "");
    assert_eq!(driver.refused, [(id, Refusal::Header(HeaderError::Missing))]);
    assert_eq!(driver.closed, [id]);
    assert!(driver.server.kernel().sessions.is_empty());
}

#[test]
fn a_header_that_does_not_come_in_time_closes_the_connection() {
    let mut driver = Driver::new(&[]);
    let slow = driver.connect_proxied(Origin::Local);
    let quick = driver.connect_proxied(Origin::Local);
    driver.answer(slow, &LINE[..9]);
    assert_eq!(driver.answer(quick, b"PROXY UNKNOWN\r\nPING\r\n"), "+PONG\r\n");
    driver.pass_s(4);
    assert_eq!(driver.closed, []);
    driver.pass_s(2);
    assert_eq!(driver.refused, [(slow, Refusal::NoHeader)]);
    assert_eq!(driver.closed, [slow]);
    assert_eq!(driver.answer(quick, b"PING\r\n"), "+PONG\r\n");
}

#[test]
fn connections_without_their_header_yet_are_limited() {
    const ANNOUNCED_MAX: usize = 1024;
    let mut driver = Driver::new(&[]);
    let connect = |driver: &mut Driver| driver.connect_proxied(Origin::Local);
    let ids: Vec<_> = (0..ANNOUNCED_MAX).map(|_| connect(&mut driver)).collect();
    let surplus = connect(&mut driver);
    driver.drain_events();
    assert_eq!(driver.refused, [(surplus, Refusal::TooManyUnknown)]);
    assert_eq!(driver.closed, [surplus]);
    // Whichever way one of them ends, there is room for another.
    assert_eq!(driver.answer(ids[0], b"PROXY UNKNOWN\r\nPING\r\n"), "+PONG\r\n");
    driver.answer(ids[1], b"PING\r\n");
    driver.server.handle_lost(ids[2]);
    for _ in 0..3 {
        let id = connect(&mut driver);
        assert_eq!(driver.answer(id, b"PROXY"), "");
    }
    assert_eq!(driver.refused.len(), 2, "one of them deviated");
    connect(&mut driver);
    driver.drain_events();
    assert_eq!(driver.refused.len(), 3);
}

#[test]
fn a_connection_that_ends_within_its_header_is_refused() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect_proxied(Origin::Local);
    driver.answer(id, &LINE[..9]);
    driver.server.handle_end_of_input(id);
    driver.server.execute(driver.now);
    driver.drain_events();
    assert_eq!(
        (&driver.refused[..], &driver.closed[..]),
        (&[(id, Refusal::NoHeader)][..], &[id][..])
    );
}

#[test]
fn protected_mode_keeps_other_machines_out_until_it_is_switched_off() {
    let mut driver = Driver::new(&[]);
    let stranger = driver.connect(Origin::Remote);
    assert!(driver.take(stranger).starts_with("-DENIED Redis is running in protected mode"));
    assert_eq!(driver.refused, [(stranger, Refusal::Stranger)]);
    assert_eq!(driver.closed, [stranger]);

    let local = driver.connect(Origin::Unix);
    assert_eq!(driver.answer(local, b"CONFIG SET protected-mode no\r\n"), "+OK\r\n");
    let stranger = driver.connect(Origin::Remote);
    assert_eq!(driver.answer(stranger, b"PING\r\n"), "+PONG\r\n");
}

#[test]
fn nobody_becomes_local_by_saying_so() {
    let local = b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nPING\r\n";
    for (proxy, header, is_served) in [
        (Origin::Remote, &local[..], false),
        (Origin::Local, &local[..], true),
        (Origin::Local, LINE, false),
    ] {
        let mut driver = Driver::new(&[]);
        let id = driver.connect_proxied(proxy);
        assert_eq!(driver.answer(id, header).starts_with("+PONG"), is_served, "{proxy:?}");
        assert_eq!(driver.refused.is_empty(), is_served);
    }
}

#[test]
fn clients_that_are_idle_for_too_long_are_closed_and_others_are_not() {
    let mut driver = Driver::new(&[("timeout", "10")]);
    let (idle, busy) = (driver.connect(Origin::Local), driver.connect(Origin::Local));
    for _ in 0..3 {
        driver.pass_s(4);
        assert_eq!(driver.answer(busy, b"PING\r\n"), "+PONG\r\n");
    }
    assert_eq!(driver.closed, [idle]);
    driver.pass_s(9);
    assert_eq!(driver.closed, [idle]);
    driver.pass_s(1);
    assert_eq!(driver.closed, [idle, busy]);
}

#[test]
fn a_timeout_that_is_set_later_is_for_all_clients() {
    const CLIENTS: usize = 1000;
    let mut driver = Driver::new(&[]);
    (0..CLIENTS).for_each(|_| _ = driver.connect(Origin::Local));
    driver.pass_s(1000);
    assert_eq!(driver.closed, []);
    let last = driver.connect(Origin::Local);
    assert_eq!(driver.answer(last, b"CONFIG SET timeout 100\r\n"), "+OK\r\n");
    driver.pass_s(1);
    assert_eq!(driver.closed.len(), CLIENTS);
    assert_eq!(driver.answer(last, b"CONFIG SET timeout 0\r\n"), "+OK\r\n");
    driver.pass_s(1000);
    assert_eq!(driver.closed.len(), CLIENTS);
}

#[test]
fn closing_the_idle_is_done_in_slices() {
    let mut driver = Driver::new(&[("timeout", "10")]);
    driver.server = Server::new(Arc::clone(driver.server.kernel()));
    (0..1000).for_each(|_| _ = driver.connect(Origin::Local));
    driver.now = driver.now.after_us(20_000_000);
    driver.server.handle_timeout(driver.now);
    driver.drain_events();
    assert!((1..=100).contains(&driver.closed.len()), "{}", driver.closed.len());
    assert!(driver.server.poll_deadline().is_some_and(|at| at <= driver.now.mono_us));
}

#[test]
fn idle_connections_have_nothing_to_wait_for() {
    let mut driver = Driver::new(&[]);
    let ids: Vec<_> = (0..100).map(|_| driver.connect(Origin::Local)).collect();
    for id in ids {
        assert_eq!(driver.answer(id, b"PING\r\n"), "+PONG\r\n");
    }
    assert_eq!(driver.server.poll_deadline(), None);
}

#[test]
fn traffic_is_counted_in_bytes() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Origin::Local);
    driver.answer(id, b"PING\r\n");
    let figures = driver.server.kernel().figures();
    assert_eq!((figures.received_bytes, figures.sent_bytes), (6, 7));
}

#[test]
fn an_idle_connection_takes_less_than_a_kibibyte() {
    /// What the driver keeps for each: its socket, in a list that doubles when it is full.
    const DRIVER_BYTES: u64 = 2 * 64;
    const CLIENTS: u64 = 10_000;
    let mut driver = Driver::new(&[]);
    let taken = allocation_counter::measure(|| {
        for _ in 0..CLIENTS {
            let address = "192.168.100.100:50000".to_owned();
            let peer = Peer { address: address.clone(), local_address: address, ..Peer::default() };
            let id = driver.server.handle_accept(driver.now, peer, Terms::default());
            assert_eq!(driver.answer(id, b"PING\r\n"), "+PONG\r\n");
        }
    });
    let each = taken.bytes_current as u64 / CLIENTS + DRIVER_BYTES;
    assert!(each <= 1024, "{each} bytes");
}
