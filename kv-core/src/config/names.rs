//! The settings that code reads, by their names.

use super::parameter::{Id, id};

/// `client-query-buffer-limit`
pub const CLIENT_QUERY_BUFFER_LIMIT: Id = id("client-query-buffer-limit");
/// `databases`
pub const DATABASES: Id = id("databases");
/// `hll-sparse-max-bytes`
pub const HLL_SPARSE_MAX_BYTES: Id = id("hll-sparse-max-bytes");
/// `lfu-decay-time`, in minutes
pub const LFU_DECAY_TIME: Id = id("lfu-decay-time");
/// `lfu-log-factor`
pub const LFU_LOG_FACTOR: Id = id("lfu-log-factor");
/// `list-max-listpack-size`
pub const LIST_MAX_LISTPACK_SIZE: Id = id("list-max-listpack-size");
/// `maxclients`
pub const MAXCLIENTS: Id = id("maxclients");
/// `maxmemory`, in bytes
pub const MAXMEMORY: Id = id("maxmemory");
/// `maxmemory-eviction-tenacity`
pub const MAXMEMORY_EVICTION_TENACITY: Id = id("maxmemory-eviction-tenacity");
/// `maxmemory-policy`
pub const MAXMEMORY_POLICY: Id = id("maxmemory-policy");
/// `maxmemory-samples`
pub const MAXMEMORY_SAMPLES: Id = id("maxmemory-samples");
/// `port`
pub const PORT: Id = id("port");
/// `bind`
pub const BIND: Id = id("bind");
/// `proto-max-bulk-len`
pub const PROTO_MAX_BULK_LEN: Id = id("proto-max-bulk-len");
/// `seed`
pub const SEED: Id = id("seed");
/// `hash-max-listpack-entries`
pub const HASH_MAX_LISTPACK_ENTRIES: Id = id("hash-max-listpack-entries");
/// `hash-max-listpack-value`
pub const HASH_MAX_LISTPACK_VALUE: Id = id("hash-max-listpack-value");
/// `set-max-intset-entries`
pub const SET_MAX_INTSET_ENTRIES: Id = id("set-max-intset-entries");
/// `set-max-listpack-entries`
pub const SET_MAX_LISTPACK_ENTRIES: Id = id("set-max-listpack-entries");
/// `set-max-listpack-value`
pub const SET_MAX_LISTPACK_VALUE: Id = id("set-max-listpack-value");
/// `zset-max-listpack-entries`
pub const ZSET_MAX_LISTPACK_ENTRIES: Id = id("zset-max-listpack-entries");
/// `zset-max-listpack-value`
pub const ZSET_MAX_LISTPACK_VALUE: Id = id("zset-max-listpack-value");
/// `stream-node-max-bytes`
pub const STREAM_NODE_MAX_BYTES: Id = id("stream-node-max-bytes");
/// `stream-node-max-entries`
pub const STREAM_NODE_MAX_ENTRIES: Id = id("stream-node-max-entries");
/// `tcp-backlog`
pub const TCP_BACKLOG: Id = id("tcp-backlog");
/// `threads`
pub const THREADS: Id = id("threads");
