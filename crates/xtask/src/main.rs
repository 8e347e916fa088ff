//! `cargo xtask`: the one door to everything that a developer runs.

mod args;
mod audit;
mod bench;
mod cargo;
mod docs;
mod error;
mod explore;
mod fuzz;
mod mutants;
mod output;
mod simulate;
mod test;
mod testbed;
#[cfg(test)]
mod tidy;
mod workspace;

use std::env;
use std::process::ExitCode;

use args::Task;
use error::TaskError;

fn main() -> ExitCode {
    let done = match args::parse(env::args().skip(1)) {
        Ok(task) => run(&task),
        Err(misuse) => {
            output::complain(&format!("{misuse}\n\n{}", args::HELP));
            return ExitCode::from(64);
        }
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<ExitCode, TaskError> {
    match task {
        Task::Help => output::say(args::HELP),
        Task::Test => return test::run(),
        Task::Bench { json, names } => bench::run(*json, names)?,
        Task::Fuzz { seconds, targets } => return fuzz::run(*seconds, targets),
        Task::Explore {
            states,
            mischief,
            plans,
        } => explore::run(*states, *mischief, plans)?,
        Task::Simulate { options } => simulate::run(options)?,
        Task::Docs => docs::build()?,
        Task::Audit => audit::run_all()?,
        Task::Mutants(options) => {
            if !mutants::run(options)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Task::TestbedBuild => testbed::build::all()?,
        Task::TestbedUp => testbed::up()?,
        Task::TestbedDown => testbed::down()?,
    }
    Ok(ExitCode::SUCCESS)
}
