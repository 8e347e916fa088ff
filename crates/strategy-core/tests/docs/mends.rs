//! How to mend what is wrong: the only part of the page on errors that the sources do not say.

/// A type of errors.
pub(super) struct ErrorType {
    pub(super) name: &'static str,
    pub(super) source: &'static str,
    pub(super) about: &'static str,
    pub(super) is_struct: bool,
    /// By variant, in the order of the source.
    pub(super) mends: &'static [(&'static str, &'static str)],
}

const fn of(
    name: &'static str,
    source: &'static str,
    about: &'static str,
    mends: &'static [(&'static str, &'static str)],
) -> ErrorType {
    ErrorType {
        name,
        source,
        about,
        is_struct: false,
        mends,
    }
}

/// Types without a section of their own, and why.
pub(super) const NO_PAGE: [(&str, &str); 9] = [
    (
        "InvalidHistogram",
        "tells the author of a source what bounds and counts must be",
    ),
    (
        "InvalidJudge",
        "says itself what can be written; it comes with the check that names the judge",
    ),
    (
        "InvalidName",
        "says itself what a name may consist of; a target tells it as `target-error-kind/invalid-config`",
    ),
    (
        "InvalidQuantity",
        "says itself which numbers can be written; it comes with the check that it stands in",
    ),
    (
        "InvalidRecording",
        "is told by `rollway judge` with the file that it is about",
    ),
    (
        "JudgeError",
        "comes with the check as `measure-error/invalid`, or as `measure-error/bug`",
    ),
    (
        "StateError",
        "comes with the check as `measure-error/invalid`, or as `measure-error/bug`",
    ),
    ("TargetError", "its kind has the section"),
    (
        "Broken",
        "says itself which promise of the conformance suite is broken",
    ),
];

/// Texts that look like codes and are none.
pub(super) const NO_CODES: [&str; 7] = [
    "allowed-decrease",
    "allowed-increase",
    "critical-decrease",
    "critical-increase",
    "http-probe",
    "kebab-case",
    "outlier-factor",
];

pub(super) const ERRORS: &[ErrorType] = &[
    of(
        "TargetErrorKind",
        "crates/strategy-core/src/target/error.rs",
        "What a call to a platform failed with (`TargetError::kind`).\nThe error names verb and resource, what the platform said, and whether anything may have been written (`certainty`).\n`rate-limited` and `unavailable` pass by themselves: reads are repeated, and so are writes that were certainly not taken.",
        &[
            (
                "NotFound",
                "Create it, or mend its name in the configuration.",
            ),
            (
                "Conflict",
                "Nothing: the rollout observes again and decides again. If the claim is meant, end the other rollout first.",
            ),
            (
                "PermissionDenied",
                "Grant the verb on the resource that the error names; `rollway permissions FILE` prints the least Role.",
            ),
            (
                "RateLimited",
                "Nothing, if it passes; else give the client a higher limit, or run fewer rollouts at once.",
            ),
            (
                "Unsupported",
                "Ask the plan for something that the platform can do; the message says what it cannot.",
            ),
            (
                "Unavailable",
                "Nothing, if it passes: after `unreachable.limit` the policy answers. Else mend the connection, then `rollway resume`.",
            ),
            (
                "InvalidConfig",
                "Do what the message says, at the place that it names.",
            ),
            (
                "Ambiguous",
                "Make what was found have one meaning: the message names both.",
            ),
            (
                "Unexpected",
                "Report it with the message; nothing was guessed.",
            ),
        ],
    ),
    of(
        "SourceError",
        "crates/metrics/src/source.rs",
        "What a source of metrics could not tell.\nA source that answers that there is nothing is no error.",
        &[
            (
                "Invalid",
                "As the message says, in the field of the check's `metric` that it names.",
            ),
            (
                "Passing",
                "Nothing, if it passes: the same look is taken again, up to the check's `consecutive-errors`.",
            ),
            (
                "Permanent",
                "As the message says: give it access, or mend the query.",
            ),
        ],
    ),
    of(
        "PlanError",
        "crates/strategy-core/src/plan/error.rs",
        "The intent is no plan, or no plan here; told before anything is written.\nThe message says what is wrong and how to mend it.",
        &[
            ("Weight", "See `invalid-weight`."),
            ("Release", "See `invalid-release`."),
            (
                "RolloutId",
                "Use 1 to 63 letters, digits, `.`, `_` and `-`, with a letter or digit at either end.",
            ),
            (
                "NoStages",
                "Give the strategy at least one stage: `Canary::stages`, or `stages` in the rollout file.",
            ),
            (
                "Strategy",
                "Change the option of the strategy that the message names.",
            ),
            ("Plan", "As the message says."),
            ("Stage", "As the message says, in the stage that it names."),
            ("Check", "As the message says, in the check that it names."),
            (
                "Part",
                "Give release and targets the same parts and containers, or ask for what the part's platform can do.",
            ),
            (
                "Unready",
                "Change what stands on the platform as the message says; the intent is in order.",
            ),
            (
                "Policy",
                "Give the policy a limit that is not zero and an end that leads somewhere.",
            ),
        ],
    ),
    of(
        "InvalidWeight",
        "crates/strategy-core/src/weight.rs",
        "A weight could not be read.",
        &[
            ("TooLarge", "Write at most `100%`."),
            (
                "NotAPercentage",
                "Write a percentage with at most two decimals: `5%`, `0.25%`.",
            ),
        ],
    ),
    of(
        "InvalidRelease",
        "crates/strategy-core/src/release.rs",
        "A release, a part or an image could not be read.",
        &[
            ("Empty", "Name at least one part with one container."),
            ("NoImages", "Give the part at least one `container: image`."),
            (
                "PartName",
                "Use 1 to 63 of `a-z`, `0-9` and `-`, not at either end.",
            ),
            ("Image", "Write `repository:tag` or `repository@sha256:…`."),
            ("NoTag", "Add the tag or, better, the digest."),
        ],
    ),
    of(
        "StartError",
        "crates/strategy-core/src/rollout/start.rs",
        "A rollout does not start; nothing was written.\n`Driver::plan` tells the same as findings.",
        &[
            (
                "Plan",
                "Make the plan with `Plan::new`, which checks it, instead of reading it from data.",
            ),
            ("Parts", "Give one target for each part of the release."),
            (
                "Claimed",
                "Resume or abandon the rollout that holds the claim; take over only if nothing works on it any more.",
            ),
            (
                "NoStable",
                "Make the first release by hand with one replica or more; a rollout needs something to go back to.",
            ),
            (
                "Unprepared",
                "Register an analysis for the kind that the check names.",
            ),
            (
                "Unreachable",
                "As the message says: where an autoscaler owns stable and traffic follows readiness, full exposure may be out of reach.",
            ),
        ],
    ),
    of(
        "Misuse",
        "crates/strategy-core/src/rollout/misuse.rs",
        "The caller of the machine made a mistake; nothing was changed.\nOnly those who write a driver of their own meet these.",
        &[
            (
                "UnknownEffect",
                "Answer only effects that `poll_effect` gave, with their own ids.",
            ),
            (
                "WrongKind",
                "Answer a claim with `Claimed`, a write with `Applied`, a hook with `HookRan`, a gate with `GateAnswered`.",
            ),
            ("UnknownPart", "Tell of the parts of the plan only."),
            (
                "UnknownTicket",
                "Hand back the ticket of the `Observe` effect that asked.",
            ),
            ("UnknownLook", "Answer only looks that `poll_effect` gave."),
        ],
    ),
    of(
        "RecoverError",
        "crates/strategy-core/src/rollout/record.rs",
        "A journal does not read back to a rollout that could go on; it was left as it is.",
        &[
            ("Empty", "Start a rollout: this one never wrote anything."),
            (
                "NoSnapshot",
                "Put the journal back as it was; its beginning is missing.",
            ),
            (
                "TooNew",
                "Use the version that the message names, or a later one.",
            ),
            (
                "Diverged",
                "`rollway resume --roll-back`, or `Driver::resume_rolling_back`; or resume with the version that wrote it.",
            ),
            (
                "Exhausted",
                "Put the journal back as it was: no version of Rollway wrote what stands there now.",
            ),
            (
                "Unknown",
                "Register the same hooks, gates, analyses and parts as at the start.",
            ),
            (
                "NoWayBack",
                "`resume`, and decide what is held; or `rollway resume --roll-back --force`, or `Driver::resume_rolling_back_by_force`, if to go back is right all the same.",
            ),
            (
                "Over",
                "Nothing: it has ended. Use another journal for the next rollout.",
            ),
        ],
    ),
    of(
        "JournalError",
        "crates/strategy-core/src/journal.rs",
        "A journal could not be read or written.\nNothing is done that is not recorded, so a driver waits or ends.",
        &[
            (
                "Conflict",
                "Find the other process that works on this rollout; this one has stopped.",
            ),
            (
                "Locked",
                "Wait for the process that holds it, or end that one.",
            ),
            ("Missing", "Mend the path, or start a rollout."),
            ("Exists", "Resume what it holds, or choose another path."),
            (
                "Damaged",
                "Keep a copy, and put the file back from before the damage; nothing was changed.",
            ),
            (
                "TooNew",
                "Use the version that wrote it, or a later one; nothing was changed.",
            ),
            (
                "Storage",
                "Free space, mend rights or disk; the driver tries again meanwhile.",
            ),
        ],
    ),
    of(
        "InboxError",
        "crates/strategy-core/src/inbox.rs",
        "An inbox could not be read or written; the rollout goes on without it and tries again.",
        &[
            (
                "Damaged",
                "Send the command again; the entry was put aside.",
            ),
            ("Storage", "Free space, or mend the rights of the folder."),
        ],
    ),
    of(
        "SendError",
        "crates/strategy-core/src/driver/file_inbox/send.rs",
        "A command from another process was not answered.",
        &[
            ("Id", "Use 1 to 100 letters, digits, `-`, `_` and `.`."),
            ("Taken", "Choose an id of its own for each command."),
            (
                "Unanswered",
                "Start `rollway resume`: the command counts as soon as a process runs the rollout.",
            ),
            ("Inbox", "See `inbox-error`."),
        ],
    ),
    of(
        "DriverError",
        "crates/strategy-core/src/driver/error.rs",
        "A driver does not start, or ends before its rollout does.",
        &[
            ("Part", "See `invalid-release/part-name`."),
            ("Plan", "See `plan-error`."),
            (
                "Unreadable",
                "Mend what the failure names; nothing was written.",
            ),
            ("Analysis", "See `measure-error`; nothing was written."),
            ("Blocked", "Mend every finding in the list."),
            ("Start", "See `start-error`."),
            ("JournalInUse", "Resume it, or start with another journal."),
            ("Recover", "See `recover-error`."),
            ("Journal", "See `journal-error`."),
            (
                "NotTheSuccessor",
                "Leave `Driver::id` out, or supersede by the name that the successor has.",
            ),
            ("Detached", "Resume it from its journal."),
            ("Bug", "Report it with the journal."),
        ],
    ),
    of(
        "MeasureError",
        "crates/strategy-core/src/analysis.rs",
        "A look could not be taken.\nIt counts as an error of the check, which has a limit of its own; it is never a pass.",
        &[
            (
                "UnknownKind",
                "Register the analysis under the kind that the check names.",
            ),
            ("Invalid", "Mend the parameter that the message names."),
            (
                "Unavailable",
                "Nothing, if it passes; else mend the connection to the source.",
            ),
            (
                "Refused",
                "What the message says, such as giving access or mending the query.",
            ),
            (
                "Bug",
                "Report it to the author of the analysis, with the message.",
            ),
            (
                "MemoryTooLarge",
                "Report it to the author of the analysis: a judge keeps at most 2 KiB between looks.",
            ),
        ],
    ),
    ErrorType {
        name: "HookError",
        source: "crates/strategy-core/src/hook.rs",
        about: "A hook or an external gate could not be run.\nA hook then fails as the plan says (`block` or `warn`); a gate stays closed and is asked again.",
        is_struct: true,
        mends: &[(
            "",
            "Mend what the message names; a smoke test that found fault is a report, not this error.",
        )],
    },
    of(
        "InvalidScenario",
        "crates/strategy-core/src/world/scenario.rs",
        "The in-memory world cannot be built.",
        &[
            ("Part", "Mend the name or the image that the message names."),
            (
                "NoSuchPart",
                "Name one of the parts that the message lists.",
            ),
            ("OutOfRange", "Write what the message says instead."),
        ],
    ),
    of(
        "InvalidExploration",
        "crates/strategy-core/src/explore/bounds.rs",
        "Nothing is searched.",
        &[
            ("Start", "See `start-error`."),
            (
                "TooLarge",
                "Make the value smaller, as `explore::plans::brief` does with the times of a plan.",
            ),
        ],
    ),
    of(
        "Unfinished",
        "crates/strategy-core/src/world/drive.rs",
        "A rollout came to no end in the in-memory world.",
        &[
            ("Driver", "See `driver-error`."),
            (
                "NeverBegan",
                "Let the platform of the scenario answer at some time.",
            ),
            (
                "Waiting",
                "Answer what it waits for (`waiting`, `approval`), or let the world last longer.",
            ),
        ],
    ),
    of(
        "Deadlock",
        "crates/strategy-core/src/world/executor.rs",
        "A future on virtual time would wait for ever.",
        &[
            (
                "NothingDue",
                "Wait for the world's clock instead of a timer of an async runtime.",
            ),
            (
                "Horizon",
                "Let the world last longer (`Scenario::lasts`), or look for a wait without a limit.",
            ),
        ],
    ),
];
