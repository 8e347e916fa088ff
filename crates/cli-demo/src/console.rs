//! The two streams: data on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use strategy_core::plan::Policies;
use strategy_core::rollout::{Event, Status};

use crate::args::Output;
use crate::render::json;
use crate::render::paint::{Paint, Tone};
use crate::render::plain::{paragraph, plain};
use crate::render::text::Story;

/// Writes lines of data. A reader that has gone changes nothing: the rollout is not its business.
///
/// Control characters are written out, as everywhere here.
pub fn data(text: &str) {
    let mut out = io::stdout().lock();
    for line in text.split('\n') {
        let _ = writeln!(out, "{}", plain(line));
    }
}

/// Writes a line of data that a renderer has made: plain but for its colours.
pub fn painted(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes what is not data.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", paragraph(text));
}

/// Writes what is not data, and what nobody should miss.
pub fn warn(text: &str) {
    let paint = Paint::for_stream(&io::stderr());
    let _ = writeln!(
        io::stderr().lock(),
        "{}",
        paint.tone(Tone::Warn, &paragraph(text))
    );
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

    /// Says of a pause what follows when its limit is reached.
    #[must_use]
    pub fn pausing(mut self, policies: &Policies) -> Self {
        self.story.pausing(policies.pause_then);
        self
    }

    /// A rollout that stands like this is taken up again.
    pub fn take_up(&mut self, status: &Status) {
        self.story.take_up(status);
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
                    .suspend(|| lines.iter().for_each(|line| painted(line)));
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
