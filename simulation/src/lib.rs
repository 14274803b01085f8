//! The world: loads, plants, customers' response, chip twins, network faults and time.
//!
//! Everything here is a function of the seed and of what happened before: no clock, no file, no
//! thread. [`world`] puts bank, grid company and meters together; whoever runs it (the program, a
//! test) gives it logs to write to and says when the next minute begins.

pub mod ade9000;
pub mod bank_faults;
pub mod founding;
pub mod fram;
pub mod front_end;
pub mod instrument;
pub mod ledger;
pub mod market;
pub mod meter;
pub mod plants;
pub mod population;
pub mod profiles;
pub mod random;
pub mod register_cuts;
pub mod scenario;
pub mod state;
pub mod type_test;
pub mod verifier;
pub mod waveform;
pub mod waveform_meter;
pub mod world;
