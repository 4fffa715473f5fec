//! Hashes.
//!
//! A field may have a deadline. A field whose deadline has passed is not there for anybody, though
//! it takes memory until it is removed: what is read of a hash is read as of a moment
//! ([`HashRef::at`]), and what changes a field is told the moment too. How many fields have expired
//! is counted by the order of deadlines, so that nothing ever walks through a hash for their sake.

mod deadlines;
mod fields;
mod live;
#[cfg(test)]
mod tests;

pub use fields::Fields;
pub use live::{Field, Live};

use super::pack::{Item, Items, Pack, PackRef};
use super::{Approach, Collection, Contents, Growth, Kind, Sizes, Sought, Value, ValueRef};

/// What giving a field a value has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The field was not there.
    New,
    /// It was.
    Anew,
    /// It was, and had a value of the same form, so that nothing else is another than before.
    InPlace,
}

impl Written {
    /// Whether the field is new.
    pub fn is_new(self) -> bool {
        self == Self::New
    }
}

/// How many items a field has in a pack.
const STRIDE: usize = 2;

/// Fields with values. Never empty while it is stored under a key.
#[derive(Clone, Debug)]
pub struct Hash(Repr);

#[derive(Clone, Debug)]
enum Repr {
    /// No field has a deadline.
    Packed(Pack, Growth),
    Large(Box<Fields>),
}

/// The same, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum HashRef<'a> {
    /// One pack.
    Packed(PackRef<'a>),
    /// More than that.
    Large(&'a Fields),
}

/// Times are in milliseconds since the Unix epoch. The millisecond of a deadline still belongs to
/// its field's life.
impl Hash {
    /// Takes the next step towards a field. False if there is none.
    pub(crate) fn approach(&self, approach: &mut Approach) -> bool {
        matches!(&self.0, Repr::Large(fields) if fields.approach(approach))
    }

    /// A view of it.
    pub fn view(&self) -> HashRef<'_> {
        match &self.0 {
            Repr::Packed(pack, _) => HashRef::Packed(pack.view()),
            Repr::Large(fields) => HashRef::Large(fields),
        }
    }

    /// The fields that are there at a time.
    pub fn at(&self, unix_ms: i64) -> Live<'_> {
        self.view().at(unix_ms)
    }

    /// Gives a field this value and this deadline or none, whatever it had. O(log n) with deadlines,
    /// else O(1), and the length of the record.
    pub fn set<'a>(
        &mut self,
        field: impl Into<Sought<'a>>,
        value: &[u8],
        deadline: Option<i64>,
        unix_ms: i64,
    ) -> Written {
        let (sought, value): (Sought<'_>, _) = (field.into(), Item::new(value));
        let field = sought.item;
        match &mut self.0 {
            Repr::Packed(pack, growth) if deadline.is_none() => {
                let (view, record) = (pack.view(), [field, value]);
                let found = view.seek(field, STRIDE, 0);
                let (old, new, written) = match found {
                    Some(mut rest) => {
                        rest.skip_front();
                        (view.run_of(rest, 1), &record[1..], Written::Anew)
                    }
                    None => (view.run(view.count()..view.count()), &record[..], Written::New),
                };
                let added: usize = new.iter().map(|item| item.packed_len()).sum();
                let max = usize::from(growth.sizes.pack_max) + old.packed_len();
                if view.plain_len() + added <= max {
                    pack.replace(old, new);
                    return written;
                }
            }
            _ => {}
        }
        self.make_large().set(sought, value, deadline, unix_ms)
    }

    /// Removes a field. Whether it was there. O(log n) with a deadline, else O(1).
    pub fn remove(&mut self, field: &[u8], unix_ms: i64) -> bool {
        let field = Item::new(field);
        match &mut self.0 {
            Repr::Packed(pack, _) => {
                let found = pack.view().find(field, STRIDE, 0);
                found.into_iter().for_each(|at| pack.splice(at..at + STRIDE, &[]));
                found.is_some()
            }
            Repr::Large(fields) => fields.remove(field, unix_ms),
        }
    }

    /// Gives a field that is there another deadline, or none. O(log n) and the length of the
    /// record.
    pub fn set_deadline(&mut self, field: &[u8], deadline: Option<i64>) {
        if deadline.is_some() || matches!(self.0, Repr::Large(_)) {
            self.make_large().set_deadline(Item::new(field), deadline);
        }
    }

    /// Removes some of the fields whose deadlines have passed, up to `count`. How many; fewer only
    /// when none are left. O(`count` log n).
    pub fn purge(&mut self, unix_ms: i64, count: usize) -> usize {
        match &mut self.0 {
            Repr::Packed(..) => 0,
            Repr::Large(fields) => fields.purge(unix_ms, count),
        }
    }

    /// The first deadline of all its fields. O(log n).
    pub fn first_deadline(&self) -> Option<i64> {
        self.large().and_then(Fields::first_deadline)
    }

    /// Whether it has fields and all have expired. O(1), or O(log n) if all have deadlines.
    pub fn is_over(&self, unix_ms: i64) -> bool {
        self.large().is_some_and(|fields| fields.is_over(unix_ms))
    }

    /// The deadline that its keyspace waits for on its behalf. A copy has none.
    pub(crate) fn awaited(&self) -> Option<i64> {
        self.large().and_then(Fields::awaited)
    }

    /// Remembers for which deadline the keyspace waits.
    pub(crate) fn set_awaited(&mut self, deadline: Option<i64>) {
        if let Repr::Large(fields) = &mut self.0 {
            fields.set_awaited(deadline);
        }
    }

    fn large(&self) -> Option<&Fields> {
        if let Repr::Large(fields) = &self.0 { Some(fields) } else { None }
    }

    fn make_large(&mut self) -> &mut Fields {
        if let Repr::Packed(pack, growth) = &self.0 {
            self.0 = Repr::Large(Box::new(Fields::from_pack(pack.view(), *growth)));
        }
        match &mut self.0 {
            Repr::Large(fields) => fields,
            Repr::Packed(..) => unreachable!("it was made large above"),
        }
    }
}

impl Contents for Hash {
    fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Packed(pack, _) => pack.heap_bytes(),
            Repr::Large(fields) => Fields::BYTES + fields.heap_bytes(),
        }
    }

    fn len(&self) -> usize {
        match &self.0 {
            Repr::Packed(pack, _) => pack.count() / STRIDE,
            Repr::Large(fields) => fields.parts(),
        }
    }

    fn repacked(&self, sizes: Sizes) -> Option<Pack> {
        match &self.0 {
            Repr::Large(fields) if fields.stored_len() <= sizes.load.into() => {
                let items = fields.records().flat_map(|record| record.take(STRIDE));
                Pack::within(sizes.repacked_max(), items).filter(|_| !fields.has_deadlines())
            }
            _ => None,
        }
    }

    fn free_some(&mut self, count: usize) -> usize {
        match &mut self.0 {
            Repr::Packed(pack, _) => std::mem::take(pack).count() / STRIDE,
            Repr::Large(fields) => fields.free_some(count),
        }
    }
}

impl From<Hash> for Value {
    fn from(hash: Hash) -> Self {
        match hash.0 {
            Repr::Packed(pack, _) => Self::Packed(Kind::Hash, pack),
            Repr::Large(_) => Self::Hash(hash),
        }
    }
}

impl Collection for Hash {
    const KIND: Kind = Kind::Hash;

    type Ref<'a> = HashRef<'a>;

    fn of(value: &Value) -> Option<&Self> {
        if let Value::Hash(hash) = value { Some(hash) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::Hash(hash) = value { Some(hash) } else { None }
    }

    fn of_ref(value: ValueRef<'_>) -> Option<HashRef<'_>> {
        if let ValueRef::Hash(hash) = value { Some(hash) } else { None }
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
        match &self.0 {
            Repr::Packed(pack, _) => pack.is_empty(),
            Repr::Large(fields) => fields.is_empty(),
        }
    }
}

impl<'a> HashRef<'a> {
    /// The fields that are there at a time.
    pub fn at(self, unix_ms: i64) -> Live<'a> {
        Live::new(self, unix_ms)
    }

    /// How many fields take memory, expired ones included. O(1).
    pub fn stored_len(self) -> usize {
        match self {
            Self::Packed(pack) => pack.count() / STRIDE,
            Self::Large(fields) => fields.stored_len(),
        }
    }

    /// Whether a field has a deadline, be it one that has passed. O(1).
    pub fn has_deadlines(self) -> bool {
        matches!(self, Self::Large(fields) if fields.has_deadlines())
    }

    /// The fields that take memory, expired ones included, with their values and then perhaps
    /// more.
    pub fn records(self) -> impl Iterator<Item = Items<'a>> {
        let (pack, fields) = match self {
            Self::Packed(pack) => (Some(pack.records(STRIDE)), None),
            Self::Large(fields) => (None, Some(fields.records())),
        };
        pack.into_iter().flatten().chain(fields.into_iter().flatten())
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::Packed(pack) => pack.to_value(Kind::Hash),
            Self::Large(fields) => Value::Hash(Hash(Repr::Large(Box::new(fields.clone())))),
        }
    }
}
