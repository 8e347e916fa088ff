//! Which Services tell of the pods of which track, and what of an entry is left as it is.

use super::*;

/// A namespace that is the target's own is read, and each track is seen by its own Service.
#[test]
fn services_whose_namespace_is_written_and_is_the_own_one_tell_of_pods() {
    let of = |router: &GatewayRouter| {
        let by_track = router.backends_by_track(&Objects::new(), &labels(), "shop");
        (router.backends("shop"), by_track.stable, by_track.candidate)
    };
    let (stable, canary) = (ObjectRef::service("api"), ObjectRef::service("api-canary"));
    let both = vec![stable.clone(), canary.clone()];
    let by_track = (both, vec![stable.clone()], vec![canary]);
    let mut router = one();
    assert_eq!(of(&router), by_track);
    router.canary.namespace = Some("shop".to_owned());
    assert_eq!(of(&router), by_track);
    router.canary.namespace = Some("other".to_owned());
    assert_eq!(of(&router), (vec![stable.clone()], vec![stable], vec![]));
}
