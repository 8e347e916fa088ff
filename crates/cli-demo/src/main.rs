//! The binary `rollway`.

use std::process::ExitCode;

use clap::Parser;
use cli_demo::args::{Cli, Command};
use cli_demo::error::CliError;
use cli_demo::exit::Exit;
use cli_demo::{commands, console, demo, judge, log, look, run};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked_for = !error.use_stderr();
            let text = error.to_string();
            if text.contains(|char: char| char.is_control() && char != '\n') {
                // What was typed is in it, and may be text of others.
                console::say(&text);
            } else {
                // Nobody is left to be told when this fails.
                let _ = error.print();
            }
            let exit = if asked_for {
                Exit::Success
            } else {
                Exit::Usage
            };
            return ExitCode::from(exit.code());
        }
    };
    let exit = obey(&cli).unwrap_or_else(|error| {
        console::say(&format!("error: {}", error.in_words()));
        error.exit()
    });
    ExitCode::from(exit.code())
}

fn obey(cli: &Cli) -> Result<Exit, CliError> {
    let command = cli.command_or_demo();
    match &command {
        Command::Demo(options) => demo::run(options),
        Command::Judge(options) => block_on(judge::judge(options)),
        Command::Schema => commands::schema(),
        Command::Completions(options) => Ok(commands::completions(options)),
        Command::Plan(options) => block_on(commands::plan(options, &options.cluster)),
        Command::Run(options) => block_on(run::run(options, &options.cluster)),
        Command::Resume(options) => block_on(run::resume(options, &options.cluster)),
        Command::Status(options) => block_on(look::status(options)),
        Command::Permissions(options) => block_on(commands::permissions(options, &options.cluster)),
        Command::Approve(order)
        | Command::Reject(order)
        | Command::Pause(order)
        | Command::Unpause(order)
        | Command::Advance(order)
        | Command::Promote(order)
        | Command::Retry(order)
        | Command::Abandon(order) => block_on(commands::order(&command, order)),
        Command::Abort(abort) => block_on(commands::order(&command, &abort.order)),
    }
}

fn block_on<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    // Not for the demo: what fails in its world is part of what it tells.
    log::begin();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| CliError::Io {
            what: "start the async runtime".to_owned(),
            source,
        })?;
    let result = runtime.block_on(future);
    // A thread that still waits for a line of the terminal must not keep the program from ending.
    runtime.shutdown_background();
    result
}
