//! Places on the earth.

use crate::grammar::{Group, any_of, one_of, sentence};
use crate::sorted;
use crate::support::elements;

pub(crate) const GEO: Group = Group {
    lines: &[
        "GEOADD key place+",
        "GEOADD key geoadd-option* place+",
        "GEODIST key town town",
        "GEODIST key town town unit",
        "GEOHASH key town*",
        "GEOPOS key town*",
        "GEOSEARCH key from by geo-option*",
        "GEOSEARCH key from by geo-option*",
        "GEOSEARCH key by geo-option* from",
        "GEOSEARCHSTORE key key from by geo-option*",
        "GEORADIUS key degrees degrees length unit geo-option*",
        "GEORADIUS_RO key degrees degrees length unit geo-option*",
        "GEORADIUSBYMEMBER key town length unit geo-option*",
        "GEORADIUSBYMEMBER_RO key town length unit geo-option*",
    ],
    words: |name| {
        Some(match name {
            "place" => sentence("degrees degrees town"),
            "town" => one_of(&["a", "b", "c", "d", "e", "1", ""]),
            "degrees" => one_of(&[
                "0",
                "1",
                "-1.5",
                "13.361389",
                "38.115556",
                "15.08",
                "37.5",
                "-85.05112878",
                "85.05112878",
                "86",
                "180",
                "-180",
                "179.999",
                "181",
                "x",
                "",
            ]),
            "unit" => one_of(&["m", "km", "KM", "ft", "mi", "x", ""]),
            "length" => one_of(&["0", "1", "100", "2000.5", "20000", "1e7", "-1", "inf", "x", ""]),
            "geoadd-option" => any_of(&["NX", "XX", "CH", "LT"]),
            "from" => any_of(&["FROMMEMBER town", "FROMLONLAT degrees degrees"]),
            "by" => any_of(&["BYRADIUS length unit", "BYBOX length length unit"]),
            "geo-option" => any_of(&[
                "ASC",
                "DESC",
                "WITHCOORD",
                "WITHDIST",
                "WITHHASH",
                "COUNT int",
                "COUNT int ANY",
                "ANY",
                "STORE key",
                "STOREDIST key",
                "STOREDIST",
            ]),
            _ => return None,
        })
    },
    // Which of places with the same distance comes first, and is cut off last, is open.
    agree: |name, request, ours, theirs| {
        let is_search = name.starts_with("geosearch") || name.starts_with("georadius");
        let has = |word: &[u8]| request.iter().any(|other| other.eq_ignore_ascii_case(word));
        let is_sorted = has(b"ASC") || has(b"DESC") || has(b"COUNT");
        let (our_rows, their_rows) = (elements(ours), elements(theirs));
        is_search
            && is_sorted
            && ours[0] == b'*'
            && our_rows.len() == their_rows.len()
            && (has(b"COUNT") || sorted(ours, 1) == sorted(theirs, 1))
            && (!has(b"WITHDIST") || distances(&our_rows) == distances(&their_rows))
    },
    ..Group::DEFAULT
};

/// The second column.
fn distances(rows: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
    rows.iter().map(|row| elements(row).into_iter().nth(1)).collect()
}
