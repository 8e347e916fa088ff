//! The rollout file: what is shipped, where, how, and what is done about what may come.
//!
//! `read` parses it, `RolloutFile::checked` turns it into what the library works with. Every error
//! names file, line, field and how to mend it.

pub(crate) mod check;
mod convert;
mod gate;
mod given;
mod hook;
mod intent;
pub(crate) mod judged;
mod located;
pub mod metrics;
mod policy;
mod release;
mod shorthand;
mod stage;
mod strategy;
pub mod target;
mod value;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::check::Check;
pub use self::gate::{Approvals, Gate};
pub use self::given::Given;
pub use self::hook::Hook;
pub use self::intent::Intent;
pub use self::metrics::Metrics;
pub use self::policy::Policies;
pub use self::release::Shipped;
pub use self::shorthand::Shorthand;
pub use self::stage::{Health, OnFailure, Promotion, Ready, Retire};
pub use self::strategy::Strategy;
pub use self::target::Target;
pub use self::value::{Amount, Limit, Percent, Time};
use self::yaml::Fields;
pub use self::yaml::Place;
use crate::render::plain::plain;

/// A rollout file holds at most so many bytes: no honest one comes near it.
pub const SIZE_LIMIT: u64 = 1024 * 1024;

/// A rollout: what is shipped, where, how, and what is done about what may come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "Rollway rollout file")]
pub struct RolloutFile {
    /// Version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// Name of the rollout: of its journal, and the beginning of its id.
    pub name: String,
    /// What it works on.
    pub target: Target,
    /// How the release is rolled out.
    pub strategy: Strategy,
    /// Which images are shipped. `--image` adds to it and goes first.
    #[serde(default)]
    pub release: Shipped,
    /// Where checks ask for metrics, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Metrics>,
    /// Judged measurements, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, Check>,
    /// What must be answered before a stage begins, by name of the stage.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<String, Vec<Gate>>,
    /// Work at points of a stage, by name of the stage.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hooks: BTreeMap<String, Vec<Hook>>,
    /// Who is asked before the promotion, and before what is no longer needed is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Approvals>,
    /// The members of each role that a gate or approval names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// How the release becomes stable. Default: the way that the target prefers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// What becomes of the track that is no longer needed. Default: `restore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retire: Option<Retire>,
    /// How long the stage before retirement is watched at least. Default: as long as it is baked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retire_after: Option<Time>,
    /// The built-in health checks in all stages. Default: all on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// When a track counts as ready, in all stages. Default: when all of it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Ready>,
    /// Limit for getting ready and shifting traffic, for each stage. Default: `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// What a failure means. Default: `roll-back`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// What a failure means once the release was judged good. Default: as in all stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_promotion_failure: Option<OnFailure>,
    /// Entering the stage of this name closes the way back. Default: there is no such stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_of_no_return: Option<String>,
    /// What is to be done about what may come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Policies>,
}

impl RolloutFile {
    /// Reads and checks a rollout file.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be read, is too large, or is no rollout file.
    pub fn read(path: &Path) -> Result<(Self, Source), FileError> {
        let text = text_of(path)?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<(Self, Source), FileError> {
        let source = Source {
            path: path.to_owned(),
            fields: Fields::of(text),
        };
        Ok((source.parsed(text)?, source))
    }

    /// The JSON Schema of this format.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }
}

/// The text of a file that people write.
///
/// # Errors
/// [`FileError`] when it cannot be read, or is too large.
fn text_of(path: &Path) -> Result<String, FileError> {
    let unreadable = |source| FileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    // Opening a pipe would wait for somebody who writes to it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(FileError::NoFile {
            path: path.to_owned(),
        });
    }
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    let read = file
        .take(SIZE_LIMIT + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > SIZE_LIMIT {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(text)
}

/// A check that stands in a file alone, as a rollout file has it under its name; and where in it each field stands.
///
/// # Errors
/// [`FileError`] when it cannot be read, is too large, or is no such check.
pub(crate) fn read_alone<T: DeserializeOwned>(path: &Path) -> Result<(T, Source), FileError> {
    let text = text_of(path)?;
    let source = Source {
        path: path.to_owned(),
        fields: Fields::of(&text),
    };
    Ok((source.parsed(&text)?, source))
}

/// Whether a file is a whole rollout, and no check alone.
///
/// # Errors
/// [`FileError`] when it cannot be read, or is too large.
pub(crate) fn is_rollout(path: &Path) -> Result<bool, FileError> {
    let fields = Fields::of(&text_of(path)?);
    Ok(fields.has("version") || fields.has("checks"))
}

/// Where a rollout file came from, and where in it each field stands.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    fields: Fields,
}

impl Source {
    /// What the text says, or where it is wrong.
    fn parsed<T: DeserializeOwned>(&self, text: &str) -> Result<T, FileError> {
        yaml::parse(text).map_err(|wrong| {
            let (place, field) = self.fields.of_wrong(&wrong);
            FileError::Wrong {
                path: self.path.clone(),
                field,
                place,
                problem: wrong.problem,
            }
        })
    }

    /// Whether the file has this field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.has(field)
    }

    /// The mistake with the place where it was made.
    pub fn locate(&self, mistake: Mistake) -> FileError {
        if mistake.is_option {
            return FileError::Option {
                option: mistake.field,
                problem: mistake.problem,
            };
        }
        FileError::Wrong {
            path: self.path.clone(),
            place: self.fields.place(&mistake.field),
            field: Some(mistake.field),
            problem: mistake.problem,
        }
    }
}

/// Something in a rollout file, or in an option that changes it, that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    field: String,
    problem: String,
    is_option: bool,
}

impl Mistake {
    /// In this field: `strategy.canary.stages[1].bake`. `problem` says how to mend it.
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
            is_option: false,
        }
    }

    /// In this option of the command line.
    pub(crate) fn option(option: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            is_option: true,
            ..Self::new(option, problem)
        }
    }

    /// The same in what an option of the command line says.
    pub(crate) fn of_option(self, option: &str) -> Self {
        Self::option(option, self.problem)
    }

    /// Where.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong, and how to mend it.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

/// Why there is no rollout in a file. Exit status 64.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read file {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("file {} is no regular file; write it to one", path.display())]
    NoFile {
        /// Which file.
        path: PathBuf,
    },
    /// It is no honest rollout file.
    #[error("file {} has more than 1 MiB; a rollout file has a few KiB", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// Something in it is wrong.
    #[error("{}", described(path, *place, field.as_deref(), problem))]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Where in it.
        place: Option<Place>,
        /// In which field.
        field: Option<String>,
        /// What, and how to mend it.
        problem: String,
    },
    /// An option does not fit the file.
    #[error("{option}: {problem}")]
    Option {
        /// Which option.
        option: String,
        /// What, and how to mend it.
        problem: String,
    },
}

fn described(path: &Path, place: Option<Place>, field: Option<&str>, problem: &str) -> String {
    let mut text = path.display().to_string();
    if let Some(place) = place {
        text.push_str(&format!(":{}:{}", place.line, place.column));
    }
    if let Some(field) = field {
        text.push_str(&format!(": {field}"));
    }
    // Names and values of the file stand in it, and those may be text of more than one line.
    plain(&format!("{text}: {problem}")).into_owned()
}

#[cfg(test)]
mod tests;
