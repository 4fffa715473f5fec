//! Strings and HyperLogLogs.

use crate::grammar::{Group, any_of, one_of, sentence};

pub(crate) const STRINGS: Group = Group {
    lines: &[
        "GET key",
        "SET key value",
        "SET key value set-option*",
        "GETDEL key",
        "GETEX key",
        "GETEX key getex-option+",
        "GETSET key value",
        "MGET key+",
        "MSET pair+",
        "MSETNX pair+",
        "APPEND key value",
        "STRLEN key",
        "GETRANGE key int int",
        "SUBSTR key int int",
        "SETRANGE key offset value",
        "INCR key",
        "DECR key",
        "INCRBY key int",
        "DECRBY key int",
        "INCRBYFLOAT key float",
        "SETNX key value",
        "SETEX key seconds value",
        "PSETEX key milliseconds value",
        "LCS key key lcs-option*",
    ],
    words: |name| {
        Some(match name {
            "pair" => sentence("key value"),
            "offset" => one_of(&["0", "1", "5", "300", "-1", "9223372036854775807", "x", ""]),
            "float" => one_of(&[
                "0", "1", "-1.5", "0.1", "3e2", "1e400", "inf", "-inf", "nan", "x", "", " 1",
                "1e-20", "1e17", "0x10",
            ]),
            "set-option" => any_of(&[
                "NX",
                "XX",
                "GET",
                "KEEPTTL",
                "EX seconds",
                "PX milliseconds",
                "EXAT unix-seconds",
                "PXAT unix-milliseconds",
                "PERSIST",
            ]),
            "getex-option" => any_of(&[
                "PERSIST",
                "EX seconds",
                "PX milliseconds",
                "EXAT unix-seconds",
                "PXAT unix-milliseconds",
                "KEEPTTL",
            ]),
            "lcs-option" => any_of(&["LEN", "IDX", "MINMATCHLEN int", "WITHMATCHLEN"]),
            _ => return None,
        })
    },
    state: &["GET key"],
    ..Group::DEFAULT
};

pub(crate) const HYPERLOGLOGS: Group = Group {
    lines: &[
        "PFADD key value",
        "PFADD key value value value",
        "PFADD key",
        "PFCOUNT key+",
        "PFMERGE key key",
        "PFMERGE key key key",
        "PFSELFTEST",
        "PFDEBUG ENCODING key",
        "PFDEBUG TODENSE key",
    ],
    state: &["GET key"],
    ..Group::DEFAULT
};
