//! What is asked for at once, and of which Services the EndpointSlices are looked at.

use std::sync::Arc;

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::json;
use tokio::sync::Barrier;
use tower::service_fn;

use super::*;
use crate::config::{IstioDestination, IstioRouter};
use crate::fake::{Fake, NAMESPACE};
use crate::observe::tests::bound;
use crate::router::fixture;

const HOSTS: &str = include_str!("../../tests/fixtures/istio-hosts.yaml");

/// A server that answers no list of EndpointSlices before so many are asked for.
fn server(fake: &Fake, slices_at_once: usize) -> Client {
    let fake = fake.clone();
    let barrier = Arc::new(Barrier::new(slices_at_once));
    let answer = move |request: Request<Body>| {
        let (fake, barrier) = (fake.clone(), Arc::clone(&barrier));
        async move {
            let uri = request.uri();
            let query = uri.query().unwrap_or_default();
            let is_list = !query.contains("watch=");
            if is_list && uri.path().ends_with("/endpointslices") {
                barrier.wait().await;
            }
            let (status, answer) = fake.read(uri.path(), query);
            Response::builder()
                .status(status)
                .body(Body::from(answer.into_bytes()))
        }
    };
    Client::new(service_fn(answer), NAMESPACE)
}

fn hosts() -> IstioRouter {
    let mut router = IstioRouter::new("search", "");
    router.destination_rule = None;
    router.stable = IstioDestination::host("search");
    router.canary = IstioDestination::host("search-canary");
    router.add_canary = true;
    router
}

/// Which Services have them is known by the routes alone, and is no reason to ask for one after the other.
#[tokio::test(start_paused = true)]
async fn the_slices_of_both_tracks_are_asked_for_at_once() {
    let router = hosts();
    let objects = fixture::objects(HOSTS);
    let mut bound = bound();
    bound.router = router.objects();
    let watches = Watches::new(server(&Fake::with(objects), 2), NAMESPACE);
    let view = Views::new(watches).view(&bound, None, &router).await;
    let slices = view.unwrap().backend_slices;
    assert_eq!(
        (slices.stable, slices.candidate),
        (Some(vec![]), Some(vec![]))
    );
}

async fn slices(objects: Objects) -> Tracks<bool> {
    let router = hosts();
    let mut bound = bound();
    bound.router = router.objects();
    let fake = Fake::with(objects);
    let views = Views::new(Watches::new(fake.client(), NAMESPACE));
    let view = views.view(&bound, None, &router).await.unwrap();
    Tracks {
        stable: view.backend_slices.stable.is_some(),
        candidate: view.backend_slices.candidate.is_some(),
    }
}

/// Istio follows such a name to where it leads; by its slices, of which there are none, no pod would ever be ready.
#[tokio::test]
async fn a_service_that_is_another_name_of_a_host_is_not_asked_about() {
    let mut objects = fixture::objects(HOSTS);
    let asked = slices(objects.clone()).await;
    assert!(asked.stable && asked.candidate);
    let canary = objects
        .get_mut(&ObjectRef::service("search-canary"))
        .unwrap();
    canary["spec"] = json!({"type": "ExternalName", "externalName": "search.edge.example.org"});
    let asked = slices(objects).await;
    assert!(asked.stable && !asked.candidate);
}
