//! Applies a manifest to the control plane of KUBECONFIG; `cargo xtask lab apply` starts it in the network of the lab.
//!
//! `lab-apply NAMESPACE FILE..`: prints each object when it is applied, and ends when the pods of the Deployments are
//! available and answer through the gateway.

use std::error::Error;
use std::io::{Write, stdout};
use std::{env, fs};

use kube::Client;
use test_support::lab::apply::{answered, apply};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let namespace = arguments.next().ok_or("give the namespace and the files")?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::try_default().await?;
        for file in arguments {
            let manifest = fs::read_to_string(&file)
                .map_err(|error| format!("cannot read {file}: {error}"))?;
            apply(&client, &namespace, &manifest, |object| {
                say(&format!("{object} applied"));
            })
            .await?;
            say("all pods are available");
            answered(&manifest, |host| say(&format!("{host} is answered"))).await?;
        }
        Ok(())
    })
}

fn say(line: &str) {
    // That nobody reads it any more is no reason to stop half-way.
    let _unread: std::io::Result<()> = writeln!(stdout(), "{line}");
}
