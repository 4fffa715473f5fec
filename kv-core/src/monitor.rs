//! MONITOR: sessions that are shown every command that any session runs.

use crate::args::Args;
use crate::command::{Command, flag};
use crate::mailbox::{Message, Push};
use crate::now::Now;
use crate::session::{Origin, Profile, Session};
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};
use crate::words::quote_always;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The sessions that are shown commands. As long as there are none, a command costs one look.
#[derive(Debug, Default)]
pub struct Monitors {
    sessions: Mutex<BTreeMap<u64, Arc<Profile>>>,
    count: AtomicUsize,
}

impl Monitors {
    /// Whether this command, if it runs now, is to be shown. Those of administrators are not.
    #[inline]
    pub(crate) fn watch(&self, command: &Command) -> bool {
        self.count.load(Relaxed) > 0 && command.flags & (flag::ADMIN | flag::SKIP_MONITOR) == 0
    }

    /// Shows a command that has just run. One whose mail takes more than `max` bytes is closed.
    #[cold]
    pub(crate) fn show(
        &self,
        session: &Session,
        command: &Command,
        args: Args<'_>,
        now: Now,
        max: usize,
    ) {
        let push = Arc::new(Push::Line(line(session, command, args, now).into()));
        for monitor in self.sessions().values() {
            monitor.mailbox.put(Message::Push(Arc::clone(&push)), max);
        }
    }

    pub(crate) fn add(&self, session: &Arc<Profile>) {
        let mut sessions = self.sessions();
        sessions.insert(session.id, Arc::clone(session));
        self.count.store(sessions.len(), Relaxed);
    }

    pub(crate) fn remove(&self, session: u64) {
        let mut sessions = self.sessions();
        sessions.remove(&session);
        self.count.store(sessions.len(), Relaxed);
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Profile>>> {
        self.sessions.lock().expect("nothing panics while it holds the monitors")
    }
}

fn line(session: &Session, command: &Command, args: Args<'_>, now: Now) -> String {
    let (seconds, micros) = (now.unix_us / 1_000_000, now.unix_us % 1_000_000);
    let (database, origin) = (session.database, origin(session.profile()));
    let mut line = format!("{seconds}.{micros:06} [{database} {origin}]").into_bytes();
    for (at, arg) in args.from(0).enumerate() {
        let is_secret = command.secrets.is_some_and(|is_secret| is_secret(args, at));
        line.push(b' ');
        quote_always(if is_secret { b"(redacted)" } else { arg }, &mut line);
    }
    String::from_utf8(line).expect("what is quoted is ASCII")
}

/// Where a client comes from: its address, or the path of the Unix socket.
fn origin(profile: &Profile) -> String {
    match (profile.origin, profile.address.strip_suffix(":0")) {
        (Origin::Unix, Some(path)) => format!("unix:{path}"),
        _ => profile.address.to_string(),
    }
}
