//! The same bits on every machine: the digest of a fixed run.
#![allow(clippy::unwrap_used, reason = "a run that can't be set up has failed")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the run wraps on purpose"
)]

#[path = "golden/mod.rs"]
mod golden;

#[test]
fn a_fixed_run_gives_the_recorded_digest() {
    let digest = golden::run(1).unwrap();
    assert_eq!(digest, golden::DIGEST, "the run gave {digest:#018x}");
}

#[test]
fn another_noise_gives_another_digest() {
    assert_ne!(golden::run(2).unwrap(), golden::DIGEST);
}
