//! A real journal to which something happened.

use std::fs;

use arbitrary::{Result, Unstructured};
use strategy_core::driver::FileJournal;

use crate::kept::ROLLING_BACK;
use crate::scratch;

/// A kept journal that was cut, overwritten, or whose lines were moved about, as the bytes say.
///
/// It is refused, or what is read are batches that were written, in their order and up to the first
/// that is no longer there as a whole; nothing behind that one is whole.
pub fn damage(bytes: &[u8]) {
    // Too few bytes: what is missing is taken to be zeros.
    let _ = tried(&mut Unstructured::new(bytes));
}

fn tried(input: &mut Unstructured<'_>) -> Result<()> {
    let kept = &*ROLLING_BACK;
    let batches = input.int_in_range(1..=kept.batches.len())?;
    let mut lines: Vec<Vec<u8>> = kept.lines[..=batches]
        .iter()
        .map(|line| line.to_vec())
        .collect();
    for _ in 0..input.int_in_range(1..=4_u8)? {
        if lines.is_empty() {
            break;
        }
        happen(&mut lines, input)?;
    }
    let file = lines.concat();
    let folder = scratch::folder();
    let path = folder.path().join("a.journal");
    fs::write(&path, &file).unwrap();
    let Ok(read) = FileJournal::peek(&path) else {
        return Ok(());
    };
    let whole = |line: &[u8]| {
        kept.lines
            .iter()
            .skip(1)
            .position(|original| *original == line)
    };
    let left: Vec<usize> = file
        .split_inclusive(|byte| *byte == b'\n')
        .filter_map(whole)
        .collect();
    let follows = left.windows(2).all(|pair| pair[1] == pair[0] + 1);
    assert!(
        follows,
        "batches {left:?} were read, and are not what was written"
    );
    let expected: Vec<_> = left
        .iter()
        .flat_map(|batch| kept.batches[*batch].clone())
        .collect();
    assert_eq!(read.records, expected, "batches {left:?} are whole");
    Ok(())
}

/// One thing that happens to a file, mostly to one of its lines.
fn happen(lines: &mut Vec<Vec<u8>>, input: &mut Unstructured<'_>) -> Result<()> {
    let at = input.choose_index(lines.len())?;
    let line = &mut lines[at];
    let place = input.int_in_range(0..=line.len())?;
    match input.int_in_range(0..=8_u8)? {
        // It ends here.
        0 => {
            line.truncate(place);
            lines.truncate(at + 1);
        }
        // A bit falls over.
        1 => {
            if let Some(byte) = line.get_mut(place) {
                *byte ^= 1 << input.int_in_range(0..=7_u8)?;
            }
        }
        // A block was not written.
        2 => {
            let length = input.int_in_range(1..=4096)?;
            line[place..]
                .iter_mut()
                .take(length)
                .for_each(|byte| *byte = 0);
        }
        // Something is gone in the middle.
        3 => {
            let until = input.int_in_range(place..=line.len())?;
            line.drain(place..until);
        }
        // Something is in it that was not.
        4 => {
            let length = input.int_in_range(1..=8)?;
            let more = input.bytes(length.min(input.len()))?.to_vec();
            line.splice(place..place, more);
        }
        // A line is gone, twice there, or elsewhere.
        5 => drop(lines.remove(at)),
        6 => lines.insert(at, lines[at].clone()),
        7 => {
            let other = input.choose_index(lines.len())?;
            lines.swap(at, other);
        }
        // Another writer's.
        _ => {
            let theirs = input.choose_index(ROLLING_BACK.lines.len())?;
            lines.insert(at, ROLLING_BACK.lines[theirs].to_vec());
        }
    }
    Ok(())
}
