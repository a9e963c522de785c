//! Glassbox: a neural network you can see through.
//!
//! The map of the house, top floor first. A module imports only from lower floors (`tests/house_rules.rs` checks it).

pub mod data;
pub mod model;

pub mod expr;
