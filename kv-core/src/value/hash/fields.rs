//! The fields of a large hash: a table of records, and beside it the order of their deadlines.

use super::super::members::{Absent, Members, Place};
use super::super::pack::{Item, Items, PackRef};
use super::super::{Approach, Growth, Sought};
use super::deadlines::Deadlines;
use super::live::Field;
use super::{STRIDE, Written};
use crate::rng::Rng;

/// So much fewer members than a usual bucket has are few.
const FEW_SHARE: u16 = 4;

/// What stands in the third place of a record: nothing, or an integer.
fn deadline_of(record: &mut Items<'_>) -> Option<i64> {
    if let Some(Item::Int(deadline)) = record.next() { Some(deadline) } else { None }
}

/// Many fields, or some of which one has or had a deadline.
#[derive(Clone, Debug)]
pub struct Fields {
    /// Field, value, and the deadline if there is one.
    members: Members,
    /// Not before a field has a deadline.
    deadlines: Option<Box<Deadlines>>,
    /// After the last removal nothing was left that had not expired.
    is_spent: bool,
    growth: Growth,
}

impl Fields {
    /// What it counts for in memory, without its parts, in bytes.
    pub(super) const BYTES: usize = Members::BYTES + 64;

    pub(super) fn from_pack(pack: PackRef<'_>, growth: Growth) -> Self {
        let Growth { hasher, sizes } = growth;
        let members = Members::from_pack(hasher, sizes.load, STRIDE, pack);
        Self { members, deadlines: None, is_spent: false, growth }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let deadlines = self.deadlines.as_ref();
        self.members.heap_bytes() + deadlines.map_or(0, |deadlines| deadlines.heap_bytes())
    }

    pub(super) fn approach(&self, approach: &mut Approach) -> bool {
        self.members.approach(approach)
    }

    pub(super) fn stored_len(&self) -> usize {
        self.members.len()
    }

    /// Whether it holds nothing that should be stored.
    pub(super) fn is_empty(&self) -> bool {
        self.is_spent || self.members.is_empty()
    }

    /// How many pieces there are to be freed.
    pub(super) fn parts(&self) -> usize {
        self.members.len() + self.timed()
    }

    pub(super) fn free_some(&mut self, count: usize) -> usize {
        let freed = match &mut self.deadlines {
            Some(deadlines) => deadlines.free_some(count),
            None => 0,
        };
        freed + self.members.free_some(count - freed)
    }

    /// How many fields have deadlines.
    pub(super) fn timed(&self) -> usize {
        self.deadlines.as_ref().map_or(0, |deadlines| deadlines.len())
    }

    /// The fields with deadlines in the order of these, but for the first `rank`. O(log n) to begin
    /// with.
    pub(super) fn timed_from(&self, rank: usize) -> impl Iterator<Item = Field<'_>> {
        let deadlines = self.deadlines.iter();
        let names = deadlines.flat_map(move |deadlines| deadlines.in_order(rank..deadlines.len()));
        names.map(|name| self.find(name).expect("each deadline is a field's"))
    }

    /// The fields without deadlines. O(n), unless there are none.
    pub(super) fn untimed(&self) -> impl Iterator<Item = Field<'_>> {
        let records = (self.timed() < self.members.len()).then(|| self.records());
        let fields = records.into_iter().flatten().map(|record| self.decode(record));
        fields.filter(|field| field.deadline.is_none())
    }

    pub(super) fn has_deadlines(&self) -> bool {
        self.timed() > 0
    }

    pub(super) fn records(&self) -> impl Iterator<Item = Items<'_>> {
        self.members.iter()
    }

    /// How many fields have expired.
    pub(super) fn expired(&self, unix_ms: i64) -> usize {
        self.deadlines.as_ref().map_or(0, |deadlines| deadlines.before(unix_ms))
    }

    pub(super) fn is_over(&self, unix_ms: i64) -> bool {
        let Some(deadlines) = &self.deadlines else { return false };
        let all_end = deadlines.len() == self.members.len();
        all_end && deadlines.last().is_some_and(|last| last < unix_ms)
    }

    pub(super) fn first_deadline(&self) -> Option<i64> {
        self.deadlines.as_ref()?.first()
    }

    pub(super) fn awaited(&self) -> Option<i64> {
        self.deadlines.as_ref()?.awaited
    }

    pub(super) fn set_awaited(&mut self, deadline: Option<i64>) {
        if let Some(deadlines) = &mut self.deadlines {
            deadlines.awaited = deadline;
        }
    }

    /// The field, expired or not.
    pub(super) fn find(&self, field: Item<'_>) -> Option<Field<'_>> {
        self.members.find(field).map(|place| self.field(place))
    }

    /// A field chosen at random, expired or not.
    pub(super) fn random(&self, rng: &mut Rng) -> Option<Field<'_>> {
        self.members.random(rng).map(|place| self.field(place))
    }

    fn field(&self, place: Place) -> Field<'_> {
        self.decode(self.members.record(place))
    }

    pub(super) fn decode<'a>(&self, mut record: Items<'a>) -> Field<'a> {
        let mut next = || record.next().expect("a record has a field and a value");
        let (name, value) = (next(), next());
        // Nobody else looks further, so that a hash without deadlines pays nothing for them.
        let deadline = self.deadlines.as_ref().and_then(|_| deadline_of(&mut record));
        Field { name, value, deadline }
    }

    pub(super) fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(Field<'a>),
    ) -> u64 {
        self.members.scan(cursor, count, |record| visit(self.decode(record)))
    }

    pub(super) fn set(
        &mut self,
        sought: Sought<'_>,
        value: Item<'_>,
        deadline: Option<i64>,
        unix_ms: i64,
    ) -> Written {
        let field = sought.item;
        // Where there are no deadlines, the old value need not be looked at.
        let has_deadlines = self.deadlines.is_some();
        let place = if has_deadlines || deadline.is_some() {
            self.members.locate(sought)
        } else {
            match self.members.overwrite(sought, &[value]) {
                Ok(()) => {
                    self.is_spent = false;
                    return Written::InPlace;
                }
                Err(place) => place,
            }
        };
        let old = place.ok().filter(|_| has_deadlines).map(|place| self.field(place));
        let old_deadline = old.and_then(|old| old.deadline);
        let is_new = place.is_err() || old.is_some_and(|old| old.is_expired(unix_ms));
        self.put(place, field, value, deadline);
        self.retime(field, old_deadline, deadline);
        self.is_spent = false;
        if is_new { Written::New } else { Written::Anew }
    }

    pub(super) fn set_deadline(&mut self, field: Item<'_>, deadline: Option<i64>) {
        let Some(place) = self.members.find(field) else { return };
        let old = self.field(place);
        let (old_deadline, value) = (old.deadline, old.value.to_vec());
        self.put(Ok(place), field, Item::new(&value), deadline);
        self.retime(field, old_deadline, deadline);
    }

    fn put(
        &mut self,
        place: Result<Place, Absent>,
        field: Item<'_>,
        value: Item<'_>,
        deadline: Option<i64>,
    ) {
        let record = [field, value, Item::Int(deadline.unwrap_or(0))];
        let record = if deadline.is_some() { &record[..] } else { &record[..STRIDE] };
        match place {
            Ok(place) => self.members.replace(place, record),
            Err(absent) => self.members.insert(absent, record),
        }
    }

    fn retime(&mut self, field: Item<'_>, old: Option<i64>, new: Option<i64>) {
        if old == new {
            return;
        }
        let sizes = self.growth.sizes.tree;
        let deadlines = self.deadlines.get_or_insert_with(|| Box::new(Deadlines::new(sizes)));
        old.into_iter().for_each(|old| deadlines.remove(old, field));
        new.into_iter().for_each(|new| deadlines.insert(new, field));
    }

    pub(super) fn remove(&mut self, field: Item<'_>, unix_ms: i64) -> bool {
        let Some(place) = self.members.find(field) else {
            self.is_spent = self.is_over(unix_ms);
            return false;
        };
        let old = self.field(place);
        let (deadline, was_there) = (old.deadline, !old.is_expired(unix_ms));
        let before = self.members.len();
        self.members.remove(place);
        self.tighten(before);
        self.retime(field, deadline, None);
        self.is_spent = self.is_over(unix_ms);
        was_there
    }

    pub(super) fn purge(&mut self, unix_ms: i64, count: usize) -> usize {
        let Some(deadlines) = &mut self.deadlines else { return 0 };
        let count = count.min(deadlines.before(unix_ms));
        let before = self.members.len();
        for field in deadlines.in_order(0..count) {
            let place = self.members.find(field).expect("each deadline is a field's");
            self.members.remove(place);
        }
        deadlines.remove_soonest(count);
        self.tighten(before);
        count
    }

    /// Gives up what the table remembers of the many members that it once had, when few are left of
    /// `before`. A hash without deadlines becomes a pack by then or a little later.
    fn tighten(&mut self, before: usize) {
        let few = usize::from(self.growth.sizes.load / FEW_SHARE);
        if before > few && self.members.len() <= few {
            self.members = self.members.clone();
        }
    }

    /// Checks what must hold between any two calls. O(n log n).
    ///
    /// # Panics
    /// If something is wrong.
    #[cfg(test)]
    pub(super) fn check(&self) {
        self.members.check();
        let fields: Vec<_> = self.records().map(|record| self.decode(record)).collect();
        let timed = fields.iter().filter(|field| field.deadline.is_some()).count();
        assert_eq!(timed, self.timed(), "each deadline has its place in the order");
        for field in fields {
            if let Some(deadline) = field.deadline {
                let deadlines = self.deadlines.as_ref().expect("there are deadlines");
                assert!(deadlines.contains(deadline, field.name), "{field:?} is in its place");
            }
        }
    }
}
