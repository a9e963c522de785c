//! One plane of a tensor as a small picture: the last two axes at one place of the others, with some cells outlined.

use egui::{Color32, Label, Rect, Response, RichText, Stroke, StrokeKind, Ui, Vec2};

use crate::gui::heatmap::Heatmap;
use crate::gui::tensor::sizes;
use crate::gui::theme::{self, Tokens};
use crate::trace::{Element, TensorRecord};

/// Cells that are outlined at most; beyond that the window of the card has to do.
const MOST_LIT: usize = 1500;

pub struct Plane<'a> {
    pub record: &'a TensorRecord,
    /// Indices of all axes but the last two.
    pub outer: Vec<usize>,
    pub max_height: f32,
    /// Outlined because of the explained number.
    pub read: &'a [&'a Element],
    /// Outlined because of what is pointed at.
    pub lit: &'a [Element],
}

/// What a person did to it.
#[derive(Default)]
pub struct Pointed {
    pub hovered: Option<Element>,
    pub clicked: Option<Element>,
}

impl<'a> Plane<'a> {
    /// The plane of what is pointed at, or the first.
    pub fn of(record: &'a TensorRecord, lit: &'a [Element], max_height: f32) -> Self {
        let outer = lit.first().map_or_else(
            || vec![0; record.dims.len().saturating_sub(2)],
            |element| Self::outer_of(&element.index).to_vec(),
        );
        Self { record, outer, max_height, read: &[], lit }
    }

    /// Where in the other axes an element lies.
    pub fn outer_of(index: &[usize]) -> &[usize] {
        &index[..index.len().saturating_sub(2)]
    }

    fn size(&self) -> (usize, usize) {
        match self.record.dims.as_slice() {
            [.., rows, columns] => (*rows, *columns),
            [columns] => (1, *columns),
            [] => (1, 1),
        }
    }

    /// Whether both axes are places in a picture, which has its proportions.
    fn is_image(&self) -> bool {
        let rank = self.record.dims.len();
        rank >= 2 && self.record.axis(rank - 2) == "row" && self.record.axis(rank - 1) == "column"
    }

    /// Name above, and below it which plane or how large.
    pub fn title(&self, ui: &mut Ui, tokens: &Tokens) {
        let title = RichText::new(&self.record.name).font(theme::mono(12.0)).color(tokens.muted);
        ui.add(Label::new(title).truncate());
        ui.add(Label::new(RichText::new(self.place()).size(11.0).color(tokens.faint)).truncate());
    }

    /// "sample 0, channel 3", or the sizes where there is only one plane.
    pub fn place(&self) -> String {
        let at = |(axis, i): (usize, &usize)| self.record.tick(axis, *i);
        let cut: Vec<_> = self.outer.iter().enumerate().map(at).collect();
        if cut.is_empty() { sizes(self.record) } else { cut.join(", ") }
    }

    pub fn show(&self, ui: &mut Ui, tokens: &Tokens, salt: &str) -> Pointed {
        let (rows, columns) = self.size();
        let start = self.outer.iter().zip(&self.record.dims).fold(0, |at, (i, n)| at * n + i) * rows * columns;
        let Some(values) = self.record.data.get(start..start + rows * columns) else { return Pointed::default() };
        let called = |at: usize| self.record.place(&self.element(at).index);
        let map = Heatmap {
            called: Some(&called),
            max_height: self.max_height,
            max_cell: if self.is_image() { (self.max_height / rows.max(1) as f32).min(28.0) } else { 28.0 },
            name: &self.record.name,
            captioned: false,
            ..Heatmap::new(rows, columns, values)
        };
        let response = map.show(ui, tokens, (salt, &self.record.name));
        if let Some(text) = map.sharing(&response) {
            ui.add(Label::new(RichText::new(text).size(10.0).color(tokens.faint)).truncate());
        }
        if values.is_empty() {
            return Pointed::default();
        }
        self.outlines(ui, &response, tokens.accent, self.read.iter().copied());
        self.outlines(ui, &response, tokens.text, self.lit.iter());
        self.tell(ui, &response, salt);
        let clicked = response.interact_pointer_pos().filter(|_| response.clicked());
        Pointed {
            hovered: response.hover_pos().map(|pos| self.element(map.shown_at(&response, pos))),
            clicked: clicked.map(|pos| self.element(map.shown_at(&response, pos))),
        }
    }

    /// For those who do not see the outlines.
    fn tell(&self, ui: &Ui, response: &Response, salt: &str) {
        let here = self.lit.iter().filter(|element| element.index.starts_with(&self.outer)).count();
        if here > 0 {
            let lit = ui.interact(response.rect, response.id.with((salt, "lit")), egui::Sense::empty());
            let text = format!("{here} lit in {}", self.record.name);
            lit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
        }
    }

    /// By its place in the plane.
    fn element(&self, at: usize) -> Element {
        let columns = self.size().1.max(1);
        let (row, column) = (at / columns, at % columns);
        let mut index = self.outer.clone();
        match self.record.dims.len() {
            0 => {}
            1 => index.push(column),
            _ => index.extend([row, column]),
        }
        Element { name: self.record.name.clone(), index }
    }

    fn cell(&self, rect: Rect) -> Vec2 {
        let (rows, columns) = self.size();
        rect.size() / Vec2::new(columns as f32, rows as f32)
    }

    fn outlines<'e>(&self, ui: &Ui, response: &Response, colour: Color32, cells: impl Iterator<Item = &'e Element>) {
        let (cell, rank) = (self.cell(response.rect), self.record.dims.len());
        let in_plane = cells.filter(|e| e.index.len() == rank && e.index.starts_with(&self.outer)).take(MOST_LIT);
        for element in in_plane {
            let (row, column) = match element.index.as_slice() {
                [.., row, column] => (*row, *column),
                [column] => (0, *column),
                [] => (0, 0),
            };
            let place = Rect::from_min_size(response.rect.min + cell * Vec2::new(column as f32, row as f32), cell);
            let stroke = Stroke::new(if cell.min_elem() > 6.0 { 1.5 } else { 0.75 }, colour);
            ui.painter().rect_stroke(place, 1.0, stroke, StrokeKind::Inside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::test_window::window;

    #[test]
    fn a_picture_keeps_its_proportions_and_a_matrix_takes_the_room() {
        let wide = |axes: [&str; 2]| {
            let record = TensorRecord {
                name: "%1".into(),
                dims: vec![28, 28],
                axes: axes.map(str::to_owned).to_vec(),
                gates: None,
                step: 1,
                data: vec![0.5; 784].into(),
            };
            let mut harness = window([400.0, 200.0]).build_ui(move |ui| {
                Plane::of(&record, &[], 112.0).show(ui, &Tokens::of(ui), "test");
            });
            harness.run_ok();
            use egui_kittest::kittest::Queryable as _;
            let rect = harness.get_by_label_contains("%1, ").rect();
            harness.hover_at(rect.min + Vec2::splat(1.0));
            harness.run_ok();
            let [rows, columns] = axes;
            harness.get_by_label(&format!("{rows} 0, {columns} 0: 0.5"));
            rect.size()
        };
        let picture = wide(["row", "column"]);
        assert!((picture.x - picture.y).abs() < 2.0, "{picture:?}");
        let matrix = wide(["sample", "unit"]);
        assert!(matrix.x > 2.0 * matrix.y, "{matrix:?}");
    }
}
