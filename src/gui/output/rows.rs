//! Rows of a table in the user's own units: typed to be asked about, and read.

use std::borrow::Cow;

use egui::{ComboBox, Grid, RichText, ScrollArea, Slider, Ui, Vec2, WidgetInfo};

use super::try_it::{About, answer_ui, new_data, truth};
use super::{OutputView, TryUi, colours};
use crate::data::Dataset;
use crate::data::encoding::{Column, Inputs};
use crate::gui::numbers::number;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Number, combo};
use crate::session::Action;

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut TryUi, actions: &mut Vec<Action>) {
    let n = view.dataset.input_len();
    if local.row.len() != n {
        let first = view.dataset.validation.input(0).ok();
        local.row = first.map_or_else(|| vec![0.0; n], Cow::into_owned);
    }
    let about = About::Own { taken: local.taken };
    local.ask(view, about, &local.row.clone(), actions);
    ScrollArea::vertical().id_salt("try a row").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            answer_ui(ui, tokens, view, local.reply(view));
            ui.horizontal_wrapped(|ui| {
                let help = "Load the next validation sample, which you can then edit.";
                if ui.button("Load a sample").on_hover_text(help).clicked() {
                    local.taken = (local.taken + 1) % view.dataset.validation.len().max(1);
                    if let Ok(values) = view.dataset.validation.input(local.taken) {
                        local.row = values.to_vec();
                    }
                }
                new_data(ui, actions);
                // Its own truth, until something of it is changed.
                let own = view.dataset.validation.input(local.taken).ok();
                if let Some(truth) = truth(view.dataset, local.taken).filter(|_| own.as_deref() == Some(&local.row[..]))
                {
                    let text = format!("sample {} · {truth}", local.taken);
                    ui.label(RichText::new(text).color(tokens.muted));
                }
            });
            for input in inputs(view.dataset) {
                input_ui(ui, tokens, view.dataset, &input, &mut local.row);
            }
        });
    });
}

/// One thing to be set: a number, or a choice of one among several columns that were made of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Input {
    Number {
        index: usize,
        name: String,
    },
    Choice {
        first: usize,
        name: String,
        options: Vec<String>,
    },
    /// The index of a category.
    Index {
        index: usize,
        name: String,
        options: Vec<String>,
    },
}

/// Columns "name = value" that follow each other are one choice.
pub(super) fn inputs(dataset: &Dataset) -> Vec<Input> {
    let mut all: Vec<Input> = Vec::new();
    let indexed = indexed(dataset);
    for index in 0..dataset.input_len() {
        let label = dataset.input_names.get(index).cloned().unwrap_or_else(|| format!("input {index}"));
        if let Some(column) = indexed.iter().find(|column| column.name == label) {
            let rows = 0..column.vocabulary().unwrap_or_default();
            let options = rows.filter_map(|row| column.category_at(row as f32)).map(str::to_owned).collect();
            all.push(Input::Index { index, name: label, options });
            continue;
        }
        let Some((column, value)) = label.split_once(" = ") else {
            all.push(Input::Number { index, name: label });
            continue;
        };
        match all.last_mut() {
            Some(Input::Choice { name, options, .. }) if name == column => options.push(value.to_owned()),
            _ => all.push(Input::Choice { first: index, name: column.to_owned(), options: vec![value.to_owned()] }),
        }
    }
    all
}

/// The columns for Embeddings.
fn indexed(dataset: &Dataset) -> Vec<&Column> {
    match &dataset.encoding.inputs {
        Inputs::Table { columns, .. } => columns.iter().filter(|column| column.vocabulary().is_some()).collect(),
        Inputs::Pictures | Inputs::PictureNumbers { .. } | Inputs::PictureFiles { .. } | Inputs::Points { .. } => {
            Vec::new()
        }
    }
}

fn input_ui(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, input: &Input, row: &mut [f32]) {
    ui.horizontal(|ui| {
        let name = match input {
            Input::Number { name, .. } | Input::Choice { name, .. } | Input::Index { name, .. } => name,
        };
        ui.allocate_ui(Vec2::new(96.0, 22.0), |ui| {
            ui.set_min_width(96.0);
            ui.add(egui::Label::new(RichText::new(name).color(tokens.muted)).truncate());
        });
        match input {
            Input::Number { index, .. } => {
                let unit = dataset.unit(*index);
                let (low, high) = span(dataset, *index);
                let mut value = unit.value(row[*index]);
                ui.spacing_mut().slider_width = (ui.available_width() - 84.0).max(40.0);
                let slider = Slider::new(&mut value, unit.value(low)..=unit.value(high)).show_value(false);
                let response = ui.add(slider.clamping(egui::SliderClamping::Never));
                if response.changed() {
                    row[*index] = unit.scaled(value);
                }
                let now = f64::from(value);
                response.widget_info(|| WidgetInfo::slider(true, now, name));
                let speed = f64::from(unit.value(high) - unit.value(low)) * 0.005;
                if let Some(typed) = typed(ui, name, now, speed) {
                    row[*index] = unit.scaled(typed as f32);
                }
            }
            Input::Index { index, options, .. } => {
                let chosen = row[*index] as usize;
                let shown = options.get(chosen).map_or("", String::as_str);
                let list = combo(ui, ComboBox::from_id_salt(name).selected_text(shown), |ui| {
                    for (i, option) in options.iter().enumerate() {
                        if ui.selectable_label(i == chosen, option).clicked() {
                            row[*index] = i as f32;
                        }
                    }
                });
                let label = format!("{name}: {shown}");
                list.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
            }
            Input::Choice { first, options, .. } => {
                let range = *first..*first + options.len();
                let chosen = colours::best(&row[range.clone()]);
                let shown = options.get(chosen).map_or("", String::as_str);
                let list = combo(ui, ComboBox::from_id_salt(name).selected_text(shown), |ui| {
                    for (i, option) in options.iter().enumerate() {
                        if ui.selectable_label(i == chosen, option).clicked() {
                            row[range.clone()].fill(0.0);
                            row[first + i] = 1.0;
                        }
                    }
                });
                let label = format!("{name}: {shown}");
                list.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
            }
        }
    });
}

/// The number beside its slider. It may lie outside of what the data has.
fn typed(ui: &mut Ui, name: &str, now: f64, speed: f64) -> Option<f64> {
    let most = f64::from(f32::MAX);
    let field = Number::new(name, (-most, most)).speed(speed).written(|v| number(v as f32));
    let label = format!("{name} as a number");
    field.add(ui, &label, now).1.value
}

/// Smallest and largest value of one input in (at most the first thousand of) the training part.
fn span(dataset: &Dataset, index: usize) -> (f32, f32) {
    let n = dataset.input_len().max(1);
    let some = dataset.train.stretch(0..dataset.train.len().min(1000));
    let values = some.iter().flat_map(|some| some.inputs.iter().skip(index).step_by(n)).copied();
    let (low, high) =
        values.filter(|v| v.is_finite()).fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low < high { (low, high) } else { (-1.0, 1.0) }
}

/// Each column with its value.
fn values(dataset: &Dataset, row: &[f32]) -> impl Iterator<Item = (String, String)> {
    inputs(dataset).into_iter().map(|input| {
        let (name, value) = match input {
            Input::Number { index, name } => (name, row.get(index).map(|v| number(dataset.unit(index).value(*v)))),
            Input::Index { index, name, options } => {
                (name, row.get(index).and_then(|i| options.get(*i as usize).cloned()))
            }
            Input::Choice { first, name, options } => {
                let chosen = row.get(first..first + options.len()).map(colours::best);
                (name, chosen.and_then(|i| options.get(i).cloned()))
            }
        };
        (name, value.unwrap_or_default())
    })
}

/// "petal length 1.4, petal width 0.2, …"
pub(super) fn in_words(dataset: &Dataset, row: &[f32]) -> String {
    let words: Vec<String> = values(dataset, row).take(6).map(|(name, value)| format!("{name} {value}")).collect();
    words.join(", ")
}

/// A row to be read: each column with its value.
pub(super) fn read(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, row: &[f32]) {
    Grid::new("sample row").num_columns(2).spacing([16.0, 2.0]).show(ui, |ui| {
        for (name, value) in values(dataset, row) {
            ui.label(RichText::new(name).color(tokens.muted));
            ui.label(RichText::new(value).font(theme::mono(12.0)));
            ui.end_row();
        }
    });
}
