//! Batches of a rolling update.

use super::*;

/// Source, batch, workload, replicas (none: refused), and what the peer says.
type Row = (
    &'static str,
    &'static str,
    u32,
    Option<u32>,
    Peer<Option<u32>>,
);

#[test]
fn a_batch_is_a_count_or_a_share_of_the_workload() {
    const BATCH: &str = "OpenKruise rollouts TestCalculateBatchReplicas";
    const TOO_MUCH: &str = "more than all of it is a mistake, and is said to be one";
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (BATCH, "5", 10, Some(5), Agrees),
        (BATCH, "20%", 10, Some(2), Agrees),
        (BATCH, "100%", 10, Some(10), Agrees),
        (BATCH, "200%", 10, None, Differs { theirs: Some(10), why: TOO_MUCH }),
        (BATCH, "200", 10, Some(10), Agrees),
        (BATCH, "0", 10, Some(0), Agrees),
    ];
    for (source, batch, workload, replicas, peer) in rows {
        let amount = batch.parse::<Amount>().ok();
        // A batch may not be larger than what there is to replace.
        let ours = amount.map(|amount| amount.rounded_up(*workload).min(*workload));
        peer.check(&format!("{source}: {batch} of {workload}"), ours, *replicas);
    }
}
