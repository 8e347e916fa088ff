//! Whose the services are: taken, handed over and given up by tags, service by service.
//!
//! Tags have no compare-and-set. They are read, compared, written and read back, so of two that claim at
//! once the one that wrote last has it, and the other is told; see the decision on claims by tags.

use aws_sdk_ecs::types::Service;
use strategy_core::target::{Claim, TargetError, TargetErrorKind};

use crate::api::Api;
use crate::error::found;
use crate::mark::{self, Held, Retag};

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
pub(crate) struct Claimable<'a> {
    pub(crate) resource: String,
    pub(crate) service: &'a Service,
}

/// The claim in force: that of the first service which has one, since they are claimed in their order and
/// given up backwards.
///
/// # Errors
/// When a tag of ours says what is no claim.
pub(crate) fn in_force(services: &[Claimable<'_>]) -> Result<Option<Claim>, TargetError> {
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
pub(crate) fn last_epoch(services: &[Claimable<'_>]) -> u64 {
    let epochs = services.iter().map(|of| mark::last_epoch(of.service));
    epochs.max().unwrap_or(0)
}

impl Change<'_> {
    /// Whether a service may change hands.
    ///
    /// Besides `from` and `to` itself, what an interrupted change of the same hands left behind is let
    /// through: a service that is free, or that an earlier epoch of either holder is on. What is free is
    /// taken only with an epoch that is not over.
    fn allows(&self, service: &Service) -> Result<(), String> {
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
        let known = [self.from, self.to].into_iter().flatten();
        let mut known = known.filter(|known| known.holder == claim.holder);
        if known.any(|known| claim.epoch <= known.epoch) {
            Ok(())
        } else {
            Err(format!("it is claimed by {claim}"))
        }
    }

    /// What is to be written to each service, in order; giving up goes backwards.
    ///
    /// # Errors
    /// `Conflict` when something else than `from` is there.
    pub(crate) fn retags(
        &self,
        services: &[Claimable<'_>],
    ) -> Result<Vec<(String, Retag)>, TargetError> {
        for Claimable { resource, service } in services {
            self.allows(service)
                .map_err(|message| conflict(resource, message))?;
        }
        self.check_from(services)?;
        let retag = |service: &Service| match self.to {
            Some(to) => Retag::claimed(service, to, self.from.is_none()),
            None => Retag::given_up(service, self.from.map_or(0, |claim| claim.epoch)),
        };
        let all = services.iter().map(|of| {
            let arn = of.service.service_arn().unwrap_or_default();
            (arn.to_owned(), retag(of.service))
        });
        let mut all: Vec<_> = all.filter(|(_, retag)| !retag.is_nothing()).collect();
        if self.to.is_none() {
            all.reverse();
        }
        Ok(all)
    }

    /// Writes it; tells whether anything was written, which is then to be [looked at](Self::check_taken).
    ///
    /// # Errors
    /// Those of [`retags`](Self::retags) and of the calls.
    pub(crate) async fn carry_out(
        &self,
        api: &Api,
        services: &[Claimable<'_>],
    ) -> Result<bool, TargetError> {
        let mut written = false;
        for (service, retag) in self.retags(services)? {
            match api.retag(&service, &retag).await {
                Ok(()) => written = true,
                Err(error) if written => return Err(error.maybe_taken()),
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// `from` must be what is there: a claim that was given up or removed is not taken over.
    fn check_from(&self, services: &[Claimable<'_>]) -> Result<(), TargetError> {
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

    /// Whether what was written is what is there: somebody may have claimed at the same time.
    ///
    /// # Errors
    /// `Conflict` when it is not.
    pub(crate) fn check_taken(&self, services: &[Claimable<'_>]) -> Result<(), TargetError> {
        let Some(to) = self.to else {
            return Ok(());
        };
        for Claimable { resource, service } in services {
            if mark::held(service) != Held::By(to.clone()) {
                let message =
                    format!("{to} was written there, and somebody else's claim came after it");
                return Err(conflict(resource, message).maybe_taken());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
