//! Values. Each type keeps its storage behind an interface of its own, so that the storage can
//! change under its commands.
//!
//! A collection is one pack as long as it is small, and then lies in its entry like a short string.
//! It is unpacked into a buffer to be changed, and packed again.

pub mod bits;
pub mod geo;
pub mod hyperloglog;
pub mod lcs;
pub mod list;
pub mod long_double;
pub mod members;
pub mod pack;
pub mod string;
pub mod tree;
pub mod xxh3;

use list::{List, ListRef};
use pack::{Pack, PackRef};
use string::{Str, StrRef};

/// What a key holds, with its memory.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string of bytes, or an integer that reads as one.
    String(Str),
    /// A list of strings.
    List(List),
}

/// What a key holds, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// A string of bytes, or an integer that reads as one.
    String(StrRef<'a>),
    /// A list of strings.
    List(ListRef<'a>),
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
}

impl Kind {
    /// The type that this number stands for.
    ///
    /// # Panics
    /// If there is none.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::List,
            other => panic!("{other} is no type of collection"),
        }
    }
}

/// A type of values that may be one pack.
pub trait Collection: Default + Into<Value> {
    /// The type.
    const KIND: Kind;

    /// The collection that a value is, if it is of this type.
    fn of(value: &Value) -> Option<&Self>;

    /// The same, to change it.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;

    /// The collection whose items are in a pack.
    fn unpack(pack: Pack) -> Self;

    /// The pack that it is, if it is one.
    fn into_pack(self) -> Result<Pack, Self>;

    /// Whether it has no element, and must not be stored.
    fn is_empty(&self) -> bool;
}

/// The size up to which a collection is one pack, in bytes.
pub const PACK_MAX: usize = 1024;

/// How many elements of a value are dropped at once, rather than in the slices of a graveyard.
const DROP_MAX: usize = 512;

impl Value {
    /// A view of it.
    pub fn view(&self) -> ValueRef<'_> {
        match self {
            Self::String(string) => ValueRef::String(string.view()),
            Self::List(list) => ValueRef::List(list.view()),
        }
    }

    /// The pack that it is, if it is one.
    pub(crate) fn packed(&self) -> Option<Packed<'_>> {
        match self {
            Self::List(list) => list.packed().map(|pack| Packed { kind: Kind::List, pack }),
            Self::String(_) => None,
        }
    }

    /// The memory that it takes in a box of its own, in bytes, by its own count.
    pub(crate) fn heap_bytes(&self) -> usize {
        const BOX: usize = 64;
        BOX + match self {
            Self::String(string) => string.heap_bytes(),
            Self::List(list) => list.heap_bytes(),
        }
    }

    /// Whether dropping it takes so long that it should be done in slices.
    pub(crate) fn is_slow_to_drop(&self) -> bool {
        match self {
            Self::String(_) => false,
            Self::List(list) => list.len() > DROP_MAX,
        }
    }

    /// Frees up to `count` elements. How many it freed; fewer when none are left.
    pub(crate) fn free_some(&mut self, count: usize) -> usize {
        match self {
            Self::String(_) => 0,
            Self::List(list) => list.free_some(count),
        }
    }
}

impl<'a> From<Packed<'a>> for ValueRef<'a> {
    fn from(Packed { kind, pack }: Packed<'a>) -> Self {
        match kind {
            Kind::List => Self::List(ListRef::Packed(pack)),
        }
    }
}

impl ValueRef<'_> {
    /// The name that TYPE gives.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::List(_) => "list",
        }
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::String(string) => Value::String(string.to_owned()),
            Self::List(list) => Value::List(list.to_owned()),
        }
    }
}

impl From<Str> for Value {
    fn from(string: Str) -> Self {
        Self::String(string)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}
