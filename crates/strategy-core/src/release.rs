//! What is shipped: container to image per part, recorded once at the start.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One thing moved by a release: `frontend` and `backend`, or `eu` and `us`.
///
/// A single target is the part `main`, and nobody who has one need ever say so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Part(Arc<str>);

impl Part {
    /// The part of a rollout that has only one.
    pub fn main() -> Self {
        Self("main".into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Part {
    type Err = InvalidRelease;

    /// # Errors
    /// Unless it is 1 to 63 of `a-z 0-9 -` that begins and ends with a letter or digit.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let fits = (1..=63).contains(&name.len())
            && name.bytes().all(|b| inner(b) || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        if fits {
            Ok(Self(name.into()))
        } else {
            Err(InvalidRelease::PartName { name: shown(name) })
        }
    }
}

impl TryFrom<String> for Part {
    type Error = InvalidRelease;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Part> for String {
    fn from(part: Part) -> Self {
        part.as_str().to_owned()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An image reference with a tag, a digest, or both: `registry/shop/api:2.4.1@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Image(Arc<str>);

impl Image {
    /// The whole reference as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Everything before tag and digest.
    pub fn repository(&self) -> &str {
        let (name, _) = self.0.split_once('@').unwrap_or((&self.0, ""));
        match name.rfind(':') {
            Some(colon) if !name[colon..].contains('/') => &name[..colon],
            Some(_) | None => name,
        }
    }

    /// The tag, if it names one.
    pub fn tag(&self) -> Option<&str> {
        let (name, _) = self.0.split_once('@').unwrap_or((&self.0, ""));
        let tag = name.rfind(':').map(|colon| &name[colon + 1..])?;
        (!tag.contains('/')).then_some(tag)
    }

    /// The digest (`sha256:…`), if it names one.
    pub fn digest(&self) -> Option<&str> {
        self.0.split_once('@').map(|(_, digest)| digest)
    }

    /// Whether the reference can never mean anything else: it names a digest.
    pub fn is_immutable(&self) -> bool {
        self.digest().is_some()
    }
}

impl FromStr for Image {
    type Err = InvalidRelease;

    /// # Errors
    /// When empty, longer than 512 bytes, with spaces, or with neither tag nor digest.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let image = Self(text.into());
        let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_graphic());
        let fits = text.len() <= 512
            && plain(text)
            && plain(image.repository())
            && image.tag().is_none_or(|tag| !tag.is_empty())
            && image
                .digest()
                .is_none_or(|digest| digest.len() > 7 && digest.contains(':'));
        if !fits {
            return Err(InvalidRelease::Image { image: shown(text) });
        }
        if image.tag().is_none() && image.digest().is_none() {
            return Err(InvalidRelease::NoTag { image: shown(text) });
        }
        Ok(image)
    }
}

impl TryFrom<String> for Image {
    type Error = InvalidRelease;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Image> for String {
    fn from(image: Image) -> Self {
        image.as_str().to_owned()
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The images of one workload, by container name; init containers are containers too.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Images(Arc<BTreeMap<String, Image>>);

impl Images {
    /// Parses `(container, image)` pairs.
    ///
    /// # Errors
    /// When an image is not a reference with a tag or digest.
    pub fn parse<C, I>(pairs: impl IntoIterator<Item = (C, I)>) -> Result<Self, InvalidRelease>
    where
        C: Into<String>,
        I: AsRef<str>,
    {
        let images = pairs
            .into_iter()
            .map(|(container, image)| Ok((container.into(), image.as_ref().parse()?)));
        let images = images.collect::<Result<_, InvalidRelease>>()?;
        Ok(Self(Arc::new(images)))
    }

    /// The image of a container.
    pub fn get(&self, container: &str) -> Option<&Image> {
        self.0.get(container)
    }

    /// By container name, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Image)> {
        self.0
            .iter()
            .map(|(container, image)| (container.as_str(), image))
    }

    /// No container at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a workload that runs `seen` runs these: every container named here has this image there.
    /// Containers that are not named here may run anything; no containers run nothing.
    pub fn are_run_by(&self, seen: &Self) -> bool {
        !self.is_empty()
            && self
                .0
                .iter()
                .all(|(container, image)| seen.get(container) == Some(image))
    }
}

impl FromIterator<(String, Image)> for Images {
    fn from_iter<T: IntoIterator<Item = (String, Image)>>(pairs: T) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}

impl fmt::Display for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (container, image)) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{container}={image}")?;
        }
        Ok(())
    }
}

/// What is shipped: the images of each part.
///
/// Recorded once at the start; nothing is read again from the environment on the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Release(BTreeMap<Part, Images>);

impl Release {
    /// A release of a single target: `(container, image)` pairs.
    ///
    /// # Errors
    /// When no container is named, or an image has neither tag nor digest.
    ///
    /// ```
    /// # use strategy_core::Release;
    /// let release = Release::of([("api", "registry.example/shop/api:2.4.1")])?;
    /// # Ok::<(), strategy_core::InvalidRelease>(())
    /// ```
    pub fn of<C, I>(images: impl IntoIterator<Item = (C, I)>) -> Result<Self, InvalidRelease>
    where
        C: Into<String>,
        I: AsRef<str>,
    {
        Self::parts([(Part::main(), Images::parse(images)?)])
    }

    /// A release of several parts.
    ///
    /// # Errors
    /// When there is no part, or one of them names no container.
    pub fn parts(parts: impl IntoIterator<Item = (Part, Images)>) -> Result<Self, InvalidRelease> {
        let parts: BTreeMap<_, _> = parts.into_iter().collect();
        if parts.is_empty() {
            return Err(InvalidRelease::Empty);
        }
        match parts.iter().find(|(_, images)| images.is_empty()) {
            Some((part, _)) => Err(InvalidRelease::NoImages { part: part.clone() }),
            None => Ok(Self(parts)),
        }
    }

    /// The images of a part.
    pub fn images(&self, part: &Part) -> Option<&Images> {
        self.0.get(part)
    }

    /// By part, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Part, &Images)> {
        self.0.iter()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (1, Some(images)) = (self.0.len(), self.0.get(&Part::main())) {
            return images.fmt(f);
        }
        for (index, (part, images)) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{part}: {images}")?;
        }
        Ok(())
    }
}

/// Why something is no [`Release`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidRelease {
    /// It has no part.
    #[error("a release names at least one part")]
    Empty,
    /// A part names no container.
    #[error("part `{part}` names no container: give it at least one `container: image`")]
    NoImages {
        /// The part.
        part: Part,
    },
    /// A part's name is no DNS label.
    #[error("`{name}` cannot name a part: use 1 to 63 of a-z, 0-9 and `-`, not at either end")]
    PartName {
        /// What was given.
        name: String,
    },
    /// An image reference cannot be read.
    #[error("`{image}` is no image reference: write `repository:tag` or `repository@sha256:…`")]
    Image {
        /// What was given.
        image: String,
    },
    /// An image has neither tag nor digest.
    #[error(
        "image `{image}` has neither tag nor digest: what it means would change from day to day"
    )]
    NoTag {
        /// What was given.
        image: String,
    },
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_taken_apart() {
        let check = |text: &str, repository: &str, tag: Option<&str>, digest: Option<&str>| {
            let image: Image = text.parse().unwrap();
            assert_eq!(
                (image.repository(), image.tag(), image.digest()),
                (repository, tag, digest),
                "{text}"
            );
        };
        check("api:1", "api", Some("1"), None);
        check(
            "localhost:5000/a/api:1",
            "localhost:5000/a/api",
            Some("1"),
            None,
        );
        check(
            "localhost:5000/api@sha256:0123456789",
            "localhost:5000/api",
            None,
            Some("sha256:0123456789"),
        );
        check(
            "api:1@sha256:0123456789",
            "api",
            Some("1"),
            Some("sha256:0123456789"),
        );
        for text in [
            "",
            "api",
            "localhost:5000/api",
            "api:",
            ":1",
            "a b:1",
            "api@",
            "api@sha256:",
        ] {
            assert!(text.parse::<Image>().is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_is_run_by_a_workload_without_containers() {
        let asked = Images::parse([("api", "api:2")]).unwrap();
        let with_sidecar = Images::parse([("api", "api:2"), ("proxy", "proxy:9")]).unwrap();
        assert!(asked.are_run_by(&with_sidecar));
        assert!(!with_sidecar.are_run_by(&asked));
        assert!(!asked.are_run_by(&Images::default()));
        assert!(!Images::default().are_run_by(&asked));
    }

    #[test]
    fn a_release_names_parts_and_images() {
        assert_eq!(Release::parts([]), Err(InvalidRelease::Empty));
        assert!(Release::of([("api", "api")]).is_err());
        assert!(Release::of(Vec::<(String, String)>::new()).is_err());
        for name in ["", "-a", "a-", "A", "a.b", &"a".repeat(64)] {
            assert!(name.parse::<Part>().is_err(), "{name}");
        }
    }
}
