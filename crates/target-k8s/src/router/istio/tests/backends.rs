//! The Services whose EndpointSlices tell which pods proxies know of.

use strategy_core::Tracks;

use super::*;

fn of(router: &IstioRouter, objects: &Objects) -> (Vec<ObjectRef>, Vec<ObjectRef>) {
    let Tracks { stable, candidate } =
        router.backends_by_track(objects, &labels("catalog"), "shop");
    (stable, candidate)
}

fn service(name: &str) -> Vec<ObjectRef> {
    vec![ObjectRef::service(name)]
}

#[test]
fn subsets_share_one_service_and_hosts_have_one_each() {
    let catalog = of(&subsets(), &objects(SUBSETS));
    assert_eq!(catalog, (service("catalog"), service("catalog")));
    let search = of(&hosts(), &objects(HOSTS));
    assert_eq!(search, (service("search"), service("search-canary")));
}

#[test]
fn a_host_that_is_no_service_of_this_namespace_is_not_asked_about() {
    for elsewhere in ["search-canary.other", "search.example.com"] {
        let mut router = hosts();
        router.canary = IstioDestination::host(elsewhere);
        let asked = of(&router, &objects(HOSTS));
        assert_eq!(asked, (service("search"), Vec::new()), "{elsewhere}");
    }
    let mut gone = objects(HOSTS);
    gone.clear();
    assert_eq!(of(&hosts(), &gone), (Vec::new(), Vec::new()));
}
