//! What the numbers and times of a scenario may be, and where one is that may not be so.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{InvalidScenario, PartSetup, ScalerSetup, Scenario, Shape, WorkloadSetup};
use crate::release::Part;
use crate::target::Effectiveness;
use crate::timestamp::duration;
use crate::world::{Ailment, ApiFault, Behavior, Happening};

/// The most pods that a track can have: what is beyond costs memory and time, and shows nothing else.
const MOST_PODS: u32 = 10_000;
/// The longest time that anything takes: ten years.
const LONGEST: Duration = Duration::from_secs(3_650 * 24 * 3_600);
/// The shortest time after which a pod that flaps changes, as platforms probe readiness once a second at
/// most.
const SHORTEST_FLAP: Duration = Duration::from_secs(1);
/// Requests are counted in millionths.
const ALL_REQUESTS: u32 = 1_000_000;
/// The end of the year 9999, the last one that can be written.
const LAST_BEGINNING: u64 = 253_402_300_799_999;

/// Refuses a number outside its range; `at` says where it stands.
pub(crate) fn number<T: PartialOrd + Display + Copy>(
    at: &str,
    value: T,
    range: &RangeInclusive<T>,
    of: &str,
) -> Result<(), InvalidScenario> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(InvalidScenario::OutOfRange {
        at: at.to_owned(),
        value: value.to_string(),
        range: format!("{} to {} {of}", range.start(), range.end()),
    })
}

/// Refuses a time that is longer than anything takes.
pub(crate) fn time(at: &str, value: Duration) -> Result<(), InvalidScenario> {
    time_of(at, value, Duration::ZERO)
}

/// Refuses a difference between clocks that is longer than anything takes.
#[cfg(any(feature = "simulation", test))]
pub(crate) fn milliseconds(at: &str, value: i64) -> Result<(), InvalidScenario> {
    let most = i64::try_from(LONGEST.as_millis()).unwrap_or(i64::MAX);
    number(at, value, &(-most..=most), "milliseconds")
}

fn time_of(at: &str, value: Duration, least: Duration) -> Result<(), InvalidScenario> {
    if (least..=LONGEST).contains(&value) {
        return Ok(());
    }
    Err(InvalidScenario::OutOfRange {
        at: at.to_owned(),
        value: duration::format(value),
        range: format!(
            "{} to {}",
            duration::format(least),
            duration::format(LONGEST)
        ),
    })
}

fn pods(at: &str, value: u32, least: u32) -> Result<(), InvalidScenario> {
    number(at, value, &(least..=MOST_PODS), "pods")
}

impl Scenario {
    /// Refuses what no world can be made of; `at` says where the scenario stands.
    pub(crate) fn check(&self, at: &str) -> Result<(), InvalidScenario> {
        number(
            &format!("{at}.begins"),
            self.begins.as_millis(),
            &(0..=LAST_BEGINNING),
            "milliseconds since the Unix epoch",
        )?;
        time_of(&format!("{at}.lasts"), self.lasts, Duration::from_millis(1))?;
        time(&format!("{at}.metric_delay"), self.metric_delay)?;
        for (name, part) in &self.parts {
            part.check(&format!("{at}.parts.{name}"))?;
        }
        for (image, behavior) in &self.images {
            behavior.check(&format!("{at}.images.{image}"))?;
        }
        for (index, timed) in self.happenings.iter().enumerate() {
            time(&format!("{at}.happenings[{index}].after"), timed.after)?;
            self.check_happening(
                &format!("{at}.happenings[{index}].happening"),
                &timed.happening,
            )?;
        }
        Ok(())
    }

    /// Refuses what cannot happen in this world; `at` says where it stands.
    pub(crate) fn check_happening(
        &self,
        at: &str,
        happening: &Happening,
    ) -> Result<(), InvalidScenario> {
        happening.check(at)?;
        let Some(part) = happening.part() else {
            return Ok(());
        };
        if self.parts.contains_key(part.as_str()) {
            return Ok(());
        }
        let there: Vec<_> = self.parts.keys().map(String::as_str).collect();
        Err(InvalidScenario::NoSuchPart {
            at: at.to_owned(),
            part: part.clone(),
            there: match there.as_slice() {
                [] => "are no parts".to_owned(),
                [one] => format!("is `{one}` alone"),
                several => format!("are {}", several.join(", ")),
            },
        })
    }
}

impl PartSetup {
    fn check(&self, at: &str) -> Result<(), InvalidScenario> {
        time(&format!("{at}.lag"), self.lag)?;
        time(&format!("{at}.drain"), self.drain)?;
        time(&format!("{at}.sticky"), self.sticky)?;
        if let Effectiveness::Assumed { after } = self.capabilities().effectiveness {
            time(&format!("{at}.capabilities.effectiveness.after"), after)?;
        }
        match &self.shape {
            Shape::Tracks { stable, candidate } => {
                stable.check(&format!("{at}.shape.stable"))?;
                match candidate {
                    Some(candidate) => candidate.check(&format!("{at}.shape.candidate")),
                    None => Ok(()),
                }
            }
            Shape::Slots { live, idle } => {
                live.check(&format!("{at}.shape.live"))?;
                idle.check(&format!("{at}.shape.idle"))
            }
        }
    }
}

impl WorkloadSetup {
    fn check(&self, at: &str) -> Result<(), InvalidScenario> {
        pods(&format!("{at}.count"), self.count, 0)?;
        let Some(ScalerSetup { min, max, per_pod }) = self.autoscaler else {
            return Ok(());
        };
        pods(&format!("{at}.autoscaler.min"), min, 0)?;
        pods(&format!("{at}.autoscaler.max"), max, min.max(1))?;
        match per_pod {
            Some(requests) => number(
                &format!("{at}.autoscaler.per_pod"),
                requests,
                &(1..=u32::MAX),
                "requests a second",
            ),
            None => Ok(()),
        }
    }
}

impl Behavior {
    /// Refuses what no image can do; `at` says where it stands.
    pub(crate) fn check(&self, at: &str) -> Result<(), InvalidScenario> {
        time(&format!("{at}.starts_in"), self.starts_in)?;
        time(&format!("{at}.varies"), self.varies)?;
        number(
            &format!("{at}.errors"),
            self.errors,
            &(0..=ALL_REQUESTS),
            "millionths of the requests",
        )?;
        for (index, point) in self.latency.quantiles().iter().enumerate() {
            time(&format!("{at}.latency[{index}].within"), point.within)?;
        }
        match &self.ailment {
            Some(ailment) => ailment.check(&format!("{at}.ailment")),
            None => Ok(()),
        }
    }
}

impl Ailment {
    fn check(&self, at: &str) -> Result<(), InvalidScenario> {
        match self {
            Self::CrashesAfter(after) | Self::HangsAfter(after) | Self::OutOfMemoryAfter(after) => {
                time(at, *after)
            }
            Self::Flaps { up, down, .. } => {
                time_of(&format!("{at}.flaps.up"), *up, SHORTEST_FLAP)?;
                time_of(&format!("{at}.flaps.down"), *down, SHORTEST_FLAP)
            }
            Self::Hangs | Self::CrashesAtStart | Self::CannotBePulled | Self::CannotBeScheduled => {
                Ok(())
            }
        }
    }
}

impl Happening {
    /// The part that it happens to; `None`: to all, or to images.
    const fn part(&self) -> Option<&Part> {
        match self {
            Self::WeightMoved { part, .. }
            | Self::Scaled { part, .. }
            | Self::ImageChanged { part, .. }
            | Self::Deleted { part, .. }
            | Self::Autoscaled { part, .. }
            | Self::LoadChanged { part, .. }
            | Self::PodsCrash { part, .. }
            | Self::PodsEvicted { part, .. }
            | Self::PlatformGoesBack { part, .. }
            | Self::RouterLags { part, .. } => Some(part),
            Self::MetricsFail { part, .. } | Self::ApiFails { part, .. } => part.as_ref(),
            Self::ImageBehaves { .. } | Self::TagMoved { .. } => None,
        }
    }

    /// Refuses numbers and times that cannot be; `at` says where it stands. How long a fault lasts is not looked at: what
    /// outlasts the world ends with it.
    fn check(&self, at: &str) -> Result<(), InvalidScenario> {
        match self {
            Self::ImageBehaves { behavior, .. } => behavior.check(&format!("{at}.behavior")),
            Self::Scaled { count, .. } => pods(&format!("{at}.count"), *count, 0),
            Self::Autoscaled { wanted, .. } => pods(&format!("{at}.wanted"), *wanted, 0),
            Self::RouterLags { lag, .. } => time(&format!("{at}.lag"), *lag),
            Self::ApiFails { fault, .. } => match fault {
                ApiFault::LandsLate(after) | ApiFault::Slow(after) => {
                    time(&format!("{at}.fault"), *after)
                }
                ApiFault::Unreachable
                | ApiFault::Throttled
                | ApiFault::Conflict
                | ApiFault::AnswerLost
                | ApiFault::Silent
                | ApiFault::Stale => Ok(()),
            },
            Self::TagMoved { .. }
            | Self::WeightMoved { .. }
            | Self::ImageChanged { .. }
            | Self::Deleted { .. }
            | Self::LoadChanged { .. }
            | Self::PodsCrash { .. }
            | Self::PodsEvicted { .. }
            | Self::PlatformGoesBack { .. }
            | Self::MetricsFail { .. } => Ok(()),
        }
    }
}
