//! Bugs of the keyspace, its memory and its eviction.

use super::Bug;

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "canary",
        harm: "STRLEN counts one byte too many; found at once, or nothing works here.",
        file: "kv-core/src/commands/string.rs",
        find: "cx.db.string(cx.args.get(1))?.map_or(0, StrRef::len)",
        replace: "cx.db.string(cx.args.get(1))?.map_or(0, StrRef::len) + 1",
    },
    Bug {
        name: "stale-tags-after-a-split",
        harm: "Keys are not found any more once their segment was split.",
        file: "kv-core/src/keyspace.rs",
        find: "self.prefix + depth + 1",
        replace: "self.prefix + depth",
    },
    Bug {
        name: "key-lost-in-a-split",
        harm: "A key is gone when its segment is split.",
        file: "kv-core/src/keyspace.rs",
        find: "upper.refill(right);",
        replace: "upper.refill(&right[usize::from(right.len() > 1)..]);",
    },
    Bug {
        name: "stale-tags-after-a-merge",
        harm: "Keys are not found any more once their segment was merged with its neighbour.",
        file: "kv-core/src/keyspace/segment.rs",
        find: "bit << (TAG_BITS - 1) | tag >> 1",
        replace: "tag >> 1",
    },
    Bug {
        name: "overflow-stays-behind",
        harm: "A key that had to stand in the next line is not found after a deletion made room before it.",
        file: "kv-core/src/keyspace/segment.rs",
        find: "self.home(tag) <= number",
        replace: "self.home(tag) < number",
    },
    Bug {
        name: "fullness-of-a-line-forgotten",
        harm: "Of keys whose hashes begin alike, those beyond a full line are not found.",
        file: "kv-core/src/keyspace/segment.rs",
        find: "self.highest <= tag",
        replace: "self.highest < tag",
    },
    Bug {
        name: "moved-segment-not-entered",
        harm: "Keys of another segment are lost when two segments merge.",
        file: "kv-core/src/keyspace.rs",
        find: "self.directory[range].fill(upper);",
        replace: "",
    },
    Bug {
        name: "scan-skips-where-it-stopped",
        harm: "SCAN leaves out the key before which its last call stopped.",
        file: "kv-core/src/store/view.rs",
        find: "return last + 1;",
        replace: "return place(hash) + 1;",
    },
    Bug {
        name: "scan-repeats-where-it-stopped",
        harm: "SCAN returns a key twice, with the last of one call and the first of the next.",
        file: "kv-core/src/store/view.rs",
        find: "cursor << (64 - CURSOR_BITS)",
        replace: "cursor.saturating_sub(1) << (64 - CURSOR_BITS)",
    },
    Bug {
        name: "scan-misses-later-shards",
        harm: "SCAN and KEYS return nothing of the shards behind the first.",
        file: "kv-core/src/store/view.rs",
        find: "if index == first { position } else { first_hash(index, shards) }",
        replace: "position",
    },
    Bug {
        name: "overwrite-leaks-its-cell",
        harm: "Memory is lost each time a value of another length is written.",
        file: "kv-core/src/keyspace.rs",
        find: r"self.segments[place.segment as usize].set_cell(place.slot, cell);
            self.slab.free(place.cell);",
        replace: "self.segments[place.segment as usize].set_cell(place.slot, cell);",
    },
    Bug {
        name: "growth-in-place-not-counted",
        harm: "`used_memory` drifts when large values grow or shrink, and eviction goes by it.",
        file: "kv-core/src/keyspace.rs",
        find: "self.boxed_bytes = self.boxed_bytes + after - before;",
        replace: "self.boxed_bytes += after.min(before) - before.min(after);",
    },
    Bug {
        name: "graveyard-counts-twice",
        harm: "What is freed in the background is never counted as free, little by little.",
        file: "kv-core/src/keyspace/graveyard.rs",
        find: "self.values.push_back(value);",
        replace: "self.value_bytes += usize::from(self.values.len() == 1); self.values.push_back(value);",
    },
    Bug {
        name: "graveyard-forgotten",
        harm: "Deleted collections stay in memory, and the server works on them for ever.",
        file: "kv-core/src/store.rs",
        find: "spent += self.graveyard.dig(budget.saturating_sub(spent));",
        replace: "spent += usize::from(!self.graveyard.is_empty());",
    },
    Bug {
        name: "freeing-ignores-its-budget",
        harm: "The server stands still while it frees a large value.",
        file: "kv-core/src/keyspace/graveyard.rs",
        find: "value.free_some(budget - spent)",
        replace: "value.free_some(usize::MAX).min(budget - spent)",
    },
    Bug {
        name: "expiry-ignores-its-budget",
        harm: "The server stands still while many keys expire at once.",
        file: "kv-core/src/store.rs",
        find: r"while spent < budget {
                let bury = |value| self.graveyard.bury(value);
                let (expired, seen) = keyspace.expire(unix_ms, gone, bury);",
        replace: r"while PLANTED || spent < budget {
                let bury = |value| self.graveyard.bury(value);
                let (expired, seen) = keyspace.expire(unix_ms, gone, bury);",
    },
    Bug {
        name: "compaction-forgets-the-timer",
        harm: "After a page was emptied, a timer rings for a place that another key has.",
        file: "kv-core/src/keyspace.rs",
        find: "self.wheel_mut().set_cell(timer, target);",
        replace: "let _ = timer;",
    },
    Bug {
        name: "compaction-never-ends",
        harm: "Pages that are hardly used stay, or their compaction is never over.",
        file: "kv-core/src/keyspace.rs",
        find: "self.slab.finish_compaction();",
        replace: "if self.len % 3 > 0 { self.slab.finish_compaction(); }",
    },
    Bug {
        name: "volatile-policy-evicts-any-key",
        harm: "Under `volatile-random`, keys without a deadline are evicted.",
        file: "kv-core/src/store/evict.rs",
        find: "keyspace.worst_with_deadline(rng.next_u64(), 1, score)",
        replace: "keyspace.worst(rng.next_u64(), 1, score)",
    },
    Bug {
        name: "volatile-ttl-takes-the-last",
        harm: "Under `volatile-ttl`, keys that have long to live go before those that end soon.",
        file: "kv-core/src/store/evict.rs",
        find: "u64::MAX - entry.deadline().unwrap_or(i64::MAX) as u64",
        replace: "entry.deadline().unwrap_or(i64::MAX) as u64",
    },
    Bug {
        name: "eviction-hides-from-watch",
        harm: "A transaction runs although a key that it watches was evicted.",
        file: "kv-core/src/store/evict.rs",
        find: "self.interests[database].tell(store, database, key);",
        replace: "",
    },
    Bug {
        name: "evicting-spares-nothing-counted",
        harm: "Data take several times as much memory as `maxmemory` allows.",
        file: "kv-core/src/store/evict.rs",
        find: "store.used() > limit.used_max && evicted < KEYS_PER_COMMAND_MAX",
        replace: "store.used() > 4 * limit.used_max && evicted < KEYS_PER_COMMAND_MAX",
    },
];
