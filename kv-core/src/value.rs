//! Values. Each type keeps its storage behind an interface of its own, so that the storage can
//! change under its commands.

pub mod lcs;
pub mod list;
pub mod long_double;
pub mod pack;
pub mod string;
pub mod tree;

use list::{End, List};
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
    List(&'a List),
}

/// How many elements of a value are dropped at once, rather than in the slices of a graveyard.
const DROP_MAX: usize = 512;

impl Value {
    /// A view of it.
    pub fn view(&self) -> ValueRef<'_> {
        match self {
            Self::String(string) => ValueRef::String(string.view()),
            Self::List(list) => ValueRef::List(list),
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
            Self::List(list) => (0..count).take_while(|_| list.pop(End::Tail).is_some()).count(),
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
            Self::List(list) => Value::List(list.clone()),
        }
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}
