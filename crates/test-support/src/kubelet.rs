//! The stand-in kubelet: what happens to a pod once it has a node.
//!
//! A pod becomes Ready at once, its init containers completed, every container with an `imageID`.
//! Which way a pod is broken is told by its image's tag alone, so that manifests need nothing
//! special. A *word* of a tag counts: letters that no other letter touches, so that `v2-bad`,
//! `v2bad` and `bad` are broken, `latest` is not `late`. A container without such a word is healthy
//! even beside a broken one; use one word per pod.
//!
//! | word | what the pod does |
//! |---|---|
//! | `bad` | CrashLoopBackOff from the start, a restart more every second |
//! | `pull` | ImagePullBackOff, for ever |
//! | `never` | runs, and is never Ready |
//! | `slow` | Ready after 3 s |
//! | `late` | Ready for 5 s, then as `bad` for good |
//! | `flap` | Ready for 5 s, CrashLoopBackOff for 10 s, again and again; a restart each time it comes back |
//! | `wobble` | Ready for 5 s, not Ready for 10 s, again and again; never a restart |
//! | `oom` | killed for want of memory (OOMKilled, exit 137) after half a second, in a crash loop, for good |
//! | `half` | runs; Ready only on the node [`NODES`]`[0]` |
//!
//! The scheduler spreads the pods of one ReplicaSet evenly over the two nodes, so of an even number
//! of `half` pods, exactly half are never Ready.
//!
//! # Images
//! `imageID` is `REPOSITORY@sha256:DIGEST`; an image given by digest keeps that digest, any other
//! has one derived from its name and tag (no tag is `latest`).
//! [`repoint_tag`](crate::ControlPlane::repoint_tag) makes a tag mean something else for the pods
//! created from then on. A pod keeps its `imageID` for life.
//!
//! # Addresses
//! Each pod has an address of its own in [`POD_RANGE`], which no pod of this control plane had before it: what still
//! sends to a pod that is gone finds nobody, and not the next pod.
//!
//! # Pods with a process
//! A pod with the annotation [`SERVED`] gets an address and runs, not ready, whatever the words of its tag; all
//! else, its removal after its deletion too, is left to the one who serves it: `lab::pods`.

mod transition;

pub(crate) use transition::stages;

/// The range of the addresses of pods: enough for 65 000 of them in the life of a control plane.
pub const POD_RANGE: &str = "10.244.0.0/16";

/// How an address begins as kwok gives it, and as the pod has it.
///
/// kwok gives an address away again as soon as the pod that had it is gone, unless it is outside of its range.
const PREFIXES: [&str; 2] = ["10.245.", "10.244."];

/// The range that kwok is told to give addresses of.
pub(crate) const KWOK_RANGE: &str = "10.245.0.1/16";

/// The nodes that pods are given to, in the order in which they were created.
pub const NODES: [&str; 2] = ["node-a", "node-b"];

/// The annotation that carries re-pointed tags onto a pod: one `IMAGE=TEXT` a line, the text being
/// mixed into the digest. Written by the API server for pods of a namespace in which a tag was
/// re-pointed; a manifest may also carry it.
pub const REPOINTED: &str = "rollway.test/repointed";

/// The annotation of a pod that somebody else moves on from where its containers run.
pub const SERVED: &str = "rollway.test/serves";
