//! Which Deployments are the tracks, and which of their containers a release changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Which Deployments are the two tracks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WorkloadConfig {
    /// Blue-green: two Deployments that take turns. Which is live is read from the router.
    Slots([Slot; 2]),
    /// A stable Deployment, and a canary beside it.
    Canary(Canary),
}

impl From<[Slot; 2]> for WorkloadConfig {
    fn from(slots: [Slot; 2]) -> Self {
        Self::Slots(slots)
    }
}

impl From<Canary> for WorkloadConfig {
    fn from(canary: Canary) -> Self {
        Self::Canary(canary)
    }
}

/// One of two Deployments that take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Slot {
    /// The Deployment. Both must exist; one of them may have no replicas.
    pub deployment: String,
    /// Where its pods answer apart from user traffic, for smoke tests. Default: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

impl Slot {
    /// This Deployment, without a preview address.
    pub fn new(deployment: impl Into<String>) -> Self {
        Self {
            deployment: deployment.into(),
            preview: None,
        }
    }

    /// With an address for smoke tests, such as `http://api-green.shop.svc:8080`.
    #[must_use]
    pub fn preview(mut self, address: impl Into<String>) -> Self {
        self.preview = Some(address.into());
        self
    }
}

/// A stable Deployment, and a canary beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Canary {
    /// The Deployment that carries the traffic.
    pub stable: String,
    /// The other one. Default: the name of stable and `-canary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// Whether a canary that does not exist is made from stable, and removed again at the end. One
    /// that is found is kept. Default: yes.
    #[serde(default = "super::yes")]
    pub create: bool,
    /// Labels that the pods and the selector of a canary made from stable have instead of, or beside,
    /// those of stable. The canary's subset or Service must select them, and stable's must not.
    /// Default: `track: canary`.
    #[serde(default = "Canary::default_labels")]
    pub labels: BTreeMap<String, String>,
    /// Where the canary's pods answer apart from user traffic, for smoke tests. Default: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

impl Canary {
    /// A canary of this Deployment, made from it if it does not exist.
    pub fn of(stable: impl Into<String>) -> Self {
        Self {
            stable: stable.into(),
            canary: None,
            create: true,
            labels: Self::default_labels(),
            preview: None,
        }
    }

    /// Another name for the canary.
    #[must_use]
    pub fn named(mut self, canary: impl Into<String>) -> Self {
        self.canary = Some(canary.into());
        self
    }

    /// Other labels for a canary that is made.
    #[must_use]
    pub fn labels<K: Into<String>, V: Into<String>>(
        mut self,
        labels: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let labels = labels.into_iter();
        self.labels = labels
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        self
    }

    /// Whether a canary that does not exist is made.
    #[must_use]
    pub const fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// With an address for smoke tests.
    #[must_use]
    pub fn preview(mut self, address: impl Into<String>) -> Self {
        self.preview = Some(address.into());
        self
    }

    /// The canary's name.
    pub fn canary_name(&self) -> String {
        let default = || format!("{}-canary", self.stable);
        self.canary.clone().unwrap_or_else(default)
    }

    fn default_labels() -> BTreeMap<String, String> {
        [("track".to_owned(), "canary".to_owned())].into()
    }
}

/// Which containers take a released image although the release does not name them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Follow {
    /// None: only named containers change.
    Nobody,
    /// Init containers whose image is of the same repository as that of a named container: a
    /// migration must not stay behind the code it prepares for.
    #[default]
    InitContainers,
    /// Init containers and sidecars of the same repository.
    AllContainers,
}
