//! What is logged or told while a test runs, as text to search.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use strategy_core::observer::Observer;
use strategy_core::rollout::Event;
use tracing::field::{Field, Visit};
use tracing::span;

/// Everything that is logged, at every level, and told where it is an observer as well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    fn add(&self, text: &str) {
        self.0.lock().unwrap().push_str(text);
    }
}

impl Observer for Log {
    fn event(&self, event: &Event) {
        self.add(&format!("{event} {event:?}\n"));
    }
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(&format!("{field}={value:?} "));
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
        self.add("\n");
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
