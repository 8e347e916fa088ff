//! A promise of a source, and how it is checked.

use std::pin::Pin;

use super::{Broken, Subject};

/// What a check of a promise comes to.
pub type Checked<'a> = Pin<Box<dyn Future<Output = Result<(), Broken>> + Send + 'a>>;

/// A promise, to be checked on a source.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Promise {
    /// What is promised: the name of its function.
    pub name: &'static str,
    check: for<'a> fn(&'a Subject<'a>) -> Checked<'a>,
}

impl Promise {
    pub(super) const fn new(
        name: &'static str,
        check: for<'a> fn(&'a Subject<'a>) -> Checked<'a>,
    ) -> Self {
        Self { name, check }
    }

    /// Whether a source keeps it.
    ///
    /// # Errors
    /// How it is broken.
    pub fn check<'a>(&self, subject: &'a Subject<'a>) -> Checked<'a> {
        (self.check)(subject)
    }
}
