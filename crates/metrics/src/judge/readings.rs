//! What a judge does with readings before it judges: data of the shape it asked for, or why there are none.

use strategy_core::Track;
use strategy_core::analysis::Verdict;

use super::{JudgeError, Reason};
use crate::reading::{Data, Reading, Shape};

/// The data of a track, or why there are none, as a verdict.
///
/// # Errors
/// When they are of another shape.
pub fn data_of(
    reading: &Reading,
    track: Track,
    asked: Shape,
) -> Result<Result<&Data, Verdict>, JudgeError> {
    Ok(match reading {
        Reading::Told(data) if data.shape() == asked => Ok(data),
        Reading::Told(data) => {
            return Err(JudgeError::Shape {
                asked,
                told: data.shape(),
            });
        }
        Reading::Empty => Err(Reason::NoData.because(format_args!("no series of {track}"))),
        Reading::Stale { newest } => {
            Err(Reason::NoData.because(format_args!("the newest sample of {track} is of {newest}")))
        }
        Reading::NotANumber => {
            Err(Reason::NoData.because(format_args!("what was asked of {track} is no number")))
        }
    })
}
