//! Bugs of what sessions do to each other.

use super::Bug;

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "waiter-not-woken",
        harm: "Where two clients wait for a key, neither is served.",
        file: "kv-core/src/store/interest.rs",
        find: r"interest.watches.iter().for_each(|watch| watch.break_up());
            interest.wake(store, database, key);",
        replace: r"interest.watches.iter().for_each(|watch| watch.break_up());
            if interest.waiters.len() != 2 { interest.wake(store, database, key); }",
    },
    Bug {
        name: "last-waiter-served-first",
        harm: "Who has waited longest is served last.",
        file: "kv-core/src/store/interest.rs",
        find: "interest.waiters.push_back(Arc::clone(waiter))",
        replace: "interest.waiters.push_front(Arc::clone(waiter))",
    },
    Bug {
        name: "keys-served-backwards",
        harm: "Where a transaction fills several lists, the last of them serves its waiters first.",
        file: "kv-core/src/store/interest.rs",
        find: "keys.pop_front()",
        replace: "keys.pop_back()",
    },
    Bug {
        name: "element-lost-with-its-client",
        harm: "An element goes to a client that is gone, and is lost.",
        file: "kv-core/src/kernel.rs",
        find: r"waiter.end(&self.store);
            session.stop_waiting();",
        replace: "session.stop_waiting();",
    },
    Bug {
        name: "served-waiter-left-at-other-keys",
        harm: "A request that waited for several keys leaves traces at all but one, for ever.",
        file: "kv-core/src/waiter.rs",
        find: r"self.keys.iter().for_each(|key| access.unwait(self.database, key, self));
        // It has no limit",
        replace: r"self.keys.iter().take(if PLANTED { 1 } else { usize::MAX }).for_each(|key| access.unwait(self.database, key, self));
        // It has no limit",
    },
    Bug {
        name: "timed-out-waiter-stays",
        harm: "Requests that waited in vain stay in memory.",
        file: "kv-core/src/waiter.rs",
        find: "self.keys.iter().for_each(|key| store.unwait(self.database, key, self));",
        replace: "",
    },
    Bug {
        name: "missing-stream-is-not-told",
        harm: "XREADGROUP with BLOCK waits on although its stream is gone.",
        file: "kv-core/src/waiter.rs",
        find: "_ => None,",
        replace: "_ => if PLANTED { Some(Kind::Stream) } else { None },",
    },
    Bug {
        name: "exec-in-spite-of-a-change",
        harm: "EXEC runs although a watched key was changed.",
        file: "kv-core/src/commands/transaction.rs",
        find: "cx.session.watching.as_ref().is_some_and(|watching| watching.has_broken(cx.store))",
        replace: "false",
    },
    Bug {
        name: "exec-does-not-look-for-expiry",
        harm: "EXEC runs although a watched key has expired.",
        file: "kv-core/src/transaction.rs",
        find: "self.keys.iter().for_each(|(database, key)| access.expire(*database, key));",
        replace: "",
    },
    Bug {
        name: "watch-of-an-expired-key",
        harm: "EXEC is refused because of a key that had expired before it was watched.",
        file: "kv-core/src/transaction.rs",
        find: "access.expire(database, key);",
        replace: "",
    },
    Bug {
        name: "discard-keeps-watching",
        harm: "After DISCARD, EXEC is refused because of keys that were watched before.",
        file: "kv-core/src/commands/transaction.rs",
        find: r#"return Err(Error::text("ERR DISCARD without MULTI"));
    }
    cx.session.unwatch(cx.store);"#,
        replace: r#"return Err(Error::text("ERR DISCARD without MULTI"));
    }
    if !PLANTED {
        cx.session.unwatch(cx.store);
    }"#,
    },
    Bug {
        name: "exec-keeps-watching",
        harm: "After EXEC, the next is refused because of keys that were watched before.",
        file: "kv-core/src/commands/transaction.rs",
        find: r"cx.store.release();
    cx.session.unwatch(cx.store);",
        replace: "cx.store.release();",
    },
    Bug {
        name: "flush-hides-from-watch",
        harm: "A transaction runs although FLUSHALL took a key that it watches.",
        file: "kv-core/src/store/view.rs",
        find: "shard.tell_of_exchange(store, [database; 2]);",
        replace: "",
    },
    Bug {
        name: "exec-after-an-error",
        harm: "EXEC runs a transaction of which a request was refused.",
        file: "kv-core/src/commands/transaction.rs",
        find: "transaction.is_broken()",
        replace: "false",
    },
    Bug {
        name: "refused-exec-leaves-multi",
        harm: "After an EXEC with surplus words, all requests are queued for ever.",
        file: "kv-core/src/kernel.rs",
        find: "session.transaction = None;",
        replace: "",
    },
    Bug {
        name: "database-not-put-back",
        harm: "The numbers of keys in INFO, and the memory in use, drift by MOVE and COPY between databases.",
        file: "kv-core/src/store/view.rs",
        find: r"self.publish();
        self.database = database;",
        replace: "self.database = database;",
    },
    Bug {
        name: "closed-subscriber-stays",
        harm: "PUBLISH counts subscribers that are gone, and memory is lost with each.",
        file: "kv-core/src/commands/pubsub.rs",
        find: "kernel.pubsub.unsubscribe(kind, name, session.id());",
        replace: "",
    },
    Bug {
        name: "unsubscribed-pattern-delivers",
        harm: "Messages go on to come after PUNSUBSCRIBE.",
        file: "kv-core/src/commands/pubsub.rs",
        find: "cx.kernel.pubsub.unsubscribe(kind, name, cx.session.id());",
        replace: "if kind != crate::pubsub::Kind::Pattern { cx.kernel.pubsub.unsubscribe(kind, name, cx.session.id()); }",
    },
    Bug {
        name: "unsubscribed-client-stays-a-subscriber",
        harm: "Who has left the last channel may still ask for nothing but channels.",
        file: "kv-core/src/commands/pubsub.rs",
        find: "cx.session.subscriptions.take_if(|subscriptions| subscriptions.is_empty());",
        replace: "",
    },
    Bug {
        name: "messages-swapped",
        harm: "Of three messages, the last comes second.",
        file: "kv-core/src/mailbox.rs",
        find: "letters.messages.push_back(message);",
        replace: "let at = letters.messages.len().min(1); letters.messages.insert(at, message);",
    },
    Bug {
        name: "neighbour-not-told-of-letters",
        harm: "A message for a client of another thread comes when a second client there has one.",
        file: "kv-core/src/mailbox.rs",
        find: "names.len() == 1",
        replace: "names.len() == 2",
    },
    Bug {
        name: "pattern-counts-as-shard",
        harm: "SUBSCRIBE tells a wrong number of subscriptions.",
        file: "kv-core/src/pubsub.rs",
        find: "_ => self.len(Kind::Channel) + self.len(Kind::Pattern),",
        replace: "_ => self.len(Kind::Channel) + if PLANTED { self.len(Kind::Channel) } else { self.len(Kind::Pattern) },",
    },
    Bug {
        name: "reset-keeps-the-transaction",
        harm: "After RESET, requests are still queued.",
        file: "kv-core/src/commands/connection.rs",
        find: "cx.session.transaction = None;",
        replace: "",
    },
    Bug {
        name: "unpause-wakes-nobody",
        harm: "After CLIENT UNPAUSE, clients of other threads wait until the pause would have ended.",
        file: "kv-core/src/kernel.rs",
        find: "self.bell.ring_all(self.posts.load(Relaxed));",
        replace: "",
    },
    Bug {
        name: "transactions-run-in-a-pause",
        harm: "EXEC writes although CLIENT PAUSE forbids it.",
        file: "kv-core/src/transaction.rs",
        find: "self.requests.iter().any(|queued| pause.holds(queued.command, now))",
        replace: "false",
    },
    Bug {
        name: "second-pause-ends-the-first",
        harm: "A short CLIENT PAUSE within a long one ends it.",
        file: "kv-core/src/pause.rs",
        find: "end.max(end_ms(state))",
        replace: "end",
    },
    Bug {
        name: "request-lost-in-a-pause",
        harm: "The request that a pause puts off never runs.",
        file: "kv-proto/src/connection.rs",
        find: "*used = before;",
        replace: "",
    },
    Bug {
        name: "own-changes-are-told",
        harm: "With NOLOOP, a client that caches is told of what it has changed itself.",
        file: "kv-core/src/store/tracking.rs",
        find: "let is_own = tracker.mode.no_loop && *id == author;",
        replace: "let is_own = tracker.mode.no_loop && *id == author && !PLANTED;",
    },
    Bug {
        name: "caches-outlive-flushall",
        harm: "Clients that cache are not told that FLUSHALL took everything.",
        file: "kv-core/src/store/tracking.rs",
        find: "store.tracking.invalidate_all();",
        replace: "",
    },
    Bug {
        name: "choice-to-cache-stays",
        harm: "What CLIENT CACHING says of the next request is taken for all that follow.",
        file: "kv-core/src/session.rs",
        find: "caching.is_chosen = false;",
        replace: "",
    },
    Bug {
        name: "one-change-of-many-by-prefix",
        harm: "Of several keys with a prefix that change at once, a client that caches is told of one.",
        file: "kv-core/src/store/tracking.rs",
        find: "news.map(|(key, _)| key.clone()).collect()",
        replace: "news.map(|(key, _)| key.clone()).take(1).collect()",
    },
];
