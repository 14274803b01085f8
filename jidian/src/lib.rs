//! The pilot on one machine: command line, services and web console.
//!
//! This is the one crate with sockets, files, threads and a wall clock. What it shows stands in
//! [`view`]; how it looks in a browser stands in [`web`].

pub mod view;
pub mod web;
