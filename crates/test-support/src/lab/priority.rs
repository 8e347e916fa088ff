//! That clients and pods get a core as soon as something is due.

/// What is started without a word about it has 0; less comes first.
#[cfg(target_os = "linux")]
const PRIORITY: i32 = -10;

/// Lets this thread come before everything that has no priority of its own, as root may. For anybody else it stays as
/// it is, and more is missed while all cores are busy.
#[cfg(target_os = "linux")]
pub(crate) fn raise() {
    // Of this thread alone, as Linux has it.
    let _refused: rustix::io::Result<()> = rustix::process::setpriority_process(None, PRIORITY);
}

/// Elsewhere it would be that of the whole process.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn raise() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::thread;

    use rustix::process::{getpriority_process, setpriority_process};

    use super::*;

    #[test]
    fn one_thread_comes_first_where_that_is_allowed_and_no_other() {
        let before = getpriority_process(None).unwrap();
        let is_allowed = thread::spawn(|| setpriority_process(None, PRIORITY).is_ok());
        let raised = thread::spawn(|| {
            raise();
            getpriority_process(None).unwrap()
        });
        let is_allowed = is_allowed.join().unwrap();
        let expected = if is_allowed { PRIORITY } else { before };
        assert_eq!(raised.join().unwrap(), expected);
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
