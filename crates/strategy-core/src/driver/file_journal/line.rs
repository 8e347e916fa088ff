//! One line of a journal file: a batch with its checksum, length, sequence and count. Pure text.

use std::fmt::Write as _;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::journal::Sequence;
use crate::rollout::{Record, SCHEMA};

/// The first line of every journal file.
pub(super) const HEADER: &str = "rollway-journal 1\n";
/// How the first line of every version's journal files begins; what follows is the version of the format.
const HEADER_OF_ANY: &str = "rollway-journal ";
const FORMAT: u32 = 1;
/// No journal comes this far; one that says it did would soon have nothing to count on with.
const LAST: u64 = u64::MAX / 2;

/// A batch as read back.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) first: Sequence,
    pub(super) records: Vec<Record>,
}

/// What a file holds, as far as it reads back.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) batches: Vec<Batch>,
    /// Bytes up to the end of the last whole batch; what follows was never acknowledged.
    pub(super) whole: usize,
    /// The last whole line, to tell our own lost answer from somebody else's write.
    pub(super) last: Option<String>,
}

impl Content {
    /// After the last whole batch.
    pub(super) fn sequence(&self) -> Sequence {
        self.batches
            .last()
            .map_or(Sequence(0), |batch| batch.first.plus(count(&batch.records)))
    }
}

/// Why a file does not read back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// A place that is damaged, with more behind it.
    Damaged { offset: usize, problem: String },
    /// A newer version wrote it; nothing can be said of what else it holds.
    TooNew { found: String, known: String },
}

/// A batch as one line: `CHECKSUM LENGTH SEQUENCE COUNT JSON`.
///
/// One line is one batch, so that a batch is there as a whole or not at all.
pub(super) fn write(first: Sequence, records: &[Record]) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(records)?;
    let body = format!("{} {} {} {json}", json.len(), first.0, records.len());
    Ok(format!("{} {body}\n", checksum(&body)))
}

/// Reads a whole file.
///
/// The last line may be torn: cut short, or with a hole where a block was not written. It was never
/// acknowledged. Anything else that does not read back is damage, also a last line of full length: it
/// may have been acknowledged, and nothing acknowledged is cut off.
pub(super) fn read(bytes: &[u8]) -> Result<Content, Unreadable> {
    let mut content = Content::default();
    if !bytes.starts_with(HEADER.as_bytes()) {
        // A file whose creation was interrupted holds less than the header, or zeros.
        return if HEADER.as_bytes().starts_with(bytes) || bytes.iter().all(|byte| *byte == 0) {
            Ok(content)
        } else if let Some(found) = newer_format(bytes) {
            Err(Unreadable::TooNew {
                found: format!("file format {found}"),
                known: format!("file format {FORMAT}"),
            })
        } else {
            Err(Unreadable::Damaged {
                offset: 0,
                problem: "it does not begin as a journal does".to_owned(),
            })
        };
    }
    content.whole = HEADER.len();
    while let Some(rest) = bytes.get(content.whole..).filter(|rest| !rest.is_empty()) {
        let line = rest
            .split_inclusive(|byte| *byte == b'\n')
            .next()
            .unwrap_or(rest);
        let next = (!content.batches.is_empty()).then(|| content.sequence());
        match parse(line, next) {
            Ok(batch) => {
                content.batches.push(batch);
                content.whole += line.len();
                content.last = std::str::from_utf8(line).ok().map(str::to_owned);
            }
            Err(Unread::Torn(_)) if !has_whole_line(rest.get(line.len()..).unwrap_or_default()) => {
                break;
            }
            Err(Unread::Torn(problem) | Unread::Wrong(problem)) => {
                return Err(Unreadable::Damaged {
                    offset: content.whole,
                    problem,
                });
            }
            Err(Unread::TooNew(found)) => {
                return Err(Unreadable::TooNew {
                    found,
                    known: format!("schema {SCHEMA}"),
                });
            }
        }
    }
    Ok(content)
}

pub(super) fn count(records: &[Record]) -> u64 {
    u64::try_from(records.len()).unwrap_or(u64::MAX)
}

/// Whether any line in here is whole, whatever it holds: then what stands before it was acknowledged once.
fn has_whole_line(bytes: &[u8]) -> bool {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .any(|line| whole(line).is_ok())
}

/// Why a line does not read back.
enum Unread {
    /// As an interrupted write leaves it.
    Torn(String),
    /// As no interrupted write leaves it.
    Wrong(String),
    /// It holds a snapshot with a schema that this version does not know.
    TooNew(String),
}

/// As much of a record as any version can read of any other's.
#[derive(Deserialize)]
struct Head {
    snapshot: Option<Written>,
}

/// By whom a snapshot was written.
#[derive(Deserialize)]
struct Written {
    schema: u32,
    version: String,
}

/// The schema and version of a snapshot that a newer version wrote, if there is one.
///
/// Looked for before anything else is read: what such a snapshot holds, and all that follows it, may be
/// of kinds that this version does not know.
fn newer_schema(json: &str) -> Option<String> {
    let heads: Vec<Head> = serde_json::from_str(json).ok()?;
    let mut written = heads.into_iter().filter_map(|head| head.snapshot);
    let newer = written.find(|written| written.schema > SCHEMA)?;
    Some(format!(
        "schema {}, version {}",
        newer.schema, newer.version
    ))
}

/// The version of the format that the file begins with, if it is a later one.
fn newer_format(bytes: &[u8]) -> Option<u32> {
    let first = bytes.split(|byte| *byte == b'\n').next()?;
    let format = std::str::from_utf8(first)
        .ok()?
        .strip_prefix(HEADER_OF_ANY)?;
    format.parse().ok().filter(|format| *format > FORMAT)
}

/// A line that has the checksum and the length it names.
struct Whole<'a> {
    first: u64,
    many: u64,
    json: &'a str,
}

/// A line as it was written, before what it holds is looked at.
fn whole(line: &[u8]) -> Result<Whole<'_>, Unread> {
    let torn = |problem: &str| Unread::Torn(problem.to_owned());
    let Some(content) = line.strip_suffix(b"\n") else {
        return Err(torn("the line has no end"));
    };
    if content.contains(&0) {
        return Err(torn("the line has a hole"));
    }
    let wrong = |problem: String| Unread::Wrong(problem);
    let text = std::str::from_utf8(content).map_err(|_| wrong("it is not text".to_owned()))?;
    let (sum, body) = text
        .split_once(' ')
        .ok_or_else(|| wrong("the line has no checksum".to_owned()))?;
    if sum != checksum(body) {
        return Err(wrong("the checksum does not match".to_owned()));
    }
    let mut fields = body.splitn(4, ' ');
    let mut number = |name: &str| {
        fields
            .next()
            .and_then(|field| field.parse::<u64>().ok())
            .ok_or_else(|| wrong(format!("the line has no {name}")))
    };
    let (length, first, many) = (number("length")?, number("sequence")?, number("count")?);
    let json = fields.next().unwrap_or_default();
    if json.len() as u64 != length {
        let problem = format!("the content has {} bytes instead of {length}", json.len());
        return Err(wrong(problem));
    }
    Ok(Whole { first, many, json })
}

fn parse(line: &[u8], expected: Option<Sequence>) -> Result<Batch, Unread> {
    let Whole { first, many, json } = whole(line)?;
    let wrong = |problem: String| Unread::Wrong(problem);
    if let Some(expected) = expected.filter(|expected| expected.0 != first) {
        let problem = format!("the sequence is {first} where {} follows", expected.0);
        return Err(wrong(problem));
    }
    if first > LAST {
        return Err(wrong(format!("no journal has a sequence of {first}")));
    }
    if let Some(found) = newer_schema(json) {
        return Err(Unread::TooNew(found));
    }
    let records: Vec<Record> = serde_json::from_str(json).map_err(|error| {
        wrong(format!(
            "the content is no record that this version knows: {error}"
        ))
    })?;
    if count(&records) == many {
        let first = Sequence(first);
        Ok(Batch { first, records })
    } else {
        let problem = format!("it holds {} records instead of {many}", records.len());
        Err(wrong(problem))
    }
}

/// The first 64 bits of SHA-256, in hexadecimal.
fn checksum(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().take(8).fold(
        String::with_capacity(16),
        |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        },
    )
}
