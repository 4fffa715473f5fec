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
    /// Not a byte of it is another than before.
    is_same: bool,
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

    /// The integer that is there, if there is one, as it lies there.
    pub(super) fn int_mut(&mut self) -> Option<&mut [u8; 8]> {
        let place = self.place?;
        self.keyspace_mut().int_mut(place)
    }

    /// The value was overwritten in its place.
    pub(super) fn store_in_place(self, clock: AccessClock) {
        let Self { store, shard, database, key, place, .. } = self;
        let (place, keyspace) = (place.expect("a value was there"), &mut shard.databases[database]);
        let accessed = clock.stored(Some(keyspace.entry(place).clock()), &mut shard.rng);
        keyspace.set_clock(place, accessed);
        shard.tell(store, database, key);
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
        if let (Some(place), Input::String(string)) = (place, &value)
            && keyspace.overwrite(place, *string, deadline, accessed)
        {
            return (shard, false);
        }
        let replaced = keyspace.put(hash, key, place, value, deadline, accessed);
        note_deadline(store, keyspace, deadline);
        shard.discard(replaced, store, database);
        if place.is_none() {
            store.publish_event(event::NEW, database, key);
        }
        (shard, true)
    }
}

#[derive(Debug)]
enum Held<T> {
    /// Taken out of its entry for the time being. It took so many bytes before.
    Boxed { value: Box<Value>, before: usize },
    /// It was unpacked, or is new.
    Unpacked(T),
    /// It was stored again.
    Stored,
}

impl<T: Collection> Held<T> {
    fn new(keyspace: &mut Keyspace, place: Option<Place>) -> Result<Self, Error> {
        let growth = keyspace.growth();
        let unpacked = |pack| Self::Unpacked(T::unpack(pack, growth));
        let Some(place) = place else { return Ok(unpacked(Pack::default())) };
        if let Some(value) = keyspace.lend(place) {
            if T::of(&value).is_none() {
                keyspace.return_unchanged(place, value);
                return Err(Error::WrongType);
            }
            let before = value.heap_bytes();
            return Ok(Self::Boxed { value, before });
        }
        if keyspace.entry(place).kind() != Some(T::KIND) {
            return Err(Error::WrongType);
        }
        Ok(unpacked(keyspace.unpack(place).expect("what is not boxed is in its entry")))
    }
}

impl<'v, T: Collection> Edit<'v, T> {
    pub(super) fn new(found: Found<'v>, clock: AccessClock) -> Result<Self, Error> {
        let place = found.place;
        let keyspace = &mut found.shard.databases[found.database];
        let held = Held::new(keyspace, place)?;
        let accessed = match place {
            Some(place) => {
                clock.touch(keyspace, place, &mut found.shard.rng);
                keyspace.entry(place).clock()
            }
            None => clock.stored(None, &mut found.shard.rng),
        };
        Ok(Self {
            found,
            accessed,
            held,
            is_changed: false,
            is_same: true,
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
        let was_same = self.is_same;
        let count = change(self);
        match count {
            0 => (self.is_changed, self.is_same) = (false, was_same),
            _ => self.notify(event),
        }
        count
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
        let old = keyspace.put(hash, key, place, value, deadline, self.accessed);
        debug_assert!(old.is_none(), "what was boxed is changed in its place");
        self.has_moved = true;
    }

    fn put_pack(&mut self, pack: Pack) {
        self.put(Input::Packed(Packed { kind: T::KIND, pack: pack.view() }));
        self.found.keyspace_mut().keep_scratch(pack.into_bytes());
    }

    /// Whether the collection is empty, so that there must not be a key in the end.
    fn store_again(&mut self) -> bool {
        match std::mem::replace(&mut self.held, Held::Stored) {
            Held::Boxed { value, before } if self.is_same => {
                debug_assert_eq!(value.heap_bytes(), before, "it takes other memory");
                let is_empty = of::<T>(&value).is_empty();
                let place = self.found.place.expect("it was taken out of an entry");
                self.found.keyspace_mut().return_unchanged(place, value);
                is_empty
            }
            Held::Boxed { value, before } => {
                let is_empty = of::<T>(&value).is_empty();
                let Found { hash, place, .. } = self.found;
                let place = place.expect("it was taken out of an entry");
                self.has_moved |= self.found.keyspace_mut().give_back(hash, place, value, before);
                is_empty
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

fn of<T: Collection>(value: &Value) -> &T {
    T::of(value).expect("the type was looked at in the beginning")
}

impl<T: Collection> Deref for Edit<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.held {
            Held::Boxed { value, .. } => of(value),
            Held::Unpacked(value) => value,
            Held::Stored => unreachable!("{STORED}"),
        }
    }
}

impl<T: Collection> DerefMut for Edit<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        (self.is_changed, self.is_same) = (true, false);
        match &mut self.held {
            Held::Unpacked(value) => value,
            Held::Boxed { value, .. } => {
                T::of_mut(value).expect("the type was looked at in the beginning")
            }
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
