//! What became of a request.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;

use http::StatusCode;

/// What became of a request, as its sender sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Outcome {
    /// Answered with a status of 200 to 299.
    Success,
    /// Answered with a status of 300 to 399.
    Redirect,
    /// Answered with a status of 400 to 499.
    ClientError,
    /// Answered with a status from 500 on.
    ServerError,
    /// The connection ended before the answer did: reset, or closed.
    Reset,
    /// No connection: nobody listens there.
    Refused,
    /// Not answered within the time limit.
    TimedOut,
    /// Anything else: no way to the address, no socket left, an answer that is not HTTP.
    Broken,
}

impl Outcome {
    /// Whether a user would complain: everything but a success and a redirect.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        match self {
            Self::Success | Self::Redirect => false,
            Self::ClientError
            | Self::ServerError
            | Self::Reset
            | Self::Refused
            | Self::TimedOut
            | Self::Broken => true,
        }
    }

    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            // 101 to another protocol is none that was asked for.
            0..200 => Self::Broken,
            200..300 => Self::Success,
            300..400 => Self::Redirect,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }

    pub(crate) fn of_io(error: &std::io::Error) -> Self {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the kinds are the standard library's"
        )]
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected
            | ErrorKind::UnexpectedEof => Self::Reset,
            _ => Self::Broken,
        }
    }

    pub(crate) fn of_http(error: &hyper::Error) -> Self {
        if let Some(source) = error.source()
            && let Some(error) = source.downcast_ref::<std::io::Error>()
        {
            return Self::of_io(error);
        }
        // Closed without an answer, or with half of one, or before the request was on its way.
        if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            return Self::Reset;
        }
        Self::Broken
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Success => "2xx",
            Self::Redirect => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::Reset => "reset",
            Self::Refused => "refused",
            Self::TimedOut => "timed out",
            Self::Broken => "broken",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_of_a_class() {
        for (status, outcome, is_failure) in [
            (101, Outcome::Broken, true),
            (200, Outcome::Success, false),
            (299, Outcome::Success, false),
            (304, Outcome::Redirect, false),
            (404, Outcome::ClientError, true),
            (500, Outcome::ServerError, true),
            (502, Outcome::ServerError, true),
            (999, Outcome::ServerError, true),
        ] {
            let seen = Outcome::of_status(StatusCode::from_u16(status).unwrap());
            assert_eq!((seen, seen.is_failure()), (outcome, is_failure), "{status}");
        }
    }
}
