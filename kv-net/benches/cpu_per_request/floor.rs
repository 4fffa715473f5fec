//! The floor: the least that a server on one thread and epoll can spend on a request.
//!
//! It receives, counts and sends canned bytes: at each tick one read of up to 64 KiB from every
//! ready connection, and one write of as many replies as requests began in it. It parses and
//! stores nothing.
//!
//! A request is counted by its `*`, so it can count what redis-benchmark sends, where neither
//! names of commands, nor keys, nor values have one (values consist of `0` to `o`), and nothing
//! whose arguments may contain one; inline commands do not count. A request is answered as soon as
//! its first byte is there. The reply is the same to all: one process serves one workload.

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::io::{self, ErrorKind::Interrupted, ErrorKind::WouldBlock, Read, Write};
use std::time::Duration;

const LISTENER: Token = Token(usize::MAX);
const READ_MAX: usize = 64 * 1024;
/// How many replies one write can give: more than the pipelines of any workload.
const CANNED_REPLIES: usize = 256;

/// Serves until the process is ended.
pub(crate) fn serve(port: u16, reply: Vec<u8>) -> io::Result<()> {
    let poll = Poll::new()?;
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut floor = Floor::new(poll, listener, reply);
    loop {
        floor.wait(&mut events)?;
        floor.tick(&events)?;
    }
}

struct Floor {
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    /// Connections that have more to do although epoll, edge-triggered, will not name them again.
    unfinished: Vec<usize>,
    input: Vec<u8>,
    canned: Canned,
}

impl Floor {
    fn new(poll: Poll, listener: TcpListener, reply: Vec<u8>) -> Self {
        Self {
            poll,
            listener,
            connections: Slab::new(),
            unfinished: Vec::new(),
            input: vec![0; READ_MAX],
            canned: Canned { bytes: reply.repeat(CANNED_REPLIES), reply_len: reply.len() },
        }
    }

    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let timeout = if self.unfinished.is_empty() { None } else { Some(Duration::ZERO) };
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() == Interrupted => Ok(()),
            done => done,
        }
    }

    fn tick(&mut self, events: &Events) -> io::Result<()> {
        for id in std::mem::take(&mut self.unfinished) {
            self.turn(id);
        }
        for token in events.iter().map(Event::token) {
            if token == LISTENER {
                self.accept()?;
            } else {
                self.turn(token.0);
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((socket, _)) => self.open(socket)?,
                Err(error) if error.kind() == WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn open(&mut self, mut socket: TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let entry = self.connections.vacant_entry();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut socket, Token(entry.key()), interest)?;
        entry.insert(Connection { socket, debt: 0 });
        Ok(())
    }

    fn turn(&mut self, id: usize) {
        // Closed in this tick, by a turn before this one.
        let Some(connection) = self.connections.get_mut(id) else { return };
        match connection.turn(&mut self.input, &self.canned) {
            Ok(Turn::Finished) => {}
            Ok(Turn::Unfinished) => self.unfinished.push(id),
            Ok(Turn::Closed) | Err(_) => drop(self.connections.remove(id)),
        }
    }
}

/// What to send: a reply, often enough for one write.
struct Canned {
    bytes: Vec<u8>,
    reply_len: usize,
}

impl Canned {
    /// The beginning of the last `debt` bytes of an endless row of replies.
    fn owed(&self, debt: usize) -> &[u8] {
        let begun = debt.next_multiple_of(self.reply_len) - debt;
        let end = self.bytes.len().min(begun + debt);
        &self.bytes[begun..end]
    }
}

struct Connection {
    socket: TcpStream,
    /// Bytes of replies that the socket had no room for.
    debt: usize,
}

enum Turn {
    /// epoll tells when there is more to do.
    Finished,
    Unfinished,
    Closed,
}

impl Connection {
    fn turn(&mut self, input: &mut [u8], canned: &Canned) -> io::Result<Turn> {
        let was_in_debt = self.debt > 0;
        let mut more = was_in_debt;
        if !was_in_debt {
            match self.socket.read(input) {
                Ok(0) => return Ok(Turn::Closed),
                Ok(len) => {
                    self.debt = requests(&input[..len]) * canned.reply_len;
                    more = len == input.len();
                }
                Err(error) if error.kind() == WouldBlock => return Ok(Turn::Finished),
                Err(error) => return Err(error),
            }
        }
        if self.debt > 0 && !self.pay(canned)? {
            return Ok(Turn::Finished);
        }
        Ok(if more || self.debt > 0 { Turn::Unfinished } else { Turn::Finished })
    }

    /// Whether the socket took all that one write offered.
    fn pay(&mut self, canned: &Canned) -> io::Result<bool> {
        let owed = canned.owed(self.debt);
        match self.socket.write(owed) {
            Ok(len) => {
                self.debt -= len;
                Ok(len == owed.len())
            }
            Err(error) if error.kind() == WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn requests(input: &[u8]) -> usize {
    memchr::memchr_iter(b'*', input).count()
}
