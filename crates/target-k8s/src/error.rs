//! Errors of Kubernetes calls as [`TargetError`]s that name verb and resource.

use std::error::Error as StdError;
use std::io;

use strategy_core::target::{TargetError, TargetErrorKind};
use thiserror::Error;

use crate::router::RouterError;

/// What a failed call means, whatever it was about.
pub(crate) fn kind(error: &kube::Error) -> TargetErrorKind {
    if let kube::Error::Api(status) = error {
        return match status.code {
            401 | 403 => TargetErrorKind::PermissionDenied,
            404 => TargetErrorKind::NotFound,
            409 => TargetErrorKind::Conflict,
            400 | 422 => TargetErrorKind::InvalidConfig,
            405 => TargetErrorKind::Unsupported,
            429 => TargetErrorKind::RateLimited,
            _ => TargetErrorKind::Unavailable,
        };
    }
    if matches!(error, kube::Error::SerdeError(_) | kube::Error::FromUtf8(_)) {
        TargetErrorKind::Unexpected
    } else if matches!(error, kube::Error::BuildRequest(_)) {
        TargetErrorKind::InvalidConfig
    } else {
        TargetErrorKind::Unavailable
    }
}

/// A failed read: nothing was written.
pub(crate) fn read(error: &kube::Error, verb: &str, resource: &impl ToString) -> TargetError {
    write(error, verb, resource).certainly_not_taken()
}

/// A failed write: whether it was taken is told by what the server said, if it said anything.
pub(crate) fn write(error: &kube::Error, verb: &str, resource: &impl ToString) -> TargetError {
    let failure = TargetError::new(kind(error), verb, resource.to_string());
    let failure = if was_never_sent(error) {
        failure.certainly_not_taken()
    } else {
        failure
    };
    failure.because(Told::of(error))
}

/// No connection was made, so nothing can have arrived.
fn was_never_sent(error: &kube::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What the server or the connection said, in one line and without the request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct Told(pub(crate) String);

impl Told {
    pub(crate) fn of(error: &kube::Error) -> Self {
        if let kube::Error::Api(status) = error {
            return Self(if status.message.is_empty() {
                format!("{} {}", status.code, status.reason)
            } else {
                status.message.clone()
            });
        }
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let more = error.to_string();
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            cause = error.source();
        }
        Self(text)
    }
}

impl From<RouterError> for TargetError {
    fn from(error: RouterError) -> Self {
        let resource = error.resource.clone();
        Self::new(error.kind, "read the routes of", resource)
            .certainly_not_taken()
            .because(error)
    }
}

/// A failure found by looking, before anything was written.
pub(crate) fn found(
    kind: TargetErrorKind,
    verb: &str,
    resource: &(impl ToString + ?Sized),
    message: impl Into<String>,
) -> TargetError {
    TargetError::new(kind, verb, resource.to_string())
        .certainly_not_taken()
        .because(Told(message.into()))
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use strategy_core::target::Certainty;

    use super::*;

    fn api(code: u16) -> kube::Error {
        kube::Error::Api(Box::new(Status {
            code,
            message: format!("code {code}"),
            ..Status::failure("", "")
        }))
    }

    #[test]
    fn an_error_names_verb_and_resource_and_what_to_do() {
        for (code, kind, certainty) in [
            (403, TargetErrorKind::PermissionDenied, Certainty::NotTaken),
            (404, TargetErrorKind::NotFound, Certainty::NotTaken),
            (409, TargetErrorKind::Conflict, Certainty::NotTaken),
            (422, TargetErrorKind::InvalidConfig, Certainty::NotTaken),
            (429, TargetErrorKind::RateLimited, Certainty::NotTaken),
            (500, TargetErrorKind::Unavailable, Certainty::MayBeTaken),
            (503, TargetErrorKind::Unavailable, Certainty::MayBeTaken),
        ] {
            let error = write(&api(code), "update", &"service/api");
            assert_eq!((error.kind, error.certainty), (kind, certainty), "{code}");
            assert!(
                error.to_string().starts_with("update service/api"),
                "{error}"
            );
            assert!(
                error.to_string().contains(&format!("code {code}")),
                "{error}"
            );
            assert_eq!(read(&api(code), "get", &"x").certainty, Certainty::NotTaken);
        }
    }

    #[test]
    fn a_refused_connection_carried_nothing() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let error = write(
            &kube::Error::Service(Box::new(refused)),
            "update",
            &"service/api",
        );
        assert_eq!(error.kind, TargetErrorKind::Unavailable);
        assert_eq!(error.certainty, Certainty::NotTaken);
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let error = write(
            &kube::Error::Service(Box::new(reset)),
            "update",
            &"service/api",
        );
        assert_eq!(error.certainty, Certainty::MayBeTaken);
    }
}
