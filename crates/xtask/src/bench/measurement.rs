//! What a bench tells, and whether it is good enough.

use serde::{Deserialize, Serialize};

/// One figure.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Measurement {
    pub(crate) name: String,
    /// The median, where there were several runs.
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// What the value ought to be: `<= NUMBER` or `>= NUMBER`, in the same unit.
    pub(crate) goal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<f64>,
}

impl Measurement {
    /// As one line of JSON.
    pub(crate) fn line(&self) -> String {
        // Numbers that JSON has no notation for become null; nothing else can fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether the goal is reached; `None` if there is none or it cannot be understood.
    pub(crate) fn is_good(&self) -> Option<bool> {
        let goal = self.goal.as_deref()?;
        let number = |text: &str| text.trim().parse::<f64>().ok();
        if let Some(most) = goal.strip_prefix("<=") {
            return number(most).map(|most| self.value <= most);
        }
        goal.strip_prefix(">=")
            .and_then(number)
            .map(|least| self.value >= least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_goal(goal: Option<&str>) -> Measurement {
        Measurement {
            name: "start".to_owned(),
            value: 2.5,
            unit: "s".to_owned(),
            goal: goal.map(str::to_owned),
            min: Some(2.25),
            max: None,
        }
    }

    #[test]
    fn goals_are_limits_on_either_side() {
        assert_eq!(with_goal(Some("<= 2.5")).is_good(), Some(true));
        assert_eq!(with_goal(Some("<= 2.4")).is_good(), Some(false));
        assert_eq!(with_goal(Some(">=2.6")).is_good(), Some(false));
        assert_eq!(with_goal(Some(">= 2")).is_good(), Some(true));
        assert_eq!(with_goal(Some("fast")).is_good(), None);
        assert_eq!(with_goal(None).is_good(), None);
    }

    #[test]
    fn the_line_has_every_field_that_is_promised() {
        let line = with_goal(None).line();
        assert_eq!(
            line,
            r#"{"name":"start","value":2.5,"unit":"s","goal":null,"min":2.25}"#
        );
    }
}
