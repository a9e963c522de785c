//! Floor 6: the window. The only module that names egui.
//!
//! Panels borrow the [`State`](crate::session::State), draw it, and push [`Action`](crate::session::Action)s; what a panel keeps
//! for itself (a scroll position, a half-typed number) is its own `…Ui`. They open no files, start no threads, change no model.

pub mod fonts;
pub mod theme;

pub mod banners;
#[cfg(test)]
mod bench;
pub mod canvas;
pub mod data_panel;
pub mod dialogs;
pub mod inspector;
pub mod palette;
pub mod panels;
pub mod shortcuts;
pub mod thumbnails;
pub mod toasts;
pub mod top_bar;
pub mod welcome;
pub mod widgets;

pub mod heatmap;
pub mod histogram;
pub mod numbers;
pub mod output;
pub mod plots;
pub mod reading;
pub mod textures;
