//! The two streams: data on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use strategy_core::rollout::Event;

use crate::args::Output;
use crate::render::json;
use crate::render::paint::{Paint, Tone};
use crate::render::text::Story;

/// Writes a line of data. A reader that has gone changes nothing: the rollout is not its business.
pub fn data(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes a line that is not data.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes a line that is not data, and that nobody should miss.
pub fn warn(line: &str) {
    say(&Paint::for_stream(&io::stderr()).tone(Tone::Warn, line));
}

/// The line that is overwritten, while there is one.
static LINE: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Standard error, for what does not come through a [`Teller`]: written in between.
#[derive(Clone, Copy, Debug)]
pub struct Aside;

/// Writes to standard error without tearing the line that is overwritten.
///
/// # Errors
/// What writing gives.
pub fn aside(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let line = LINE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let write = || write(&mut io::stderr().lock());
    match line {
        Some(line) => line.suspend(write),
        None => write(),
    }
}

fn set_line(line: Option<ProgressBar>) {
    *LINE.lock().unwrap_or_else(PoisonError::into_inner) = line;
}

/// Whether a person can be asked: questions go to standard error and answers come from standard
/// input, so both must be terminals.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Tells a rollout's events as they come.
#[derive(Debug)]
pub struct Teller {
    output: Output,
    story: Story,
    /// A line that is overwritten; hidden unless standard error is a terminal.
    line: ProgressBar,
}

impl Teller {
    /// For people or for programs.
    pub fn new(output: Output) -> Self {
        let line = match output {
            Output::Text if io::stdout().is_terminal() => ProgressBar::new_spinner(),
            Output::Text | Output::Json => ProgressBar::hidden(),
        };
        line.set_style(ProgressStyle::default_spinner());
        line.enable_steady_tick(Duration::from_millis(120));
        set_line(Some(line.clone()));
        Self {
            output,
            story: Story::new(Paint::for_stream(&io::stdout())),
            line,
        }
    }

    /// One event.
    pub fn hear(&mut self, event: &Event) {
        let lines = self.story.hear(event);
        match self.output {
            Output::Json => match json::line(event) {
                Ok(line) => data(&line),
                Err(error) => warn(&format!("an event cannot be written as JSON: {error}")),
            },
            Output::Text => {
                self.line
                    .suspend(|| lines.iter().for_each(|line| data(line)));
                self.line.set_message(self.story.standing());
            }
        }
    }

    /// So many events were lost because they came too fast.
    pub fn missed(&mut self, events: u64) {
        self.line
            .suspend(|| warn(&format!("{events} events came too fast and are not shown")));
    }

    /// Says something in between.
    pub fn aside(&self, what: &str) {
        self.line.suspend(|| say(what));
    }

    /// No more events: the overwritten line goes away.
    pub fn end(&mut self) -> &Story {
        set_line(None);
        self.line.finish_and_clear();
        &self.story
    }
}
