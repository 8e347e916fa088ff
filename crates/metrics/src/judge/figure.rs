//! Numbers in evidence: as many digits as people read.

/// A number with four digits that count, without zeros at the end: `0.01234`, `430`, `1.2e-7`.
pub(crate) fn figure(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() {
        return number.to_string();
    }
    if size >= 1e9 || (size > 0.0 && size < 1e-4) {
        return format!("{number:.3e}");
    }
    let mut decimals = 3_usize;
    let mut scale = 10.0;
    while decimals > 0 && size >= scale {
        decimals -= 1;
        scale *= 10.0;
    }
    scale = 1.0;
    while decimals < 8 && size > 0.0 && size < scale {
        decimals += 1;
        scale /= 10.0;
    }
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A share as per cent.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", figure(share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_count() {
        let shown = [
            (0.0, "0"),
            (430.0, "430"),
            (12_345.6, "12346"),
            (1.5, "1.5"),
            (0.012_345_6, "0.01235"),
            (99.996, "100"),
            (-2.25, "-2.25"),
            (3.5e-5, "3.500e-5"),
            (f64::INFINITY, "inf"),
        ];
        for (number, text) in shown {
            assert_eq!(figure(number), text, "{number:?}");
        }
        assert_eq!(percent(0.0158), "1.58 %");
        assert_eq!(percent(0.01), "1 %");
        assert_eq!(percent(0.0015), "0.15 %");
        assert_eq!(percent(0.2), "20 %");
    }
}
