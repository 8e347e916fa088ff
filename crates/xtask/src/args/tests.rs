//! What is understood of a command line, and what is not.

use clap::error::ErrorKind;

use super::*;

fn parse(line: &str) -> Result<Option<Task>, clap::Error> {
    let words = ["xtask"].into_iter().chain(line.split_whitespace());
    Arguments::try_parse_from(words).map(|arguments| arguments.task)
}

#[track_caller]
fn check(line: &str, expected: Task) {
    assert_eq!(parse(line).unwrap(), Some(expected), "{line:?}");
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn every_task_is_understood() {
    assert_eq!(parse("").unwrap(), None);
    check("test", Task::Test);
    let explore = |plans: &[&str], states, mischief| {
        let plans = owned(plans);
        Task::Explore(Explore {
            plans,
            states,
            mischief,
        })
    };
    check("explore", explore(&[], None, None));
    check(
        "explore canary-update --states 5000 --mischief 2",
        explore(&["canary-update"], Some(5000), Some(2)),
    );
    let simulate = Simulate {
        rollouts: Some(20),
        seed: Some(7),
        rollout: None,
        file: None,
    };
    check("simulate --seed 7 --rollouts 20", Task::Simulate(simulate));
    let simulate = Simulate {
        rollouts: None,
        seed: None,
        rollout: Some(5),
        file: Some("a.json".into()),
    };
    check(
        "simulate --rollout 5 --file a.json",
        Task::Simulate(simulate),
    );
    let bench = |names: &[&str], json| {
        let names = owned(names);
        Task::Bench(Bench {
            names,
            json,
            more: Vec::new(),
        })
    };
    check("bench", bench(&[], false));
    check("bench a --json", bench(&["a"], true));
    let told = Task::Bench(Bench {
        names: owned(&["a"]),
        json: false,
        more: owned(&["b", "--paths", "5"]),
    });
    check("bench a -- b --paths 5", told);
    let fuzz = |targets: &[&str], seconds| {
        let targets = owned(targets);
        Task::Fuzz(Fuzz { targets, seconds })
    };
    check("fuzz", fuzz(&[], 60));
    check(
        "fuzz journal --seconds 5 text",
        fuzz(&["journal", "text"], 5),
    );
    check("docs", Task::Docs);
    check("audit", Task::Audit);
    let mutants = Mutants {
        areas: Vec::new(),
        summary: true,
        sample: None,
        seed: 1,
        minutes: None,
        jobs: 1,
        again: false,
    };
    check("mutants --summary", Task::Mutants(mutants));
    let mutants = Mutants {
        areas: owned(&["plan", "machine"]),
        summary: false,
        sample: Some(150),
        seed: 7,
        minutes: Some(20),
        jobs: 2,
        again: true,
    };
    check(
        "mutants plan --sample 150 --seed 7 --minutes 20 machine --jobs 2 --again",
        Task::Mutants(mutants),
    );
    check("testbed build", Task::Testbed(Testbed::Build));
    check("testbed up", Task::Testbed(Testbed::Up));
    check("testbed down", Task::Testbed(Testbed::Down));
    check("lab up", Task::Lab(Lab::Up));
    check("lab down", Task::Lab(Lab::Down));
    let command = owned(&["curl", "-s", "http://127.0.0.1:8000"]);
    let command = command.into_iter().map(OsString::from).collect();
    check(
        "lab run -- curl -s http://127.0.0.1:8000",
        Task::Lab(Lab::Run(Run { command })),
    );
    let load = Load {
        host: "shop.example.org".to_owned(),
        rate: 20,
        seconds: Some(60),
        get: false,
    };
    check(
        "lab load shop.example.org --rate 20 --seconds 60",
        Task::Lab(Lab::Load(load)),
    );
    let load = Load {
        host: "shop.example.org".to_owned(),
        rate: 50,
        seconds: None,
        get: true,
    };
    check(
        "lab load --get shop.example.org",
        Task::Lab(Lab::Load(load)),
    );
    let apply = |namespace: &str, files: &[&str]| {
        let files = owned(files).into_iter().map(OsString::from).collect();
        let namespace = namespace.to_owned();
        Task::Lab(Lab::Apply(Apply { files, namespace }))
    };
    check("lab apply a.yaml", apply("shop", &["a.yaml"]));
    check(
        "lab apply -n other a.yaml b.yaml",
        apply("other", &["a.yaml", "b.yaml"]),
    );
    let names = owned(&["split", "flip"]);
    check(
        "lab test split flip",
        Task::Lab(Lab::Test(LabTest { names })),
    );
}

#[test]
fn what_means_nothing_is_named_with_what_would() {
    #[track_caller]
    fn check(line: &str, named: &str, mend: &str) {
        let error = parse(line).unwrap_err();
        assert!(error.use_stderr(), "{line}: {error}");
        let text = error.to_string();
        assert!(
            text.contains(named) && text.contains(mend),
            "{line}: {text}"
        );
    }
    check("tset", "'tset'", "'test'");
    check("testbed sideways", "'sideways'", "cargo xtask testbed up");
    check("testbed", "", "down");
    check("lab", "", "down");
    check("lab run", "<COMMAND>", "cargo xtask lab run");
    check("lab apply", "<FILE>", "cargo xtask lab apply");
    check("test --fast", "'--fast'", "cargo xtask test");
    check("test fast", "'fast'", "cargo xtask test");
    check("bench --csv", "'--csv'", "cargo xtask bench [OPTIONS]");
    check(
        "fuzz --minutes 3",
        "'--minutes'",
        "cargo xtask fuzz [OPTIONS]",
    );
    check("fuzz --seconds 0", "'0'", "a whole number above 0");
    check("fuzz --seconds soon", "'soon'", "a whole number above 0");
    check("fuzz --seconds", "--seconds <N>", "--help");
    check(
        "explore --fast",
        "'--fast'",
        "cargo xtask explore [OPTIONS]",
    );
    check("explore --states many", "'many'", "a whole number");
    check(
        "simulate --fast",
        "'--fast'",
        "cargo xtask simulate [OPTIONS]",
    );
    check("simulate --seed", "--seed <S>", "--help");
    check("simulate --file", "--file <PATH>", "--help");
    check("mutants --all", "'--all'", "cargo xtask mutants [OPTIONS]");
    check("mutants --sample few", "'few'", "a whole number");
}

#[test]
fn every_task_has_help() {
    for task in Arguments::command().get_subcommands() {
        let name = task.get_name();
        assert!(help().contains(&format!("cargo xtask {name}")), "{name}");
        for line in [format!("{name} --help"), format!("help {name}")] {
            let help = parse(&line).unwrap_err();
            assert!(!help.use_stderr(), "{line}: {help}");
            let options = task.get_arguments().filter_map(|option| option.get_long());
            for option in options {
                assert!(
                    help.to_string().contains(&format!("--{option}")),
                    "{line}: {help}"
                );
            }
        }
    }
    for line in ["help", "--help", "-h"] {
        assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::DisplayHelp);
    }
}
