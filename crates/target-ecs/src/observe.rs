//! From what was read of a part to an observation. Pure.

mod foreign;

use std::collections::BTreeMap;

use strategy_core::target::{
    Autoscaler, Effective, Observation, ObservedTrack, ObservedTraffic, TargetError,
    TargetErrorKind, Version, Writer, Written,
};
use strategy_core::{Images, SeenRevision, Track, Weight};

use crate::autoscaling::{number, replicas};
use crate::binding::Bound;
use crate::config::resource;
use crate::digest::digest;
use crate::error::found;
use crate::listener;
use crate::owned::{Fields, rule_name};
use crate::routes::{self, Routed};
use crate::task_definition::short;
use crate::tasks::{Registered, Running};
use crate::view::{State, View, definition, has_too_few, primary};

/// What is found.
pub(crate) fn observation(bound: &Bound, view: &View) -> Result<Observation, TargetError> {
    view.state.stable_is_there(bound)?;
    let forwards = view.state.forwards()?;
    let routed = routes::read(bound.groups(), &forwards)?;
    let fields = view.state.fields(bound, &forwards);
    let unwired = State::unwired(bound, &forwards);
    let read = (routed.traffic(&bound.rules, &forwards), routed.agree);
    let (mut written, agree) = view.state.told(bound, &fields, read);
    let effective = if agree {
        Effective::Unverified
    } else {
        written.weight = behind(bound, &view.state, &fields, &routed).unwrap_or(written.weight);
        Effective::Partial
    };
    let mut traffic = ObservedTraffic::new(written, effective);
    traffic.drain = bound.drain;
    traffic.sticky = routed.sticky;
    traffic.writer = Writer::Unknown;
    let mut observation = Observation::new(
        track(bound, view, Track::Stable),
        track(bound, view, Track::Candidate),
        traffic,
    );
    observation.foreign = foreign::foreign(bound, &view.state, &fields, &unwired, &routed);
    observation.owned = fields.wrap()?;
    observation.version = version(&observation)?;
    Ok(observation)
}

/// Where only some rules took a write, the share by those that did not: what is written is not what was to be.
fn behind(bound: &Bound, state: &State, fields: &Fields, routed: &Routed) -> Option<Weight> {
    let note = state.noted(bound).text.read()?;
    let shares = routed.shares.iter().enumerate();
    let behind = shares.filter(|(index, _)| {
        let name = rule_name(*index);
        !note.has_led(&name, fields.of(&name))
    });
    behind.map(|(_, share)| *share).max()
}

/// Equal for equal content: what a look at the same state would show again.
pub(crate) fn version(observation: &Observation) -> Result<Version, TargetError> {
    let text = serde_json::to_string(observation).map_err(|error| {
        let kind = TargetErrorKind::Unexpected;
        found(kind, "encode", "observation", error.to_string())
    })?;
    Ok(Version(digest(&text, 20)))
}

fn track(bound: &Bound, view: &View, track: Track) -> ObservedTrack {
    let of = bound.tracks.of(track);
    let service = view.state.services.of(track).as_ref();
    let running = Running {
        recorded: of.recorded(),
        service,
        deployment: service.and_then(primary),
        has_too_few: service.is_some_and(has_too_few),
        tasks: view.tasks.of(track),
        stopped: view.stopped.of(track),
        registered: &[Registered {
            port: of.port,
            health: view.health.of(track),
        }],
        definitions: &view.definitions,
    };
    let mut seen = ObservedTrack::default();
    let told = view.state.active(track).zip(view.state.count(bound, track));
    seen.written = told.map(|(service, count)| {
        let arn = definition(service);
        let described = view.definitions.get(arn);
        let revision = described.map_or_else(
            || SeenRevision::new(short(arn), Images::default()),
            |described| described.seen(of.recorded()),
        );
        Written::new(revision, replicas(count))
    });
    seen.pods = running.pods();
    let scaler = view.state.scalers.of(track).as_ref();
    let scaler = scaler.filter(|_| of.scaler.is_some());
    seen.autoscaler = view
        .state
        .active(track)
        .zip(scaler)
        .map(|(service, scaler)| Autoscaler {
            min: number(scaler.min_capacity),
            max: number(scaler.max_capacity),
            wanted: number(service.desired_count),
        });
    seen.labels = labels(bound, track);
    seen
}

/// The dimensions of CloudWatch that tell the tracks apart, and the load balancer without which a target group's
/// metrics are not found: a target group belongs to one only, which every rule tells.
fn labels(bound: &Bound, track: Track) -> BTreeMap<String, String> {
    let of = bound.tracks.of(track);
    let pairs = [
        ("ClusterName", bound.cluster.as_str()),
        ("ServiceName", &of.service),
        ("TargetGroup", resource(&of.target_group)),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let rule = bound.rules.first().map(|of| &of.rule);
    let balancer = rule.and_then(listener::dimension);
    let balancer = balancer.map(|name| ("LoadBalancer".to_owned(), name));
    pairs.into_iter().chain(balancer).collect()
}
