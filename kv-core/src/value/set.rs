//! Sets.

use super::members::Members;
use super::pack::{Item, Items, Pack, PackRef};
use super::{Collection, Contents, Growth, Kind, Value, ValueRef};

/// A set of strings. Never empty while it is stored under a key.
#[derive(Clone, Debug)]
pub struct Set(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Packed(Pack, Growth),
    Large(Box<Members>),
}

/// The same, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum SetRef<'a> {
    /// One pack.
    Packed(PackRef<'a>),
    /// More than that.
    Large(&'a Members),
}

impl Set {
    /// A view of it.
    pub fn view(&self) -> SetRef<'_> {
        match &self.0 {
            Repr::Packed(pack, _) => SetRef::Packed(pack.view()),
            Repr::Large(members) => SetRef::Large(members),
        }
    }
}

impl Contents for Set {
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

impl From<Set> for Value {
    fn from(set: Set) -> Self {
        match set.0 {
            Repr::Packed(pack, _) => Self::Packed(Kind::Set, pack),
            Repr::Large(_) => Self::Set(set),
        }
    }
}

impl Collection for Set {
    const KIND: Kind = Kind::Set;

    type Ref<'a> = SetRef<'a>;

    fn of(value: &Value) -> Option<&Self> {
        if let Value::Set(set) = value { Some(set) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::Set(set) = value { Some(set) } else { None }
    }

    fn of_ref(value: ValueRef<'_>) -> Option<SetRef<'_>> {
        if let ValueRef::Set(set) = value { Some(set) } else { None }
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

impl<'a> SetRef<'a> {
    /// How many there are. O(1).
    #[allow(clippy::len_without_is_empty, reason = "what is stored is not empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Packed(pack) => pack.count(),
            Self::Large(members) => members.len(),
        }
    }

    /// The records, by no order that means anything.
    pub fn records(self) -> impl Iterator<Item = Items<'a>> {
        let (pack, members) = match self {
            Self::Packed(pack) => (Some(pack.records(1)), None),
            Self::Large(members) => (None, Some(members.iter())),
        };
        pack.into_iter().flatten().chain(members.into_iter().flatten())
    }

    /// The members, by no order that means anything.
    pub fn iter(self) -> impl Iterator<Item = Item<'a>> {
        self.records().filter_map(|mut record| record.next())
    }

    /// Whether this is a member. O(1).
    pub fn contains(self, member: Item<'_>) -> bool {
        match self {
            Self::Packed(pack) => pack.find(member, 1, 0).is_some(),
            Self::Large(members) => members.find(member).is_some(),
        }
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::Packed(pack) => pack.to_value(Kind::Set),
            Self::Large(members) => Value::Set(Set(Repr::Large(Box::new(members.clone())))),
        }
    }
}
