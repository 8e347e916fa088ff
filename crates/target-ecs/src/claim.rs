//! Whose the services are: taken, handed over and given up by tags, service by service.
//!
//! Tags have no compare-and-set. They are read, compared, written and read back, so of two that claim at
//! once the one that wrote last has it, and the other is told. Where each has one of the services, whoever has
//! the first, stable's, has them all: it writes the others anew, and the other one writes nothing any more. See
//! the decision on claims by tags.

use async_trait::async_trait;
use aws_sdk_ecs::types::Service;
use strategy_core::target::{Claim, TargetError, TargetErrorKind};

use crate::api::Api;
use crate::error::found;
use crate::mark::{self, Held, Retag};

/// So many tags are written for one change of hands, of two services: more only where somebody writes others
/// all the while.
const MOST_WRITES: u32 = 6;

/// One change of hands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) from: Option<&'a Claim>,
    pub(crate) to: Option<&'a Claim>,
}

fn conflict(resource: &str, message: impl Into<String>) -> TargetError {
    found(TargetErrorKind::Conflict, "claim", resource, message)
}

/// A service that is claimed, and how errors name it.
#[derive(Clone, Debug)]
pub(crate) struct Claimable {
    pub(crate) resource: String,
    pub(crate) service: Service,
}

/// The services of a part.
#[async_trait]
pub(crate) trait Services: Send + Sync {
    /// Those that are there, as they are now, in the order in which they are claimed.
    async fn now(&self) -> Result<Vec<Claimable>, TargetError>;
}

/// The claim in force: that of the first service which has one, since they are claimed in their order and
/// given up backwards.
///
/// # Errors
/// When a tag of ours says what is no claim.
pub(crate) fn in_force(services: &[Claimable]) -> Result<Option<Claim>, TargetError> {
    for Claimable { resource, service } in services {
        match mark::held(service) {
            Held::Free { .. } => {}
            Held::By(claim) => return Ok(Some(claim)),
            Held::Unreadable { tag, text } => {
                let message = format!(
                    "its tag `{tag}` is `{text}`, which is no claim; remove it if no rollout works on it"
                );
                let kind = TargetErrorKind::Ambiguous;
                return Err(found(kind, "read the claim of", resource, message));
            }
        }
    }
    Ok(None)
}

/// The highest epoch that was given up on any of them; 0: none.
pub(crate) fn last_epoch(services: &[Claimable]) -> u64 {
    let epochs = services.iter().map(|of| mark::last_epoch(&of.service));
    epochs.max().unwrap_or(0)
}

impl Change<'_> {
    /// Whether a service may change hands.
    ///
    /// Besides `from` and `to` itself, what an interrupted change of the same hands left behind is let
    /// through: a service that is free, or that an earlier epoch of either holder is on. What is free is
    /// taken only with an epoch that is not over. `is_decided`: they have the first service.
    fn allows(&self, service: &Service, is_decided: bool) -> Result<(), String> {
        let claim = match mark::held(service) {
            Held::Free { last_epoch } => {
                return match self.to {
                    Some(to) if to.epoch <= last_epoch => Err(format!(
                        "{to} comes too late: a claim with epoch {last_epoch} was given up there"
                    )),
                    Some(_) | None => Ok(()),
                };
            }
            Held::By(claim) => claim,
            Held::Unreadable { tag, text } => {
                return Err(format!("its tag `{tag}` is `{text}`, which cannot be read"));
            }
        };
        if is_decided || self.is_of(&claim) {
            Ok(())
        } else {
            Err(format!("it is claimed by {claim}"))
        }
    }

    /// Whether a claim is one of these hands', or was.
    fn is_of(&self, claim: &Claim) -> bool {
        let known = [self.from, self.to].into_iter().flatten();
        let mut known = known.filter(|known| known.holder == claim.holder);
        known.any(|known| claim.epoch <= known.epoch)
    }

    /// Whether one of these hands has the first service: then what others have put on the rest, which they lost
    /// the first for or never had, counts for nothing.
    fn is_decided(&self, services: &[Claimable]) -> bool {
        let first = services.first().map(|first| mark::held(&first.service));
        matches!(first, Some(Held::By(claim)) if self.is_of(&claim))
    }

    /// What is to be written to each service, in order; giving up goes backwards.
    ///
    /// # Errors
    /// `Conflict` when something else than `from` is there.
    pub(crate) fn retags(
        &self,
        services: &[Claimable],
    ) -> Result<Vec<(String, Retag)>, TargetError> {
        let is_decided = self.is_decided(services);
        for Claimable { resource, service } in services {
            self.allows(service, is_decided)
                .map_err(|message| conflict(resource, message))?;
        }
        self.check_from(services)?;
        let retag = |service: &Service| match self.to {
            Some(to) => Retag::claimed(service, to, self.from.is_none()),
            None => Retag::given_up(service, self.from.map_or(0, |claim| claim.epoch)),
        };
        let all = services.iter().map(|of| {
            let arn = of.service.service_arn().unwrap_or_default();
            (arn.to_owned(), retag(&of.service))
        });
        let mut all: Vec<_> = all.filter(|(_, retag)| !retag.is_nothing()).collect();
        if self.to.is_none() {
            all.reverse();
        }
        Ok(all)
    }

    /// Writes it, service by service, and reads all of them again after each: whoever lost the first one meanwhile
    /// writes no other.
    ///
    /// # Errors
    /// Those of [`retags`](Self::retags) and of the calls; `Conflict` when somebody else's claim came after it.
    pub(crate) async fn carry_out(
        &self,
        api: &Api,
        services: &dyn Services,
    ) -> Result<(), TargetError> {
        for written in 0..=MOST_WRITES {
            match self.step(api, services, written).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) if written > 0 => return Err(error.maybe_taken()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The next write, after so many; `false`: it was not needed, all of them are as they are to be.
    async fn step(
        &self,
        api: &Api,
        services: &dyn Services,
        written: u32,
    ) -> Result<bool, TargetError> {
        let there = services.now().await?;
        if written > 0 {
            self.check_first(&there)?;
        }
        let next = self.retags(&there)?.into_iter().next();
        let Some((service, retag)) = next else {
            self.check_taken(&there)?;
            return Ok(false);
        };
        if written == MOST_WRITES {
            return Err(came_after(self.to.or(self.from), &there));
        }
        api.retag(&service, &retag).await?;
        Ok(true)
    }

    /// Puts the claim on every service once more, where its holder has the first and somebody else's is on another.
    pub(crate) async fn take_back(
        claim: &Claim,
        api: &Api,
        services: &dyn Services,
    ) -> Result<(), TargetError> {
        let (from, to) = (Some(claim), Some(claim));
        Change { from, to }.carry_out(api, services).await
    }

    /// `from` must be what is there: a claim that was given up or removed is not taken over.
    fn check_from(&self, services: &[Claimable]) -> Result<(), TargetError> {
        let Some(from) = self.from else {
            return Ok(());
        };
        let there = in_force(services)?;
        let expected = [Some(from), self.to];
        if self.to.is_none() && there.is_none() || expected.contains(&there.as_ref()) {
            return Ok(());
        }
        let message = match there {
            None => format!("{from} was expected there, and nobody's claim is"),
            Some(there) => format!("{from} was expected there, and {there} is"),
        };
        let first = services.first().map(|of| of.resource.as_str());
        Err(conflict(first.unwrap_or("no service"), message))
    }

    /// Whether the first is still as it was written.
    fn check_first(&self, services: &[Claimable]) -> Result<(), TargetError> {
        match (self.to, services.first()) {
            (Some(to), Some(first)) if mark::held(&first.service) != Held::By(to.clone()) => {
                Err(came_after(Some(to), services))
            }
            (Some(_) | None, _) => Ok(()),
        }
    }

    /// Whether what was written is what is there: somebody may have claimed at the same time.
    ///
    /// # Errors
    /// `Conflict` when it is not.
    pub(crate) fn check_taken(&self, services: &[Claimable]) -> Result<(), TargetError> {
        let Some(to) = self.to else {
            return Ok(());
        };
        let is_another = |of: &&Claimable| mark::held(&of.service) != Held::By(to.clone());
        match services.iter().find(is_another) {
            Some(_) => Err(came_after(Some(to), services).maybe_taken()),
            None => Ok(()),
        }
    }
}

/// Somebody else's claim is where this one was written.
fn came_after(claim: Option<&Claim>, services: &[Claimable]) -> TargetError {
    let claim = claim.map_or_else(String::new, ToString::to_string);
    let first = services
        .first()
        .map_or("no service", |of| of.resource.as_str());
    conflict(
        first,
        format!("{claim} was written there, and somebody else's claim came after it"),
    )
}

/// Whether somebody else's claim is on a service, while the holder of this one has the first.
pub(crate) fn is_crossed(claim: &Claim, services: &[Claimable]) -> bool {
    let is_anothers = |of: &Claimable| match mark::held(&of.service) {
        Held::By(there) => there.holder != claim.holder,
        Held::Free { .. } | Held::Unreadable { .. } => false,
    };
    let first = services.first().map(|first| mark::held(&first.service));
    first == Some(Held::By(claim.clone())) && services.iter().any(is_anothers)
}

#[cfg(test)]
mod tests;
