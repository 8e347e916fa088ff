//! How many files, sockets among them, this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many as it may give itself, which servers and clients of many connections do. Where that is refused,
/// everything goes on with what there is.
pub(crate) fn allow_many() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let most = Rlimit {
            current: limit.maximum,
            ..limit
        };
        let _refused: rustix::io::Result<()> = setrlimit(Resource::Nofile, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_what_it_can_be() {
        allow_many();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
