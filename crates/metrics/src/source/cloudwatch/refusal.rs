//! What it means that a call failed: whether it may pass, and how to mend it.

use std::error::Error as StdError;

use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};

use super::answer::SAID;
use crate::source::SourceError;

/// The permission that every call needs.
pub(super) const ACTION: &str = "cloudwatch:GetMetricData";

/// How to mend a refusal for want of it.
pub(super) const IAM_MEND: &str = "allow `cloudwatch:GetMetricData` to its credentials, in the account and region of the metric; \
     `CloudWatch::permissions` has the statement";

const CREDENTIALS_MEND: &str = "give it credentials that are valid, and the machine the right time";

const METRIC_MEND: &str = "mend the metric";

/// Codes that tell of too many calls, of a server that is not well, or of a page that is no more.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html>
const PASSING: [&str; 12] = [
    "InternalFailure",
    "InternalServiceError",
    "InternalServiceFault",
    "InvalidNextToken",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "ServiceUnavailable",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes of a caller that is known and may not.
const DENIED: [&str; 4] = [
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "UnauthorizedOperation",
];

/// Codes of a caller that is not known, or not any more.
const UNKNOWN: [&str; 10] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// What a failed call means.
pub(super) fn refused<E>(source_name: &str, error: &SdkError<E>) -> SourceError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let permanent =
        |problem: String, mend: &str| SourceError::permanent(source_name, problem, mend);
    let passing = |problem: String| SourceError::passing(source_name, problem);
    let status = error.raw_response().map(|response| response.status());
    let status = status.map_or(0, |status| status.as_u16());
    match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or_default();
            let message = answer.err().message().unwrap_or_default();
            let said = match (code, message) {
                ("", "") => format!("it answers {status}"),
                ("", message) => heard(message),
                (code, "") => heard(code),
                (code, message) => heard(&format!("{code}: {message}")),
            };
            match code {
                code if PASSING.contains(&code) => passing(said),
                code if DENIED.contains(&code) => permanent(said, IAM_MEND),
                code if UNKNOWN.contains(&code) => permanent(said, CREDENTIALS_MEND),
                // A success that is none: something else answers in the place of CloudWatch.
                _ if status < 300 => passing(format!("its answer cannot be read: {said}")),
                _ if status >= 500 || status == 429 => passing(said),
                _ if status == 401 || status == 403 => permanent(said, IAM_MEND),
                _ => permanent(said, METRIC_MEND),
            }
        }
        SdkError::ConstructionFailure(_) => permanent(heard(&chain(error)), METRIC_MEND),
        SdkError::TimeoutError(_) => passing("no answer in time".to_owned()),
        SdkError::ResponseError(_) => passing(format!(
            "its answer cannot be read: {}",
            heard(&chain(error))
        )),
        // No connection, one that breaks, or no credentials, which may come.
        SdkError::DispatchFailure(_) => passing(heard(&chain(error))),
        // The SDK may learn of more ways to fail: none is known to be for ever.
        _ => passing(heard(&chain(error))),
    }
}

/// No longer than a person reads.
fn heard(said: &str) -> String {
    said.chars().take(SAID).collect()
}

/// An error and its causes, in one line.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
