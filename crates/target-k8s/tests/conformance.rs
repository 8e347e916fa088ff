//! The promises of the core's conformance suite, on a real API server.
#![allow(
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test"
)]
#![allow(dead_code, reason = "the shop is shared with other tests")]

#[path = "control_plane/shop.rs"]
mod shop;

mod conformance {
    pub(super) mod gate;
    pub(super) mod subject;
}

use std::time::Duration;

use strategy_core::conformance::{Broken, Promise, Standing};

use conformance::subject::{Shape, ShopSubject};

fn run(shape: Shape, promise: &Promise) -> Result<Standing, Broken> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let subject = ShopSubject::open(shape).await;
        let limit = Duration::from_secs(90);
        match tokio::time::timeout(limit, promise.check(&subject)).await {
            Ok(standing) => standing,
            Err(_) => Err(Broken(format!("it did not end within {limit:?}"))),
        }
    })
}

mod blue_green {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Slots, promise),
        golden: include_str!("golden/blue_green.txt"),
        attributes: { #[ignore = "needs a control plane: cargo xtask test"] },
    }
}

mod istio_canary {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Mesh, promise),
        golden: include_str!("golden/istio_canary.txt"),
        attributes: { #[ignore = "needs a control plane: cargo xtask test"] },
    }
}

mod gateway_canary {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Gateway, promise),
        golden: include_str!("golden/gateway_canary.txt"),
        attributes: { #[ignore = "needs a control plane: cargo xtask test"] },
    }
}

mod ingress_switch {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Ingress, promise),
        golden: include_str!("golden/ingress_switch.txt"),
        attributes: { #[ignore = "needs a control plane: cargo xtask test"] },
    }
}

mod autoscaled {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Autoscaled, promise),
        golden: include_str!("golden/autoscaled.txt"),
        attributes: { #[ignore = "needs a control plane: cargo xtask test"] },
    }
}
