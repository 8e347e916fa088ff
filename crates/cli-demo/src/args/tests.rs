//! What a command line means, and what means nothing.

use super::*;

#[test]
fn the_definition_is_sound() {
    definition().debug_assert();
}

#[test]
fn no_command_is_the_demo_with_its_defaults() {
    let cli = Cli::try_parse_from(["rollway"]).unwrap();
    let Command::Demo(bare) = cli.command_or_demo() else {
        panic!("not the demo");
    };
    let cli = Cli::try_parse_from(["rollway", "demo"]).unwrap();
    let Some(Command::Demo(named)) = cli.command else {
        panic!("not the demo");
    };
    assert_eq!(format!("{bare:?}"), format!("{named:?}"));
}

#[test]
fn every_command_of_the_interface_is_there() {
    let names: Vec<_> = definition()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    assert_eq!(
        names.join(" "),
        "demo plan run resume status approve reject pause unpause advance promote abort retry \
             abandon permissions judge schema completions"
    );
}

#[test]
fn an_abort_is_forced_only_if_asked_to() {
    for (words, is_forced) in [
        (&["rollway", "abort", "--reason", "x"][..], false),
        (&["rollway", "abort", "--force"], true),
    ] {
        let cli = Cli::try_parse_from(words).unwrap();
        let Some(Command::Abort(abort)) = cli.command else {
            panic!("not an abort");
        };
        assert_eq!(abort.force, is_forced);
    }
    assert!(Cli::try_parse_from(["rollway", "reject", "--force"]).is_err());
}

#[test]
fn who_and_why_are_plain_text() {
    for (option, text, is_fine) in [
        ("--actor", "ann", true),
        ("--actor", "ev\x1b[31mil", false),
        ("--reason", "größer als gedacht", true),
        ("--reason", "ok\r\n   0:00 promoted", false),
        ("--reason", "\u{9b}2J", false),
    ] {
        let parsed = Cli::try_parse_from(["rollway", "approve", option, text]);
        assert_eq!(parsed.is_ok(), is_fine, "{option} {text:?}");
    }
}

#[test]
fn an_image_is_named_by_container_or_by_part_and_container() {
    let parse = |text: &str| text.parse::<ImageOverride>();
    let one = parse("api=registry.example/api:2@sha256:ab=").unwrap();
    assert_eq!(
        (one.part, one.container.as_str(), one.image.as_str()),
        (None, "api", "registry.example/api:2@sha256:ab=")
    );
    let two = parse("backend/api=api:2").unwrap();
    assert_eq!(
        (two.part.as_deref(), two.container.as_str()),
        (Some("backend"), "api")
    );
    for wrong in ["api", "=api:2", "api=", "/api=api:2", "backend/=api:2"] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}
