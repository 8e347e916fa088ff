//! What is asked for at once.

use std::sync::Arc;

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
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

/// Which Services have them is known by the routes alone, and is no reason to ask for one after the other.
#[tokio::test(start_paused = true)]
async fn the_slices_of_both_tracks_are_asked_for_at_once() {
    let mut router = IstioRouter::new("search", "");
    router.destination_rule = None;
    router.stable = IstioDestination::host("search");
    router.canary = IstioDestination::host("search-canary");
    router.add_canary = true;
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
