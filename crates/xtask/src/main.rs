//! `cargo xtask`: the one door to everything that a developer runs.

mod args;
mod audit;
mod bench;
mod cargo;
mod docs;
mod error;
mod explore;
mod fuzz;
mod lab;
mod mutants;
mod output;
mod simulate;
mod test;
mod testbed;
#[cfg(test)]
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Lab, Task, Testbed};
use error::TaskError;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => return tell(&told),
    };
    let Some(task) = arguments.task else {
        output::say(&args::help());
        return ExitCode::SUCCESS;
    };
    match run(&task) {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// Help that was asked for, or a command line that means nothing.
fn tell(told: &clap::Error) -> ExitCode {
    // There is nobody left to tell that it could not be printed.
    let _ = told.print();
    if told.use_stderr() {
        ExitCode::from(64)
    } else {
        ExitCode::SUCCESS
    }
}

fn run(task: &Task) -> Result<ExitCode, TaskError> {
    match task {
        Task::Test => return test::run(),
        Task::Explore(options) => explore::run(options)?,
        Task::Simulate(options) => simulate::run(options)?,
        Task::Bench(options) => bench::run(options)?,
        Task::Fuzz(options) => return fuzz::run(options),
        Task::Docs => docs::build()?,
        Task::Audit => audit::run_all()?,
        Task::Mutants(options) => {
            if !mutants::run(options)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Task::Testbed(Testbed::Build) => {
            let control_plane = testbed::build::control_plane();
            let gateway = testbed::build::gateway();
            let moto = testbed::moto::install();
            let prometheus = testbed::prometheus::install();
            prometheus.and(moto).and(gateway).and(control_plane)?;
        }
        Task::Testbed(Testbed::Up) => testbed::up()?,
        Task::Testbed(Testbed::Down) => testbed::down()?,
        Task::Lab(Lab::Up) => lab::up()?,
        Task::Lab(Lab::Down) => lab::down()?,
        Task::Lab(Lab::Run(options)) => match lab::run(options)? {},
        Task::Lab(Lab::Apply(options)) => match lab::apply(options)? {},
        Task::Lab(Lab::Load(options)) => match lab::load(options)? {},
        Task::Lab(Lab::Test(options)) => return lab::test(options),
    }
    Ok(ExitCode::SUCCESS)
}
