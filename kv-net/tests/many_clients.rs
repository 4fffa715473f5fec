//! Many clients at once, of each protocol.

mod support;

use kv_proto::dialect::Dialect;
use kv_proto::resp::value::{ReplyLimits, Value};
use kv_proto::tlv::{self, Operation, Variant};
use kv_proto::{frame, resp};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use support::{PATIENCE, Program, free_address, raise_file_limit, serve};

/// The settings of a server where this dialect is spoken at this port.
fn settings(dialect: Dialect, address: SocketAddr) -> Vec<(&'static str, String)> {
    let port = address.port().to_string();
    let maxclients = ("maxclients", "20000".into());
    match dialect {
        Dialect::Resp => vec![maxclients, ("port", port)],
        Dialect::Tlv => vec![maxclients, ("tlv-port", port)],
        Dialect::TlvStrict => {
            vec![maxclients, ("tlv-port", port), ("tlv-strict", "yes".into())]
        }
        Dialect::Frame => vec![maxclients, ("frame-port", port)],
    }
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

/// Talks to a server that `start` gives for its settings.
fn check_all_are_served<S>(count: usize, start: impl Fn(&[(&'static str, String)]) -> S) {
    raise_file_limit();
    for dialect in Dialect::ALL {
        let address = free_address();
        let _server = start(&settings(dialect, address));
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
    }
}

#[test]
fn a_thousand_clients_of_each_protocol_are_served_at_once() {
    check_all_are_served(1000, |settings| {
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, &value[..])).collect();
        serve(2, &settings)
    });
}

#[test]
#[ignore = "takes 10,000 open files here and as many in the server"]
fn ten_thousand_clients_of_each_protocol_are_served_at_once() {
    check_all_are_served(10_000, |settings| {
        let flags = settings.iter().map(|(name, value)| [format!("--{name}"), value.clone()]);
        let flags: Vec<String> = flags.flatten().collect();
        Program::kv(&flags.iter().map(String::as_str).collect::<Vec<_>>())
    });
}
