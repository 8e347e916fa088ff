//! Whole rollouts on a fake of Amazon ECS in virtual time: the real driver, the real machine, the real SDK.

mod calls;
mod faults;
mod foreign;
mod lossless;
mod promoted;
mod rolled_back;
mod scene;
