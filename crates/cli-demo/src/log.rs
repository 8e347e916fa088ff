//! What the libraries warn of, such as a journal that cannot be written: on standard error.

use std::io;

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::console::{self, Aside};
use crate::render::plain::plain;

/// The variable that asks for more or less, as `debug` or `warn,target_k8s=debug`.
const FILTER: &str = "RUST_LOG";

/// Begins to show warnings, or what `RUST_LOG` asks for.
pub fn begin() {
    let wanted = std::env::var(FILTER).ok();
    let filter = filter(wanted.as_deref()).unwrap_or_else(|problem| {
        console::warn(&format!(
            "{FILTER} is not understood, so warnings are shown: {problem}"
        ));
        warnings()
    });
    // Fails only where one was set before: the program's caller has decided then.
    let _ = tracing::subscriber::set_global_default(subscriber(filter, || Aside));
}

/// Warnings, without those of the Kubernetes client: each of its errors comes back to whoever called,
/// and is told there, once instead of at every attempt.
fn warnings() -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("kube_client::client", LevelFilter::OFF)
}

fn filter(wanted: Option<&str>) -> Result<Targets, String> {
    match wanted {
        Some(wanted) if !wanted.is_empty() => wanted
            .parse()
            .map_err(|error| format!("`{wanted}`: {error}")),
        Some(_) | None => Ok(warnings()),
    }
}

fn subscriber<W>(filter: Targets, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    tracing_subscriber::registry().with(filter).with(lines)
}

impl io::Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Its fields are text of others, as a reason or an object's name may be.
        let text = String::from_utf8_lossy(bytes);
        console::aside(|error| {
            text.split_inclusive('\n').try_for_each(|line| {
                let end = if line.ends_with('\n') { "\n" } else { "" };
                let line = line.strip_suffix('\n').unwrap_or(line);
                write!(error, "{}{end}", plain(line))
            })
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn shown(wanted: Option<&str>) -> String {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let subscriber = subscriber(filter(wanted).unwrap(), {
            let kept = kept.clone();
            move || Kept(kept.clone())
        });
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(why = "full", "the journal cannot be written");
            tracing::info!("a matter of course");
            tracing::debug!(target: "kube", "a request");
            tracing::error!(target: "kube_client::client::builder", "no connection");
        });
        let kept = kept.lock().unwrap().clone();
        String::from_utf8(kept).unwrap()
    }

    #[derive(Debug)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn warnings_are_shown_and_no_more_unless_asked_for() {
        for usual in [None, Some("")] {
            let shown = shown(usual);
            assert!(shown.contains("WARN"), "{shown}");
            assert!(
                shown.contains("the journal cannot be written why=\"full\""),
                "{shown}"
            );
            assert_eq!(shown.lines().count(), 1, "{shown}");
        }
        let more = shown(Some("info,kube=debug"));
        assert_eq!(more.lines().count(), 4, "{more}");
        assert_eq!(shown(Some("off")), "");
        assert!(filter(Some("kube=loud")).is_err());
    }
}
