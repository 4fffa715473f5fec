//! Places on the earth, as scores of a sorted set.
//!
//! The map ends where that of the Mercator projection does; its coordinates are degrees. Halving it
//! again and again, 26 times in each direction, gives cells of about 0.6 by 0.3 m at the equator.
//! The score of a place is the 52-bit number of its cell, in which the bits of the two coordinates
//! alternate, so that places with the same leading bits are close together. A search looks at the
//! cell of suitable size around its centre and at the eight around that, each of which is a range
//! of scores.
//!
//! All results are those of Redis bit by bit, as far as the platform's sine, cosine and arcsine
//! are: they come from its mathematical library.

use std::ops::Range;

/// The greatest longitude, in degrees; the least is its negative.
pub const LONGITUDE_MAX: f64 = 180.0;
/// The greatest latitude that a map of the Mercator projection shows, in degrees; the least is its
/// negative.
pub const LATITUDE_MAX: f64 = 85.051_128_78;
/// How many letters a [`Point::geohash`] has.
pub const GEOHASH_LEN: usize = 11;

/// How often the map of a score is halved in each direction.
const STEP_MAX: u32 = 26;
const SCORE_BITS: u32 = 2 * STEP_MAX;
/// The quadratic mean radius of WGS 84.
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;
/// Half of the equator in the Mercator projection.
const MERCATOR_MAX_M: f64 = 20_037_726.37;

/// A unit of length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// m
    Meters,
    /// km
    Kilometers,
    /// mi
    Miles,
    /// ft
    Feet,
}

impl Unit {
    /// How many metres it has.
    pub fn meters(self) -> f64 {
        match self {
            Unit::Meters => 1.0,
            Unit::Kilometers => 1000.0,
            Unit::Miles => 1609.34,
            Unit::Feet => 0.3048,
        }
    }

    /// A length in metres, in this unit.
    pub fn of_meters(self, meters: f64) -> f64 {
        meters / self.meters()
    }
}

/// A distance in any unit as replies give it, with four decimals. As in Redis the ten thousandths
/// are rounded in binary, where a half goes to the even one; what is not a number is the least
/// integer of them.
pub fn distance_text(distance: f64) -> String {
    let parts = (distance * 10_000.0).round_ties_even();
    let parts = if parts.abs() < i64::MAX as f64 { parts as i64 } else { i64::MIN };
    let (sign, parts) = (if parts < 0 { "-" } else { "" }, parts.unsigned_abs());
    format!("{sign}{}.{:04}", parts / 10_000, parts % 10_000)
}

/// A place on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    longitude: f64,
    latitude: f64,
}

impl Point {
    /// Where the prime meridian meets the equator.
    pub const ORIGIN: Self = Self { longitude: 0.0, latitude: 0.0 };

    /// The place of these coordinates, in degrees; none if the map does not show it.
    pub fn new(longitude: f64, latitude: f64) -> Option<Self> {
        let is_shown = longitude.abs() <= LONGITUDE_MAX && latitude.abs() <= LATITUDE_MAX;
        is_shown.then_some(Self { longitude, latitude })
    }

    /// The middle of the cell of this score, whatever score it is.
    pub fn of_score(score: f64) -> Self {
        Cell { bits: score_bits(score), step: STEP_MAX }.area(&MERCATOR).middle()
    }

    /// In degrees.
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// In degrees.
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// The number of its cell, of 52 bits, or of one or two more at the very east and north.
    pub fn score(self) -> f64 {
        Cell::around(self, &MERCATOR, STEP_MAX).bits as f64
    }

    /// The geohash that other systems use too, of the square from pole to pole. Its 52 bits are
    /// enough for ten letters; the last is always 0.
    pub fn geohash(self) -> [u8; GEOHASH_LEN] {
        const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        const LETTER_BITS: u32 = 5;
        let bits = Cell::around(self, &WORLD, STEP_MAX).bits;
        let mut text = [LETTERS[0]; GEOHASH_LEN];
        for (letter, end) in text.iter_mut().zip((0..=SCORE_BITS - LETTER_BITS).rev().step_by(5)) {
            *letter = LETTERS[(bits >> end & 31) as usize];
        }
        text
    }

    /// How far it is to `other` along a great circle, in metres: the haversine formula.
    pub fn distance_m(self, other: Point) -> f64 {
        let [from, to] = [self, other].map(|point| point.longitude.to_radians());
        let v = trigonometry::sin((to - from) / 2.0);
        if v == 0.0 {
            return self.distance_to_latitude_m(other.latitude);
        }
        let [from, to] = [self, other].map(|point| point.latitude.to_radians());
        let u = trigonometry::sin((to - from) / 2.0);
        let a = u * u + trigonometry::cos(from) * trigonometry::cos(to) * v * v;
        2.0 * EARTH_RADIUS_M * trigonometry::asin(a.sqrt())
    }

    /// How far it is to another latitude along the meridian, in metres.
    fn distance_to_latitude_m(self, latitude: f64) -> f64 {
        EARTH_RADIUS_M * (latitude.to_radians() - self.latitude.to_radians()).abs()
    }
}

/// What a search covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// What is at most so far away.
    Circle {
        /// The middle.
        center: Point,
        /// In `unit`. Not negative.
        radius: f64,
        /// Of the radius.
        unit: Unit,
    },
    /// What is at most half of the width away along the parallel, and half of the height along the
    /// meridian.
    Box {
        /// The middle.
        center: Point,
        /// From west to east, in `unit`. Not negative.
        width: f64,
        /// From south to north, in `unit`. Not negative.
        height: f64,
        /// Of width and height.
        unit: Unit,
    },
}

impl Shape {
    /// The middle.
    pub fn center(&self) -> Point {
        match *self {
            Shape::Circle { center, .. } | Shape::Box { center, .. } => center,
        }
    }

    /// What its lengths are given in.
    pub fn unit(&self) -> Unit {
        match *self {
            Shape::Circle { unit, .. } | Shape::Box { unit, .. } => unit,
        }
    }

    /// The distance of `point` from the middle, in metres, if it is inside.
    pub fn contains(&self, point: Point) -> Option<f64> {
        // What is not a number, as the distance to a point opposite may be, is inside.
        match *self {
            Shape::Circle { center, radius, unit } => {
                let distance = center.distance_m(point);
                let is_outside = distance > radius * unit.meters();
                (!is_outside).then_some(distance)
            }
            Shape::Box { center, width, height, unit } => {
                let at_same_latitude = Point { latitude: point.latitude, ..center };
                let is_outside = point.distance_to_latitude_m(center.latitude)
                    > height * unit.meters() / 2.0
                    || point.distance_m(at_same_latitude) > width * unit.meters() / 2.0;
                (!is_outside).then(|| center.distance_m(point))
            }
        }
    }

    /// The ranges of scores that have all that is inside, and some that is not. At most nine, in
    /// the order in which Redis visits them: the cell of the middle, those to the north, south,
    /// east, west, and those to the north-east, north-west, south-east and south-west.
    pub fn ranges(&self) -> impl Iterator<Item = Range<f64>> + use<> {
        let mut cells = self.cells();
        // Of four cells that make the whole map, neighbours on both sides are the same.
        let mut last = None;
        cells.iter_mut().for_each(|cell| {
            if cell.is_some() && *cell == last {
                *cell = None;
            }
            last = cell.or(last);
        });
        cells.into_iter().flatten().map(Cell::scores)
    }

    /// The cell of the middle and its neighbours, without those that have nothing of the shape.
    fn cells(&self) -> [Option<Cell>; 9] {
        let bounds = self.bounds();
        let mut center = Cell::around(self.center(), &MERCATOR, self.step());
        if center.step > 1 && !center.reaches(&bounds) {
            center = Cell::around(self.center(), &MERCATOR, center.step - 1);
        }
        let area = center.area(&MERCATOR);
        let is_needed = |&(east, north): &(i8, i8)| {
            center.step < 2
                || !(north < 0 && area.latitude.min < bounds.latitude.min
                    || north > 0 && area.latitude.max > bounds.latitude.max
                    || east < 0 && area.longitude.min < bounds.longitude.min
                    || east > 0 && area.longitude.max > bounds.longitude.max)
        };
        AROUND.map(|step| is_needed(&step).then(|| center.neighbour(step)))
    }

    /// How often to halve the map so that the cells are about as large as the shape.
    fn step(&self) -> u32 {
        let mut meters = self.reach_m();
        if meters == 0.0 {
            return STEP_MAX;
        }
        let mut step = 1;
        while meters < MERCATOR_MAX_M {
            meters *= 2.0;
            step += 1;
        }
        // The cells are twice as large as the shape's half, and larger where meridians are close.
        step -= match self.center().latitude.abs() {
            latitude if latitude > 80.0 => 4,
            latitude if latitude > 66.0 => 3,
            _ => 2,
        };
        step.clamp(1, STEP_MAX as i32) as u32
    }

    /// How far the farthest place inside is, in metres.
    fn reach_m(&self) -> f64 {
        let reach = match *self {
            Shape::Circle { radius, .. } => radius,
            Shape::Box { width, height, .. } => {
                let (x, y) = (width / 2.0, height / 2.0);
                (x * x + y * y).sqrt()
            }
        };
        reach * self.unit().meters()
    }

    /// The coordinates between which it lies. They may go beyond the map.
    fn bounds(&self) -> Area {
        let (x, y) = match *self {
            Shape::Circle { radius, .. } => (radius, radius),
            Shape::Box { width, height, .. } => (width / 2.0, height / 2.0),
        };
        let [x, y] = [x, y].map(|length| length * self.unit().meters() / EARTH_RADIUS_M);
        let Point { longitude, latitude } = self.center();
        let y = degrees(y);
        // The side that is closer to a pole spans more degrees.
        let widest = if latitude < 0.0 { latitude - y } else { latitude + y };
        let x = degrees(x / trigonometry::cos(widest.to_radians()));
        Area {
            longitude: Extent { min: longitude - x, max: longitude + x },
            latitude: Extent { min: latitude - y, max: latitude + y },
        }
    }
}

/// Not `to_degrees`, which multiplies and so may give another last digit.
fn degrees(radians: f64) -> f64 {
    radians / (std::f64::consts::PI / 180.0)
}

/// A cell and those around it, in steps to the east and to the north.
const AROUND: [(i8, i8); 9] =
    [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];

/// From one degree to another.
#[derive(Clone, Copy, Debug)]
struct Extent {
    min: f64,
    max: f64,
}

impl Extent {
    const fn symmetric(max: f64) -> Self {
        Self { min: -max, max }
    }

    fn len(self) -> f64 {
        self.max - self.min
    }

    fn middle(self) -> f64 {
        (self.min + self.max) / 2.0
    }

    /// In which part `degree` lies, of 2 to the power of `step`. The greatest degree lies in one
    /// more.
    fn part(self, degree: f64, step: u32) -> u32 {
        ((degree - self.min) / self.len() * parts(step)) as u32
    }

    fn of_part(self, part: u32, step: u32) -> Extent {
        let border = |part: u32| self.min + f64::from(part) / parts(step) * self.len();
        Extent { min: border(part), max: border(part.wrapping_add(1)) }
    }
}

fn parts(step: u32) -> f64 {
    (1u64 << step) as f64
}

/// A rectangle on the map.
#[derive(Clone, Copy, Debug)]
struct Area {
    longitude: Extent,
    latitude: Extent,
}

/// The map of scores.
const MERCATOR: Area =
    Area { longitude: Extent::symmetric(LONGITUDE_MAX), latitude: Extent::symmetric(LATITUDE_MAX) };

/// The map of geohashes.
const WORLD: Area =
    Area { longitude: Extent::symmetric(LONGITUDE_MAX), latitude: Extent::symmetric(90.0) };

impl Area {
    /// Its middle, moved onto the map of scores.
    fn middle(self) -> Point {
        Point {
            longitude: self.longitude.middle().clamp(-LONGITUDE_MAX, LONGITUDE_MAX),
            latitude: self.latitude.middle().clamp(-LATITUDE_MAX, LATITUDE_MAX),
        }
    }
}

/// A cell of a map that was halved `step` times in each direction.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    /// The bits of the latitude, from bit 0 on, alternate with those of the longitude.
    bits: u64,
    step: u32,
}

/// The bits of the latitude.
const LATITUDE: u64 = 0x5555_5555_5555_5555;
/// The bits of the longitude.
const LONGITUDE: u64 = LATITUDE << 1;

impl Cell {
    fn around(point: Point, map: &Area, step: u32) -> Cell {
        let latitude = map.latitude.part(point.latitude, step);
        let longitude = map.longitude.part(point.longitude, step);
        Cell { bits: spread(latitude) | spread(longitude) << 1, step }
    }

    fn area(self, map: &Area) -> Area {
        Area {
            longitude: map.longitude.of_part(gather(self.bits >> 1), self.step),
            latitude: map.latitude.of_part(gather(self.bits), self.step),
        }
    }

    /// Whether it and its neighbours cover an area.
    fn reaches(self, bounds: &Area) -> bool {
        let area = |step| self.neighbour(step).area(&MERCATOR);
        !(area((0, 1)).latitude.max < bounds.latitude.max
            || area((0, -1)).latitude.min > bounds.latitude.min
            || area((1, 0)).longitude.max < bounds.longitude.max
            || area((-1, 0)).longitude.min > bounds.longitude.min)
    }

    /// The cell so many steps, each of -1, 0 or 1, to the east and to the north; from one edge of
    /// the map to the other.
    fn neighbour(self, (east, north): (i8, i8)) -> Cell {
        let longitude = self.moved(LONGITUDE, LATITUDE, east);
        let latitude = self.moved(LATITUDE, LONGITUDE, north);
        Cell { bits: longitude | latitude, ..self }
    }

    /// The bits of one coordinate after a step. The others are filled with ones to carry over
    /// them, or with zeros to borrow.
    fn moved(self, bits: u64, others: u64, by: i8) -> u64 {
        let unused = u64::BITS - 2 * self.step;
        let (own, filler) = (self.bits & bits, others >> unused);
        match by {
            0 => own,
            1.. => own.wrapping_add(filler + 1) & bits >> unused,
            _ => (own | filler).wrapping_sub(filler + 1) & bits >> unused,
        }
    }

    /// The scores of all places in it.
    fn scores(self) -> Range<f64> {
        let score = |bits: u64| (bits << (SCORE_BITS - 2 * self.step)) as f64;
        score(self.bits)..score(self.bits + 1)
    }
}

/// Puts the bits of `part` into every other bit.
fn spread(part: u32) -> u64 {
    let mut bits = u64::from(part);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & LATITUDE
}

/// Takes every other bit.
fn gather(bits: u64) -> u32 {
    let mut part = bits & LATITUDE;
    part = (part | part >> 1) & 0x3333_3333_3333_3333;
    part = (part | part >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    part = (part | part >> 4) & 0x00ff_00ff_00ff_00ff;
    part = (part | part >> 8) & 0x0000_ffff_0000_ffff;
    (part | part >> 16) as u32
}

/// The integer of a score, which ZADD may have set to anything: as x86-64 converts what C leaves
/// open. Negative ones wrap around; what does not fit is 0 or 2 to the power of 63.
fn score_bits(score: f64) -> u64 {
    const HALF: f64 = (1u64 << 63) as f64;
    let signed =
        |value: f64| if (-HALF..HALF).contains(&value) { value as i64 } else { i64::MIN } as u64;
    if score >= HALF { signed(score - HALF) ^ 1 << 63 } else { signed(score) }
}

/// The functions whose last digit depends on the mathematical library, kept in one place. The
/// square root is exact everywhere.
mod trigonometry {
    pub(super) fn sin(x: f64) -> f64 {
        x.sin()
    }

    pub(super) fn cos(x: f64) -> f64 {
        x.cos()
    }

    pub(super) fn asin(x: f64) -> f64 {
        x.asin()
    }
}

#[cfg(test)]
mod tests {
    use super::Unit::{Feet, Kilometers, Meters, Miles};
    use super::*;
    use proptest::prelude::*;

    /// A place, and what Redis tells of it.
    struct Place {
        name: &'static str,
        at: (f64, f64),
        score: f64,
        middle: (&'static str, &'static str),
        geohash: &'static str,
    }

    #[rustfmt::skip]
    const PLACES: &[Place] = &[
        Place { name: "palermo", at: (13.361389, 38.115556), score: 3_479_099_956_230_698.0, middle: ("13.36138933897018433", "38.11555639549629859"), geohash: "sqc8b49rny0" },
        Place { name: "catania", at: (15.087269, 37.502669), score: 3_479_447_370_796_909.0, middle: ("15.08726745843887329", "37.50266842333162032"), geohash: "sqdtr74hyu0" },
        Place { name: "oslo", at: (10.7522, 59.9139), score: 3_684_363_714_920_782.0, middle: ("10.75220078229904175", "59.91389982425302208"), geohash: "u4xsudvxb20" },
        Place { name: "quito", at: (-78.4678, -0.1807), score: 947_044_397_312_694.0, middle: ("-78.46780210733413696", "-0.18069900408869444"), geohash: "6rbnyrj7re0" },
        Place { name: "sydney", at: (151.2093, -33.8688), score: 3_252_046_221_964_352.0, middle: ("151.20929986238479614", "-33.86880091934155956"), geohash: "r3gx2f77bj0" },
        Place { name: "ushuaia", at: (-68.303, -54.8019), score: 650_595_395_073_383.0, middle: ("-68.30300241708755493", "-54.80189953730982211"), geohash: "4qr2jxx7b90" },
        Place { name: "suva", at: (178.4419, -18.1416), score: 3_355_223_389_513_959.0, middle: ("178.44190210103988647", "-18.1415987989430576"), geohash: "ruybu93mt80" },
        Place { name: "apia", at: (-171.7514, -13.8507), score: 358_966_579_982_157.0, middle: ("-171.7513999342918396", "-13.85070115379843259"), geohash: "2jtc5ww3y60" },
        Place { name: "west", at: (-180.0, 0.0), score: 1_125_899_906_842_624.0, middle: ("-179.99999731779098511", "0.00000126736058093"), geohash: "80000000000" },
        Place { name: "east", at: (180.0, 0.0), score: 10_133_099_161_583_616.0, middle: ("180", "0.00000126736058093"), geohash: "80000000000" },
        Place { name: "zero", at: (0.0, 0.0), score: 3_377_699_720_527_872.0, middle: ("0.00000268220901489", "0.00000126736058093"), geohash: "s0000000000" },
        Place { name: "north", at: (0.0, 85.05112878), score: 6_755_399_441_055_744.0, middle: ("0.00000268220901489", "85.0511287799999991"), geohash: "up05b5048p0" },
        Place { name: "south", at: (0.0, -85.05112878), score: 2_251_799_813_685_248.0, middle: ("0.00000268220901489", "-85.05112751263942528"), geohash: "h0bh0hbj200" },
        Place { name: "corner", at: (180.0, 85.05112878), score: 13_510_798_882_111_488.0, middle: ("180", "85.0511287799999991"), geohash: "bp05b5048p0" },
        Place { name: "opposite", at: (-180.0, -85.05112878), score: 0.0, middle: ("-179.99999731779098511", "-85.05112751263942528"), geohash: "00bh0hbj200" },
        Place { name: "alert", at: (-62.3481, 82.5018), score: 2_099_692_678_623_226.0, middle: ("-62.34810143709182739", "82.50179875525920181"), geohash: "fwetm4zrzc0" },
        Place { name: "nord", at: (-16.6667, 81.6), score: 2_241_103_322_127_846.0, middle: ("-16.66670233011245728", "81.60000073063190484"), geohash: "gws0hwzdmw0" },
        Place { name: "mcmurdo", at: (166.6693, -77.8419), score: 2_998_149_538_163_030.0, middle: ("166.66930049657821655", "-77.84189893845916686"), geohash: "pdnt0tkfh40" },
        Place { name: "taveuni", at: (-179.9, -16.8), score: 353_237_199_872_786.0, middle: ("-179.89999920129776001", "-16.79999877123770347"), geohash: "2j006m8ufj0" },
        Place { name: "fiji", at: (179.9, -16.9), score: 3_355_634_765_340_093.0, middle: ("179.89999920129776001", "-16.90000112513710206"), geohash: "ruzzvernmg0" },
    ];

    fn place(name: &str) -> &'static Place {
        PLACES.iter().find(|place| place.name == name).expect("it is in the table")
    }

    fn at(longitude: f64, latitude: f64) -> Point {
        Point::new(longitude, latitude).unwrap()
    }

    /// The place as a sorted set would give it.
    fn of(name: &str) -> Point {
        Point::of_score(place(name).score)
    }

    fn circle(center: Point, radius: f64, unit: Unit) -> Shape {
        Shape::Circle { center, radius, unit }
    }

    fn rectangle(center: Point, width: f64, height: f64, unit: Unit) -> Shape {
        Shape::Box { center, width, height, unit }
    }

    /// A coordinate as GEOPOS gives it.
    fn decimals(degrees: f64) -> String {
        let text = format!("{degrees:.17}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// The names of those of `places` that are inside, in the order of a search.
    fn search(shape: &Shape, places: &[(f64, &'static str)]) -> String {
        let mut places = places.to_vec();
        places.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let mut names = Vec::new();
        for range in shape.ranges() {
            let in_range = places.iter().filter(|(score, _)| range.contains(score));
            let is_inside = |score| shape.contains(Point::of_score(score)).is_some();
            names.extend(in_range.filter(|(score, _)| is_inside(*score)).map(|(_, name)| *name));
        }
        names.join(" ")
    }

    #[test]
    fn a_place_has_the_score_the_middle_and_the_geohash_of_redis() {
        for place in PLACES {
            let (longitude, latitude) = place.at;
            assert_eq!(at(longitude, latitude).score(), place.score, "{}", place.name);
            let middle = of(place.name);
            let (longitude, latitude) = (middle.longitude(), middle.latitude());
            let decimals = (decimals(longitude), decimals(latitude));
            assert_eq!((&*decimals.0, &*decimals.1), place.middle, "{}", place.name);
            assert_eq!(middle.geohash(), place.geohash.as_bytes(), "{}", place.name);
        }
    }

    #[test]
    fn a_score_that_is_no_place_has_the_middle_of_redis() {
        #[rustfmt::skip]
        let scores = [
            (-1.0, "180", "85.0511287799999991"),
            (f64::INFINITY, "-179.99999731779098511", "-85.05112751263942528"),
            (-f64::INFINITY, "180", "-85.05112751263942528"),
            (4_503_599_627_370_496.0, "-179.99999731779098511", "85.0511287799999991"),
            (18_446_744_073_709_551_616.0, "-179.99999731779098511", "-85.05112751263942528"),
            (13_835_058_055_282_163_712.0, "180", "85.0511287799999991"),
            (1e300, "-179.99999731779098511", "-85.05112751263942528"),
            (-4_611_686_018_427_387_904.0, "180", "85.0511287799999991"),
            (-1.5, "180", "85.0511287799999991"),
        ];
        for (score, longitude, latitude) in scores {
            let middle = Point::of_score(score);
            let decimals = (decimals(middle.longitude()), decimals(middle.latitude()));
            assert_eq!((&*decimals.0, &*decimals.1), (longitude, latitude), "{score}");
        }
    }

    #[test]
    fn the_map_ends_before_the_poles() {
        assert!(Point::new(180.0, 85.051_128_78).is_some());
        assert!(Point::new(-180.0, -85.051_128_78).is_some());
        for (longitude, latitude) in [
            (180.000_001, 0.0),
            (-180.000_001, 0.0),
            (0.0, 85.051_128_79),
            (0.0, -85.051_128_79),
            (f64::INFINITY, 0.0),
            (f64::NAN, 0.0),
            (0.0, f64::NAN),
        ] {
            assert_eq!(Point::new(longitude, latitude), None, "{longitude} {latitude}");
        }
    }

    #[test]
    fn distances_are_those_of_redis() {
        for (from, to, meters) in [
            ("palermo", "catania", "166274.1516"),
            ("palermo", "palermo", "0.0000"),
            ("west", "east", "0.2983"),
            ("north", "south", "18919844.5891"),
            ("north", "corner", "1100889.2700"),
            ("zero", "west", "20020733.7314"),
            ("alert", "nord", "690755.1007"),
            ("taveuni", "fiji", "24020.7928"),
            ("quito", "sydney", "13611878.8269"),
            ("suva", "apia", "1151670.3708"),
            ("corner", "opposite", "18919844.5891"),
        ] {
            assert_eq!(distance_text(of(from).distance_m(of(to))), meters, "{from} {to}");
            assert_eq!(distance_text(of(to).distance_m(of(from))), meters, "{to} {from}");
        }
    }

    #[test]
    fn a_distance_is_rounded_in_binary() {
        for (distance, text) in [
            (0.0, "0.0000"),
            (0.000_049, "0.0000"),
            (12.5, "12.5000"),
            // Both are a little more than what ends with a 5, which a double cannot tell once
            // they are multiplied.
            (9_421_963.138_413_481 / 0.3048, "30911952.5538"),
            (9.999_96, "10.0000"),
            (-1.5, "-1.5000"),
            (f64::NAN, "-922337203685477.5808"),
        ] {
            assert_eq!(distance_text(distance), text, "{distance}");
        }
    }

    #[test]
    fn a_length_is_converted_as_redis_does() {
        let units =
            [(Meters, "1000"), (Kilometers, "1"), (Feet, "3280.839895"), (Miles, "0.62137")];
        for (unit, text) in units {
            assert!(unit.of_meters(1000.0).to_string().starts_with(text), "{unit:?}");
        }
    }

    #[test]
    fn a_search_finds_the_places_of_redis_in_its_order() {
        let places: Vec<_> = PLACES.iter().map(|place| (place.score, place.name)).collect();
        #[rustfmt::skip]
        let searches = [
            (circle(of("palermo"), 0.0, Meters), "palermo"),
            (circle(of("palermo"), 200.0, Kilometers), "palermo catania"),
            (circle(of("palermo"), 166274.1515, Meters), "palermo"),
            (circle(of("palermo"), 166274.1516, Meters), "palermo catania"),
            (circle(at(15.0, 37.0), 200.0, Kilometers), "palermo catania"),
            (rectangle(at(15.0, 37.0), 400.0, 400.0, Kilometers), "palermo catania"),
            (circle(at(0.0, 0.0), 1_000_000.0, Kilometers), "zero palermo catania oslo south mcmurdo sydney suva fiji west alert nord opposite taveuni apia ushuaia quito"),
            (rectangle(at(0.0, 0.0), 1_000_000.0, 1_000_000.0, Kilometers), "zero palermo catania oslo south mcmurdo sydney suva fiji west alert nord opposite taveuni apia ushuaia quito"),
            (circle(at(100.0, -40.0), 30000.0, Miles), "south mcmurdo sydney suva fiji zero palermo catania oslo opposite taveuni apia ushuaia quito west alert nord"),
            (circle(at(100.0, -40.0), 1e300, Meters), "south mcmurdo sydney suva fiji zero palermo catania oslo opposite taveuni apia ushuaia quito west alert nord"),
            (circle(of("zero"), 10000.0, Kilometers), "zero palermo catania oslo south alert nord ushuaia quito"),
            (circle(of("sydney"), 9000.0, Kilometers), "south mcmurdo sydney suva fiji opposite taveuni apia west"),
            (circle(of("taveuni"), 30.0, Kilometers), "taveuni fiji"),
            (circle(of("taveuni"), 600.0, Kilometers), "taveuni suva fiji"),
            (rectangle(of("taveuni"), 1000.0, 600.0, Kilometers), "taveuni suva fiji"),
            (rectangle(of("suva"), 2000.0, 1000.0, Kilometers), "suva fiji taveuni"),
            (circle(of("west"), 0.0, Feet), "west"),
            (circle(of("east"), 1.0, Feet), "east"),
            (circle(of("north"), 1200.0, Kilometers), "north alert nord"),
            (circle(of("alert"), 1000.0, Kilometers), "alert nord"),
            (rectangle(of("alert"), 1500.0, 500.0, Kilometers), "alert nord"),
            (circle(of("south"), 3000.0, Kilometers), "south mcmurdo opposite"),
            (rectangle(of("mcmurdo"), 4000.0, 3000.0, Kilometers), "south mcmurdo opposite"),
            (circle(of("corner"), 600.0, Miles), "corner"),
            (rectangle(of("opposite"), 100.0, 9000.0, Miles), "opposite"),
            (rectangle(of("ushuaia"), 12000.0, 9000.0, Kilometers), "opposite ushuaia south mcmurdo"),
            (rectangle(of("oslo"), 0.0, 0.0, Meters), "oslo"),
            (rectangle(of("oslo"), 0.0, 5000.0, Kilometers), "oslo"),
            (rectangle(of("zero"), 5000.0, 0.0, Kilometers), "zero"),
        ];
        for (shape, names) in searches {
            assert_eq!(search(&shape, &places), names, "{shape:?}");
        }
    }

    /// A place and others so far away in each direction of the compass, after which they are named.
    fn compass(center: Point, east: f64, north: f64) -> Vec<(f64, &'static str)> {
        let place = |name: &'static str| {
            let sign = |plus, minus| {
                f64::from(u8::from(name.contains(plus))) - f64::from(u8::from(name.contains(minus)))
            };
            let longitude = center.longitude() + sign('e', 'w') * east;
            let longitude = if longitude > 180.0 { longitude - 360.0 } else { longitude };
            (at(longitude, center.latitude() + sign('n', 's') * north).score(), name)
        };
        ["c", "n", "s", "e", "w", "ne", "nw", "se", "sw"].map(place).to_vec()
    }

    #[test]
    fn cells_are_visited_in_the_order_of_redis() {
        // Each place is in the cell that its name says.
        #[rustfmt::skip]
        let searches = [
            (circle(at(20.3906, 40.1999), 78.2, Kilometers), "c n s e w ne nw se sw"),
            (circle(at(20.3906, 40.1999), 62.0, Kilometers), "c n s e w"),
            (rectangle(at(20.3906, 40.1999), 125.0, 76.0, Kilometers), "c n s e w ne nw se sw"),
            (rectangle(at(20.3906, 40.1999), 125.0, 60.0, Kilometers), "c e w"),
            (rectangle(at(20.3906, 40.1999), 90.0, 90.0, Kilometers), "c n s"),
            (circle(at(-69.6094, -39.5355), 78.2, Kilometers), "c n s e w ne nw se sw"),
            (circle(at(-69.6094, -39.5355), 62.0, Kilometers), "c n s e w"),
            (rectangle(at(-69.6094, -39.5355), 125.0, 76.0, Kilometers), "c n s e w ne nw se sw"),
            (rectangle(at(-69.6094, -39.5355), 125.0, 60.0, Kilometers), "c e w"),
            (rectangle(at(-69.6094, -39.5355), 90.0, 90.0, Kilometers), "c n s"),
        ];
        for (shape, names) in searches {
            let places = compass(shape.center(), 0.71, 0.337);
            assert_eq!(search(&shape, &places), names, "{shape:?}");
        }
    }

    #[test]
    fn places_in_a_cell_are_visited_in_the_order_of_their_scores() {
        // The cells are larger than what is searched.
        #[rustfmt::skip]
        let searches = [
            (circle(at(20.0, -30.0), 160.0, Kilometers), "sw w s se c e nw n ne"),
            (circle(at(20.0, -30.0), 115.0, Kilometers), "c e n s w"),
            (rectangle(at(20.0, -30.0), 300.0, 240.0, Kilometers), "sw w s se c e nw n ne"),
            (rectangle(at(20.0, -30.0), 300.0, 200.0, Kilometers), "w c e"),
            (rectangle(at(20.0, -30.0), 100.0, 400.0, Kilometers), "s c n"),
            (circle(at(-100.3, 47.7), 160.0, Kilometers), "s c se e n ne sw w nw"),
            (circle(at(-100.3, 47.7), 115.0, Kilometers), "s c e n w"),
            (rectangle(at(-100.3, 47.7), 300.0, 240.0, Kilometers), "s c se e n ne sw w nw"),
            (rectangle(at(-100.3, 47.7), 300.0, 200.0, Kilometers), "c e w"),
            (rectangle(at(-100.3, 47.7), 100.0, 400.0, Kilometers), "s c n"),
            (circle(at(179.95, -16.5), 160.0, Kilometers), "sw s w c nw n se e ne"),
            (circle(at(179.95, -16.5), 115.0, Kilometers), "s w c n e"),
            (rectangle(at(179.95, -16.5), 300.0, 240.0, Kilometers), "sw s w c nw n se e ne"),
            (rectangle(at(179.95, -16.5), 300.0, 200.0, Kilometers), "w c e"),
            (rectangle(at(179.95, -16.5), 100.0, 400.0, Kilometers), "s c n"),
        ];
        for (shape, names) in searches {
            let places = compass(shape.center(), 1.0, 1.0);
            assert_eq!(search(&shape, &places), names, "{shape:?}");
        }
    }

    #[test]
    fn the_corners_towards_the_pole_are_covered() {
        for north in [1.0, -1.0] {
            let shape = rectangle(at(0.0, 60.0 * north), 600.0, 800.0, Kilometers);
            let corner = at(6.05, 63.59 * north);
            assert!(shape.contains(corner).is_some(), "{corner:?}");
            assert!(shape.bounds().longitude.max > corner.longitude(), "{corner:?}");
            let mut ranges = shape.ranges();
            assert!(ranges.any(|range| range.contains(&corner.score())), "{corner:?}");
        }
    }

    #[test]
    fn a_range_that_covers_the_whole_map_is_visited_once() {
        let ranges: Vec<_> = circle(at(10.0, 10.0), 1e9, Meters).ranges().collect();
        assert_eq!(ranges.len(), 4, "{ranges:?}");
        let len: f64 = ranges.iter().map(|range| range.end - range.start).sum();
        assert_eq!(len, (1u64 << SCORE_BITS) as f64);
    }

    #[test]
    fn cells_that_have_nothing_of_the_shape_are_left_out() {
        let middle = Cell::around(at(0.5, 0.5), &MERCATOR, 10).area(&MERCATOR).middle();
        assert_eq!(circle(of("quito"), 0.0, Meters).ranges().count(), 1);
        // Cells of this size are about 39 km wide and 18 km high.
        assert_eq!(circle(middle, 10_000.0, Meters).ranges().count(), 3);
        // This is a quarter of one that is twice as large.
        assert_eq!(rectangle(middle, 37_000.0, 17_000.0, Meters).ranges().count(), 1);
        assert_eq!(rectangle(middle, 41_000.0, 17_000.0, Meters).ranges().count(), 2);
    }

    proptest! {
        #[test]
        fn the_middle_of_a_cell_has_the_cells_score(bits in 0..1u64 << SCORE_BITS) {
            let score = bits as f64;
            let middle = Point::of_score(score);
            prop_assert_eq!(middle.score(), score);
            prop_assert_eq!(spread(gather(bits)) | spread(gather(bits >> 1)) << 1, bits);
        }

        #[test]
        fn ranges_have_all_that_is_inside(
            (longitude, latitude) in (-180.0..=180.0, -60.0..60.0),
            (east, north) in (-1.0..1.0, -1.0..1.0),
            log_meters in 0.0..6.0,
            height in 0.1..3.0,
        ) {
            let center = at(longitude, latitude);
            let meters = 10f64.powf(log_meters);
            let degrees = meters / 50_000.0;
            let around = |degree: f64| (degree + 540.0).rem_euclid(360.0) - 180.0;
            let latitude: f64 = latitude + north * degrees;
            let point = at(around(longitude + east * degrees), latitude.clamp(-85.0, 85.0));
            let point = Point::of_score(point.score());
            for shape in [
                circle(center, meters, Meters),
                rectangle(center, meters, meters * height, Meters),
            ] {
                let mut ranges = shape.ranges();
                let is_covered = ranges.any(|range| range.contains(&point.score()));
                prop_assert!(is_covered || shape.contains(point).is_none());
            }
        }

        #[test]
        fn ranges_are_few_and_apart_whatever_the_shape(
            (longitude, latitude) in (-180.0..=180.0, -LATITUDE_MAX..=LATITUDE_MAX),
            width in prop::num::f64::POSITIVE | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL,
            height in prop::num::f64::POSITIVE | prop::num::f64::ZERO,
            log_meters in -2.0..8.0,
        ) {
            let center = at(longitude, latitude);
            for shape in [
                circle(center, width, Feet),
                rectangle(center, width, height, Miles),
                rectangle(center, 10f64.powf(log_meters), height, Meters),
                circle(center, 10f64.powf(log_meters), Meters),
            ] {
                let mut ranges: Vec<_> = shape.ranges().collect();
                prop_assert!((1..=9).contains(&ranges.len()));
                prop_assert!(ranges[0].contains(&center.score()));
                ranges.sort_by(|a, b| a.start.total_cmp(&b.start));
                let are_apart = ranges.is_sorted_by(|a, b| a.end <= b.start);
                prop_assert!(are_apart, "{:?}", ranges);
                prop_assert!(shape.contains(center).is_some());
            }
        }
    }
}
