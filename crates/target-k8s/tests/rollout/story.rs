//! What happens in a rollout, heard and told.

use std::sync::{Arc, Mutex};

use strategy_core::observer::Observer;
use strategy_core::rollout::{Event, News};
use strategy_core::{Timestamp, Weight};

/// Everything that happened in one rollout. Clones hear the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story(Arc<Mutex<Vec<Event>>>);

impl Observer for Story {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Story {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    /// For people who read why a test failed.
    pub(crate) fn told(&self) -> String {
        let events = self.events();
        let begin = events.first().map_or(Timestamp::from_millis(0), |e| e.at);
        let line = |event: &Event| {
            let after = event.at.since(begin).as_secs_f64();
            let text = event.to_string();
            let words = text.split_once(' ').map_or("", |(_, words)| words);
            format!("{after:7.2}  {words}\n")
        };
        events.iter().map(line).collect()
    }

    /// The first time that it was so.
    pub(crate) fn when(&self, is_so: impl Fn(&News) -> bool) -> Option<Timestamp> {
        let events = self.events();
        events.iter().find(|e| is_so(&e.news)).map(|e| e.at)
    }

    pub(crate) fn has(&self, is_so: impl Fn(&News) -> bool) -> bool {
        self.when(is_so).is_some()
    }

    /// The names of the stages that passed, in order.
    pub(crate) fn passed(&self) -> Vec<String> {
        let passed = self.events().into_iter().filter_map(|event| {
            if let News::StagePassed { stage } = event.news {
                Some(stage.as_str().to_owned())
            } else {
                None
            }
        });
        passed.collect()
    }

    /// The candidate's weights that were asked for, without repetitions.
    pub(crate) fn weights(&self) -> Vec<Weight> {
        let mut weights: Vec<Weight> = Vec::new();
        for event in self.events() {
            if let News::Applying { desired, .. } = event.news
                && weights.last() != Some(&desired.traffic.weight)
            {
                weights.push(desired.traffic.weight);
            }
        }
        weights
    }

    pub(crate) fn is_baking(&self, in_stage: &str) -> bool {
        self.has(|news| matches!(news, News::BakeBegan { stage } if stage.as_str() == in_stage))
    }
}
