//! The target against [moto](https://docs.getmoto.org), a server that others wrote after AWS's own models: wire formats,
//! typed errors, rules that are read, changed and written back, tags, and task definitions that are found again.
//!
//! How rollouts go is not asked of it, since nothing moves there. What it has otherwise than AWS, so that nothing
//! here rests on it:
//!
//! - A service starts no tasks and registers no targets, has one deployment for ever, and that one keeps the first task
//!   definition; its running count is what the server is started with, then whatever the count is set to.
//! - The tasks of one service are not told from those of another in its cluster. A task runs at once,
//!   and stops after so many looks.
//! - A target is healthy at once and not there any more once it is deregistered.
//! - `CreateService` takes a name that is taken, and drops the deployment configuration and the grace period.
//! - Task definitions are listed oldest first and all of them, whatever order and number are asked for.
//! - Weights are not checked: 1000, -1, all 0 and six target groups are taken. `ModifyListener` takes a target group
//!   that is not there, and the word for a client secret that is kept is stored as it is.
//! - `ModifyRule` takes the default rule, whose ARN ends unlike any of AWS. Rules with `jwt-validation`, with transforms
//!   or with regular expressions are refused.
//! - Only `DescribeRules` has pages, of 50.
//! - Credentials that it does not know are refused in XML without a code that clients can read, also where JSON is spoken.
//! - A registration does not tell the tags that it was made with; a description does.
//! - Alarms are described in older protocols only, and not in Smithy RPC v2 CBOR, the one that the client of CloudWatch
//!   speaks.
//! - A service without a security group, and a task whose container says nothing of its memory, are errors of its own.
//! - Nothing is ever throttled, slow or lost; what that comes to is tested on our own fake.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test"
)]

mod alarms;
mod calls;
mod claims;
mod definitions;
mod errors;
mod hand;
mod orphans;
mod pages;
mod recorder;
mod rules;
mod server;
mod shop;
