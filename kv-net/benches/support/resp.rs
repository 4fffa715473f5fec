//! Requests in RESP, and a client for those that one line answers.

use super::Outcome;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// A connection that asks one thing at a time.
#[derive(Debug)]
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn new(socket: TcpStream) -> Outcome<Self> {
        socket.set_nodelay(true)?;
        Ok(Self(BufReader::new(socket)))
    }

    /// Sends a request and waits for its reply: the first line of it, without the end of the line.
    /// An error reply is an error.
    pub(crate) fn ask(&mut self, args: &[&[u8]]) -> Outcome<String> {
        self.0.get_mut().write_all(&request(args))?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) if line.starts_with('-') => Err(format!("it answers {line}").into()),
            Some(line) => Ok(line.to_owned()),
            None => Err("it closed the connection".into()),
        }
    }
}

pub(crate) fn request(args: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
    bytes.extend(args.iter().flat_map(|arg| bulk(arg)));
    bytes
}

/// `bytes` as a bulk string of RESP.
pub(crate) fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
