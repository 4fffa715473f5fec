//! Lists.

use super::pack::{Item, Items, Pack, PackRef};
use super::string::IntBuffer;
use super::tree::{Shape, Tree};
use super::{Collection, Contents, Growth, Kind, Value, ValueRef};

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
        if let Repr::Packed(pack, growth) = &mut self.0
            && pack.len() + item.packed_len() <= growth.sizes.pack_max.into()
        {
            let at = if end == End::Head { 0 } else { pack.count() };
            return pack.splice(at..at, &[item]);
        }
        let tree = self.make_large();
        let place = if end == End::Head { tree.first() } else { None };
        tree.insert(place, &[item], &mut ());
    }

    /// Adds elements at one end, one after the other, and gives the new length. O(log n) each.
    pub fn push_all<'a>(&mut self, end: End, items: impl Iterator<Item = &'a [u8]>) -> usize {
        items.for_each(|item| self.push(end, item));
        self.len()
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

    fn make_large(&mut self) -> &mut Tree<Elements> {
        if let Repr::Packed(pack, growth) = &mut self.0 {
            let tree = Tree::from_pack(std::mem::take(pack), growth.sizes.tree, &mut ());
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

    /// The elements from `start` on. O(log n) to begin.
    pub fn iter_from(self, start: usize) -> impl Iterator<Item = Item<'a>> {
        let (pack, tree) = match self {
            Self::Packed(pack) => (Some(pack.iter_from(start)), None),
            Self::Large(tree) => (None, Some(tree.range(start.min(tree.len())..tree.len()))),
        };
        pack.into_iter().flatten().chain(tree.into_iter().flatten().flatten())
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::Packed(pack) => pack.to_value(Kind::List),
            Self::Large(tree) => Value::List(List(Repr::Large(Box::new(tree.clone())))),
        }
    }
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

    proptest! {
        #[test]
        fn equals_a_vector(
            sizes in prop::sample::select(vec![Sizes::DEFAULT, Sizes::TINY]),
            operations in prop::collection::vec((0..6u8, any::<u8>(), 0..300usize), 0..200),
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
            }
            while Contents::free_some(&mut list, 3) > 0 {}
            prop_assert!(list.is_empty());
        }
    }
}
