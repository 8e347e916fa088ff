//! The rollout files of these tests: the shapes of the examples, with times of seconds.

pub(crate) use crate::program::{FILE, JOURNAL};
use crate::shop::Mode;

/// The repository of the image that is released.
pub(crate) const REPOSITORY: &str = "registry.example/shop/api";

/// A rollout of the image with this tag; `more` is what else the file says.
pub(crate) fn rollout(mode: Mode, tag: &str, bake: &str, more: &str) -> String {
    let (target, strategy) = match mode {
        Mode::BlueGreen => (
            "workload: {slots: [api-blue, api-green]}
    router: {service-selector: {service: api, key: environment}}",
            format!("blue-green: {{bake: {bake}}}"),
        ),
        Mode::Canary => (
            "workload: {canary: {stable: api, labels: {track: canary}}}
    router: {istio: {virtual-service: api, destination-rule: api}}",
            format!(
                "canary: {{stages: [20%, 50%, 100%], bake: {bake}, bake-after-return: {bake}}}"
            ),
        ),
    };
    format!(
        "version: 1
name: shop-api
target:
  kubernetes:
    {target}
    drain: 1s
    settle: 500ms
strategy:
  {strategy}
release: {{api: \"{REPOSITORY}:{tag}\"}}
{more}
"
    )
}
