//! From what is wrong with a plan to the field of the rollout file that has to be mended.

use strategy_core::plan::StageName;
use strategy_core::{Part, PlanError, Weight};

use super::{Mistake, RolloutFile, Shorthand, Source, Strategy};
use crate::args::ImageOverride;
use crate::words::in_our_words;

/// What a sentence is about, by a word in it, and the field that says so of a stage.
const TOPICS: [(&str, &str); 13] = [
    ("gate", "gates"),
    ("hook", "hooks"),
    ("look", "bake"),
    ("bake", "bake"),
    ("check", "checks"),
    ("route", "routes"),
    ("mirror", "mirror"),
    ("share_deviation", "health"),
    ("ready", "ready"),
    ("settle", "ready"),
    ("deadline", "deadline"),
    ("failure", "on-failure"),
    ("replicas", "capacity"),
];

impl RolloutFile {
    /// The mistake behind an error of planning.
    pub fn mistake(&self, error: &PlanError, source: &Source, images: &[ImageOverride]) -> Mistake {
        let problem = in_our_words(&error.to_string());
        if let PlanError::Part { problem: of, .. } = error
            && let Some(container) = quoted_after(of, "names container `")
            && let Some(option) = images.iter().find(|given| given.container == container)
        {
            return Mistake::option(format!("--image {option}"), problem);
        }
        let fields = self.candidates(error);
        let field = fields.iter().find(|field| source.has(field));
        let field = field.map_or("strategy", String::as_str);
        Mistake::new(field, problem)
    }

    /// Fields that may be meant, the likeliest first; those that the file does not have do not count.
    fn candidates(&self, error: &PlanError) -> Vec<String> {
        let strategy = format!("strategy.{}", self.strategy.name());
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "what is about nothing smaller is about the strategy"
        )]
        let mut fields = match error {
            PlanError::Strategy { problem, .. } => self.of_strategy(&strategy, problem),
            PlanError::Stage { stage, problem, .. } => self.of_stage(&strategy, stage, problem),
            PlanError::Check { check, problem, .. } => {
                let check = format!("checks.{check}");
                let share = format!("{check}.failure-share");
                vec![
                    if problem.contains("interval") {
                        format!("{check}.interval")
                    } else if problem.contains("timeout") {
                        format!("{check}.timeout")
                    } else {
                        check.clone()
                    },
                    share,
                    check,
                ]
            }
            PlanError::Part { part, problem, .. } => self.of_part(part, problem),
            PlanError::Policy { policy, .. } => {
                let policy = policy.replace('_', "-");
                vec![format!("policies.{policy}"), "policies".to_owned()]
            }
            PlanError::Plan { problem, .. } if problem.contains("retirement") => {
                vec!["approvals.retirement".to_owned()]
            }
            PlanError::Plan { problem, .. } if problem.contains(" checks, ") => {
                vec!["checks".to_owned()]
            }
            PlanError::Release(_) => vec!["release".to_owned()],
            PlanError::RolloutId { .. } => vec!["name".to_owned()],
            _ => Vec::new(),
        };
        fields.push(strategy);
        fields
    }

    fn of_strategy(&self, strategy: &str, problem: &str) -> Vec<String> {
        let mut fields = Vec::new();
        if let Some(stage) = quoted_after(problem, "is for stage `") {
            let list = match problem.split(' ').next() {
                Some("gate") => format!("gates.{stage}"),
                Some("hook") => format!("hooks.{stage}"),
                _ => "point-of-no-return".to_owned(),
            };
            fields.push(list);
        }
        let weights = self.weights();
        let index = if problem.contains("do not rise") {
            let falls = |pair: &[Weight]| matches!(pair, [before, after] if after <= before);
            weights.windows(2).position(falls).map(|index| index + 1)
        } else if problem.contains("a stage at 0%") {
            weights.iter().position(|weight| weight.is_zero())
        } else if problem.contains("last stage") {
            weights.len().checked_sub(1)
        } else {
            None
        };
        fields.extend(index.map(|index| format!("{strategy}.stages[{index}]")));
        for word in ["surge", "batches", "stages"] {
            if problem.contains(word) {
                let of = if word == "surge" { "max-surge" } else { word };
                fields.push(format!("{strategy}.{of}"));
            }
        }
        if problem.contains("approv") {
            fields.push("approvals".to_owned());
        }
        fields
    }

    fn of_stage(&self, strategy: &str, stage: &StageName, problem: &str) -> Vec<String> {
        let index = self.stage_names().iter().position(|name| {
            // With parts in order each stage has its part's name before its own.
            name == stage.as_str() || stage.as_str().ends_with(&format!(" {name}"))
        });
        let place = index.map(|index| format!("{strategy}.stages[{index}]"));
        let mut fields = Vec::new();
        for (word, field) in TOPICS {
            if problem.contains(word) {
                fields.extend(place.iter().map(|place| format!("{place}.{field}")));
                fields.push(format!("{field}.{stage}"));
                fields.push(format!("approvals.{stage}"));
            }
        }
        for (word, field) in TOPICS {
            if problem.contains(word) {
                fields.push(format!("{strategy}.{field}"));
                if field != "gates" && field != "hooks" && field != "checks" {
                    fields.push(field.to_owned());
                }
            }
        }
        fields.extend(place);
        fields.extend([format!("gates.{stage}"), format!("hooks.{stage}")]);
        fields
    }

    fn of_part(&self, part: &Part, problem: &str) -> Vec<String> {
        let mut fields = Vec::new();
        if let Some(container) = quoted_after(problem, "names container `") {
            fields.push(format!("release.{part}.{container}"));
            fields.push(format!("release.{container}"));
        }
        if problem.contains("the order ") {
            fields.push(format!("strategy.{}.parts-in-order", self.strategy.name()));
        }
        if problem.contains("to promote by") {
            fields.push("promotion".to_owned());
        }
        if problem.contains("removed") {
            fields.push("retire".to_owned());
        }
        let target = self.target.name();
        fields.push(format!("target.{target}.parts.{part}"));
        fields.push(format!("target.{target}"));
        fields
    }

    fn weights(&self) -> Vec<Weight> {
        let Strategy::Canary(canary) = &self.strategy else {
            return Vec::new();
        };
        let weight = |stage: &Shorthand<super::Percent, super::stage::Stage>| match stage {
            Shorthand::Word(weight) => weight.0,
            Shorthand::Mapping(stage) => stage.weight.0,
        };
        canary.stages.iter().map(weight).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        let Strategy::Canary(canary) = &self.strategy else {
            return Vec::new();
        };
        let name = |stage: &Shorthand<super::Percent, super::stage::Stage>| match stage {
            Shorthand::Word(weight) => weight.0.to_string(),
            Shorthand::Mapping(stage) => {
                let name = stage.name.clone();
                name.unwrap_or_else(|| stage.weight.0.to_string())
            }
        };
        canary.stages.iter().map(name).collect()
    }
}

/// What stands between the end of `start` and the next backtick.
fn quoted_after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split('`').next()
}
