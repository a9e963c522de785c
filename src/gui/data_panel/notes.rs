//! How the samples are shared out among classes and parts, and what was noticed while reading them.

use egui::{Label, Rect, RichText, Sense, Ui, Vec2};

use super::chart;
use crate::data::facts::{Distribution, Repair, Spread};
use crate::data::{Dataset, in_window};
use crate::gui::numbers::count;
use crate::gui::theme::{self, Tokens, mix};
use crate::gui::widgets::section;
use crate::model::{Source, Task};
use crate::session::State;

/// More bars than this say nothing more.
const MOST_BARS: usize = 24;
/// More are told by their names.
const MOST_TARGETS: usize = 6;

pub(super) fn show(ui: &mut Ui, state: &State, dataset: &Dataset) {
    let tokens = Tokens::of(ui);
    match dataset.truth.task {
        Task::Classes(_) | Task::ClassesAt { .. } => {
            let parts = [Some(&dataset.train), Some(&dataset.validation), dataset.test.as_ref()];
            let of: Vec<String> = parts.into_iter().flatten().map(|part| count(part.len() as u64)).collect();
            section(ui, "CLASSES", &of.join(" + "));
            // Its bars stand closer than notes do.
            ui.scope(|ui| balance(ui, dataset, &dataset.truth.names));
        }
        Task::Boxes { .. } => {
            let of = format!("{} + {}", count(dataset.train.len() as u64), count(dataset.validation.len() as u64));
            section(ui, "FINDS", &of);
            ui.add(Label::new(dataset.truth.names.join(", ")).wrap());
        }
        // A single sample is asked for nothing.
        Task::Input(_) if dataset.validation.is_empty() && dataset.train.len() == 1 => {}
        Task::Numbers(_) | Task::Input(_) => {
            section(ui, "PREDICTS", "");
            ui.add(Label::new(dataset.truth.names.join(", ")).wrap());
            let test = dataset.test.as_ref().map(|test| format!(", {} for the test", count(test.len() as u64)));
            let text = format!(
                "{} training samples, {} for validation{}",
                count(dataset.train.len() as u64),
                count(dataset.validation.len() as u64),
                test.unwrap_or_default()
            );
            ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
            target(ui, state);
        }
    }
    if !dataset.notes.is_empty() {
        section(ui, "NOTES", "");
    }
    // What is told with a button needs no words besides.
    let repairs = || state.facts().into_iter().flat_map(|facts| &facts.warnings).filter_map(|w| w.repair.as_ref());
    let options: Vec<String> = repairs().filter_map(Repair::option).filter(|o| o.starts_with("--missing")).collect();
    let is_leak = |note: &str| state.facts().is_some() && dataset.giveaways.iter().any(|leak| leak.words == note);
    let is_told = |note: &str| is_leak(note) || options.iter().any(|option| note.contains(option));
    for note in dataset.notes.iter().filter(|note| !is_told(note)) {
        ui.add(Label::new(RichText::new(in_window(note)).color(tokens.muted)).wrap());
    }
}

/// How the numbers to predict are spread, where they are a column of a table.
fn target(ui: &mut Ui, state: &State) {
    let (Some(facts), Source::Csv(csv)) = (state.facts(), &state.project().data.source) else { return };
    let (tokens, names) = (Tokens::of(ui), csv.targets());
    for (&target, name) in facts.targets.iter().zip(&names).take(MOST_TARGETS) {
        let Some(column) = facts.columns.get(target) else { continue };
        let Distribution::Numbers(spread) = &column.distribution else { continue };
        // Of several each has its name above it.
        if names.len() > 1 {
            ui.add(Label::new(RichText::new(*name).size(12.0).color(tokens.muted)).truncate());
        }
        one_target(ui, name, &column.distribution, spread);
    }
}

fn one_target(ui: &mut Ui, name: &str, distribution: &Distribution, spread: &Spread) {
    let scale = chart::Scale { shown: &|value| value, written: &chart::plain, is_faint: false };
    chart::show(ui, Vec2::new(ui.available_width(), 64.0), name, distribution, &scale);
    let text = format!(
        "{} to {}, mean {}, median {}",
        chart::plain(spread.min),
        chart::plain(spread.max),
        chart::plain(spread.mean),
        chart::plain(spread.median)
    );
    let tokens = Tokens::of(ui);
    ui.add(Label::new(RichText::new(text).size(11.0).color(tokens.faint)).wrap());
}

fn balance(ui: &mut Ui, dataset: &Dataset, classes: &[String]) {
    let tokens = Tokens::of(ui);
    let train = dataset.class_counts(&dataset.train);
    let validation = dataset.class_counts(&dataset.validation);
    let most = train.iter().zip(&validation).map(|(a, b)| a + b).max().unwrap_or(0).max(1) as f32;
    ui.spacing_mut().item_spacing.y = 2.0;
    for (i, name) in classes.iter().enumerate().take(MOST_BARS) {
        let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 18.0), Sense::hover());
        let (a, b) = (train[i] as f32, validation[i] as f32);
        let label = rect.width() * 0.4;
        let painter = ui.painter().with_clip_rect(
            Rect::from_min_size(rect.min, Vec2::new(label - 6.0, rect.height())).intersect(ui.clip_rect()),
        );
        painter.text(rect.left_center(), egui::Align2::LEFT_CENTER, name, theme::regular(12.0), tokens.muted);
        let full = rect.width() - label;
        let bar = |from: f32, len: f32, colour| {
            let min = egui::pos2(rect.left() + label + from / most * full, rect.top() + 4.0);
            let size = Vec2::new((len / most * full).max(if len > 0.0 { 1.0 } else { 0.0 }), 10.0);
            ui.painter().rect_filled(Rect::from_min_size(min, size), 2.0, colour);
        };
        bar(0.0, a, tokens.class(i));
        bar(a, b, mix(tokens.panel, tokens.class(i), 0.5));
        let text =
            format!("{name}: {} for training, {} for validation", count(train[i] as u64), count(validation[i] as u64));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
        response.on_hover_text(text);
    }
    if classes.len() > MOST_BARS {
        let text = format!("and {} more", classes.len() - MOST_BARS);
        ui.label(RichText::new(text).color(tokens.faint));
    }
}
