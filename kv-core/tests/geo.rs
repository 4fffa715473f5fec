//! Places on the earth: the replies are those of Redis.

mod support;

use support::check;

#[test]
fn places_are_added_moved_and_found_again() {
    check(&[
        ("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2"),
        ("GEOADD g 13.361389 38.115556 Palermo 15.0 37.0 Catania", ":0"),
        ("GEOADD g NX 1 1 Palermo 2 2 new", ":1"),
        ("GEOADD g XX CH 3 3 new 4 4 other", ":1"),
        ("GEOADD g ch nx 3 3 more", ":1"),
        ("ZCARD g", ":4"),
        ("TYPE g", "+zset"),
        (
            "GEOPOS g Palermo nosuch new",
            "[[$13.36138933897018433 $38.11555639549629859] *_ [$2.99999982118606567 $3.00000091215010656]]",
        ),
        ("GEOPOS missing a b", "[*_ *_]"),
        ("GEOPOS g", "[]"),
        ("GEOHASH g Palermo nosuch Catania", "[$sqc8b49rny0 _ $sqddmrdst70]"),
        ("GEOHASH missing a", "[_]"),
        ("ZSCORE g Palermo", ",3479099956230698"),
        ("GEOADD edges 180 85.05112878 ne -180 -85.05112878 sw 0 0 zero", ":3"),
        (
            "GEOPOS edges ne sw zero",
            "[[$180 $85.0511287799999991] [$-179.99999731779098511 $-85.05112751263942528] [$0.00000268220901489 $0.00000126736058093]]",
        ),
        ("GEOHASH edges ne sw zero", "[$bp05b5048p0 $00bh0hbj200 $s0000000000]"),
    ]);
}

#[test]
fn distances_have_units() {
    check(&[
        ("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2"),
        ("GEODIST g Palermo Catania", "$166274.1516"),
        ("GEODIST g Palermo Catania m", "$166274.1516"),
        ("GEODIST g Palermo Catania KM", "$166.2742"),
        ("GEODIST g Palermo Catania mi", "$103.3182"),
        ("GEODIST g Palermo Catania ft", "$545518.8700"),
        ("GEODIST g Palermo Palermo", "$0.0000"),
        ("GEODIST g Palermo nosuch", "_"),
        ("GEODIST missing a b", "_"),
        (
            "GEODIST g Palermo Catania parsec",
            "-ERR unsupported unit provided. please use M, KM, FT, MI",
        ),
        ("GEODIST g Palermo Catania m m", "-ERR syntax error"),
        ("GEODIST missing a b parsec", "-ERR unsupported unit provided. please use M, KM, FT, MI"),
    ]);
}

#[test]
fn what_cannot_be_added_is_an_error_and_changes_nothing() {
    check(&[
        ("GEOADD g 1 2", "-ERR wrong number of arguments for 'geoadd' command"),
        ("GEOADD g 1 2 a 3", "-ERR syntax error"),
        ("GEOADD g 1 2 a x 3 b", "-ERR value is not a valid float"),
        ("GEOADD g 1 x b", "-ERR value is not a valid float"),
        ("GEOADD g 181 2 b", "-ERR invalid longitude,latitude pair 181.000000,2.000000"),
        ("GEOADD g 1 2 a 0 85.06 b", "-ERR invalid longitude,latitude pair 0.000000,85.060000"),
        ("GEOADD g nan 2 b", "-ERR value is not a valid float"),
        ("GEOADD g NX XX 1 2 a", "-ERR syntax error"),
        ("GEOADD g LT 1 2 a", "-ERR syntax error"),
        ("GEOADD g CH NX CH", "-ERR syntax error"),
        ("EXISTS g", ":0"),
        ("GEOADD g XX 1 2 a", ":0"),
        ("EXISTS g", ":0"),
        ("SET s x", "+OK"),
        ("GEOADD s 1 2 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GEOPOS s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GEODIST s a b", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GEOHASH s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (
            "GEOSEARCH s FROMLONLAT 1 1 BYRADIUS 1 m",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ]);
}

#[test]
fn circles_and_boxes_are_searched() {
    check(&[
        (
            "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1 17.241510 38.788135 edge2",
            ":4",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC", "[$Catania $Palermo]"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km DESC", "[$Palermo $Catania]"),
        (
            "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST WITHHASH",
            "[[$Catania $56.4413 :3479447370796909 [$15.08726745843887329 $37.50266842333162032]] [$Palermo $190.4424 :3479099956230698 [$13.36138933897018433 $38.11555639549629859]] [$edge2 $279.7403 :3481342659049484 [$17.24151045083999634 $38.78813451624225195]] [$edge1 $279.7405 :3479273021651468 [$12.7584877610206604 $38.78813451624225195]]]",
        ),
        (
            "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 200 km ASC WITHDIST",
            "[[$Palermo $0.0000] [$edge1 $91.4007] [$Catania $166.2742]]",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC COUNT 2", "[$Catania $Palermo]"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km DESC COUNT 1", "[$edge1]"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1", "[$Catania]"),
        (
            "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 ANY WITHDIST",
            "[[$Palermo $190.4424]]",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 0 m", "[]"),
        ("GEOSEARCH g FROMLONLAT 100 37 BYRADIUS 100 mi", "[]"),
        ("GEORADIUS g 15 37 200 km WITHDIST ASC", "[[$Catania $56.4413] [$Palermo $190.4424]]"),
        (
            "GEORADIUS_RO g 15 37 200 km WITHCOORD ASC",
            "[[$Catania [$15.08726745843887329 $37.50266842333162032]] [$Palermo [$13.36138933897018433 $38.11555639549629859]]]",
        ),
        ("GEORADIUSBYMEMBER g Palermo 200 km ASC", "[$Palermo $edge1 $Catania]"),
        (
            "GEORADIUSBYMEMBER_RO g Palermo 200 km WITHHASH ASC",
            "[[$Palermo :3479099956230698] [$edge1 :3479273021651468] [$Catania :3479447370796909]]",
        ),
        ("GEOSEARCH missing FROMMEMBER x BYRADIUS 1 m", "[]"),
        ("GEORADIUSBYMEMBER missing x 1 m", "[]"),
    ]);
}

#[test]
fn results_are_stored_with_scores_or_distances() {
    check(&[
        ("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2"),
        ("GEOSEARCHSTORE out g FROMLONLAT 15 37 BYRADIUS 200 km ASC", ":2"),
        ("ZRANGE out 0 -1 WITHSCORES", "[$Palermo ,3479099956230698 $Catania ,3479447370796909]"),
        ("GEOSEARCHSTORE out g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST", ":2"),
        ("ZRANGE out 0 -1 WITHSCORES", "[$Catania ,56.4412578701582 $Palermo ,190.44242984775784]"),
        ("GEOSEARCHSTORE out g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1", ":1"),
        ("ZRANGE out 0 -1", "[$Catania]"),
        ("GEOSEARCHSTORE out g FROMLONLAT 100 37 BYRADIUS 1 km", ":0"),
        ("EXISTS out", ":0"),
        ("GEORADIUS g 15 37 200 km STORE out", ":2"),
        ("ZCARD out", ":2"),
        ("GEORADIUS g 15 37 200 km STORE out STOREDIST out2", ":2"),
        ("EXISTS out2", ":1"),
        ("ZCARD out", ":2"),
        ("GEORADIUS g 15 37 200 km STORE x STORE y STORE z", ":2"),
        ("EXISTS x y", ":0"),
        ("ZCARD z", ":2"),
        ("GEORADIUSBYMEMBER g Palermo 1 km STORE out", ":1"),
        ("ZCARD out", ":1"),
        ("SET s x", "+OK"),
        ("GEOSEARCHSTORE s g FROMLONLAT 15 37 BYRADIUS 200 km", ":2"),
        ("TYPE s", "+zset"),
        ("GEOSEARCHSTORE g g FROMMEMBER Palermo BYRADIUS 1 km", ":1"),
        ("ZRANGE g 0 -1", "[$Palermo]"),
        ("GEOSEARCHSTORE s missing FROMMEMBER x BYRADIUS 1 km", ":0"),
        ("EXISTS s", ":0"),
        ("GEORADIUSBYMEMBER missing x 1 km STORE g", ":0"),
        ("EXISTS g", ":0"),
    ]);
}

#[test]
fn of_an_option_that_is_repeated_the_last_counts() {
    check(&[
        ("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2"),
        ("GEOSEARCH g FROMMEMBER Palermo FROMMEMBER Catania BYRADIUS 1 km", "[$Catania]"),
        ("GEOSEARCH g FROMLONLAT 1 1 FROMLONLAT 15 37 BYRADIUS 100 km", "[$Catania]"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km BYRADIUS 100 km", "[$Catania]"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 1 km BYBOX 400 400 km COUNT 1", "[$Catania]"),
        (
            "GEOSEARCH g FROMMEMBER nosuch FROMMEMBER Catania BYRADIUS 1 km",
            "-ERR could not decode requested zset member",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km BYRADIUS x km", "-ERR need numeric radius"),
    ]);
}

#[test]
fn searches_that_make_no_sense_are_errors() {
    check(&[
        ("GEOADD g 13.361389 38.115556 Palermo", ":1"),
        (
            "GEOSEARCH g FROMLONLAT 15 37 ASC ASC ASC",
            "-ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH",
        ),
        (
            "geosearch g BYRADIUS 15 km ASC DESC",
            "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 1 km", "-ERR syntax error"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km BYBOX 1 1 km", "-ERR syntax error"),
        (
            "GEOSEARCH g FROMMEMBER nosuch BYRADIUS 1 km",
            "-ERR could not decode requested zset member",
        ),
        (
            "GEOSEARCH g FROMLONLAT 15 370 BYRADIUS 1 km",
            "-ERR invalid longitude,latitude pair 15.000000,370.000000",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS x km", "-ERR need numeric radius"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS -1 km", "-ERR radius cannot be negative"),
        (
            "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 x",
            "-ERR unsupported unit provided. please use M, KM, FT, MI",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYBOX x y km", "-ERR need numeric width"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 y km", "-ERR need numeric height"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 -1 km", "-ERR height or width cannot be negative"),
        (
            "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 1 x",
            "-ERR unsupported unit provided. please use M, KM, FT, MI",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km COUNT 0", "-ERR COUNT must be > 0"),
        (
            "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km COUNT x",
            "-ERR value is not an integer or out of range",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km COUNT", "-ERR syntax error"),
        (
            "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km ANY",
            "-ERR the ANY argument requires COUNT argument",
        ),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km STOREDIST", "-ERR syntax error"),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km STORE x", "-ERR syntax error"),
        ("GEOSEARCH missing FROMLONLAT 15 37 BYRADIUS 1 km STORE x", "-ERR syntax error"),
        (
            "GEOSEARCHSTORE out g FROMLONLAT 15 37 BYRADIUS 1 km WITHDIST",
            "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
        ),
        (
            "GEORADIUS g 15 37 1 km STORE out WITHHASH",
            "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
        ),
        ("GEORADIUS_RO g 15 37 1 km STORE out", "-ERR syntax error"),
        ("GEORADIUSBYMEMBER g nosuch 1 km", "-ERR could not decode requested zset member"),
        ("GEORADIUSBYMEMBER missing nosuch x x", "[]"),
        ("GEORADIUSBYMEMBER missing nosuch x x bad", "-ERR syntax error"),
    ]);
}
