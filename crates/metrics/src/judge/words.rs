//! Evidence in plain words and numbers.

use strategy_core::analysis::{Count, Verdict};

/// With a space between the thousands: `1 010`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `16 of 1 010`.
pub(crate) fn share(count: Count) -> String {
    format!("{} of {}", grouped(count.failed), grouped(count.total))
}

/// Why nothing can be said, for evidence; the verdict itself where something is said.
pub(super) fn why(verdict: &Verdict) -> String {
    if let Verdict::Inconclusive(why) = verdict {
        why.clone()
    } else {
        verdict.to_string()
    }
}

/// What has this natural logarithm, as what stands against one: `1 : 4 500`, cut to two digits, never rounded
/// up.
pub fn odds(logarithm: f64) -> String {
    let tens = logarithm / std::f64::consts::LN_10;
    if logarithm < 1.0_f64.next_down().ln() {
        return "below 1 : 1".to_owned();
    }
    if tens >= 12.0 {
        return format!("1 : 10^{:.0}", tens.floor());
    }
    // The least bit more, so that a logarithm that was rounded down is still what it was the logarithm of.
    let odds = (logarithm + 1e-12).exp();
    if odds < 10.0 {
        return format!("1 : {:.1}", (odds * 10.0).floor() / 10.0);
    }
    let mut cut = whole(odds);
    let mut scale = 1;
    while cut >= 100 {
        cut /= 10;
        scale *= 10;
    }
    format!("1 : {}", grouped(cut * scale))
}

/// A ratio with two digits: `0.21`, `2.1`, `21`.
pub(crate) fn ratio(ratio: f64) -> String {
    if ratio < 1.0 {
        format!("{ratio:.2}")
    } else if ratio < 10.0 {
        format!("{ratio:.1}")
    } else {
        format!("{ratio:.0}")
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and 10^12"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(9050), "9 050");
        assert_eq!(grouped(1_000_000), "1 000 000");
        assert_eq!(odds(4567.0_f64.ln()), "1 : 4 500");
        assert_eq!(odds(100.0_f64.ln()), "1 : 100");
        assert_eq!(odds(99.99_f64.ln()), "1 : 99");
        assert_eq!(odds(2.39_f64.ln()), "1 : 2.3");
        assert_eq!(odds(0.0), "1 : 1.0");
        assert_eq!(odds(-1e9), "below 1 : 1");
        assert_eq!(odds(1e9), "1 : 10^434294481");
        assert_eq!(
            (ratio(0.214), ratio(2.14), ratio(21.4)),
            ("0.21".to_owned(), "2.1".to_owned(), "21".to_owned())
        );
    }
}
