//! Floor 6: the window. The only module that names egui.
//!
//! Panels borrow the [`State`](crate::session::State), draw it, and push [`Action`](crate::session::Action)s; what a panel keeps
//! for itself (a scroll position, a half-typed number) is its own `…Ui`. They open no files, start no threads, change no model.

pub mod fonts;
pub mod theme;

pub mod heatmap;
pub mod histogram;
pub mod numbers;
pub mod textures;
