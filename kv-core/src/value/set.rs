//! Sets.

pub mod algebra;
#[cfg(test)]
mod tests;

use super::members::Members;
use super::pack::{Item, Items, Pack, PackRef};
use super::string::IntBuffer;
use super::{Approach, Collection, Contents, Growth, Kind, Sizes, Sought, Value, ValueRef};
use crate::rng::Rng;
use std::collections::BTreeSet;

/// Of a large set, members are drawn one by one if they are no more than one of so many. More are
/// chosen in one pass over all.
const DRAWN_ONE_OF: usize = 8;

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
    /// An empty set.
    pub fn new(growth: Growth) -> Self {
        Self(Repr::Packed(Pack::default(), growth))
    }

    /// Takes the next step towards a member. False if there is none.
    pub(crate) fn approach(&self, approach: &mut Approach) -> bool {
        matches!(&self.0, Repr::Large(members) if members.approach(approach))
    }

    /// A view of it.
    pub fn view(&self) -> SetRef<'_> {
        match &self.0 {
            Repr::Packed(pack, _) => SetRef::Packed(pack.view()),
            Repr::Large(members) => SetRef::Large(members),
        }
    }

    /// How many members there are. O(1).
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a member. False if it was there. O(1).
    pub fn add<'a>(&mut self, member: impl Into<Sought<'a>>) -> bool {
        let sought: Sought<'_> = member.into();
        let member = sought.item;
        if let Repr::Packed(pack, growth) = &mut self.0 {
            if pack.view().find(member, 1, 0).is_some() {
                return false;
            }
            if pack.len() + member.packed_len() <= growth.sizes.pack_max.into() {
                pack.push(member);
                return true;
            }
        }
        let members = self.make_large();
        let absent = members.locate(sought).err();
        absent.into_iter().for_each(|absent| members.insert(absent, &[member]));
        absent.is_some()
    }

    /// Adds members. How many of them were not there. O(1) each.
    pub fn add_all<'a>(&mut self, members: impl Iterator<Item = impl Into<Sought<'a>>>) -> usize {
        members.map(|member| self.add(member)).filter(|&is_new| is_new).count()
    }

    /// Adds the members of a set. O(n), and faster if there are none yet.
    pub fn add_set(&mut self, set: SetRef<'_>) {
        match set {
            SetRef::Large(members) if self.is_empty() => {
                self.0 = Repr::Large(Box::new(members.clone()));
            }
            _ => {
                self.add_all(set.iter());
            }
        }
    }

    /// Takes a member away. False if it was not there. O(1).
    pub fn remove(&mut self, member: Item<'_>) -> bool {
        match &mut self.0 {
            Repr::Packed(pack, _) => {
                let index = pack.view().find(member, 1, 0);
                index.into_iter().for_each(|index| pack.splice(index..index + 1, &[]));
                index.is_some()
            }
            Repr::Large(members) => {
                let place = members.find(member);
                place.into_iter().for_each(|place| members.remove(place));
                place.is_some()
            }
        }
    }

    /// Takes a member away that is chosen at random, and shows it to `visit`. False if there is
    /// none. O(1) expected.
    pub fn pop(&mut self, rng: &mut Rng, visit: impl FnOnce(&[u8])) -> bool {
        let mut buffer = IntBuffer::new();
        match &mut self.0 {
            Repr::Packed(pack, _) => {
                let Some(index) = random_index(pack.view(), rng) else { return false };
                visit(item_at(pack.view(), index).as_bytes(&mut buffer));
                pack.splice(index..index + 1, &[]);
            }
            Repr::Large(members) => {
                let Some(place) = members.random(rng) else { return false };
                members.take(place, |member| visit(member.as_bytes(&mut buffer)));
            }
        }
        true
    }

    fn make_large(&mut self) -> &mut Members {
        if let Repr::Packed(pack, growth) = &self.0 {
            let members = Members::from_pack(growth.hasher, growth.sizes.load, 1, pack.view());
            self.0 = Repr::Large(Box::new(members));
        }
        match &mut self.0 {
            Repr::Large(members) => members,
            Repr::Packed(..) => unreachable!("it was made large above"),
        }
    }
}

fn random_index(pack: PackRef<'_>, rng: &mut Rng) -> Option<usize> {
    (!pack.is_empty()).then(|| rng.below(pack.count() as u64) as usize)
}

fn item_at(pack: PackRef<'_>, index: usize) -> Item<'_> {
    pack.get(index).expect("the index is less than the number of items")
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

    fn repacked(&self, sizes: Sizes) -> Option<Pack> {
        match &self.0 {
            Repr::Large(members) if members.len() <= sizes.load.into() => {
                Pack::within(sizes.repacked_max(), self.view().iter())
            }
            _ => None,
        }
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

    /// A member chosen at random, all with the same probability. O(1) expected.
    pub fn random(self, rng: &mut Rng) -> Option<Item<'a>> {
        match self {
            Self::Packed(pack) => Some(item_at(pack, random_index(pack, rng)?)),
            Self::Large(members) => Some(members.key(members.random(rng)?)),
        }
    }

    /// Visits `count` different members chosen at random, or all if there are fewer. Each choice of
    /// so many has the same probability; the order is not random. O(`count` log `count`) expected.
    pub fn sample(self, count: usize, rng: &mut Rng, visit: impl FnMut(Item<'a>)) {
        match self {
            Self::Large(members) if count < members.len() / DRAWN_ONE_OF => {
                self.draw(count, rng, visit);
            }
            _ => self.choose(count, rng, visit),
        }
    }

    /// Draws until there are `count` different ones.
    fn draw(self, count: usize, rng: &mut Rng, mut visit: impl FnMut(Item<'a>)) {
        let mut drawn = BTreeSet::new();
        while drawn.len() < count {
            let Some(member) = self.random(rng) else { return };
            if drawn.insert(sort_key(member)) {
                visit(member);
            }
        }
    }

    /// Selection sampling: of those that are left, each is taken with the probability that it takes
    /// to get as many as are still needed.
    fn choose(self, count: usize, rng: &mut Rng, mut visit: impl FnMut(Item<'a>)) {
        let mut needed = count.min(self.len());
        for (left, member) in (1..=self.len()).rev().zip(self.iter()) {
            if needed == 0 {
                return;
            }
            if needed == left || rng.below(left as u64) < needed as u64 {
                visit(member);
                needed -= 1;
            }
        }
    }

    /// Visits the members from `cursor` on, `count` of them or a few more, and returns the cursor
    /// to go on from, 0 at the end. A small set is visited whole at once. Every member that is there
    /// from the first call with cursor 0 to the last is visited; and once only, unless the set has
    /// been small in between. O(`count`), at least 1.
    pub fn scan(self, cursor: u64, count: usize, mut visit: impl FnMut(Item<'a>)) -> u64 {
        match self {
            Self::Packed(pack) => {
                pack.iter().for_each(visit);
                0
            }
            Self::Large(members) => {
                members.scan(cursor, count, |record| record.take(1).for_each(&mut visit))
            }
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

/// By which items can be sorted, in some order.
fn sort_key(item: Item<'_>) -> (Option<i64>, &[u8]) {
    match item {
        Item::Int(value) => (Some(value), &[]),
        Item::Bytes(bytes) => (None, bytes),
    }
}
