//! Small pictures of the tensors that a number was made of, with the cells that it read lit.

use egui::{Label, Rect, RichText, Stroke, StrokeKind, Ui, Vec2};

use crate::gui::heatmap::Heatmap;
use crate::gui::tensor::sizes;
use crate::gui::theme::{self, Tokens};
use crate::trace::{Element, Explanation, Sight, TensorRecord};

/// Tensors that are pictured at most.
const MOST: usize = 3;
/// Cells that are outlined at most; beyond that the window of the card has to do.
const MOST_LIT: usize = 1500;

/// Names of what was read, in reading order.
pub fn names(explanation: &Explanation) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (element, _) in explanation.arithmetic.elements() {
        if element.name != explanation.element.name && !names.contains(&element.name) {
            names.push(element.name.clone());
        }
    }
    names.truncate(MOST);
    names
}

/// Side by side; returns the element that was clicked.
pub fn show(ui: &mut Ui, tokens: &Tokens, sight: &Sight, explanation: &Explanation) -> Option<Element> {
    let elements = explanation.arithmetic.elements();
    let records: Vec<&TensorRecord> =
        names(explanation).iter().filter_map(|name| sight.tensor(name)).filter(|r| !r.dims.is_empty()).collect();
    if records.is_empty() {
        return None;
    }
    let mut clicked = None;
    let side = (ui.available_width() / records.len() as f32 - 28.0).clamp(48.0, 160.0);
    ui.horizontal_top(|ui| {
        for (i, record) in records.into_iter().enumerate() {
            ui.add_sized([12.0, 96.0], Label::new(RichText::new(if i == 0 { "=" } else { "·" }).color(tokens.muted)));
            let read: Vec<&Element> = elements.iter().map(|(e, _)| *e).filter(|e| e.name == record.name).collect();
            ui.allocate_ui(Vec2::new(side, 120.0), |ui| {
                ui.vertical(|ui| clicked = picture(ui, tokens, record, &read, side).or(clicked.take()));
            });
        }
    });
    clicked
}

/// The plane of the last two axes in which the first number was read.
fn picture(ui: &mut Ui, tokens: &Tokens, record: &TensorRecord, read: &[&Element], side: f32) -> Option<Element> {
    let first = read.first()?;
    let rank = record.dims.len();
    let (rows, columns) = match record.dims.as_slice() {
        [.., rows, columns] => (*rows, *columns),
        [columns] => (1, *columns),
        [] => (1, 1),
    };
    let outer = &first.index[..rank.saturating_sub(2)];
    let start = outer.iter().zip(&record.dims).fold(0, |at, (i, n)| at * n + i) * rows * columns;
    let values = record.data.get(start..start + rows * columns)?;
    let title = RichText::new(&record.name).font(theme::mono(12.0)).color(tokens.muted);
    ui.add(egui::Label::new(title).truncate());
    let shape = if rank > 2 {
        let cut: Vec<_> = outer.iter().enumerate().map(|(axis, i)| format!("{} {i}", record.axis(axis))).collect();
        cut.join(", ")
    } else {
        sizes(record)
    };
    ui.add(egui::Label::new(RichText::new(shape).size(11.0).color(tokens.faint)).truncate());
    ui.set_max_width(side);
    let map = Heatmap {
        max_height: 112.0,
        max_cell: 28.0,
        name: &record.name,
        captioned: false,
        ..Heatmap::new(rows, columns, values)
    };
    let response = map.show(ui, tokens, ("operand", &record.name));
    let cell = response.rect.size() / Vec2::new(columns as f32, rows as f32);
    let in_plane = read.iter().filter(|e| e.index.len() == rank && e.index.starts_with(outer)).take(MOST_LIT);
    for element in in_plane {
        let (row, column) = match element.index.as_slice() {
            [.., row, column] => (*row, *column),
            [column] => (0, *column),
            [] => (0, 0),
        };
        let place = Rect::from_min_size(response.rect.min + cell * Vec2::new(column as f32, row as f32), cell);
        let stroke = Stroke::new(if cell.min_elem() > 6.0 { 1.5 } else { 0.75 }, tokens.accent);
        ui.painter().rect_stroke(place, 1.0, stroke, StrokeKind::Inside);
    }
    let pos = response.interact_pointer_pos().filter(|_| response.clicked())?;
    let at = (pos - response.rect.min) / cell;
    let (row, column) = ((at.y as usize).min(rows - 1), (at.x as usize).min(columns - 1));
    let mut index = outer.to_vec();
    index.extend(if rank > 1 { vec![row, column] } else { vec![column] });
    Some(Element { name: record.name.clone(), index })
}
