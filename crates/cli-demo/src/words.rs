//! The library's words for people who write a rollout file and type commands.

/// What the library calls by the name of its own code, and what that is called here.
const WORDS: [(&str, &str); 17] = [
    (
        "name weights, such as `.stages([5, 25, 50, 100])`",
        "list weights, such as `stages: [5%, 25%, 50%, 100%]`",
    ),
    ("`.promote_directly()`", "`promote-directly: true`"),
    ("`Retire::ScaleTo(0)`", "`retire: {scale-to: 0}`"),
    (
        "`Health::share_deviation`",
        "`health: {share-deviation: 20%}`",
    ),
    ("`at_most`", "`at-most`"),
    (
        "take over from it (`Driver::take_over`) if",
        "take over from it with `--take-over` if",
    ),
    (
        "or take over if nothing works on it any more",
        "or take over with `--take-over` if nothing works on it any more",
    ),
    ("`Driver::resume`", "`rollway resume`"),
    (
        "make the plan with `Plan::new`, which checks it",
        "please report this",
    ),
    ("promote by Swap", "promote by `swap`"),
    ("promote by Update", "promote by `update`"),
    ("promote by Native", "promote by `native`"),
    (
        "register it on the builder, at the start and at resume",
        "write `command`, `failure-share` or a source that `metrics` names, the only kinds that a rollout file has",
    ),
    (
        "hand it to `HttpProbe::header`",
        "write it under `headers` of the source",
    ),
    // What reads the parameters of metrics and judges speaks of types.
    ("expected f64", "expected a number"),
    ("expected u64", "expected a whole number"),
    ("unknown variant", "unknown word"),
];

/// The same in the words of the rollout file and the command line.
pub fn in_our_words(text: &str) -> String {
    let mut text = text.to_owned();
    for (theirs, ours) in WORDS {
        text = text.replace(theirs, ours);
    }
    let (known, list) = ("choose one that it can: ", ["Swap", "Update", "Native"]);
    if text.contains(known) {
        for word in list {
            text = text.replace(word, &format!("`{}`", word.to_lowercase()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_code_become_those_of_fields_and_options() {
        for (theirs, ours) in [
            (
                "main is claimed by rollout `a`: take over from it (`Driver::take_over`) if it is gone",
                "main is claimed by rollout `a`: take over from it with `--take-over` if it is gone",
            ),
            (
                "choose one that it can: Swap, Update",
                "choose one that it can: `swap`, `update`",
            ),
            ("it bakes for 5m", "it bakes for 5m"),
        ] {
            assert_eq!(in_our_words(theirs), ours);
        }
    }
}
