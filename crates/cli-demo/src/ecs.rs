//! From the rollout file's target to targets on Amazon ECS, and the connection to AWS. Without the feature
//! `ecs` the same names say that it is not built in.

#[cfg(not(feature = "ecs"))]
mod absent;
#[cfg(feature = "ecs")]
mod cloudwatch;
#[cfg(feature = "ecs")]
mod sdk;

use thiserror::Error;

#[cfg(not(feature = "ecs"))]
pub use self::absent::{
    Config, Connection, Policy, capabilities, cloudwatch, configs, connect, no_cloudwatch,
    permissions, targets, unasked_cloudwatch,
};
#[cfg(feature = "ecs")]
pub use self::cloudwatch::{cloudwatch, no_cloudwatch, unasked_cloudwatch};
#[cfg(feature = "ecs")]
pub use self::sdk::{Connection, Policy, capabilities, configs, connect, permissions, targets};
#[cfg(feature = "ecs")]
pub use target_ecs::Config;

/// What is said of Amazon ECS by a program without it.
pub const NOT_BUILT: &str = "this program was built without Amazon ECS; build it with the feature `ecs`, which is on by default";

/// What is said of Amazon CloudWatch by a program without it.
#[cfg(not(feature = "ecs"))]
const NO_CLOUDWATCH: &str = "this program was built without Amazon CloudWatch; build it with the feature `ecs`, which is on by default";

/// AWS cannot be used as it is reached from here.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EcsError {
    /// Nothing says who asks, or what says so is wrong.
    #[error(
        "found no credentials for AWS{}; name a profile with --profile or $AWS_PROFILE, log in with `aws sso \
         login`, or run where a role is given",
        .profile.as_ref().map(|name| format!(" with the profile `{name}`")).unwrap_or_default()
    )]
    NoCredentials {
        /// The profile that was named by the option or by `AWS_PROFILE`.
        profile: Option<String>,
        /// Where they were looked for.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something says who asks, and could not give what proves it: a sign-on that is over, a role that may
    /// not be assumed, a process that failed.
    #[error(
        "the credentials for AWS{} could not be had; if a sign-on is over, log in again with `aws sso login`",
        .profile.as_ref().map(|name| format!(" of the profile `{name}`")).unwrap_or_default()
    )]
    CredentialsFailed {
        /// The profile that was named by the option or by `AWS_PROFILE`.
        profile: Option<String>,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The credentials are of another account than the ARNs of the file.
    #[error(
        "the credentials are of account {found}, and the target groups of the rollout are in {wanted}; \
         name a profile of {wanted} with --profile or $AWS_PROFILE"
    )]
    OtherAccount {
        /// Whose the credentials are.
        found: String,
        /// Where the target groups are.
        wanted: String,
    },
    /// Neither the file nor the environment names a region.
    #[error(
        "no region is known; name the service by its ARN, or the region by $AWS_REGION or the profile"
    )]
    NoRegion,
    /// The program cannot do it.
    #[error("{NOT_BUILT}")]
    NotBuilt,
}
