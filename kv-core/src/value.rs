//! Values. Each type keeps its storage behind an interface of its own, so that the storage can
//! change under its commands.
//!
//! A collection is one pack as long as it is small, and then lies in its entry like a short string.
//! It is unpacked into a buffer to be changed, and packed again.

pub mod bits;
pub mod double;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod lcs;
pub mod list;
pub mod long_double;
pub mod members;
pub mod pack;
mod packs;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod string;
pub mod tree;
pub mod xxh3;

use crate::hash::KeyHasher;
use crate::rng::Rng;
use hash::{Hash, HashRef};
use list::{List, ListRef};
use members::Members;
use pack::{Item, Pack, PackRef};
use set::{Set, SetRef};
use sorted_set::{SortedSet, SortedSetRef};
use std::num::NonZeroU32;
use stream::{Stream, StreamRef};
use string::{Str, StrRef};
use tree::LeafNumber;

/// What a key holds, with its memory.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string of bytes, or an integer that reads as one.
    String(Str),
    /// A small collection of this type.
    Packed(Kind, Pack),
    /// A list of strings.
    List(List),
    /// A set of strings.
    Set(Set),
    /// Fields with values.
    Hash(Hash),
    /// Members with scores, in the order of both.
    SortedSet(SortedSet),
    /// A log of entries with IDs.
    Stream(Stream),
}

/// What a key holds, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// A string of bytes, or an integer that reads as one.
    String(StrRef<'a>),
    /// A list of strings.
    List(ListRef<'a>),
    /// A set of strings.
    Set(SetRef<'a>),
    /// Fields with values.
    Hash(HashRef<'a>),
    /// Members with scores, in the order of both.
    SortedSet(SortedSetRef<'a>),
    /// A log of entries with IDs.
    Stream(StreamRef<'a>),
}

/// A small collection: what is stored in its entry.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    /// The type.
    pub kind: Kind,
    /// The items. What they mean is the type's affair.
    pub pack: PackRef<'a>,
}

/// The types of collections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A list.
    List = 0,
    /// A set.
    Set = 1,
    /// A hash.
    Hash = 2,
    /// A sorted set.
    SortedSet = 3,
    /// A stream.
    Stream = 4,
}

impl Kind {
    /// The type that this number stands for.
    ///
    /// # Panics
    /// If there is none.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::List,
            1 => Self::Set,
            2 => Self::Hash,
            3 => Self::SortedSet,
            4 => Self::Stream,
            other => panic!("{other} is no type of collection"),
        }
    }

    /// How many items of its pack belong together.
    pub(crate) fn stride(self) -> u8 {
        match self {
            Self::List | Self::Set | Self::Stream => 1,
            Self::Hash | Self::SortedSet => 2,
        }
    }

    /// The name that TYPE gives.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Set => "set",
            Self::Hash => "hash",
            Self::SortedSet => "zset",
            Self::Stream => "stream",
        }
    }
}

/// How large the parts of collections become. Small ones split and merge all the time, which
/// simulations want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The size up to which a collection is one pack, in bytes.
    pub pack_max: u16,
    /// Of the nodes of trees.
    pub tree: tree::Sizes,
    /// Of the nodes of lists.
    pub list: tree::Sizes,
    /// The mean number of members of a bucket of [`Members`].
    pub load: u16,
    /// The bits that are used of the hashes by which sorted sets find their members.
    pub hash_bits: u32,
}

impl Sizes {
    /// Packs of a kilobyte.
    pub const DEFAULT: Self = Self {
        pack_max: 1024,
        tree: tree::Sizes::DEFAULT,
        list: tree::Sizes::LONG_LEAVES,
        load: Members::LOAD,
        hash_bits: u32::MAX,
    };

    /// A few elements in each part, and hashes that often are the same: for simulations.
    pub const TINY: Self = Self {
        pack_max: 32,
        tree: tree::Sizes::TINY,
        list: tree::Sizes::TINY,
        load: 2,
        hash_bits: 0xf,
    };
}

/// A large collection becomes a pack again when it takes no more than one of so many bytes that a
/// pack may have, so that it can grow for a while before it is large again.
const REPACKED_SHARE: usize = 4;

impl Sizes {
    fn repacked_max(self) -> usize {
        usize::from(self.pack_max) / REPACKED_SHARE
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a collection must know to grow.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// The secret under which members are hashed.
    pub hasher: KeyHasher,
    /// How large its parts become.
    pub sizes: Sizes,
}

/// How far what a request will look for in a large collection has been approached: in steps, each of
/// which reads what the one before has asked the processor for, and asks for more.
#[derive(Clone, Debug)]
pub struct Approach {
    pub(crate) target: Target,
    /// How many steps have been taken.
    pub(crate) steps: u8,
    /// What a step has found out for the next, and for the request.
    pub(crate) guess: Guess,
}

/// What was found out for a request before it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guess {
    /// Which of its arguments is a member, and its hash. The first argument is the command's name.
    pub(crate) hash: Option<(NonZeroU32, u64)>,
    /// In which leaf of a sorted set the member seemed to be: what is there must be seen, and if it is not, be
    /// searched for.
    pub(crate) member: LeafNumber,
    /// The same of the place of the score that it is given.
    pub(crate) place: LeafNumber,
}

impl Guess {
    /// Nothing is known.
    pub(crate) const NONE: Self =
        Self { hash: None, member: LeafNumber::NONE, place: LeafNumber::NONE };

    /// The member that the argument with this index names.
    pub(crate) fn sought(self, index: usize, member: &[u8]) -> Sought<'_> {
        let hash = self.hash.filter(|(hashed, _)| hashed.get() as usize == index);
        Sought { item: Item::new(member), hash: hash.map(|(_, hash)| hash) }
    }
}

/// A member to be looked for.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    item: Item<'a>,
    /// Its hash, if that is known.
    hash: Option<u64>,
}

impl<'a> From<Item<'a>> for Sought<'a> {
    fn from(item: Item<'a>) -> Self {
        Self { item, hash: None }
    }
}

impl<'a, T: AsRef<[u8]> + ?Sized> From<&'a T> for Sought<'a> {
    fn from(member: &'a T) -> Self {
        Item::new(member.as_ref()).into()
    }
}

/// What is approached.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The member whose hash the guess has, and the place of the score that it will have, if that is known.
    Member { score: Option<f64> },
    /// The member that this generator will choose.
    Random(Rng),
    /// What the first step has made of these: the part of a table that the member is in.
    Bucket(usize),
}

impl Approach {
    /// The way to a random member.
    pub(crate) fn to_random(rng: Rng) -> Self {
        Self { target: Target::Random(rng), steps: 0, guess: Guess::NONE }
    }

    /// The way to the member that the argument at `index` names, and to the place of its score.
    ///
    /// # Panics
    /// If that is the command's name.
    #[inline]
    pub(crate) fn to_member(index: u32, hash: u64, score: Option<f64>) -> Self {
        let index = NonZeroU32::new(index).expect("the command's name is no member");
        let guess = Guess { hash: Some((index, hash)), ..Guess::NONE };
        Self { target: Target::Member { score }, steps: 0, guess }
    }

    /// The hash of the member.
    fn hash(&self) -> Option<u64> {
        self.guess.hash.map(|(_, hash)| hash)
    }
}

/// What is the same for the storage of all collections.
#[allow(clippy::len_without_is_empty, reason = "what is stored is not empty")]
pub trait Contents {
    /// The memory outside of the value itself, in bytes, by its own count. O(1).
    fn heap_bytes(&self) -> usize;

    /// How many elements there are to be dropped, about. O(1).
    fn len(&self) -> usize;

    /// The pack that it should be, if it was larger and has become so small. O(1), and the size of
    /// the pack.
    fn repacked(&self, sizes: Sizes) -> Option<Pack>;

    /// Frees up to about `count` elements. How many it freed; fewer when none are left. Nothing but
    /// more of this is possible afterwards.
    fn free_some(&mut self, count: usize) -> usize;
}

/// A type of values that may be one pack.
pub trait Collection: Contents + Into<Value> {
    /// The type.
    const KIND: Kind;

    /// The collection, wherever it is stored.
    type Ref<'a>: Copy;

    /// The collection that a value is, if it is of this type and not packed.
    fn of(value: &Value) -> Option<&Self>;

    /// The same, to change it.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;

    /// The collection that a value is, if it is of this type.
    fn of_ref(value: ValueRef<'_>) -> Option<Self::Ref<'_>>;

    /// The collection whose items are in a pack; an empty one if there are none.
    fn unpack(pack: Pack, growth: Growth) -> Self;

    /// The pack that it is, if it is one.
    fn into_pack(self) -> Result<Pack, Self>;

    /// Whether there is nothing in it that should be stored.
    fn is_empty(&self) -> bool;
}

/// How many elements of a value are dropped at once, rather than in the slices of a graveyard.
const DROP_MAX: usize = 512;

impl Value {
    /// A view of it.
    pub fn view(&self) -> ValueRef<'_> {
        match self {
            Self::String(string) => ValueRef::String(string.view()),
            Self::Packed(kind, pack) => Packed { kind: *kind, pack: pack.view() }.into(),
            Self::List(list) => ValueRef::List(list.view()),
            Self::Set(set) => ValueRef::Set(set.view()),
            Self::Hash(hash) => ValueRef::Hash(hash.view()),
            Self::SortedSet(set) => ValueRef::SortedSet(set.view()),
            Self::Stream(stream) => ValueRef::Stream(stream.view()),
        }
    }

    /// Which type of collection it is, if it is one.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self {
            Self::String(_) => None,
            Self::Packed(kind, _) => Some(*kind),
            Self::List(_) => Some(Kind::List),
            Self::Set(_) => Some(Kind::Set),
            Self::Hash(_) => Some(Kind::Hash),
            Self::SortedSet(_) => Some(Kind::SortedSet),
            Self::Stream(_) => Some(Kind::Stream),
        }
    }

    /// The memory that it takes in a box of its own, in bytes, by its own count.
    pub(crate) fn heap_bytes(&self) -> usize {
        const BOX: usize = 64;
        BOX + match self {
            Self::String(string) => string.heap_bytes(),
            Self::Packed(_, pack) => pack.heap_bytes(),
            _ => self.contents().map_or(0, Contents::heap_bytes),
        }
    }

    /// Whether all that it holds has expired, of a type whose parts have deadlines.
    pub(crate) fn is_over(&self, unix_ms: i64) -> bool {
        matches!(self, Self::Hash(hash) if hash.is_over(unix_ms))
    }

    /// Takes the next step towards a member. False if there is none left, or the type has no members.
    pub(crate) fn approach(&self, approach: &mut Approach) -> bool {
        match self {
            Self::Set(set) => set.approach(approach),
            Self::Hash(fields) => fields.approach(approach),
            Self::SortedSet(set) => set.approach(approach),
            _ => false,
        }
    }

    /// Whether dropping it takes so long that it should be done in slices.
    pub(crate) fn is_slow_to_drop(&self) -> bool {
        self.contents().is_some_and(|contents| contents.len() > DROP_MAX)
    }

    /// The pack that a collection should be, if it was larger and has become so small. O(1), and the
    /// size of the pack.
    pub(crate) fn repacked(&self, sizes: Sizes) -> Option<(Kind, Pack)> {
        let pack = self.contents()?.repacked(sizes)?;
        Some((self.view().kind()?, pack))
    }

    /// Frees up to `count` elements. How many it freed; fewer when none are left.
    pub(crate) fn free_some(&mut self, count: usize) -> usize {
        let contents: &mut dyn Contents = match self {
            Self::String(_) | Self::Packed(..) => return 0,
            Self::List(list) => list,
            Self::Set(set) => set,
            Self::Hash(hash) => hash,
            Self::SortedSet(set) => set,
            Self::Stream(stream) => stream,
        };
        contents.free_some(count)
    }

    /// What it holds outside of itself, unless that is one piece.
    fn contents(&self) -> Option<&dyn Contents> {
        match self {
            Self::String(_) | Self::Packed(..) => None,
            Self::List(list) => Some(list),
            Self::Set(set) => Some(set),
            Self::Hash(hash) => Some(hash),
            Self::SortedSet(set) => Some(set),
            Self::Stream(stream) => Some(stream),
        }
    }
}

impl<'a> From<Packed<'a>> for ValueRef<'a> {
    fn from(Packed { kind, pack }: Packed<'a>) -> Self {
        match kind {
            Kind::List => Self::List(ListRef::Packed(pack)),
            Kind::Set => Self::Set(SetRef::Packed(pack)),
            Kind::Hash => Self::Hash(HashRef::Packed(pack)),
            Kind::SortedSet => Self::SortedSet(SortedSetRef::Packed(pack)),
            Kind::Stream => panic!("a stream is never packed"),
        }
    }
}

impl ValueRef<'_> {
    /// Which type of collection it is, if it is one.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::String(_) => None,
            Self::List(_) => Some(Kind::List),
            Self::Set(_) => Some(Kind::Set),
            Self::Hash(_) => Some(Kind::Hash),
            Self::SortedSet(_) => Some(Kind::SortedSet),
            Self::Stream(_) => Some(Kind::Stream),
        }
    }

    /// The name that TYPE gives.
    pub fn type_name(self) -> &'static str {
        self.kind().map_or("string", Kind::name)
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::String(string) => Value::String(string.to_owned()),
            Self::List(list) => list.to_owned(),
            Self::Set(set) => set.to_owned(),
            Self::Hash(hash) => hash.to_owned(),
            Self::SortedSet(set) => set.to_owned(),
            Self::Stream(stream) => stream.to_owned(),
        }
    }
}

impl PackRef<'_> {
    /// A copy, as a collection of a type.
    fn to_value(self, kind: Kind) -> Value {
        Value::Packed(kind, Pack::plain(self, Vec::new()))
    }
}

impl From<Str> for Value {
    fn from(string: Str) -> Self {
        Self::String(string)
    }
}
