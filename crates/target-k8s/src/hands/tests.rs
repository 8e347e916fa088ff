//! Half of a write of ours, and somebody's hand on one of several objects that move as one.

mod others;

use serde_json::json;
use strategy_core::target::{
    Apply, Claim, Desired, DesiredTrack, EffectId, Effective, ForeignField, Observation,
    TargetError, TargetErrorKind, Writer,
};
use strategy_core::{Replicas, Revision, Traffic, Weight};

use super::*;
use crate::changes::{Change, Situation};
use crate::config::{Canary, Config, GatewayRouter, IngressRouter, Slot};
use crate::object::map_mut;
use crate::observe::observation;
use crate::observe::tests::{bound, view};
use crate::router::{self, fixture};
use crate::view::View;

const GATEWAY: &str = include_str!("../../tests/fixtures/gateway.yaml");
const INGRESS: &str = include_str!("../../tests/fixtures/ingress.yaml");

/// A rollout in the middle of its way, with several objects that move as one.
struct Scene {
    config: Config,
    bound: Bound,
    view: View,
    steps: u64,
}

/// One of each router that has several.
fn scenes() -> [Scene; 2] {
    let mut routes = GatewayRouter::new("api", "api", "api-canary");
    routes.http_routes.push("api-mesh".to_owned());
    routes.grpc_routes.push("api".to_owned());
    routes.add_canary = true;
    let mut ingresses = IngressRouter::new("api", ["api-blue", "api-green"]);
    ingresses.ingresses.push("intern".to_owned());
    // Behind Gateway API there are no slots.
    let canary = Canary::of("api-blue").named("api-green").create(false);
    let slots = [Slot::new("api-blue"), Slot::new("api-green")];
    [
        Scene::of(Config::new("shop", canary, routes), GATEWAY),
        Scene::of(Config::new("shop", slots, ingresses), INGRESS),
    ]
}

fn all() -> Traffic {
    Traffic::weight(Weight::FULL)
}

impl Scene {
    fn of(config: Config, manifest: &str) -> Self {
        config.check_router().unwrap();
        let router = router::of(&config.router);
        let mut view = view("blue", Vec::new());
        view.slices = None;
        view.objects.extend(fixture::objects(manifest));
        let mut bound = bound();
        let is_written = |object: &ObjectRef| !router.managed_paths(object).is_empty();
        bound.router = router.objects().into_iter().filter(is_written).collect();
        let state = router.read(&view.objects, &bound.labels()).unwrap();
        bound.traffic = state.traffic;
        bound.routes = state.owned;
        let claim = claim();
        for content in view.objects.values_mut() {
            *content = mark::with_claim(content, Some(&claim));
        }
        Self {
            config,
            bound,
            view,
            steps: 0,
        }
    }

    fn router(&self) -> Box<dyn Router> {
        router::of(&self.config.router)
    }

    fn look(&self) -> Observation {
        observation(&self.config, &self.bound, &*self.router(), &self.view).unwrap()
    }

    /// A write that is decided on what is seen now.
    fn request(&mut self, traffic: Traffic) -> Apply {
        let track = || DesiredTrack {
            revision: Revision::Recorded,
            replicas: Replicas::Count(1),
        };
        let desired = Desired {
            stable: track(),
            candidate: track(),
            traffic,
        };
        self.steps += 1;
        let mut request = Apply::new(EffectId(self.steps), claim(), desired);
        request.binding = self.bound.wrap().unwrap();
        request.seen = self.look().owned;
        request
    }

    fn changes(&self, request: &Apply) -> Result<Vec<Change>, TargetError> {
        let router = self.router();
        let situation = Situation {
            bound: &self.bound,
            objects: &self.view.objects,
            router: &*router,
            follow: self.config.follow,
            replica_sets: &self.view.replica_sets,
        };
        situation.changes(request)
    }

    /// Carries out the first of its writes, and says which objects they were.
    fn write(&mut self, request: &Apply, most: usize) -> Vec<ObjectRef> {
        let changes = self.changes(request).unwrap().into_iter().take(most);
        let written = changes.map(|change| match change {
            Change::Replace(object, content) => {
                self.view.objects.insert(object.clone(), content);
                object
            }
            Change::Create(..) | Change::Delete { .. } => panic!("{change:?}"),
        });
        written.collect()
    }

    /// Moves all of the traffic, and says in which order.
    fn move_all(&mut self) -> Vec<ObjectRef> {
        let request = self.request(all());
        self.write(&request, usize::MAX)
    }

    /// Somebody makes of one object what it was before, as far as its traffic goes.
    fn take_back(&mut self, object: &ObjectRef, before: &Objects, also_the_note: bool) {
        let now = self.view.objects.get_mut(object).unwrap();
        now["spec"] = before[object]["spec"].clone();
        if also_the_note {
            now["metadata"]["annotations"] = before[object]["metadata"]["annotations"].clone();
        }
    }

    #[track_caller]
    fn is_taken_back(&self, object: &ObjectRef) {
        let seen = self.look();
        let told: Vec<_> = seen.foreign.iter().map(|change| &change.message).collect();
        assert_eq!(told, [&format!("traffic of {object} was changed")]);
        assert_eq!(seen.foreign[0].field, ForeignField::Traffic);
        assert_eq!(seen.traffic.effective, Effective::Partial);
        assert_eq!(seen.traffic.written, Traffic::default(), "{object}");
    }
}

fn claim() -> Claim {
    Claim {
        holder: "api-1".parse().unwrap(),
        epoch: 1,
    }
}

#[test]
fn half_of_a_write_is_nobody_elses() {
    for mut scene in scenes() {
        let request = scene.request(all());
        let written = scene.write(&request, 1);
        assert_eq!(written.len(), 1);
        let seen = scene.look();
        assert_eq!(seen.foreign, []);
        assert_eq!(seen.traffic.effective, Effective::Partial);
        assert_eq!(seen.traffic.written, Traffic::default());
        // It goes on, be it decided on what was seen before or in the middle.
        for request in [request, scene.request(all())] {
            assert!(!scene.changes(&request).unwrap().is_empty());
        }
        scene.move_all();
        let seen = scene.look();
        assert_eq!((seen.traffic.written, seen.foreign), (all(), Vec::new()));
    }
}

#[test]
fn whichever_object_somebody_takes_back_is_told_and_heeded() {
    for number in 0..2 {
        for mut scene in scenes() {
            let before = scene.view.objects.clone();
            let written = scene.move_all();
            scene.take_back(&written[number], &before, false);
            scene.is_taken_back(&written[number]);
        }
    }
}

#[test]
fn a_hand_on_what_half_a_write_did_is_told_too() {
    for mut scene in scenes() {
        let before = scene.view.objects.clone();
        let request = scene.request(all());
        let written = scene.write(&request, 1);
        scene.take_back(&written[0], &before, false);
        let seen = scene.look();
        assert_eq!(seen.foreign.len(), 1, "{:?}", seen.foreign);
        assert_eq!(seen.traffic.written, Traffic::default());
    }
}

/// Objects are written one after the other, so that an earlier one is not behind a later one by our own doing.
#[test]
fn an_object_that_is_taken_back_with_its_note_is_told_by_a_later_one() {
    for mut scene in scenes() {
        let start = scene.view.objects.clone();
        let written = scene.move_all();
        let full = scene.view.objects.clone();
        scene.take_back(&written[0], &start, true);
        scene.is_taken_back(&written[0]);
        // Put back, and home, there is nothing left of it.
        scene.move_all();
        assert_eq!(scene.look().foreign, []);
        let home = scene.request(Traffic::default());
        scene.write(&home, usize::MAX);
        assert_eq!(scene.look().foreign, []);
        // From there, to what it was once.
        scene.take_back(&written[0], &full, true);
        let seen = scene.look();
        assert_eq!(seen.foreign.len(), 1, "{:?}", seen.foreign);
        assert_eq!(seen.traffic.written, all());
    }
}

/// What the server knows of who wrote the note tells it then.
#[test]
fn a_note_that_somebody_else_wrote_is_none_of_ours() {
    let field = json!({"f:metadata": {"f:annotations": {"f:rollway.dev/written": {}}}});
    let by =
        |manager: &str| json!([{"manager": manager, "operation": "Update", "fieldsV1": field}]);
    for (manager, told) in [("rollway", 0), ("kubectl-replace", 1)] {
        for mut scene in scenes() {
            scene.move_all();
            let home = scene.request(Traffic::default());
            let before = scene.view.objects.clone();
            let written = scene.write(&home, usize::MAX);
            let last = written.last().unwrap();
            scene.take_back(last, &before, true);
            let content = scene.view.objects.get_mut(last).unwrap();
            map_mut(content, "metadata")
                .unwrap()
                .insert("managedFields".to_owned(), by(manager));
            assert_eq!(scene.look().foreign.len(), told, "{manager}");
        }
    }
}

#[test]
fn a_write_does_not_go_over_what_somebody_did_since_it_began() {
    for number in 0..2 {
        for mut scene in scenes() {
            let before = scene.view.objects.clone();
            let request = scene.request(all());
            let written = scene.write(&request, number + 1);
            scene.take_back(&written[number], &before, false);
            let error = scene.changes(&request).unwrap_err();
            assert_eq!(error.kind, TargetErrorKind::Conflict);
            assert!(error.to_string().contains("traffic"), "{error}");
            // What was decided on seeing it may.
            let knowing = scene.request(all());
            let again = scene.write(&knowing, usize::MAX);
            assert!(again.contains(&written[number]));
            // And does it no second time.
            scene.take_back(&written[number], &before, false);
            scene.changes(&knowing).unwrap_err();
        }
    }
}

/// Within a second of ours, by what the server writes down of times.
#[test]
fn whoever_took_one_back_wrote_last() {
    let field = json!({"f:spec": {"f:rules": {}, "f:defaultBackend": {"f:service": {}}}});
    let by = |manager: &str| {
        json!([{
            "manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z",
            "fieldsV1": field,
        }])
    };
    for mut scene in scenes() {
        let before = scene.view.objects.clone();
        let written = scene.move_all();
        scene.take_back(&written[0], &before, false);
        for (object, manager) in [(&written[0], "ada"), (&written[1], "rollway")] {
            let content = scene.view.objects.get_mut(object).unwrap();
            map_mut(content, "metadata")
                .unwrap()
                .insert("managedFields".to_owned(), by(manager));
        }
        let seen = scene.look();
        let Writer::Other { name, .. } = &seen.traffic.writer else {
            panic!("{:?}", seen.traffic.writer);
        };
        assert_eq!((name.as_str(), seen.foreign[0].by.as_str()), ("ada", "ada"));
    }
}
