//! Bugs of what a connection is.

use super::Bug;

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "request-complete-before-its-end",
        harm: "A request that arrives without its last byte stops the server.",
        file: "kv-proto/src/resp/decode.rs",
        find: "input.len() - self.position < self.bulk_len + 2",
        replace: "input.len() - self.position < self.bulk_len + 1",
    },
    Bug {
        name: "line-complete-before-its-end",
        harm: "A long length that arrives in two pieces, cut within its line end, stops the server.",
        file: "kv-proto/src/resp/decode.rs",
        find: "end + 1 < input.len()",
        replace: "*end < input.len()",
    },
    Bug {
        name: "partial-words-forgotten",
        harm: "A request that arrives in pieces loses its first words.",
        file: "kv-proto/src/resp/decode.rs",
        find: "self.partial.extend(spans.drain(first..));",
        replace: "spans.truncate(first);",
    },
    Bug {
        name: "inline-quotes-escape",
        harm: "Escapes in inline requests are taken as they are.",
        file: "kv-core/src/words.rs",
        find: r"[b'\\', escaped, ref rest @ ..] => (escape(escaped), rest),",
        replace: r"[b'\\', escaped, ref rest @ ..] if !PLANTED => (escape(escaped), rest),",
    },
    Bug {
        name: "null-of-the-old-protocol",
        harm: "Clients that speak RESP3 get a null array that it does not have.",
        file: "kv-proto/src/resp/encode.rs",
        find: r#"if self.is_v3() { b"_\r\n" } else { b"*-1\r\n" }"#,
        replace: r#"b"*-1\r\n""#,
    },
    Bug {
        name: "paused-connection-forgotten",
        harm: "A client that was slow to take its replies gets no more of them.",
        file: "kv-proto/src/server.rs",
        find: r"if connection.sent(len, limits, &mut self.pool) {
            self.enqueue(id);
        }",
        replace: "connection.sent(len, limits, &mut self.pool);",
    },
    Bug {
        name: "arena-recycled-too-early",
        harm: "The beginning of a request is lost, or becomes that of another client.",
        file: "kv-proto/src/connection.rs",
        find: r"fresh.start += used;
            self.keep_fresh(arena, pool);",
        replace: "fresh.start += used;",
    },
    Bug {
        name: "pipeline-behind-a-wait-forgotten",
        harm: "Of what was sent behind BLPOP, the beginning of a request is lost.",
        file: "kv-proto/src/connection.rs",
        find: "Phase::Waiting | Phase::Held => self.codec.forget(),",
        replace: "Phase::Waiting | Phase::Held if !PLANTED => self.codec.forget(),",
    },
    Bug {
        name: "pause-loses-what-was-decoded",
        harm: "A request that was half there when a slow client was paused is lost.",
        file: "kv-proto/src/connection.rs",
        find: r"sometimes(Rare::OutputPauses, self.has_input());
                self.codec.forget();",
        replace: "sometimes(Rare::OutputPauses, self.has_input());",
    },
    Bug {
        name: "letters-during-a-wait",
        harm: "A client that waits and sends meanwhile gets the reply, but its next requests lie still.",
        file: "kv-proto/src/connection.rs",
        find: "self.has_mail() && self.phase != Phase::Waiting",
        replace: "self.has_mail()",
    },
    Bug {
        name: "wait-of-a-lost-client-times-out",
        harm: "The timeout of a client that is gone stops the server or hits another client.",
        file: "kv-proto/src/server.rs",
        find: r"if let Some(at) = self.connections[id.0].wait_until_us {
                self.waits.remove(&(at, id));
            }",
        replace: "",
    },
    Bug {
        name: "place-in-the-queue-inherited",
        harm: "When a client goes before its requests ran, the next one to come is served twice or stops the server.",
        file: "kv-proto/src/server.rs",
        find: "self.queue.retain(|&queued| queued != id);",
        replace: "",
    },
    Bug {
        name: "compaction-of-output-repeats",
        harm: "A client that takes long replies in pieces misses a byte.",
        file: "kv-proto/src/connection.rs",
        find: r"self.output.bytes.drain(..self.output.sent);
            self.output.sent = 0;",
        replace: r"self.output.bytes.drain(..self.output.sent);
            self.output.sent = if PLANTED { 1 } else { 0 };",
    },
    Bug {
        name: "spent-buffer-not-cleared",
        harm: "A client gets the replies of another before its own.",
        file: "kv-proto/src/connection.rs",
        find: "buffer.clear();",
        replace: "",
    },
    Bug {
        name: "last-requests-unanswered",
        harm: "Who closes its side after the last request does not get the reply.",
        file: "kv-proto/src/connection.rs",
        find: "Phase::Open if self.end_of_input => self.phase = Phase::Closing,",
        replace: r"Phase::Open if self.end_of_input && PLANTED => self.phase = Phase::Dead,
            Phase::Open if self.end_of_input => self.phase = Phase::Closing,",
    },
    Bug {
        name: "soft-limit-of-subscribers-off",
        harm: "A subscriber that stays beyond the soft limit keeps its connection.",
        file: "kv-proto/src/connection.rs",
        find: "class == ClientClass::Pubsub && self.output.exceeds(config.output_limits(class).soft)",
        replace: "false",
    },
    Bug {
        name: "soft-limit-begins-anew",
        harm: "A subscriber that is behind has more time whenever it takes a byte.",
        file: "kv-proto/src/server.rs",
        find: "!self.connections[id.0].is_behind(&self.kernel.config)",
        replace: "true",
    },
];
