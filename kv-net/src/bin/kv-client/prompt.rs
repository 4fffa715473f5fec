//! The prompt.

use crate::dialogue::{Dialogue, Options, TalkError, is_end};
use crate::link::LinkError;
use crate::{Outcome, hints};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use signal_hook::consts::SIGINT;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many lines the history keeps.
const HISTORY_MAX: usize = 10_000;

/// A reply that took longer is followed by how long it took.
const SLOW: Duration = Duration::from_millis(500);

/// Reads commands and prints their replies until the user leaves.
pub(crate) fn run(options: &Options) -> Outcome<ExitCode> {
    let interrupt = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, Arc::clone(&interrupt))?;
    let mut prompt = Prompt {
        dialogue: Dialogue::new(options).interruptible(Arc::clone(&interrupt)),
        editor: editor()?,
        history: history_file(std::env::var_os("KV_CLIENT_HISTORY"), std::env::home_dir()),
        interrupt,
    };
    prompt.load_history();
    if let Err(error) = prompt.dialogue.connect() {
        complain(&error)?;
    }
    while let Some(lines) = prompt.read()? {
        if !prompt.obey(&lines)? {
            break;
        }
    }
    prompt.save_history()?;
    Ok(ExitCode::SUCCESS)
}

struct Prompt<'a> {
    dialogue: Dialogue<'a>,
    editor: Editor<Guide, FileHistory>,
    /// None if nothing is to be kept.
    history: Option<PathBuf>,
    interrupt: Arc<AtomicBool>,
}

fn editor() -> Outcome<Editor<Guide, FileHistory>> {
    let config = Config::builder()
        .max_history_size(HISTORY_MAX)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Guide));
    Ok(editor)
}

/// The variable names the file; an empty one means none.
fn history_file(variable: Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    match variable {
        Some(path) => (!path.is_empty()).then(|| path.into()),
        None => home.map(|home| home.join(".kv_client_history")),
    }
}

impl Prompt<'_> {
    /// The next line, or several that were pasted together; none at the end.
    fn read(&mut self) -> Outcome<Option<String>> {
        loop {
            match self.editor.readline(&self.dialogue.prompt()) {
                Ok(line) => return Ok(Some(line)),
                Err(ReadlineError::Eof) => return Ok(None),
                Err(ReadlineError::Interrupted) => say("(type quit, or press Ctrl-D, to leave)")?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Does what lines say. False if one says to leave.
    fn obey(&mut self, lines: &str) -> Outcome<bool> {
        for line in lines.lines() {
            if !self.obey_line(line)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn obey_line(&mut self, line: &str) -> Outcome<bool> {
        let words = match hints::split(line.as_bytes()) {
            Ok(words) => words,
            Err(error) => {
                self.remember(line, &[])?;
                say(&format!("{error}: close each quote, with a blank behind it"))?;
                return Ok(true);
            }
        };
        self.remember(line, &words)?;
        match words.first().map(|word| word.to_ascii_lowercase()).as_deref() {
            None => {}
            Some(b"help" | b"?") => print(&hints::help(&words[1..]))?,
            Some(b"clear") if words.len() == 1 => self.editor.clear_screen()?,
            Some(_) if is_end(&words) => return Ok(false),
            Some(_) => self.ask(&words)?,
        }
        Ok(true)
    }

    fn ask(&mut self, words: &[Vec<u8>]) -> Outcome<()> {
        self.interrupt.store(false, Ordering::Relaxed);
        let begin = Instant::now();
        match self.dialogue.ask(words) {
            Ok(()) if begin.elapsed() >= SLOW => {
                say(&format!("({:.2}s)", begin.elapsed().as_secs_f64()))
            }
            Ok(()) => Ok(()),
            Err(TalkError::Print(error)) => Err(error.into()),
            Err(TalkError::Link(LinkError::Interrupted)) => {
                // The reply may still come, so another connection has to be used.
                let _ = self.dialogue.connect();
                say("(no longer waiting for a reply)")
            }
            Err(error) => complain(&error),
        }
    }

    fn remember(&mut self, line: &str, words: &[Vec<u8>]) -> Outcome<()> {
        if !hints::is_secret(words) {
            self.editor.add_history_entry(line)?;
        }
        Ok(())
    }

    fn load_history(&mut self) {
        // There is none the first time.
        let _ = self.history.as_ref().map(|path| self.editor.load_history(path));
    }

    fn save_history(&mut self) -> Outcome<()> {
        let Some(path) = &self.history else { return Ok(()) };
        self.editor.append_history(path).or_else(|error| {
            let path = path.display();
            say(&format!("The history cannot be kept in {path}: {error}; KV_CLIENT_HISTORY names another file"))
        })
    }
}

fn complain(error: &TalkError) -> Outcome<()> {
    say(&format!("Error: {error}"))
}

fn say(text: &str) -> Outcome<()> {
    print(&format!("{text}\n"))
}

fn print(text: &str) -> Outcome<()> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// Helps with what is being typed.
struct Guide;

impl Helper for Guide {}
impl Validator for Guide {}

impl Completer for Guide {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(hints::complete(&line[..pos]))
    }
}

impl Hinter for Guide {
    type Hint = Remainder;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Remainder> {
        (pos == line.len()).then(|| hints::hint(line).map(Remainder)).flatten()
    }
}

impl Highlighter for Guide {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        const GREY: &str = "\x1b[90m";
        const PLAIN: &str = "\x1b[0m";
        format!("{GREY}{hint}{PLAIN}").into()
    }
}

/// What a command still takes: to be read, not to be typed.
struct Remainder(String);

impl Hint for Remainder {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}
