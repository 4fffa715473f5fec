//! CL.THROTTLE: a rate limit by the generic cell rate algorithm.
//!
//! A key holds one time: when the next action would arrive if all came evenly, at the limit's rate.
//! Each action moves it on by one interval. It may lie ahead of now by as many intervals as may come
//! in a burst; an action that would move it further is refused and moves nothing. A time in the past
//! says nothing, so the key expires with it. One that lies further ahead was stored before the clock
//! was set back, or under a limit that allowed more: it is taken to be as far ahead as may be, so that
//! nobody is refused for longer than it takes until the whole limit is there again.

use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::int;
use crate::config::Notifications;
use crate::error::Error;
use crate::store::Deadline;
use crate::value::string::StrRef;

const NS_PER_S: i128 = 1_000_000_000;
const NS_PER_MS: i128 = 1_000_000;

pub(crate) fn throttle(cx: &mut Cx<'_>) -> Result<(), Error> {
    let quota = Quota::parse(cx.args)?;
    let key = cx.args.get(1);
    let arrival_ns = match cx.db.current_string(key)? {
        Some(string) => Some(string.as_int().ok_or(Error::NotAnInteger)?),
        None => None,
    };
    let verdict = quota.judge(i128::from(cx.now.unix_us) * 1000, arrival_ns.map(i128::from));
    if let Some(arrival_ns) = verdict.arrival_ns {
        let arrival = i64::try_from(arrival_ns).map_err(|_| Error::NotAnInteger)?;
        let deadline = Deadline::At(ceil(arrival_ns, NS_PER_MS));
        cx.db.set(key, StrRef::Int(arrival), deadline);
        cx.db.notify(Notifications::STRING, "set", key);
        cx.db.notify(Notifications::GENERIC, "expire", key);
    }
    cx.out.array(5);
    cx.out.int(verdict.is_limited.into());
    cx.out.int(quota.limit as i64);
    cx.out.int(verdict.remaining);
    cx.out.int(verdict.retry_after_ns.map_or(-1, |ns| ceil(ns, NS_PER_S)));
    cx.out.int(ceil(verdict.reset_after_ns, NS_PER_S));
    Ok(())
}

/// `ns`, which is not negative, in a larger unit, rounded up.
fn ceil(ns: i128, unit: i128) -> i64 {
    ((ns + unit - 1) / unit) as i64
}

/// How many actions may come, and how many are asked for. All times fit in 64 bits.
struct Quota {
    /// How many may come at once.
    limit: i128,
    /// The time from one to the next, if they come evenly.
    interval_ns: i128,
    quantity: i128,
}

/// What becomes of the actions that are asked for.
struct Verdict {
    is_limited: bool,
    /// The time to be stored from now on.
    arrival_ns: Option<i128>,
    /// How many more may come at once.
    remaining: i64,
    /// When as many would not be refused, if they are now and ever could be allowed.
    retry_after_ns: Option<i128>,
    /// When the whole limit is there again.
    reset_after_ns: i128,
}

impl Quota {
    fn parse(args: Args<'_>) -> Result<Self, Error> {
        if args.len() > 6 {
            return Err(Error::WrongArity("cl.throttle".into()));
        }
        let limit = not_negative(args.get(2))? + 1;
        let count = not_negative(args.get(3))?;
        let period_s = not_negative(args.get(4))?;
        let quantity = args.try_get(5).map_or(Ok(1), not_negative)?;
        let interval_ns = (period_s * NS_PER_S).checked_div(count).ok_or(Error::NotAnInteger)?;
        if interval_ns == 0 {
            return Err(Error::text("ERR zero rates are not supported"));
        }
        let longest_ns = interval_ns.checked_mul(limit.max(quantity));
        if longest_ns.is_none_or(|longest_ns| longest_ns > i64::MAX.into()) {
            return Err(Error::NotAnInteger);
        }
        Ok(Self { limit, interval_ns, quantity })
    }

    fn judge(&self, now_ns: i128, arrival_ns: Option<i128>) -> Verdict {
        let tolerance_ns = self.interval_ns * self.limit;
        let increment_ns = self.interval_ns * self.quantity;
        let latest_ns = now_ns + tolerance_ns;
        let is_beyond = arrival_ns.is_some_and(|arrival| arrival > latest_ns);
        let old_ns = arrival_ns.map_or(now_ns, |arrival| arrival.clamp(now_ns, latest_ns));
        let new_ns = old_ns + increment_ns;
        let excess_ns = new_ns - latest_ns;
        let is_limited = excess_ns > 0;
        let can_be_allowed = increment_ns <= tolerance_ns;
        let ahead_ns = if is_limited { old_ns } else { new_ns } - now_ns;
        Verdict {
            is_limited,
            arrival_ns: match is_limited {
                false if self.quantity > 0 => Some(new_ns),
                _ => is_beyond.then_some(old_ns),
            },
            remaining: ((tolerance_ns - ahead_ns).max(0) / self.interval_ns) as i64,
            retry_after_ns: (is_limited && can_be_allowed).then_some(excess_ns),
            reset_after_ns: ahead_ns,
        }
    }
}

fn not_negative(arg: &[u8]) -> Result<i128, Error> {
    let value = int(arg)?;
    if value < 0 { Err(Error::NotAnInteger) } else { Ok(value.into()) }
}
