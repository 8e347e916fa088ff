//! `rollway judge`: a judge run over recorded data, look by look, as a rollout would have had it.

mod cadence;
mod config;
mod csv;
mod data;
mod labels;
mod looks;
mod problem;
mod shown;

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use strategy_metrics::source::Recording;
use thiserror::Error;

use self::config::Config;
use self::data::Recorded;
use self::labels::Labels;
pub use self::labels::Pattern;
use self::looks::{End, Run};
use self::problem::Problem;
use crate::args::{Judge, Output};
use crate::console::painted;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::paint::Paint;

/// Under this name the judge and the data are known to the analysis.
const KIND: &str = "recorded";
/// The most bytes of data that are read.
const BYTES: u64 = 64 * 1024 * 1024;

/// What is said of recorded data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// For people or for programs, as was asked for.
    pub lines: Vec<String>,
    /// The picture for documents.
    pub svg: String,
    /// What a rollout with this check alone would have ended with.
    pub exit: Exit,
}

/// `rollway judge`.
///
/// # Errors
/// As [`judged`], and when the picture cannot be written.
pub async fn judge(options: &Judge) -> Result<Exit, CliError> {
    let judged = judged(options, Paint::for_stream(&io::stdout())).await?;
    judged.lines.iter().for_each(|line| painted(line));
    if let Some(path) = &options.svg {
        write(path, &judged.svg).map_err(|source| CliError::Io {
            what: format!("write {}", path.display()),
            source,
        })?;
    }
    Ok(judged.exit)
}

/// What the judge says of the data, with these colours.
///
/// # Errors
/// [`CliError`] when the check or the data cannot be read, or do not fit together.
pub async fn judged(options: &Judge, paint: Paint) -> Result<Judged, CliError> {
    let config = Config::read(&options.config, options.check.as_deref())?;
    let recorded = recorded(options, &config)?;
    let wrong = |problem: Problem| wrong(&options.data, &problem);
    let run = looks::run(&config, recorded).await.map_err(wrong)?;
    Ok(Judged {
        lines: match options.output {
            Output::Json => shown::json(&config, &run),
            Output::Text => shown::text(&config, &run, paint),
        },
        svg: shown::svg(&config, &run),
        exit: exit(&run),
    })
}

/// What a rollout with this check alone would have ended with.
const fn exit(run: &Run) -> Exit {
    match run.end {
        End::Passed => Exit::Success,
        End::Failed(_) => Exit::RolledBack,
        End::Undecided(_) => Exit::InProgress,
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())
}

fn recorded(options: &Judge, config: &Config) -> Result<Recorded, CliError> {
    let path = &options.data;
    let kind = path.extension().and_then(|end| end.to_str());
    match kind {
        Some("csv") => {
            for (option, is_given) in [
                ("--track", options.track.is_some()),
                ("--stable", options.stable.is_some()),
                ("--candidate", options.candidate.is_some()),
                ("--failed", options.failed.is_some()),
                ("--unit", options.unit.is_some()),
            ] {
                if is_given {
                    return Err(CliError::Usage(format!(
                        "{option} names a label of a series, and {} has columns; leave it out",
                        path.display()
                    )));
                }
            }
            let text = String::from_utf8(bytes(path)?);
            let text = text.map_err(|_| wrong(path, &Problem::whole("it is no text in UTF-8")))?;
            let rows = csv::rows(&text).map_err(|problem| wrong(path, &problem))?;
            Ok(Recorded::Rows(rows))
        }
        Some("json") => {
            let recording = Recording::read(&bytes(path)?).map_err(|error| {
                let what = format!("{error}; record the body of an answer of /api/v1/query_range");
                wrong(path, &Problem::whole(what))
            })?;
            let or = |given: &Option<String>, default: &str| {
                given.clone().unwrap_or_else(|| default.to_owned())
            };
            let labels = Labels {
                track: or(&options.track, "track"),
                stable: or(&options.stable, "stable"),
                candidate: or(&options.candidate, "candidate"),
                failed: options.failed.clone(),
                unit: options.unit.clone().or_else(|| config.unit.clone()),
            };
            Ok(Recorded::Series {
                recording: match config.stale_after {
                    Some(stale_after) => recording.stale_after(stale_after),
                    None => recording,
                },
                labels,
            })
        }
        Some(_) | None => Err(CliError::Usage(format!(
            "{} is neither .csv nor .json; give rows of text, or the body of an answer of /api/v1/query_range",
            path.display()
        ))),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |source| CliError::Io {
        what: format!("read {}", path.display()),
        source,
    };
    // Opening a pipe would wait for somebody who writes to it.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(wrong(
            path,
            &Problem::whole("it is no regular file; write it to one"),
        ));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > BYTES {
        let what = "it has more than 64 MiB; record a shorter time, or fewer series";
        return Err(wrong(path, &Problem::whole(what)));
    }
    Ok(bytes)
}

fn wrong(path: &Path, problem: &Problem) -> CliError {
    DataError {
        path: path.to_owned(),
        problem: problem.clone(),
    }
    .into()
}

/// Recorded data that cannot be judged. Exit status 64.
#[derive(Debug, Error)]
#[error("{}", crate::render::plain::plain(&format!("{}:{problem}", path.display())))]
pub struct DataError {
    path: PathBuf,
    problem: Problem,
}
