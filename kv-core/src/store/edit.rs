//! A collection while a command changes it.

use super::clock::AccessClock;
use super::view::{Deadline, note_deadline};
use super::{Shard, Store, event};
use crate::error::Error;
use crate::keyspace::{Entry, Input, Keyspace, Place};
use crate::value::pack::Pack;
use crate::value::{Collection, Packed, Value};
use std::ops::{Deref, DerefMut};

/// A collection that is being changed. In the end it is stored again, or its key removed if it is
/// empty.
#[derive(Debug)]
pub struct Edit<'v, T: Collection> {
    found: Found<'v>,
    /// The access clock in the end.
    accessed: u32,
    held: Held<T>,
    is_changed: bool,
    /// It takes the same memory as before, is no emptier and waits for nothing else.
    is_even: bool,
    /// Something takes other memory than before.
    has_moved: bool,
    /// It was published that the key is new.
    is_announced: bool,
}

/// A key, looked up to be changed.
#[derive(Debug)]
pub(super) struct Found<'v> {
    pub(super) store: &'v Store,
    pub(super) shard: &'v mut Shard,
    pub(super) database: usize,
    pub(super) key: &'v [u8],
    pub(super) hash: u64,
    /// Where the entry is, if there is one.
    pub(super) place: Option<Place>,
}

impl<'v> Found<'v> {
    fn keyspace_mut(&mut self) -> &mut Keyspace {
        &mut self.shard.databases[self.database]
    }

    pub(super) fn entry(&self) -> Option<Entry<'_>> {
        self.place.map(|place| self.shard.databases[self.database].entry(place))
    }

    /// The collection that is boxed there.
    fn boxed<T: Collection>(&self) -> &T {
        self.entry().and_then(Entry::boxed).and_then(T::of).expect(BOXED)
    }

    /// If it is an integer, puts in its place what `compute` makes of it.
    #[inline]
    pub(super) fn update_int<E>(
        &mut self,
        compute: impl FnOnce(i64) -> Result<i64, E>,
        clock: AccessClock,
    ) -> Option<Result<i64, E>> {
        let Self { store, shard, database, key, place, .. } = self;
        let mut int = shard.databases[*database].int_mut((*place)?)?;
        let result = compute(int.get());
        if let Ok(result) = result {
            int.set(result);
            int.set_clock(clock.stored(Some(int.clock()), &mut shard.rng));
            shard.tell(store, *database, key);
        }
        Some(result)
    }

    /// Stores a value, whatever was there. `accessed` is the access clock, if the value brings one.
    /// Whether something may take other memory than before.
    pub(super) fn store(
        self,
        value: Input<'_>,
        deadline: Deadline,
        accessed: Option<u32>,
        clock: AccessClock,
    ) -> bool {
        let Self { store, database, key, .. } = self;
        let (shard, has_moved) = self.put(value, deadline, accessed, clock);
        shard.tell(store, database, key);
        has_moved
    }

    /// The same, without telling anybody of a change. Gives the key's shard too.
    pub(super) fn put(
        self,
        value: Input<'_>,
        deadline: Deadline,
        accessed: Option<u32>,
        clock: AccessClock,
    ) -> (&'v mut Shard, bool) {
        let Self { store, shard, database, key, hash, place } = self;
        let keyspace = &mut shard.databases[database];
        let old = place.map(|place| keyspace.entry(place));
        let deadline = match deadline {
            Deadline::At(unix_ms) => Some(unix_ms),
            Deadline::Clear => None,
            Deadline::Keep => old.and_then(Entry::deadline),
        };
        let accessed =
            accessed.unwrap_or_else(|| clock.stored(old.map(Entry::clock), &mut shard.rng));
        let stored = keyspace.put(hash, key, place, value, deadline, accessed);
        if stored.has_moved {
            note_deadline(store, keyspace, deadline);
            shard.discard(stored.replaced, store, database);
        }
        if place.is_none() {
            store.publish_event(event::NEW, database, key);
        }
        (shard, stored.has_moved)
    }
}

#[derive(Debug)]
enum Held<T> {
    /// In the box of its entry, where it is changed. It had so many bytes outside of itself before.
    Boxed { before: usize },
    /// It was unpacked, or is new.
    Unpacked(T),
    /// It was stored again.
    Stored,
}

impl<T: Collection> Held<T> {
    #[inline]
    fn new(keyspace: &mut Keyspace, place: Place) -> Result<Self, Error> {
        let entry = keyspace.entry(place);
        match entry.boxed() {
            Some(value) => {
                let collection = T::of(value).ok_or(Error::WrongType)?;
                Ok(Self::Boxed { before: collection.heap_bytes() })
            }
            None => {
                let growth = keyspace.growth();
                let pack = keyspace.unpack(place, T::KIND).ok_or(Error::WrongType)?;
                Ok(Self::Unpacked(T::unpack(pack, growth)))
            }
        }
    }
}

impl<'v, T: Collection> Edit<'v, T> {
    #[inline]
    pub(super) fn new(found: Found<'v>, clock: AccessClock) -> Result<Self, Error> {
        let keyspace = &mut found.shard.databases[found.database];
        let rng = &mut found.shard.rng;
        let (held, accessed) = match found.place {
            Some(place) => (Held::new(keyspace, place)?, clock.touch(keyspace, place, rng)),
            None => {
                let collection = T::unpack(Pack::default(), keyspace.growth());
                (Held::Unpacked(collection), clock.stored(None, rng))
            }
        };
        Ok(Self {
            found,
            accessed,
            held,
            is_changed: false,
            is_even: true,
            has_moved: false,
            is_announced: false,
        })
    }

    /// Whether the key was there before.
    pub fn exists(&self) -> bool {
        self.found.place.is_some()
    }

    /// All that was done has changed nothing that anybody should be told of.
    pub fn unchanged(&mut self) {
        self.is_changed = false;
    }

    /// Does all that is to be done. If it counts 0, not a byte is another than before; else this is its event.
    pub fn count(&mut self, event: &'static str, change: impl FnOnce(&mut T) -> usize) -> usize {
        let count = self.keep_even(change, |&count| count == 0);
        match count {
            0 => self.unchanged(),
            _ => self.notify(event),
        }
        count
    }

    /// Does what may leave the collection as large as it was, and waiting for what it waited for: `is_even`
    /// tells it by what comes of it.
    #[inline]
    pub fn keep_even<R>(
        &mut self,
        change: impl FnOnce(&mut T) -> R,
        is_even: impl FnOnce(&R) -> bool,
    ) -> R {
        let was_even = self.is_even;
        let result = change(self);
        self.is_even = was_even && is_even(&result);
        result
    }

    /// Publishes an event of the type's commands, if such events are asked for; before the first,
    /// that the key is new, if it is.
    pub fn notify(&mut self, event: &'static str) {
        let Found { store, database, key, .. } = self.found;
        if !self.exists() && !std::mem::replace(&mut self.is_announced, true) {
            store.publish_event(event::NEW, database, key);
        }
        store.publish_event((event::class_of(T::KIND), event), database, key);
    }

    /// Has requests that wait for the key run again, even if all that was done has changed nothing.
    pub fn wake(&mut self) {
        let Found { store, database, key, .. } = self.found;
        self.found.shard.wake(store, database, key);
    }

    /// Drops a value that was part of the collection: at once if that is quick, else in slices.
    pub fn discard(&mut self, part: impl Into<Value>) {
        let Found { store, database, .. } = self.found;
        self.found.shard.discard(Some(Box::new(part.into())), store, database);
        self.has_moved = true;
    }

    fn put(&mut self, value: Input<'_>) {
        let Found { hash, key, place, .. } = self.found;
        let keyspace = self.found.keyspace_mut();
        let deadline = place.and_then(|place| keyspace.entry(place).deadline());
        let stored = keyspace.put(hash, key, place, value, deadline, self.accessed);
        debug_assert!(stored.replaced.is_none(), "what was boxed is changed in its place");
        self.has_moved |= stored.has_moved;
    }

    fn put_pack(&mut self, pack: Pack) {
        self.put(Input::Packed(Packed { kind: T::KIND, pack: pack.view() }));
        self.found.keyspace_mut().keep_scratch(pack.into_bytes());
    }

    /// Whether the collection is empty, so that there must not be a key in the end.
    #[inline]
    fn store_again(&mut self) -> bool {
        match std::mem::replace(&mut self.held, Held::Stored) {
            Held::Boxed { before } if self.is_even => {
                debug_assert_eq!(self.found.boxed::<T>().heap_bytes(), before, "other memory");
                debug_assert!(!self.found.boxed::<T>().is_empty(), "it was stored like this");
                false
            }
            Held::Boxed { before } => {
                let Found { hash, place, .. } = self.found;
                let place = place.expect(BOXED);
                let settled = self.found.keyspace_mut().settle::<T>(hash, place, before);
                self.has_moved |= settled.has_moved;
                settled.is_empty
            }
            Held::Unpacked(value) if value.is_empty() => true,
            Held::Unpacked(value) => {
                match value.into_pack() {
                    Ok(pack) if self.is_changed => self.put_pack(pack),
                    Ok(pack) => {
                        self.found.keyspace_mut().keep_scratch(pack.into_bytes());
                    }
                    Err(value) => self.put(Input::Owned(value.into())),
                }
                false
            }
            Held::Stored => unreachable!("{STORED}"),
        }
    }
}

const STORED: &str = "it is stored again when it is dropped";
const BOXED: &str = "the type, and that it is boxed, was seen in the beginning";

impl<T: Collection> Deref for Edit<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.held {
            Held::Boxed { .. } => self.found.boxed(),
            Held::Unpacked(value) => value,
            Held::Stored => unreachable!("{STORED}"),
        }
    }
}

impl<T: Collection> DerefMut for Edit<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        (self.is_changed, self.is_even) = (true, false);
        match &mut self.held {
            Held::Boxed { .. } => {
                let place = self.found.place.expect(BOXED);
                let value = self.found.keyspace_mut().boxed_mut(place);
                value.and_then(T::of_mut).expect(BOXED)
            }
            Held::Unpacked(value) => value,
            Held::Stored => unreachable!("{STORED}"),
        }
    }
}

impl<T: Collection> Drop for Edit<'_, T> {
    fn drop(&mut self) {
        let is_empty = self.store_again();
        let Found { store, database, hash, place, .. } = self.found;
        let was_published = place.is_some() || self.is_announced;
        let place = place.filter(|_| is_empty);
        self.has_moved |= place.is_some();
        let value = place.and_then(|place| self.found.keyspace_mut().remove(hash, place));
        if self.has_moved {
            self.found.shard.discard(value, store, database);
            self.found.shard.publish(store, database);
        }
        if is_empty && was_published {
            store.publish_event(event::DEL, database, self.found.key);
        }
        if self.is_changed {
            self.found.shard.tell(store, database, self.found.key);
        }
    }
}
