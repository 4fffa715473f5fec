//! Requests about places.

use super::{Maker, number};
use crate::model::Bytes;

/// Each member has a few places, and no two share one, so that no two are at the same distance
/// from a third.
const MEMBERS: u64 = 40;
const PLACES: u64 = 4;

pub(super) fn places(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = key(m);
    match m.rng.below(14) {
        0..4 => additions(m, key),
        4 => words!["GEOPOS", key, member(m), member(m), m.value()],
        5 => words!["GEOHASH", key, member(m), member(m)],
        6 => words!["GEODIST", key, member(m), member(m)],
        7 => words!["GEODIST", key, member(m), member(m), unit(m)],
        8 => words![m.pick(&["ZREM", "ZSCORE"]), key, member(m)],
        9 => scores(m),
        10 => radius(m, key),
        _ => search(m, key),
    }
}

fn key(m: &mut Maker<'_>) -> Bytes {
    format!("g:{}", m.rng.below(3)).into()
}

fn member(m: &mut Maker<'_>) -> Bytes {
    number(m.rng.below(MEMBERS))
}

fn unit(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["m", "km", "KM", "ft", "mi", "x"]).into()
}

/// Members on the map from metres to some hundred kilometres apart.
fn place(member: u64, variation: u64) -> [Bytes; 2] {
    let spread = if member.is_multiple_of(3) { 0.000_37 } else { 0.37 };
    let longitude = 10.0 + spread * member as f64 + 0.091_1 * spread * variation as f64;
    let latitude = 40.0 + spread * (member * member % 17) as f64 + 0.057_7 * variation as f64;
    [longitude, latitude].map(|degrees| format!("{degrees:.7}").into())
}

fn additions(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let mut args = words!["GEOADD", key];
    args.extend(m.pick(&[None, None, Some("NX"), Some("XX")]).map(Into::into));
    args.extend(m.pick(&[None, Some("CH"), Some("ch")]).map(Into::into));
    if m.one_in(20) {
        let far = m.pick(&["180.1", "-181", "x", ""]);
        args.extend(words![far, "0", "a"]);
    }
    let count = if m.features.long_lists { 200 } else { m.pick(&[1, 3, 30, 0]) };
    for _ in 0..count {
        let member = m.rng.below(if count > 100 { 1000 } else { MEMBERS });
        args.extend(place(member, m.rng.below(PLACES)));
        args.push(number(member));
    }
    args
}

/// Scores that are no places, but are taken for some.
fn scores(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, member) = (m.key(), member(m));
    match m.rng.below(4) {
        0 => {
            let scores =
                ["3479099956230698", "-5", "0.5", "1e19", "inf", "-inf", "4503599627370496"];
            words!["ZADD", key, m.pick(&scores), member]
        }
        1 => words!["GEOPOS", key, member, "1", "7"],
        2 => words!["GEOHASH", key, member, "1", "7"],
        _ => words!["GEODIST", key, member, "1"],
    }
}

fn center(m: &mut Maker<'_>) -> [Bytes; 2] {
    let pair = m.pick(&[["10.01", "40.02"], ["13.3", "41.77"], ["17.1", "44.2"], ["10", "-40"]]);
    if m.one_in(30) { [b"200".into(), b"x".into()] } else { pair.map(Into::into) }
}

fn length(m: &mut Maker<'_>) -> [Bytes; 2] {
    let lengths = [
        ["100", "m"],
        ["777", "m"],
        ["12.5", "km"],
        ["130", "km"],
        ["400", "KM"],
        ["900", "mi"],
        ["33333", "ft"],
        ["-1", "m"],
        ["5", "x"],
    ];
    m.pick(&lengths).map(Into::into)
}

/// COUNT, an order, and what is told.
fn extras(m: &mut Maker<'_>, stores: bool) -> Vec<Bytes> {
    let mut args = words![];
    args.extend(m.pick(&[None, None, Some("ASC"), Some("DESC")]).map(Into::into));
    if m.one_in(3) {
        args.extend(words!["COUNT", m.pick(&["1", "3", "10", "1000", "0"])]);
        // Which these are cannot be told afterwards.
        args.extend((!stores && m.one_in(3)).then(|| "ANY".into()));
    }
    if !stores || m.one_in(20) {
        for word in ["WITHCOORD", "WITHDIST", "WITHHASH"] {
            args.extend(m.one_in(4).then(|| word.into()));
        }
    }
    args
}

fn radius(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let by_member = m.one_in(2);
    let is_read_only = m.one_in(3);
    let name = match (by_member, is_read_only) {
        (false, false) => "GEORADIUS",
        (false, true) => "GEORADIUS_RO",
        (true, false) => "GEORADIUSBYMEMBER",
        (true, true) => "GEORADIUSBYMEMBER_RO",
    };
    let mut args = words![name, key];
    if by_member {
        args.push(member(m));
    } else {
        args.extend(center(m));
    }
    args.extend(length(m));
    let stores = m.one_in(4);
    args.extend(extras(m, stores));
    if stores {
        args.extend(words![m.pick(&["STORE", "STOREDIST"]), m.key()]);
    }
    args
}

fn search(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let stores = m.one_in(4);
    let mut args =
        if stores { words!["GEOSEARCHSTORE", m.key(), key] } else { words!["GEOSEARCH", key] };
    if m.one_in(2) {
        args.extend(words!["FROMMEMBER", member(m)]);
    } else {
        args.extend(words!["FROMLONLAT"]);
        args.extend(center(m));
    }
    let [size, unit] = length(m);
    if m.one_in(2) {
        args.extend(words!["BYRADIUS", size, unit]);
    } else {
        args.extend(words!["BYBOX", size, m.pick(&["1", "77", "333", "50000"]), unit]);
    }
    args.extend(extras(m, stores));
    args.extend((stores && m.one_in(3)).then(|| "STOREDIST".into()));
    args
}
