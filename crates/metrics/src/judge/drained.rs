//! The judge of what is to be given up: does anybody still ask stable?

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_core::{Track, duration};

use super::checked::checked;
use super::seen::{events, length};
use super::words::{self, grouped};
use super::{Judge, JudgeError, Judgement, Prospect, Reason, Sight, marks};
use crate::reading::{Reading, Shape};
use crate::state::{Mark, State};

/// As of all judges: what was in format 1 had no mark.
const VERSION: u8 = 2;

/// Passes when stable got no request for a time, and waits as long as it gets some. It fails nothing.
///
/// It is for stages in which all traffic is the candidate's and stable is still there, such as the last one of a
/// canary that is promoted by swapping: clients that stick to stable, or keep an old connection or address, are heard
/// before what they use is given up. A check with it in a stage in which stable has traffic is refused before the
/// rollout begins.
///
/// # Assumes
/// That a source which has something of the candidate in a window would have what happened to stable in the same
/// window. So **no series of stable is no request only where the same question about the candidate, in the same
/// window, is told of requests**: metrics arrive then, and the name of the metric is right. A source that is late for
/// one track alone is to be given more time to settle.
///
/// # Verdicts
/// - `Pass`: without a request of stable for `quiet`, in judged time, window after window.
/// - `Undecided`: stable got requests, or the time is not over yet. The bake's limit ends the wait.
/// - `Inconclusive`: the candidate has nothing either, or what is told of a track is old or no number. The time begins
///   anew then.
///
/// Requests that come after it has passed do not take back the look that passed; `quiet` says how long is long enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Drained {
    /// So long, in judged time, no request of stable must have been told of. Default two minutes; not zero.
    #[serde(with = "duration")]
    pub quiet: Duration,
}

checked! {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    Drained from Fields {
        #[serde(with = "duration", default = "two_minutes")]
        quiet: Duration,
    }
}

const fn two_minutes() -> Duration {
    Duration::from_secs(120)
}

impl Default for Drained {
    fn default() -> Self {
        Self {
            quiet: two_minutes(),
        }
    }
}

impl Drained {
    fn check(&self) -> Result<(), String> {
        if self.quiet.is_zero() {
            return Err(
                "`quiet` is no time; write how long no request may come, such as `2m`".to_owned(),
            );
        }
        Ok(())
    }

    fn verdict(&self, quiet: u64) -> Verdict {
        if Duration::from_millis(quiet) >= self.quiet {
            Verdict::Pass
        } else {
            Verdict::Undecided
        }
    }
}

/// What one window says of stable.
enum Asked {
    /// So many requests.
    By(u64),
    /// None, and it would be known of some.
    Nobody,
    /// It cannot be said.
    Unknown(Verdict),
}

fn asked(sight: &Sight) -> Result<Asked, JudgeError> {
    let stable = events(&sight.readings.stable, Track::Stable)?;
    let candidate = events(&sight.readings.candidate, Track::Candidate)?;
    // Requests are requests, whatever is known of the other track.
    if let Ok(events) = &stable
        && events.all.total > 0
    {
        return Ok(Asked::By(events.all.total));
    }
    let candidate = match candidate {
        Ok(events) => events,
        Err(why) => return Ok(Asked::Unknown(why)),
    };
    if candidate.all.total == 0 {
        let what = "no request of either track, so it is not known whether they are counted";
        return Ok(Asked::Unknown(Reason::NoData.because(what)));
    }
    Ok(match stable {
        Ok(_) => Asked::Nobody,
        Err(_) if sight.readings.stable == Reading::Empty => Asked::Nobody,
        Err(why) => Asked::Unknown(why),
    })
}

impl Judge for Drained {
    fn shape(&self) -> Shape {
        Shape::Events
    }

    fn compares(&self) -> bool {
        false
    }

    fn told_of_stable(&self) -> bool {
        true
    }

    fn awaits_all_traffic(&self) -> bool {
        true
    }

    fn bounded(&self) -> bool {
        false
    }

    fn admit(&self, _: &Prospect) -> Vec<Finding> {
        Vec::new()
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let mark = Mark::new(VERSION, marks::DRAINED, self);
        let mut quiet = 0;
        if !state.is_empty() {
            let mut reader = state.read_marked(mark)?;
            quiet = reader.u64()?;
            reader.done()?;
        }
        let wanted = duration::format(self.quiet);
        let (verdict, evidence) = match asked(sight)? {
            Asked::By(requests) => {
                quiet = 0;
                let evidence = format!(
                    "stable got {} requests; waits until it got none for {wanted}",
                    grouped(requests)
                );
                (Verdict::Undecided, evidence)
            }
            Asked::Nobody => {
                quiet = quiet.saturating_add(length(sight.window));
                let of = duration::format(Duration::from_millis(quiet));
                (
                    self.verdict(quiet),
                    format!("stable got no request for {of}, of {wanted}"),
                )
            }
            Asked::Unknown(why) => {
                quiet = 0;
                let evidence = format!(
                    "whether stable got requests is not known: {}",
                    words::why(&why)
                );
                (why, evidence)
            }
        };
        let state = State::marked(mark).u64(quiet).done();
        Ok(Judgement::new(verdict, evidence, &state))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strategy_core::analysis::Window;
    use strategy_core::{Timestamp, Tracks};

    use super::*;
    use crate::judge::Kinds;
    use crate::reading::{Data, Events};

    fn counted(total: u64) -> Reading {
        Reading::Told(Data::Events(Events::counted(total, 0)))
    }

    /// What it says of windows of a minute, one after the other.
    fn said(judge: &Drained, windows: &[(Reading, Reading)]) -> Vec<String> {
        let mut state = State::default();
        let at = |minute: usize| Timestamp::from_millis(minute as u64 * 60_000);
        let mut verdicts = Vec::new();
        for (minute, (stable, candidate)) in windows.iter().cloned().enumerate() {
            let window = Window {
                from: at(minute),
                to: at(minute + 1),
            };
            let sight = Sight::new(window, Tracks { stable, candidate }, 0.0);
            let judgement = judge.judge(&sight, &state).unwrap();
            verdicts.push(judgement.verdict.to_string());
            state = judgement.state;
        }
        let words = verdicts.iter();
        words
            .map(|said| said.split(':').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn it_passes_when_nobody_asked_stable_for_long_enough() {
        let quiet = || (Reading::Empty, counted(600));
        let busy = || (counted(1), counted(600));
        let found = said(
            &Drained::default(),
            &[busy(), quiet(), busy(), quiet(), quiet(), quiet()],
        );
        let waits = || Verdict::Undecided.to_string();
        let passes = || Verdict::Pass.to_string();
        assert_eq!(
            found,
            [waits(), waits(), waits(), waits(), passes(), passes()]
        );
        // A count of zero is as good as none, where there could be one.
        let zero = || (counted(0), counted(600));
        let found = said(&Drained::default(), &[zero(), zero()]);
        assert_eq!(found, [waits(), passes()]);
    }

    #[test]
    fn nothing_of_stable_says_nothing_where_nothing_of_the_candidate_is_told() {
        let old = || Reading::Stale {
            newest: Timestamp::from_millis(1),
        };
        let good = (Reading::Empty, counted(600));
        let unknown = [
            (Reading::Empty, Reading::Empty),
            (Reading::Empty, counted(0)),
            (counted(0), counted(0)),
            (counted(0), Reading::Empty),
            (Reading::Empty, old()),
            (Reading::Empty, Reading::NotANumber),
            (old(), counted(600)),
            (Reading::NotANumber, counted(600)),
        ];
        for odd in unknown {
            let shown = format!("{odd:?}");
            let found = said(
                &Drained::default(),
                &[good.clone(), odd, good.clone(), good.clone()],
            );
            assert!(found[1].starts_with("inconclusive"), "{shown}: {found:?}");
            // The time begins anew after it.
            assert_eq!(found[2], Verdict::Undecided.to_string(), "{shown}");
            assert_eq!(found[3], Verdict::Pass.to_string(), "{shown}");
        }
    }

    #[test]
    fn no_time_is_not_long_enough() {
        let made = Kinds::built_in().make(&json!({ "kind": "drained", "quiet": "0s" }));
        assert!(made.unwrap_err().to_string().contains("`quiet` is no time"));
    }
}
