//! Everyone who listens through a handle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use crate::rollout::Event;

/// News that a slow listener may lag behind.
pub(super) const LAG: usize = 1024;

/// Hear all news from the moment they ask. Clones are the same listeners.
///
/// The channel has room for all that one may lag behind from its first moment, tens of KiB of it, and
/// thousands of rollouts that nobody listens to should not have it each: it is made for the first who
/// does.
#[derive(Clone, Debug, Default)]
pub(super) struct Listeners(Arc<Mutex<Channel>>);

#[derive(Debug, Default)]
enum Channel {
    #[default]
    Unasked,
    Open(broadcast::Sender<Arc<Event>>),
    /// There will be no more news.
    Closed,
}

impl Listeners {
    /// One more; `None` when there will be no more news.
    pub(super) fn listen(&self) -> Option<broadcast::Receiver<Arc<Event>>> {
        let mut channel = self.channel();
        match &*channel {
            Channel::Open(sender) => Some(sender.subscribe()),
            Channel::Unasked => {
                let (sender, receiver) = broadcast::channel(LAG);
                *channel = Channel::Open(sender);
                Some(receiver)
            }
            Channel::Closed => None,
        }
    }

    pub(super) fn tell(&self, event: Event) {
        let mut channel = self.channel();
        // The room is given back when the last one has gone.
        if let Channel::Open(sender) = &*channel
            && sender.send(Arc::new(event)).is_err()
        {
            *channel = Channel::Unasked;
        }
    }

    pub(super) fn close(&self) {
        *self.channel() = Channel::Closed;
    }

    fn channel(&self) -> MutexGuard<'_, Channel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::News;
    use crate::timestamp::Timestamp;

    fn event(millis: u64) -> Event {
        Event {
            rollout: "r".parse().unwrap(),
            at: Timestamp::from_millis(millis),
            news: News::ClockJumped { by_ms: 1 },
        }
    }

    fn heard(receiver: &mut broadcast::Receiver<Arc<Event>>) -> Vec<u64> {
        let next = || receiver.try_recv().ok().map(|event| event.at.as_millis());
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn there_is_no_channel_while_nobody_listens() {
        let listeners = Listeners::default();
        listeners.tell(event(1));
        assert!(matches!(*listeners.channel(), Channel::Unasked));
        let mut first = listeners.listen().unwrap();
        listeners.tell(event(2));
        let mut second = listeners.listen().unwrap();
        listeners.tell(event(3));
        assert_eq!(heard(&mut first), [2, 3]);
        assert_eq!(heard(&mut second), [3]);
        drop((first, second));
        listeners.tell(event(4));
        assert!(matches!(*listeners.channel(), Channel::Unasked));
    }

    #[test]
    fn what_was_told_before_the_end_is_heard_and_then_the_end() {
        let listeners = Listeners::default();
        let mut receiver = listeners.listen().unwrap();
        listeners.tell(event(1));
        listeners.close();
        assert_eq!(heard(&mut receiver), [1]);
        let end = receiver.try_recv().unwrap_err();
        assert_eq!(end, broadcast::error::TryRecvError::Closed);
        assert!(listeners.listen().is_none());
    }
}
