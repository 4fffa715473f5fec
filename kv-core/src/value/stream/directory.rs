//! Things that have names: the groups of a stream, the consumers of a group. A name is found in
//! O(log n), and all are in the order of their bytes, which is how Redis lists them. What has a name
//! keeps its number for as long as it is there.

use crate::table::Table;
use crate::value::pack::{Item, Items};
use crate::value::tree::{Position, Shape, Sizes, Tree};

/// What a slot counts for in memory, without its name, in bytes.
const SLOT: usize = 64;

const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(super) struct Directory<T> {
    /// The numbers in the order of the names.
    order: Tree<Numbers>,
    slots: Table<Slot<T>>,
    /// The first of the free slots, which tell their next.
    free: u32,
    /// What the names take.
    name_bytes: usize,
}

#[derive(Clone, Debug)]
enum Slot<T> {
    Used { name: Box<[u8]>, value: T },
    Free(u32),
}

#[derive(Debug)]
struct Numbers;

impl Shape for Numbers {
    const STRIDE: usize = 1;
    type Key = ();

    fn key(_: Items<'_>) {}
}

fn number_of(mut record: Items<'_>) -> u32 {
    match record.next() {
        Some(Item::Int(number)) => number as u32,
        item => panic!("{item:?} is no number"),
    }
}

impl<T> Directory<T> {
    pub(super) fn new(sizes: Sizes) -> Self {
        Self { order: Tree::new(sizes), slots: Table::new(), free: NONE, name_bytes: 0 }
    }

    /// O(1).
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The memory outside of the value itself and of what has the names, in bytes. O(1).
    pub(super) fn heap_bytes(&self) -> usize {
        self.order.heap_bytes() + self.slots.capacity() * SLOT + self.name_bytes
    }

    /// The number of what has this name. O(log n).
    pub(super) fn find(&self, name: &[u8]) -> Option<u32> {
        self.seek(name).1
    }

    /// What has this number.
    ///
    /// # Panics
    /// If there is nothing.
    pub(super) fn get(&self, number: u32) -> &T {
        match &self.slots[number as usize] {
            Slot::Used { value, .. } => value,
            Slot::Free(_) => panic!("{number} is free"),
        }
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, number: u32) -> &mut T {
        match &mut self.slots[number as usize] {
            Slot::Used { value, .. } => value,
            Slot::Free(_) => panic!("{number} is free"),
        }
    }

    /// The name of what has this number.
    pub(super) fn name(&self, number: u32) -> &[u8] {
        match &self.slots[number as usize] {
            Slot::Used { name, .. } => name,
            Slot::Free(_) => panic!("{number} is free"),
        }
    }

    /// The numbers in the order of their names.
    pub(super) fn numbers(&self) -> impl ExactSizeIterator<Item = u32> {
        self.order.iter().map(number_of)
    }

    /// Gives a name that nothing has. The number. O(log n).
    pub(super) fn insert(&mut self, name: &[u8], value: T) -> u32 {
        let (place, found) = self.seek(name);
        assert_eq!(found, None, "the name is free");
        let slot = Slot::Used { name: name.into(), value };
        let number = self.fill(slot);
        self.name_bytes += name.len();
        self.order.insert(place, &[Item::Int(number.into())], &mut ());
        number
    }

    /// Takes away what has this name. O(log n).
    pub(super) fn remove(&mut self, name: &[u8]) -> Option<T> {
        let (place, number) = self.seek(name);
        let number = number?;
        self.order.remove(place.expect("it was found"), &mut ());
        Some(self.empty(number))
    }

    /// The number of what has the last name.
    pub(super) fn last(&self) -> Option<u32> {
        self.order.last().map(|last| number_of(self.order.record(last)))
    }

    /// Takes away the last.
    pub(super) fn pop(&mut self) -> Option<T> {
        let (last, number) = (self.order.last()?, self.last()?);
        self.order.remove(last, &mut ());
        Some(self.empty(number))
    }

    /// The first place whose name is not less, and its number if it is the same.
    fn seek(&self, name: &[u8]) -> (Option<Position>, Option<u32>) {
        let is_before = |record: Items<'_>| self.name(number_of(record)) < name;
        let place = self.order.seek(|(), record| is_before(record.items()));
        let number = place.map(|place| number_of(self.order.record(place)));
        (place, number.filter(|&number| self.name(number) == name))
    }

    fn fill(&mut self, slot: Slot<T>) -> u32 {
        if self.free == NONE {
            self.slots.push(slot);
            return self.slots.len() as u32 - 1;
        }
        let number = self.free;
        match std::mem::replace(&mut self.slots[number as usize], slot) {
            Slot::Free(next) => self.free = next,
            Slot::Used { .. } => unreachable!("it was in the list of free slots"),
        }
        number
    }

    fn empty(&mut self, number: u32) -> T {
        let slot = std::mem::replace(&mut self.slots[number as usize], Slot::Free(self.free));
        let Slot::Used { name, value } = slot else { panic!("{number} is free") };
        self.free = number;
        self.name_bytes -= name.len();
        self.shorten();
        value
    }

    /// Gives memory back when nothing is left.
    fn shorten(&mut self) {
        if self.order.is_empty() {
            self.slots = Table::new();
            self.free = NONE;
        }
    }

    /// Checks what must hold between any two calls. O(n).
    ///
    /// # Panics
    /// If something is wrong.
    pub(super) fn check(&self) {
        let names: Vec<_> = self.numbers().map(|number| self.name(number)).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "names ascend");
        let bytes: usize = names.iter().map(|name| name.len()).sum();
        assert_eq!(bytes, self.name_bytes, "names are counted");
        let used = self.slots.iter().filter(|slot| matches!(slot, Slot::Used { .. })).count();
        assert_eq!(used, names.len(), "nothing is without a name");
    }
}
