//! A connection: whatever a client sends, in whatever dialect and however it is cut, the replies are
//! the same, what is held is bounded, and another client is served.
#![no_main]

use kv_core::config::{Config, find};
use kv_core::kernel::{Kernel, NoHost};
use kv_core::now::Now;
use kv_core::session::Peer;
use kv_fuzz::pieces::Pieces;
use kv_proto::dialect::{Dialect, Terms};
use kv_proto::server::{ConnectionId, Event, Server};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

/// Small, so that the limits are met.
const SETTINGS: [(&str, &str); 3] = [
    ("proto-max-bulk-len", "1mb"),
    ("client-query-buffer-limit", "1mb"),
    ("client-output-buffer-limit", "normal 4000000 10000 1"),
];

/// The soft limit and the longest replies beyond it.
const OUTPUT_MAX: usize = 4_000_000;

const NOW: Now = Now { mono_us: 1, unix_us: 1_700_000_000_000_000 };

fuzz_target!(|data: &[u8]| {
    let Some(pieces) = Pieces::new(data) else { return };
    // Two bits of the first byte that say nothing about the pieces.
    let dialect = Dialect::ALL[usize::from(data[0] >> 4 & 3)];
    let whole = Outcome::of(dialect, [pieces.stream]);
    assert_eq!(Outcome::of(dialect, pieces.iter()), whole);
});

#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    replies: Vec<u8>,
    is_closed: bool,
}

impl Outcome {
    fn of<'a>(dialect: Dialect, pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut server = server();
        let other = server.handle_accept(NOW, Peer::default(), Terms::default());
        let id = server.handle_accept(NOW, Peer::default(), dialect.into());
        let mut outcome = Outcome { replies: Vec::new(), is_closed: false };
        for piece in pieces {
            outcome.receive(&mut server, id, piece);
        }
        server.handle_lost(id);
        let mut answer = Outcome { replies: Vec::new(), is_closed: false };
        answer.receive(&mut server, other, b"PING\r\n");
        assert_eq!(answer.replies, b"+PONG\r\n");
        outcome
    }

    fn receive(&mut self, server: &mut Server, id: ConnectionId, mut bytes: &[u8]) {
        while !bytes.is_empty() && server.wants_input(id) {
            let room = server.input(id);
            let len = room.len().min(bytes.len());
            room[..len].copy_from_slice(&bytes[..len]);
            server.handle_received(id, len);
            server.execute(NOW);
            self.take(server, id);
            bytes = &bytes[len..];
        }
    }

    fn take(&mut self, server: &mut Server, id: ConnectionId) {
        loop {
            while let Some(event) = server.poll_event() {
                self.is_closed |= event == Event::Closed(id);
            }
            let output = server.output(id);
            assert!(output.len() <= OUTPUT_MAX);
            if output.is_empty() {
                return;
            }
            self.replies.extend_from_slice(output);
            server.handle_sent(NOW, id, output.len());
            server.handle_timeout(NOW);
        }
    }
}

fn server() -> Server {
    let config = Config::default();
    for (name, value) in SETTINGS {
        let id = find(name.as_bytes()).expect("the setting exists");
        config.set(id, value.as_bytes()).expect("the value is good");
    }
    Server::new(Arc::new(Kernel::new(config, 4, 1, Box::new(NoHost::default()), NOW)))
}
