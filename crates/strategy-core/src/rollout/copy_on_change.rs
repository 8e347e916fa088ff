//! A map that is cheap to clone: clones share what none of them has changed since.

use std::collections::{BTreeMap, btree_map};
use std::ops::Index;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A map whose values are copied when they are changed, and not before.
///
/// Every input is held against what was before it, and most change one value or none: a copy of all
/// the others would be most of the work. `get_mut` and its like are to be asked for where something is
/// changed, since they copy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(
    serialize = "K: Serialize, V: Serialize",
    deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"
))]
pub(super) struct CopyOnChange<K: Ord, V>(Arc<BTreeMap<K, Arc<V>>>);

impl<K: Ord, V> Default for CopyOnChange<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for CopyOnChange<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(values: T) -> Self {
        let values = values.into_iter();
        Self(Arc::new(
            values.map(|(key, value)| (key, Arc::new(value))).collect(),
        ))
    }
}

impl<K: Ord + Clone, V: Clone + Eq> CopyOnChange<K, V> {
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        Arc::make_mut(&mut self.0).get_mut(key).map(Arc::make_mut)
    }

    pub(super) fn or_default(&mut self, key: &K) -> &mut V
    where
        V: Default,
    {
        let value = Arc::make_mut(&mut self.0).entry(key.clone()).or_default();
        Arc::make_mut(value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.into_iter().map(|(_, value)| value)
    }

    pub(super) fn clear(&mut self) {
        self.0 = Arc::default();
    }

    /// Takes over all that `newer` has.
    pub(super) fn merge(&mut self, newer: &Self) {
        let newer = newer.0.iter();
        Arc::make_mut(&mut self.0)
            .extend(newer.map(|(key, value)| (key.clone(), Arc::clone(value))));
    }

    /// What `older` does not have, or has otherwise.
    pub(super) fn since(&self, older: &Self) -> Self {
        let differs = |(key, value): &(&K, &Arc<V>)| older.0.get(*key) != Some(*value);
        let differing = self.0.iter().filter(differs);
        Self(Arc::new(
            differing
                .map(|(key, value)| (key.clone(), Arc::clone(value)))
                .collect(),
        ))
    }
}

impl<K: Ord, V> CopyOnChange<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).map(|value| &**value)
    }

    pub(super) fn iter(&self) -> Iter<'_, K, V> {
        self.into_iter()
    }

    pub(super) fn keys(&self) -> btree_map::Keys<'_, K, Arc<V>> {
        self.0.keys()
    }

    pub(super) fn values(&self) -> Values<'_, K, V> {
        self.0.values().map(|value| value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Ord, V> Index<&K> for CopyOnChange<K, V> {
    type Output = V;
    fn index(&self, key: &K) -> &V {
        &self.0[key]
    }
}

type Values<'a, K, V> = std::iter::Map<btree_map::Values<'a, K, Arc<V>>, fn(&'a Arc<V>) -> &'a V>;

type Iter<'a, K, V> =
    std::iter::Map<btree_map::Iter<'a, K, Arc<V>>, fn((&'a K, &'a Arc<V>)) -> (&'a K, &'a V)>;

impl<'a, K: Ord, V> IntoIterator for &'a CopyOnChange<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

type IterMut<'a, K, V> = std::iter::Map<
    btree_map::IterMut<'a, K, Arc<V>>,
    fn((&'a K, &'a mut Arc<V>)) -> (&'a K, &'a mut V),
>;

impl<'a, K: Ord + Clone, V: Clone> IntoIterator for &'a mut CopyOnChange<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;
    fn into_iter(self) -> Self::IntoIter {
        let values = Arc::make_mut(&mut self.0).iter_mut();
        values.map(|(key, value)| (key, Arc::make_mut(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> CopyOnChange<String, Vec<u32>> {
        ["a", "b"]
            .map(|key| (key.to_owned(), vec![1]))
            .into_iter()
            .collect()
    }

    fn shares(
        one: &CopyOnChange<String, Vec<u32>>,
        other: &CopyOnChange<String, Vec<u32>>,
        key: &str,
    ) -> bool {
        std::ptr::eq(&one[&key.to_owned()], &other[&key.to_owned()])
    }

    #[test]
    fn a_change_is_not_seen_by_clones_and_copies_nothing_else() {
        let before = map();
        let mut after = before.clone();
        after.get_mut(&"a".to_owned()).unwrap().push(2);
        assert_eq!(before, map());
        assert_eq!(after[&"a".to_owned()], [1, 2]);
        assert!(!shares(&before, &after, "a") && shares(&before, &after, "b"));
        assert_eq!(after.get_mut(&"c".to_owned()), None);
        after.or_default(&"c".to_owned()).push(3);
        assert_eq!(before.get(&"c".to_owned()), None);
    }

    #[test]
    fn what_differs_makes_the_older_one_the_newer_one() {
        let older = map();
        let mut newer = older.clone();
        newer.get_mut(&"a".to_owned()).unwrap().push(2);
        newer.or_default(&"c".to_owned()).push(3);
        let since = newer.since(&older);
        let keys: Vec<_> = since.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "c"]);
        assert!(newer.since(&newer.clone()).is_empty());
        let mut merged = older;
        merged.merge(&since);
        assert_eq!(merged, newer);
    }

    #[test]
    fn it_is_written_as_any_map() {
        let text = serde_json::to_string(&map()).unwrap();
        assert_eq!(text, r#"{"a":[1],"b":[1]}"#);
        assert_eq!(
            serde_json::from_str::<CopyOnChange<String, Vec<u32>>>(&text).unwrap(),
            map()
        );
    }
}
