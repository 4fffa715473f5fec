//! Listens to what expires and is evicted, as a client would that waits for such events.

use crate::failure::{Check, Violation};
use crate::model::Bytes;
use crate::plan::{Plan, Request};
use crate::watch::ask;
use crate::wire::{self, Value};
use kv_core::kernel::Kernel;
use kv_core::now::Now;
use kv_core::reply::Protocol;
use kv_core::session::{Peer, Session};
use kv_proto::resp::encode::Encoder;
use std::sync::Arc;

/// What has to be published for it: keys that expire, and keys that are evicted.
pub(crate) const EVENTS: &str = "Exe";

/// What gives fields of hashes deadlines. A hash that ends with its last field expires, but there
/// is no event that says so.
const FIELD_DEADLINES: &[&str] =
    &["hexpire", "hexpireat", "hpexpire", "hpexpireat", "hgetex", "hsetex"];

/// Counts events.
pub(crate) struct Listener {
    kernel: Arc<Kernel>,
    session: Session,
    /// Hashes may end with their fields.
    fields_expire: bool,
    expired: u64,
    evicted: u64,
}

impl Listener {
    /// Takes one of the places for clients.
    pub(crate) fn new(kernel: &Arc<Kernel>, plan: &Plan, now: Now) -> Self {
        let mut session = kernel.open_session(Peer::default(), now).expect("there is room for it");
        for event in ["expired", "evicted"] {
            let pattern = format!("__keyevent@*__:{event}");
            ask(kernel, &mut session, now, &[b"PSUBSCRIBE", pattern.as_bytes()]);
        }
        let fields_expire = sets_field_deadlines(plan);
        Self { kernel: Arc::clone(kernel), session, fields_expire, expired: 0, evicted: 0 }
    }

    /// Whether it has heard of each key that expired or was evicted, once. The error says what is
    /// wrong.
    pub(crate) fn check(&mut self) -> Result<(), Violation> {
        self.listen().map_err(|text| Check::Events.violated(text))?;
        let counts = self.kernel.figures().keys;
        let heard = [("expired", self.expired), ("evicted", self.evicted)];
        for ((event, heard), count) in heard.into_iter().zip([counts.expired, counts.evicted]) {
            let may_be_fewer = event == "expired" && self.fields_expire;
            if heard > count || heard < count && !may_be_fewer {
                let text = format!("{heard} events tell of {count} keys that were {event}");
                return Err(Check::Events.violated(text));
            }
        }
        Ok(())
    }

    fn listen(&mut self) -> Result<(), String> {
        let (mut out, mut protocol) = (Bytes::new(), Protocol::V2);
        let _ = self.session.deliver(&mut Encoder::new(&mut out, &mut protocol));
        let mut rest = &out[..];
        while let Some((message, len)) = wire::parse_reply(rest)? {
            rest = &rest[len..];
            self.hear(&message)?;
        }
        Ok(())
    }

    fn hear(&mut self, message: &Value) -> Result<(), String> {
        let Value::Many(_, parts) = message else { return Err(format!("{message:?} came")) };
        let channel = parts.get(2).and_then(Value::text).unwrap_or_default();
        match channel.rsplit(|&byte| byte == b':').next() {
            Some(b"expired") => self.expired += 1,
            Some(b"evicted") => self.evicted += 1,
            _ => return Err(format!("a message came on {}", wire::quoted(channel))),
        }
        Ok(())
    }

    /// Goes away.
    pub(crate) fn close(self) {
        self.kernel.close_session(self.session);
    }
}

fn sets_field_deadlines(plan: &Plan) -> bool {
    let steps = plan.scripts.iter().flat_map(|script| &script.steps);
    let mut requests = steps.flat_map(|step| &step.requests);
    requests.any(|request| {
        let text = match request {
            Request::Words(words) => words.join(&b' '),
            Request::Bytes(bytes) => [words_of(bytes), bytes.clone()].concat(),
        };
        let text = text.to_ascii_lowercase();
        let says = |word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
        FIELD_DEADLINES.iter().any(|word| says(word))
    })
}

/// The words of requests, which may be written with escapes.
fn words_of(mut bytes: &[u8]) -> Bytes {
    let mut text = Bytes::new();
    loop {
        let len = match wire::parse_request(bytes) {
            wire::Request::Arguments(words, len) => {
                text.extend(words.join(&b' '));
                len
            }
            wire::Request::Nothing(len) => len,
            wire::Request::Incomplete | wire::Request::Malformed(_) => return text,
        };
        bytes = &bytes[len..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::{kernel, moment};

    fn listener() -> (Listener, Arc<Kernel>, Session) {
        let kernel = kernel(&Plan::new(1, None), &[("notify-keyspace-events", EVENTS.into())]);
        let plan = Plan { scripts: Vec::new(), ..Plan::new(1, None) };
        let session = kernel.open_session(Peer::default(), moment(0)).expect("there is room");
        (Listener::new(&kernel, &plan, moment(0)), kernel, session)
    }

    #[test]
    fn a_missing_and_a_surplus_event_are_noticed() {
        let (mut listener, kernel, mut session) = listener();
        ask(&kernel, &mut session, moment(0), &[b"SET", b"k", b"v", b"PX", b"1"]);
        ask(&kernel, &mut session, moment(9000), &[b"GET", b"k"]);
        assert_eq!(listener.check(), Ok(()));
        ask(&kernel, &mut session, moment(9000), &[b"SET", b"k", b"v", b"PX", b"1"]);
        ask(
            &kernel,
            &mut session,
            moment(9000),
            &[b"CONFIG", b"SET", b"notify-keyspace-events", b""],
        );
        ask(&kernel, &mut session, moment(20_000), &[b"GET", b"k"]);
        assert!(listener.check().is_err());
        let channel = b"__keyevent@0__:evicted";
        ask(&kernel, &mut session, moment(20_000), &[b"PUBLISH", channel, b"k"]);
        listener.expired += 1;
        assert!(listener.check().is_err());
    }
}
