//! Lists.

use super::pack::{Item, Items, Pack, PackRef};
use super::string::IntBuffer;
use super::tree::{FlatIter, Shape, Tree};
use super::{Collection, Contents, Growth, Kind, Sizes, Value, ValueRef};
use std::ops::Range;

/// Which end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first element.
    Head,
    /// The last element.
    Tail,
}

/// A sequence of strings. Never empty while it is stored under a key.
#[derive(Clone, Debug)]
pub struct List(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Packed(Pack, Growth),
    Large(Box<Tree<Elements>>),
}

/// A record is an element, and found by its rank.
#[derive(Debug)]
pub struct Elements;

impl Shape for Elements {
    const STRIDE: usize = 1;
    type Key = ();

    fn key(_: Items<'_>) {}
}

/// A list, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum ListRef<'a> {
    /// One pack.
    Packed(PackRef<'a>),
    /// More than that.
    Large(&'a Tree<Elements>),
}

impl List {
    /// An empty list.
    pub fn new(growth: Growth) -> Self {
        Self(Repr::Packed(Pack::default(), growth))
    }

    /// A view of it.
    pub fn view(&self) -> ListRef<'_> {
        match &self.0 {
            Repr::Packed(pack, _) => ListRef::Packed(pack.view()),
            Repr::Large(tree) => ListRef::Large(tree),
        }
    }

    /// How many elements there are. O(1).
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an element at one end. O(log n).
    pub fn push(&mut self, end: End, item: &[u8]) {
        let item = Item::new(item);
        match &mut self.0 {
            Repr::Large(tree) if end == End::Head => tree.insert_first(&[item], &mut ()),
            Repr::Large(tree) => tree.insert(None, &[item], &mut ()),
            Repr::Packed(pack, _) => {
                let at = if end == End::Head { 0 } else { pack.count() };
                self.put(at..at, item);
            }
        }
    }

    /// Adds an element before the one at `index`, or at the tail. O(log n).
    ///
    /// # Panics
    /// If `index` is beyond the tail.
    pub fn insert(&mut self, index: usize, item: &[u8]) {
        self.put(index..index, Item::new(item));
    }

    /// Puts an element in the place of the one at `index`. O(log n).
    ///
    /// # Panics
    /// If there is none.
    pub fn set(&mut self, index: usize, item: &[u8]) {
        self.put(index..index + 1, Item::new(item));
    }

    /// Puts an element in the place of none or one. O(log n).
    fn put(&mut self, place: Range<usize>, item: Item<'_>) {
        if let Repr::Packed(pack, growth) = &mut self.0 {
            let (old, len) = (pack.view().run(place.clone()), pack.len() + item.packed_len());
            if len <= usize::from(growth.sizes.pack_max) + old.packed_len() {
                return pack.replace(old, &[item]);
            }
        }
        let tree = self.make_large();
        match tree.at(place.start) {
            Some(position) if !place.is_empty() => tree.replace(position, &[item], &mut ()),
            position => tree.insert(position, &[item], &mut ()),
        }
    }

    /// Adds elements at one end, one after the other, and gives the new length. O(log n) each, and
    /// less for many at the tail.
    pub fn push_all<'a>(&mut self, end: End, items: impl Iterator<Item = &'a [u8]>) -> usize {
        match end {
            End::Head => items.for_each(|item| self.push(end, item)),
            End::Tail => self.extend(items.map(Item::new)),
        }
        self.len()
    }

    fn extend<'a>(&mut self, mut items: impl Iterator<Item = Item<'a>>) {
        while let Repr::Packed(pack, growth) = &mut self.0 {
            let Some(item) = items.next() else { return };
            if pack.len() + item.packed_len() > growth.sizes.pack_max.into() {
                return self.make_large().extend([item].into_iter().chain(items), &mut ());
            }
            pack.push(item);
        }
        self.make_large().extend(items, &mut ());
    }

    /// Takes the element at one end and shows it to `visit`. False if there is none. O(log n).
    pub fn pop(&mut self, end: End, visit: impl FnOnce(&[u8])) -> bool {
        let item = match end {
            End::Head => self.view().iter_from(0).next(),
            End::Tail => self.view().last(),
        };
        let Some(item) = item else { return false };
        visit(item.as_bytes(&mut IntBuffer::new()));
        match &mut self.0 {
            Repr::Packed(pack, _) => {
                let at = if end == End::Head { 0 } else { pack.count() - 1 };
                pack.splice(at..at + 1, &[]);
            }
            Repr::Large(tree) => {
                let place = if end == End::Head { tree.first() } else { tree.last() };
                tree.remove(place.expect("the element was seen above"), &mut ());
            }
        }
        true
    }

    /// Removes the elements that are equal to `item`, up to `limit` of them, beginning at one end.
    /// How many there were. O(n + removed * log n).
    pub fn remove_equal(&mut self, item: &[u8], end: End, limit: usize) -> usize {
        let item = Item::new(item);
        let (mut removed, mut passed) = (0, 0);
        while removed < limit
            && let Some(run) = self.view().run_of(item, end, passed, limit - removed)
        {
            removed += run.len();
            passed = if end == End::Head { run.start } else { self.len() - run.end };
            self.remove(run);
        }
        removed
    }

    /// Removes all elements but those at these positions. O(log n + removed).
    ///
    /// # Panics
    /// If there are not so many elements.
    pub fn retain(&mut self, kept: Range<usize>) {
        self.remove(kept.end..self.len());
        self.remove(0..kept.start);
    }

    fn remove(&mut self, range: Range<usize>) {
        match &mut self.0 {
            Repr::Packed(pack, _) => pack.splice(range, &[]),
            Repr::Large(tree) => tree.remove_range(range, &mut ()),
        }
    }

    fn make_large(&mut self) -> &mut Tree<Elements> {
        if let Repr::Packed(pack, growth) = &mut self.0 {
            let tree = Tree::from_pack(std::mem::take(pack), growth.sizes.list, &mut ());
            self.0 = Repr::Large(Box::new(tree));
        }
        match &mut self.0 {
            Repr::Large(tree) => tree,
            Repr::Packed(..) => unreachable!("it was made large above"),
        }
    }
}

impl Contents for List {
    fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Packed(pack, _) => pack.heap_bytes(),
            Repr::Large(tree) => Tree::<Elements>::BYTES + tree.heap_bytes(),
        }
    }

    fn len(&self) -> usize {
        self.view().len()
    }

    fn repacked(&self, sizes: Sizes) -> Option<Pack> {
        match &self.0 {
            Repr::Packed(..) => None,
            Repr::Large(tree) => tree.to_pack(sizes.repacked_max()),
        }
    }

    fn free_some(&mut self, count: usize) -> usize {
        match &mut self.0 {
            Repr::Packed(pack, _) => std::mem::take(pack).count(),
            Repr::Large(tree) => tree.free_some(count),
        }
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        match list.0 {
            Repr::Packed(pack, _) => Self::Packed(Kind::List, pack),
            Repr::Large(_) => Self::List(list),
        }
    }
}

impl Collection for List {
    const KIND: Kind = Kind::List;

    type Ref<'a> = ListRef<'a>;

    fn of(value: &Value) -> Option<&Self> {
        if let Value::List(list) = value { Some(list) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::List(list) = value { Some(list) } else { None }
    }

    fn of_ref(value: ValueRef<'_>) -> Option<ListRef<'_>> {
        if let ValueRef::List(list) = value { Some(list) } else { None }
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

impl<'a> ListRef<'a> {
    /// How many elements there are. O(1).
    #[allow(clippy::len_without_is_empty, reason = "a list that is stored is not empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Packed(pack) => pack.count(),
            Self::Large(tree) => tree.len(),
        }
    }

    /// The last element. O(log n).
    fn last(self) -> Option<Item<'a>> {
        match self {
            Self::Packed(pack) => pack.last(),
            Self::Large(tree) => tree.record(tree.last()?).next(),
        }
    }

    /// All elements, from either end.
    pub fn iter(self) -> FlatIter<'a, Elements> {
        self.iter_from(0)
    }

    /// The elements from `start` on, from either end. O(log n) to begin.
    pub fn iter_from(self, start: usize) -> FlatIter<'a, Elements> {
        self.range(start.min(self.len())..self.len())
    }

    /// The elements of a range, from either end. O(log n) to begin.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn range(self, range: Range<usize>) -> FlatIter<'a, Elements> {
        match self {
            Self::Packed(pack) => pack.range(range).into(),
            Self::Large(tree) => tree.range(range).into(),
        }
    }

    /// Where the first element is that is equal to `item`. O(n).
    pub fn find(self, item: &[u8]) -> Option<usize> {
        let item = Item::new(item);
        self.iter().position(|other| other == item)
    }

    /// The first run of elements that are equal to `item`, cut to `limit`, on the way from one end
    /// and behind the first `passed` elements.
    fn run_of(self, item: Item<'_>, end: End, passed: usize, limit: usize) -> Option<Range<usize>> {
        match end {
            End::Head => {
                let (skipped, len) = find_run(self.iter_from(passed), item, limit)?;
                Some(passed + skipped..passed + skipped + len)
            }
            End::Tail => {
                let last = self.len() - passed;
                let (skipped, len) = find_run(self.range(0..last).rev(), item, limit)?;
                Some(last - skipped - len..last - skipped)
            }
        }
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::Packed(pack) => pack.to_value(Kind::List),
            Self::Large(tree) => Value::List(List(Repr::Large(Box::new(tree.clone())))),
        }
    }
}

/// How many items come before the first that is `wanted`, and how many in a row are, up to `limit`.
fn find_run<'a>(
    mut items: impl Iterator<Item = Item<'a>>,
    wanted: Item<'_>,
    limit: usize,
) -> Option<(usize, usize)> {
    let skipped = items.position(|item| item == wanted)?;
    let more = items.take(limit - 1).take_while(|&item| item == wanted).count();
    Some((skipped, 1 + more))
}

#[cfg(test)]
mod tests {
    use super::super::Sizes;
    use super::*;
    use crate::hash::KeyHasher;
    use crate::rng::Rng;
    use proptest::prelude::*;

    /// For tests that do not care.
    fn growth(sizes: Sizes) -> Growth {
        Growth { hasher: KeyHasher::new(&mut Rng::new(1)), sizes }
    }

    fn remove_equal(model: &mut Vec<Vec<u8>>, item: &[u8], end: End, limit: usize) -> usize {
        let mut equal: Vec<_> = (0..model.len()).filter(|&at| model[at] == item).collect();
        if end == End::Tail {
            equal.reverse();
        }
        equal.truncate(limit);
        equal.sort_unstable();
        equal.iter().rev().for_each(|&at| drop(model.remove(at)));
        equal.len()
    }

    proptest! {
        #[test]
        fn equals_a_vector(
            sizes in prop::sample::select(vec![Sizes::DEFAULT, Sizes::TINY]),
            operations in prop::collection::vec((0..10u8, any::<u8>(), 0..300usize), 0..200),
        ) {
            let mut list = List::new(growth(sizes));
            let mut model: Vec<Vec<u8>> = Vec::new();
            for (operation, byte, len) in operations {
                let item = vec![byte; len];
                match operation {
                    0 | 1 => {
                        list.push(End::Head, &item);
                        model.insert(0, item);
                    }
                    2 | 3 => {
                        let items = [item, b"12".to_vec()];
                        let len = list.push_all(End::Tail, items.iter().map(|item| &item[..]));
                        model.extend(items);
                        prop_assert_eq!(len, model.len());
                    }
                    6 if !model.is_empty() => {
                        let at = len % model.len();
                        list.set(at, &item);
                        model[at] = item;
                    }
                    6 | 7 => {
                        let at = len % (model.len() + 1);
                        list.insert(at, &item);
                        model.insert(at, item);
                    }
                    8 => {
                        let wanted = model.get(len % (model.len() + 1)).cloned();
                        let wanted = wanted.unwrap_or(item);
                        prop_assert_eq!(
                            list.view().find(&wanted),
                            model.iter().position(|item| *item == wanted)
                        );
                        let end = if byte % 2 == 0 { End::Head } else { End::Tail };
                        let limit = [1, 2, 5, usize::MAX][len % 4];
                        let removed = list.remove_equal(&wanted, end, limit);
                        prop_assert_eq!(removed, remove_equal(&mut model, &wanted, end, limit));
                    }
                    9 if byte < 64 => {
                        let mut ends = [len, byte.into()].map(|end| end % (model.len() + 1));
                        ends.sort_unstable();
                        list.retain(ends[0]..ends[1]);
                        model = model[ends[0]..ends[1]].to_vec();
                    }
                    _ => {
                        let end = if operation == 4 { End::Head } else { End::Tail };
                        let at = if end == End::Head { 0 } else { model.len().saturating_sub(1) };
                        let expected = (!model.is_empty()).then(|| model.remove(at));
                        let mut popped = None;
                        list.pop(end, |item| popped = Some(item.to_vec()));
                        prop_assert_eq!(popped, expected);
                    }
                }
                prop_assert_eq!(list.is_empty(), model.is_empty());
                let start = usize::from(byte) % (model.len() + 2);
                let rest: Vec<_> = list.view().iter_from(start).map(Item::to_vec).collect();
                prop_assert_eq!(&rest, &model[start.min(model.len())..]);
                let reversed = list.view().iter().rev().map(Item::to_vec);
                prop_assert!(reversed.eq(model.iter().rev().cloned()));
            }
            while Contents::free_some(&mut list, 3) > 0 {}
            prop_assert!(list.is_empty());
        }
    }
}
