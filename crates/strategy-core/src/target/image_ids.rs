//! The image ids that really run, by container.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// By container, the image ids that really run: more than one under one container means that a tag was
/// moved while pods were started.
///
/// A map whose clones share it until one of them is changed: what is seen, what was found and what was
/// validated are mostly the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageIds(Arc<BTreeMap<String, BTreeSet<String>>>);

impl Deref for ImageIds {
    type Target = BTreeMap<String, BTreeSet<String>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for ImageIds {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl<const N: usize> From<[(String, BTreeSet<String>); N]> for ImageIds {
    fn from(ids: [(String, BTreeSet<String>); N]) -> Self {
        ids.into_iter().collect()
    }
}

impl FromIterator<(String, BTreeSet<String>)> for ImageIds {
    fn from_iter<T: IntoIterator<Item = (String, BTreeSet<String>)>>(ids: T) -> Self {
        Self(Arc::new(ids.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_what_none_of_them_has_changed() {
        let ids = ImageIds::from([("app".to_owned(), ["sha256:1".to_owned()].into())]);
        let mut changed = ids.clone();
        assert!(std::ptr::eq(&*ids, &*changed));
        changed.clear();
        assert!(changed.is_empty());
        assert!(ids["app"].contains("sha256:1"));
    }
}
