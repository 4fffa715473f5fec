//! A collection while a command changes it.

use super::clock::AccessClock;
use super::{Shard, Store};
use crate::error::Error;
use crate::keyspace::{Input, Place};
use crate::value::pack::Pack;
use crate::value::{Collection, Packed, Value};
use std::ops::{Deref, DerefMut};

/// A collection that is being changed. In the end it is stored again, or its key removed if it is
/// empty.
#[derive(Debug)]
pub struct Edit<'v, T: Collection> {
    store: &'v Store,
    shard: &'v mut Shard,
    database: usize,
    key: &'v [u8],
    hash: u64,
    /// Where the entry is, if there is one.
    place: Option<Place>,
    /// The access clock in the end.
    accessed: u32,
    held: Held<T>,
}

#[derive(Debug)]
enum Held<T> {
    /// It is changed where it is. It took so many bytes before.
    Boxed { place: Place, before: usize },
    /// It was unpacked, or is new.
    Unpacked { value: T, is_changed: bool },
}

impl<'v, T: Collection> Edit<'v, T> {
    pub(super) fn new(
        store: &'v Store,
        shard: &'v mut Shard,
        database: usize,
        key: &'v [u8],
        hash: u64,
        place: Option<Place>,
        clock: AccessClock,
    ) -> Result<Self, Error> {
        let keyspace = &mut shard.databases[database];
        let growth = keyspace.growth();
        let held = match place {
            None => Held::Unpacked { value: T::unpack(Pack::default(), growth), is_changed: false },
            Some(place) if keyspace.entry(place).kind() != Some(T::KIND) => {
                return Err(Error::WrongType);
            }
            Some(place) => match keyspace.unpack(place) {
                Some(pack) => Held::Unpacked { value: T::unpack(pack, growth), is_changed: false },
                None => Held::Boxed { place, before: keyspace.boxed(place).heap_bytes() },
            },
        };
        let accessed = match place {
            Some(place) => {
                clock.touch(keyspace, place, &mut shard.rng);
                keyspace.entry(place).clock()
            }
            None => clock.stored(None, &mut shard.rng),
        };
        Ok(Self { store, shard, database, key, hash, place, accessed, held })
    }

    /// Whether the key was there before.
    pub fn exists(&self) -> bool {
        self.place.is_some()
    }

    /// Drops a value that was part of the collection: at once if that is quick, else in slices.
    pub fn discard(&mut self, part: impl Into<Value>) {
        self.shard.discard(Some(Box::new(part.into())), self.store, self.database);
    }

    fn boxed(&self, place: Place) -> &T {
        let value = self.shard.databases[self.database].boxed(place);
        T::of(value).expect("the type was looked at in the beginning")
    }

    fn put(&mut self, value: Input<'_>) {
        let keyspace = &mut self.shard.databases[self.database];
        let deadline = self.place.and_then(|place| keyspace.entry(place).deadline());
        let old = keyspace.put(self.hash, self.key, self.place, value, deadline, self.accessed);
        debug_assert!(old.is_none(), "what was boxed is changed in its place");
    }

    fn put_pack(&mut self, pack: Pack) {
        self.put(Input::Packed(Packed { kind: T::KIND, pack: pack.view() }));
        self.shard.databases[self.database].keep_scratch(pack.into_bytes());
    }

    /// Whether the key is to be removed.
    fn store_again(&mut self) -> bool {
        let growth = self.shard.databases[self.database].growth();
        let gone = T::unpack(Pack::default(), growth);
        let gone = Held::Unpacked { value: gone, is_changed: false };
        match std::mem::replace(&mut self.held, gone) {
            Held::Boxed { place, before } => {
                let is_empty = self.boxed(place).is_empty();
                let keyspace = &mut self.shard.databases[self.database];
                let after = keyspace.boxed(place).heap_bytes();
                keyspace.resized(before, after);
                is_empty
            }
            Held::Unpacked { value, .. } if value.is_empty() => self.place.is_some(),
            Held::Unpacked { value, is_changed } => {
                match value.into_pack() {
                    Ok(pack) if is_changed => self.put_pack(pack),
                    Ok(pack) => {
                        self.shard.databases[self.database].keep_scratch(pack.into_bytes());
                    }
                    Err(value) => self.put(Input::Owned(value.into())),
                }
                false
            }
        }
    }
}

impl<T: Collection> Deref for Edit<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.held {
            Held::Boxed { place, .. } => self.boxed(*place),
            Held::Unpacked { value, .. } => value,
        }
    }
}

impl<T: Collection> DerefMut for Edit<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.held {
            Held::Unpacked { value, is_changed } => {
                *is_changed = true;
                value
            }
            Held::Boxed { place, .. } => {
                let keyspace = &mut self.shard.databases[self.database];
                let value = keyspace.boxed_mut(*place).expect("it was boxed in the beginning");
                T::of_mut(value).expect("the type was looked at in the beginning")
            }
        }
    }
}

impl<T: Collection> Drop for Edit<'_, T> {
    fn drop(&mut self) {
        let is_removed = self.store_again();
        let keyspace = &mut self.shard.databases[self.database];
        let place = self.place.filter(|_| is_removed);
        let value = place.and_then(|place| keyspace.remove(self.hash, place));
        self.shard.discard(value, self.store, self.database);
    }
}
