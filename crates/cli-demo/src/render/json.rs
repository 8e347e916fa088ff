//! Events for programs: one JSON object a line, as docs/reference/events.md says.

use strategy_core::rollout::Event;

/// One line, without its end.
///
/// # Errors
/// When the event does not serialise, which no event does today.
pub fn line(event: &Event) -> Result<String, serde_json::Error> {
    serde_json::to_string(event)
}

#[cfg(test)]
mod tests {
    use strategy_core::Timestamp;
    use strategy_core::rollout::News;

    use super::*;

    #[test]
    fn an_event_is_one_flat_object_on_one_line() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let news = News::StagePassed {
            stage: "first\nline".into(),
        };
        let event = Event::new("api-1".parse().unwrap(), at, news);
        assert_eq!(
            line(&event).unwrap(),
            r#"{"rollout":"api-1","at":1700000000000,"type":"stage-passed","stage":"first\nline"}"#
        );
    }
}
