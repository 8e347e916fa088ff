//! Inboxes: in order, once, answered, and never brought down by what lies in the folder.
#![expect(
    clippy::unwrap_used,
    reason = "functions that tests share are tests as well"
)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use strategy_core::Timestamp;
use strategy_core::driver::{FileInbox, MemoryInbox, SendError};
use strategy_core::inbox::{Envelope, Inbox, InboxError};
use strategy_core::rollout::{Answer, Command, CommandId, Wish};
use strategy_core::world::{VirtualClock, block_on};
use tempfile::TempDir;

fn envelope(id: &str) -> Envelope {
    Envelope::Command(Command::new(id, "ann", Wish::Pause).because("lunch"))
}

fn id(text: &str) -> CommandId {
    CommandId(text.to_owned())
}

struct Setup {
    _folder: TempDir,
    path: PathBuf,
    clock: VirtualClock,
    inbox: FileInbox,
}

fn setup() -> Setup {
    let folder = TempDir::new().unwrap();
    let path = FileInbox::beside(folder.path().join("a.journal"));
    assert_eq!(path, folder.path().join("a.inbox"));
    let clock = VirtualClock::starting_at(Timestamp::from_millis(1_000_000));
    let inbox = FileInbox::open(&path, Arc::new(clock.clone())).unwrap();
    Setup {
        _folder: folder,
        path,
        clock,
        inbox,
    }
}

impl Setup {
    async fn send(&self, text: &str) -> Result<Answer, SendError> {
        let wait = Duration::from_secs(5);
        FileInbox::send(&self.path, &envelope(text), wait, &self.clock).await
    }

    /// Lies there, with this file time in seconds.
    fn put(&self, text: &str, seconds: u64) {
        let path = self.path.join(format!("{text}.json"));
        fs::write(&path, serde_json::to_vec(&envelope(text)).unwrap()).unwrap();
        let at = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        fs::File::open(&path).unwrap().set_modified(at).unwrap();
    }

    fn next(&self, after: Option<&str>) -> Result<Envelope, InboxError> {
        let after = after.map(id);
        block_on(&self.clock, self.inbox.next(after.as_ref())).unwrap()
    }

    /// Whether nothing comes within a minute.
    fn rests(&self, after: &str) -> bool {
        let until = self.clock.now() + Duration::from_secs(60);
        let after = id(after);
        let either =
            futures::future::select(self.inbox.next(Some(&after)), self.clock.sleep_until(until));
        matches!(
            block_on(&self.clock, either),
            Ok(futures::future::Either::Right(_))
        )
    }
}

#[test]
fn a_sender_is_told_what_became_of_it() {
    let setup = setup();
    let runner = async {
        let taken = setup.inbox.next(None).await.unwrap();
        assert_eq!(taken, envelope("pause-1"));
        let answer = Answer::Refused("it is over".to_owned());
        setup.inbox.answer(taken.id(), &answer).await.unwrap();
        answer
    };
    let both = async { futures::join!(setup.send("pause-1"), runner) };
    let (sent, answer) = block_on(&setup.clock, both).unwrap();
    assert_eq!(sent.unwrap(), answer);
    // The same again is answered from the first.
    assert_eq!(
        block_on(&setup.clock, setup.send("pause-1"))
            .unwrap()
            .unwrap(),
        answer
    );
    assert!(setup.rests("pause-1"));
    // Something else under the same id is not.
    let other = Envelope::Command(Command::new("pause-1", "bob", Wish::Reject));
    let sent = FileInbox::send(&setup.path, &other, Duration::ZERO, &setup.clock);
    let refused = block_on(&setup.clock, sent).unwrap();
    assert!(
        matches!(refused, Err(SendError::Taken { .. })),
        "{refused:?}"
    );
}

#[test]
fn what_was_sent_to_another_rollout_is_refused() {
    let Setup {
        _folder: folder,
        path,
        clock,
        inbox,
    } = setup();
    let inbox = inbox.of("second".parse().unwrap());
    let send = async |text: &str, rollout: &str| {
        let (rollout, wait) = (rollout.parse().unwrap(), Duration::from_secs(5));
        FileInbox::send_to(&rollout, &path, &envelope(text), wait, &clock).await
    };
    let story = async {
        // From when the first rollout was not yet over: nobody answered.
        send("late", "first").await.unwrap_err();
        let carry = async {
            let next = inbox.next(None).await.unwrap();
            inbox.answer(next.id(), &Answer::Recorded).await.unwrap();
            next
        };
        let (next, answer) = futures::join!(carry, send("now", "second"));
        assert_eq!((next, answer.unwrap()), (envelope("now"), Answer::Recorded));
        let Answer::Refused(why) = send("late", "first").await.unwrap() else {
            panic!("an order to the first rollout reached the second one");
        };
        assert!(why.contains("`first`") && why.contains("`second`"), "{why}");
    };
    block_on(&clock, story).unwrap();
    drop(folder);
}

#[test]
fn a_sender_that_nobody_answers_says_so_after_its_time() {
    let setup = setup();
    let before = setup.clock.now();
    let error = block_on(&setup.clock, setup.send("pause-1"))
        .unwrap()
        .unwrap_err();
    assert_eq!(setup.clock.now().since(before), Duration::from_secs(5));
    assert!(
        error.to_string().contains("not answered within 5s"),
        "{error}"
    );
    // It lies there still, for whoever runs the rollout next.
    assert_eq!(setup.next(None).unwrap(), envelope("pause-1"));
}

#[test]
fn envelopes_come_in_order_of_arrival_then_of_name() {
    let setup = setup();
    for (text, seconds) in [("c", 10), ("z", 5), ("b", 10)] {
        setup.put(text, seconds);
    }
    let mut after = None;
    for expected in ["z", "b", "c"] {
        let taken = setup.next(after).unwrap();
        assert_eq!(taken.id(), &id(expected));
        after = Some(expected);
    }
    assert!(setup.rests("c"));
    // A late one with an early time is taken all the same.
    setup.put("a", 1);
    assert_eq!(setup.next(after).unwrap().id(), &id("a"));
}

#[test]
fn after_a_restart_only_the_unanswered_come_again() {
    let setup = setup();
    setup.put("a", 1);
    setup.put("b", 2);
    setup.next(None).unwrap();
    setup.next(Some("a")).unwrap();
    let first = id("a");
    let answered = setup.inbox.answer(&first, &Answer::Recorded);
    block_on(&setup.clock, answered).unwrap().unwrap();
    let again = FileInbox::open(&setup.path, Arc::new(setup.clock.clone())).unwrap();
    let taken = block_on(&setup.clock, again.next(None)).unwrap().unwrap();
    assert_eq!(taken.id(), &id("b"));
}

#[test]
fn what_cannot_be_read_is_named_set_aside_and_answered() {
    let setup = setup();
    let lay = |name: &str, bytes: &[u8]| fs::write(setup.path.join(name), bytes).unwrap();
    lay("half.json", br#"{"command":{"id":"half","act"#);
    lay("huge.json", &vec![b' '; 70_000]);
    lay(
        "other.json",
        &serde_json::to_vec(&envelope("another")).unwrap(),
    );
    lay("sp ace.json", b"{}");
    lay("readme.txt", b"not ours");
    fs::create_dir(setup.path.join("folder.json")).unwrap();
    let mut named = Vec::new();
    setup.put("good", 4_000_000_000);
    loop {
        match setup.next(Some("none")) {
            Ok(envelope) => {
                assert_eq!(envelope.id(), &id("good"));
                break;
            }
            Err(InboxError::Damaged { entry, problem, .. }) => {
                assert!(!problem.is_empty());
                named.push(entry);
            }
            Err(other) => panic!("{other}"),
        }
    }
    named.sort();
    let bad = [
        "folder.json",
        "half.json",
        "huge.json",
        "other.json",
        "sp ace.json",
    ];
    assert_eq!(named, bad);
    for name in bad {
        assert!(setup.path.join(format!("{name}.bad")).exists(), "{name}");
        assert!(!setup.path.join(name).exists(), "{name}");
    }
    assert!(setup.path.join("readme.txt").exists());
    let answer = fs::read_to_string(setup.path.join("half.answer.json")).unwrap();
    assert!(answer.contains("cannot be read"), "{answer}");
    assert!(setup.rests("good"));
}

#[test]
fn ids_that_lead_elsewhere_are_refused() {
    let setup = setup();
    for text in [
        "",
        "..",
        "../x",
        "a/b",
        ".hidden",
        "a b",
        "x.answer",
        &"x".repeat(101),
    ] {
        let error = block_on(&setup.clock, setup.send(text))
            .unwrap()
            .unwrap_err();
        assert!(matches!(error, SendError::Id { .. }), "{text}: {error}");
    }
    assert_eq!(fs::read_dir(&setup.path).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_steer() {
    use std::os::unix::fs::PermissionsExt as _;
    let setup = setup();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(setup.path.clone()), 0o700);
    block_on(&setup.clock, setup.send("a"))
        .unwrap()
        .unwrap_err();
    assert_eq!(mode(setup.path.join("a.json")), 0o600);
}

#[test]
fn in_memory_the_first_of_an_id_counts_and_is_answered() {
    let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
    let inbox = MemoryInbox::new();
    inbox.send(envelope("a"));
    inbox.send(Envelope::Command(Command::new("a", "bob", Wish::Reject)));
    inbox.send(envelope("b"));
    let first = block_on(&clock, inbox.next(None)).unwrap().unwrap();
    assert_eq!(first, envelope("a"));
    let second = block_on(&clock, inbox.next(Some(first.id())))
        .unwrap()
        .unwrap();
    assert_eq!(second, envelope("b"));
    assert!(block_on(&clock, inbox.next(Some(second.id()))).is_err());
    let later = async {
        clock.sleep_until(Timestamp::from_millis(5)).await;
        inbox.answer(&id("a"), &Answer::Recorded).await.unwrap();
        inbox.send(envelope("c"));
    };
    let after = id("b");
    let all =
        async { futures::join!(inbox.answer_to(first.id()), inbox.next(Some(&after)), later) };
    let (answer, third, ()) = block_on(&clock, all).unwrap();
    assert_eq!(answer, Answer::Recorded);
    assert_eq!(third.unwrap(), envelope("c"));
}
