//! Hands and notes that are not as this version alone would leave them.

use super::*;

/// Two hands at once: what takes most off the candidate is heeded, wherever it stands.
#[test]
fn of_two_hands_the_one_that_sends_the_least_to_the_candidate_counts() {
    for number in 0..2 {
        for mut scene in scenes() {
            let start = scene.view.objects.clone();
            let written = scene.move_all();
            let full = scene.view.objects.clone();
            for (at, object) in written.iter().enumerate() {
                let last = at + 1 == written.len();
                let is_taken_back = last == (number == 1);
                let before = if is_taken_back { &start } else { &full };
                scene.take_back(object, before, false);
                // It is another's in any case.
                let content = scene.view.objects.get_mut(object).unwrap();
                mark::note(content, "routes", json!("another"));
            }
            let seen = scene.look();
            assert_eq!(seen.foreign.len(), written.len(), "{:?}", seen.foreign);
            assert_eq!(seen.traffic.written, Traffic::default(), "{number}");
        }
    }
}

/// Where nobody's writes were kept, the server gives all that is there to a manager of its own when somebody applies
/// something else. That tells of nobody.
#[test]
fn a_note_that_the_server_gave_to_whoever_came_before_is_nobody_elses() {
    let field = json!({"f:metadata": {"f:annotations": {"f:rollway.dev/written": {}}}});
    for mut scene in scenes() {
        for object in scene.move_all() {
            let content = scene.view.objects.get_mut(&object).unwrap();
            let by = json!([{
                "manager": "before-first-apply", "operation": "Update", "fieldsV1": field,
            }]);
            map_mut(content, "metadata")
                .unwrap()
                .insert("managedFields".to_owned(), by);
        }
        assert_eq!(scene.look().foreign, []);
    }
}

/// As the version before wrote it, in the middle of a rollout that this one goes on with.
#[test]
fn notes_without_a_write_are_ours_and_older_than_all() {
    for half in [false, true] {
        for mut scene in scenes() {
            let before = scene.view.objects.clone();
            let request = scene.request(all());
            let written = scene.write(&request, if half { 1 } else { usize::MAX });
            for object in &written {
                let content = scene.view.objects.get_mut(object).unwrap();
                let (digest, _) = mark::noted_routes(content);
                let note = json!({ "routes": digest }).to_string();
                content["metadata"]["annotations"][mark::WRITTEN] = json!(note);
            }
            assert_eq!(scene.look().foreign, []);
            scene.move_all();
            assert_eq!(scene.look().foreign, []);
            let home = scene.request(Traffic::default());
            scene.write(&home, 1);
            let seen = scene.look();
            assert_eq!((seen.foreign, seen.traffic.written), (vec![], all()));
            let home = scene.request(Traffic::default());
            scene.write(&home, usize::MAX);
            assert_eq!(scene.look().foreign, []);
            if !half {
                scene.move_all();
                scene.take_back(&written[0], &before, false);
                scene.is_taken_back(&written[0]);
            }
        }
    }
}

/// Whoever takes over has a higher epoch, and that counts before the number of his write.
#[test]
fn a_write_of_who_took_over_is_later_than_all_before() {
    let [mut scene, _] = scenes();
    let request = scene.request(all());
    let of = |epoch, effect| {
        let mut request = request.clone();
        request.claim.epoch = epoch;
        request.id = EffectId(effect);
        Write::of(&request)
    };
    assert!(of(2, 1) > of(1, 9));
    assert!(of(1, 10) > of(1, 9));
}

/// A claim that somebody removed by hand leaves notes of what was once written; a start strips them, and nothing that
/// the next rollout owns is changed by that.
#[test]
fn notes_of_a_rollout_that_is_no_more_are_no_hand_between_discovery_and_claim() {
    for mut scene in scenes() {
        let start = scene.view.objects.clone();
        let written = scene.move_all();
        for object in &written {
            scene.take_back(object, &start, false);
        }
        for content in scene.view.objects.values_mut() {
            if let Some(annotations) = content["metadata"]["annotations"].as_object_mut() {
                annotations.remove(mark::CLAIM);
            }
        }
        let discovered = scene.look();
        let claim = claim();
        for content in scene.view.objects.values_mut() {
            *content = mark::with_claim(&mark::with_claim(content, None), Some(&claim));
        }
        assert_eq!(scene.look().owned, discovered.owned);
    }
}
