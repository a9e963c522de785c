//! A pad to paint a picture on, in colours, at the size that the network takes.

use egui::{
    Color32, Event, PointerButton, Pos2, Rect, Response, Role, Sense, Slider, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};

use super::pad::distance;
use super::thumbnail;
use crate::data::Dataset;
use crate::gui::theme::Tokens;
use crate::gui::widgets::named;

/// Training samples whose edges say what the ground of a picture is like.
const MEASURED: usize = 64;
/// Colours that are one click away.
const SWATCHES: usize = 8;

/// What is on the pad, `[3, rows, columns]`, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourPad {
    rows: usize,
    columns: usize,
    pub pixels: Vec<f32>,
    ground: [f32; 3],
    /// Of the brush; `None`: the first of the swatches.
    colour: Option<Color32>,
    /// The brush's diameter, in sides of the pad.
    size: f32,
    erases: bool,
    is_blank: bool,
    last: Option<[f32; 2]>,
}

impl Default for ColourPad {
    fn default() -> Self {
        Self {
            rows: 0,
            columns: 0,
            pixels: Vec::new(),
            ground: [0.0; 3],
            colour: None,
            size: 0.12,
            erases: false,
            is_blank: true,
            last: None,
        }
    }
}

impl ColourPad {
    /// Empty where the size is another one.
    pub fn fit(&mut self, dataset: &Dataset) {
        let [_, rows, columns] = dataset.input_shape[..] else { return };
        if (self.rows, self.columns) != (rows, columns) {
            let ground = ground(dataset);
            *self = Self { rows, columns, ground, colour: self.colour, size: self.size, ..Self::default() };
            self.clear();
        }
    }

    pub fn clear(&mut self) {
        let area = self.rows * self.columns;
        self.pixels = self.ground.iter().flat_map(|&level| std::iter::repeat_n(level, area)).collect();
        self.is_blank = true;
    }

    /// Takes a sample over, to be painted on.
    pub fn take(&mut self, pixels: &[f32]) {
        if pixels.len() == self.pixels.len() {
            self.pixels = pixels.to_vec();
            self.is_blank = false;
        }
    }

    pub fn is_blank(&self) -> bool {
        self.is_blank
    }

    /// Paints along a straight line between two places (column, row).
    pub fn stroke(&mut self, from: [f32; 2], to: [f32; 2], colour: [f32; 3]) {
        let radius = (self.size * self.rows.min(self.columns) as f32 / 2.0).max(0.5);
        let area = self.rows * self.columns;
        let (from, to) = (Vec2::from(from), Vec2::from(to));
        for row in 0..self.rows {
            for column in 0..self.columns {
                let pixel = Vec2::new(column as f32 + 0.5, row as f32 + 0.5);
                let share = (radius + 0.5 - distance(pixel, from, to)).clamp(0.0, 1.0);
                if share > 0.0 {
                    for (channel, level) in colour.into_iter().enumerate() {
                        let at = &mut self.pixels[channel * area + row * self.columns + column];
                        *at += (level - *at) * share;
                    }
                    self.is_blank = false;
                }
            }
        }
    }

    /// The pad, and what it is painted with below it. Left button paints, right button erases.
    pub fn ui(&mut self, ui: &mut Ui, tokens: &Tokens, side: f32) -> Response {
        let aspect = self.columns as f32 / self.rows.max(1) as f32;
        let (rect, response) = ui.allocate_exact_size(Vec2::new(side * aspect, side), Sense::click_and_drag());
        if response.contains_pointer() || self.last.is_some() {
            self.follow(ui, tokens, rect);
        }
        let painter = ui.painter_at(rect);
        thumbnail::paint(ui, &painter, rect, "colour pad", &[3, self.rows, self.columns], &self.pixels);
        let edge = if response.hovered() { tokens.accent } else { tokens.line };
        ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, edge), StrokeKind::Outside);
        if let Some(pos) = response.hover_pos() {
            painter.circle_stroke(pos, self.size * side / 2.0, Stroke::new(1.0, tokens.muted));
        }
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Painting pad"));
        response.on_hover_cursor(egui::CursorIcon::Crosshair)
    }

    /// Colours, the eraser and the size of the brush.
    pub fn tools(&mut self, ui: &mut Ui, tokens: &Tokens) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(3.0);
            for swatch in 0..SWATCHES {
                let colour = tokens.class(swatch);
                let (rect, response) = ui.allocate_exact_size(Vec2::splat(18.0), Sense::click());
                ui.painter().circle_filled(rect.center(), 6.5, colour);
                let is_chosen = !self.erases && self.brush(tokens) == colour;
                if is_chosen || response.hovered() || response.has_focus() {
                    ui.painter().circle_stroke(rect.center(), 8.5, tokens.focus_stroke());
                }
                let label = format!("Brush colour {}", swatch + 1);
                response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &label));
                if response.clicked() {
                    (self.colour, self.erases) = (Some(colour), false);
                }
            }
            let mut own = self.brush(tokens);
            let response = ui.color_edit_button_srgba(&mut own);
            if response.changed() {
                (self.colour, self.erases) = (Some(own), false);
            }
            named(response, "Any colour");
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.spacing_mut().slider_width = 64.0;
            let slider = Slider::new(&mut self.size, 0.03..=0.5).show_value(false);
            named(ui.add(slider), "Brush size");
            ui.toggle_value(&mut self.erases, "Erase").on_hover_text("Paint the ground. The right button does too.");
        });
    }

    fn brush(&self, tokens: &Tokens) -> Color32 {
        self.colour.unwrap_or_else(|| tokens.class(0))
    }

    /// All the way that the pointer went since the last frame.
    fn follow(&mut self, ui: &Ui, tokens: &Tokens, rect: Rect) {
        let colour = self.brush(tokens);
        let colour = [colour.r(), colour.g(), colour.b()].map(|level| f32::from(level) / 255.0);
        let mut erases = self.erases || ui.input(|i| i.pointer.secondary_down());
        for event in ui.input(|i| i.events.clone()) {
            let (pos, ends) = match event {
                Event::PointerMoved(pos) if self.last.is_some() => (pos, false),
                Event::PointerButton { pos, pressed, button, .. } => {
                    if pressed && rect.contains(pos) {
                        (erases, self.last) = (self.erases || button == PointerButton::Secondary, None);
                    } else if self.last.is_none() {
                        continue;
                    }
                    (pos, !pressed)
                }
                _ => continue,
            };
            let at = self.pixel(rect, pos);
            self.stroke(self.last.unwrap_or(at), at, if erases { self.ground } else { colour });
            self.last = (!ends).then_some(at);
        }
    }

    fn pixel(&self, rect: Rect, pos: Pos2) -> [f32; 2] {
        let at = (pos - rect.min) / rect.size();
        [at.x * self.columns as f32, at.y * self.rows as f32]
    }
}

/// The mean colour of the corners of some pictures.
fn ground(dataset: &Dataset) -> [f32; 3] {
    let [3, rows, columns] = dataset.input_shape[..] else { return [0.0; 3] };
    let area = rows * columns;
    let (mut sum, mut count) = ([0.0; 3], 0);
    for row in dataset.train.spread(MEASURED) {
        let Ok(values) = dataset.train.input(row as usize) else { continue };
        for corner in [0, columns - 1, area - columns, area - 1] {
            (0..3).for_each(|channel| sum[channel] += values[channel * area + corner]);
            count += 1;
        }
    }
    sum.map(|level| (level / count.max(1) as f32).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{NoProgress, load};
    use crate::model::{DataSpec, ShapesSpec, Source};

    #[test]
    fn a_stroke_has_its_colour_and_a_sample_can_be_painted_on() {
        let source = Source::Shapes(ShapesSpec { samples: 100, ..ShapesSpec::default() });
        let dataset = load(&DataSpec { source, ..DataSpec::default() }, std::path::Path::new(""), &NoProgress);
        let dataset = dataset.expect("shapes");
        let mut pad = ColourPad::default();
        pad.fit(&dataset);
        assert!(pad.is_blank() && pad.pixels.len() == 3 * 32 * 32);
        let ground = [0, 1, 2].map(|channel| pad.pixels[channel * 1024]);
        pad.stroke([4.0, 16.0], [28.0, 16.0], [1.0, 0.5, 0.0]);
        let at = |pad: &ColourPad, row: usize, column: usize| {
            [0, 1, 2].map(|channel| pad.pixels[channel * 1024 + row * 32 + column])
        };
        assert_eq!((at(&pad, 16, 16), at(&pad, 2, 16), pad.is_blank()), ([1.0, 0.5, 0.0], ground, false));
        let sample = dataset.validation.input(0).expect("a sample").to_vec();
        pad.take(&sample);
        pad.stroke([0.0, 0.0], [0.0, 0.0], [0.0, 0.0, 1.0]);
        assert_eq!(at(&pad, 0, 0), [0.0, 0.0, 1.0]);
        assert_eq!(pad.pixels[3 * 1024 - 1], sample[3 * 1024 - 1]);
        pad.fit(&dataset);
        assert!(!pad.is_blank());
        pad.clear();
        assert!(pad.is_blank());
    }
}
