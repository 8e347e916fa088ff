//! A command that was recorded is answered so by whoever takes up the end, and never refused.

use strategy_core::inbox::{Inbox, InboxError};

use super::interrupted::hesitant;
use super::*;

/// An inbox that takes no answer: whoever has it crashes before it gave one.
#[derive(Clone, Debug)]
struct Mute(MemoryInbox);

#[async_trait]
impl Inbox for Mute {
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError> {
        self.0.next(after).await
    }
    async fn answer(&self, _: &CommandId, _: &Answer) -> Result<(), InboxError> {
        std::future::pending().await
    }
}

fn abort() -> Envelope {
    Envelope::Command(Command::new("stop", "ann", Wish::Abort { force: false }))
}

fn id() -> CommandId {
    CommandId("stop".to_owned())
}

#[test]
fn what_is_recorded_is_not_refused_by_whoever_takes_up_the_end() {
    let (mut taken_up, mut over) = (0, 0);
    for polls in 1.. {
        let (world, journal, inbox) = (world(), MemoryJournal::new(), MemoryInbox::new());
        inbox.send(abort());
        let first = hesitant(&world, &journal).inbox(Mute(inbox.clone()));
        let ended = poll_at_most(&world, started(&world, first), polls);
        if !json(&journal).contains("\"stop\"") {
            continue;
        }
        let second = driver(&world).journal(journal).inbox(inbox.clone());
        match world.block_on(second.resume()).unwrap() {
            Ok((_, run)) => {
                taken_up += 1;
                world.block_on(run).unwrap().unwrap();
            }
            Err(DriverError::Recover(RecoverError::Over { .. })) => over += 1,
            Err(error) => panic!("after {polls} polls: {error}"),
        }
        let answer = inbox.answered(&id());
        assert_eq!(answer, Some(Answer::Recorded), "after {polls} polls");
        if ended.is_some() {
            break;
        }
    }
    assert!(taken_up > 3 && over > 0, "{taken_up} taken up, {over} over");
}

#[test]
fn what_comes_when_it_is_over_is_refused_and_not_left_without_an_answer() {
    let (world, journal, inbox) = (world(), MemoryJournal::new(), MemoryInbox::new());
    carry(&world, driver(&world).journal(journal.clone())).unwrap();
    inbox.send(abort());
    let driver = driver(&world).journal(journal).inbox(inbox.clone());
    let resumed = world.block_on(driver.resume()).unwrap();
    assert!(matches!(
        resumed,
        Err(DriverError::Recover(RecoverError::Over { .. }))
    ));
    let answer = inbox.answered(&id());
    assert!(matches!(answer, Some(Answer::Refused(_))), "{answer:?}");
}
