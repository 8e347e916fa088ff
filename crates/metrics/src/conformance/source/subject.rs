//! A source and what it is asked to see whether it keeps its promises.

use std::fmt;

use strategy_core::Timestamp;
use strategy_core::analysis::Window;

use crate::reading::Shape;
use crate::source::{MetricSource, Question};

/// A source that has something to tell, for the checks of a test.
///
/// What it cannot be asked for, such as histograms where it has none, is left out; [`left_out`](Self::left_out) says
/// what is.
#[non_exhaustive]
pub struct Subject<'a> {
    /// It.
    pub source: &'a dyn MetricSource,
    /// A question that it can answer, in the shape [`Shape::Events`].
    pub question: Question,
    /// A window that is over and settled, in which it counted something.
    pub window: Window,
    /// A metric that means nothing to it.
    pub meaningless: serde_json::Value,
    /// Questions that it can answer in other shapes, about the same window.
    pub others: Vec<Question>,
    /// Windows between two in which it counted something, in which it counted nothing or was not there.
    pub quiet: Vec<Window>,
    /// Questions to which the answer of the window is no number, such as 0/0.
    pub numberless: Vec<Question>,
    /// What it was given to be let in with, and tells nobody. Not in `Debug`.
    pub secrets: Vec<String>,
    /// What it cannot be asked about, in the words of [`left_out`](Self::left_out).
    pub without: Vec<String>,
}

impl<'a> Subject<'a> {
    /// A source, a question about events that it can answer, a settled window with events, a metric that
    /// means nothing.
    pub const fn new(
        source: &'a dyn MetricSource,
        question: Question,
        window: Window,
        meaningless: serde_json::Value,
    ) -> Self {
        Self {
            source,
            question,
            window,
            meaningless,
            others: Vec::new(),
            quiet: Vec::new(),
            numberless: Vec::new(),
            secrets: Vec::new(),
            without: Vec::new(),
        }
    }

    /// Also asked in another shape.
    #[must_use]
    pub fn other(mut self, question: Question) -> Self {
        self.others.push(question);
        self
    }

    /// Also of a window within its life in which nothing happened.
    #[must_use]
    pub fn quiet(mut self, window: Window) -> Self {
        self.quiet.push(window);
        self
    }

    /// Also for what is no number in the window.
    #[must_use]
    pub fn numberless(mut self, question: Question) -> Self {
        self.numberless.push(question);
        self
    }

    /// It must not tell this.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// It cannot be asked about this, a word of [`left_out`](Self::left_out): without that the promises are broken.
    #[must_use]
    pub fn without(mut self, what: impl Into<String>) -> Self {
        self.without.push(what.into());
        self
    }

    /// What the checks have nothing to ask by: `histogram`, `units` and `values`, the shapes of [`other`](Self::other);
    /// `quiet`, `numberless` and `secrets`.
    pub fn left_out(&self) -> Vec<String> {
        let shapes = [Shape::Histogram, Shape::Units, Shape::Values];
        let asked = |shape| self.others.iter().any(|question| question.shape == shape);
        let shapes = shapes.into_iter().filter(|shape| !asked(*shape));
        let mut left_out: Vec<_> = shapes.map(|shape| shape.to_string()).collect();
        for (name, is_empty) in [
            ("quiet", self.quiet.is_empty()),
            ("numberless", self.numberless.is_empty()),
            ("secrets", self.secrets.is_empty()),
        ] {
            if is_empty {
                left_out.push(name.to_owned());
            }
        }
        left_out
    }

    /// The window from several moments on that are multiples of a period, in milliseconds.
    pub(super) fn latter(&self, period: u64) -> Vec<Window> {
        let to = self.window.to;
        let cuts = self.cuts(period).into_iter();
        cuts.map(|from| Window { from, to }).collect()
    }

    /// The window up to these moments.
    pub(super) fn former(&self, period: u64) -> Vec<Window> {
        let from = self.window.from;
        let cuts = self.cuts(period).into_iter();
        cuts.map(|to| Window { from, to }).collect()
    }

    fn cuts(&self, period: u64) -> Vec<Timestamp> {
        let (from, to) = (self.window.from.as_millis(), self.window.to.as_millis());
        let cuts = [16, 8, 4, 2].map(|part| (from + (to - from) / part) / period * period);
        let mut cuts = cuts.to_vec();
        cuts.retain(|cut| from < *cut && *cut < to);
        cuts.dedup();
        cuts.into_iter().map(Timestamp::from_millis).collect()
    }

    pub(super) fn questions(&self) -> impl Iterator<Item = &Question> {
        std::iter::once(&self.question).chain(&self.others)
    }
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("source", &self.source)
            .field("question", &self.question)
            .field("others", &self.others)
            .field("window", &self.window)
            .field("quiet", &self.quiet)
            .finish_non_exhaustive()
    }
}
