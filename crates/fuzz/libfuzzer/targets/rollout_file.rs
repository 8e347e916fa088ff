//! `fuzz::rollout_file` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rollout_file(bytes));
