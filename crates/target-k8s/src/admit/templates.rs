//! Two tracks that were both found: what tells their templates apart beyond being two.

use strategy_core::target::Finding;
use strategy_core::{Images, Part, Plan, Revision, Track};

use crate::binding::{Bound, TrackStart};
use crate::config::Follow;
use crate::workload::{difference, template};

/// So many paths are named in one finding.
const NAMED: usize = 8;

/// What the candidate's own template would bring into the release.
pub(super) fn findings(bound: &Bound, follow: Follow, part: &Part, plan: &Plan) -> Vec<Finding> {
    let (
        TrackStart::Found {
            template: stable, ..
        },
        TrackStart::Found {
            template: candidate,
            ..
        },
    ) = (&bound.tracks.stable.start, &bound.tracks.candidate.start)
    else {
        return Vec::new();
    };
    let (stable_name, name) = (
        bound.tracks.stable.object().to_string(),
        bound.tracks.candidate.object().to_string(),
    );
    let mut findings = Vec::new();
    let missing = difference::containers_missing(stable, candidate);
    if !missing.is_empty() {
        let missing: Vec<_> = missing.into_iter().collect();
        findings.push(Finding::blocks(
            "container-missing",
            name.clone(),
            format!(
                "only one of it and {stable_name} has the container {}",
                missing.join(", ")
            ),
            "give both templates the same containers, init containers too",
        ));
    }
    let paths = difference::paths(stable, candidate);
    if !paths.is_empty() {
        let more = match paths.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = paths.iter().take(NAMED).cloned().collect::<Vec<_>>();
        findings.push(Finding::warns(
            "templates-differ",
            name.clone(),
            format!(
                "a release takes over the images of {stable_name} and nothing else, and their templates differ in {}{more}",
                named.join(", ")
            ),
            "make them alike, unless that is what tells the two apart",
        ));
    }
    let releases = plan.stages().iter().filter_map(|stage| {
        let revision = &stage.goals.get(part)?.track(Track::Candidate).revision;
        if let Revision::Release(images) = revision {
            Some(images)
        } else {
            None
        }
    });
    let incomplete = releases.filter_map(|images| incomplete(bound, candidate, images, follow));
    let mut incomplete: Vec<_> = incomplete.collect();
    incomplete.dedup();
    findings.extend(incomplete.into_iter().map(|others| {
        Finding::blocks(
            "release-incomplete",
            name.clone(),
            format!(
                "it has the images of the release already, and others than {stable_name} runs: {others}"
            ),
            "name these containers in the release too",
        )
    }));
    findings
}

/// A revision is known by the containers that its release names, so a track that runs these with
/// other companions would pass for the release and be left as it is.
fn incomplete(
    bound: &Bound,
    recorded: &serde_json::Value,
    images: &Images,
    follow: Follow,
) -> Option<String> {
    if !images.are_run_by(&template::images(recorded)) {
        return None;
    }
    let revision = Revision::Release(images.clone());
    let asked = bound.template(Track::Candidate, &revision, follow, |_| None);
    let asked = template::image_texts(&asked.ok()??);
    let others: Vec<_> = template::image_texts(recorded)
        .into_iter()
        .filter(|(container, image)| asked.get(container).is_some_and(|asked| asked != image))
        .map(|(container, image)| format!("{container} has {image}"))
        .collect();
    (!others.is_empty()).then(|| others.join(", "))
}
