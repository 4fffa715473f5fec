//! One connection of the load.

use super::report::Report;
use super::work::{Request, Work};
use super::{LoadError, shown};
use crate::codec::Replies;
use crate::link::{Link, LinkError};
use kv_proto::resp::value::Value;
use socket2::Socket;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::time::Instant;

/// A connection, which does not block.
pub(super) struct Client<'a> {
    index: usize,
    socket: Socket,
    work: &'a Work,
    requests: Box<dyn Iterator<Item = Request>>,
    /// What was asked and is not answered, the oldest first.
    asked: VecDeque<Request>,
    asked_at: Instant,
    replies: Replies,
    output: Vec<u8>,
    /// How much of `output` the server has taken.
    sent: usize,
    is_done: bool,
}

impl<'a> Client<'a> {
    pub(super) fn new(index: usize, link: Link, work: &'a Work) -> io::Result<Self> {
        let (socket, replies) = link.into_parts();
        socket.set_nonblocking(true)?;
        Ok(Self {
            index,
            socket,
            work,
            requests: Box::new(work.of_client(index)),
            asked: VecDeque::new(),
            asked_at: Instant::now(),
            replies,
            output: Vec::new(),
            sent: 0,
            is_done: false,
        })
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Whether all its requests were answered.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Writes and reads until that would block.
    pub(super) fn go_on(&mut self, report: &mut Report) -> Result<(), LoadError> {
        self.ask()?;
        while !self.is_done && self.read()? {
            self.check(report)?;
            self.ask()?;
        }
        Ok(())
    }

    /// Sends what is left to send; the next requests, if all before them are answered.
    fn ask(&mut self) -> Result<(), LoadError> {
        if self.asked.is_empty() {
            self.output.clear();
            self.sent = 0;
            self.asked.extend(self.requests.by_ref().take(self.work.pipeline));
            self.is_done = self.asked.is_empty();
            for request in &self.asked {
                let encoded = self.work.encode(*request, &mut self.output);
                encoded.map_err(|why| self.failed(LinkError::Unspeakable(why)))?;
            }
            self.asked_at = Instant::now();
        }
        while self.sent < self.output.len() {
            match (&self.socket).write(&self.output[self.sent..]) {
                Ok(len) => self.sent += len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(LinkError::Lost(error))),
            }
        }
        Ok(())
    }

    /// False if nothing has come.
    fn read(&mut self) -> Result<bool, LoadError> {
        match self.replies.read_from(&mut &self.socket) {
            Ok(0) => Err(self.failed(LinkError::Closed)),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(self.failed(LinkError::Lost(error))),
        }
    }

    /// Compares what has come with what has to.
    fn check(&mut self, report: &mut Report) -> Result<(), LoadError> {
        let latency = self.asked_at.elapsed();
        while let Some(got) =
            self.replies.next().map_err(|why| self.failed(LinkError::NoReply(why)))?
        {
            let Some(request) = self.asked.pop_front() else {
                return Err(LoadError::Unasked { client: self.index, got: shown(&got) });
            };
            let wanted = self.work.reply(request);
            if got != wanted {
                return Err(self.wrong(request, &got, &wanted));
            }
            report.note(request.step, latency);
        }
        Ok(())
    }

    fn failed(&self, source: LinkError) -> LoadError {
        LoadError::Link { client: self.index, source }
    }

    fn wrong(&self, request: Request, got: &Value, wanted: &Value) -> LoadError {
        LoadError::WrongReply {
            client: self.index,
            step: request.step.name(),
            key: String::from_utf8_lossy(&self.work.key(request.number)).into_owned(),
            got: shown(got),
            wanted: shown(wanted),
        }
    }
}
