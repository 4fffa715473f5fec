//! CLIENT TRACKING: being told of what a client has in its cache.

use super::{Bytes, Letter, Model, Outcome, Run, is, ok};
use crate::wire::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The commands whose readers plans may cache, and which read all of their arguments or the first.
const READING: &[(&str, bool)] =
    &[("exists", true), ("get", false), ("getrange", false), ("mget", true), ("strlen", false)];

/// Who caches what.
#[derive(Clone, Debug, Default)]
pub(super) struct Caching {
    clients: BTreeMap<u64, Client>,
    /// Who has read a key since it changed, of any database.
    readers: BTreeMap<Bytes, BTreeSet<u64>>,
    /// What has changed of what somebody wants to know by prefix, with who changed it last.
    changed: BTreeMap<Bytes, BTreeMap<Bytes, u64>>,
    /// Whose request runs.
    author: u64,
}

impl Caching {
    /// The prefixes of which somebody wants to know.
    fn prefixes(&self) -> BTreeSet<Bytes> {
        self.clients.values().flat_map(|client| client.prefixes.iter().cloned()).collect()
    }
}

/// A client that caches.
#[derive(Clone, Debug)]
struct Client {
    mode: Mode,
    prefixes: BTreeSet<Bytes>,
    /// CLIENT CACHING was about the next request.
    is_chosen: bool,
    protocol: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mode {
    by_prefix: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
}

impl Client {
    fn remembers(&self) -> bool {
        let Mode { by_prefix, opt_in, opt_out, .. } = self.mode;
        let is_left_out = if self.is_chosen { opt_out } else { opt_in };
        !by_prefix && !is_left_out
    }

    /// What it is told of these keys, or of all.
    fn letter(&self, keys: Option<&[&Bytes]>) -> Option<Letter> {
        let array =
            |keys: &[&Bytes]| Value::array(keys.iter().map(|key| Value::bulk(key)).collect());
        let keys = keys.map_or(Value::Line(b'_', vec![]), array);
        let push = Value::Many(b'>', vec![Value::bulk(b"invalidate"), keys]);
        (self.protocol == 3).then_some(Letter::Push(push))
    }
}

impl Model {
    /// This session's request runs from now on.
    pub(super) fn sign(&mut self, session: u64) {
        self.caching.author = session;
    }

    /// Tells those who have read a key, and in the end those who know it by prefix, that it has
    /// changed.
    pub(super) fn invalidate(&mut self, key: &[u8]) {
        let prefixes = self.caching.prefixes();
        let Caching { clients, readers, changed, author } = &mut self.caching;
        for prefix in prefixes.into_iter().filter(|prefix| key.starts_with(prefix)) {
            changed.entry(prefix).or_default().insert(key.to_vec(), *author);
        }
        for id in readers.remove(key).unwrap_or_default() {
            let is_silent = |mode: Mode| mode.by_prefix || mode.no_loop && id == *author;
            let client = clients.get(&id).filter(|client| !is_silent(client.mode));
            let letter = client.and_then(|client| client.letter(Some(&[&key.to_vec()])));
            self.letters.extend(letter.map(|letter| (id, letter)));
        }
    }

    /// Tells all who cache that everything has changed.
    pub(super) fn invalidate_all(&mut self) {
        self.caching.readers.clear();
        for (&id, client) in &self.caching.clients {
            self.letters.extend(client.letter(None).map(|letter| (id, letter)));
        }
    }

    /// A server has run what it had: tells of changes by prefix.
    pub(crate) fn publish_changes(&mut self) {
        let Caching { clients, changed, .. } = &mut self.caching;
        for (prefix, changed) in std::mem::take(changed) {
            for (&id, client) in clients.iter().filter(|it| it.1.prefixes.contains(&prefix)) {
                let is_told = |it: &(&Bytes, &u64)| !(client.mode.no_loop && *it.1 == id);
                let keys: Vec<&Bytes> =
                    changed.iter().filter(is_told).map(|(key, _)| key).collect();
                let letter = client.letter(Some(&keys)).filter(|_| !keys.is_empty());
                self.letters.extend(letter.map(|letter| (id, letter)));
            }
        }
    }

    /// A session caches no more, and never will again.
    pub(super) fn forget_cache(&mut self, session: u64) {
        self.caching.clients.remove(&session);
        let prefixes = self.caching.prefixes();
        self.caching.changed.retain(|prefix, _| prefixes.contains(prefix));
    }
}

impl Run<'_> {
    /// The session has another protocol now.
    pub(super) fn note_protocol(&mut self) {
        let (id, protocol) = (self.session.id, self.session.protocol);
        if let Some(client) = self.model.caching.clients.get_mut(&id) {
            client.protocol = protocol;
        }
    }

    /// Notes the keys that the request has read, if its client caches them.
    pub(super) fn note_reader(&mut self) {
        let id = self.session.id;
        let Caching { clients, readers, .. } = &mut self.model.caching;
        if !clients.get(&id).is_some_and(Client::remembers) {
            return;
        }
        let Some((_, all)) = READING.iter().find(|(name, _)| is(&self.args[0], name)) else {
            return;
        };
        for key in self.args[1..].iter().take(if *all { usize::MAX } else { 1 }) {
            readers.entry(key.clone()).or_default().insert(id);
        }
    }

    /// What CLIENT CACHING said is over, but within a transaction.
    pub(super) fn end_choice(&mut self) {
        let client = self.model.caching.clients.get_mut(&self.session.id);
        if let Some(client) = client.filter(|_| !self.session.has_transaction()) {
            client.is_chosen = false;
        }
    }
}

/// `CLIENT TRACKING ON|OFF [BCAST] [PREFIX prefix] [OPTIN] [OPTOUT] [NOLOOP]`
pub(super) fn tracking(run: &mut Run<'_>) -> Outcome {
    let id = run.session.id;
    if is(&run.args[2], "OFF") {
        run.model.forget_cache(id);
        return ok();
    }
    let has = |word: &str| run.args[3..].iter().any(|arg| is(arg, word));
    let mode = Mode {
        by_prefix: has("BCAST"),
        opt_in: has("OPTIN"),
        opt_out: has("OPTOUT"),
        no_loop: has("NOLOOP"),
    };
    let named = run.args[3..].windows(2).filter(|two| is(&two[0], "PREFIX"));
    let mut prefixes: BTreeSet<Bytes> = named.map(|two| two[1].clone()).collect();
    let old = run.model.caching.clients.get(&id);
    check(mode, &prefixes, old)?;
    if mode.by_prefix && prefixes.is_empty() {
        prefixes.insert(Bytes::new());
    }
    prefixes.extend(old.into_iter().flat_map(|old| old.prefixes.clone()));
    let is_chosen = old.is_some_and(|old| old.is_chosen);
    let client = Client { mode, prefixes, is_chosen, protocol: run.session.protocol };
    run.model.caching.clients.insert(id, client);
    ok()
}

/// Whether the options go together, and with those of before.
fn check(new: Mode, prefixes: &BTreeSet<Bytes>, old: Option<&Client>) -> Result<(), Bytes> {
    let cannot_switch = |what: &str| {
        let how = "before disabling tracking for this client, and then re-enabling it with a \
                   different mode.";
        Bytes::from(format!("ERR You can't switch {what} {how}"))
    };
    let old_mode = old.map(|old| old.mode);
    if !new.by_prefix && !prefixes.is_empty() {
        return Err("ERR PREFIX option requires BCAST mode to be enabled".into());
    }
    if old_mode.is_some_and(|old| old.by_prefix != new.by_prefix) {
        return Err(cannot_switch("BCAST mode on/off"));
    }
    if new.by_prefix && (new.opt_in || new.opt_out) {
        return Err("ERR OPTIN and OPTOUT are not compatible with BCAST".into());
    }
    if new.opt_in && new.opt_out {
        return Err("ERR You can't specify both OPTIN mode and OPTOUT mode".into());
    }
    if old_mode.is_some_and(|old| new.opt_in && old.opt_out || new.opt_out && old.opt_in) {
        return Err(cannot_switch("OPTIN/OPTOUT mode"));
    }
    let known = || old.into_iter().flat_map(|old| &old.prefixes);
    for prefix in prefixes {
        let overlaps = |it: &&Bytes| it.starts_with(prefix) || prefix.starts_with(it);
        if let Some(other) = known().find(overlaps) {
            let end = &b"'. Prefixes for a single client must not overlap."[..];
            let middle = &b"' overlaps with an existing prefix '"[..];
            return Err([b"ERR Prefix '", &prefix[..], middle, other, end].concat());
        }
    }
    Ok(())
}

/// `CLIENT CACHING YES|NO`
pub(super) fn caching(run: &mut Run<'_>) -> Outcome {
    let client = run.model.caching.clients.get_mut(&run.session.id);
    let client = client.ok_or(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or \
         OPTOUT mode enabled",
    )?;
    let is_yes = is(&run.args[2], "YES");
    let (fits, answer, mode) = match is_yes {
        true => (client.mode.opt_in, "YES", "OPTIN"),
        false => (client.mode.opt_out, "NO", "OPTOUT"),
    };
    if !fits {
        let when = format!("is only valid when tracking is enabled in {mode} mode.");
        return Err(format!("ERR CLIENT CACHING {answer} {when}").into());
    }
    client.is_chosen = true;
    ok()
}
