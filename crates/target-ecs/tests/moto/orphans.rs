//! No server outlives the tests that it was started for.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::server::Moto;

const MARK: &str = "moto listens on ";

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
#[ignore = "needs moto: cargo xtask test"]
#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
fn a_server_ends_with_a_test_that_is_killed() {
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "orphans::run_until_killed"])
        .arg("--nocapture")
        .env("ROLLWAY_RUN_UNTIL_KILLED", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(test.stdout.take().unwrap()).lines();
    let mut told = lines.filter_map(|line| {
        let line = line.unwrap();
        let (_, port) = line.split_once(MARK)?;
        Some(port.parse::<u16>().unwrap())
    });
    let port = told.next().unwrap();
    assert!(listens(port));
    test.kill().unwrap();
    test.wait().unwrap();
    for _ in 0..300 {
        if !listens(port) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("it still listens on {port}");
}

/// Not a test of its own: the process that [`a_server_ends_with_a_test_that_is_killed`] kills.
#[test]
#[ignore = "needs moto: cargo xtask test"]
fn run_until_killed() {
    let moto = Moto::shared();
    assert!(listens(moto.port));
    if std::env::var_os("ROLLWAY_RUN_UNTIL_KILLED").is_some() {
        println!("{MARK}{}", moto.port);
        loop {
            thread::park();
        }
    }
}
