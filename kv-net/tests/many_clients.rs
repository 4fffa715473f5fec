//! Many clients at once, of each protocol.

mod support;

use kv_proto::dialect::Dialect;
use kv_proto::resp::value::{ReplyLimits, Value};
use kv_proto::tlv::{self, Operation, Variant};
use kv_proto::{frame, resp};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use support::{PATIENCE, Served, free_address, raise_file_limit, serve};

/// A server in this process, where this dialect is spoken there.
fn serve_in(dialect: Dialect, threads: usize) -> (Served, SocketAddr) {
    let address = free_address();
    let port = address.port().to_string();
    let setting = match dialect {
        Dialect::Resp => {
            let server = serve(threads, &[("maxclients", "20000")]);
            let address = server.address();
            return (server, address);
        }
        Dialect::Tlv | Dialect::TlvStrict => ("tlv-port", &*port),
        Dialect::Frame => ("frame-port", &*port),
    };
    let strict = ("tlv-strict", if dialect == Dialect::TlvStrict { "yes" } else { "no" });
    (serve(threads, &[("maxclients", "20000"), strict, setting]), address)
}

struct Client {
    dialect: Dialect,
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    fn connect(dialect: Dialect, address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        Self { dialect, stream, received: Vec::new() }
    }

    /// Asks for the value of its key, and gives it another one.
    fn send(&mut self, key: &str, value: &str) {
        let mut bytes = Vec::new();
        match self.dialect {
            Dialect::Resp => resp::encode_request(["GETSET", key, value], &mut bytes),
            Dialect::Tlv | Dialect::TlvStrict => {
                tlv::encode_request(Operation::Set(key.as_bytes(), value.as_bytes()), &mut bytes);
            }
            Dialect::Frame => frame::encode_request(["GETSET", key, value], &mut bytes),
        }
        self.stream.write_all(&bytes).expect("the server takes requests");
    }

    fn reply(&mut self) -> Value {
        loop {
            if let Some((value, len)) = self.decode() {
                self.received.drain(..len);
                return value;
            }
            let mut room = [0; 256];
            let len = self.stream.read(&mut room).expect("there is a reply");
            assert!(len > 0, "the server has closed the connection");
            self.received.extend_from_slice(&room[..len]);
        }
    }

    fn decode(&self) -> Option<(Value, usize)> {
        let (input, limits) = (&self.received[..], ReplyLimits::default());
        let decoded = match self.dialect {
            Dialect::Resp => resp::value::ReplyDecoder::default().decode(input, &limits),
            Dialect::Tlv => tlv::decode_reply(input, Variant::Plain, &limits),
            Dialect::TlvStrict => tlv::decode_reply(input, Variant::Strict, &limits),
            Dialect::Frame => frame::decode_reply(input, &limits),
        };
        decoded.expect("the server speaks the dialect")
    }
}

fn check_all_are_served(count: usize) {
    raise_file_limit();
    for dialect in Dialect::ALL {
        let (server, address) = serve_in(dialect, 2);
        let mut clients: Vec<_> = (0..count).map(|_| Client::connect(dialect, address)).collect();
        for round in 0..3 {
            for (number, client) in clients.iter_mut().enumerate() {
                client.send(&format!("key-{number}"), &format!("{number}-{round}"));
            }
            for (number, client) in clients.iter_mut().enumerate() {
                let expected = match (round, dialect) {
                    (0, Dialect::Resp) => Value::NullBulk,
                    (0, Dialect::Tlv) => Value::Bulk(Vec::new()),
                    (0, _) => Value::Null,
                    _ => Value::Bulk(format!("{number}-{}", round - 1).into()),
                };
                assert_eq!(client.reply(), expected, "{dialect:?}, client {number}");
            }
        }
        assert_eq!(server.server().kernel().sessions.len(), count);
    }
}

#[test]
fn a_thousand_clients_of_each_protocol_are_served_at_once() {
    check_all_are_served(1000);
}

#[test]
#[ignore = "takes 20,000 open files"]
fn ten_thousand_clients_of_each_protocol_are_served_at_once() {
    check_all_are_served(10_000);
}
