//! The calls to AWS: all that waits is here. Every call is made once, when it is its turn; who decides
//! whether it is made again is the machine.

mod batches;
mod definitions;
mod deployments;
mod listeners;
mod look;
mod preview;
mod read;
mod shown;
mod write;

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::rt::sleep::Sleep;
use strategy_core::target::TargetError;

pub(crate) use self::batches::Batches;
use self::shown::Masks;
use crate::account::{Account, Urgency};
use crate::error;
use crate::view::Definitions;

/// For how long a call of a look waits for others that want to know the like.
const COMPANY: Duration = Duration::from_millis(50);

/// Whose turn a call waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) urgency: Urgency,
    /// When it has waited for long enough.
    pub(crate) until: SystemTime,
    /// For how long it waits for others that want to know the like.
    pub(crate) company: Duration,
}

impl Turn {
    /// A token for each page or portion but the first, which has one.
    async fn after_the_first(
        self,
        account: &Account,
        index: usize,
        action: &str,
        about: &str,
    ) -> Result<(), TargetError> {
        if index == 0 {
            return Ok(());
        }
        account.turn(action, about, self.urgency, self.until).await
    }
}

/// The account, the task definitions that were read, which never change, and what was told AWS and may not
/// be shown yet.
#[derive(Clone)]
pub(crate) struct Api {
    account: Account,
    definitions: Arc<Mutex<Definitions>>,
    shown: Arc<Mutex<Masks>>,
    urgency: Urgency,
    company: Duration,
    /// `None`: as long as the account has patience, for each call.
    until: Option<SystemTime>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

impl Api {
    /// Of a target in this account.
    pub(crate) fn new(account: &Account) -> Self {
        account.joined();
        Self {
            account: account.clone(),
            definitions: Arc::default(),
            shown: Arc::default(),
            urgency: Urgency::Look,
            company: COMPANY,
            until: None,
        }
    }

    /// For the calls of one look that begins now.
    pub(crate) fn looking(&self) -> Self {
        Self {
            until: Some(self.account.limit(Urgency::Look)),
            ..self.clone()
        }
    }

    /// For one question whether there is news, which can wait so long for others.
    pub(crate) fn asking(&self, company: Duration) -> Self {
        Self {
            company,
            ..self.looking()
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.account.time().now()
    }

    /// `None` where there is nothing to wait with.
    pub(crate) fn sleep(&self, time: Duration) -> Option<Sleep> {
        self.account.time().sleep(time)
    }

    /// For the calls of one write or claim that begins now: they go before all looks, and wait for nobody.
    pub(crate) fn writing(&self) -> Self {
        Self {
            urgency: Urgency::Write,
            company: Duration::ZERO,
            until: Some(self.account.limit(Urgency::Write)),
            ..self.clone()
        }
    }

    fn turn(&self) -> Turn {
        Turn {
            urgency: self.urgency,
            until: self
                .until
                .unwrap_or_else(|| self.account.limit(self.urgency)),
            company: self.company,
        }
    }

    /// A read, when it is its turn.
    async fn read<T, E>(
        &self,
        action: &str,
        about: &str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, TargetError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.wait(action, about).await?;
        answered(&self.account, action, about, call).await
    }

    /// A write, when it is its turn.
    async fn write<T, E>(
        &self,
        action: &str,
        about: &str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, TargetError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let answer = self.attempt(action, about, call).await?;
        answer.map_err(|error| error::write(&error, action, about))
    }

    /// What a call came to, when it was its turn.
    ///
    /// # Errors
    /// `RateLimited` when its turn does not come in time.
    async fn attempt<T, E: ProvideErrorMetadata>(
        &self,
        action: &str,
        about: &str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<Result<T, SdkError<E>>, TargetError> {
        self.wait(action, about).await?;
        Ok(heeded(&self.account, action, call).await)
    }

    async fn wait(&self, action: &str, about: &str) -> Result<(), TargetError> {
        let turn = self.turn();
        let turn = self.account.turn(action, about, turn.urgency, turn.until);
        turn.await
    }

    fn shown(&self) -> MutexGuard<'_, Masks> {
        let shown = self.shown.lock();
        let mut shown = shown.unwrap_or_else(PoisonError::into_inner);
        shown.at(self.now());
        shown
    }

    fn known(&self) -> MutexGuard<'_, Definitions> {
        self.definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call came to, whose turn it was: that it was one too many is remembered.
async fn heeded<T, E: ProvideErrorMetadata>(
    account: &Account,
    action: &str,
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, SdkError<E>> {
    let answer = call.await;
    answer.inspect_err(|error| account.heed(error, action))
}

/// What a read came to, whose turn it was.
async fn answered<T, E>(
    account: &Account,
    action: &str,
    about: &str,
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, TargetError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let answer = heeded(account, action, call).await;
    answer.map_err(|error| error::read(&error, action, about))
}
