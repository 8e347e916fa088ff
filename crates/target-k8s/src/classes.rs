//! Whether the classes that Ingresses name are there.

use std::collections::BTreeMap;

use strategy_core::target::{Finding, TargetError, TargetErrorKind};

use crate::api::Api;
use crate::config::names::is_name;
use crate::object::ObjectRef;

/// Which of these classes are not there, or cannot be asked for: that is a right on the whole cluster, which
/// no Role of a namespace gives. Each with the Ingress that names it.
///
/// # Errors
/// When the server cannot be asked for another reason.
pub(crate) async fn missing(
    api: &Api,
    classes: BTreeMap<ObjectRef, ObjectRef>,
) -> Result<Vec<Finding>, TargetError> {
    let mut findings = Vec::new();
    for (class, by) in classes {
        let path = format!("/apis/{}/{}/{}", class.api, class.plural, class.name);
        let known = if is_name(&class.name) {
            api.document(&path, &class).await
        } else {
            Ok(None)
        };
        match known {
            Ok(Some(_)) => {}
            Ok(None) => findings.push(Finding::blocks(
                "ingress-class-not-found",
                by.to_string(),
                format!("its {class} is not there, so no controller is known to carry it out"),
                "mend `ingressClassName`, or install the controller of that class; for one that goes by the name alone, create the class",
            )),
            Err(error) if error.kind == TargetErrorKind::PermissionDenied => {
                findings.push(Finding::warns(
                    "ingress-class-not-checked",
                    by.to_string(),
                    format!("whether its {class} is there is not known, since that may not be read"),
                    "make sure that it is there, or allow `get` of `ingressclasses` by a ClusterRole",
                ));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(findings)
}
