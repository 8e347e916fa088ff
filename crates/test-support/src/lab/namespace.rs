//! The network of a lab: a network namespace of Linux in which every address of pods is this machine.
//!
//! Root makes it as root, anybody else as root of a user namespace that has nothing but it. Nothing in it reaches the
//! machine's network or is reached from there; files and processes are the machine's.

use std::env;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::process::CommandExt;
use std::process::{self, Command, Stdio};

use rustix::process::geteuid;

use crate::kubelet::POD_RANGE;

/// An address of pods that no pod is given before all others are.
const LAST: Ipv4Addr = Ipv4Addr::new(10, 244, 255, 254);

const UNSHARE: &str = "unshare";
const OF_ROOT: [&str; 1] = ["--net"];
const OF_A_USER: [&str; 2] = ["--map-root-user", "--net"];

/// Set for the program that was begun anew, to the options of `unshare`.
const BEGUN: &str = "ROLLWAY_LAB_BEGUN";

/// Why a lab has no network here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoNamespace {
    /// The programs are not there, as outside of Linux.
    #[error(
        "the lab needs Linux with the programs `unshare` (util-linux), `sh` and `ip` (iproute2): `{program}` cannot be started"
    )]
    NoProgram {
        /// What was started.
        program: &'static str,
        /// Why it could not be.
        #[source]
        source: io::Error,
    },
    /// The kernel or its settings, or a sandbox, forbid it, or `ip` is not there.
    #[error(
        "the lab needs a network namespace, which cannot be made here: {refused}; install `ip` (iproute2), and let users \
         have namespaces of their own (`sysctl user.max_user_namespaces`; on Ubuntu also \
         `kernel.apparmor_restrict_unprivileged_userns=0`), or be root"
    )]
    Refused {
        /// What was tried last, and what it said.
        refused: String,
    },
    /// It was made, and is not as it should be.
    #[error("the network that was made for the lab does not have the addresses of pods")]
    Incomplete,
    /// What runs could not be found out.
    #[error("cannot find the program that runs, to begin it anew in the network of the lab")]
    NoExecutable {
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Whether this process is in the network of a lab.
#[must_use]
pub fn is_inside() -> bool {
    // Nothing is sent: the kernel chooses where it would be sent from, which is the address itself where it is ours.
    let from = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((LAST, 9))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == LAST)
}

/// Goes into the network of a new lab, or stays in the one that this process is in.
///
/// In the first case it does not return: this program begins anew, with the same arguments and the same process id;
/// all threads end.
///
/// # Errors
/// When there can be no such network here.
pub fn enter() -> Result<(), NoNamespace> {
    if is_inside() {
        return Ok(());
    }
    if env::var_os(BEGUN).is_some() {
        return Err(NoNamespace::Incomplete);
    }
    let program = env::current_exe().map_err(|source| NoNamespace::NoExecutable { source })?;
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let options = possible()?;
    let mut command = unshare(options);
    command
        .arg(program)
        .args(arguments)
        .env(BEGUN, options.join(" "));
    Err(NoNamespace::NoProgram {
        program: UNSHARE,
        source: command.exec(),
    })
}

/// Whether there can be such a network here; one is made and is gone again.
///
/// # Errors
/// Why not.
pub fn check() -> Result<(), NoNamespace> {
    possible().map(drop)
}

/// The words that begin a command which is to run in the network that this process [entered](enter).
#[must_use]
pub fn way_in() -> Vec<String> {
    let has_users =
        env::var_os(BEGUN).is_some_and(|options| options == OF_A_USER.join(" ").as_str());
    let of_users: &[&str] = if has_users {
        &["--user", "--preserve-credentials"]
    } else {
        &[]
    };
    let target = process::id().to_string();
    let words = [
        &["nsenter", "--net", "--target", &target],
        of_users,
        &["--"],
    ];
    words.concat().into_iter().map(str::to_owned).collect()
}

/// The options of `unshare` with which a network can be made.
fn possible() -> Result<&'static [&'static str], NoNamespace> {
    // Root in a container may not do what root may, but what anybody may.
    let ways: &[&[&str]] = if geteuid().is_root() {
        &[&OF_ROOT, &OF_A_USER]
    } else {
        &[&OF_A_USER]
    };
    let mut refused = String::new();
    for options in ways {
        let tried = unshare(options).arg("true").stdin(Stdio::null()).output();
        let tried = tried.map_err(|source| NoNamespace::NoProgram {
            program: UNSHARE,
            source,
        })?;
        if tried.status.success() {
            return Ok(options);
        }
        let said = String::from_utf8_lossy(&tried.stderr);
        refused = format!("`{UNSHARE} {}` said: {}", options.join(" "), said.trim());
    }
    Err(NoNamespace::Refused { refused })
}

/// Up to the command that is to be run in the new network.
fn unshare(options: &[&str]) -> Command {
    let mut command = Command::new(UNSHARE);
    let script =
        format!("ip link set lo up && ip route add local {POD_RANGE} dev lo && exec \"$@\"");
    command
        .args(options)
        .args(["--", "sh", "-c", &script, "lab"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_is_told_what_to_do() {
        let refused = NoNamespace::Refused {
            refused: "`unshare --net` said: Operation not permitted".to_owned(),
        };
        let told = refused.to_string();
        for word in [
            "not permitted",
            "iproute2",
            "user.max_user_namespaces",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}
