//! The peers' tables of limits on measurements, as data; `source` says whose.
#![allow(clippy::unwrap_used, reason = "test")]

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use strategy_core::Release;
use strategy_core::analysis::{Analysis, Look, MeasureError, Measurement, PreparedCheck, Verdict};
use strategy_core::plan::{Bake, Check, Extension, Limits, Plan};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::Canary;
use strategy_core::target::Found;
use strategy_core::world::World;

const KIND: &str = "scripted";

/// What each look finds, one after the other; all is well afterwards.
#[derive(Debug)]
struct Scripted(Mutex<VecDeque<Seen>>);

#[derive(Clone, Copy, Debug)]
enum Seen {
    Good,
    Bad,
    Unclear,
    Unreachable,
}
use Seen::{Bad, Good, Unclear, Unreachable};

#[async_trait]
impl Analysis for Scripted {
    async fn admit(&self, plan: &Plan, _: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        let checks = plan.checks().keys().cloned();
        Ok(checks.map(PreparedCheck::new).collect())
    }

    async fn measure(&self, _: &Look) -> Result<Measurement, MeasureError> {
        let seen = self.0.lock().unwrap().pop_front().unwrap_or(Good);
        let verdict = match seen {
            Good => Verdict::Pass,
            Bad => Verdict::Fail,
            Unclear => Verdict::Inconclusive("no data".to_owned()),
            Unreachable => {
                return Err(MeasureError::Unavailable {
                    source_name: "the store".to_owned(),
                    source: "no route".into(),
                });
            }
        };
        Ok(Measurement::new(verdict, format!("{seen:?}")))
    }
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It stopped the rollout.
    Stopped,
    /// It did not, and good looks ended it well.
    Well,
}
use End::{Stopped, Well};

/// Agrees with the source, or differs from it on purpose.
#[derive(Clone, Copy, Debug)]
enum Peer {
    Agrees,
    Differs { theirs: End, why: &'static str },
}
use Peer::{Agrees, Differs};

fn limits(failures: u32, inconclusive: u32) -> Limits {
    Limits::default()
        .failures(failures)
        .consecutive_inconclusive(inconclusive)
}

/// A rollout with one check every ten seconds that needs so many decided looks.
fn ends(limits: Limits, looks: u32, seen: &[Seen]) -> Result<End, Box<dyn Error>> {
    let every = Duration::from_secs(10);
    let check = Check::new(Extension::new(KIND)).every(every).limits(limits);
    // Time for all of what is seen; it goes on until there are as many decided looks.
    let bake = Bake::of(every * 12).looks(looks);
    let canary = Canary::new()
        .stages([50, 100])
        .bake(bake)
        .check("peer", check);
    let world = World::seeded(7).stable("app:v1", 4).build()?;
    let analysis = Scripted(Mutex::new(seen.iter().copied().collect()));
    let driver = world.driver().analysis(KIND, analysis);
    let finished = world.run_with(driver, &canary, Release::of([("app", "app:v2")])?)?;
    #[expect(clippy::wildcard_enum_match_arm, reason = "an outcome that no row has")]
    match finished.outcome {
        Outcome::Promoted => Ok(Well),
        Outcome::RolledBack {
            reason: Reason::Check { .. },
            ..
        } => Ok(Stopped),
        other => Err(other.to_string().into()),
    }
}

/// Source, limits, decided looks asked for, what is seen, what it comes to, peer.
type Row = (&'static str, Limits, u32, &'static [Seen], End, Peer);

#[test]
fn limits_stop_where_the_peers_stop() {
    const FAILURES: &str = "argo-rollouts analysis_test.go, failureLimit";
    const INCONCLUSIVE: &str = "argo-rollouts analysis_test.go, inconclusiveLimit";
    const ERRORS: &str = "argo-rollouts analysis_test.go, consecutiveErrorLimit";
    const COUNT: &str = "argo-rollouts analysis_test.go, count";
    const GOOD_RUN: &str = "argo-rollouts analysis_test.go, consecutiveSuccessLimit";
    const DECIDED: &str = "theirs ends after so many looks, whatever they said; ours goes on until so \
        many decided something, for as long as the bake may take";
    const NO_RUN: &str = "theirs asks for good looks in a row at any time; ours asks for decided looks, \
        and that the last one is good";
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (FAILURES, limits(2, 10), 1, &[Bad; 3], Stopped, Agrees),
        (FAILURES, limits(3, 10), 1, &[Bad; 3], Well, Agrees),
        // Theirs is inconclusive then and waits for a person; it does not go on either.
        (INCONCLUSIVE, limits(0, 2), 1, &[Unclear; 3], Stopped, Agrees),
        (INCONCLUSIVE, limits(0, 3), 1, &[Unclear; 3], Well, Agrees),
        (ERRORS, limits(0, 10), 1, &[Unreachable; 5], Stopped, Agrees),
        (ERRORS, limits(0, 10), 1, &[Unreachable; 4], Well, Agrees),
        (COUNT, limits(0, 10), 10, &[Good; 10], Well, Agrees),
        (COUNT, limits(0, 5), 5, &[Unclear; 5], Well, Differs { theirs: Stopped, why: DECIDED }),
        (GOOD_RUN, limits(0, 10), 3, &[Good; 3], Well, Agrees),
        (GOOD_RUN, limits(9, 10), 4, &[Good, Bad, Good, Bad], Well, Differs { theirs: Stopped, why: NO_RUN }),
        (GOOD_RUN, limits(2, 10), 4, &[Good, Bad, Good, Bad], Well, Differs { theirs: Stopped, why: NO_RUN }),
        (GOOD_RUN, limits(1, 10), 4, &[Good, Bad, Good, Bad], Stopped, Agrees),
    ];
    for (source, limits, looks, seen, end, peer) in rows {
        let row = format!("{source}: {seen:?} under {limits:?}, {looks} looks");
        let ours = ends(*limits, *looks, seen).unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(ours, *end, "{row}");
        if let Differs { theirs, why } = peer {
            assert_ne!(ours, *theirs, "{row}: no longer differs ({why})");
        }
    }
}
