//! Glassbox: a neural network you can see through.
//!
//! The map of the house, top floor first. A module imports only from lower floors (`tests/house_rules` checks it).

#![warn(missing_docs)]

// 6: the window.
#[cfg(feature = "gui")]
#[allow(missing_docs, reason = "nobody calls the window but the program")]
pub mod gui;

// 6: the command line.
#[allow(missing_docs, reason = "comments there are what `--help` prints")]
pub mod cli;

// 5: the application without a screen.
pub mod session;

// 4: the training thread; what is kept on disk; the same model in other programs; why a network does not learn;
// lessons as data.
pub mod diagnosis;
pub mod interop;
pub mod lesson;
pub mod persist;
pub mod trainer;

// 3: programs and the machine that runs them.
pub mod engine;

// 2: samples; plain records of what training did.
pub mod data;
pub mod trace;

// 1: the drawn graph and all settings; files as such.
pub mod files;
pub mod model;

// 0: the one expression language.
pub mod expr;
