//! The only place that prints.

/// A line of what was asked for.
#[expect(clippy::print_stdout, reason = "the output of the task")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// A line about what is going on, or went wrong.
#[expect(clippy::print_stderr, reason = "the other output of the task")]
pub(crate) fn complain(text: &str) {
    eprintln!("{text}");
}

/// A duration as people read it: `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn in_words(time: std::time::Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use std::time::Duration;

    #[test]
    fn durations_read_well() {
        assert_eq!(in_words(Duration::from_millis(449)), "0.4 s");
        assert_eq!(in_words(Duration::from_millis(59_900)), "59 s");
        assert_eq!(in_words(Duration::from_secs(185)), "3 min 05 s");
    }
}
