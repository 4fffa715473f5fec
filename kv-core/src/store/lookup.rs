//! Having fetched from memory what requests will look for, before they run.
//!
//! Whatever is found in a large table is waited for two to five times in sequence: each part that has
//! arrived leads to the next. Several requests wait at the same time if each step is taken for all of
//! them before the next one. The steps are short loops over the requests, because a processor looks
//! some hundred instructions ahead: what one pass of a loop waits for must not keep it from beginning
//! the next.

use super::{Access, HashedKey, Held, Shard, try_lock};
use crate::keyspace::Keyspace;
use crate::value::{Approach, Guess, Value};

/// For how many requests a step is taken before the next one. More would gain little, since a
/// processor waits for some ten parts of memory at once, and what is fetched must still be in its cache
/// when it is used.
pub const LOOKUPS_MAX: usize = 16;

/// What a request will look for.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The first of its keys.
    pub(crate) key: HashedKey,
    /// The database that it is likely to find it in.
    database: u32,
    /// What it looks for in a large collection there.
    pub(crate) approach: Option<Approach>,
}

impl Lookup {
    #[inline]
    pub(crate) fn new(key: HashedKey, database: usize) -> Self {
        Self { key, database: database as u32, approach: None }
    }

    /// What has been found out.
    pub(crate) fn guess(&self) -> &Guess {
        self.approach.as_ref().map_or(&Guess::NONE, |approach| &approach.guess)
    }

    fn keyspace<'s>(&self, shard: &'s Shard) -> &'s Keyspace {
        &shard.databases[self.database as usize]
    }
}

impl Access<'_> {
    /// Has fetched what requests will look for, each of them as `lookup` tells. Changes nothing but the
    /// time that they take.
    pub fn prefetch<T>(
        &mut self,
        requests: &mut [T],
        lookup: impl Fn(&mut T) -> Option<&mut Lookup>,
    ) {
        for requests in requests.chunks_mut(LOOKUPS_MAX) {
            for step in [Keyspace::prefetch_table, Keyspace::prefetch_entry] {
                for lookup in requests.iter_mut().filter_map(&lookup) {
                    let hash = lookup.key.hash();
                    self.peek(self.store.shard_of(hash), |shard| {
                        let keyspace = lookup.keyspace(shard);
                        if keyspace.exceeds_cache() {
                            step(keyspace, hash);
                        }
                    });
                }
            }
            self.approach(requests, &lookup);
        }
    }

    /// Takes the steps that lead to members of large collections.
    fn approach<T>(&mut self, requests: &mut [T], lookup: &impl Fn(&mut T) -> Option<&mut Lookup>) {
        let store = self.store;
        let shard_of = |request: &mut T| {
            let lookup = lookup(request).filter(|lookup| lookup.approach.is_some());
            lookup.map(|lookup| store.shard_of(lookup.key.hash()))
        };
        let mut is_done = [false; LOOKUPS_MAX];
        for first in 0..requests.len() {
            if is_done[first] {
                continue;
            }
            let Some(shard) = shard_of(&mut requests[first]) else { continue };
            let rest = requests[first..].iter_mut().zip(&mut is_done[first..]);
            let alike = rest.filter_map(|(request, is_done)| {
                let is_alike = shard_of(request) == Some(shard);
                *is_done |= is_alike;
                is_alike.then(|| lookup(request)).flatten()
            });
            self.peek(shard, |shard| approach_in(shard, alike));
        }
    }

    /// Shows a shard, unless another thread is just using it.
    #[inline]
    fn peek(&mut self, shard: usize, look: impl FnOnce(&Shard)) {
        match &self.held {
            Held::Only(shard) => look(shard),
            Held::None | Held::Several(_) => {
                if let Some(shard) = try_lock(&self.store.shards[shard]) {
                    look(&shard);
                }
            }
        }
    }
}

fn approach_in<'l>(shard: &Shard, lookups: impl Iterator<Item = &'l mut Lookup>) {
    let mut ways: [Option<(&Value, &mut Approach)>; LOOKUPS_MAX] = [const { None }; LOOKUPS_MAX];
    let mut len = 0;
    // Requests of one pipeline often are for the same collection.
    let mut last = None;
    for (way, lookup) in ways.iter_mut().zip(lookups) {
        let name = (lookup.database, lookup.key.hash());
        let value = match last {
            Some((other, value)) if other == name => value,
            _ => lookup.keyspace(shard).candidate(lookup.key.hash()),
        };
        last = Some((name, value));
        *way = value.zip(lookup.approach.as_mut());
        len += 1;
    }
    let mut goes_on = true;
    while goes_on {
        goes_on = false;
        for way in &mut ways[..len] {
            let has_next = way.as_mut().is_some_and(|(value, approach)| value.approach(approach));
            if !has_next {
                *way = None;
            }
            goes_on |= has_next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::OwnedArgs;
    use crate::config::Config;
    use crate::kernel::{Batch, Flow, Kernel, NoHost};
    use crate::now::Now;
    use crate::recording::Recording;
    use crate::reply::Protocol;
    use crate::session::{Peer, Session};
    use crate::value::tree::LeafNumber;

    const NOW: Now = Now { mono_us: 0, unix_us: 1_700_000_000_000_000 };
    const KEYS: usize = 5;
    const MEMBERS: usize = 300;

    fn key(number: usize) -> String {
        format!("set:{}", number % KEYS)
    }

    fn run(batch: &mut Batch<'_>, session: &mut Session, request: &str) {
        let request: OwnedArgs = request.split(' ').collect();
        let mut out = Recording::new(Protocol::V2);
        assert_eq!(batch.execute(session, request.as_args(), &mut out), Flow::Continue);
    }

    /// A store of so many shards, with some large sorted sets and a string.
    fn kernel(shards: usize) -> Kernel {
        let kernel = Kernel::new(Config::default(), shards, 1, Box::new(NoHost::default()), NOW);
        let mut session = kernel.open_session(Peer::default(), NOW).expect("it is the first");
        let mut batch = kernel.batch(NOW);
        for number in 0..KEYS * MEMBERS {
            let request = format!("ZADD {} {number} member:{number}", key(number));
            run(&mut batch, &mut session, &request);
        }
        run(&mut batch, &mut session, "SET string x");
        drop(batch);
        kernel
    }

    #[test]
    fn members_in_all_shards_are_found_ahead() {
        for shards in [1, 2, 16] {
            let kernel = kernel(shards);
            let session = kernel.open_session(Peer::default(), NOW).expect("there are few");
            let mut batch = kernel.batch(NOW);
            // More than are approached at once, and some of nothing large.
            let is_small = |number: usize| number % 7 == 3;
            let mut prepared: Vec<_> = (0..3 * LOOKUPS_MAX + 1)
                .map(|number| {
                    let key = if is_small(number) { "string".to_owned() } else { key(number) };
                    let member = format!("member:{number}");
                    let request: OwnedArgs = ["ZADD", &key, "7", &member].iter().collect();
                    batch.prepare(&session, 0, request.as_args())
                })
                .collect();
            batch.prefetch(&mut prepared, |prepared| prepared);
            for (number, prepared) in prepared.iter().enumerate() {
                let &Guess { member, place, .. } = prepared.lookup.as_ref().expect("a key").guess();
                let found = [member, place].map(|leaf| leaf != LeafNumber::NONE);
                assert_eq!(found, [!is_small(number); 2], "{number} with {shards} shards");
            }
        }
    }
}
