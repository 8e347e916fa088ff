//! Task definitions looked for: one that was registered for a release, and one that is named.

use strategy_core::target::{TargetError, TargetErrorKind};

use super::Api;
use crate::changes::Definition;
use crate::error::{found, is_of_code};
use crate::task_definition::Unregistered;

impl Api {
    /// Whether all of these are known without a call.
    pub(crate) fn has_described<'a>(&self, arns: impl IntoIterator<Item = &'a String>) -> bool {
        let known = self.known();
        arns.into_iter().all(|arn| known.contains_key(arn))
    }

    /// A release: one of these that was registered for it, or of the newest of its family; else one that is
    /// to be registered.
    pub(crate) async fn release(
        &self,
        made: Box<Unregistered>,
        running: &[String],
    ) -> Result<Definition, TargetError> {
        if let Some(arn) = self.registered(&made, running).await? {
            return Ok(Definition::Known(arn));
        }
        let newest = self.newest(made.family()).await?;
        Ok(match self.registered(&made, &newest).await? {
            Some(arn) => Definition::Known(arn),
            None => Definition::New(made),
        })
    }

    /// `family:revision` of the family of a base, for a service that errors name.
    pub(crate) async fn named(
        &self,
        base: &str,
        name: &str,
        service: &str,
    ) -> Result<Definition, TargetError> {
        let base = self.definition(base).await?;
        let family = base.family();
        let refuse = |message: String| {
            let kind = TargetErrorKind::Unsupported;
            found(kind, "ecs:DescribeTaskDefinition", service, message)
        };
        let revision = name.strip_prefix(family).and_then(|n| n.strip_prefix(':'));
        if !revision.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
            return Err(refuse(format!(
                "{name:?} is no task definition of its family; name it as `{family}:NUMBER`"
            )));
        }
        match self.definition(name).await {
            Ok(described) if described.is_active() => {
                Ok(Definition::Known(described.arn().to_owned()))
            }
            // So it says what is not there.
            Err(error)
                if error.kind != TargetErrorKind::NotFound
                    && !is_of_code(&error, "ClientException") =>
            {
                Err(error)
            }
            Ok(_) | Err(_) => Err(refuse(format!(
                "there is no active task definition {name}; `aws ecs list-task-definitions --family-prefix {family}` lists those there are"
            ))),
        }
    }
}
