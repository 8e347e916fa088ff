//! The binary `rollway`.

use clap::Parser;
use cli_demo::args::{Cli, Command};
use cli_demo::exit::Exit;

fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = !error.use_stderr();
            // Nobody is left to be told when this fails.
            let _ = error.print();
            return if asked { Exit::Success } else { Exit::Usage };
        }
    };
    let Command::Demo(demo) = cli.command_or_demo() else {
        return Exit::Failure;
    };
    match cli_demo::demo::run(&demo) {
        Ok(exit) => exit,
        Err(error) => {
            cli_demo::console::say(&format!("error: {}", error.in_words()));
            error.exit()
        }
    }
}
