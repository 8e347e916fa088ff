//! What lifecycle hooks that call a function are answered.

/// What a Lambda function answers when ECS calls it at a stage of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `SUCCEEDED`: go on.
    Succeeded,
    /// `FAILED`: the deployment is rolled back.
    Failed,
    /// `IN_PROGRESS`, call after call, until it is told otherwise.
    InProgress,
}
