//! Values. Each type keeps its storage behind an interface of its own, so that the storage can
//! change under its commands.

pub mod lcs;
pub mod list;
pub mod long_double;
pub mod string;

use list::List;
use string::Str;

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string of bytes, or an integer that reads as one.
    String(Str),
    /// A list of strings.
    List(Box<List>),
}

impl Value {
    /// A string that reads as `value`.
    pub fn from_int(value: i64) -> Self {
        Self::String(Str::from_int(value))
    }

    /// The name that TYPE gives.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::List(_) => "list",
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
        Self::List(Box::new(list))
    }
}
