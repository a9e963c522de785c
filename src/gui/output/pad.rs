//! A pad to draw a digit on: soft strokes, as pixels of the size that the network takes. What the network sees of them
//! is moved and made as large as the pictures that it learnt from are.

use egui::{Event, PointerButton, Pos2, Rect, Response, Sense, Ui, Vec2, WidgetInfo};

use super::framing::{Extent, Framing};
use super::thumbnail;
use crate::gui::theme::Tokens;

/// Radius of the brush in pixels of a 28 x 28 picture.
const BRUSH: f32 = 1.1;
/// A dot is not blown up to a disc.
const LARGEST_SCALE: f32 = 4.0;

/// What is on the pad, `[rows, columns]`, 0 (empty) to 1 (ink).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pad {
    pub rows: usize,
    pub columns: usize,
    pub ink: Vec<f32>,
    strokes: Vec<Stroke>,
    /// It began with a sample, which stands as samples do.
    of_sample: bool,
    last: Option<[f32; 2]>,
}

/// A straight piece; points are (column, row) in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stroke {
    from: [f32; 2],
    to: [f32; 2],
    erase: bool,
}

impl Pad {
    /// Keeps the drawing while the size is the same.
    pub fn fit(&mut self, rows: usize, columns: usize) {
        if (self.rows, self.columns) != (rows, columns) {
            *self = Self { rows, columns, ink: vec![0.0; rows * columns], ..Self::default() };
        }
    }

    pub fn clear(&mut self) {
        self.ink.fill(0.0);
        self.strokes.clear();
        self.of_sample = false;
    }

    /// Takes a sample over, to be changed by hand.
    pub fn take(&mut self, ink: Vec<f32>) {
        self.strokes.clear();
        (self.ink, self.of_sample) = (ink, true);
    }

    pub fn is_empty(&self) -> bool {
        self.ink.iter().all(|&v| v == 0.0)
    }

    /// Whether what is drawn can be moved at all.
    pub fn is_of_sample(&self) -> bool {
        self.of_sample
    }

    /// Inks along a straight line. With `erase`, takes the ink away instead.
    pub fn stroke(&mut self, from: [f32; 2], to: [f32; 2], erase: bool) {
        let stroke = Stroke { from, to, erase };
        if self.strokes.last() != Some(&stroke) {
            self.strokes.push(stroke);
            let radius = self.brush();
            apply(&mut self.ink, self.columns, stroke, radius, 1.0);
        }
    }

    fn brush(&self) -> f32 {
        BRUSH * self.rows.min(self.columns) as f32 / 28.0
    }

    /// The drawing as the pictures of the data stand. Lines keep their width, so that a small drawing does not become a
    /// bold one.
    pub fn framed(&self, framing: &Framing) -> Vec<f32> {
        let Some(drawn) = Extent::of(&self.ink, self.columns).filter(|_| !self.of_sample) else {
            return self.ink.clone();
        };
        let width = 2.0 * self.brush();
        // Between the middles of its lines.
        let scale =
            ((framing.size - width) / (drawn.size() - width).max(0.1)).clamp(1.0 / LARGEST_SCALE, LARGEST_SCALE);
        let at_centre = self.drawn_anew(scale, drawn.middle(), framing.centre);
        let Some(found) = Extent::of(&at_centre, self.columns) else { return at_centre };
        let middle = if framing.by_mass { found.mass } else { found.middle() };
        let ends = [self.columns as f32, self.rows as f32];
        let centre = [0, 1].map(|axis| {
            let shift = framing.centre[axis] - middle[axis];
            // Nothing is pushed over the edge by a heavy other end.
            let (least, most) = (-found.low[axis], ends[axis] - found.high[axis]);
            framing.centre[axis] + shift.clamp(least.min(0.0), most.max(0.0))
        });
        self.drawn_anew(scale, drawn.middle(), centre)
    }

    /// The strokes with `middle` moved to `centre`, and all else `scale` times as far from it.
    fn drawn_anew(&self, scale: f32, middle: [f32; 2], centre: [f32; 2]) -> Vec<f32> {
        let mut ink = vec![0.0; self.ink.len()];
        let place = |at: [f32; 2]| [0, 1].map(|axis| centre[axis] + scale * (at[axis] - middle[axis]));
        for &Stroke { from, to, erase } in &self.strokes {
            let stroke = Stroke { from: place(from), to: place(to), erase };
            apply(&mut ink, self.columns, stroke, self.brush(), scale);
        }
        ink
    }

    /// The pad on the screen. Left button draws, right button erases.
    pub fn ui(&mut self, ui: &mut Ui, tokens: &Tokens, side: f32) -> Response {
        let aspect = self.columns as f32 / self.rows.max(1) as f32;
        let (rect, mut response) = ui.allocate_exact_size(Vec2::new(side * aspect, side), Sense::click_and_drag());
        let strokes = self.strokes.len();
        if response.contains_pointer() || self.last.is_some() {
            self.follow(ui, rect);
        }
        if self.strokes.len() != strokes {
            response.mark_changed();
        }
        let painter = ui.painter_at(rect);
        thumbnail::paint(ui, &painter, rect, "pad", &[1, self.rows, self.columns], &self.ink);
        let edge = if response.hovered() { tokens.accent } else { tokens.line };
        ui.painter().rect_stroke(rect, 2.0, egui::Stroke::new(1.0, edge), egui::StrokeKind::Outside);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Canvas, true, "Drawing pad"));
        response.on_hover_cursor(egui::CursorIcon::Crosshair)
    }

    /// All the way that the pointer went since the last frame: of a quick stroke a frame sees many places.
    fn follow(&mut self, ui: &Ui, rect: Rect) {
        let mut erase = ui.input(|i| i.pointer.secondary_down());
        for event in ui.input(|i| i.events.clone()) {
            let (pos, ends) = match event {
                Event::PointerMoved(pos) if self.last.is_some() => (pos, false),
                Event::PointerButton { pos, pressed, button, .. } => {
                    if pressed && rect.contains(pos) {
                        (erase, self.last) = (button == PointerButton::Secondary, None);
                    } else if self.last.is_none() {
                        continue;
                    }
                    (pos, !pressed)
                }
                _ => continue,
            };
            let at = self.pixel(rect, pos);
            self.stroke(self.last.unwrap_or(at), at, erase);
            self.last = (!ends).then_some(at);
        }
    }

    fn pixel(&self, rect: Rect, pos: Pos2) -> [f32; 2] {
        let at = (pos - rect.min) / rect.size();
        [at.x * self.columns as f32, at.y * self.rows as f32]
    }
}

/// Draws or erases one piece with a brush of this radius; what is drawn `scale` times as large is erased as widely.
fn apply(ink: &mut [f32], columns: usize, stroke: Stroke, radius: f32, scale: f32) {
    let reach = radius * if stroke.erase { 1.8 * scale } else { 1.8 };
    let span = |axis: usize, end: usize| {
        let low = (stroke.from[axis].min(stroke.to[axis]) - reach - 1.0).clamp(0.0, end as f32) as usize;
        let high = (stroke.from[axis].max(stroke.to[axis]) + reach + 1.0).clamp(0.0, end as f32).ceil() as usize;
        low..high
    };
    let rows = ink.len() / columns.max(1);
    for row in span(1, rows) {
        for column in span(0, columns) {
            let pixel = Vec2::new(column as f32 + 0.5, row as f32 + 0.5);
            let distance = distance(pixel, stroke.from.into(), stroke.to.into());
            let ink = &mut ink[row * columns + column];
            if stroke.erase && distance < reach {
                *ink = 0.0;
            } else if !stroke.erase {
                *ink = ink.max((1.3 - (distance - radius * 0.5) / radius).clamp(0.0, 1.0));
            }
        }
    }
}

/// From a point to a line segment.
pub(super) fn distance(point: Vec2, from: Vec2, to: Vec2) -> f32 {
    let along = to - from;
    let share =
        if along.length_sq() > 0.0 { ((point - from).dot(along) / along.length_sq()).clamp(0.0, 1.0) } else { 0.0 };
    (point - from - along * share).length()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{NoProgress, load};
    use crate::model::{DataSpec, DigitsSpec, Source};

    #[test]
    fn a_stroke_leaves_ink_along_its_way_and_nowhere_else_and_can_be_erased() {
        let mut pad = Pad::default();
        pad.fit(28, 28);
        pad.stroke([4.0, 14.0], [24.0, 14.0], false);
        assert_eq!(pad.ink[14 * 28 + 14], 1.0);
        assert_eq!(pad.ink[5 * 28 + 14], 0.0);
        assert!(pad.ink.iter().any(|v| *v > 0.0 && *v < 1.0), "soft edges, as scanned digits have");
        pad.stroke([14.0, 14.0], [14.0, 14.0], true);
        assert_eq!(pad.ink[14 * 28 + 14], 0.0);
        pad.fit(28, 28);
        assert!(!pad.is_empty());
        pad.fit(8, 8);
        assert!(pad.is_empty());
    }

    /// A seven with its upper left corner here, this large.
    fn seven(corner: [f32; 2], size: f32) -> Pad {
        let mut pad = Pad::default();
        pad.fit(28, 28);
        let at = |x: f32, y: f32| [corner[0] + x * size, corner[1] + y * size];
        for (from, to) in [((0.0, 0.0), (0.6, 0.0)), ((0.6, 0.0), (0.25, 1.0))] {
            pad.stroke(at(from.0, from.1), at(to.0, to.1), false);
        }
        pad
    }

    fn digits(noise: f64) -> Framing {
        let source = Source::Digits(DigitsSpec { samples: 300, noise });
        let spec = DataSpec { source, ..DataSpec::default() };
        let dataset = load(&spec, std::path::Path::new(""), &NoProgress).expect("digits");
        Framing::of(&dataset, |v| v)
    }

    #[test]
    fn pictures_are_measured_and_noisy_ones_are_taken_to_be_usual() {
        let clean = digits(0.0);
        assert!((17.0..22.0).contains(&clean.size), "{clean:?}");
        assert!(clean.centre.iter().all(|c| (c - 14.0).abs() < 0.7), "{clean:?}");
        assert_eq!(digits(0.5), Framing { size: 20.0, centre: [14.0, 14.0], by_mass: false });
    }

    #[test]
    fn what_is_drawn_in_a_corner_stands_where_digits_do() {
        for framing in [digits(0.0), Framing { by_mass: true, ..digits(0.0) }] {
            let of = |pad: Pad| pad.framed(&framing);
            let centred = of(seven([8.0, 5.0], 18.0));
            let found = Extent::of(&centred, 28).expect("ink");
            let middle = if framing.by_mass { found.mass } else { found.middle() };
            assert!((0..2).all(|axis| (middle[axis] - framing.centre[axis]).abs() < 0.6), "{found:?} {framing:?}");
            assert!((found.size() - framing.size).abs() <= 1.5, "{found:?} {framing:?}");
            for (corner, size) in [([1.0, 1.0], 18.0), ([15.0, 18.0], 8.0), ([3.0, 2.0], 25.0)] {
                let other = of(seven(corner, size));
                let apart: f32 = centred.iter().zip(&other).map(|(a, b)| (a - b).abs()).sum();
                let ink: f32 = centred.iter().sum();
                assert!(apart < 0.25 * ink, "{corner:?} {size}: {apart} of {ink}");
            }
        }
    }

    #[test]
    fn a_heavy_end_pushes_nothing_over_the_edge() {
        let mut pad = Pad::default();
        pad.fit(28, 28);
        for _ in 0..3 {
            pad.stroke([2.0, 3.0], [12.0, 3.0], false);
            pad.stroke([2.0, 4.0], [12.0, 4.0], false);
        }
        pad.stroke([6.0, 20.0], [6.0, 22.0], false);
        let found = Extent::of(&pad.framed(&Framing { by_mass: true, ..digits(0.0) }), 28).expect("ink");
        assert!((found.size() - 20.0).abs() < 3.0, "all of it is in sight: {found:?}");
    }

    #[test]
    fn a_sample_and_what_is_changed_of_it_stays_where_it_is() {
        let mut pad = seven([1.0, 1.0], 18.0);
        let ink = pad.ink.clone();
        pad.take(ink.clone());
        assert_eq!(pad.framed(&digits(0.0)), ink);
        pad.clear();
        assert!(pad.is_empty() && !pad.is_of_sample());
    }
}
