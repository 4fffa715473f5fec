//! Changing a tree.
//!
//! Counts change in one way only: [`Tree::recount`] adds a difference to all nodes above a leaf. A
//! leaf is hung into the tree with a count of 0 and then recounted; what inner nodes do among
//! themselves leaves the counts above them as they are. Removal leaves no empty nodes, and then
//! joins neighbours that are too small. Nodes get other numbers at the very end only.

use super::arena::Arena;
use super::node::{Child, INNER_RECORD, Inner, LEAF_RECORD, Leaf, NONE};
use super::{Item, Items, LeafNumber, Pack, Position, STRIDE_MAX, Shape, Tree, Watcher, Way};
use crate::rare::{Rare, sometimes};
use crate::value::pack::Run;
use std::ops::Range;

/// How a record gets its room.
enum Room {
    /// It fits into a leaf.
    In(Position),
    /// A leaf of its own, the neighbour of this one.
    Beside(u32, Way),
    /// A leaf is cut.
    Split(u32, usize),
    /// The first leaf.
    First,
}

/// How a leaf is cut for a record.
enum Cut {
    /// At this record; the new one goes to the end or into the inside of the front.
    Front(usize),
    /// At this record; the new one goes to the beginning or into the inside of the back.
    Back(usize),
    /// Where the new record goes, which gets a leaf of its own.
    Apart,
}

fn packed_len(record: &[Item<'_>]) -> usize {
    record.iter().map(|item| item.packed_len()).sum()
}

impl<S: Shape> Tree<S> {
    /// Inserts a record before the one at `place`, or at the end. O(log n).
    ///
    /// # Panics
    /// If the record has not as many items as its shape says.
    pub fn insert(
        &mut self,
        place: Option<Position>,
        record: &[Item<'_>],
        watcher: &mut impl Watcher,
    ) {
        let room = self.room(place, packed_len(record));
        self.insert_at(room, record, watcher);
    }

    /// Inserts a record before all others. O(height), and cheaper than to search for the place.
    ///
    /// # Panics
    /// If the record has not as many items as its shape says.
    pub fn insert_first(&mut self, record: &[Item<'_>], watcher: &mut impl Watcher) {
        let room = match self.end(Way::Back) {
            Some(leaf) if self.may_append(leaf, packed_len(record)) => {
                Room::In(Position::first_of(leaf))
            }
            Some(leaf) => Room::Beside(leaf, Way::Back),
            None => Room::First,
        };
        self.insert_at(room, record, watcher);
    }

    /// Removes a record. O(log n).
    pub fn remove(&mut self, position: Position, watcher: &mut impl Watcher) {
        let Position { leaf, .. } = position;
        self.cut_out(position, 1);
        if self.leaves[leaf].pack.is_empty() {
            self.drop_leaf(leaf, watcher);
        } else {
            self.settle(leaf, watcher);
        }
        self.tidy(watcher);
    }

    /// Puts a record in the place of another. The watcher is not told if it lies in the same leaf.
    /// O(log n).
    ///
    /// # Panics
    /// If the record has not as many items as its shape says.
    pub fn replace(&mut self, position: Position, record: &[Item<'_>], watcher: &mut impl Watcher) {
        let Position { leaf, .. } = position;
        let old = self.record(position).packed_len();
        let len = self.leaves[leaf].pack.len() - old + packed_len(record);
        if len <= self.sizes.leaf_max() || self.count(leaf) == 1 {
            self.put(position, 1, record);
        } else {
            self.cut_out(position, 1);
            self.insert_untidy(Some(position), record, watcher);
        }
        if self.leaves.contains(leaf) {
            self.settle(leaf, watcher);
        }
        self.tidy(watcher);
    }

    /// Removes the records of a range of ranks. Whole leaves go without being looked at.
    /// O(log n + removed).
    ///
    /// # Panics
    /// If there are not so many records.
    pub fn remove_range(&mut self, ranks: Range<usize>, watcher: &mut impl Watcher) {
        assert!(ranks.end <= self.len);
        let mut left = ranks.len();
        while left > 0 {
            let position = self.at(ranks.start).expect("the ranks are those of records");
            left -= self.remove_run(position, left);
        }
        if let Some(before) = self.previous(self.at(ranks.start)) {
            self.settle_path(before.leaf, watcher);
        }
        if let Some(behind) = self.at(ranks.start) {
            self.settle_path(behind.leaf, watcher);
        }
        self.tidy(watcher);
    }

    /// Removes up to about `count` records, so that the rest can be dropped in steps. How many;
    /// fewer only when none are left. O(log n + count).
    pub fn free_some(&mut self, count: usize) -> usize {
        let count = count.min(self.len);
        self.remove_range(self.len - count..self.len, &mut ());
        count
    }

    /// Adds records at the end, given as their items in turn. What the last leaf has no room for
    /// comes into full leaves, each written at once. O(n), and O(log n) for each leaf.
    ///
    /// # Panics
    /// If the items end within a record.
    pub fn extend<'i>(
        &mut self,
        items: impl IntoIterator<Item = Item<'i>>,
        watcher: &mut impl Watcher,
    ) {
        let mut items = items.into_iter();
        let (mut leaf, mut size) = (Vec::new(), 0);
        while let Some(record) = next_record::<S>(&mut items) {
            let record = &record[..S::STRIDE];
            let more = packed_len(record);
            if leaf.is_empty() && self.has_room_at_end(more) {
                self.insert_untidy(None, record, watcher);
                continue;
            }
            if !leaf.is_empty() && size + more > self.appended_room() {
                self.push_leaf(pack_of(&leaf), watcher);
                leaf.clear();
                size = 0;
            }
            leaf.extend_from_slice(record);
            size += more;
        }
        if !leaf.is_empty() {
            self.push_leaf(pack_of(&leaf), watcher);
        }
        self.tidy(watcher);
    }

    fn has_room_at_end(&self, size: usize) -> bool {
        self.end(Way::On).is_some_and(|last| self.may_append(last, size))
    }

    /// Leaves behind what is to be tidied.
    fn push_leaf(&mut self, pack: Pack, watcher: &mut impl Watcher) {
        match self.end(Way::On) {
            Some(last) => self.hang(last, Way::On, pack, watcher),
            None => self.hang_first(pack, watcher),
        };
    }

    /// For how many bytes of records there is room in a leaf with several.
    fn leaf_room(&self) -> usize {
        self.sizes.leaf_max() - EMPTY_PACK
    }

    /// The same for records that are added at the end of the tree.
    fn appended_room(&self) -> usize {
        usize::from(self.sizes.appended_max) - EMPTY_PACK
    }
}

/// What a pack takes besides its items.
const EMPTY_PACK: usize = 2;

/// Records.
impl<S: Shape> Tree<S> {
    fn insert_untidy(
        &mut self,
        place: Option<Position>,
        record: &[Item<'_>],
        watcher: &mut impl Watcher,
    ) {
        self.insert_into(self.room(place, packed_len(record)), record, watcher);
    }

    /// Leaves nothing that is to be tidied.
    fn insert_at(&mut self, room: Room, record: &[Item<'_>], watcher: &mut impl Watcher) {
        let is_tidy = matches!(room, Room::In(..));
        self.insert_into(room, record, watcher);
        if !is_tidy {
            self.tidy(watcher);
        }
    }

    fn insert_into(&mut self, room: Room, record: &[Item<'_>], watcher: &mut impl Watcher) {
        assert_eq!(record.len(), S::STRIDE);
        match room {
            Room::In(place) => self.insert_in(place, record, watcher),
            Room::Split(leaf, index) => self.split(leaf, index, record, watcher),
            Room::Beside(leaf, way) => {
                self.hang(leaf, way, pack_of(record), watcher);
            }
            Room::First => {
                self.hang_first(pack_of(record), watcher);
            }
        }
    }

    fn room(&self, place: Option<Position>, size: usize) -> Room {
        let (before, behind) = match place {
            Some(Position { leaf, index: 0, .. }) => (self.neighbour(leaf, Way::Back), Some(leaf)),
            Some(place) if place.index < self.count(place.leaf) => {
                let fits = self.fits(place.leaf, size);
                return if fits { Room::In(place) } else { Room::Split(place.leaf, place.index) };
            }
            Some(Position { leaf, .. }) => (Some(leaf), self.neighbour(leaf, Way::On)),
            None => (self.end(Way::On), None),
        };
        let fits = |leaf| match place {
            Some(_) => self.fits(leaf, size),
            None => self.may_append(leaf, size),
        };
        match (before, behind) {
            (Some(leaf), _) if fits(leaf) => Room::In(self.behind(leaf)),
            (_, Some(leaf)) if fits(leaf) => Room::In(Position::first_of(leaf)),
            (Some(leaf), _) => Room::Beside(leaf, Way::On),
            (_, Some(leaf)) => Room::Beside(leaf, Way::Back),
            (None, None) => Room::First,
        }
    }

    fn fits(&self, leaf: u32, size: usize) -> bool {
        self.leaves[leaf].pack.len() + size <= self.sizes.leaf_max()
    }

    /// Whether a record may be added at the end of the tree to the leaf there.
    fn may_append(&self, leaf: u32, size: usize) -> bool {
        self.leaves[leaf].pack.len() + size <= self.sizes.appended_max.into()
    }

    fn insert_in(&mut self, place: Position, record: &[Item<'_>], watcher: &mut impl Watcher) {
        self.put(place, 0, record);
        watcher.moved(record.iter().copied(), place.leaf());
    }

    /// Puts a record in the place of so many, perhaps none, of a leaf.
    fn put(&mut self, place: Position, old: usize, record: &[Item<'_>]) {
        self.splice(place, old, record);
        // Where keys say nothing, the first record is not read for one.
        let has_key = place.index == 0 && size_of::<S::Key>() > 0;
        let key = has_key.then(|| self.first_key(place.leaf));
        self.recount(place.leaf, 1 - old as i64, key);
    }

    /// Removes so many records of a leaf, which may become empty.
    fn cut_out(&mut self, place: Position, count: usize) {
        self.splice(place, count, &[]);
        let is_first = place.index == 0 && !self.pack(place.leaf).is_empty();
        let key = is_first.then(|| self.first_key(place.leaf));
        self.recount(place.leaf, -(count as i64), key);
    }

    fn splice(&mut self, place: Position, old: usize, items: &[Item<'_>]) {
        let Position { leaf, index, begin } = place;
        let old = match old {
            0 => Items::default(),
            _ => self.items_from(place).take_front(old * S::STRIDE),
        };
        let run = Run::of(&old, index * S::STRIDE, begin);
        self.change(leaf, |pack| {
            pack.replace(run, items);
            pack.tighten();
        });
    }

    /// Cuts a leaf and inserts a record there.
    fn split(&mut self, leaf: u32, index: usize, record: &[Item<'_>], watcher: &mut impl Watcher) {
        let back = match self.cut(leaf, index, packed_len(record)) {
            Cut::Front(at) => {
                let back = self.cut_off(leaf, at, watcher);
                self.insert_in(self.position(leaf, index), record, watcher);
                back
            }
            Cut::Back(at) => {
                let back = self.cut_off(leaf, at, watcher);
                self.insert_in(self.position(back, index - at), record, watcher);
                back
            }
            Cut::Apart => {
                let back = self.cut_off(leaf, index, watcher);
                self.hang(leaf, Way::On, pack_of(record), watcher);
                back
            }
        };
        self.settle(leaf, watcher);
        if self.leaves.contains(back) {
            self.settle(back, watcher);
        }
    }

    /// The cut that leaves the larger part as small as possible.
    fn cut(&self, leaf: u32, index: usize, size: usize) -> Cut {
        let mut behind = self.pack(leaf).iter();
        let all = behind.packed_len();
        let mut best = (self.leaf_room() + 1, Cut::Apart);
        for at in 0..=self.count(leaf) {
            let (front, back) = (all - behind.packed_len(), behind.packed_len());
            if at <= index && at > 0 && front.max(back + size) < best.0 {
                best = (front.max(back + size), Cut::Back(at));
            }
            if at >= index && back > 0 && back.max(front + size) < best.0 {
                best = (back.max(front + size), Cut::Front(at));
            }
            if back > 0 {
                behind.take_front(S::STRIDE);
            }
        }
        best.1
    }

    /// Takes the records from `index` on into a leaf of their own.
    fn cut_off(&mut self, leaf: u32, index: usize, watcher: &mut impl Watcher) -> u32 {
        let back = self.change(leaf, |pack| pack.split_off(index * S::STRIDE));
        self.recount(leaf, -((back.count() / S::STRIDE) as i64), None);
        self.hang(leaf, Way::On, back, watcher)
    }

    /// Removes up to `limit` records from a position on: of one leaf, or whole leaves below the
    /// same parent. How many.
    fn remove_run(&mut self, position: Position, limit: usize) -> usize {
        let Position { leaf, index, .. } = position;
        let count = self.count(leaf);
        if index > 0 || count > limit {
            let removed = limit.min(count - index);
            self.cut_out(position, removed);
            return removed;
        }
        let len = self.len;
        self.drop_leaves(leaf, limit as u64);
        len - self.len
    }

    fn tell<W: Watcher>(&self, leaf: u32, records: Range<usize>, watcher: &mut W) {
        if W::WATCHES {
            let mut rest = self.records_of(leaf, records);
            while rest.len() > 0 {
                watcher.moved(rest.take_front(S::STRIDE), LeafNumber(leaf));
            }
        }
    }
}

fn pack_of(items: &[Item<'_>]) -> Pack {
    let mut pack = Pack::default();
    pack.splice(0..0, items);
    pack
}

/// The first items of the array are a record's.
fn next_record<'i, S: Shape>(
    items: &mut impl Iterator<Item = Item<'i>>,
) -> Option<[Item<'i>; STRIDE_MAX]> {
    let mut record = [items.next()?; STRIDE_MAX];
    for item in &mut record[1..S::STRIDE] {
        *item = items.next().expect("the items of whole records");
    }
    Some(record)
}

/// Nodes.
impl<S: Shape> Tree<S> {
    fn change<R>(&mut self, leaf: u32, change: impl FnOnce(&mut Pack) -> R) -> R {
        let pack = &mut self.leaves[leaf].pack;
        self.bytes -= pack.heap_bytes();
        let result = change(pack);
        self.bytes += pack.heap_bytes();
        result
    }

    fn change_inner<R>(&mut self, node: u32, change: impl FnOnce(&mut Inner<S::Key>) -> R) -> R {
        let inner = &mut self.inners[node];
        self.bytes -= inner.heap_bytes();
        let result = change(inner);
        self.bytes += inner.heap_bytes();
        result
    }

    fn add_leaf(&mut self, pack: Pack) -> u32 {
        self.bytes += pack.heap_bytes();
        self.change_leaves(|leaves| leaves.add(Leaf { pack, parent: NONE, hint: 0 }))
    }

    fn add_inner(&mut self, inner: Inner<S::Key>) -> u32 {
        self.bytes += inner.heap_bytes();
        self.change_inners(|inners| inners.add(inner))
    }

    fn free_leaf(&mut self, leaf: u32) -> Pack {
        let pack = self.change_leaves(|leaves| leaves.remove(leaf)).pack;
        self.bytes -= pack.heap_bytes();
        pack
    }

    fn free_inner(&mut self, node: u32) -> Inner<S::Key> {
        let inner = self.change_inners(|inners| inners.remove(node));
        self.bytes -= inner.heap_bytes();
        inner
    }

    /// Changes the table of the leaves.
    fn change_leaves<R>(&mut self, change: impl FnOnce(&mut Arena<Leaf>) -> R) -> R {
        let before = self.leaves.bytes(LEAF_RECORD);
        let result = change(&mut self.leaves);
        self.bytes = self.bytes + self.leaves.bytes(LEAF_RECORD) - before;
        result
    }

    /// Changes the table of the inner nodes.
    fn change_inners<R>(&mut self, change: impl FnOnce(&mut Arena<Inner<S::Key>>) -> R) -> R {
        let before = self.inners.bytes(INNER_RECORD);
        let result = change(&mut self.inners);
        self.bytes = self.bytes + self.inners.bytes(INNER_RECORD) - before;
        result
    }

    /// Notes which is the parent of a node, and where that has it.
    fn set_parent(&mut self, node: u32, level: u8, parent: u32, slot: usize) {
        let (parent_, hint) = match level {
            0 => {
                let leaf = &mut self.leaves[node];
                (&mut leaf.parent, &mut leaf.hint)
            }
            _ => {
                let inner = &mut self.inners[node];
                (&mut inner.parent, &mut inner.hint)
            }
        };
        (*parent_, *hint) = (parent, slot as u8);
    }

    /// Tells the children of a node that it is their parent, from `slot` on.
    fn adopt(&mut self, node: u32, slot: usize) {
        for slot in slot..self.inners[node].len() {
            let inner = &self.inners[node];
            self.set_parent(inner.numbers[slot], inner.level - 1, node, slot);
        }
    }

    /// The parent of an inner node and where that has it.
    fn place_of(&self, node: u32) -> Option<(u32, usize)> {
        self.slot_in(self.above(node, self.inners[node].level), node)
    }

    fn place_of_leaf(&self, leaf: u32) -> Option<(u32, usize)> {
        self.slot_in(self.above(leaf, 0), leaf)
    }

    fn slot_in(&self, (parent, hint): (u32, u8), child: u32) -> Option<(u32, usize)> {
        (parent != NONE).then(|| (parent, self.inners[parent].slot(child, hint)))
    }

    /// Notes that a leaf has so many more records, and that its first record has this key.
    fn recount(&mut self, leaf: u32, more: i64, key: Option<S::Key>) {
        self.len = self.len.wrapping_add_signed(more as isize);
        self.recount_above(leaf, 0, more, key);
    }

    /// The same of a node of this level.
    fn recount_above(&mut self, mut child: u32, mut level: u8, more: i64, mut key: Option<S::Key>) {
        if more == 0 && key.is_none() {
            return;
        }
        let (mut parent, mut hint) = self.above(child, level);
        while parent != NONE {
            let inner = &mut self.inners[parent];
            let slot = inner.slot(child, hint);
            inner.counts[slot] = inner.counts[slot].wrapping_add_signed(more);
            if let Some(first) = key {
                inner.keys[slot] = first;
                key = key.filter(|_| slot == 0);
            }
            let above = (inner.parent, inner.hint);
            if slot != usize::from(hint) {
                self.set_parent(child, level, parent, slot);
            }
            (child, level) = (parent, level + 1);
            (parent, hint) = above;
        }
    }

    /// Makes a leaf of a pack, the first of the tree.
    fn hang_first(&mut self, pack: Pack, watcher: &mut impl Watcher) -> u32 {
        self.len = pack.count() / S::STRIDE;
        self.root = self.add_leaf(pack);
        self.tell(self.root, 0..self.len, watcher);
        self.root
    }

    /// Makes a leaf of a pack, the neighbour of another.
    fn hang(&mut self, leaf: u32, way: Way, pack: Pack, watcher: &mut impl Watcher) -> u32 {
        let count = pack.count() / S::STRIDE;
        let number = self.add_leaf(pack);
        let key = self.first_key(number);
        if self.height == 0 {
            let key = self.first_key(leaf);
            self.grow_root(Child { number: leaf, count: self.len as u64, key });
        }
        let (parent, slot) = self.place_of_leaf(leaf).expect("the root is an inner node");
        let slot = slot + usize::from(way == Way::On);
        self.add_child(parent, slot, Child { number, count: 0, key });
        self.recount(number, count as i64, Some(key));
        self.tell(number, 0..count, watcher);
        number
    }

    /// Puts a node above the root.
    fn grow_root(&mut self, child: Child<S::Key>) {
        let level = self.height;
        self.height += 1;
        let mut inner = Inner::new(self.height);
        inner.insert(0, child);
        self.root = self.add_inner(inner);
        self.set_parent(child.number, level, self.root, 0);
    }

    /// Gives a node a child, which may have no records yet. Full nodes split.
    fn add_child(&mut self, mut node: u32, mut slot: usize, mut child: Child<S::Key>) {
        while self.inners[node].len() == self.sizes.children_max() {
            let new = self.split_inner(node, slot, child);
            if self.inners[node].parent == NONE {
                let inner = &self.inners[node];
                let (count, key) = (inner.count(), inner.keys[0]);
                self.grow_root(Child { number: node, count, key });
            }
            let (parent, at) = self.place_of(node).expect("the root has been replaced");
            let count = self.inners[node].count();
            self.inners[parent].counts[at] = count;
            let inner = &self.inners[new];
            child = Child { number: new, count: inner.count(), key: inner.keys[0] };
            (node, slot) = (parent, at + usize::from(slot > 0));
        }
        self.set_parent(child.number, self.inners[node].level - 1, node, slot);
        self.change_inner(node, |inner| inner.insert(slot, child));
    }

    /// Gives a full node a child, by a new node behind it, or before it if the child is the first.
    fn split_inner(&mut self, node: u32, slot: usize, child: Child<S::Key>) -> u32 {
        let len = self.inners[node].len();
        let level = self.inners[node].level;
        // A child at an end gets a node of its own: what grows at its end is full.
        let middle = if slot == 0 || slot == len { len } else { len / 2 };
        let mut new = match middle {
            _ if middle == len => Inner::new(level),
            middle => self.change_inner(node, |inner| inner.split_off(middle)),
        };
        if slot == 0 || slot > middle || middle == len {
            new.insert(slot.saturating_sub(middle), child);
        } else {
            self.change_inner(node, |inner| inner.insert(slot, child));
            self.set_parent(child.number, level - 1, node, slot);
        }
        let new = self.add_inner(new);
        self.adopt(new, 0);
        self.halves.extend([node, new]);
        new
    }

    fn drop_leaf(&mut self, leaf: u32, watcher: &mut impl Watcher) {
        if let Some((node, slot)) = self.drop_leaves(leaf, 0) {
            self.settle_children(node, slot, watcher);
        }
    }

    /// Drops a leaf and those behind it below the same parent, as far as they have up to `limit`
    /// records together. The lowest node above them that is left, and where they were.
    fn drop_leaves(&mut self, leaf: u32, limit: u64) -> Option<(u32, usize)> {
        let Some((parent, slot)) = self.place_of_leaf(leaf) else {
            self.free_leaf(leaf);
            (self.root, self.len) = (NONE, 0);
            return None;
        };
        let counts = &self.inners[parent].counts;
        let mut count = counts[slot];
        let mut end = slot + 1;
        while end < counts.len() && count + counts[end] <= limit {
            count += counts[end];
            end += 1;
        }
        for slot in slot..end {
            self.free_leaf(self.inners[parent].numbers[slot]);
        }
        self.len -= count as usize;
        self.remove_children(parent, slot..end)
    }

    /// Removes children that have been freed, and the nodes above them that become empty. The
    /// lowest that is left, and where they were.
    fn remove_children(&mut self, mut node: u32, mut slots: Range<usize>) -> Option<(u32, usize)> {
        loop {
            let removed = self.change_inner(node, |inner| inner.remove(slots.clone()));
            let inner = &self.inners[node];
            let key = inner.keys.first().copied().filter(|_| slots.start == 0);
            let level = inner.level;
            self.recount_above(node, level, -(removed as i64), key);
            if self.inners[node].len() > 0 {
                return Some((node, slots.start));
            }
            let place = self.place_of(node);
            self.free_inner(node);
            let Some((parent, slot)) = place else {
                (self.root, self.height) = (NONE, 0);
                return None;
            };
            (node, slots) = (parent, slot..slot + 1);
        }
    }
}

/// Joining what is too small.
impl<S: Shape> Tree<S> {
    /// Joins a leaf that has become smaller to its neighbours, if they are small enough.
    fn settle(&mut self, leaf: u32, watcher: &mut impl Watcher) {
        if self.leaves[leaf].pack.len() > self.sizes.leaf_merge_max() {
            return;
        }
        if let Some((parent, slot)) = self.place_of_leaf(leaf)
            && self.join_around(parent, slot, watcher)
            && let Some((node, slot)) = self.place_of(parent)
        {
            self.settle_children(node, slot, watcher);
        }
    }

    /// Joins the nodes above and around a leaf that are small enough.
    fn settle_path(&mut self, leaf: u32, watcher: &mut impl Watcher) {
        if let Some((node, slot)) = self.place_of_leaf(leaf) {
            self.settle_children(node, slot, watcher);
        }
    }

    fn settle_children(&mut self, mut node: u32, mut slot: usize, watcher: &mut impl Watcher) {
        loop {
            self.join_around(node, slot, watcher);
            let Some(place) = self.place_of(node) else { return };
            (node, slot) = place;
        }
    }

    /// Joins the children around a slot that are small enough. Whether there were any.
    fn join_around(&mut self, node: u32, slot: usize, watcher: &mut impl Watcher) -> bool {
        let len = self.inners[node].len();
        self.join(node, slot, watcher);
        if slot > 0 {
            self.join(node, slot - 1, watcher);
        }
        self.inners[node].len() < len
    }

    /// Joins the child at `slot` with those behind it, as long as they are small enough, and what
    /// becomes neighbours by it in the same way. Recurses as deep as the tree, which is a few
    /// levels.
    fn join(&mut self, node: u32, slot: usize, watcher: &mut impl Watcher) {
        // What was joined has another neighbour now, one that it may be too small for.
        while slot + 1 < self.inners[node].len() {
            let inner = &self.inners[node];
            let pair = [inner.numbers[slot], inner.numbers[slot + 1]];
            if inner.level > 1 {
                let Some(seam) = self.join_inners(node, slot, pair) else { return };
                self.join(pair[0], seam, watcher);
            } else if !self.join_leaves(node, slot, pair, watcher) {
                return;
            }
        }
    }

    fn join_leaves(
        &mut self,
        node: u32,
        slot: usize,
        [left, right]: [u32; 2],
        watcher: &mut impl Watcher,
    ) -> bool {
        let len = |leaf: u32| self.leaves[leaf].pack.len();
        if len(left) + len(right) - EMPTY_PACK > self.sizes.leaf_merge_max() {
            return false;
        }
        let counts = [left, right].map(|leaf| self.count(leaf));
        let (kept, freed) = if counts[0] < counts[1] { (right, left) } else { (left, right) };
        let other = self.free_leaf(freed);
        self.change(kept, |pack| {
            if kept == left {
                pack.append(other.view());
            } else {
                let back = std::mem::replace(pack, other);
                pack.append(back.view());
            }
        });
        self.change_inner(node, |inner| inner.join(slot, kept));
        let all = counts[0] + counts[1];
        let moved = if kept == left { counts[0]..all } else { 0..counts[0] };
        self.tell(kept, moved, watcher);
        true
    }

    /// Joins two inner nodes. Which of the children of the first is the last that it had before.
    fn join_inners(&mut self, node: u32, slot: usize, [left, right]: [u32; 2]) -> Option<usize> {
        let len = self.inners[left].len();
        if len + self.inners[right].len() > self.sizes.children_merge_max() {
            return None;
        }
        let other = self.free_inner(right);
        self.change_inner(left, |inner| inner.append(other));
        self.adopt(left, len);
        self.change_inner(node, |inner| inner.join(slot, left));
        Some(len - 1)
    }

    /// Ends a change: joins what splits have left too small, drops levels of single nodes, and
    /// gives nodes other numbers if there are too few for their tables.
    pub(super) fn tidy(&mut self, watcher: &mut impl Watcher) {
        while let Some(half) = self.halves.pop() {
            if self.inners.contains(half)
                && let Some((node, slot)) = self.place_of(half)
            {
                self.settle_children(node, slot, watcher);
            }
        }
        while self.height > 0 && self.inners[self.root].len() == 1 {
            sometimes(Rare::TreeShrinks, true);
            let root = self.free_inner(self.root);
            self.root = root.numbers[0];
            self.height -= 1;
            self.set_parent(self.root, self.height, NONE, 0);
        }
        while self.leaves.is_sparse() {
            if let Some([old, new]) = self.change_leaves(Arena::shorten) {
                self.rename(self.above(new, 0), old, new);
                self.tell(new, 0..self.count(new), watcher);
            }
        }
        while self.inners.is_sparse() {
            if let Some([old, new]) = self.change_inners(Arena::shorten) {
                self.rename(self.above(new, self.inners[new].level), old, new);
                self.adopt(new, 0);
            }
        }
    }

    fn rename(&mut self, (parent, hint): (u32, u8), old: u32, new: u32) {
        if parent == NONE {
            self.root = new;
        } else {
            let inner = &mut self.inners[parent];
            let slot = inner.slot(old, hint);
            inner.numbers[slot] = new;
        }
    }
}
