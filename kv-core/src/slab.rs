//! Memory for entries: cells of fixed sizes in pages.
//!
//! A cell is named by a 32-bit [`Ref`], half a pointer. Sizes go in classes; a page holds cells of
//! one class. Free cells of a page are linked through themselves. Pages stand in groups by how full
//! they are, as in zsmalloc, the allocator of Linux's compressed swap: allocation takes from the
//! fullest group, so that the emptiest pages run dry and are given back, and compaction empties
//! those that do not.
//!
//! The first byte of a cell belongs to both sides: its owner keeps it other than 0, the slab sets
//! it to 0 when the cell is free. That is how compaction finds the cells that are in use.

#![allow(unsafe_code, reason = "cells are raw memory")]

use crate::table::Table;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Sizes are multiples of this up to [`FINE_MAX`]; cells are aligned to it.
const STEP: usize = 8;
/// The smallest cell.
const SIZE_MIN: usize = 16;
/// Up to here there is a class for each multiple of [`STEP`].
const FINE_MAX: usize = 1024;
/// From there on, each doubling has so many classes.
const CLASSES_PER_DOUBLING: usize = 8;
/// The largest cell that shares a page with others. Larger ones have a page each, of their size.
pub(crate) const SHARED_MAX: usize = 16 * 1024;
/// The largest pages of a class have room for so many cells, at least.
const PAGE_CELLS: usize = 8;

const FINE_CLASSES: usize = FINE_MAX / STEP + 1;
const DOUBLINGS: usize = (SHARED_MAX / FINE_MAX).ilog2() as usize;
/// The class of cells that have a page each.
const HUGE: usize = FINE_CLASSES + DOUBLINGS * CLASSES_PER_DOUBLING;

const INDEX_BITS: u32 = 11;
/// The most pages: what a [`Ref`] can name. With pages of 32 KiB that is 64 GiB.
pub(crate) const PAGES_MAX: usize = 1 << (32 - INDEX_BITS);

/// The bytes that the processor fetches at once.
const LINE: usize = 64;

/// Groups of pages by how full they are.
const GROUPS: usize = 4;
/// The group of a page that takes no part: a full one, or one that is being emptied.
const NO_GROUP: u8 = u8::MAX;
/// Where a free cell keeps the number of the next one.
const LINK: std::ops::Range<usize> = 2..4;
/// The end of a page's list of free cells.
const NO_CELL: u16 = u16::MAX;

/// A new page has one cell for so many that its class has already, so that a class with few cells
/// does not hold a large page for them.
const GROWTH_SHARE: usize = 8;
/// At most one byte of so many is left over at the end of a page, where that can be.
const TAIL_SHARE: usize = 16;
/// The free cells of a class are left alone as long as they are one for so many used ones, and so
/// many of the smallest pages, or of themselves where those are smaller.
const SPARE_SHARE: usize = 16;
const SPARE_PAGES: usize = 1;

/// How large the pages of small cells are, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// A page for a class that has few cells has this size at least, or that of one cell.
    min: usize,
    /// A page for a class that has many cells has this size.
    max: usize,
}

impl Default for PageSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl PageSize {
    /// 1 to 32 KiB.
    pub const DEFAULT: Self = Self { min: 1024, max: 32 * 1024 };

    /// From the size of a cell up to 32 KiB: for cells of many sizes, and few of each.
    pub(crate) const VARIED: Self = Self { min: 0, ..Self::DEFAULT };

    /// Pages so small that a handful of cells fills one: for simulations.
    pub const TINY: Self = Self { min: 1024, max: 256 };
}

/// Names a cell until it is freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ref(u32);

impl Ref {
    /// Names nothing.
    pub(crate) const NONE: Self = Self(u32::MAX);

    fn new(page: usize, index: usize) -> Self {
        Self((page as u32) << INDEX_BITS | index as u32)
    }

    fn page(self) -> usize {
        (self.0 >> INDEX_BITS) as usize
    }

    fn index(self) -> usize {
        (self.0 & ((1 << INDEX_BITS) - 1)) as usize
    }
}

#[derive(Debug)]
struct Page {
    /// `bytes` bytes, at least `cells * size`, aligned to [`STEP`], all initialized. Dangling if
    /// `cells` is 0: then the number of the page is free.
    memory: NonNull<u8>,
    size: u32,
    bytes: u32,
    cells: u16,
    /// How many cells are in use.
    live: u16,
    /// How many cells were ever in use; those behind were never touched.
    begun: u16,
    /// The first of the linked free cells.
    free: u16,
    /// The number of its class in the slab.
    class: u8,
    group: u8,
    /// The place in the group.
    position: u32,
}

#[derive(Debug, Default)]
struct Class {
    groups: [Vec<u32>; GROUPS],
    /// Cells in use, and cells of all pages.
    live: usize,
    cells: usize,
    /// Its cells have a page each.
    is_huge: bool,
}

/// Stands for a class that there never was a cell of.
const NO_CLASS: u8 = u8::MAX;

/// Cells that belong together: those of one keyspace, or of one collection.
#[derive(Debug)]
pub(crate) struct Slab {
    pages: Table<Page>,
    /// Numbers of pages that are free.
    numbers: Table<u32>,
    /// How many pages there are.
    page_count: u32,
    /// The classes that there ever was a cell of, in no order.
    classes: Vec<Class>,
    /// By the number that `class_of` gives: the place among the classes, or [`NO_CLASS`].
    places: Vec<u8>,
    page_size: PageSize,
    live_bytes: usize,
    page_bytes: usize,
    /// A class may have to be compacted.
    sparse: Option<u8>,
    /// The page that is being emptied.
    emptying: Option<usize>,
}

// The pages belong to the slab alone, and hold plain bytes.
unsafe impl Send for Slab {}
unsafe impl Sync for Slab {}

/// The class of a cell of at least `size` bytes, and its size.
fn class_of(size: usize) -> (usize, usize) {
    if size <= FINE_MAX {
        let class = size.max(SIZE_MIN).div_ceil(STEP);
        (class, class * STEP)
    } else if size <= SHARED_MAX {
        let doubling = ((size - 1) / FINE_MAX).ilog2() as usize;
        let start = FINE_MAX << doubling;
        let step = start / CLASSES_PER_DOUBLING;
        let steps = (size - start).div_ceil(step);
        (FINE_CLASSES + doubling * CLASSES_PER_DOUBLING + steps - 1, start + steps * step)
    } else {
        (HUGE, size.next_multiple_of(STEP))
    }
}

/// The size of the cell that `Slab::alloc` gives for `size` bytes.
pub(crate) fn cell_size(size: usize) -> usize {
    class_of(size).1
}

impl Slab {
    /// A slab without pages.
    pub(crate) fn new(page_size: PageSize) -> Self {
        Self {
            pages: Table::new(),
            numbers: Table::new(),
            page_count: 0,
            classes: Vec::new(),
            places: Vec::new(),
            page_size,
            live_bytes: 0,
            page_bytes: 0,
            sparse: None,
            emptying: None,
        }
    }

    /// The bytes of the cells in use.
    pub(crate) fn live_bytes(&self) -> usize {
        self.live_bytes
    }

    /// The bytes of all pages.
    pub(crate) fn page_bytes(&self) -> usize {
        self.page_bytes
    }

    /// Whether all pages that can be named are nearly used up.
    #[inline]
    pub(crate) fn is_exhausted(&self) -> bool {
        self.page_count as usize >= PAGES_MAX - HUGE
    }

    /// A cell of at least `size` bytes, which hold anything. Its first byte is 0 and must not stay
    /// so. O(1), and a page from the allocator now and then.
    pub(crate) fn alloc(&mut self, size: usize) -> Ref {
        let (id, size) = class_of(size);
        let class = self.class(id);
        let groups = &self.classes[class].groups;
        let page = groups.iter().rev().find_map(|group| group.last().copied());
        let page = page.map_or_else(|| self.add_page(class, size), |page| page as usize);
        let page_ = &mut self.pages[page];
        let index = if page_.free == NO_CELL {
            page_.begun += 1;
            page_.begun - 1
        } else {
            let next = page_.link(page_.free.into());
            std::mem::replace(&mut page_.free, next)
        };
        page_.live += 1;
        self.classes[class].live += 1;
        self.live_bytes += size;
        self.regroup(page);
        Ref::new(page, index.into())
    }

    /// The place of a class.
    fn class(&mut self, id: usize) -> usize {
        if id >= self.places.len() {
            self.places.resize(id + 1, NO_CLASS);
        }
        if self.places[id] == NO_CLASS {
            self.places[id] = self.classes.len() as u8;
            self.classes.push(Class { is_huge: id == HUGE, ..Class::default() });
        }
        self.places[id].into()
    }

    /// Frees a cell. O(1), and a page to the allocator now and then.
    pub(crate) fn free(&mut self, cell: Ref) {
        let number = cell.page();
        let page = &mut self.pages[number];
        let (next, size) = (page.free, page.size as usize);
        let bytes = page.cell_mut(cell.index());
        debug_assert!(bytes[0] != 0, "the cell is free already");
        bytes[0] = 0;
        bytes[LINK].copy_from_slice(&next.to_le_bytes());
        page.free = cell.index() as u16;
        page.live -= 1;
        self.live_bytes -= size;
        let class = usize::from(page.class);
        let is_empty = page.live == 0;
        self.classes[class].live -= 1;
        if self.emptying == Some(number) {
            return;
        }
        if is_empty && self.is_dispensable(number) {
            self.remove_page(number);
        } else {
            self.regroup(number);
            self.note_sparse(class);
        }
    }

    /// The bytes of a cell.
    pub(crate) fn cell(&self, cell: Ref) -> &[u8] {
        self.pages[cell.page()].cell(cell.index())
    }

    /// The bytes of a cell, to change them.
    pub(crate) fn cell_mut(&mut self, cell: Ref) -> &mut [u8] {
        self.pages[cell.page()].cell_mut(cell.index())
    }

    /// Moves what is in a cell to one of another page, of at least `size` bytes, for which it is not too long.
    pub(crate) fn relocate(&mut self, cell: Ref, size: usize) -> Ref {
        let to = self.alloc(size);
        let [source, target] = self.pages.pair_mut([cell.page(), to.page()]);
        let target = target.cell_mut(to.index());
        target.copy_from_slice(&source.cell(cell.index())[..target.len()]);
        self.free(cell);
        to
    }

    /// Asks the processor for the first bytes of a cell. `cell` may be any value.
    pub(crate) fn prefetch(&self, cell: Ref) {
        if let Some(page) = self.pages.get(cell.page()) {
            let offset = cell.index() * page.size as usize;
            // Nothing is read: an address that nothing lies at does no harm.
            prefetch(page.memory.as_ptr().wrapping_add(offset));
            // Even of a small cell the next line is touched: keys are compared in vectors, which read on behind
            // them (8 % of an INCR among a million keys).
            prefetch(page.memory.as_ptr().wrapping_add(offset + LINE - 1));
        }
    }

    /// Asks the processor for all of a small cell. `cell` may be any value.
    pub(crate) fn prefetch_whole(&self, cell: Ref) {
        const LINES_MAX: usize = 8;
        if let Some(page) = self.pages.get(cell.page()) {
            let (size, offset) = (page.size as usize, cell.index() * page.size as usize);
            // A cell that begins within a line ends in one more.
            for at in (0..size + LINE - 1).step_by(LINE).take(LINES_MAX) {
                // As above.
                prefetch(page.memory.as_ptr().wrapping_add(offset + at));
            }
        }
    }

    /// A page that should be emptied so that it can be given back, if there is one. Until
    /// [`Slab::finish_compaction`] is called, nothing is allocated in it.
    pub(crate) fn begin_compaction(&mut self) -> Option<usize> {
        let class = usize::from(self.sparse?);
        if !self.is_sparse(class) {
            self.sparse = (0..self.classes.len()).find(|&c| self.is_sparse(c)).map(|c| c as u8);
            return self.sparse.and_then(|_| self.begin_compaction());
        }
        let page = *self.classes[class].groups.iter().find_map(|group| group.last())? as usize;
        self.leave_group(page);
        self.emptying = Some(page);
        Some(page)
    }

    /// The cells of a page that are in use.
    pub(crate) fn cells_of(&self, page: usize) -> impl Iterator<Item = Ref> {
        let page_ = &self.pages[page];
        let used = (0..usize::from(page_.begun)).filter(|&index| page_.cell(index)[0] != 0);
        used.map(move |index| Ref::new(page, index))
    }

    /// Ends what `begin_compaction` began: all cells of the page were freed.
    pub(crate) fn finish_compaction(&mut self) {
        let page = self.emptying.take().expect("`begin_compaction` came before");
        assert_eq!(self.pages[page].live, 0, "a page is emptied as a whole");
        self.remove_page(page);
    }

    /// Takes the pages away, up to `count` of them, whatever is in them. Whether any are left.
    /// Afterwards the slab serves for nothing but more of this.
    pub(crate) fn drop_pages(&mut self, count: usize) -> bool {
        for _ in 0..count {
            let Some(page) = self.pages.pop() else { break };
            self.page_bytes -= page.bytes();
            self.page_count -= u32::from(page.cells > 0);
            self.live_bytes -= usize::from(page.live) * page.size as usize;
            page.give_back();
        }
        !self.pages.is_empty()
    }

    /// How many pages there are to drop.
    pub(crate) fn last_page(&self) -> Option<usize> {
        self.pages.len().checked_sub(1)
    }

    /// The bytes that the slab's own tables take.
    pub(crate) fn table_bytes(&self) -> usize {
        const PAGE_RECORD: usize = 32;
        const CLASS_RECORD: usize = 120;
        self.pages.capacity() * PAGE_RECORD
            + self.classes.capacity() * CLASS_RECORD
            + self.places.capacity()
    }

    fn add_page(&mut self, class: usize, size: usize) -> usize {
        // A page that is being emptied does not count: it is about to go.
        let emptied = self.emptying.map_or(0, |page| self.pages[page].cells.into());
        let cells = self.classes[class].cells - emptied;
        let bytes = self.size_of_new_page(class, size, cells);
        let cells = bytes / size;
        let page = Page::new(class, size, bytes);
        self.page_bytes += page.bytes();
        self.page_count += 1;
        self.classes[class].cells += cells;
        let number = match self.numbers.pop() {
            Some(number) => {
                self.pages[number as usize] = page;
                number as usize
            }
            None => {
                assert!(self.pages.len() < PAGES_MAX, "writes are refused before this");
                self.pages.push(page);
                self.pages.len() - 1
            }
        };
        self.regroup(number);
        number
    }

    fn remove_page(&mut self, number: usize) {
        self.leave_group(number);
        let page = std::mem::replace(&mut self.pages[number], Page::none());
        self.page_bytes -= page.bytes();
        self.page_count -= 1;
        self.classes[usize::from(page.class)].cells -= usize::from(page.cells);
        page.give_back();
        self.numbers.push(number as u32);
    }

    /// The bytes of a page that is added to so many cells of the same class. Shared pages have few
    /// different sizes, so that what one class gives back serves another.
    fn size_of_new_page(&self, class: usize, size: usize, cells: usize) -> usize {
        let wanted = cells / GROWTH_SHARE * size;
        let is_huge = self.classes[class].is_huge;
        let PageSize { min, max } = self.page_size;
        if is_huge || (wanted <= size && size > min) {
            return size;
        }
        let max = max.max((size * PAGE_CELLS).next_power_of_two());
        let wastes_little = |bytes: usize| bytes % size <= bytes / TAIL_SHARE;
        let mut bytes = wanted.max(size).max(min).next_power_of_two().min(max);
        while bytes < max && !wastes_little(bytes) {
            bytes *= 2;
        }
        bytes
    }

    /// Whether an empty page is not needed as the next that cells are taken from.
    fn is_dispensable(&self, number: usize) -> bool {
        let page = &self.pages[number];
        let class = &self.classes[usize::from(page.class)];
        page.bytes() > SPARE_PAGES * self.page_size.min
            || class.cells - class.live > page.cells.into()
    }

    /// Whether a class has more free cells than it should, and emptying a page would change that.
    fn is_sparse(&self, class: usize) -> bool {
        let Class { live, cells, groups, is_huge } = &self.classes[class];
        let spare = cells - live;
        if spare <= live / SPARE_SHARE || *is_huge {
            return false;
        }
        let Some(&page) = groups.iter().find_map(|group| group.last()) else { return false };
        let page = &self.pages[page as usize];
        let (moved, given) = (usize::from(page.live), usize::from(page.cells));
        let size = page.size as usize;
        if spare <= live / SPARE_SHARE + SPARE_PAGES * (self.page_size.min / size).max(1) {
            return false;
        }
        let room = spare - (given - moved);
        // What finds no room goes to a new page, which must be smaller.
        room >= moved
            || moved * size + self.size_of_new_page(class, size, cells - given)
                <= page.bytes() * 3 / 4
    }

    fn note_sparse(&mut self, class: usize) {
        if self.sparse.is_none() && self.is_sparse(class) {
            self.sparse = Some(class as u8);
        }
    }

    /// Whether there is a page to compact, as far as is known without looking for it.
    pub(crate) fn wants_compaction(&self) -> bool {
        self.sparse.is_some()
    }

    /// Puts a page into the group that it belongs to.
    fn regroup(&mut self, number: usize) {
        let group = self.pages[number].group_wanted();
        if self.pages[number].group != group {
            self.leave_group(number);
            if group != NO_GROUP {
                let class = usize::from(self.pages[number].class);
                let members = &mut self.classes[class].groups[usize::from(group)];
                self.pages[number].position = members.len() as u32;
                members.push(number as u32);
            }
            self.pages[number].group = group;
        }
    }

    fn leave_group(&mut self, number: usize) {
        let Page { class, group, position, .. } = self.pages[number];
        if group != NO_GROUP {
            let members = &mut self.classes[usize::from(class)].groups[usize::from(group)];
            members.swap_remove(position as usize);
            if let Some(&moved) = members.get(position as usize) {
                self.pages[moved as usize].position = position;
            }
            self.pages[number].group = NO_GROUP;
        }
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        self.drop_pages(self.pages.len());
    }
}

impl Page {
    fn new(class: usize, size: usize, bytes: usize) -> Self {
        let layout = layout(bytes);
        // SAFETY: the layout's size is not 0: a page has a cell, and a cell has 16 bytes.
        let memory = unsafe { alloc_zeroed(layout) };
        let memory = NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout));
        Self {
            memory,
            size: u32::try_from(size).expect("a key has at most 512 MiB"),
            bytes: u32::try_from(bytes).expect("a key has at most 512 MiB"),
            cells: (bytes / size) as u16,
            live: 0,
            begun: 0,
            free: NO_CELL,
            class: class as u8,
            group: NO_GROUP,
            position: 0,
        }
    }

    /// No page, with a number that is free.
    fn none() -> Self {
        Self {
            memory: NonNull::dangling(),
            size: 0,
            bytes: 0,
            cells: 0,
            live: 0,
            begun: 0,
            free: NO_CELL,
            class: 0,
            group: NO_GROUP,
            position: 0,
        }
    }

    fn bytes(&self) -> usize {
        self.bytes as usize
    }

    fn give_back(self) {
        if self.cells > 0 {
            // SAFETY: `new` allocated this many bytes with this layout, and nobody else frees them.
            unsafe { dealloc(self.memory.as_ptr(), layout(self.bytes())) }
        }
    }

    fn group_wanted(&self) -> u8 {
        if self.live == self.cells {
            NO_GROUP
        } else {
            // Without a division, which would be done for each allocation.
            let (live, cells) = (usize::from(self.live) * GROUPS, usize::from(self.cells));
            (1..GROUPS).map(|group| u8::from(live >= group * cells)).sum()
        }
    }

    fn cell(&self, index: usize) -> &[u8] {
        assert!(index < usize::from(self.cells), "the cell is not in the page");
        let size = self.size as usize;
        // SAFETY: the page has `cells * size` bytes and more, initialized at allocation and written through
        // `cell_mut` only, which borrows the slab mutably.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().add(index * size), size) }
    }

    fn cell_mut(&mut self, index: usize) -> &mut [u8] {
        assert!(index < usize::from(self.cells), "the cell is not in the page");
        let size = self.size as usize;
        // SAFETY: as in `cell`; the page is borrowed mutably, and its memory belongs to it alone.
        unsafe { std::slice::from_raw_parts_mut(self.memory.as_ptr().add(index * size), size) }
    }

    /// The free cell that is linked behind a free one.
    fn link(&self, index: usize) -> u16 {
        u16::from_le_bytes(*self.cell(index)[LINK].first_chunk().expect("it is two bytes long"))
    }
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, STEP).expect("a page is not larger than the address space")
}

/// Asks the processor for a slice, or the first few lines of a long one.
pub(crate) fn prefetch_slice<T>(slice: &[T]) {
    const LINES_MAX: usize = 20;
    slice.chunks(LINE / size_of::<T>()).take(LINES_MAX).for_each(|line| prefetch(line.as_ptr()));
}

/// Asks the processor for the cache line at `address`.
pub(crate) fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and never faults; the instruction is in every x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_class_holds_its_size_and_wastes_at_most_an_eighth() {
        for size in 1..SHARED_MAX + 100 {
            let (class, cell) = class_of(size);
            assert!(cell >= size && class <= HUGE, "{size}");
            assert_eq!(class_of(cell), (class, cell), "{size}");
            let spare_max = if size < SIZE_MIN { SIZE_MIN } else { STEP.max(cell / 8) };
            assert!(cell - size < spare_max, "{size} in {cell}");
        }
    }

    proptest! {
        #[test]
        fn cells_keep_their_bytes_and_pages_are_given_back(
            tiny in any::<bool>(),
            operations in prop::collection::vec((0..3u8, 1..3000usize, any::<u8>()), 1..300),
        ) {
            let mut slab = Slab::new(if tiny { PageSize::TINY } else { PageSize::default() });
            let mut model: Vec<(Ref, usize, u8)> = Vec::new();
            for (operation, size, byte) in operations {
                if operation > 0 || model.is_empty() {
                    let cell = slab.alloc(size);
                    prop_assert!(slab.cell(cell).len() >= size);
                    slab.cell_mut(cell).fill(byte | 1);
                    model.push((cell, size, byte | 1));
                } else {
                    let (cell, _, byte) = model.swap_remove(size % model.len());
                    prop_assert!(slab.cell(cell).iter().all(|&b| b == byte));
                    slab.free(cell);
                }
                let live: usize = model.iter().map(|&(_, size, _)| cell_size(size)).sum();
                prop_assert_eq!(slab.live_bytes(), live);
                prop_assert!(slab.page_bytes() >= live);
            }
            for (cell, _, byte) in model.drain(..) {
                prop_assert!(slab.cell(cell).iter().all(|&b| b == byte));
                slab.free(cell);
            }
            prop_assert_eq!(slab.live_bytes(), 0);
            let spare: usize = slab.pages.iter().filter(|page| page.cells > 0).count();
            prop_assert!(spare <= slab.classes.len());
        }
    }

    #[test]
    fn compaction_names_sparse_pages_until_little_is_spare() {
        let mut slab = Slab::new(PageSize::default());
        let cells: Vec<Ref> = (0..10_000)
            .map(|_| {
                let cell = slab.alloc(64);
                slab.cell_mut(cell)[0] = 1;
                cell
            })
            .collect();
        let mut kept = Vec::new();
        for (index, cell) in cells.into_iter().enumerate() {
            if index % 20 == 0 { kept.push(cell) } else { slab.free(cell) }
        }
        assert!(slab.page_bytes() > 9 * slab.live_bytes());
        while let Some(page) = slab.begin_compaction() {
            for old in slab.cells_of(page).collect::<Vec<_>>() {
                let new = slab.alloc(64);
                assert_ne!(new.page(), page);
                slab.cell_mut(new)[0] = 1;
                slab.free(old);
                *kept.iter_mut().find(|cell| **cell == old).unwrap() = new;
            }
            slab.finish_compaction();
        }
        assert_eq!(slab.live_bytes(), kept.len() * 64);
        assert!(slab.page_bytes() <= slab.live_bytes() * 7 / 6 + 3 * PageSize::DEFAULT.max);
    }
}
