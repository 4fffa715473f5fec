//! Streams.

use super::members::Members;
use super::pack::{Pack, PackRef};
use super::{Collection, Contents, Growth, Kind, Value, ValueRef};

/// A log of entries with IDs, and the groups that read it.
#[derive(Clone, Debug)]
pub struct Stream(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Packed(Pack, Growth),
    Large(Box<Members>),
}

/// The same, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum StreamRef<'a> {
    /// One pack.
    Packed(PackRef<'a>),
    /// More than that.
    Large(&'a Members),
}

impl Stream {
    /// A view of it.
    pub fn view(&self) -> StreamRef<'_> {
        match &self.0 {
            Repr::Packed(pack, _) => StreamRef::Packed(pack.view()),
            Repr::Large(members) => StreamRef::Large(members),
        }
    }
}

impl Contents for Stream {
    fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Packed(pack, _) => pack.heap_bytes(),
            Repr::Large(members) => Members::BYTES + members.heap_bytes(),
        }
    }

    fn len(&self) -> usize {
        self.view().len()
    }

    fn free_some(&mut self, count: usize) -> usize {
        match &mut self.0 {
            Repr::Packed(pack, _) => std::mem::take(pack).count(),
            Repr::Large(members) => members.free_some(count),
        }
    }
}

impl From<Stream> for Value {
    fn from(stream: Stream) -> Self {
        match stream.0 {
            Repr::Packed(pack, _) => Self::Packed(Kind::Stream, pack),
            Repr::Large(_) => Self::Stream(stream),
        }
    }
}

impl Collection for Stream {
    const KIND: Kind = Kind::Stream;

    type Ref<'a> = StreamRef<'a>;

    fn of(value: &Value) -> Option<&Self> {
        if let Value::Stream(stream) = value { Some(stream) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::Stream(stream) = value { Some(stream) } else { None }
    }

    fn of_ref(value: ValueRef<'_>) -> Option<StreamRef<'_>> {
        if let ValueRef::Stream(stream) = value { Some(stream) } else { None }
    }

    fn unpack(pack: Pack, growth: Growth) -> Self {
        Self(Repr::Packed(pack, growth))
    }

    fn into_pack(self) -> Result<Pack, Self> {
        match self.0 {
            Repr::Packed(pack, _) => Ok(pack),
            Repr::Large(_) => Err(self),
        }
    }

    fn is_empty(&self) -> bool {
        self.view().len() == 0
    }
}

impl StreamRef<'_> {
    /// How many there are. O(1).
    #[allow(clippy::len_without_is_empty, reason = "what is stored is not empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Packed(pack) => pack.count() / 2,
            Self::Large(members) => members.len(),
        }
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::Packed(pack) => pack.to_value(Kind::Stream),
            Self::Large(members) => Value::Stream(Stream(Repr::Large(Box::new(members.clone())))),
        }
    }
}
