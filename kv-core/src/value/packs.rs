//! Many packs by their numbers, in the cells of a slab: what large collections consist of.
//!
//! A slab has a size of cells for every eight bytes and gives pages back that are hardly used,
//! which general allocators do not: packs that grow and shrink all the time leave holes there.

use super::pack::{self, Item, Mark, Pack, PackRef};
use crate::slab::{self, PageSize, Ref, Slab};
use crate::table::Table;

/// In a cell, before the bytes of the pack: its number, doubled and one more, since the first byte
/// of a cell must not be 0, and the length of the pack.
const HEADER: usize = 8;

/// So many packs are copied rather than that the slab takes more memory than they.
const FEW: usize = 16;

/// A pack that has become shorter stays in its cell until one byte of so many there is unused, so that it
/// does not move with every item that is taken out.
const SPARE_SHARE: usize = 4;

/// Packs, the first of which has the number 0. Empty ones take no memory but their number's.
#[derive(Debug)]
pub(crate) struct Packs {
    cells: Table<Ref>,
    slab: Slab,
    /// The pack that is being changed.
    scratch: Vec<u8>,
}

impl Packs {
    /// No packs. Allocates nothing.
    pub(crate) fn new() -> Self {
        Self { cells: Table::new(), slab: Slab::new(PageSize::VARIED), scratch: Vec::new() }
    }

    /// How many packs there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The memory that they take, in bytes. O(1).
    pub(crate) fn bytes(&self) -> usize {
        self.slab.live_bytes()
            + self.slab.table_bytes()
            + self.cells.capacity() * size_of::<Ref>()
            + self.scratch.capacity()
    }

    /// A pack.
    #[inline(always)]
    pub(crate) fn get(&self, number: usize) -> PackRef<'_> {
        match self.cells[number] {
            Ref::NONE => PackRef::default(),
            cell => read(self.slab.cell(cell)),
        }
    }

    /// Asks the processor for where a pack is.
    pub(crate) fn prefetch_name(&self, number: usize) {
        self.cells.prefetch(number);
    }

    /// Asks the processor for a pack.
    pub(crate) fn prefetch(&self, number: usize) {
        self.slab.prefetch_whole(self.cells[number]);
    }

    /// Adds a pack behind all others.
    pub(crate) fn push(&mut self, pack: PackRef<'_>) {
        self.cells.push(Ref::NONE);
        self.set(self.len() - 1, pack);
    }

    /// Takes the last pack.
    pub(crate) fn pop(&mut self) -> Option<Pack> {
        let number = self.len().checked_sub(1)?;
        let pack = Pack::from_bytes(self.get(number).as_bytes().to_vec());
        self.set(number, PackRef::default());
        self.cells.pop();
        self.forget_sizes();
        Some(pack)
    }

    /// Drops what the slab knows of the sizes that there once were, when few packs are left.
    fn forget_sizes(&mut self) {
        let is_large = self.slab.table_bytes() > self.slab.live_bytes();
        if self.len() <= FEW && is_large {
            *self = self.clone();
        }
    }

    /// Puts another pack in the place of one: what `change` makes of it, in a pack of any contents.
    pub(crate) fn change(&mut self, number: usize, change: impl FnOnce(PackRef<'_>, &mut Pack)) {
        let mut changed = Pack::from_bytes(std::mem::take(&mut self.scratch));
        change(self.get(number), &mut changed);
        self.set(number, changed.view());
        self.scratch = changed.into_bytes();
    }

    /// Writes items in the place of others, if they have just the same form. False if they have not.
    #[inline]
    pub(crate) fn overwrite(&mut self, number: usize, at: Mark, items: &[Item<'_>]) -> bool {
        let cell = self.slab.cell_mut(self.cells[number]);
        let end = HEADER + word(&cell[4..]);
        pack::overwrite(&mut cell[HEADER..end], at, items)
    }

    /// Shortens a pack in its place. `cut` does it and says how long the pack is then; or None, if it has not
    /// changed it. Whether it was shortened.
    pub(crate) fn shorten(
        &mut self,
        number: usize,
        cut: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        let cell = self.cells[number];
        let bytes = self.slab.cell_mut(cell);
        let end = HEADER + word(&bytes[4..]);
        let Some(len) = cut(&mut bytes[HEADER..end]) else { return false };
        bytes[4..HEADER].copy_from_slice(&(len as u32).to_le_bytes());
        if !fits(bytes, HEADER + len) {
            self.relocate(number, HEADER + len);
            self.compact();
        }
        true
    }

    /// Puts another pack in the place of one.
    pub(crate) fn set(&mut self, number: usize, pack: PackRef<'_>) {
        let bytes = pack.as_bytes();
        let old = self.cells[number];
        if pack.is_empty() {
            self.cells[number] = Ref::NONE;
        } else if old == Ref::NONE || !fits(self.slab.cell(old), HEADER + bytes.len()) {
            self.cells[number] = self.slab.alloc(HEADER + bytes.len());
        }
        let cell = self.cells[number];
        if cell != Ref::NONE {
            write(self.slab.cell_mut(cell), number, bytes);
        }
        if old != cell && old != Ref::NONE {
            self.slab.free(old);
            self.compact();
        }
    }

    /// Moves a pack to a cell of another page, of at least `size` bytes, for which it is not too long.
    fn relocate(&mut self, number: usize, size: usize) {
        self.cells[number] = self.slab.relocate(self.cells[number], size);
    }

    /// Empties a page that is hardly used, if there is one. O(size of a page).
    fn compact(&mut self) {
        if !self.slab.wants_compaction() {
            return;
        }
        let Some(page) = self.slab.begin_compaction() else { return };
        for cell in self.slab.cells_of(page).collect::<Vec<_>>() {
            let bytes = self.slab.cell(cell);
            let (number, size) = (number_of(bytes), bytes.len());
            self.relocate(number, size);
        }
        self.slab.finish_compaction();
    }
}

impl Clone for Packs {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        (0..self.len()).for_each(|number| clone.push(self.get(number)));
        clone
    }
}

/// Whether a cell is neither too small nor too large.
fn fits(cell: &[u8], needed: usize) -> bool {
    let size = cell.len();
    needed <= size && (size - needed <= size / SPARE_SHARE || size == slab::cell_size(needed))
}

fn write(cell: &mut [u8], number: usize, pack: &[u8]) {
    let number = u32::try_from(number << 1 | 1).expect("fewer than 2^31 packs");
    let len = u32::try_from(pack.len()).expect("a pack is small");
    let (header, rest) = cell.split_at_mut(HEADER);
    header[..4].copy_from_slice(&number.to_le_bytes());
    header[4..].copy_from_slice(&len.to_le_bytes());
    rest[..pack.len()].copy_from_slice(pack);
}

#[inline(always)]
fn read(cell: &[u8]) -> PackRef<'_> {
    PackRef::from_bytes(&cell[HEADER..HEADER + word(&cell[4..])])
}

fn number_of(cell: &[u8]) -> usize {
    word(cell) >> 1
}

#[inline]
fn word(bytes: &[u8]) -> usize {
    u32::from_le_bytes(*bytes.first_chunk().expect("a cell has a header")) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pack(items: usize, size: usize) -> Pack {
        let mut pack = Pack::default();
        (0..items).for_each(|_| pack.push(Item::Bytes(&vec![b'x'; size])));
        pack
    }

    proptest! {
        #[test]
        fn packs_are_those_that_were_stored(
            operations in prop::collection::vec((0..6u8, any::<u16>(), 0..30usize, 0..100usize), 1..300),
        ) {
            let (mut packs, mut model) = (Packs::new(), Vec::<Pack>::new());
            for (operation, number, items, size) in operations {
                let number = usize::from(number) % model.len().max(1);
                match operation {
                    0 | 1 => {
                        let pack = pack(items, size);
                        packs.push(pack.view());
                        model.push(pack);
                    }
                    2 if !model.is_empty() => {
                        packs.change(number, |old, new| {
                            let end = old.count();
                            old.edit_into([(end..end, &[Item::Int(size as i64)])], new);
                        });
                        model[number].push(Item::Int(size as i64));
                    }
                    3 if model.get(number).is_some_and(|pack| pack.count() > 1) => {
                        let first = match model[number].view().get(0) {
                            Some(Item::Bytes(bytes)) => bytes.to_vec(),
                            _ => Vec::new(),
                        };
                        let item = 1 + items % (model[number].count() - 1);
                        let can_be_cut = (1..128).contains(&first.len());
                        let is_cut = packs.shorten(number, |bytes| {
                            can_be_cut.then(|| pack::cut(bytes, 0, item..item + 1)).flatten()
                        });
                        prop_assert_eq!(is_cut, can_be_cut);
                        if is_cut {
                            model[number].splice(item..item + 1, &[]);
                            model[number].splice(0..1, &[Item::Bytes(&first[1..])]);
                        }
                    }
                    4 if !model.is_empty() => {
                        let pack = pack(items, size);
                        packs.set(number, pack.view());
                        model[number] = pack;
                    }
                    _ => {
                        let popped = packs.pop();
                        prop_assert_eq!(popped.map(Pack::into_bytes).map(|bytes| bytes.len()),
                            model.pop().map(|pack| if pack.is_empty() { 0 } else { pack.len() }));
                    }
                }
                prop_assert_eq!(packs.len(), model.len());
                let clone = packs.clone();
                for (number, pack) in model.iter().enumerate() {
                    for packs in [&packs, &clone] {
                        prop_assert!(packs.get(number).iter().eq(pack.view().iter()));
                    }
                }
            }
            while packs.pop().is_some() {}
            prop_assert_eq!(packs.slab.live_bytes(), 0);
        }
    }

    #[test]
    fn a_pack_that_is_shortened_leaves_a_cell_that_is_too_large() {
        let mut packs = Packs::new();
        packs.push(pack(50, 15).view());
        while packs.get(0).count() > 1 {
            let before = packs.slab.live_bytes();
            assert!(packs.shorten(0, |bytes| {
                pack::cut(bytes, 0, 1..2).or_else(|| panic!("the first item is short"))
            }));
            let needed = HEADER + packs.get(0).as_bytes().len();
            let cell = packs.slab.live_bytes();
            assert!(cell <= before && needed <= cell, "{needed} bytes in {cell}, {before} before");
            assert!(cell - needed <= cell / SPARE_SHARE || cell == slab::cell_size(needed));
            if packs.get(0).get(0) == Some(Item::Bytes(b"")) {
                break;
            }
        }
        assert!(packs.slab.live_bytes() < 800, "{} bytes", packs.slab.live_bytes());
    }

    #[test]
    fn packs_that_shrink_give_their_memory_back() {
        let mut packs = Packs::new();
        (0..2000).for_each(|_| packs.push(pack(20, 15).view()));
        let full = packs.slab.page_bytes();
        (0..2000).for_each(|number| packs.set(number, pack(2, 15).view()));
        assert!(packs.slab.page_bytes() < full / 5, "{} of {full}", packs.slab.page_bytes());
    }
}
