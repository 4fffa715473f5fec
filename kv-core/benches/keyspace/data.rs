//! Keys and values, and those who hold them.

use hashbrown::HashMap;
use kv_core::hash::KeyHasher;
use kv_core::keyspace::{Keyspace, Place, Sizes};
use kv_core::rng::Rng;
use kv_core::value::string::StrRef;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;

pub(crate) type Key = [u8; 16];
pub(crate) type Text = [u8; 32];

/// The bytes that a key and its value have themselves.
pub(crate) const RAW: usize = size_of::<Key>() + size_of::<Text>();

/// The key of a number: `key:000000000042`.
pub(crate) fn key(number: usize) -> Key {
    let mut key = [0; size_of::<Key>()];
    write!(&mut key[..], "key:{number:012}").expect("there is room for twelve digits");
    key
}

/// The value of a number. Its last byte is 0.
pub(crate) fn text(number: usize) -> Text {
    let mut text = [0; size_of::<Text>()];
    write!(&mut text[..], "value:{number:025}").expect("there is room for 25 digits");
    text
}

pub(crate) fn hasher() -> KeyHasher {
    KeyHasher::new(&mut Rng::new(1))
}

/// An empty keyspace, as large as a server with one shard has it.
pub(crate) fn keyspace() -> Keyspace {
    Keyspace::new(0, hasher(), Sizes::default())
}

/// A keyspace with this many keys.
pub(crate) fn filled_keyspace(keys: usize, deadline: impl Fn(usize) -> Option<i64>) -> Keyspace {
    let (mut keyspace, hasher) = (keyspace(), hasher());
    for number in 0..keys {
        let (key, text) = (key(number), text(number));
        put(&mut keyspace, hasher.hash(&key), &key, None, &text, deadline(number));
    }
    keyspace
}

/// Stores a string that replaces a string, if anything.
#[inline]
pub(crate) fn put(
    keyspace: &mut Keyspace,
    hash: u64,
    key: &Key,
    place: Option<Place>,
    text: &Text,
    deadline: Option<i64>,
) {
    let old = keyspace.put(hash, key, place, StrRef::new(text).into(), deadline, 1);
    assert!(old.replaced.is_none(), "small strings are not boxed");
}

/// What the keyspace is compared with. `D` is the deadline of a key, or `()`.
pub(crate) type Map<D = ()> = HashMap<Box<[u8]>, (Box<[u8]>, D), SameHasher>;

/// A map with this many keys.
pub(crate) fn filled_map<D>(keys: usize, deadline: impl Fn(usize) -> D) -> Map<D> {
    let mut map = Map::with_hasher(SameHasher(hasher()));
    for number in 0..keys {
        map.insert(key(number).into(), (text(number).into(), deadline(number)));
    }
    map
}

/// Hashes as the keyspace does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SameHasher(pub(crate) KeyHasher);

impl BuildHasher for SameHasher {
    type Hasher = OneKey;

    fn build_hasher(&self) -> OneKey {
        OneKey { hasher: self.0, hash: 0 }
    }
}

/// Hashes one slice of bytes.
#[derive(Debug)]
pub(crate) struct OneKey {
    hasher: KeyHasher,
    hash: u64,
}

impl Hasher for OneKey {
    fn write(&mut self, bytes: &[u8]) {
        self.hash = self.hasher.hash(bytes);
    }

    /// The length comes before the bytes, and the hash of these contains it.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.hash
    }
}
