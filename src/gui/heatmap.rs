//! A matrix as coloured cells: blue positive, orange negative, on one scale around 0.
//!
//! Owns the drawing and the reading of single cells. Says so when it draws fewer cells than there are, and marks NaN
//! and infinity with glyphs of their own. Does not know what the numbers mean.

use egui::{
    Align2, AsIdSalt, Color32, ColorImage, Id, Pos2, Rect, Response, Sense, Stroke, TextureOptions, Ui, Vec2,
    WidgetInfo,
};

use super::numbers::{count, number};
use super::reading::read_text;
use super::textures::{cached, fingerprint, mix};
use super::theme::{self, Tokens};

/// The most cells that get a glyph each; beyond that the caption's count has to do.
const MOST_GLYPHS: usize = 2_000;

/// The matrix with default looks; see [`Heatmap`] for more.
pub fn heatmap_ui(
    ui: &mut Ui,
    tokens: &Tokens,
    id: impl AsIdSalt,
    rows: usize,
    columns: usize,
    values: &[f32],
    range: Option<f32>,
) -> Response {
    Heatmap { range, ..Heatmap::new(rows, columns, values) }.show(ui, tokens, id)
}

/// What to draw. Fields are set by name: `Heatmap { max_height: 80.0, ..Heatmap::new(rows, columns, values) }`.
#[derive(Clone, Copy)]
pub struct Heatmap<'a> {
    pub rows: usize,
    pub columns: usize,
    /// Row-major, `rows * columns` numbers.
    pub values: &'a [f32],
    /// The magnitude with full colour; `None` takes the largest finite one.
    pub range: Option<f32>,
    pub max_height: f32,
    /// Cells are never wider or taller than this.
    pub max_cell: f32,
    /// What the number at a place of `values` is called; without it, its row and column are told by these words.
    pub called: Option<&'a dyn Fn(usize) -> String>,
    pub row_word: &'a str,
    pub column_word: &'a str,
    /// Start of the AccessKit name: "weight".
    pub name: &'a str,
    /// Says below when fewer cells are drawn than there are, and how many are NaN: where there is room to say it.
    pub captioned: bool,
}

impl<'a> Heatmap<'a> {
    pub fn new(rows: usize, columns: usize, values: &'a [f32]) -> Self {
        Self {
            rows,
            columns,
            values,
            range: None,
            max_height: 160.0,
            max_cell: 32.0,
            called: None,
            row_word: "row",
            column_word: "column",
            name: "Heat map",
            captioned: true,
        }
    }

    /// Draws as wide as there is room. Hovering reads the cell.
    pub fn show(&self, ui: &mut Ui, tokens: &Tokens, id: impl AsIdSalt) -> Response {
        if self.rows * self.columns == 0 || self.values.len() < self.rows * self.columns {
            let response = ui.weak("Empty.");
            return response;
        }
        let size = self.size(ui.available_width());
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let pixels = ui.ctx().pixels_per_point();
        let plan = Plan::new(self, rect.size() * pixels);
        let range = self.range.unwrap_or_else(|| largest(self.values)).max(f32::MIN_POSITIVE);
        if ui.is_rect_visible(rect) {
            self.paint(ui, tokens, ui.scope_id().with(id), rect, &plan, range);
        }
        response.widget_info(|| {
            WidgetInfo::labeled(egui::Role::Image, true, format!("{}, {} × {}", self.name, self.rows, self.columns))
        });
        let caption = plan.caption(self);
        if let Some(caption) = caption.as_ref().filter(|_| self.captioned) {
            ui.label(egui::RichText::new(caption).small().color(tokens.faint));
        }
        if let Some(pos) = response.hover_pos() {
            self.paint_hover(ui, tokens, rect, &plan, pos);
            read_text(&response, &self.read(&plan, rect, pos));
        }
        response
    }

    /// Which of `values` is drawn at a place.
    pub fn cell_at(&self, ui: &Ui, rect: Rect, pos: Pos2) -> usize {
        let plan = Plan::new(self, rect.size() * ui.ctx().pixels_per_point());
        let (row, column) = plan.at(rect, pos);
        plan.cell(self, row, column).1
    }

    /// Where one of `values` is drawn.
    pub fn cell_rect(&self, ui: &Ui, rect: Rect, index: usize) -> Rect {
        let plan = Plan::new(self, rect.size() * ui.ctx().pixels_per_point());
        let (row, column) = (index / self.columns.max(1), index % self.columns.max(1));
        let dot = |at: usize, dots: usize, cells: usize| at * dots / cells.max(1);
        plan.cell_rect(rect, dot(row, plan.rows, self.rows), dot(column, plan.columns, self.columns))
    }

    /// "each dot: the largest of 2 × 2", where it is drawn with fewer dots than there are cells.
    pub fn sharing(&self, response: &Response) -> Option<String> {
        let plan = self.plan(response);
        let each = |cells: usize, dots: usize| cells.div_ceil(dots.max(1));
        let (down, across) = (each(self.rows, plan.rows), each(self.columns, plan.columns));
        (!plan.whole(self)).then(|| format!("each pixel: the largest of {down} × {across}"))
    }

    /// Where in the numbers that one lies which is seen at a point.
    pub fn shown_at(&self, response: &Response, pos: Pos2) -> usize {
        let plan = self.plan(response);
        let (row, column) = plan.at(response.rect, pos);
        plan.cell(self, row, column).1
    }

    fn plan(&self, response: &Response) -> Plan {
        Plan::new(self, response.rect.size() * response.ctx.pixels_per_point())
    }

    fn size(&self, width: f32) -> Vec2 {
        let cell = (width / self.columns as f32).min(self.max_cell);
        let height = if self.rows as f32 * cell < 12.0 { 12.0 / self.rows as f32 } else { cell };
        let tall = (height * self.rows as f32).min(self.max_height);
        Vec2::new((cell * self.columns as f32).floor().max(1.0), tall.floor().max(1.0))
    }

    fn paint(&self, ui: &Ui, tokens: &Tokens, id: Id, rect: Rect, plan: &Plan, range: f32) {
        let mut version = mix(fingerprint(self.values), u64::from(range.to_bits()));
        version = mix(version, (self.rows * 31 + self.columns) as u64 ^ u64::from(tokens.dark) << 60);
        version = mix(version, (plan.rows as u64) << 32 | plan.columns as u64);
        let texture = cached(ui.ctx(), id, version, TextureOptions::NEAREST, || {
            let cells = (0..plan.rows * plan.columns).map(|i| {
                let (value, _) = plan.cell(self, i / plan.columns, i % plan.columns);
                colour(tokens, value, range)
            });
            ColorImage::new([plan.columns, plan.rows], cells.collect())
        });
        let painter = ui.painter_at(rect);
        let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        painter.image(texture.id(), rect, uv, Color32::WHITE);
        let cell = plan.cell_size(rect);
        if cell.min_elem() >= 6.0 {
            let gap = Stroke::new(1.0, tokens.panel);
            for row in 1..plan.rows {
                painter.hline(rect.x_range(), rect.top() + row as f32 * cell.y, gap);
            }
            for column in 1..plan.columns {
                painter.vline(rect.left() + column as f32 * cell.x, rect.y_range(), gap);
            }
        }
        self.paint_broken(&painter, tokens, rect, plan);
    }

    /// NaN is hatched; infinities carry their sign.
    fn paint_broken(&self, painter: &egui::Painter, tokens: &Tokens, rect: Rect, plan: &Plan) {
        let broken = (0..plan.rows * plan.columns).filter_map(|i| {
            let (value, _) = plan.cell(self, i / plan.columns, i % plan.columns);
            (!value.is_finite()).then_some((i, value))
        });
        for (i, value) in broken.take(MOST_GLYPHS) {
            let cell = plan.cell_rect(rect, i / plan.columns, i % plan.columns);
            if value.is_nan() {
                let stroke = Stroke::new(1.0, tokens.panel);
                painter.line_segment([cell.left_bottom(), cell.right_top()], stroke);
                painter.line_segment([cell.center_bottom(), cell.right_center()], stroke);
                painter.line_segment([cell.left_center(), cell.center_top()], stroke);
            }
            if cell.width() >= 18.0 && cell.height() >= 10.0 {
                let text = if value.is_nan() { "NaN" } else { &number(value) };
                let size = (cell.height() * 0.5).clamp(7.0, 12.0);
                painter.text(cell.center(), Align2::CENTER_CENTER, text, theme::mono(size), tokens.panel);
            }
        }
    }

    fn paint_hover(&self, ui: &Ui, tokens: &Tokens, rect: Rect, plan: &Plan, pos: Pos2) {
        let (row, column) = plan.at(rect, pos);
        let cell = plan.cell_rect(rect, row, column);
        ui.painter().rect_stroke(cell, 0.0, Stroke::new(1.0, tokens.text), egui::StrokeKind::Outside);
    }

    /// "row 2, column 3: −0.2417"
    fn read(&self, plan: &Plan, rect: Rect, pos: Pos2) -> String {
        let (row, column) = plan.at(rect, pos);
        let (value, index) = plan.cell(self, row, column);
        let (row, column) = (index / self.columns, index % self.columns);
        let name = match self.called {
            Some(called) => called(index),
            None => format!("{} {row}, {} {column}", self.row_word, self.column_word),
        };
        let exact = format!("{name}: {}", number(value));
        if plan.whole(self) { exact } else { format!("largest in this pixel: {exact}") }
    }
}

/// How cells fall on the screen: one to one, or blocks of cells to a dot when the screen is too small.
struct Plan {
    rows: usize,
    columns: usize,
}

impl Plan {
    fn new(map: &Heatmap<'_>, pixels: Vec2) -> Self {
        let fit = |cells: usize, pixels: f32| cells.min((pixels.round() as usize).clamp(1, 1024));
        Self { rows: fit(map.rows, pixels.y), columns: fit(map.columns, pixels.x) }
    }

    fn whole(&self, map: &Heatmap<'_>) -> bool {
        self.rows == map.rows && self.columns == map.columns
    }

    /// The cell to show for a dot: the broken one if any, else the largest in magnitude, so that none is lost in a
    /// mean.
    fn cell(&self, map: &Heatmap<'_>, row: usize, column: usize) -> (f32, usize) {
        let part =
            |i: usize, dots: usize, cells: usize| (i * cells / dots)..((i + 1) * cells).div_ceil(dots).min(cells);
        let mut best = (0.0f32, usize::MAX);
        for r in part(row, self.rows, map.rows) {
            for c in part(column, self.columns, map.columns) {
                let index = r * map.columns + c;
                let value = map.values[index];
                if best.1 == usize::MAX || rank(value) > rank(best.0) {
                    best = (value, index);
                }
            }
        }
        best
    }

    fn cell_size(&self, rect: Rect) -> Vec2 {
        rect.size() / Vec2::new(self.columns as f32, self.rows as f32)
    }

    fn cell_rect(&self, rect: Rect, row: usize, column: usize) -> Rect {
        let size = self.cell_size(rect);
        Rect::from_min_size(rect.min + Vec2::new(column as f32, row as f32) * size, size)
    }

    fn at(&self, rect: Rect, pos: Pos2) -> (usize, usize) {
        let cell = (pos - rect.min) / self.cell_size(rect);
        ((cell.y.max(0.0) as usize).min(self.rows - 1), (cell.x.max(0.0) as usize).min(self.columns - 1))
    }

    fn caption(&self, map: &Heatmap<'_>) -> Option<String> {
        let mut parts = Vec::new();
        if !self.whole(map) {
            parts.push(format!(
                "{} × {} drawn as {} × {}: each pixel shows the largest of its cells",
                count(map.rows as u64),
                count(map.columns as u64),
                count(self.rows as u64),
                count(self.columns as u64)
            ));
        }
        let nans = map.values.iter().filter(|v| v.is_nan()).count();
        let infinities = map.values.iter().filter(|v| v.is_infinite()).count();
        if nans > 0 {
            parts.push(format!("{} NaN", count(nans as u64)));
        }
        if infinities > 0 {
            parts.push(format!("{} infinite", count(infinities as u64)));
        }
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

/// Orders values by how much they should be seen: NaN before infinity before large before small.
fn rank(value: f32) -> f32 {
    if value.is_nan() { f32::INFINITY } else { value.abs().min(f32::MAX) }
}

/// The largest finite magnitude; 1 when there is none.
pub fn largest(values: &[f32]) -> f32 {
    let largest = values.iter().filter(|v| v.is_finite()).fold(0.0f32, |all, v| all.max(v.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

/// The colour of a value on the scale -range to range; NaN has the colour of trouble.
pub fn colour(tokens: &Tokens, value: f32, range: f32) -> Color32 {
    if value.is_nan() { tokens.bad } else { tokens.diverging((value / range).clamp(-1.0, 1.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::{Harness, kittest::Queryable};

    fn harness(rows: usize, columns: usize, values: Vec<f32>) -> Harness<'static> {
        Harness::builder().with_size(Vec2::new(200.0, 200.0)).build_ui(move |ui| {
            let tokens = Tokens::of(ui);
            heatmap_ui(ui, &tokens, "m", rows, columns, &values, None);
        })
    }

    #[test]
    fn a_dot_of_several_cells_says_so_and_stands_for_the_one_that_is_seen() {
        let mut values = vec![0.0; 400 * 10];
        values[3 * 10 + 7] = -9.0;
        let told = std::rc::Rc::new(std::cell::RefCell::new(None));
        let seen = told.clone();
        let mut harness = Harness::builder().with_size(Vec2::new(200.0, 200.0)).build_ui(move |ui| {
            let tokens = Tokens::of(ui);
            let map = Heatmap { max_height: 100.0, captioned: false, ..Heatmap::new(400, 10, &values) };
            let response = map.show(ui, &tokens, "m");
            // The first row of dots, the eighth column.
            let cell = response.rect.size() / Vec2::new(10.0, 100.0);
            let pos = response.rect.min + Vec2::new(7.5, 0.5) * cell;
            *seen.borrow_mut() = Some((map.sharing(&response), map.shown_at(&response, pos)));
        });
        harness.run();
        assert_eq!(*told.borrow(), Some((Some("each pixel: the largest of 4 × 1".to_owned()), 37)));
    }

    #[test]
    fn hovering_reads_the_exact_cell() {
        let values: Vec<f32> = (0..12).map(|i| if i == 11 { -0.2417 } else { i as f32 }).collect();
        let mut harness = harness(3, 4, values);
        let rect = harness.get_by_label("Heat map, 3 × 4").rect();
        harness.hover_at(rect.max - Vec2::splat(3.0));
        harness.run_steps(4);
        harness.get_by_label("row 2, column 3: −0.2417");
    }

    #[test]
    fn a_large_matrix_says_that_it_is_drawn_smaller_and_keeps_its_extremes() {
        let mut values = vec![0.1f32; 2000 * 300];
        values[1234 * 300 + 77] = -9.0;
        let map = Heatmap::new(2000, 300, &values);
        let plan = Plan::new(&map, Vec2::new(100.0, 50.0));
        let caption = plan.caption(&map).unwrap();
        assert!(caption.starts_with("2,000 × 300 drawn as 50 × 100"), "{caption}");
        assert_eq!(plan.cell(&map, 1234 * 50 / 2000, 77 * 100 / 300), (-9.0, 1234 * 300 + 77));
    }

    #[test]
    fn nan_and_infinity_are_counted_and_win_their_dot() {
        let values = [0.0, f32::NAN, 1.0, f32::INFINITY];
        let map = Heatmap::new(2, 2, &values);
        let plan = Plan { rows: 1, columns: 1 };
        assert!(plan.cell(&map, 0, 0).0.is_nan());
        assert!(Plan { rows: 2, columns: 2 }.caption(&map).unwrap().contains("1 NaN · 1 infinite"));
        harness(2, 2, values.to_vec()).get_by_label("1 NaN · 1 infinite");
        assert_eq!(largest(&values), 1.0);
    }
}
