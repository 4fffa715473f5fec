//! Sorted sets.

use super::members::Members;
use super::pack::{Items, Pack, PackRef};
use super::{Collection, Contents, Growth, Kind, Value, ValueRef};

/// Members with scores, in the order of both. Never empty while it is stored under a key.
#[derive(Clone, Debug)]
pub struct SortedSet(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Packed(Pack, Growth),
    Large(Box<Members>),
}

/// The same, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum SortedSetRef<'a> {
    /// One pack.
    Packed(PackRef<'a>),
    /// More than that.
    Large(&'a Members),
}

impl SortedSet {
    /// A view of it.
    pub fn view(&self) -> SortedSetRef<'_> {
        match &self.0 {
            Repr::Packed(pack, _) => SortedSetRef::Packed(pack.view()),
            Repr::Large(members) => SortedSetRef::Large(members),
        }
    }
}

impl Contents for SortedSet {
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

impl From<SortedSet> for Value {
    fn from(set: SortedSet) -> Self {
        match set.0 {
            Repr::Packed(pack, _) => Self::Packed(Kind::SortedSet, pack),
            Repr::Large(_) => Self::SortedSet(set),
        }
    }
}

impl Collection for SortedSet {
    const KIND: Kind = Kind::SortedSet;

    type Ref<'a> = SortedSetRef<'a>;

    fn of(value: &Value) -> Option<&Self> {
        if let Value::SortedSet(set) = value { Some(set) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::SortedSet(set) = value { Some(set) } else { None }
    }

    fn of_ref(value: ValueRef<'_>) -> Option<SortedSetRef<'_>> {
        if let ValueRef::SortedSet(set) = value { Some(set) } else { None }
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

impl<'a> SortedSetRef<'a> {
    /// How many there are. O(1).
    #[allow(clippy::len_without_is_empty, reason = "what is stored is not empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Packed(pack) => pack.count() / 2,
            Self::Large(members) => members.len(),
        }
    }

    /// The records, by no order that means anything.
    pub fn records(self) -> impl Iterator<Item = Items<'a>> {
        let (pack, members) = match self {
            Self::Packed(pack) => (Some(pack.records(2)), None),
            Self::Large(members) => (None, Some(members.iter())),
        };
        pack.into_iter().flatten().chain(members.into_iter().flatten())
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::Packed(pack) => pack.to_value(Kind::SortedSet),
            Self::Large(members) => {
                Value::SortedSet(SortedSet(Repr::Large(Box::new(members.clone()))))
            }
        }
    }
}
