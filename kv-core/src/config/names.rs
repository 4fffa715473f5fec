//! The settings that code reads, by their names.

use super::parameter::{Id, id};

/// `accept`
pub const ACCEPT: Id = id("accept");
/// `admin-port`
pub const ADMIN_PORT: Id = id("admin-port");
/// `bind`
pub const BIND: Id = id("bind");
/// `busy-reply-threshold`, in milliseconds
pub const BUSY_REPLY_THRESHOLD: Id = id("busy-reply-threshold");
/// `client-output-buffer-limit`
pub const CLIENT_OUTPUT_BUFFER_LIMIT: Id = id("client-output-buffer-limit");
/// `client-query-buffer-limit`
pub const CLIENT_QUERY_BUFFER_LIMIT: Id = id("client-query-buffer-limit");
/// `databases`
pub const DATABASES: Id = id("databases");
/// `dbfilename`
pub const DBFILENAME: Id = id("dbfilename");
/// `dir`: an absolute path once the server has started
pub const DIR: Id = id("dir");
/// `enable-debug-command`
pub const ENABLE_DEBUG_COMMAND: Id = id("enable-debug-command");
/// `enable-protected-configs`
pub const ENABLE_PROTECTED_CONFIGS: Id = id("enable-protected-configs");
/// `frame-port`
pub const FRAME_PORT: Id = id("frame-port");
/// `hash-max-listpack-entries`
pub const HASH_MAX_LISTPACK_ENTRIES: Id = id("hash-max-listpack-entries");
/// `hash-max-listpack-value`
pub const HASH_MAX_LISTPACK_VALUE: Id = id("hash-max-listpack-value");
/// `hll-sparse-max-bytes`
pub const HLL_SPARSE_MAX_BYTES: Id = id("hll-sparse-max-bytes");
/// `hz`
pub const HZ: Id = id("hz");
/// `latency-monitor-threshold`, in milliseconds
pub const LATENCY_MONITOR_THRESHOLD: Id = id("latency-monitor-threshold");
/// `latency-tracking`
pub const LATENCY_TRACKING: Id = id("latency-tracking");
/// `latency-tracking-info-percentiles`
pub const LATENCY_TRACKING_INFO_PERCENTILES: Id = id("latency-tracking-info-percentiles");
/// `lfu-decay-time`, in minutes
pub const LFU_DECAY_TIME: Id = id("lfu-decay-time");
/// `lfu-log-factor`
pub const LFU_LOG_FACTOR: Id = id("lfu-log-factor");
/// `list-max-listpack-size`
pub const LIST_MAX_LISTPACK_SIZE: Id = id("list-max-listpack-size");
/// `log-format`
pub const LOG_FORMAT: Id = id("log-format");
/// `logfile`
pub const LOGFILE: Id = id("logfile");
/// `loglevel`
pub const LOGLEVEL: Id = id("loglevel");
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
/// `notify-keyspace-events`
pub const NOTIFY_KEYSPACE_EVENTS: Id = id("notify-keyspace-events");
/// `port`
pub const PORT: Id = id("port");
/// `protected-mode`
pub const PROTECTED_MODE: Id = id("protected-mode");
/// `proto-max-bulk-len`
pub const PROTO_MAX_BULK_LEN: Id = id("proto-max-bulk-len");
/// `proxy-protocol`
pub const PROXY_PROTOCOL: Id = id("proxy-protocol");
/// `record`
pub const RECORD: Id = id("record");
/// `record-files`
pub const RECORD_FILES: Id = id("record-files");
/// `record-max-size`, in bytes
pub const RECORD_MAX_SIZE: Id = id("record-max-size");
/// `replica-read-only`
pub const REPLICA_READ_ONLY: Id = id("replica-read-only");
/// `requirepass`
pub const REQUIREPASS: Id = id("requirepass");
/// `save`
pub const SAVE: Id = id("save");
/// `seed`
pub const SEED: Id = id("seed");
/// `server-cpulist`
pub const SERVER_CPULIST: Id = id("server-cpulist");
/// `set-max-intset-entries`
pub const SET_MAX_INTSET_ENTRIES: Id = id("set-max-intset-entries");
/// `set-max-listpack-entries`
pub const SET_MAX_LISTPACK_ENTRIES: Id = id("set-max-listpack-entries");
/// `set-max-listpack-value`
pub const SET_MAX_LISTPACK_VALUE: Id = id("set-max-listpack-value");
/// `slowlog-log-slower-than`, in microseconds
pub const SLOWLOG_LOG_SLOWER_THAN: Id = id("slowlog-log-slower-than");
/// `slowlog-max-len`
pub const SLOWLOG_MAX_LEN: Id = id("slowlog-max-len");
/// `stream-node-max-bytes`
pub const STREAM_NODE_MAX_BYTES: Id = id("stream-node-max-bytes");
/// `stream-node-max-entries`
pub const STREAM_NODE_MAX_ENTRIES: Id = id("stream-node-max-entries");
/// `supervised`
pub const SUPERVISED: Id = id("supervised");
/// `tcp-backlog`
pub const TCP_BACKLOG: Id = id("tcp-backlog");
/// `tcp-keepalive`, in seconds
pub const TCP_KEEPALIVE: Id = id("tcp-keepalive");
/// `threads`
pub const THREADS: Id = id("threads");
/// `timeout`, in seconds
pub const TIMEOUT: Id = id("timeout");
/// `tlv-port`
pub const TLV_PORT: Id = id("tlv-port");
/// `tlv-strict`
pub const TLV_STRICT: Id = id("tlv-strict");
/// `tracking-table-max-keys`
pub const TRACKING_TABLE_MAX_KEYS: Id = id("tracking-table-max-keys");
/// `unixsocket`
pub const UNIXSOCKET: Id = id("unixsocket");
/// `unixsocketperm`
pub const UNIXSOCKETPERM: Id = id("unixsocketperm");
/// `zset-max-listpack-entries`
pub const ZSET_MAX_LISTPACK_ENTRIES: Id = id("zset-max-listpack-entries");
/// `zset-max-listpack-value`
pub const ZSET_MAX_LISTPACK_VALUE: Id = id("zset-max-listpack-value");
