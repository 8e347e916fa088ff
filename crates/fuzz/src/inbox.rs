//! A file in an inbox: a name and any bytes.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use futures::FutureExt as _;
use strategy_core::Timestamp;
use strategy_core::driver::FileInbox;
use strategy_core::inbox::{Envelope, Inbox, InboxError};
use strategy_core::rollout::{Answer, Command, Wish};
use strategy_core::world::VirtualClock;

use crate::scratch;

/// What another process left in an inbox: the file's name in the first line, then what is in it.
///
/// It is taken as an envelope of that name, or refused and put aside, or it is none of the inbox's
/// business; and it never keeps the next envelope from being taken.
pub fn inbox(bytes: &[u8]) {
    let Some((name, content)) = split(bytes) else {
        return;
    };
    let folder = scratch::folder();
    let folder = folder.path().join("a.inbox");
    let inbox = open(&folder);
    put(&folder, name, content, 1);
    let honest = Envelope::Command(Command::new("honest", "ann", Wish::Pause));
    if !name.starts_with("honest.") {
        put(
            &folder,
            "honest.json",
            &serde_json::to_vec(&honest).unwrap(),
            2,
        );
    }
    let mut taken = Vec::new();
    for _ in 0..3 {
        match inbox.next(None).now_or_never() {
            Some(Ok(envelope)) => {
                let id = envelope.id().clone();
                assert!(
                    !taken.contains(&id),
                    "`{id}` was answered, and is taken again"
                );
                if id.0 != "honest" {
                    assert_eq!(format!("{id}.json"), name, "it is not called by its id");
                    comes_back(&folder.with_extension("sent"), &envelope);
                }
                inbox
                    .answer(&id, &Answer::Recorded)
                    .now_or_never()
                    .unwrap()
                    .unwrap();
                assert_eq!(answer(&folder, &id.0), Some(Answer::Recorded));
                taken.push(id);
            }
            Some(Err(InboxError::Damaged { entry, .. })) => {
                assert_eq!(entry, name);
                assert!(!folder.join(name).exists(), "it stays in the way");
                assert_eq!(
                    fs::read(folder.join(format!("{name}.bad"))).unwrap(),
                    content
                );
                let id = name.strip_suffix(".json").unwrap();
                if let Some(answer) = answer(&folder, id) {
                    assert!(matches!(answer, Answer::Refused(_)), "{answer:?}");
                }
            }
            // A name so long that it cannot be put aside.
            Some(Err(error)) => assert!(name.len() > 200, "{error}"),
            None => break,
        }
    }
    let is_taken = taken.iter().any(|id| id.0 == "honest");
    assert!(
        is_taken || name.starts_with("honest."),
        "`{name}` holds up what lies behind it"
    );
    assert!(
        inbox
            .next(None)
            .now_or_never()
            .is_none_or(|next| next.is_err()),
        "taken again"
    );
    is_answered(&folder.with_extension("asked"), content);
}

/// A name that a file of a folder can have.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let name = std::str::from_utf8(&bytes[..end]).ok()?;
    let is_name = (1..=250).contains(&name.len())
        && !name.contains(['/', '\0'])
        && name != "."
        && name != "..";
    is_name.then(|| (name, &bytes[end + 1..]))
}

fn open(folder: &Path) -> FileInbox {
    let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
    let inbox = FileInbox::open(folder, Arc::new(clock)).unwrap();
    inbox.of("shop-1".parse().unwrap())
}

fn put(folder: &Path, name: &str, content: &[u8], second: u64) {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(second))
        .unwrap();
}

fn answer(folder: &Path, id: &str) -> Option<Answer> {
    let answer = fs::read(folder.join(format!("{id}.answer.json"))).ok()?;
    Some(serde_json::from_slice(&answer).unwrap())
}

/// What was taken is taken as the same when it is sent.
fn comes_back(folder: &Path, envelope: &Envelope) {
    let inbox = open(folder);
    let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
    let sent = FileInbox::send(folder, envelope, Duration::ZERO, &clock).now_or_never();
    assert!(sent.unwrap().is_err(), "nobody can have answered");
    let taken = inbox.next(None).now_or_never().unwrap().unwrap();
    assert_eq!(&taken, envelope);
}

/// The other side: whoever finds such an answer is told what it says, or that it cannot be read.
fn is_answered(folder: &Path, content: &[u8]) {
    drop(open(folder));
    put(folder, "asked.answer.json", content, 1);
    let asked = Envelope::Command(Command::new("asked", "ann", Wish::Pause));
    let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
    let sent = FileInbox::send(folder, &asked, Duration::ZERO, &clock).now_or_never();
    let says = serde_json::from_slice::<Answer>(content);
    match sent.expect("it waited for what is there") {
        Ok(answer) => assert_eq!(answer, says.unwrap()),
        Err(error) => assert!(says.is_err(), "{error}"),
    }
}
