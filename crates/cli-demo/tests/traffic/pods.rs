//! The one server that is all pods of the lab.

use std::sync::OnceLock;

use test_support::Lab;
use test_support::lab::POD_PORT;
use test_support::lab::pods::{Options, PodServer};

/// Serves from now on, until the test's process ends.
pub(crate) fn serve(lab: &'static Lab) -> &'static PodServer {
    static SERVER: OnceLock<PodServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        let mut options = Options::default();
        options.port = POD_PORT;
        let config = lab.plane().config("lab-pods").unwrap();
        PodServer::watching(&options, config, None).unwrap()
    })
}
