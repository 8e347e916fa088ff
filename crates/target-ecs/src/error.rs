//! Errors of AWS calls as [`TargetError`]s that name the action, as a policy does, and the resource.

use std::error::Error as StdError;

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use strategy_core::target::{TargetError, TargetErrorKind};
use thiserror::Error;

/// Codes of another call under way: nothing was written, later it will work.
const UNDER_WAY: [&str; 3] = [
    "PriorRequestNotComplete",
    "ConcurrentUpdateException",
    "UpdateInProgressException",
];

/// Codes of credentials that may not do this, or are none.
const DENIED: [&str; 12] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "OperationNotPermitted",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Codes of something that is not there.
const MISSING: [&str; 10] = [
    "ClusterNotFoundException",
    "ListenerNotFound",
    "LoadBalancerNotFound",
    "ObjectNotFoundException",
    "ResourceNotFoundException",
    "RuleNotFound",
    "ServiceNotActiveException",
    "ServiceNotFoundException",
    "TargetGroupNotFound",
    "TargetNotFoundException",
];

/// Codes of what cannot be done here, however it is asked.
const UNSUPPORTED: [&str; 9] = [
    QUOTA,
    "PlatformTaskDefinitionIncompatibilityException",
    "PlatformUnknownException",
    "TargetGroupAssociationLimit",
    "TooManyActions",
    "TooManyTargets",
    "TooManyUniqueTargetGroupsPerLoadBalancer",
    "UnsupportedFeatureException",
    "UnsupportedProtocol",
];

/// There are as many of something as the account may have, such as tags of a resource: waiting does not help.
const QUOTA: &str = "LimitExceededException";

/// What to do about that.
const QUOTA_MEND: &str = "this is a quota of AWS and not a rate of calls: remove what is not needed, or ask for more by Service Quotas";

/// Codes of too many calls, which tell of a bucket without tokens: nothing was written, later it will work.
const TOO_MANY: [&str; 8] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "BandwidthLimitExceeded",
];

/// Whether AWS refused a call because the account makes too many.
pub(crate) fn is_throttled<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let status = error.raw_response().map(|response| response.status());
    let SdkError::ServiceError(answer) = error else {
        return false;
    };
    TOO_MANY.contains(&answer.err().code().unwrap_or_default())
        || status.is_some_and(|status| status.as_u16() == 429)
}

/// The same error once more, for somebody else who asked for the same.
pub(crate) fn again(error: &TargetError) -> TargetError {
    let told = error.source.as_ref().map(ToString::to_string);
    let mut same = TargetError::new(error.kind, &error.operation, &error.resource);
    same.certainty = error.certainty;
    match told {
        Some(told) => same.because(Told(told)),
        None => same,
    }
}

/// What a failed call means, whatever it was about.
fn kind<E: ProvideErrorMetadata>(error: &SdkError<E>) -> TargetErrorKind {
    let status = error.raw_response().map(|response| response.status());
    let status = status.map_or(0, |status| status.as_u16());
    match error {
        SdkError::ServiceError(answer) => match answer.err().code().unwrap_or_default() {
            code if TOO_MANY.contains(&code) => TargetErrorKind::RateLimited,
            code if UNDER_WAY.contains(&code) => TargetErrorKind::RateLimited,
            code if DENIED.contains(&code) => TargetErrorKind::PermissionDenied,
            code if MISSING.contains(&code) => TargetErrorKind::NotFound,
            code if UNSUPPORTED.contains(&code) => TargetErrorKind::Unsupported,
            _ if status >= 500 => TargetErrorKind::Unavailable,
            _ if status == 429 => TargetErrorKind::RateLimited,
            _ if status == 401 || status == 403 => TargetErrorKind::PermissionDenied,
            _ => TargetErrorKind::InvalidConfig,
        },
        SdkError::ConstructionFailure(_) => TargetErrorKind::InvalidConfig,
        SdkError::ResponseError(_) if (200..500).contains(&status) => TargetErrorKind::Unexpected,
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            TargetErrorKind::Unavailable
        }
        // The SDK may learn of more ways to fail: as long as nothing is known, it may have been taken.
        _ => TargetErrorKind::Unavailable,
    }
}

/// A failed read: nothing was written.
pub(crate) fn read<E>(error: &SdkError<E>, action: &str, resource: &str) -> TargetError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    write(error, action, resource).certainly_not_taken()
}

/// A failed write: a refusal was not taken; what has no answer, or one of a broken server, may have been.
pub(crate) fn write<E>(error: &SdkError<E>, action: &str, resource: &str) -> TargetError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    TargetError::new(kind(error), action, resource).because(Told::of(error))
}

/// What the server or the connection said, in one line and without the request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct Told(pub(crate) String);

impl Told {
    fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        if let SdkError::ServiceError(answer) = error {
            let code = answer.err().code().unwrap_or("an error without a code");
            let mut text = match answer.err().message() {
                Some(message) => format!("{code}: {message}"),
                None => code.to_owned(),
            };
            if code == QUOTA {
                text = format!("{}; {QUOTA_MEND}", text.trim_end_matches('.'));
            }
            return Self(text);
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

/// Whether AWS answered with this code.
pub(crate) fn is_of_code(error: &TargetError, code: &str) -> bool {
    let told = error.source.as_ref().map(ToString::to_string);
    told.is_some_and(|told| told.split(':').next() == Some(code))
}

/// A failure found by looking, before anything was written.
pub(crate) fn found(
    kind: TargetErrorKind,
    action: &str,
    resource: &str,
    message: impl Into<String>,
) -> TargetError {
    TargetError::new(kind, action, resource)
        .certainly_not_taken()
        .because(Told(message.into()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::config::http::HttpResponse;
    use aws_sdk_ecs::error::ErrorMetadata;
    use aws_sdk_ecs::operation::tag_resource::TagResourceError;

    use super::*;

    fn answered(code: &str) -> TargetError {
        let told = ErrorMetadata::builder().code(code).message("No more.");
        let error = TagResourceError::generic(told.build());
        let response = HttpResponse::new(400.try_into().unwrap(), "".into());
        let error = SdkError::service_error(error, response);
        let is_one = is_throttled(&error);
        assert_eq!(is_one, TOO_MANY.contains(&code), "{code}");
        write(&error, "ecs:TagResource", "service/shop/web")
    }

    /// Fifty tags are there, and there will be fifty later.
    #[test]
    fn a_quota_is_not_taken_for_throttling() {
        let error = answered(QUOTA);
        assert_eq!(error.kind, TargetErrorKind::Unsupported);
        assert!(!error.is_transient());
        assert!(error.to_string().contains("Service Quotas"), "{error}");
        for code in TOO_MANY.iter().chain(&UNDER_WAY) {
            assert_eq!(answered(code).kind, TargetErrorKind::RateLimited, "{code}");
        }
    }
}
