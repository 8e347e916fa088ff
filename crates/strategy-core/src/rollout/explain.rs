//! News in words, for logs and people.

use super::Rollout;
use super::command::Answer;
use super::event::News;
use super::outcome::Left;
use super::step::Waiting;
use super::walk::Course;
use crate::release::Part;
use crate::target::Observation;
use crate::timestamp::duration;

/// One line, without the time.
pub(super) fn news(news: &News) -> String {
    match news {
        News::Started {
            release,
            plan,
            stages,
        } => {
            let digest = plan.get(..12).unwrap_or(plan);
            format!("release {release} begins: {stages} stages, plan {digest}")
        }
        News::Resumed => "taken up again from the journal".to_owned(),
        News::StageEntered { stage, number } => format!("stage {number} `{stage}` begins"),
        News::ApprovalAwaited {
            stage,
            gate,
            roles,
            missing,
            until,
        } => {
            let by = if roles.is_empty() {
                "anyone".to_owned()
            } else {
                roles.join(" or ")
            };
            format!(
                "stage `{stage}` waits for {missing} approval(s) of gate `{gate}` by {by}, until {until}"
            )
        }
        News::GateOpened { stage, gate } => format!("gate `{gate}` of stage `{stage}` is open"),
        News::GateClosed { stage, gate, why } => {
            format!("gate `{gate}` of stage `{stage}` is closed for now: {why}")
        }
        News::HookBegan {
            stage,
            hook,
            point: Some(_),
        } => format!("hook `{hook}` of stage `{stage}` runs"),
        News::HookBegan {
            stage,
            hook,
            point: None,
        } => format!("hook `{hook}` of stage `{stage}` is being undone"),
        News::HookEnded {
            hook,
            passed,
            summary,
            ..
        } => {
            let verdict = if *passed { "passed" } else { "failed" };
            format!("hook `{hook}` {verdict}: {summary}")
        }
        News::Applying { part, desired } => format!("{part} is told: {desired}"),
        News::Progress {
            part,
            ready,
            wanted,
            written,
            effective,
        } => {
            let effective = match effective {
                Some(effective) if effective != written => format!(" ({effective} effective)"),
                Some(_) | None => String::new(),
            };
            let (stable, candidate) = (
                (ready.stable, wanted.stable),
                (ready.candidate, wanted.candidate),
            );
            format!(
                "{part}: stable {}/{} ready, candidate {}/{} ready, traffic {written}{effective}",
                stable.0, stable.1, candidate.0, candidate.1
            )
        }
        News::Waiting { part, what } => format!("{part} waits for {what}"),
        News::BakeBegan { stage } => format!("stage `{stage}` is effective and is watched"),
        News::Looked {
            check,
            number,
            verdict,
            evidence,
        } => format!(
            "check `{check}` look {number}: {}; {}",
            verdict.name(),
            verdict.explained(evidence)
        ),
        News::LookFailed { check, number, why } => {
            format!("check `{check}` look {number} could not be taken: {why}")
        }
        News::StagePassed { stage } => format!("stage `{stage}` passed"),
        News::Failed {
            stage: Some(stage),
            reason,
        } => format!("stage `{stage}` failed: {reason}"),
        News::Failed {
            stage: None,
            reason,
        } => format!("the start failed: {reason}"),
        News::Held { why, until, .. } => format!("waits for a person until {until}: {why}"),
        News::HoldEnded => "the hold is over".to_owned(),
        News::Paused { until } => format!("paused until {until} at most"),
        News::Unpaused => "the pause is over".to_owned(),
        News::ForeignHand {
            part,
            change,
            answer,
        } => format!("{part}: {} by {}; {answer}", change.message, change.by),
        News::Unreachable { part, why } => format!("{part} cannot be reached: {why}"),
        News::Reachable { part } => format!("{part} can be reached again"),
        News::RollbackBegan { reason } => format!("going back to the recorded start: {reason}"),
        News::TrafficRestored => "traffic is restored: users are back where they were".to_owned(),
        News::GotStuck { left } => format!("stuck; left to do: {}", in_words(left)),
        News::LeftBehind { left } => format!("left to do by hand: {}", in_words(left)),
        News::GotUnstuck => "it goes on".to_owned(),
        News::Commanded { command, answer } => {
            let name = command.wish.name();
            let why = if command.reason.is_empty() {
                String::new()
            } else {
                format!(" ({})", command.reason)
            };
            match answer {
                Answer::Recorded => format!("{name} by {}{why}", command.actor),
                Answer::Refused(refusal) => {
                    format!("{name} by {}{why} was refused: {refusal}", command.actor)
                }
            }
        }
        News::AlarmRaised { source, message } => format!("alarm from {source}: {message}"),
        News::Ended { outcome } => outcome.to_string(),
        News::Settled => "settled: the rollout does nothing more".to_owned(),
        News::ClockJumped { by_ms } => {
            let by = duration::format(std::time::Duration::from_millis(by_ms.unsigned_abs()));
            let way = if *by_ms < 0 { "back" } else { "forward" };
            format!("the clock jumped {way} by {by}; it counts as one resync interval at most")
        }
    }
}

fn in_words(left: &[Left]) -> String {
    let left: Vec<_> = left.iter().map(ToString::to_string).collect();
    left.join("; ")
}

impl Rollout {
    pub(super) fn explain_wait(
        &self,
        part: &Part,
        what: Waiting,
        course: &Course,
        observation: &Observation,
    ) -> String {
        let count = |track: crate::Track| {
            let seen = observation.track(track);
            let wanted = seen.wanted();
            let ready = seen.ready_at(&course.goal.track(track).revision);
            let troubles: Vec<String> = seen
                .pods
                .iter()
                .flat_map(|pods| pods.fatal.iter())
                .map(|fatal| format!("{}: {}", fatal.reason, fatal.message))
                .collect();
            let trouble = if troubles.is_empty() {
                String::new()
            } else {
                format!(" ({})", troubles.join("; "))
            };
            (ready, wanted, trouble)
        };
        let name = |track| {
            let found = self.fixed.found.part(part);
            found
                .map(|found| found.names.of(track).clone())
                .unwrap_or_default()
        };
        match what {
            Waiting::Ready(track) => {
                let (ready, wanted, trouble) = count(track);
                format!(
                    "ready replicas of {track} {}: {ready} of {wanted}{trouble}",
                    name(track)
                )
            }
            Waiting::Cover(track) => format!("{track} {} to cover all traffic", name(track)),
            Waiting::Effective => format!(
                "traffic to be effective at {}",
                observation.traffic.written.weight
            ),
            Waiting::Drain(track) => format!("requests of {track} {} to end", name(track)),
            Waiting::Platform => "the platform to ask for its next step".to_owned(),
        }
    }
}
