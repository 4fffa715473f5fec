//! Lists.

use super::list_chunks::Chunks;
use super::pack::{Item, Pack, PackRef};
use super::string::IntBuffer;
use super::{Collection, Kind, PACK_MAX, Value};

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
    Packed(Pack),
    Large(Chunks),
}

/// A list, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum ListRef<'a> {
    /// One pack.
    Packed(PackRef<'a>),
    /// More than that.
    Large(&'a Chunks),
}

impl Default for List {
    fn default() -> Self {
        Self(Repr::Packed(Pack::default()))
    }
}

impl List {
    /// A view of it.
    pub fn view(&self) -> ListRef<'_> {
        match &self.0 {
            Repr::Packed(pack) => ListRef::Packed(pack.view()),
            Repr::Large(chunks) => ListRef::Large(chunks),
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

    /// Adds an element at one end. Amortized O(1).
    pub fn push(&mut self, end: End, item: &[u8]) {
        if let Repr::Packed(pack) = &mut self.0 {
            let encoded = Item::new(item);
            if pack.len() + encoded.packed_len() <= PACK_MAX {
                let at = if end == End::Head { 0 } else { pack.count() };
                return pack.splice(at..at, &[encoded]);
            }
        }
        self.make_large().push(end, item);
    }

    /// Adds elements at one end, one after the other, and gives the new length. Amortized O(1) each.
    pub fn push_all<'a>(&mut self, end: End, items: impl Iterator<Item = &'a [u8]>) -> usize {
        items.for_each(|item| self.push(end, item));
        self.len()
    }

    /// Takes the element at one end and shows it to `visit`. False if there is none. O(1).
    pub fn pop(&mut self, end: End, visit: impl FnOnce(&[u8])) -> bool {
        match &mut self.0 {
            Repr::Large(chunks) => chunks.pop(end).map(|item| visit(&item)).is_some(),
            Repr::Packed(pack) => {
                let (at, item) = match end {
                    End::Head => (0, pack.view().get(0)),
                    End::Tail => (pack.count().saturating_sub(1), pack.view().last()),
                };
                let Some(item) = item else { return false };
                visit(item.as_bytes(&mut IntBuffer::new()));
                pack.splice(at..at + 1, &[]);
                true
            }
        }
    }

    /// Frees up to `count` elements. How many it freed; fewer when none are left.
    pub(crate) fn free_some(&mut self, count: usize) -> usize {
        (0..count).take_while(|_| self.pop(End::Tail, |_| {})).count()
    }

    /// The memory outside of the value itself, in bytes. O(1).
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Packed(pack) => pack.heap_bytes(),
            Repr::Large(chunks) => chunks.heap_bytes(),
        }
    }

    /// The pack that it is, if it is one.
    pub(crate) fn packed(&self) -> Option<PackRef<'_>> {
        match &self.0 {
            Repr::Packed(pack) => Some(pack.view()),
            Repr::Large(_) => None,
        }
    }

    fn make_large(&mut self) -> &mut Chunks {
        if let Repr::Packed(pack) = &self.0 {
            let mut chunks = Chunks::default();
            let mut buffer = IntBuffer::new();
            pack.view().iter().for_each(|item| chunks.push(End::Tail, item.as_bytes(&mut buffer)));
            self.0 = Repr::Large(chunks);
        }
        match &mut self.0 {
            Repr::Large(chunks) => chunks,
            Repr::Packed(_) => unreachable!("it was made large above"),
        }
    }
}

impl Collection for List {
    const KIND: Kind = Kind::List;

    fn of(value: &Value) -> Option<&Self> {
        if let Value::List(list) = value { Some(list) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::List(list) = value { Some(list) } else { None }
    }

    fn unpack(pack: Pack) -> Self {
        Self(Repr::Packed(pack))
    }

    fn into_pack(self) -> Result<Pack, Self> {
        match self.0 {
            Repr::Packed(pack) => Ok(pack),
            Repr::Large(_) => Err(self),
        }
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<'a> ListRef<'a> {
    /// How many elements there are. O(1).
    #[allow(clippy::len_without_is_empty, reason = "a list that is stored is not empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Packed(pack) => pack.count(),
            Self::Large(chunks) => chunks.len(),
        }
    }

    /// Shows the elements from `start` on to `visit`, until it says that it is enough. O(1) to
    /// begin.
    pub fn visit_from(self, start: usize, mut visit: impl FnMut(&[u8]) -> bool) {
        match self {
            Self::Packed(pack) => {
                let mut buffer = IntBuffer::new();
                let _ = pack.iter_from(start).all(|item| visit(item.as_bytes(&mut buffer)));
            }
            Self::Large(chunks) => {
                let _ = chunks.iter_from(start).all(visit);
            }
        }
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> List {
        List(match self {
            Self::Packed(pack) => Repr::Packed(Pack::from_bytes(pack.as_bytes().to_vec())),
            Self::Large(chunks) => Repr::Large(chunks.clone()),
        })
    }
}
