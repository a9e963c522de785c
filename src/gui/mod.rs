//! Floor 6: the window. The only module that names egui.
//!
//! Panels borrow the [`State`](crate::session::State), draw it, and push [`Action`](crate::session::Action)s; what a
//! panel keeps for itself (a scroll position, a half-typed number) is its own `…Ui`. They open no files, start no
//! threads, change no model.

pub mod fonts;
pub mod theme;

pub mod about;
pub mod anchors;
pub mod app;
mod arriving;
pub mod banners;
pub mod canvas;
mod code;
pub mod compare;
pub mod data_panel;
pub mod debug;
pub mod dialogs;
mod drawing;
pub mod exports;
pub mod frame_times;
pub mod glossary;
pub mod help;
pub mod inspector;
mod open_sets;
pub mod palette;
pub mod panel;
pub mod panels;
pub mod projector;
pub mod shortcuts;
#[cfg(test)]
mod test_window;
pub mod thumbnails;
pub mod toasts;
pub mod top_bar;
pub mod tour;
mod trial;
pub mod welcome;
pub mod widgets;
pub mod workspace;

pub mod figure;
pub mod heatmap;
pub mod histogram;
pub mod new_data;
mod number_editor;
pub mod numbers;
pub mod output;
pub mod plots;
pub mod reading;
pub mod tensor;
pub mod textures;
pub mod units;

pub use app::{App, run};
pub use frame_times::{FrameTimes, measure as measure_frames, measure_comparing, measure_wide};
