//! The rows of the geo commands.

use crate::command::Handler::Data;
use crate::command::{Begin, Command, Find, Group, KeySpec, flag};
use crate::commands::geo as run;

const ROW: Command = Command { group: Group::Geo, ..Command::DEFAULT };

const SEARCH_COMPLEXITY: &str = "O(N+log(M)), N being the number of members in the cells of the map around the shape, and M the number of members.";

/// The key behind a word, looked for from argument `from` on.
const fn behind(word: &'static str, from: i32) -> KeySpec {
    KeySpec {
        access: "OW update",
        begin: Begin::Keyword(word, from),
        find: Find::Range { last: 0, step: 1 },
    }
}

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "geoadd",
        arity: -5,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW update", 1)],
        since: "3.2.0",
        summary: "Adds places to a sorted set, or moves them.",
        complexity: "O(log(N)) for each place given, N being the number of members.",
        syntax: "key [NX|XX] change:[CH] longitude:double latitude:double member [longitude:double latitude:double member ...]",
        handler: Data(run::geoadd),
        ..ROW
    },
    &Command {
        name: "geodist",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "3.2.0",
        summary: "Tells how far two places are from each other.",
        complexity: "O(1)",
        syntax: "key member1 member2 unit:[M|KM|FT|MI]",
        handler: Data(run::geodist),
        ..ROW
    },
    &Command {
        name: "geohash",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "3.2.0",
        summary: "Gives the geohashes of places.",
        complexity: "O(1) for each member given.",
        syntax: "key [member [member ...]]",
        handler: Data(run::geohash),
        ..ROW
    },
    &Command {
        name: "geopos",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "3.2.0",
        summary: "Gives the longitudes and latitudes of places.",
        complexity: "O(1) for each member given.",
        syntax: "key [member [member ...]]",
        handler: Data(run::geopos),
        ..ROW
    },
    &Command {
        name: "georadius",
        arity: -6,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RO access", 1), behind("STORE", 6), behind("STOREDIST", 6)],
        since: "3.2.0",
        deprecated: Some((
            "6.2.0",
            "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
        )),
        summary: "Finds the places within a distance from a point, and may store them.",
        complexity: SEARCH_COMPLEXITY,
        syntax: "key longitude:double latitude:double radius:double unit:(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC] [STORE key] [STOREDIST key]",
        handler: Data(run::georadius),
        ..ROW
    },
    &Command {
        name: "georadius_ro",
        arity: -6,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "3.2.10",
        deprecated: Some(("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument")),
        summary: "Finds the places within a distance from a point.",
        complexity: SEARCH_COMPLEXITY,
        syntax: "key longitude:double latitude:double radius:double unit:(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]",
        handler: Data(run::georadius_ro),
        ..ROW
    },
    &Command {
        name: "georadiusbymember",
        arity: -5,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RO access", 1), behind("STORE", 5), behind("STOREDIST", 5)],
        since: "3.2.0",
        deprecated: Some((
            "6.2.0",
            "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
        )),
        summary: "Finds the places within a distance from one of them, and may store them.",
        complexity: SEARCH_COMPLEXITY,
        syntax: "key member radius:double unit:(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC] [STORE key] [STOREDIST key]",
        handler: Data(run::georadiusbymember),
        ..ROW
    },
    &Command {
        name: "georadiusbymember_ro",
        arity: -5,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "3.2.10",
        deprecated: Some(("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments")),
        summary: "Finds the places within a distance from one of them.",
        complexity: SEARCH_COMPLEXITY,
        syntax: "key member radius:double unit:(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]",
        handler: Data(run::georadiusbymember_ro),
        ..ROW
    },
    &Command {
        name: "geosearch",
        arity: -7,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "6.2.0",
        summary: "Finds the places inside of a circle or a box.",
        complexity: SEARCH_COMPLEXITY,
        syntax: "key from:(FROMMEMBER member|FROMLONLAT longitude:double latitude:double) by:(circle:(BYRADIUS radius:double unit:(M|KM|FT|MI))|box:(BYBOX width:double height:double unit:(M|KM|FT|MI))) [ASC|DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
        handler: Data(run::geosearch),
        ..ROW
    },
    &Command {
        name: "geosearchstore",
        arity: -8,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1), KeySpec::one("RO access", 2)],
        since: "6.2.0",
        summary: "Finds the places inside of a circle or a box, and stores them under another key.",
        complexity: SEARCH_COMPLEXITY,
        syntax: "destination source from:(FROMMEMBER member|FROMLONLAT longitude:double latitude:double) by:(circle:(BYRADIUS radius:double unit:(M|KM|FT|MI))|box:(BYBOX width:double height:double unit:(M|KM|FT|MI))) [ASC|DESC] [COUNT count [ANY]] [STOREDIST]",
        handler: Data(run::geosearchstore),
        ..ROW
    },
];
