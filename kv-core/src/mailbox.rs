//! What sessions are told besides the replies to their own requests.
//!
//! A message is put into the mailbox of a session by whatever thread causes it, and written by the
//! server that has the session. A server is told of mailboxes by its [`Post`]; that there is
//! something new for a post, whoever comes by learns from the [`Bell`], and wakes the server.

use crate::rare::{Rare, sometimes};
use crate::recording::Recording;
use crate::reply::{Protocol, Reply};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, OnceLock};
use std::collections::VecDeque;
use std::sync::Arc;

/// The most posts that a kernel can have: as many threads as there can be.
pub const POSTS_MAX: usize = 64;

/// What a session is told.
#[derive(Clone, Debug)]
pub enum Message {
    /// To be written as it is.
    Push(Arc<Push>),
    /// The reply to the request that the session waits for.
    Reply(Arc<Recording>),
    /// The connection is to be closed.
    Close,
}

/// A message that several sessions may get.
#[derive(Debug)]
pub enum Push {
    /// To the subscribers of a channel.
    Message {
        /// Its kind: `message`, or `smessage` for a shard channel.
        kind: &'static str,
        /// The channel.
        channel: Box<[u8]>,
        /// What was published.
        payload: Box<[u8]>,
    },
    /// To the subscribers of a pattern.
    Matched {
        /// The pattern.
        pattern: Box<[u8]>,
        /// The channel.
        channel: Box<[u8]>,
        /// What was published.
        payload: Box<[u8]>,
    },
    /// To a client that caches: keys that are no longer what it knows, or all if there are none.
    Invalid(Option<Box<[Box<[u8]>]>>),
    /// To a client that caches: the session of this number, which was to be told, is gone.
    RedirectionBroken(u64),
    /// A line for MONITOR.
    Line(Box<str>),
}

impl Push {
    fn write(&self, out: &mut dyn Reply) {
        match self {
            Self::Message { kind, channel, payload } => {
                out.push(3);
                out.bulk(kind.as_bytes());
                out.bulk(channel);
                out.bulk(payload);
            }
            Self::Matched { pattern, channel, payload } => {
                out.push(4);
                out.bulk(b"pmessage");
                out.bulk(pattern);
                out.bulk(channel);
                out.bulk(payload);
            }
            Self::Invalid(keys) => write_invalid(keys.as_deref(), out),
            Self::RedirectionBroken(id) => {
                out.push(2);
                out.bulk(b"tracking-redir-broken");
                out.int(*id as i64);
            }
            Self::Line(line) => out.simple(line),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Message { channel, payload, .. } => channel.len() + payload.len(),
            Self::Matched { pattern, channel, payload } => {
                pattern.len() + channel.len() + payload.len()
            }
            Self::Invalid(keys) => keys.iter().flatten().map(|key| key.len()).sum(),
            Self::RedirectionBroken(_) => 0,
            Self::Line(line) => line.len(),
        }
    }
}

/// As a push of its own, or as a message of the channel that clients without pushes listen to.
fn write_invalid(keys: Option<&[Box<[u8]>]>, out: &mut dyn Reply) {
    if out.protocol() == Protocol::V3 {
        out.push(2);
        out.bulk(b"invalidate");
    } else {
        out.push(3);
        out.bulk(b"message");
        out.bulk(b"__redis__:invalidate");
    }
    match keys {
        Some(keys) => {
            out.array(keys.len());
            keys.iter().for_each(|key| out.bulk(key));
        }
        None => out.null(),
    }
}

impl Message {
    /// About how many bytes it takes that the client has not asked for.
    fn bytes(&self) -> usize {
        match self {
            Self::Push(push) => size_of::<Self>() + push.bytes(),
            Self::Reply(_) | Self::Close => 0,
        }
    }

    /// Whether it is among what CLIENT REPLY has dropped: what a client gets for its own requests.
    pub(crate) fn is_reply(&self) -> bool {
        match self {
            Self::Push(push) => matches!(**push, Push::Line(_)),
            Self::Reply(_) => true,
            Self::Close => false,
        }
    }

    /// Writes it. False if the connection is to be closed instead.
    pub(crate) fn write(&self, out: &mut dyn Reply) -> bool {
        match self {
            Self::Push(push) => push.write(out),
            Self::Reply(reply) => reply.play(out),
            Self::Close => return false,
        }
        true
    }
}

/// Where others leave messages for a session.
#[derive(Debug, Default)]
pub struct Mailbox {
    letters: Mutex<Letters>,
    /// Whether there are any, to be seen at a glance.
    is_full: AtomicBool,
    /// Whether it was said that the connection is to be closed. Changes under the lock of the letters, among
    /// which it would take eight bytes of each idle connection.
    is_closed: AtomicBool,
    /// The post, and the name by which its server knows the session.
    address: OnceLock<(Arc<Post>, u64)>,
}

#[derive(Debug, Default)]
struct Letters {
    messages: VecDeque<Message>,
    bytes: usize,
}

impl Mailbox {
    /// Has `post` told of letters, under this name, and of those that are there already.
    pub fn register(&self, post: &Arc<Post>, name: u64) {
        let letters = self.letters();
        let is_new = self.address.set((Arc::clone(post), name)).is_ok();
        assert!(is_new, "a session stays with its server");
        if !letters.messages.is_empty() {
            post.tell(name);
        }
    }

    /// Puts a message behind the others. If they take more than `max` bytes then, unless `max` is 0,
    /// they are all forgotten, and the connection is to be closed. False, and the message is forgotten, if
    /// that was said before: nobody would get it, however long the connection takes to close.
    pub fn put(&self, message: Message, max: usize) -> bool {
        let mut letters = self.letters();
        if self.is_closed.load(Ordering::Relaxed) {
            return false;
        }
        if matches!(message, Message::Close) {
            self.is_closed.store(true, Ordering::Relaxed);
        }
        let was_empty = letters.messages.is_empty();
        letters.bytes += message.bytes();
        if max > 0 && letters.bytes > max {
            sometimes(Rare::MailboxOverflows, true);
            letters.messages.clear();
            letters.bytes = 0;
            letters.messages.push_back(Message::Close);
        } else {
            letters.messages.push_back(message);
        }
        self.is_full.store(true, Ordering::Release);
        if let (true, Some((post, name))) = (was_empty, self.address.get()) {
            post.tell(*name);
        }
        true
    }

    /// Whether there are letters.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Acquire)
    }

    /// Takes the letters, in order.
    pub(crate) fn take(&self) -> VecDeque<Message> {
        let mut letters = self.letters();
        self.is_full.store(false, Ordering::Release);
        letters.bytes = 0;
        std::mem::take(&mut letters.messages)
    }

    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().expect("nothing panics while it holds letters")
    }
}

/// Tells a server which of its sessions have letters.
#[derive(Debug)]
pub struct Post {
    number: usize,
    bell: Arc<Bell>,
    names: Mutex<Vec<u64>>,
}

impl Post {
    /// One of the posts that this bell rings for.
    pub(crate) fn new(number: usize, bell: Arc<Bell>) -> Self {
        assert!(number < POSTS_MAX, "post {number} has no bell");
        Self { number, bell, names: Mutex::default() }
    }

    /// Its number.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Takes the names of the sessions that have letters.
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *self.names())
    }

    fn tell(&self, name: u64) {
        let mut names = self.names();
        names.push(name);
        if names.len() == 1 {
            self.bell.0.fetch_or(1 << self.number, Ordering::AcqRel);
        }
    }

    fn names(&self) -> MutexGuard<'_, Vec<u64>> {
        self.names.lock().expect("nothing panics while it holds names")
    }
}

/// Which posts have something new.
#[derive(Debug, Default)]
pub(crate) struct Bell(AtomicU64);

impl Bell {
    /// Rings for the first `count` posts, whether or not there are letters.
    pub(crate) fn ring_all(&self, count: usize) {
        let all = u64::MAX.checked_shr((POSTS_MAX - count) as u32).unwrap_or(0);
        self.0.fetch_or(all, Ordering::AcqRel);
    }

    /// The numbers of the posts that have something new, of which the caller has to tell.
    pub(crate) fn take(&self) -> u64 {
        match self.0.load(Ordering::Acquire) {
            0 => 0,
            _ => self.0.swap(0, Ordering::AcqRel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_told_of_letters_that_came_before_it_was_known() {
        let bell = Arc::<Bell>::default();
        let (post, mailbox) = (Arc::new(Post::new(3, Arc::clone(&bell))), Mailbox::default());
        mailbox.put(Message::Close, 0);
        assert_eq!(bell.take(), 0);
        mailbox.register(&post, 7);
        assert_eq!((bell.take(), post.take()), (1 << 3, vec![7]));
    }

    #[test]
    fn who_is_to_be_closed_is_told_nothing_more() {
        let mailbox = Mailbox::default();
        assert!(mailbox.put(Message::Close, 0));
        let line = Message::Push(Arc::new(Push::Line("m".into())));
        assert!(!mailbox.put(line.clone(), 200));
        assert!(matches!(mailbox.take().make_contiguous(), [Message::Close]));
        assert!(!mailbox.put(line, 200), "it is closed even when it has heard of that");
    }

    #[test]
    fn a_reply_does_not_count_against_the_limit_for_messages() {
        let mailbox = Mailbox::default();
        let mut reply = Recording::new(Protocol::V2);
        reply.bulk(&[b'r'; 300]);
        mailbox.put(Message::Reply(Arc::new(reply)), 0);
        let line = || Message::Push(Arc::new(Push::Line("m".repeat(50).into())));
        mailbox.put(line(), 200);
        assert_eq!(mailbox.take().len(), 2);
        for _ in 0..4 {
            mailbox.put(line(), 200);
        }
        assert!(matches!(mailbox.take().make_contiguous(), [Message::Close]));
    }
}
