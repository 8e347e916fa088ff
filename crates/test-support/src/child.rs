//! Programs as child processes of a test: each with a log, in a folder of the run, on ports of their own, and none of
//! them outlives the test, whatever ends it.

mod error;
mod folder;
mod port;
mod process;
mod server;
mod watchdog;

pub use error::ChildError;
pub use folder::{RunFolder, target_dir};
pub use port::free_port;
pub use process::Process;
pub use server::{Program, Server};
pub use watchdog::Watchdog;
