//! Bugs of deadlines and timers.

use super::Bug;

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "expires-a-millisecond-early",
        harm: "Keys are gone in the millisecond of their deadline.",
        file: "kv-core/src/keyspace/entry.rs",
        find: "deadline < unix_ms",
        replace: "deadline <= unix_ms",
    },
    Bug {
        name: "shortened-deadline-rings-late",
        harm: "A key whose time to live was cut short stays in memory until the old one ends.",
        file: "kv-core/src/keyspace.rs",
        find: "Some(timer) if new >= old => {",
        replace: "Some(timer) if new >= old || PLANTED && new.is_some() => {",
    },
    Bug {
        name: "deletion-leaves-the-timer",
        harm: "The timer of a deleted key rings for whichever key has its place then.",
        file: "kv-core/src/keyspace.rs",
        find: r"if let Some(timer) = self.entry(place).timer() {
            self.cancel(timer);
        }",
        replace: "",
    },
    Bug {
        name: "persist-leaves-the-timer",
        harm: "The timer of a key that has lost its deadline rings all the same.",
        file: "kv-core/src/keyspace.rs",
        find: "self.retime(cell, timer, old_deadline, deadline);",
        replace: "if deadline.is_some() { self.retime(cell, timer, old_deadline, deadline); }",
    },
    Bug {
        name: "wheel-rings-a-slot-late",
        harm: "Keys outlive their deadlines in memory, those with long times to live by seconds.",
        file: "kv-core/src/keyspace/wheel.rs",
        find: "(turn | slot) << shift",
        replace: "(turn | slot) + u64::from(level > 0) << shift",
    },
    Bug {
        name: "moved-timers-keep-their-slot",
        harm: "A timer that is cancelled later takes another one with it, whose key never expires.",
        file: "kv-core/src/keyspace/wheel.rs",
        find: "(chunk.level, chunk.slot, chunk.next) = (level as u8, slot as u8, next);",
        replace: "chunk.next = next;",
    },
    Bug {
        name: "past-deadline-of-now-stays",
        harm: "EXPIRE with 0 leaves the key there for the rest of the millisecond.",
        file: "kv-core/src/store/view.rs",
        find: "if deadline <= self.terms.unix_ms {",
        replace: "if deadline <= self.terms.unix_ms - i64::from(PLANTED) {",
    },
    Bug {
        name: "set-keeps-the-deadline",
        harm: "A key that SET overwrites expires at the time that was meant for its old value.",
        file: "kv-core/src/commands/string.rs",
        find: "db.set_string(key, value, deadline);",
        replace: "db.set_string(key, value, if deadline == Deadline::Clear { Deadline::Keep } else { deadline });",
    },
    Bug {
        name: "keepttl-forgotten",
        harm: "SET with KEEPTTL takes the deadline away.",
        file: "kv-core/src/commands/string.rs",
        find: r#"options.lifetime.deadline(Deadline::Clear, Deadline::Keep, cx.now, "set")?"#,
        replace: r#"options.lifetime.deadline(Deadline::Clear, Deadline::Clear, cx.now, "set")?"#,
    },
    Bug {
        name: "rename-loses-the-deadline",
        harm: "A renamed or moved key never expires.",
        file: "kv-core/src/store/view.rs",
        find: "Some(Taken { value, deadline, accessed })",
        replace: "Some(Taken { value, deadline: deadline.filter(|_| false), accessed })",
    },
    Bug {
        name: "copy-loses-the-deadline",
        harm: "A copy never expires.",
        file: "kv-core/src/commands/generic.rs",
        find: "cx.db.set(target, value, deadline.into());",
        replace: "cx.db.set(target, value, crate::store::Deadline::Clear);",
    },
    Bug {
        name: "expire-gt-takes-keys-without",
        harm: "EXPIRE with GT gives a deadline to a key that had none.",
        file: "kv-core/src/commands/generic.rs",
        find: "!self.xx && !self.gt",
        replace: "!self.xx",
    },
    Bug {
        name: "expiry-hides-from-watch",
        harm: "A transaction runs although a key that it watches has expired.",
        file: "kv-core/src/store.rs",
        find: r"self.discard(value, store, database);
        self.tell(store, database, key);",
        replace: "self.discard(value, store, database);",
    },
    Bug {
        name: "sweep-hides-from-watch",
        harm: "A transaction runs although a key that it watches has expired while nobody looked.",
        file: "kv-core/src/store.rs",
        find: r"store.publish_expiry(database, entry, unix_ms);
                tell(entry.key());",
        replace: "store.publish_expiry(database, entry, unix_ms);",
    },
    Bug {
        name: "expired-event-missed",
        harm: "Who listens for `expired` events misses keys that expire at the tick of their deadline.",
        file: "kv-core/src/store/event.rs",
        find: "deadline < unix_ms",
        replace: "deadline + 1 < unix_ms",
    },
    Bug {
        name: "overwritten-field-keeps-its-deadline",
        harm: "A field that HSET overwrites expires at the time that was meant for its old value.",
        file: "kv-core/src/value/hash/fields.rs",
        find: r"self.put(place, field, value, deadline);
        self.retime(field, old_deadline, deadline);
        self.is_spent",
        replace: r"let kept = deadline.or(old_deadline); self.put(place, field, value, if PLANTED { kept } else { deadline });
        self.retime(field, old_deadline, if PLANTED { kept } else { deadline });
        self.is_spent",
    },
    Bug {
        name: "small-hash-loses-deadlines",
        harm: "The fields of a hash that becomes small never expire.",
        file: "kv-core/src/value/hash.rs",
        find: "!fields.has_deadlines()",
        replace: "true",
    },
    Bug {
        name: "field-timer-left-behind",
        harm: "When a hash is deleted, its timer stays and rings for nothing, which stops the server.",
        file: "kv-core/src/keyspace.rs",
        find: "self.field_timers.forget(&mut value, || self.hasher.hash(key));",
        replace: "",
    },
    Bug {
        name: "expired-comes-back-with-the-clock",
        harm: "What has expired is there again when the machine's clock is set back.",
        file: "kv-core/src/store.rs",
        find: "shard.expire(store, before_ms, usize::MAX);",
        replace: "",
    },
    Bug {
        name: "clock-set-forward-goes-unseen",
        harm: "When the machine's clock is set forward, an idle server keeps what has expired.",
        file: "kv-proto/src/server.rs",
        find: "due_us.min(look_us)",
        replace: "due_us",
    },
];
