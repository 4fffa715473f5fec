//! A collection while a command changes it.

use super::clock::AccessClock;
use super::{Shard, Store};
use crate::error::Error;
use crate::keyspace::{Input, Keyspace, Place};
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

impl Found<'_> {
    fn keyspace(&self) -> &Keyspace {
        &self.shard.databases[self.database]
    }

    fn keyspace_mut(&mut self) -> &mut Keyspace {
        &mut self.shard.databases[self.database]
    }
}

#[derive(Debug)]
enum Held<T> {
    /// It is changed where it is. It took so many bytes before.
    Boxed { place: Place, before: usize },
    /// It was unpacked, or is new.
    Unpacked { value: T, is_changed: bool },
}

impl<'v, T: Collection> Edit<'v, T> {
    pub(super) fn new(found: Found<'v>, clock: AccessClock) -> Result<Self, Error> {
        let place = found.place;
        let keyspace = &mut found.shard.databases[found.database];
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
                clock.touch(keyspace, place, &mut found.shard.rng);
                keyspace.entry(place).clock()
            }
            None => clock.stored(None, &mut found.shard.rng),
        };
        Ok(Self { found, accessed, held })
    }

    /// Whether the key was there before.
    pub fn exists(&self) -> bool {
        self.found.place.is_some()
    }

    /// Drops a value that was part of the collection: at once if that is quick, else in slices.
    pub fn discard(&mut self, part: impl Into<Value>) {
        let Found { store, database, .. } = self.found;
        self.found.shard.discard(Some(Box::new(part.into())), store, database);
    }

    fn boxed(&self, place: Place) -> &T {
        let value = self.found.keyspace().boxed(place);
        T::of(value).expect("the type was looked at in the beginning")
    }

    fn put(&mut self, value: Input<'_>) {
        let Found { hash, key, place, .. } = self.found;
        let keyspace = self.found.keyspace_mut();
        let deadline = place.and_then(|place| keyspace.entry(place).deadline());
        let old = keyspace.put(hash, key, place, value, deadline, self.accessed);
        debug_assert!(old.is_none(), "what was boxed is changed in its place");
    }

    fn put_pack(&mut self, pack: Pack) {
        self.put(Input::Packed(Packed { kind: T::KIND, pack: pack.view() }));
        self.found.keyspace_mut().keep_scratch(pack.into_bytes());
    }

    /// Whether the key is to be removed.
    fn store_again(&mut self) -> bool {
        let growth = self.found.keyspace().growth();
        let gone = T::unpack(Pack::default(), growth);
        let gone = Held::Unpacked { value: gone, is_changed: false };
        match std::mem::replace(&mut self.held, gone) {
            Held::Boxed { place, before } => {
                let is_empty = self.boxed(place).is_empty();
                let hash = self.found.hash;
                self.found.keyspace_mut().changed(hash, place, before);
                is_empty
            }
            Held::Unpacked { value, .. } if value.is_empty() => self.found.place.is_some(),
            Held::Unpacked { value, is_changed } => {
                match value.into_pack() {
                    Ok(pack) if is_changed => self.put_pack(pack),
                    Ok(pack) => {
                        self.found.keyspace_mut().keep_scratch(pack.into_bytes());
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
                let keyspace = self.found.keyspace_mut();
                let value = keyspace.boxed_mut(*place).expect("it was boxed in the beginning");
                T::of_mut(value).expect("the type was looked at in the beginning")
            }
        }
    }
}

impl<T: Collection> Drop for Edit<'_, T> {
    fn drop(&mut self) {
        let is_removed = self.store_again();
        let Found { store, database, hash, place, .. } = self.found;
        let place = place.filter(|_| is_removed);
        let value = place.and_then(|place| self.found.keyspace_mut().remove(hash, place));
        self.found.shard.discard(value, store, database);
    }
}
