//! Counts that a source tells as numbers.

/// The nearest whole one: counters are whole below 2^53, and counts that are sampled or rates need not be.
pub(super) fn whole(count: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are not negative, and what is beyond a u64 saturates"
    )]
    let whole = count.round() as u64;
    whole
}
