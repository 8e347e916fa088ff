//! Clients of the real SDK that talk to the fake.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_types::retry::RetryConfig;

use super::world::REGION;
use super::{Fake, SdkTime};

/// The same for every SDK crate, whose builders are alike and have no type in common.
macro_rules! client {
    ($fake:expr, $sdk:ident) => {{
        let time = SdkTime::new(Arc::clone(&$fake.clock));
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new(REGION))
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "fake"))
            .http_client($fake.clone())
            .sleep_impl(SharedAsyncSleep::new(time.clone()))
            .time_source(SharedTimeSource::new(time))
            // At most a second, which `SdkTime` makes a second: jitter would make equal runs differ.
            .retry_config(RetryConfig::standard().with_max_backoff(Duration::from_secs(1)))
            // The quota of retries is one for all clients of a process: what one test uses up another would lack.
            .retry_partition(
                $sdk::config::retry::RetryPartition::custom("fake")
                    .token_bucket($sdk::config::retry::TokenBucket::unlimited())
                    .build(),
            )
            .build();
        $sdk::Client::from_conf(config)
    }};
}

impl Fake {
    /// The SDK's sleep and wall clock on the clock of this fake, for clients that are configured elsewhere.
    ///
    /// Such clients share a quota of retries with all others in the process unless they are given a retry partition
    /// with a token bucket of its own, as the clients below are.
    pub fn sdk_time(&self) -> SdkTime {
        SdkTime::new(Arc::clone(&self.clock))
    }

    /// A client of Amazon ECS with three attempts a call; waiting takes virtual time.
    pub fn ecs_client(&self) -> aws_sdk_ecs::Client {
        client!(self, aws_sdk_ecs)
    }

    /// A client of Elastic Load Balancing with three attempts a call.
    pub fn elb_client(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        client!(self, aws_sdk_elasticloadbalancingv2)
    }

    /// A client of Amazon CloudWatch with three attempts a call.
    pub fn alarms_client(&self) -> aws_sdk_cloudwatch::Client {
        client!(self, aws_sdk_cloudwatch)
    }

    /// A client of Application Auto Scaling with three attempts a call.
    pub fn autoscaling_client(&self) -> aws_sdk_applicationautoscaling::Client {
        client!(self, aws_sdk_applicationautoscaling)
    }
}
