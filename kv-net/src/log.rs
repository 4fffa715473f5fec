//! Log lines in Redis's form: process and role, time, level, message.

use jiff::Zoned;
use std::fmt;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

/// Sends log lines to standard output from now on.
pub(crate) fn start() {
    tracing_subscriber::fmt().event_format(RedisForm).with_max_level(Level::INFO).init();
}

struct RedisForm;

impl<S, N> FormatEvent<S, N> for RedisForm
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mark = match *event.metadata().level() {
            Level::ERROR | Level::WARN => '#',
            Level::INFO => '*',
            Level::DEBUG => '-',
            Level::TRACE => '.',
        };
        let time = Zoned::now().strftime("%d %b %Y %H:%M:%S%.3f").to_string();
        write!(writer, "{}:M {time} {mark} ", std::process::id())?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
