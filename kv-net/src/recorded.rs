//! A server whose calls are recorded, if a recording was asked for.

use crate::recorder::{Outcome, Recorder};
use kv_core::now::Now;
use kv_core::session::Peer;
use kv_proto::dialect::Terms;
use kv_proto::recording::{Input, checksum};
use kv_proto::server::{ConnectionId, Event, Server};
use std::ops::Deref;
use std::sync::Arc;

/// A server. Everything that changes it is a method of this, which has the name of the server's;
/// what only looks is the server's own.
#[derive(Debug)]
pub(crate) struct Recorded {
    server: Server,
    recorder: Option<Arc<Recorder>>,
}

impl Deref for Recorded {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Recorded {
    pub(crate) fn new(server: Server, recorder: Option<Arc<Recorder>>) -> Self {
        Self { server, recorder }
    }

    pub(crate) fn handle_accept(&mut self, now: Now, peer: Peer, terms: Terms) -> ConnectionId {
        match &self.recorder {
            Some(recorder) if recorder.is_on() => {
                let input = Input::Accept(peer.clone(), terms);
                let call = |server: &mut Server| server.handle_accept(now, peer, terms);
                recorder.run(&mut self.server, Some(now), input, &[], call)
            }
            _ => self.server.handle_accept(now, peer, terms),
        }
    }

    pub(crate) fn input(&mut self, id: ConnectionId) -> &mut [u8] {
        if let Some(recorder) = &self.recorder
            && recorder.is_on()
        {
            let ask = |server: &mut Server| {
                server.input(id);
            };
            recorder.run(&mut self.server, None, Input::Room(id.index()), &[], ask);
        }
        // Asked again it gives the same.
        self.server.input(id)
    }

    pub(crate) fn handle_received(&mut self, id: ConnectionId, len: usize) {
        match &self.recorder {
            Some(recorder) if recorder.is_on() => {
                let received = self.server.input(id)[..len].to_vec();
                let input = Input::Received(id.index());
                recorder.run(&mut self.server, None, input, &received, |server| {
                    server.handle_received(id, len);
                });
            }
            _ => self.server.handle_received(id, len),
        }
    }

    pub(crate) fn handle_end_of_input(&mut self, id: ConnectionId) {
        self.call(None, |_| Input::EndOfInput(id.index()), |server| server.handle_end_of_input(id));
    }

    pub(crate) fn handle_lost(&mut self, id: ConnectionId) {
        self.call(None, |_| Input::Lost(id.index()), |server| server.handle_lost(id));
    }

    pub(crate) fn execute(&mut self, now: Now) {
        self.call(Some(now), |_| Input::Execute, |server| server.execute(now));
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.call(Some(now), |_| Input::Timeout, |server| server.handle_timeout(now));
    }

    pub(crate) fn handle_mail(&mut self, now: Now) {
        self.call(Some(now), |_| Input::Mail, |server| server.handle_mail(now));
    }

    pub(crate) fn join_in(&mut self, now: Now) {
        self.call(Some(now), |_| Input::JoinIn, |server| server.join_in(now));
    }

    pub(crate) fn handle_sent(&mut self, now: Now, id: ConnectionId, len: usize) {
        self.call(
            Some(now),
            |server| {
                let checksum = checksum(&server.output(id)[..len]);
                Input::Sent { connection: id.index(), len, checksum }
            },
            |server| server.handle_sent(now, id, len),
        );
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.call(None, |_| Input::Poll, Server::poll_event)
    }

    /// Writes what was recorded, before the loop waits.
    pub(crate) fn flush(&self) {
        if let Some(recorder) = &self.recorder
            && recorder.is_on()
        {
            recorder.flush();
        }
    }

    /// Drops the server.
    pub(crate) fn close(self) {
        let Self { server, recorder } = self;
        if let Some(recorder) = recorder {
            recorder.close(server);
        }
    }

    #[inline]
    fn call<R: Outcome>(
        &mut self,
        now: Option<Now>,
        describe: impl FnOnce(&Server) -> Input,
        call: impl FnOnce(&mut Server) -> R,
    ) -> R {
        match &self.recorder {
            Some(recorder) if recorder.is_on() => {
                let input = describe(&self.server);
                recorder.run(&mut self.server, now, input, &[], call)
            }
            _ => call(&mut self.server),
        }
    }
}
