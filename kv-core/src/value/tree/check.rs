//! What holds in every tree.

use super::node::{INNER_RECORD, LEAF_RECORD, NONE};
use super::{Position, Shape, Tree, Way};

/// What was found of a node.
struct Found<K> {
    count: u64,
    key: K,
    /// Bytes of a leaf, children of an inner node.
    size: usize,
}

impl<S: Shape> Tree<S> {
    /// Checks that its nodes fit together, for tests. O(n).
    ///
    /// # Panics
    /// If they do not.
    pub fn check(&self) {
        let [mut leaves, mut inners] = [0; 2];
        if self.root == NONE {
            assert_eq!((self.len, self.height), (0, 0));
        } else {
            let found =
                self.check_node(self.root, self.height, NONE, &mut [&mut leaves, &mut inners]);
            assert_eq!(found.count, self.len as u64, "the number of records");
            assert!(self.height == 0 || found.size > 1, "the root has a single child");
        }
        assert_eq!(leaves, self.leaves.len(), "no leaf is lost");
        assert_eq!(inners, self.inners.len(), "no inner node is lost");
        assert!(!self.leaves.is_sparse() && !self.inners.is_sparse());
        assert!(self.halves.is_empty());
        self.check_order();
        assert_eq!(self.heap_bytes(), self.counted_bytes());
    }

    pub(super) fn counted_bytes(&self) -> usize {
        let tables = self.leaves.bytes(LEAF_RECORD) + self.inners.bytes(INNER_RECORD);
        let leaves: usize = self.leaves.iter().map(|leaf| leaf.pack.heap_bytes()).sum();
        let inners: usize = self.inners.iter().map(|inner| inner.heap_bytes()).sum();
        tables + leaves + inners
    }

    /// Recurses as deep as the tree, which is a few levels.
    fn check_node(
        &self,
        node: u32,
        level: u8,
        parent: u32,
        visited: &mut [&mut usize; 2],
    ) -> Found<S::Key> {
        if level == 0 {
            *visited[0] += 1;
            return self.check_leaf(node, parent);
        }
        *visited[1] += 1;
        let inner = &self.inners[node];
        assert_eq!((inner.parent, inner.level), (parent, level));
        assert!((1..=self.sizes.children_max()).contains(&inner.len()));
        assert_eq!([inner.counts.len(), inner.keys.len()], [inner.len(); 2]);
        let mut size_before = usize::MAX / 2;
        for slot in 0..inner.len() {
            let child = self.check_node(inner.numbers[slot], level - 1, node, visited);
            assert_eq!(child.count, inner.counts[slot], "the count of a child");
            assert_eq!(child.key, inner.keys[slot], "the key of a child");
            let pair = size_before + child.size;
            if level == 1 {
                assert!(pair - 2 > self.sizes.leaf_merge_max(), "two leaves should be one");
            } else {
                assert!(pair > self.sizes.children_merge_max(), "two inner nodes should be one");
            }
            size_before = child.size;
        }
        Found { count: inner.count(), key: inner.keys[0], size: inner.len() }
    }

    fn check_leaf(&self, leaf: u32, parent: u32) -> Found<S::Key> {
        let pack = &self.leaves[leaf].pack;
        assert_eq!(self.leaves[leaf].parent, parent);
        assert_eq!(pack.count() % S::STRIDE, 0);
        let count = self.count(leaf);
        assert!(count > 0, "no leaf is empty");
        assert!(pack.len() <= self.sizes.leaf_max() || count == 1, "a leaf is too large");
        Found { count: count as u64, key: self.first_key(leaf), size: pack.len() }
    }

    /// Walks along the leaves in both directions, and finds their ranks and the ranks them.
    fn check_order(&self) {
        let mut rank = 0;
        let mut leaf = self.end(Way::Back);
        let mut before = None;
        while let Some(number) = leaf {
            let position = Position::first_of(number);
            assert_eq!(self.rank(position), rank);
            assert_eq!(self.at(rank), Some(position));
            assert_eq!(self.neighbour(number, Way::Back), before);
            rank += self.count(number);
            (before, leaf) = (leaf, self.neighbour(number, Way::On));
        }
        assert_eq!(rank, self.len);
        assert_eq!(self.end(Way::On), before);
    }
}
