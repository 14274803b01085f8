//! The pilot on one machine: command line, services and web console.
//!
//! This is the one crate with sockets, files, threads and a wall clock. What it shows stands in
//! [`view`]; how it looks in a browser stands in [`web`].
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    reason = "this crate owns the clock, the threads and the terminal"
)]

pub mod audit;
pub mod calibrate;
pub mod cluster;
pub mod commands;
pub mod console;
pub mod measure;
pub mod pilot;
pub mod pipeline;
pub mod service;
pub mod store;
pub mod tariff_study;
pub mod view;
mod watch;
pub mod web;
