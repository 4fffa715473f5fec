//! Strings as arrays of bits.

use crate::grammar::{Group, any_of, one_of};

pub(crate) const BITMAPS: Group = Group {
    lines: &[
        "SETBIT key bit-offset bit",
        "GETBIT key bit-offset",
        "BITCOUNT key",
        "BITCOUNT key int int",
        "BITCOUNT key int int bit-unit",
        "BITPOS key bit",
        "BITPOS key bit int",
        "BITPOS key bit int int",
        "BITPOS key bit int int bit-unit",
        "BITOP bit-operation key key+",
        "BITFIELD key field-operation*",
        "BITFIELD key field-operation+",
        "BITFIELD_RO key field-get+",
        "BITFIELD_RO key field-operation*",
        "SET key value",
    ],
    words: |name| {
        Some(match name {
            "bit" => one_of(&["0", "1", "1", "2", "-1", "x", ""]),
            "bit-offset" => one_of(&[
                "0",
                "1",
                "7",
                "8",
                "23",
                "100",
                "5000",
                "-1",
                "4294967296",
                "x",
                "",
                "01",
            ]),
            "bit-unit" => one_of(&["BIT", "byte", "BYTE", "bit", "x", ""]),
            "bit-operation" => one_of(&["AND", "or", "XOR", "NOT", "not", "x"]),
            "field-get" => any_of(&["GET encoding field-offset"]),
            "field-operation" => any_of(&[
                "GET encoding field-offset",
                "SET encoding field-offset int",
                "INCRBY encoding field-offset int",
                "OVERFLOW overflow",
            ]),
            "overflow" => one_of(&["WRAP", "sat", "FAIL", "fail", "x"]),
            "encoding" => one_of(&[
                "u1", "i1", "u4", "i5", "u8", "i8", "u13", "i16", "u32", "i63", "u63", "i64",
                "u64", "i65", "u0", "x", "", "U8", "i",
            ]),
            // Not an index times a width that is more than 64 bits can tell, which only ours finds.
            "field-offset" => one_of(&[
                "0",
                "1",
                "3",
                "8",
                "100",
                "#0",
                "#1",
                "#2",
                "#30",
                "-1",
                "#-1",
                "x",
                "#",
                "#x",
                "",
                "4294967296",
            ]),
            _ => return None,
        })
    },
    // Redis 7.0 looks at the key before the arguments.
    agree: |name, _, ours, theirs| match name {
        "bitcount" => ours.starts_with(b"-ERR") && (theirs == b":0\r\n" || is_wrong_type(theirs)),
        "bitpos" => {
            let is_missing = matches!(theirs, b":0\r\n" | b":-1\r\n");
            ours.starts_with(b"-ERR") && (is_missing || is_wrong_type(theirs))
        }
        _ => false,
    },
    state: &["GET key"],
};

fn is_wrong_type(reply: &[u8]) -> bool {
    reply.starts_with(b"-WRONGTYPE ")
}
