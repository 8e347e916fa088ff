//! The `release` section: which images are shipped, and what `--image` changes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strategy_core::{Images, InvalidRelease, Part, Release};

use super::Mistake;
use super::shorthand::Shorthand;
use crate::args::ImageOverride;

/// Images by container; where the target has parts, by part and container.
///
/// `{api: registry.example/api:2.4.1}`, or `{backend: {api: registry.example/api:2.4.1}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Shipped(BTreeMap<String, Shorthand<String, BTreeMap<String, String>>>);

impl Shipped {
    /// The release for these parts, with overrides in place.
    ///
    /// # Errors
    /// [`Mistake`] when a part has no image, an image is none, or an override fits no part.
    pub(super) fn release(
        &self,
        parts: &[Part],
        overrides: &[ImageOverride],
    ) -> Result<Release, Mistake> {
        let mut images = self.by_part(parts)?;
        for given in overrides {
            let part = part_of(given, &images)?;
            let of_part = images.entry(part).or_default();
            of_part.insert(given.container.clone(), given.image.clone());
        }
        let mut release = Vec::new();
        for part in parts {
            let of_part = images.remove(part).filter(|images| !images.is_empty());
            let of_part = of_part.ok_or_else(|| {
                Mistake::new(
                    "release",
                    format!(
                        "{} has no image; add `CONTAINER: IMAGE` here, or give \
                         `--image CONTAINER=IMAGE`",
                        described(part)
                    ),
                )
            })?;
            for (container, image) in &of_part {
                sound(part, container, image, parts, overrides)?;
            }
            let of_part = Images::parse(of_part)
                .map_err(|problem| Mistake::new("release", problem.to_string()))?;
            release.push((part.clone(), of_part));
        }
        Release::parts(release).map_err(|problem| Mistake::new("release", problem.to_string()))
    }

    fn by_part(&self, parts: &[Part]) -> Result<BTreeMap<Part, BTreeMap<String, String>>, Mistake> {
        let several = parts != [Part::main()];
        let mut images: BTreeMap<_, BTreeMap<_, _>> = parts
            .iter()
            .map(|part| (part.clone(), BTreeMap::new()))
            .collect();
        for (name, value) in &self.0 {
            let field = format!("release.{name}");
            match value {
                Shorthand::Word(image) if !several => {
                    images
                        .entry(Part::main())
                        .or_default()
                        .insert(name.clone(), image.clone());
                }
                Shorthand::Mapping(of_part) if several => {
                    let part = parts.iter().find(|part| part.as_str() == name);
                    let part = part.ok_or_else(|| {
                        Mistake::new(
                            field,
                            format!("the target has no part `{name}`; it has {}", listed(parts)),
                        )
                    })?;
                    images.insert(part.clone(), of_part.clone());
                }
                Shorthand::Word(_) => {
                    return Err(Mistake::new(
                        field,
                        format!(
                            "the target has parts, so images are named by part; write \
                             `PART: {{{name}: IMAGE}}` with PART one of {}",
                            listed(parts)
                        ),
                    ));
                }
                Shorthand::Mapping(_) => {
                    return Err(Mistake::new(
                        field,
                        "the target has no parts, so images are named by container alone; write \
                         `CONTAINER: IMAGE`",
                    ));
                }
            }
        }
        Ok(images)
    }
}

/// Whether it is an image with a tag or digest; if not, where it was given.
fn sound(
    part: &Part,
    container: &str,
    image: &str,
    parts: &[Part],
    overrides: &[ImageOverride],
) -> Result<(), Mistake> {
    let Err(problem) = Images::parse([(container, image)]) else {
        return Ok(());
    };
    let mend = if matches!(problem, InvalidRelease::NoTag { .. }) {
        format!("; add one, such as `{image}:2.4.1` or `{image}@sha256:...`")
    } else {
        String::new()
    };
    let problem = format!("{problem}{mend}");
    let is_meant = |given: &&ImageOverride| {
        let of_part = given.part.as_deref();
        given.container == container && of_part.is_none_or(|name| name == part.as_str())
    };
    // The last one is in force, if it is it that is wrong.
    let given = overrides.iter().rev().find(is_meant);
    if let Some(given) = given.filter(|given| given.image == image) {
        return Err(Mistake::option(format!("--image {given}"), problem));
    }
    let field = if *parts == [Part::main()] {
        format!("release.{container}")
    } else {
        format!("release.{part}.{container}")
    };
    Err(Mistake::new(field, problem))
}

/// The part that an override is for.
fn part_of(
    given: &ImageOverride,
    images: &BTreeMap<Part, BTreeMap<String, String>>,
) -> Result<Part, Mistake> {
    let parts: Vec<_> = images.keys().cloned().collect();
    let option = format!("--image {}", given.container);
    if let Some(name) = &given.part {
        let part = parts.iter().find(|part| part.as_str() == name);
        return part.cloned().ok_or_else(|| {
            Mistake::option(
                format!("--image {name}/{}", given.container),
                format!("the target has no part `{name}`; it has {}", listed(&parts)),
            )
        });
    }
    if let [only] = parts.as_slice() {
        return Ok(only.clone());
    }
    let having: Vec<_> = images
        .iter()
        .filter(|(_, of_part)| of_part.contains_key(&given.container))
        .map(|(part, _)| part.clone())
        .collect();
    match having.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Mistake::option(
            option,
            format!(
                "no part names this container; write `PART/{}=IMAGE` with PART one of {}",
                given.container,
                listed(&parts)
            ),
        )),
        _ => Err(Mistake::option(
            option,
            format!(
                "several parts name this container; write `PART/{}=IMAGE` with PART one of {}",
                given.container,
                listed(&having)
            ),
        )),
    }
}

fn described(part: &Part) -> String {
    if *part == Part::main() {
        "the release".to_owned()
    } else {
        format!("part `{part}`")
    }
}

fn listed(parts: &[Part]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| format!("`{part}`")).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(json: &str) -> Shipped {
        serde_json::from_str(json).unwrap()
    }

    fn parts(names: &[&str]) -> Vec<Part> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn check(shipped: &Shipped, parts: &[Part], overrides: &[&str]) -> Result<String, String> {
        let overrides: Vec<_> = overrides.iter().map(|text| text.parse().unwrap()).collect();
        shipped
            .release(parts, &overrides)
            .map(|release| release.to_string())
            .map_err(|mistake| format!("{}: {}", mistake.field(), mistake.problem()))
    }

    #[test]
    fn an_override_takes_the_place_of_the_file_s_image() {
        let one = shipped(r#"{"api": "api:1"}"#);
        let main = [Part::main()];
        assert_eq!(check(&one, &main, &[]).unwrap(), "api=api:1");
        assert_eq!(
            check(&one, &main, &["api=api:2", "proxy=envoy:3"]).unwrap(),
            "api=api:2, proxy=envoy:3"
        );
        assert_eq!(
            check(&Shipped::default(), &main, &["api=api:2"]).unwrap(),
            "api=api:2"
        );
    }

    #[test]
    fn an_override_finds_its_part_or_says_how_to_name_it() {
        let two = shipped(
            r#"{"backend": {"api": "api:1", "proxy": "envoy:1"}, "frontend": {"web": "web:1", "proxy": "envoy:1"}}"#,
        );
        let parts = parts(&["backend", "frontend"]);
        assert_eq!(
            check(&two, &parts, &["web=web:2", "backend/proxy=envoy:2"]).unwrap(),
            "backend: api=api:1, proxy=envoy:2; frontend: proxy=envoy:1, web=web:2"
        );
        for (given, word) in [
            ("proxy=envoy:2", "several parts"),
            ("nobody=x:1", "no part names"),
            ("middle/web=x:1", "no part `middle`"),
        ] {
            let error = check(&two, &parts, &[given]).unwrap_err();
            assert!(error.contains(word) && error.contains("--image"), "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_the_target_is_named() {
        let main = [Part::main()];
        let two = parts(&["backend", "frontend"]);
        for (json, parts, word) in [
            (r#"{}"#, &main[..], "the release has no image"),
            (r#"{"api": "api"}"#, &main[..], "api"),
            (r#"{"backend": {"api": "api:1"}}"#, &main[..], "no parts"),
            (r#"{"api": "api:1"}"#, &two[..], "named by part"),
            (
                r#"{"backend": {"api": "api:1"}}"#,
                &two[..],
                "part `frontend` has no image",
            ),
            (
                r#"{"middle": {"api": "api:1"}}"#,
                &two[..],
                "no part `middle`",
            ),
        ] {
            let error = check(&shipped(json), parts, &[]).unwrap_err();
            assert!(
                error.starts_with("release") && error.contains(word),
                "{error}"
            );
        }
    }
}
