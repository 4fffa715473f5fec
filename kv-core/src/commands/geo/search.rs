//! What is near a place.

use super::{point, point_of, unit, write_point};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{float, int, is};
use crate::error::Error;
use crate::reply::Reply;
use crate::value::geo::{Point, Shape, Unit, distance_text};
use crate::value::pack::Item;
use crate::value::sorted_set::{SortedSet, SortedSetRef};
use crate::value::string::IntBuffer;
use std::ops::Bound;

/// Which of the commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Radius,
    RadiusReadOnly,
    RadiusByMember,
    RadiusByMemberReadOnly,
    Search,
    SearchStore,
}

pub(crate) fn georadius(cx: &mut Cx<'_>) -> Result<(), Error> {
    search(cx, Form::Radius)
}

pub(crate) fn georadius_ro(cx: &mut Cx<'_>) -> Result<(), Error> {
    search(cx, Form::RadiusReadOnly)
}

pub(crate) fn georadiusbymember(cx: &mut Cx<'_>) -> Result<(), Error> {
    search(cx, Form::RadiusByMember)
}

pub(crate) fn georadiusbymember_ro(cx: &mut Cx<'_>) -> Result<(), Error> {
    search(cx, Form::RadiusByMemberReadOnly)
}

pub(crate) fn geosearch(cx: &mut Cx<'_>) -> Result<(), Error> {
    search(cx, Form::Search)
}

pub(crate) fn geosearchstore(cx: &mut Cx<'_>) -> Result<(), Error> {
    search(cx, Form::SearchStore)
}

fn search(cx: &mut Cx<'_>, form: Form) -> Result<(), Error> {
    let source = cx.args.get(if form == Form::SearchStore { 2 } else { 1 });
    let set = cx.db.get::<SortedSet>(source)?;
    let query = Query::parse(cx.args, form, set)?;
    let hits = set.map_or(Vec::new(), |set| query.hits(set));
    match query.target {
        None => query.write(cx.out, &hits),
        Some((target, what)) => {
            let scored: Vec<(f64, Vec<u8>)> =
                hits.iter().map(|hit| (what.of(hit, query.unit()), hit.member.to_vec())).collect();
            let mut set = cx.db.create::<SortedSet>();
            scored.iter().for_each(|(score, member)| _ = set.set(member, *score));
            let by_search = form == Form::SearchStore;
            let event = if by_search { "geosearchstore" } else { "georadiusstore" };
            cx.db.replace(target, set, event);
            cx.out.int(scored.len() as i64);
        }
    }
    Ok(())
}

/// What becomes the score of a hit that is stored.
#[derive(Clone, Copy)]
enum Stored {
    Score,
    Distance,
}

impl Stored {
    fn of(self, hit: &Hit<'_>, unit: Unit) -> f64 {
        match self {
            Self::Score => hit.score,
            Self::Distance => unit.of_meters(hit.distance_m),
        }
    }
}

/// A member inside of the shape.
struct Hit<'a> {
    member: Item<'a>,
    score: f64,
    point: Point,
    distance_m: f64,
}

#[derive(Clone, Copy)]
enum Order {
    Nearest,
    Farthest,
}

/// How far a search reaches.
#[derive(Clone, Copy)]
enum Reach {
    Radius(f64),
    Box { width: f64, height: f64 },
}

/// How a search tells its centre.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Member,
    Coordinates,
}

struct Query<'a> {
    center: Option<Point>,
    /// The option that told the centre. It may be repeated, but not go with the other one.
    place: Option<Place>,
    reach: Option<(Reach, Unit)>,
    /// 0 for all.
    count: usize,
    /// Those that are found first will do.
    any: bool,
    order: Option<Order>,
    with_coordinates: bool,
    with_distance: bool,
    with_hash: bool,
    target: Option<(&'a [u8], Stored)>,
}

impl<'a> Query<'a> {
    fn parse(args: Args<'a>, form: Form, set: Option<SortedSetRef<'_>>) -> Result<Self, Error> {
        let mut query = Query {
            center: None,
            place: None,
            reach: None,
            count: 0,
            any: false,
            order: None,
            with_coordinates: false,
            with_distance: false,
            with_hash: false,
            target: None,
        };
        let options = match form {
            Form::Radius | Form::RadiusReadOnly => {
                query.center = Some(point(args.get(2), args.get(3))?);
                query.reach = Some(radius(args.get(4), args.get(5))?);
                args.skip(6)
            }
            Form::RadiusByMember | Form::RadiusByMemberReadOnly => {
                // Without a set the options alone decide the reply.
                if set.is_some() {
                    query.center = Some(member(set, args.get(2))?);
                    query.reach = Some(radius(args.get(3), args.get(4))?);
                }
                args.skip(5)
            }
            Form::Search => args.skip(2),
            Form::SearchStore => {
                query.target = Some((args.get(1), Stored::Score));
                args.skip(3)
            }
        };
        query.parse_options(options, form, set)?;
        query.check(args, form)?;
        Ok(query)
    }

    fn parse_options(
        &mut self,
        options: Args<'a>,
        form: Form,
        set: Option<SortedSetRef<'_>>,
    ) -> Result<(), Error> {
        let mut at = 0;
        while let Some(word) = options.try_get(at) {
            at += 1 + match self.take_flag(word, form) {
                true => 0,
                false => self.take_option(word, options.skip(at + 1), form, set)?,
            };
        }
        Ok(())
    }

    /// Whether `word` is an option of one word.
    fn take_flag(&mut self, word: &[u8], form: Form) -> bool {
        if is(word, "ASC") {
            self.order = Some(Order::Nearest);
        } else if is(word, "DESC") {
            self.order = Some(Order::Farthest);
        } else if is(word, "ANY") {
            self.any = true;
        } else if is(word, "WITHCOORD") {
            self.with_coordinates = true;
        } else if is(word, "WITHDIST") {
            self.with_distance = true;
        } else if is(word, "WITHHASH") {
            self.with_hash = true;
        } else if is(word, "STOREDIST") && form == Form::SearchStore {
            self.target = self.target.map(|(target, _)| (target, Stored::Distance));
        } else {
            return false;
        }
        true
    }

    /// Takes an option with what follows it. How many words that are.
    fn take_option(
        &mut self,
        word: &[u8],
        rest: Args<'a>,
        form: Form,
        set: Option<SortedSetRef<'_>>,
    ) -> Result<usize, Error> {
        let is_search = matches!(form, Form::Search | Form::SearchStore);
        let may_store = matches!(form, Form::Radius | Form::RadiusByMember);
        let has = |count| rest.len() >= count;
        if is(word, "COUNT") && has(1) {
            let count = int(rest.get(0))?;
            self.count = usize::try_from(count).ok().filter(|&count| count > 0).ok_or(NO_COUNT)?;
            Ok(1)
        } else if is(word, "STORE") && may_store && has(1) {
            self.target = Some((rest.get(0), Stored::Score));
            Ok(1)
        } else if is(word, "STOREDIST") && may_store && has(1) {
            self.target = Some((rest.get(0), Stored::Distance));
            Ok(1)
        } else if is(word, "FROMMEMBER") && is_search && has(1) && !self.is_at(Place::Coordinates) {
            // Without a set the options alone decide the reply.
            self.place = Some(Place::Member);
            self.center = Some(if set.is_some() { member(set, rest.get(0))? } else { SOMEWHERE });
            Ok(1)
        } else if is(word, "FROMLONLAT") && is_search && has(2) && !self.is_at(Place::Member) {
            self.place = Some(Place::Coordinates);
            self.center = Some(point(rest.get(0), rest.get(1))?);
            Ok(2)
        } else if is(word, "BYRADIUS") && is_search && has(2) && !self.is_box() {
            self.reach = Some(radius(rest.get(0), rest.get(1))?);
            Ok(2)
        } else if is(word, "BYBOX") && is_search && has(3) && !self.is_circle() {
            self.reach = Some(rectangle(rest.get(0), rest.get(1), rest.get(2))?);
            Ok(3)
        } else {
            Err(Error::Syntax)
        }
    }

    fn is_at(&self, place: Place) -> bool {
        self.place == Some(place)
    }

    fn is_circle(&self) -> bool {
        matches!(self.reach, Some((Reach::Radius(_), _)))
    }

    fn is_box(&self) -> bool {
        matches!(self.reach, Some((Reach::Box { .. }, _)))
    }

    fn check(&self, args: Args<'_>, form: Form) -> Result<(), Error> {
        let is_search = matches!(form, Form::Search | Form::SearchStore);
        if self.target.is_some() && (self.with_coordinates || self.with_distance || self.with_hash)
        {
            return Err(if form == Form::SearchStore { STORED_SEARCH } else { STORED_RADIUS });
        }
        let lacks = |what: &str| {
            let text = format!("ERR exactly one of {what} can be specified for ");
            Error::composed([text.as_bytes(), args.get(0)].concat())
        };
        if is_search && self.center.is_none() {
            return Err(lacks("FROMMEMBER or FROMLONLAT"));
        }
        if is_search && self.reach.is_none() {
            return Err(lacks("BYRADIUS and BYBOX"));
        }
        if self.any && self.count == 0 {
            return Err(Error::text("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    fn unit(&self) -> Unit {
        self.reach.map_or(Unit::Meters, |(_, unit)| unit)
    }

    fn shape(&self) -> Option<Shape> {
        let (center, (reach, unit)) = (self.center?, self.reach?);
        Some(match reach {
            Reach::Radius(radius) => Shape::Circle { center, radius, unit },
            Reach::Box { width, height } => Shape::Box { center, width, height, unit },
        })
    }

    /// What is inside of the shape, in the order that was asked for.
    fn hits<'s>(&self, set: SortedSetRef<'s>) -> Vec<Hit<'s>> {
        let Some(shape) = self.shape() else { return Vec::new() };
        let pairs = shape.ranges().flat_map(|range| {
            let ranks =
                set.ranks_by_score(Bound::Included(range.start), Bound::Excluded(range.end));
            set.range(ranks)
        });
        let hits = pairs.filter_map(|pair| {
            let point = Point::of_score(pair.score);
            let distance_m = shape.contains(point)?;
            Some(Hit { member: pair.member, score: pair.score, point, distance_m })
        });
        let limit = if self.count == 0 { usize::MAX } else { self.count };
        let mut hits: Vec<Hit<'_>> = hits.take(if self.any { limit } else { usize::MAX }).collect();
        // The nearest are meant where only some are asked for.
        let is_cut = self.count > 0 && !self.any;
        match self.order.or(is_cut.then_some(Order::Nearest)) {
            Some(Order::Nearest) => hits.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m)),
            Some(Order::Farthest) => hits.sort_by(|a, b| b.distance_m.total_cmp(&a.distance_m)),
            None => {}
        }
        hits.truncate(limit);
        hits
    }

    fn write(&self, out: &mut dyn Reply, hits: &[Hit<'_>]) {
        let extras = [self.with_distance, self.with_hash, self.with_coordinates];
        let extras = extras.into_iter().filter(|&is_wanted| is_wanted).count();
        out.array(hits.len());
        for hit in hits {
            if extras > 0 {
                out.array(1 + extras);
            }
            out.bulk(hit.member.as_bytes(&mut IntBuffer::new()));
            if self.with_distance {
                out.bulk(distance_text(self.unit().of_meters(hit.distance_m)).as_bytes());
            }
            if self.with_hash {
                out.int(hit.score as i64);
            }
            if self.with_coordinates {
                write_point(out, hit.point);
            }
        }
    }
}

const NO_COUNT: Error = Error::text("ERR COUNT must be > 0");
const STORED_SEARCH: Error = Error::text(
    "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
);
const STORED_RADIUS: Error = Error::text(
    "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
);

/// The centre of a search that finds nothing anyway.
const SOMEWHERE: Point = Point::ORIGIN;

fn member(set: Option<SortedSetRef<'_>>, member: &[u8]) -> Result<Point, Error> {
    point_of(set, member).ok_or(Error::text("ERR could not decode requested zset member"))
}

fn radius(length: &[u8], unit_word: &[u8]) -> Result<(Reach, Unit), Error> {
    let radius = float(length).map_err(|_| Error::text("ERR need numeric radius"))?;
    if radius < 0.0 {
        return Err(Error::text("ERR radius cannot be negative"));
    }
    Ok((Reach::Radius(radius), unit(unit_word)?))
}

fn rectangle(width: &[u8], height: &[u8], unit_word: &[u8]) -> Result<(Reach, Unit), Error> {
    let width = float(width).map_err(|_| Error::text("ERR need numeric width"))?;
    let height = float(height).map_err(|_| Error::text("ERR need numeric height"))?;
    if width < 0.0 || height < 0.0 {
        return Err(Error::text("ERR height or width cannot be negative"));
    }
    Ok((Reach::Box { width, height }, unit(unit_word)?))
}
