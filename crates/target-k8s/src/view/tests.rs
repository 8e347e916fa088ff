//! Of which Services the EndpointSlices are looked at.

use serde_json::json;

use super::*;
use crate::config::{IstioDestination, IstioRouter};
use crate::fake::{Fake, NAMESPACE};
use crate::observe::tests::bound;
use crate::router::fixture;

const HOSTS: &str = include_str!("../../tests/fixtures/istio-hosts.yaml");

async fn slices(objects: Objects) -> Tracks<bool> {
    let mut router = IstioRouter::new("search", "none");
    router.destination_rule = None;
    router.stable = IstioDestination::host("search");
    router.canary = IstioDestination::host("search-canary");
    router.add_canary = true;
    let mut bound = bound();
    bound.router = vec![ObjectRef::virtual_service("search")];
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
