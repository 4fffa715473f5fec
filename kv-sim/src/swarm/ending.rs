//! The end of a run: when all keys are gone and time has passed, nothing is left of them, and the
//! server has nothing to do.

use super::Swarm;
use crate::failure::{Check, Violation};
use crate::model::Bytes;
use crate::plan::Ending;
use crate::watch::Usage;
use crate::wire::{self, Value};
use kv_core::kernel::Kernel;
use kv_core::session::Peer;
use kv_proto::dialect::Terms;
use kv_proto::server::{ConnectionId, Server};

/// How many slices of work it may take until nothing is left to do.
const SLICES_MAX: u64 = 500_000;

/// What is later than this is never, in microseconds: a hundred thousand years.
const NEVER_US: u64 = 100_000 * 366 * 24 * 3600 * 1_000_000;

/// How many keys a command names.
const KEYS_PER_COMMAND: usize = 100;

/// How soon the last keys expire, at most, in milliseconds.
const LAST_TTL_MAX_MS: u64 = 90;

/// What a keyspace takes that has no keys any more: its timers' wheel, a segment and a directory.
const EMPTY_KEYSPACE_MAX: u64 = 4096;

impl Swarm<'_> {
    /// Lets all keys go and checks what is left.
    pub(super) fn end(&mut self) {
        // Nothing can be asked before.
        self.now_us = self.now_us.max(self.checker.model().pause_end_us().unwrap_or_default());
        let result = self
            .check_sessions()
            .and_then(|()| self.empty())
            .and_then(|()| self.check_accounts())
            .and_then(|()| self.check_habits());
        if let Err(violation) = result {
            self.checker.fail(0, violation);
        }
    }

    pub(super) fn accept(&mut self) -> ConnectionId {
        let now = self.now();
        self.servers[0].handle_accept(now, Peer::default(), Terms::default())
    }

    /// Whether nothing is left of the clients' sessions.
    fn check_sessions(&mut self) -> Result<(), Violation> {
        self.watch.leave_tokens(self.now());
        if let Some(mut listener) = self.listener.take() {
            listener.check()?;
            listener.close();
        }
        let connections = self.servers.iter().map(Server::len).sum();
        // One session is the watch's.
        check_sessions(self.servers[0].kernel(), connections, 1)?;
        self.watch.check_channels(self.now())
    }

    fn empty(&mut self) -> Result<(), Violation> {
        self.watch.check(self.now());
        let id = self.accept();
        let most = self.watch.usage(self.now()).used;
        if self.plan.ending != Ending::Flush {
            self.empty_bit_by_bit(id);
            self.settle()?;
            self.check_emptied(most)?;
        }
        self.request(id, &[b"FLUSHALL"]);
        self.settle()?;
        let usage = self.watch.usage(self.now());
        let nothing = Usage { used: 0, dataset: 0, pending: 0 };
        self.servers[0].handle_lost(id);
        if usage == nothing {
            return Ok(());
        }
        Err(Check::Emptied.violated(format!("after FLUSHALL there is {usage:?}")))
    }

    fn empty_bit_by_bit(&mut self, id: ConnectionId) {
        for database in 0..crate::model::DATABASES {
            self.request(id, &[b"SELECT", database.to_string().as_bytes()]);
            let Value::Many(_, keys) = self.request(id, &[b"KEYS", b"*"]) else { continue };
            let keys: Vec<Bytes> =
                keys.iter().filter_map(|key| key.text().map(Bytes::from)).collect();
            for some in keys.chunks(KEYS_PER_COMMAND) {
                self.let_go(id, some);
            }
        }
    }

    fn let_go(&mut self, id: ConnectionId, keys: &[Bytes]) {
        if self.plan.ending == Ending::Delete {
            let words: Vec<&[u8]> =
                [&b"DEL"[..]].into_iter().chain(keys.iter().map(|key| &**key)).collect();
            self.request(id, &words);
            return;
        }
        for key in keys {
            let ttl_ms = (1 + self.rng.below(LAST_TTL_MAX_MS)).to_string();
            self.request(id, &[b"PEXPIRE", key, ttl_ms.as_bytes()]);
        }
    }

    /// Lets time pass until the server has nothing to do, and says how often it had something. It
    /// may wait for the deadline of a key that is gone, once.
    pub(super) fn settle(&mut self) -> Result<u64, Violation> {
        for slice in 0..SLICES_MAX {
            let Some((at, server)) = self.next_deadline() else {
                self.watch.check(self.now());
                return Ok(slice);
            };
            let Some(due_us) = self.due_us() else { return Ok(slice) };
            // Not the run's time: that is what its clients took.
            self.now_us = at.max(due_us);
            self.pass_timeout(server);
            if slice % 64 == 0 && self.unchecked >= self.plan.check_every {
                self.unchecked = 0;
                self.watch.check(self.now());
            }
        }
        Err(Check::Work.violated("the server's work never ends"))
    }

    /// When there is something to do: the server may want to look at the clock before. None if that
    /// is never.
    fn due_us(&self) -> Option<u64> {
        let due_ms = self.servers[0].kernel().due_ms().unwrap_or(0);
        let rest_ms = due_ms.saturating_sub(self.wall.unix_ms(self.now_us)).max(0) as u64;
        let rest_us = rest_ms.checked_mul(1000).filter(|&rest_us| rest_us < NEVER_US)?;
        Some(self.now_us + rest_us)
    }

    /// Whether nothing but tables is left of keys that went one by one. `most` is what they took.
    fn check_emptied(&mut self, most: u64) -> Result<(), Violation> {
        let (keys, usage) = (self.watch.keys(self.now()), self.watch.usage(self.now()));
        if keys > 0 {
            return Err(Check::Emptied.violated(format!("{keys} keys are left")));
        }
        let keyspaces = (self.plan.shards * crate::model::DATABASES) as u64;
        let tables_max = keyspaces * EMPTY_KEYSPACE_MAX + most;
        if usage.dataset > 0 || usage.pending > 0 || usage.used > tables_max {
            return Err(Check::Emptied.violated(format!("without keys there is {usage:?}")));
        }
        Ok(())
    }

    /// Whether what counts against `maxmemory` is 0 as well: a limit of a single byte allows one
    /// write and no second.
    fn check_accounts(&mut self) -> Result<(), Violation> {
        let id = self.accept();
        let settings: [&[u8]; 6] =
            [b"CONFIG", b"SET", b"maxmemory", b"1", b"maxmemory-policy", b"noeviction"];
        let replies = [&settings[..], &[b"SET", b"k", b"v"], &[b"SET", b"l", b"v"], &[b"FLUSHALL"]]
            .map(|words| self.request(id, words));
        let ok = Value::simple("OK");
        let refused = Value::error(crate::model::OUT_OF_MEMORY);
        if replies != [ok.clone(), ok.clone(), refused, ok] {
            let text = format!("with a limit of one byte, writes are answered {replies:?}");
            return Err(Check::Accounts.violated(text));
        }
        self.settle()?;
        self.servers[0].handle_lost(id);
        Ok(())
    }

    /// The reply to a request on a connection that no client has.
    pub(super) fn request(&mut self, id: ConnectionId, words: &[&[u8]]) -> Value {
        let words: Vec<Bytes> = words.iter().map(|word| word.to_vec()).collect();
        let bytes = wire::render_request(&words);
        let (now, server) = (self.now(), &mut self.servers[0]);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let room = server.input(id);
            let len = room.len().min(rest.len());
            room[..len].copy_from_slice(&rest[..len]);
            server.handle_received(id, len);
            server.execute(now);
            rest = &rest[len..];
        }
        while server.poll_event().is_some() {}
        let output = server.output(id).to_vec();
        server.handle_sent(now, id, output.len());
        while server.poll_event().is_some() {}
        let (reply, _) = wire::parse_reply(&output).ok().flatten().expect("a reply is complete");
        reply
    }
}

/// Whether a kernel has nothing of sessions beyond so many that do nothing. The error says what.
pub(crate) fn check_sessions(
    kernel: &Kernel,
    connections: usize,
    sessions: usize,
) -> Result<(), Violation> {
    let profiles = kernel.sessions.profiles();
    let letters = profiles.iter().filter(|profile| profile.mailbox.is_full()).count();
    let left = [
        ("sessions", profiles.len() - sessions),
        ("connections", connections),
        ("waiting sessions", kernel.sessions.waiting()),
        ("observers", kernel.observers()),
        ("full mailboxes", letters),
        ("bytes of buffers", kernel.sessions.buffered()),
    ];
    match left.into_iter().find(|(_, count)| *count > 0) {
        Some((what, count)) => Err(Check::Sessions.violated(format!("{count} {what} are left"))),
        None => Ok(()),
    }
}
