//! Places on the earth, as scores of sorted sets. A search looks at every place.

use super::sorted_sets::{Scores, float};
use super::{Bytes, Expect, Outcome, Row, Run, SYNTAX, exactly, int, is, number};
use crate::wire::{NEAR, Value};

pub(super) const COMMANDS: &[Row] = &[
    ("geoadd", -5, geoadd),
    ("geodist", -4, geodist),
    ("geohash", -2, geohash),
    ("geopos", -2, geopos),
    ("georadius", -6, search),
    ("georadius_ro", -6, search),
    ("georadiusbymember", -5, search),
    ("georadiusbymember_ro", -5, search),
    ("geosearch", -7, search),
    ("geosearchstore", -8, search),
];

const EARTH_RADIUS_M: f64 = 6_372_797.560_856;
const LONGITUDE_MAX: f64 = 180.0;
/// Of the map of scores, and of that of geohashes.
const LATITUDE_MAX: f64 = 85.051_128_78;
const POLE: f64 = 90.0;
/// How often a map is halved in each direction.
const HALVINGS: u32 = 26;

/// Longitude and latitude in degrees.
type Place = (f64, f64);

/// The cell of a place on a map that ends at a latitude.
fn cell((longitude, latitude): Place, latitude_max: f64) -> u64 {
    let part =
        |degrees: f64, max: f64| ((degrees + max) / (2.0 * max) * f64::from(1 << HALVINGS)) as u64;
    let (x, y) = (part(longitude, LONGITUDE_MAX), part(latitude, latitude_max));
    (0..u32::BITS)
        .fold(0, |cell, bit| cell | (x >> bit & 1) << (2 * bit + 1) | (y >> bit & 1) << (2 * bit))
}

/// The middle of a score's cell.
fn place(score: f64) -> Place {
    let cell = integer(score);
    let part = |shift: u32| {
        (0..u32::BITS)
            .fold(0u32, |part, bit| part | ((cell >> (2 * bit + shift) & 1) as u32) << bit)
    };
    let middle = |part: u32, max: f64| {
        let border = |part: u32| -max + f64::from(part) / f64::from(1 << HALVINGS) * (2.0 * max);
        ((border(part) + border(part.wrapping_add(1))) / 2.0).clamp(-max, max)
    };
    (middle(part(1), LONGITUDE_MAX), middle(part(0), LATITUDE_MAX))
}

/// What C makes of a score on x86-64, where ZADD set it to what is no cell.
fn integer(score: f64) -> u64 {
    const HALF: f64 = (1u64 << 63) as f64;
    let signed = |score: f64| match (-HALF..HALF).contains(&score) {
        true => score as i64 as u64,
        false => 1 << 63,
    };
    if score < HALF { signed(score) } else { signed(score - HALF) ^ 1 << 63 }
}

/// The haversine formula.
fn distance_m((x1, y1): Place, (x2, y2): Place) -> f64 {
    let v = ((x2.to_radians() - x1.to_radians()) / 2.0).sin();
    if v == 0.0 {
        return EARTH_RADIUS_M * (y2.to_radians() - y1.to_radians()).abs();
    }
    let (y1, y2) = (y1.to_radians(), y2.to_radians());
    let u = ((y2 - y1) / 2.0).sin();
    2.0 * EARTH_RADIUS_M * (u * u + y1.cos() * y2.cos() * v * v).sqrt().asin()
}

fn geoadd(run: &mut Run<'_>) -> Outcome {
    let is_option = |arg: &&Bytes| ["NX", "XX", "CH"].iter().any(|name| is(arg, name));
    let options = run.args[2..].iter().take_while(is_option).count();
    let has = |name| run.args[2..2 + options].iter().any(|option| is(option, name));
    let (nx, xx) = (has("NX"), has("XX"));
    let triples = &run.args[2 + options..];
    if triples.is_empty() || !triples.len().is_multiple_of(3) || nx && xx {
        return Err(SYNTAX.into());
    }
    let places = triples.chunks(3).map(|triple| place_arg(&triple[0], &triple[1]));
    let places = places.collect::<Result<Vec<_>, _>>()?;
    let key = run.key();
    let mut scores = run.scores_or_none(&key)?;
    let (mut added, mut changed) = (0, 0);
    for (triple, place) in triples.chunks(3).zip(places) {
        let score = cell(place, LATITUDE_MAX) as f64;
        match scores.get(&triple[2]) {
            None if xx => continue,
            Some(_) if nx => continue,
            None => added += 1,
            Some(old) => changed += i64::from(*old != score),
        }
        scores.insert(triple[2].clone(), score);
    }
    let counts_changes = has("CH");
    run.put_scores(&key, scores);
    number(if counts_changes { added + changed } else { added })
}

fn place_arg(longitude: &[u8], latitude: &[u8]) -> Result<Place, Bytes> {
    let degrees = |arg| float(arg).ok_or(&b"ERR value is not a valid float"[..]);
    let (x, y) = (degrees(longitude)?, degrees(latitude)?);
    if x.abs() <= LONGITUDE_MAX && y.abs() <= LATITUDE_MAX {
        return Ok((x, y));
    }
    Err(format!("ERR invalid longitude,latitude pair {x:.6},{y:.6}").into())
}

fn geopos(run: &mut Run<'_>) -> Outcome {
    let scores = run.scores_or_none(&run.args[1])?;
    let show = |member| match scores.get(member) {
        Some(score) => coordinates(run, place(*score)),
        None => run.null_array(),
    };
    exactly(Value::array(run.args[2..].iter().map(show).collect()))
}

fn coordinates(run: &Run<'_>, (x, y): Place) -> Value {
    let show = |degrees: f64| {
        let text = format!("{degrees:.17}");
        let text = text.trim_end_matches('0').trim_end_matches('.').as_bytes();
        if run.session.protocol == 3 { Value::Line(b',', text.into()) } else { Value::bulk(text) }
    };
    Value::array(vec![show(x), show(y)])
}

/// Five bits a letter, of which the last has none left.
fn geohash(run: &mut Run<'_>) -> Outcome {
    let letters = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let scores = run.scores_or_none(&run.args[1])?;
    let show = |member| {
        let cell = scores.get(member).map(|score| cell(place(*score), POLE));
        let letter = |cell: u64, end: u32| letters[(cell >> end) as usize % 32];
        let text = cell.map(|cell| (0..10).map(|at| letter(cell, 47 - 5 * at)).collect::<Bytes>());
        run.bulk_or_null(text.map(|text| [&text[..], b"0"].concat()).as_ref())
    };
    exactly(Value::array(run.args[2..].iter().map(show).collect()))
}

/// How many metres a unit has.
fn unit(word: &[u8]) -> Result<f64, Bytes> {
    let units = [("M", 1.0), ("KM", 1000.0), ("FT", 0.3048), ("MI", 1609.34)];
    let found = units.into_iter().find(|(name, _)| is(word, name)).map(|(_, meters)| meters);
    found.ok_or_else(|| b"ERR unsupported unit provided. please use M, KM, FT, MI".into())
}

fn geodist(run: &mut Run<'_>) -> Outcome {
    let unit_m = match &run.args[4..] {
        [] => 1.0,
        [word] => unit(word)?,
        _ => return Err(SYNTAX.into()),
    };
    let scores = run.scores_or_none(&run.args[1])?;
    let places = [2, 3].map(|at| scores.get(&run.args[at]).map(|score| place(*score)));
    match places {
        [Some(from), Some(to)] => Ok(Expect::Like(Value::about(distance_m(from, to) / unit_m))),
        _ => exactly(run.null()),
    }
}

/// What a search asks for.
#[derive(Default)]
struct Query {
    center: Option<Place>,
    /// How far to the east and to the north, in metres, or by one radius.
    reach_m: Option<Reach>,
    unit_m: f64,
    count: Option<usize>,
    any: bool,
    /// Whether the farthest come first.
    order: Option<bool>,
    with_coordinates: bool,
    with_distance: bool,
    with_hash: bool,
    /// The key to store the result under, and whether as distances.
    store: Option<(Bytes, bool)>,
}

#[derive(Clone, Copy)]
enum Reach {
    Radius(f64),
    Box(f64, f64),
}

/// A place that a search finds.
#[derive(Clone, Debug)]
pub struct Hit {
    /// What the reply says of it.
    pub shown: Value,
    /// How far away it is, in metres.
    pub distance_m: f64,
    /// It is not so close to the border that rounding decides.
    pub is_certain: bool,
}

/// What a search may answer.
#[derive(Clone, Debug)]
pub struct Hits {
    /// Every place.
    pub all: Vec<Hit>,
    /// How many are wanted at most.
    pub count: Option<usize>,
    /// If not all, whether any will do instead of the first in the order.
    pub any: bool,
    /// The order, if there is one: whether the farthest come first.
    pub order: Option<bool>,
}

impl Query {
    fn parse(run: &Run<'_>, scores: Option<&Scores>) -> Result<Query, Bytes> {
        let (name, args) = (run.name(), run.args);
        let mut query = Query { unit_m: 1.0, ..Query::default() };
        let is_search = name.starts_with("geosearch");
        let first = match name.as_str() {
            "geosearch" => 2,
            "geosearchstore" => {
                query.store = Some((args[1].clone(), false));
                3
            }
            "georadius" | "georadius_ro" => {
                query.center = Some(place_arg(&args[2], &args[3])?);
                query.read_radius(&args[4], &args[5])?;
                6
            }
            _ => {
                if let Some(scores) = scores {
                    query.center = Some(member(scores, &args[2])?);
                    query.read_radius(&args[3], &args[4])?;
                }
                5
            }
        };
        let mut rest = &args[first..];
        while !rest.is_empty() {
            let used = query.read(rest, &name, scores)?;
            rest = &rest[used..];
        }
        query.check(run, is_search)?;
        Ok(query)
    }

    /// Reads an option, and says how many words it has.
    fn read(
        &mut self,
        words: &[Bytes],
        name: &str,
        scores: Option<&Scores>,
    ) -> Result<usize, Bytes> {
        let is_search = name.starts_with("geosearch");
        let may_store = !is_search && !name.ends_with("_ro");
        let has_center = self.center.is_some();
        match (words[0].to_ascii_uppercase().as_slice(), &words[1..]) {
            (b"ASC", _) => self.order = Some(false),
            (b"DESC", _) => self.order = Some(true),
            (b"ANY", _) => self.any = true,
            (b"WITHCOORD", _) => self.with_coordinates = true,
            (b"WITHDIST", _) => self.with_distance = true,
            (b"WITHHASH", _) => self.with_hash = true,
            (b"STOREDIST", _) if name == "geosearchstore" => {
                self.store = self.store.take().map(|(target, _)| (target, true));
            }
            (b"COUNT", [count, ..]) => {
                let count = usize::try_from(int(count)?).ok().filter(|&count| count > 0);
                self.count = Some(count.ok_or(&b"ERR COUNT must be > 0"[..])?);
                return Ok(2);
            }
            (b"STORE" | b"STOREDIST", [target, ..]) if may_store => {
                self.store = Some((target.clone(), is(&words[0], "STOREDIST")));
                return Ok(2);
            }
            (b"FROMMEMBER", [name, ..]) if is_search && !has_center => {
                self.center = Some(scores.map_or(Ok((0.0, 0.0)), |scores| member(scores, name))?);
                return Ok(2);
            }
            (b"FROMLONLAT", [x, y, ..]) if is_search && !has_center => {
                self.center = Some(place_arg(x, y)?);
                return Ok(3);
            }
            (b"BYRADIUS", [radius, unit, ..]) if is_search && self.reach_m.is_none() => {
                self.read_radius(radius, unit)?;
                return Ok(3);
            }
            (b"BYBOX", [width, height, word, ..]) if is_search && self.reach_m.is_none() => {
                let width = float(width).ok_or(&b"ERR need numeric width"[..])?;
                let height = float(height).ok_or(&b"ERR need numeric height"[..])?;
                if width < 0.0 || height < 0.0 {
                    return Err(b"ERR height or width cannot be negative".into());
                }
                self.unit_m = unit(word)?;
                let [x, y] = [width, height].map(|length| length * self.unit_m / 2.0);
                self.reach_m = Some(Reach::Box(x, y));
                return Ok(4);
            }
            _ => return Err(SYNTAX.into()),
        }
        Ok(1)
    }

    fn read_radius(&mut self, radius: &[u8], word: &[u8]) -> Result<(), Bytes> {
        let radius = float(radius).ok_or(&b"ERR need numeric radius"[..])?;
        if radius < 0.0 {
            return Err(b"ERR radius cannot be negative".into());
        }
        self.unit_m = unit(word)?;
        self.reach_m = Some(Reach::Radius(radius * self.unit_m));
        Ok(())
    }

    fn check(&self, run: &Run<'_>, is_search: bool) -> Result<(), Bytes> {
        let has_extras = self.with_coordinates || self.with_distance || self.with_hash;
        if self.store.is_some() && has_extras {
            let name = if is_search { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            let options = "WITHDIST, WITHHASH and WITHCOORD options";
            return Err(format!("ERR {name} is not compatible with {options}").into());
        }
        let lacks = |what: &str| {
            let text = format!("ERR exactly one of {what} can be specified for ");
            Err([text.as_bytes(), &run.args[0]].concat())
        };
        if is_search && self.center.is_none() {
            return lacks("FROMMEMBER or FROMLONLAT");
        }
        if is_search && self.reach_m.is_none() {
            return lacks("BYRADIUS and BYBOX");
        }
        if self.any && self.count.is_none() {
            return Err(b"ERR the ANY argument requires COUNT argument".into());
        }
        Ok(())
    }

    /// The distance of a place that may be found, and how far inside the border it is, in metres.
    fn finds(&self, (x, y): Place) -> Option<(f64, f64)> {
        let center = self.center?;
        let distance_m = distance_m(center, (x, y));
        let room_m = match self.reach_m? {
            Reach::Radius(radius) => radius - distance_m,
            Reach::Box(to_east, to_north) => {
                let east = self::distance_m((x, y), (center.0, y));
                let north = self::distance_m((x, y), (x, center.1));
                (to_east - east).min(to_north - north)
            }
        };
        (room_m >= -NEAR).then_some((distance_m, room_m))
    }

    fn show(&self, run: &Run<'_>, member: &[u8], score: f64, distance_m: f64) -> Value {
        let mut parts = vec![Value::bulk(member)];
        if self.with_distance {
            parts.push(Value::about(distance_m / self.unit_m));
        }
        if self.with_hash {
            parts.push(Value::int(score as i64));
        }
        if self.with_coordinates {
            parts.push(coordinates(run, place(score)));
        }
        if parts.len() == 1 { parts.remove(0) } else { Value::array(parts) }
    }
}

fn member(scores: &Scores, member: &[u8]) -> Result<Place, Bytes> {
    let score = scores.get(member).ok_or(&b"ERR could not decode requested zset member"[..])?;
    Ok(place(*score))
}

fn search(run: &mut Run<'_>) -> Outcome {
    let source = &run.args[1 + usize::from(is(&run.args[0], "GEOSEARCHSTORE"))];
    let scores = run.scores(source)?.cloned();
    let query = Query::parse(run, scores.as_ref())?;
    let scores = scores.unwrap_or_default();
    let found = scores.iter().filter_map(|(member, &score)| {
        query.finds(place(score)).map(|(distance_m, room_m)| (member, score, distance_m, room_m))
    });
    if let Some((target, by_distance)) = &query.store {
        let mut found: Vec<_> = found.collect();
        assert!(!query.any, "plans store nothing of which any will do");
        found.retain(|(_, _, _, room_m)| *room_m >= 0.0);
        found.sort_by(|a, b| a.2.total_cmp(&b.2));
        if query.order == Some(true) {
            found.reverse();
        }
        found.truncate(query.count.unwrap_or(usize::MAX));
        let score =
            |score, distance_m| if *by_distance { distance_m / query.unit_m } else { score };
        let stored = found.iter().map(|hit| (hit.0.clone(), score(hit.1, hit.2)));
        let (len, stored) = (found.len(), stored.collect());
        run.replace_scores(target, stored);
        return number(len as i64);
    }
    let hit = |(member, score, distance_m, room_m): (&Bytes, f64, f64, f64)| Hit {
        shown: query.show(run, member, score, distance_m),
        distance_m,
        is_certain: room_m > NEAR,
    };
    let is_cut = query.count.is_some() && !query.any;
    let order = query.order.or(is_cut.then_some(false));
    let all = found.map(hit).collect();
    Ok(Expect::Hits(Hits { all, count: query.count, any: query.any, order }))
}
