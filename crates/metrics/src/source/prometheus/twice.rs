//! Series that tell of the same events: of a process that is scraped more than once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use strategy_core::target::Finding;
use strategy_core::{Timestamp, duration};

use super::answer::Series;

/// What sets the copies of one scrape apart that several servers of Prometheus keep, where nothing takes them for
/// one: by name in the documentation of Prometheus Operator, Thanos and Mimir.
const REPLICA: [&str; 3] = ["prometheus_replica", "replica", "__replica__"];

/// What says where and how something was scraped, and not what was counted.
const SCRAPE: [&str; 5] = ["job", "instance", "endpoint", "container", "service"];

/// A target that is counted more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Twice {
    /// By its address, or by its pod.
    instance: String,
    /// The label in which the copies differ, and two of its values.
    label: &'static str,
    values: [String; 2],
}

impl Twice {
    /// For people.
    pub(super) fn note(&self) -> String {
        let Self {
            instance,
            label,
            values: [one, other],
        } = self;
        format!(
            "`{instance}` is scraped as {label} `{one}` and as {label} `{other}`, so each event counts twice"
        )
    }

    /// Evidence that is counted twice bounds no false alarm: it stands in the way.
    pub(super) fn finding(&self, stale_after: Duration) -> Finding {
        let Self { label, values, .. } = self;
        let mend = format!(
            "select one of them, such as by `{label}=\"{}\"`; where they are two processes, make a check for each; once the \
             scrape is mended, the copies are seen for {} more",
            values[0],
            duration::format(stale_after)
        );
        let resource = format!("target {}", self.instance);
        Finding::blocks("counted-twice", resource, self.note(), mend)
    }
}

/// The first target that counts more than once; `None`: none is seen to.
///
/// - One `instance` under two jobs: where both have a counter of that name, both scrape the process that has it.
/// - One `pod` under two jobs, as at two ports, of which the samples of a series together are those of one counter.
/// - One `job` and `instance` with two labels of replicas, of which the samples together are those of one counter.
pub(super) fn counted_twice(series: &[Series]) -> Option<Twice> {
    let by_jobs = by_jobs(series).or_else(|| by_pods(series));
    by_jobs.or_else(|| REPLICA.iter().find_map(|label| by_replicas(series, label)))
}

fn by_jobs(series: &[Series]) -> Option<Twice> {
    let mut jobs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for series in series {
        if let (Some(job), Some(instance)) =
            (series.labels.get("job"), series.labels.get("instance"))
        {
            jobs.entry(instance).or_default().insert(job);
        }
    }
    jobs.into_iter().find_map(|(instance, jobs)| {
        let mut jobs = jobs.into_iter();
        let (one, other) = (jobs.next()?, jobs.next()?);
        Some(Twice {
            instance: instance.to_owned(),
            label: "job",
            values: [one.to_owned(), other.to_owned()],
        })
    })
}

fn by_pods(series: &[Series]) -> Option<Twice> {
    let mut pods: BTreeMap<_, BTreeMap<&str, Vec<&Series>>> = BTreeMap::new();
    for one in series {
        if let (Some(job), Some(pod)) = (one.labels.get("job"), one.labels.get("pod")) {
            let jobs = pods.entry((one.labels.get("namespace"), pod)).or_default();
            jobs.entry(job).or_default().push(one);
        }
    }
    pods.into_iter().find_map(|((_, pod), jobs)| {
        let mut jobs = jobs.into_iter();
        let (one_job, one) = jobs.next()?;
        // One that rises is enough, and each other one is held against it once.
        let one = one.into_iter().find(|series| rises(&series.samples))?;
        let is_copy = |other: &&Series| {
            let mut both = one
                .labels
                .iter()
                .filter(|(name, _)| !SCRAPE.contains(&name.as_str()));
            both.all(|(name, value)| other.labels.get(name).is_none_or(|other| other == value))
                && are_of_one_counter(&one.samples, &other.samples)
        };
        let (other_job, _) = jobs.find(|(_, others)| others.iter().any(is_copy))?;
        Some(Twice {
            instance: pod.clone(),
            label: "job",
            values: [one_job.to_owned(), other_job.to_owned()],
        })
    })
}

fn by_replicas(series: &[Series], label: &'static str) -> Option<Twice> {
    let mut first: BTreeMap<Vec<(&str, &str)>, (&str, &Series)> = BTreeMap::new();
    for one in series {
        let (Some(replica), Some(instance)) = (one.labels.get(label), one.labels.get("instance"))
        else {
            continue;
        };
        let others = one.labels.iter().filter(|(name, _)| *name != label);
        let others = others.map(|(name, value)| (name.as_str(), value.as_str()));
        let (of, copy) = *first.entry(others.collect()).or_insert((replica, one));
        if of != replica && are_of_one_counter(&copy.samples, &one.samples) {
            return Some(Twice {
                instance: instance.clone(),
                label,
                values: [of.to_owned(), replica.clone()],
            });
        }
    }
    None
}

/// Together, in order of time, they never fall, and rise at least once: two counters that know nothing of each other
/// do not look so for long.
fn are_of_one_counter(one: &[(Timestamp, f64)], other: &[(Timestamp, f64)]) -> bool {
    let mut together = [one, other].concat();
    together.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let mut steps = together.windows(2);
    rises(&together) && steps.all(|step| step[0].1 <= step[1].1)
}

fn rises(samples: &[(Timestamp, f64)]) -> bool {
    let ends = samples.first().zip(samples.last());
    ends.is_some_and(|((_, first), (_, last))| first < last)
}
