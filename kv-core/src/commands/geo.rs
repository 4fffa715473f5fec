//! Places on the earth: sorted sets whose scores are cells of a map.

mod search;

pub(crate) use search::{
    georadius, georadius_ro, georadiusbymember, georadiusbymember_ro, geosearch, geosearchstore,
};

use crate::command::Cx;
use crate::commands::parse::{float, is};
use crate::error::Error;
use crate::reply::Reply;
use crate::value::geo::{Point, Unit, distance_text};
use crate::value::pack::Item;
use crate::value::sorted_set::{SortedSet, SortedSetRef};

pub(crate) fn geoadd(cx: &mut Cx<'_>) -> Result<(), Error> {
    let mut options = AddOptions::default();
    let words = cx.args.from(2).take_while(|word| options.take(word)).count();
    let triples = cx.args.skip(2 + words);
    let are_whole = triples.len() > 0 && triples.len().is_multiple_of(3);
    if !are_whole || (options.only_new && options.only_known) {
        return Err(Error::Syntax);
    }
    let points =
        (0..triples.len()).step_by(3).map(|at| point(triples.get(at), triples.get(at + 1)));
    let points: Vec<Point> = points.collect::<Result<_, _>>()?;
    let mut set = cx.db.edit::<SortedSet>(cx.args.get(1))?;
    let (mut added, mut changed) = (0, 0);
    for (at, point) in points.into_iter().enumerate() {
        set.update(triples.get(3 * at + 2), |old| {
            let is_wanted = if old.is_some() { !options.only_new } else { !options.only_known };
            added += i64::from(is_wanted && old.is_none());
            changed += i64::from(is_wanted && old.is_some_and(|old| old != point.score()));
            is_wanted.then(|| point.score())
        });
    }
    if added + changed == 0 {
        set.unchanged();
    } else {
        set.notify("zadd");
    }
    drop(set);
    cx.out.int(if options.counts_changes { added + changed } else { added });
    Ok(())
}

#[derive(Default)]
struct AddOptions {
    only_new: bool,
    only_known: bool,
    counts_changes: bool,
}

impl AddOptions {
    /// Whether `word` is an option.
    fn take(&mut self, word: &[u8]) -> bool {
        let options = [
            ("NX", &mut self.only_new),
            ("XX", &mut self.only_known),
            ("CH", &mut self.counts_changes),
        ];
        let found = options.into_iter().find(|(name, _)| is(word, name));
        found.map(|(_, option)| *option = true).is_some()
    }
}

pub(crate) fn geopos(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    let members = cx.args.from(2);
    cx.out.array(members.len());
    for member in members {
        match point_of(set, member) {
            Some(point) => write_point(cx.out, point),
            None => cx.out.null_array(),
        }
    }
    Ok(())
}

pub(crate) fn geohash(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    let members = cx.args.from(2);
    cx.out.array(members.len());
    for member in members {
        let hash = point_of(set, member).map(Point::geohash);
        cx.out.bulk_or_null(hash.as_ref().map(|hash| &hash[..]));
    }
    Ok(())
}

pub(crate) fn geodist(cx: &mut Cx<'_>) -> Result<(), Error> {
    let unit = match cx.args.len() {
        4 => Unit::Meters,
        5 => unit(cx.args.get(4))?,
        _ => return Err(Error::Syntax),
    };
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    let [from, to] = [2, 3].map(|at| point_of(set, cx.args.get(at)));
    let distance = from.and_then(|from| Some(unit.of_meters(from.distance_m(to?))));
    let text = distance.map(distance_text);
    cx.out.bulk_or_null(text.as_ref().map(String::as_bytes));
    Ok(())
}

fn point_of(set: Option<SortedSetRef<'_>>, member: &[u8]) -> Option<Point> {
    set?.score(Item::new(member)).map(Point::of_score)
}

/// A pair of coordinates in degrees.
fn write_point(out: &mut dyn Reply, point: Point) {
    out.array(2);
    for degrees in [point.longitude(), point.latitude()] {
        write_exactly(out, degrees);
    }
}

/// With 17 decimals, which are more than a double is precise to.
fn write_exactly(out: &mut dyn Reply, value: f64) {
    let text = format!("{value:.17}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    out.decimal(text);
}

fn point(longitude: &[u8], latitude: &[u8]) -> Result<Point, Error> {
    let (longitude, latitude) = (float(longitude)?, float(latitude)?);
    Point::new(longitude, latitude).ok_or_else(|| {
        let text = format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}");
        Error::composed(text)
    })
}

fn unit(word: &[u8]) -> Result<Unit, Error> {
    const UNKNOWN: Error = Error::text("ERR unsupported unit provided. please use M, KM, FT, MI");
    let units =
        [("m", Unit::Meters), ("km", Unit::Kilometers), ("ft", Unit::Feet), ("mi", Unit::Miles)];
    let unit = units.into_iter().find(|(name, _)| is(word, name));
    unit.map(|(_, unit)| unit).ok_or(UNKNOWN)
}
