//! Amazon CloudWatch as a rollout file names it: by whose credentials, and in which region.

use std::sync::Arc;

use async_trait::async_trait;
use strategy_metrics::MetricSource;

use super::http::{self, Wrong};
use super::secrets::{SecretAt, Secrets};
use super::{Aws, Kind, Problem};
use crate::ecs::{self, EcsError};
use crate::file::metrics::CloudWatch;

const PROFILE: &str = "profile";
const REGION: &str = "region";

/// Regions have short names of these; <https://docs.aws.amazon.com/global-infrastructure/latest/regions/>.
fn names_a_region(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len()) && text.bytes().all(fits)
}

#[async_trait]
impl Kind for CloudWatch {
    fn word(&self) -> &'static str {
        "cloudwatch"
    }

    fn sound(&self) -> Result<(), Wrong> {
        if let Some(problem) = ecs::no_cloudwatch() {
            return Err((String::new(), problem.to_owned()));
        }
        let wrong = |name: &str, problem: &str| Err((name.to_owned(), problem.to_owned()));
        if self
            .region
            .as_deref()
            .is_some_and(|name| !names_a_region(name))
        {
            return wrong(
                REGION,
                "this names no region; write one such as `eu-central-1`",
            );
        }
        let is_no_profile = |name: &str| name.is_empty() || name.contains(char::is_control);
        if self.profile.as_deref().is_some_and(is_no_profile) {
            return wrong(
                PROFILE,
                "this names no profile; write one of the AWS configuration",
            );
        }
        http::sound_timeout(self.timeout)
    }

    fn secrets(&self) -> Vec<SecretAt> {
        Vec::new()
    }

    fn unasked(&self) -> Result<Arc<dyn MetricSource>, String> {
        ecs::unasked_cloudwatch().map_err(|error| error.to_string())
    }

    async fn connected(&self, _: &Secrets, aws: &Aws) -> Result<Arc<dyn MetricSource>, Problem> {
        ecs::cloudwatch(self, aws.as_ref()).await.map_err(refused)
    }
}

/// In the words of this source, which has settings where a target has options.
fn refused(error: EcsError) -> Problem {
    let named = |profile: &Option<String>| {
        let named = profile.as_ref();
        named.map_or_else(String::new, |name| format!(" with the profile `{name}`"))
    };
    let (field, what) = match &error {
        EcsError::NoCredentials { profile, source } => (
            PROFILE,
            format!(
                "found no credentials for AWS{} ({}); write `profile`, set $AWS_PROFILE, log in with `aws sso \
                 login`, or run where a role is given",
                named(profile),
                http::causes(&**source)
            ),
        ),
        EcsError::CredentialsFailed { profile, source } => (
            PROFILE,
            format!(
                "the credentials for AWS{} could not be had ({}); if a sign-on is over, log in again with `aws \
                 sso login`",
                named(profile),
                http::causes(&**source)
            ),
        ),
        EcsError::NoRegion => (
            REGION,
            "no region is known; write one, or name it by $AWS_REGION or the profile".to_owned(),
        ),
        EcsError::OtherAccount { .. } | EcsError::NotBuilt => (PROFILE, error.to_string()),
    };
    Problem { field, what }
}
