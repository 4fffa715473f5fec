//! Requests in one long pipeline, made as they are sent.

use crate::support::Outcome;
use crate::support::interrupt::Interrupt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

/// How much is made before it is sent.
const CHUNK: usize = 256 * 1024;

/// Sends what `encode` makes of each of `requests`, and waits until all are answered. Every reply
/// must be one line, and no error.
pub(crate) fn pipeline<R>(
    socket: TcpStream,
    interrupt: &Interrupt,
    requests: impl Iterator<Item = R> + Clone,
    encode: impl Fn(&mut Vec<u8>, R),
) -> Outcome<()> {
    let replies = requests.clone().count();
    let (sent, received) = thread::scope(|scope| {
        let reader = scope.spawn(|| closing_on_error(&socket, receive(&socket, replies)));
        let sent = closing_on_error(&socket, send(&socket, interrupt, requests, encode));
        (sent, reader.join().expect("the reader does not panic"))
    });
    // In the order of what caused what: either side's error makes the other side's.
    interrupt.check()?;
    received?;
    Ok(sent?)
}

/// So that the thread at the other side of the socket does not wait in vain.
fn closing_on_error(socket: &TcpStream, done: io::Result<()>) -> io::Result<()> {
    if done.is_err() {
        // The server may have closed it, which is all the same now.
        let _ = socket.shutdown(Shutdown::Both);
    }
    done
}

fn send<R>(
    mut socket: &TcpStream,
    interrupt: &Interrupt,
    requests: impl Iterator<Item = R>,
    encode: impl Fn(&mut Vec<u8>, R),
) -> io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 4);
    for request in requests {
        encode(&mut chunk, request);
        if chunk.len() >= CHUNK {
            interrupt.check().map_err(|_| ErrorKind::Interrupted)?;
            socket.write_all(&chunk)?;
            chunk.clear();
        }
    }
    socket.write_all(&chunk)
}

fn receive(mut socket: &TcpStream, replies: usize) -> io::Result<()> {
    let mut input = vec![0; CHUNK];
    let mut received = 0;
    while received < replies {
        let len = socket.read(&mut input)?;
        let input = &input[..len];
        if len == 0 {
            return Err(io::Error::other("the server closed the connection"));
        }
        // Neither `+OK` nor a count has one.
        if let Some(at) = memchr::memchr(b'-', input) {
            let error = String::from_utf8_lossy(&input[at..len.min(at + 80)]);
            return Err(io::Error::other(format!("the server answers {error}")));
        }
        received += memchr::memchr_iter(b'\n', input).count();
    }
    Ok(())
}
