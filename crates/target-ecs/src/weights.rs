//! Shares of traffic as the weights of two target groups, and back.
//!
//! A share is a weight by the sum of all, and a weight is 0 to 999, so every thousandth can be
//! written exactly: `k` of 1000 as `(1000 - k, k)`, all or nothing as `(1, 0)` and `(0, 1)`.

use strategy_core::{Tracks, Weight};

/// The smallest step that is written: 0.1%.
pub(crate) const STEP: u16 = 10;

/// The weights that give the candidate this share; `None` if it is no multiple of 0.1%.
pub(crate) const fn written(share: Weight) -> Option<Tracks<u32>> {
    let points = share.basis_points();
    if !points.is_multiple_of(STEP) {
        return None;
    }
    let thousandths = (points / STEP) as u32;
    Some(match thousandths {
        0 => Tracks {
            stable: 1,
            candidate: 0,
        },
        1000 => Tracks {
            stable: 0,
            candidate: 1,
        },
        _ => Tracks {
            stable: 1000 - thousandths,
            candidate: thousandths,
        },
    })
}

/// The share that weights give the candidate, to the nearest hundredth of a percent, and neither
/// nothing nor all unless it is exactly that. `None` if neither has any weight.
pub(crate) fn read(weights: Tracks<u32>) -> Option<Weight> {
    let Tracks { stable, candidate } = weights;
    match (stable, candidate) {
        (0, 0) => None,
        (_, 0) => Some(Weight::ZERO),
        (0, _) => Some(Weight::FULL),
        _ => {
            let nearest = Weight::of(candidate, stable.saturating_add(candidate)).basis_points();
            Weight::from_basis_points(nearest.clamp(1, 9_999)).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_read_back_exactly_and_fits_what_a_load_balancer_takes() {
        for thousandths in 0..=1000 {
            let share = Weight::from_basis_points(thousandths * STEP).unwrap();
            let weights = written(share).unwrap();
            assert!(weights.stable <= 999 && weights.candidate <= 999);
            assert_eq!(read(weights), Some(share), "{share}");
        }
    }

    #[test]
    fn what_lies_between_two_steps_is_not_written() {
        for points in [1, 5, 9, 11, 3333, 9999] {
            let share = Weight::from_basis_points(points).unwrap();
            assert_eq!(written(share), None, "{share}");
        }
    }

    #[test]
    fn a_little_is_never_nothing_and_nearly_all_is_never_all() {
        let read = |stable, candidate| read(Tracks { stable, candidate });
        assert_eq!(read(0, 0), None);
        assert_eq!(read(1, 0), Some(Weight::ZERO));
        assert_eq!(read(0, 999), Some(Weight::FULL));
        assert_eq!(read(2, 1).map(Weight::basis_points), Some(3333));
        assert_eq!(read(999, 1).map(Weight::basis_points), Some(10));
        let huge = u32::MAX / 2;
        assert_eq!(read(huge, 1).map(Weight::basis_points), Some(1));
        assert_eq!(read(1, huge).map(Weight::basis_points), Some(9_999));
    }
}
