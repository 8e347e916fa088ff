//! The grammar of behaviours.

use std::time::Duration;

use super::behaviour::{Behaviour, Fault, FaultKind, Latency, Life, Scope};

const KNOWN: &str = "errors-PERCENT, errors-PERCENT-burst-COUNT, hang, hang-PERCENT, reset, reset-PERCENT, refuse, \
    latency-TIME, latency-MEDIAN-P95, start-TIME, crash, crash-TIME, flap-UP-DOWN, after-TIME, on-PATH, between-FROM-TO; \
    times as 250ms, 10s or 5m";

/// Why a behaviour cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot understand {clause:?} in {place} {text:?}: {reason}; understood are {KNOWN}")]
#[non_exhaustive]
pub struct BehaviourError {
    /// `the annotation` or `the tag of the image`.
    pub place: &'static str,
    /// All of what was read.
    pub text: String,
    /// The part that cannot be understood.
    pub clause: String,
    /// Why not.
    pub reason: &'static str,
}

pub(crate) fn behaviour(
    image: &str,
    annotation: Option<&str>,
) -> Result<Behaviour, BehaviourError> {
    let tag = tag_of(image);
    let (version, clauses) = match tag.split_once('_') {
        Some((version, clauses)) => (version, Some(clauses)),
        None => (tag, None),
    };
    let mut said = Said::default();
    if let Some(text) = annotation.filter(|text| !text.is_empty()) {
        said = read(text).map_err(|wrong| wrong.within("the annotation", text))?;
    }
    if let Some(clauses) = clauses {
        let tag_said =
            read(clauses).map_err(|wrong| wrong.within("the tag of the image", image))?;
        said = tag_said.over(said);
    }
    Ok(Behaviour {
        version: version.to_owned(),
        latency: said.latency,
        start: said.start.unwrap_or_default(),
        life: said.life.unwrap_or_default(),
        faults: said.faults,
    })
}

/// `v2` of `registry:5000/shop/web:v2@sha256:...`.
fn tag_of(image: &str) -> &str {
    let tagged = image.split('@').next().unwrap_or_default();
    match tagged.rsplit_once(':') {
        // The colon of a tag has no slash behind it; that of a registry's port has.
        Some((_, tag)) if !tag.contains('/') => tag,
        Some(_) | None => "latest",
    }
}

/// What one text says.
#[derive(Debug, Default)]
struct Said {
    latency: Option<Latency>,
    start: Option<Duration>,
    life: Option<Life>,
    faults: Vec<Fault>,
}

impl Said {
    fn over(self, other: Self) -> Self {
        Self {
            latency: self.latency.or(other.latency),
            start: self.start.or(other.start),
            life: self.life.or(other.life),
            faults: other.faults.into_iter().chain(self.faults).collect(),
        }
    }
}

struct Wrong {
    clause: String,
    reason: &'static str,
}

impl Wrong {
    fn within(self, place: &'static str, text: &str) -> BehaviourError {
        BehaviourError {
            place,
            text: text.to_owned(),
            clause: self.clause,
            reason: self.reason,
        }
    }
}

/// The scope as it is read: what is said twice is an error.
#[derive(Debug, Default)]
struct Scoped {
    after: Option<Duration>,
    path: Option<String>,
    between: Option<(Duration, Duration)>,
}

fn read(text: &str) -> Result<Said, Wrong> {
    let mut said = Said::default();
    let mut kinds = Vec::new();
    let mut scope = Scoped::default();
    for clause in text.split('_') {
        let read = read_clause(clause, &mut said, &mut kinds, &mut scope);
        read.map_err(|reason| wrong(clause, reason))?;
    }
    let is_scoped = scope.after.is_some() || scope.path.is_some() || scope.between.is_some();
    if is_scoped && kinds.is_empty() {
        return Err(wrong(
            text,
            "after, on and between say when errors, hang, reset or refuse strike, and none of these is here",
        ));
    }
    if scope.path.is_some() && kinds.contains(&FaultKind::Refuse) {
        return Err(wrong(
            text,
            "a connection is refused before its path is known",
        ));
    }
    let scope = Scope {
        after: scope.after.unwrap_or_default(),
        path: scope.path,
        between: scope.between,
    };
    let fault = |kind| Fault {
        kind,
        scope: scope.clone(),
    };
    said.faults = kinds.into_iter().map(fault).collect();
    Ok(said)
}

fn wrong(clause: &str, reason: &'static str) -> Wrong {
    Wrong {
        clause: clause.to_owned(),
        reason,
    }
}

fn read_clause(
    clause: &str,
    said: &mut Said,
    kinds: &mut Vec<FaultKind>,
    scope: &mut Scoped,
) -> Result<(), &'static str> {
    if let Some(path) = clause.strip_prefix("on-") {
        return set(&mut scope.path, path_of(path)?);
    }
    let parts: Vec<&str> = clause.split('-').collect();
    match parts.as_slice() {
        ["errors", share] => kinds.push(FaultKind::Errors {
            share: share_of(share)?,
            burst: 1,
        }),
        ["errors", share, "burst", count] => kinds.push(FaultKind::Errors {
            share: share_of(share)?,
            burst: count_of(count)?,
        }),
        ["hang"] => kinds.push(FaultKind::Hang { share: 1.0 }),
        ["hang", share] => kinds.push(FaultKind::Hang {
            share: share_of(share)?,
        }),
        ["reset"] => kinds.push(FaultKind::Reset { share: 1.0 }),
        ["reset", share] => kinds.push(FaultKind::Reset {
            share: share_of(share)?,
        }),
        ["refuse"] => kinds.push(FaultKind::Refuse),
        ["latency", time] => set(&mut said.latency, latency(time, time)?)?,
        ["latency", median, p95] => set(&mut said.latency, latency(median, p95)?)?,
        ["start", time] => set(&mut said.start, time_of(time)?)?,
        ["crash"] => set(
            &mut said.life,
            Life::Crash {
                after: Duration::ZERO,
            },
        )?,
        ["crash", after] => set(
            &mut said.life,
            Life::Crash {
                after: time_of(after)?,
            },
        )?,
        ["flap", up, down] => set(
            &mut said.life,
            Life::Flap {
                up: time_of(up)?,
                down: time_of(down)?,
            },
        )?,
        ["after", time] => set(&mut scope.after, time_of(time)?)?,
        ["between", from, to] => set(&mut scope.between, window(from, to)?)?,
        _ => return Err("no such clause"),
    }
    Ok(())
}

fn set<T>(place: &mut Option<T>, value: T) -> Result<(), &'static str> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err("it is said twice"),
    }
}

/// From more than 0 to 100 percent, as a share.
fn share_of(text: &str) -> Result<f64, &'static str> {
    let is_decimal = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent = text.parse::<f64>().ok().filter(|_| is_decimal);
    percent
        .filter(|percent| *percent > 0.0 && *percent <= 100.0)
        .map(|percent| percent / 100.0)
        .ok_or("percent are a number above 0 and up to 100")
}

fn count_of(text: &str) -> Result<u32, &'static str> {
    digits(text)
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| *count > 0)
        .ok_or("a count is a whole number from 1 on")
}

/// More than nothing, and up to a day: what is longer is a slip.
fn time_of(text: &str) -> Result<Duration, &'static str> {
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err("a time is a whole number with ms, s or m behind it"),
    };
    digits(number)
        .and_then(|number| number.checked_mul(milliseconds))
        .map(Duration::from_millis)
        .filter(|time| !time.is_zero() && *time <= LONGEST)
        .ok_or("a time is longer than nothing and at most a day")
}

fn digits(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn latency(median: &str, p95: &str) -> Result<Latency, &'static str> {
    let (median, p95) = (time_of(median)?, time_of(p95)?);
    if p95 < median {
        return Err("the 95th percentile is at least the median");
    }
    Ok(Latency { median, p95 })
}

fn window(from: &str, to: &str) -> Result<(Duration, Duration), &'static str> {
    let from = if from == "0s" {
        Duration::ZERO
    } else {
        time_of(from)?
    };
    let to = time_of(to)?;
    if to <= from {
        return Err("a window ends after it begins");
    }
    Ok((from, to))
}

/// `checkout` or `/checkout`: a tag can have no slash.
fn path_of(text: &str) -> Result<String, &'static str> {
    let path = text.strip_prefix('/').unwrap_or(text);
    let is_path = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-./~".contains(&byte));
    if path.is_empty() || path.ends_with('/') || !is_path {
        return Err("a path is made of letters, digits and -./~, and does not end in a slash");
    }
    Ok(format!("/{path}"))
}

#[cfg(test)]
mod tests;
