//! Faults: what goes wrong with a call, and which calls it hits.

use std::collections::{BTreeMap, BTreeSet};

use super::log::Service;
use super::wire::{Call, Refusal};

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused for too many calls: `ThrottlingException` or, in the query protocol, `Throttling`.
    /// Nothing is done.
    Throttled,
    /// Status 500; nothing is done.
    ServerError,
    /// The caller may not do this, with whichever action it needs; nothing is done.
    Denied,
    /// The connection is reset before anything is done.
    ResetBefore,
    /// Nothing is done, and no answer comes: after `Settings::hang` the connection times out.
    TimeoutBefore,
    /// It is done, and the answer never comes: after `Settings::hang` the connection times out.
    TimeoutAfter,
    /// It is done, and the connection is reset before the answer.
    ResetAfter,
    /// No answer comes: after `Settings::hang` the connection times out, and `Settings::late` after that it is done
    /// all the same.
    TimeoutThenDone,
}

impl Fault {
    /// Whether the call has had its effect all the same.
    pub const fn is_applied(self) -> bool {
        match self {
            Self::TimeoutAfter | Self::ResetAfter => true,
            Self::Throttled
            | Self::ServerError
            | Self::Denied
            | Self::ResetBefore
            | Self::TimeoutBefore
            | Self::TimeoutThenDone => false,
        }
    }

    /// What the service answers; `None` if nothing comes.
    pub(crate) fn refusal(self, service: Service) -> Option<Refusal> {
        match self {
            // Sources: "Request throttling for the Elastic Load Balancing API" and "Request throttling
            // for the Amazon ECS API"; the SDK takes both codes for throttling.
            Self::Throttled => Some(match service {
                Service::LoadBalancing => Refusal::plain("Throttling", "Rate exceeded"),
                Service::Ecs | Service::Autoscaling | Service::Alarms => {
                    Refusal::plain("ThrottlingException", "Rate exceeded")
                }
            }),
            Self::ServerError => Some(
                match service {
                    Service::Ecs => Refusal::plain("ServerException", "Service Unavailable"),
                    Service::LoadBalancing => {
                        Refusal::plain("InternalFailure", "An internal error")
                    }
                    Service::Autoscaling => {
                        Refusal::plain("InternalServiceException", "An internal error")
                    }
                    Service::Alarms => Refusal::plain("InternalServiceFault", "An internal error"),
                }
                .with_status(500),
            ),
            Self::Denied => Some(refusal_of(service, "this")),
            Self::ResetBefore
            | Self::TimeoutBefore
            | Self::TimeoutAfter
            | Self::ResetAfter
            | Self::TimeoutThenDone => None,
        }
    }
}

/// Which calls are hit.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    at: BTreeMap<usize, Fault>,
    next: Vec<(String, Fault, usize)>,
    /// After so many more of an operation.
    after: Vec<(String, Fault, usize)>,
    always: BTreeMap<String, Fault>,
    every: Option<Fault>,
    denied: BTreeSet<String>,
}

impl Faults {
    pub(crate) fn at(&mut self, index: usize, fault: Fault) {
        self.at.insert(index, fault);
    }

    pub(crate) fn next(&mut self, operation: &str, times: usize, fault: Fault) {
        self.next.push((operation.to_owned(), fault, times));
    }

    pub(crate) fn nth(&mut self, operation: &str, nth: usize, fault: Fault) {
        self.after.push((operation.to_owned(), fault, nth));
    }

    pub(crate) fn always(&mut self, operation: &str, fault: Option<Fault>) {
        match fault {
            Some(fault) => {
                self.always.insert(operation.to_owned(), fault);
            }
            None => {
                self.always.remove(operation);
            }
        }
    }

    pub(crate) fn every(&mut self, fault: Option<Fault>) {
        self.every = fault;
    }

    pub(crate) fn deny(&mut self, action: &str) {
        self.denied.insert(action.to_owned());
    }

    pub(crate) fn allow(&mut self, action: &str) {
        self.denied.remove(action);
    }

    /// The fault that hits the call with this index.
    pub(crate) fn hit(&mut self, index: usize, operation: &str) -> Option<Fault> {
        if let Some(fault) = self.at.remove(&index) {
            return Some(fault);
        }
        let waiting = self.after.iter_mut().filter(|(name, ..)| name == operation);
        let mut due = None;
        for (_, fault, left) in waiting {
            due = due.or_else(|| (*left == 0).then_some(*fault));
            *left = left.saturating_sub(1);
        }
        if due.is_some() {
            self.after
                .retain(|(name, _, left)| name != operation || *left > 0);
            return due;
        }
        let next = self
            .next
            .iter_mut()
            .find(|(name, _, times)| name == operation && *times > 0);
        if let Some((_, fault, times)) = next {
            *times -= 1;
            return Some(*fault);
        }
        self.always.get(operation).copied().or(self.every)
    }

    /// The refusal of a call that needs an action which is denied.
    pub(crate) fn denied(&self, call: &Call, actions: &[String]) -> Option<Refusal> {
        let action = actions
            .iter()
            .find(|action| self.denied.contains(*action))?;
        Some(refusal_of(call.service, action))
    }
}

fn refusal_of(service: Service, action: &str) -> Refusal {
    let message = format!(
        "User: arn:aws:iam::123456789012:user/rollway is not authorized to perform: {action}"
    );
    match service {
        Service::LoadBalancing => Refusal::plain("AccessDenied", message).with_status(403),
        Service::Ecs | Service::Autoscaling | Service::Alarms => {
            Refusal::plain("AccessDeniedException", message)
        }
    }
}
