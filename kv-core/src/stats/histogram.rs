//! How long something took, how often: counts in buckets that grow with the time.

use super::Counter;

/// Each power of two has `1 << DETAIL` buckets, so a bucket's bounds are at most an eighth apart.
const DETAIL: u32 = 3;
const PER_OCTAVE: usize = 1 << DETAIL;

/// Times beyond 2^34 ns, some 17 seconds, count as that.
const OCTAVES: u32 = 34;
const LONGEST_NS: u64 = (1 << OCTAVES) - 1;

const BUCKETS: usize = (OCTAVES - DETAIL + 1) as usize * PER_OCTAVE;

/// The bucket of a time in nanoseconds.
#[inline]
pub(super) fn bucket(time_ns: u64) -> usize {
    let time_ns = time_ns.min(LONGEST_NS);
    if time_ns < PER_OCTAVE as u64 {
        return time_ns as usize;
    }
    let octave = time_ns.ilog2();
    let detail = (time_ns >> (octave - DETAIL)) as usize - PER_OCTAVE;
    (octave - DETAIL + 1) as usize * PER_OCTAVE + detail
}

/// The longest time of a bucket, in nanoseconds.
fn longest_ns(bucket: usize) -> u64 {
    if bucket < PER_OCTAVE {
        return bucket as u64;
    }
    let (octave, detail) = (bucket / PER_OCTAVE - 1, bucket % PER_OCTAVE);
    (((PER_OCTAVE + detail + 1) as u64) << octave) - 1
}

/// Counts that one thread at a time adds to, and all may read.
#[derive(Debug)]
pub(super) struct Buckets([Counter; BUCKETS]);

impl Default for Buckets {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Counter::default()))
    }
}

impl Buckets {
    #[inline]
    pub(super) fn count(&self, bucket: usize) {
        self.0[bucket].add(1);
    }

    pub(super) fn reset(&self) {
        self.0.iter().for_each(Counter::reset);
    }
}

/// How long something took, how often. What it tells of a time is exact to an eighth.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: [u64; BUCKETS],
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; BUCKETS] }
    }
}

impl Histogram {
    pub(super) fn add(&mut self, buckets: &Buckets) {
        for (sum, counter) in self.counts.iter_mut().zip(&buckets.0) {
            *sum += counter.value();
        }
    }

    /// How many times were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The time, in nanoseconds, that so many percent did not exceed; 0 if nothing was counted.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        let rank = ((percent / 100.0 * self.total() as f64).round() as u64).max(1);
        let mut seen = 0;
        let reached = self.counts.iter().position(|&count| {
            seen += count;
            seen >= rank
        });
        reached.map_or(0, longest_ns)
    }

    /// For each power of two from 1024 ns on that adds something, the time in microseconds and how
    /// many times did not exceed it, as LATENCY HISTOGRAM tells them.
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        const FIRST: u32 = 10;
        let mut steps = Vec::new();
        let (mut seen, mut next) = (0, 0);
        for octave in FIRST..=OCTAVES {
            let end = (octave - DETAIL + 1) as usize * PER_OCTAVE;
            let more: u64 = self.counts[next..end.min(BUCKETS)].iter().sum();
            next = end.min(BUCKETS);
            if more > 0 {
                seen += more;
                steps.push((shown_us(octave), seen));
            }
        }
        steps
    }
}

/// The name that Redis gives to the step that ends at this power of two: its own buckets are wider
/// than one nanosecond there, and it names the last.
fn shown_us(octave: u32) -> u64 {
    ((1 << octave) + (1 << (octave - 7)) - 1) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(times_ns: impl IntoIterator<Item = u64>) -> Histogram {
        let buckets = Buckets::default();
        times_ns.into_iter().for_each(|time_ns| buckets.count(bucket(time_ns)));
        let mut histogram = Histogram::default();
        histogram.add(&buckets);
        histogram
    }

    #[test]
    fn buckets_follow_each_other_without_gaps() {
        let mut last = 0;
        for time_ns in (0..10_000).chain((14..34).map(|octave| (1 << octave) - 1)) {
            let bucket = bucket(time_ns);
            assert!(bucket == last || bucket == last + 1 || time_ns >= 10_000, "{time_ns}");
            last = bucket;
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert_eq!(bucket(LONGEST_NS), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_at_most_an_eighth_too_long() {
        assert_eq!(histogram([]).percentile_ns(50.0), 0);
        let histogram = histogram((1..=1000).map(|n| n * 1000));
        assert_eq!(histogram.total(), 1000);
        for (percent, exact) in [(0.0, 1000), (50.0, 500_000), (99.0, 990_000), (100.0, 1_000_000)]
        {
            let told = histogram.percentile_ns(percent);
            assert!((exact..=exact + exact / 8).contains(&told), "{percent}: {told}");
        }
    }

    #[test]
    fn steps_are_told_where_they_add_something() {
        let times = [0, 1023, 1024, 5000, 40_000, 1_000_000, 60_000_000_000];
        let expected = [(1, 2), (2, 3), (8, 4), (66, 5), (1056, 6), (17_314_086, 7)];
        assert_eq!(histogram(times).cumulative(), expected);
    }
}
