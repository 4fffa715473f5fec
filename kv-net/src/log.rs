//! Log lines: where they go, in what form, and which are important enough.

use jiff::{Timestamp, Zoned};
use kv_core::config::{self, Config};
use kv_core::kernel::Kernel;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::sync::{Arc, OnceLock};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The running server, whose settings may change.
static SERVER: OnceLock<Arc<Kernel>> = OnceLock::new();

/// Writes log lines from now on, as the settings say. The error names the file.
pub(crate) fn start(config: &Config) -> Result<(), String> {
    let form = match config.text(config::LOG_FORMAT).as_str() {
        "json" => Form::Json,
        _ => Form::Redis,
    };
    let first_level = level(config);
    let is_wanted = dynamic_filter_fn(move |metadata, _| {
        *metadata.level() <= SERVER.get().map_or(first_level, |server| level(&server.config))
    });
    let lines = tracing_subscriber::fmt::layer().event_format(form).with_writer(writer(config)?);
    tracing_subscriber::registry().with(lines).with(is_wanted).init();
    Ok(())
}

/// Follows this server's `loglevel` from now on.
pub(crate) fn follow(server: &Arc<Kernel>) {
    let _ = SERVER.set(Arc::clone(server));
}

fn level(config: &Config) -> LevelFilter {
    match config.text(config::LOGLEVEL).as_str() {
        "debug" => LevelFilter::TRACE,
        "verbose" => LevelFilter::DEBUG,
        "notice" => LevelFilter::INFO,
        "warning" => LevelFilter::WARN,
        _ => LevelFilter::OFF,
    }
}

fn writer(config: &Config) -> Result<BoxMakeWriter, String> {
    let path = config.text(config::LOGFILE);
    if path.is_empty() {
        return Ok(BoxMakeWriter::new(io::stdout));
    }
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let file = file.map_err(|error| format!("cannot open the log file '{path}': {error}"))?;
    Ok(BoxMakeWriter::new(Arc::new(file)))
}

/// The form of a line.
#[derive(Clone, Copy)]
enum Form {
    /// Process and role, time, level, message.
    Redis,
    /// An object.
    Json,
}

impl<S, N> FormatEvent<S, N> for Form
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut message = String::new();
        context.format_fields(Writer::new(&mut message), event)?;
        let level = *event.metadata().level();
        match self {
            Self::Redis => write_redis(writer, level, &message),
            Self::Json => write_json(writer, level, &message),
        }
    }
}

fn write_redis(mut writer: Writer<'_>, level: Level, message: &str) -> fmt::Result {
    let mark = match level {
        Level::ERROR | Level::WARN => '#',
        Level::INFO => '*',
        Level::DEBUG => '-',
        Level::TRACE => '.',
    };
    let time = Zoned::now().strftime("%d %b %Y %H:%M:%S%.3f").to_string();
    writeln!(writer, "{}:M {time} {mark} {message}", std::process::id())
}

fn write_json(mut writer: Writer<'_>, level: Level, message: &str) -> fmt::Result {
    let level = match level {
        Level::ERROR | Level::WARN => "warning",
        Level::INFO => "notice",
        Level::DEBUG => "verbose",
        Level::TRACE => "debug",
    };
    let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let (process, message) = (std::process::id(), Json(message));
    writeln!(
        writer,
        r#"{{"time":"{time}","level":"{level}","pid":{process},"role":"master","message":{message}}}"#
    )
}

/// Text as a string of JSON.
struct Json<'a>(&'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\0'..='\x1f' => write!(f, "\\u{:04x}", c as u32)?,
                _ => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_one_line_of_json() {
        assert_eq!(Json("a \"b\" \\ c\n\u{1f}é").to_string(), r#""a \"b\" \\ c\u000a\u001fé""#);
    }
}
