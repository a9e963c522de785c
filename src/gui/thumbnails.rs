//! Small drawn pictures of the kinds of data, in the theme's colours: for the welcome gallery and the data panel.

use std::collections::HashMap;
use std::f32::consts::TAU;

use egui::epaint::RectShape;
use egui::{
    Color32, ColorImage, Context, CornerRadius, Painter, Pos2, Rect, Stroke, TextureHandle, TextureOptions, Vec2, pos2,
};

use super::theme::{Tokens, mix};

/// What a thumbnail shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thumbnail {
    Spiral,
    Xor,
    Circle,
    Gauss,
    Moons,
    Blobs,
    Rings,
    Plane,
    Hills,
    Sine,
    Polynomial,
    Digits,
    Shapes,
    Scenes,
    Convolutions,
    Residual,
    Rows,
    Attention,
    Bottleneck,
    ImageFolder,
    Photos,
    Boxes,
    Table,
    Empty,
}

/// Textures made so far, by thumbnail and theme.
#[derive(Default)]
pub struct Thumbnails {
    surfaces: HashMap<(Thumbnail, bool), TextureHandle>,
}

const COLUMNS: usize = 128;
const ROWS: usize = 80;

impl Thumbnails {
    pub fn paint(
        &mut self,
        ctx: &Context,
        painter: &Painter,
        rect: Rect,
        corners: CornerRadius,
        thumbnail: Thumbnail,
        tokens: &Tokens,
    ) {
        let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
        let ground = if tokens.dark { tokens.canvas } else { tokens.panel };
        painter.rect_filled(rect, corners, ground);
        match thumbnail {
            Thumbnail::Sine => curve(&painter, rect, tokens, |x| (x * 4.6).sin() * 0.62),
            Thumbnail::Polynomial => curve(&painter, rect, tokens, |x| (x * x * x * 1.5 - x) * 1.2),
            Thumbnail::Digits => digits(&painter, rect, tokens),
            Thumbnail::Shapes => shapes(&painter, rect, tokens),
            Thumbnail::Scenes => scenes(&painter, rect, tokens),
            Thumbnail::Convolutions => convolutions(&painter, rect, tokens),
            Thumbnail::Residual => residual(&painter, rect, tokens),
            Thumbnail::Rows => rows(&painter, rect, tokens),
            Thumbnail::Attention => attention(&painter, rect, tokens),
            Thumbnail::Bottleneck => bottleneck(&painter, rect, tokens),
            Thumbnail::ImageFolder => folder(&painter, rect, tokens),
            Thumbnail::Photos => photos(&painter, rect, tokens),
            Thumbnail::Boxes => boxes(&painter, rect, tokens),
            Thumbnail::Table => table(&painter, rect, tokens),
            Thumbnail::Empty => plus(&painter, rect, tokens),
            _ => {
                let handle = self.surfaces.entry((thumbnail, tokens.dark)).or_insert_with(|| {
                    let name = format!("thumbnail {thumbnail:?}");
                    ctx.load_texture(name, surface_image(thumbnail, tokens), TextureOptions::LINEAR)
                });
                // Surfaces are square in the plane: the middle band fills a wide card.
                let aspect = (rect.height() / rect.width()).min(1.0);
                let (texture_aspect, middle) = (ROWS as f32 / COLUMNS as f32, 0.5);
                let half = (aspect / texture_aspect * 0.5).min(0.5);
                let half_x = if aspect > texture_aspect { texture_aspect / aspect * 0.5 } else { 0.5 };
                let uv = Rect::from_min_max(pos2(0.5 - half_x, middle - half), pos2(0.5 + half_x, middle + half));
                let shape = RectShape::filled(rect, corners, Color32::WHITE).with_texture(handle.id(), uv);
                painter.add(shape);
            }
        }
    }
}

fn surface_image(thumbnail: Thumbnail, tokens: &Tokens) -> ColorImage {
    let mut pixels = Vec::with_capacity(COLUMNS * ROWS);
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let x = (column as f32 + 0.5) / COLUMNS as f32 * 2.0 - 1.0;
            let y = (1.0 - (row as f32 + 0.5) / ROWS as f32 * 2.0) * ROWS as f32 / COLUMNS as f32;
            pixels.push(surface_colour(thumbnail, tokens, x * 1.6, y * 1.6));
        }
    }
    ColorImage::new([COLUMNS, ROWS], pixels)
}

fn surface_colour(thumbnail: Thumbnail, tokens: &Tokens, x: f32, y: f32) -> Color32 {
    let r = x.hypot(y);
    let bump = |cx: f32, cy: f32, width: f32| (-((x - cx).powi(2) + (y - cy).powi(2)) / width).exp();
    let value = match thumbnail {
        // As often around as the data: 1.75 times up to its radius of 5, and 6 is the edge of the plane.
        Thumbnail::Spiral => -(x.atan2(y) - 1.75 * TAU * r * (6.0 / 1.6) / 5.0).cos() * (r * 4.0).min(1.0) * 1.6,
        Thumbnail::Xor => -x * y * 9.0,
        Thumbnail::Circle => (r - 0.62) * 3.4,
        Thumbnail::Gauss => -(x + y) * 1.8,
        Thumbnail::Moons => moons(x, y),
        Thumbnail::Rings => {
            let ring = ((r / 0.33) as usize).min(3);
            return mix(tokens.zero, tokens.class(ring), 0.8);
        }
        Thumbnail::Blobs => {
            let weights = [bump(-0.8, 0.3, 0.3), bump(0.1, -0.5, 0.3), bump(0.8, 0.4, 0.3)];
            let best = (0..3).max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap_or(0);
            return mix(tokens.zero, tokens.class(best), 0.25 + 0.65 * weights[best]);
        }
        Thumbnail::Plane => (x * 0.6 + y * 0.9) * 1.1,
        Thumbnail::Hills => (bump(-0.7, 0.3, 0.2) - bump(0.0, -0.3, 0.2) + bump(0.8, 0.25, 0.2)) * 1.1,
        _ => 0.0,
    };
    tokens.diverging(value.clamp(-1.0, 1.0) * 0.85)
}

/// Two interlocked half rings, by the nearer one.
fn moons(x: f32, y: f32) -> f32 {
    let to_arc = |cx: f32, cy: f32, up: bool| {
        let (dx, dy) = (x - cx, y - cy);
        let beyond = if up { dy < 0.0 } else { dy > 0.0 };
        if beyond { (dx.abs() - 0.7).hypot(dy) } else { (dx.hypot(dy) - 0.7).abs() }
    };
    (to_arc(-0.35, -0.15, true) - to_arc(0.35, 0.15, false)) * 3.0
}

fn curve(painter: &Painter, rect: Rect, tokens: &Tokens, f: impl Fn(f32) -> f32) {
    let at = |i: usize| {
        let x = i as f32 / 60.0 * 2.0 - 1.0;
        pos2(rect.left() + (x + 1.0) / 2.0 * rect.width(), rect.center().y - f(x) * rect.height() * 0.45)
    };
    painter.hline(rect.x_range(), rect.center().y, Stroke::new(1.0, tokens.line));
    painter.line((0..=60).map(at).collect(), Stroke::new((rect.height() / 22.0).clamp(1.5, 4.0), tokens.pos));
}

/// Columns of units that become fewer, down to two, and more again.
fn bottleneck(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let (gap, columns) = (rect.height() * 0.13, [5, 4, 2, 4, 5]);
    let at = |column: usize, unit: usize| {
        let x = rect.center().x + (column as f32 - 2.0) * rect.width() * 0.16;
        pos2(x, rect.center().y + (unit as f32 - (columns[column] as f32 - 1.0) / 2.0) * gap)
    };
    for (column, pair) in columns.windows(2).enumerate() {
        for (from, to) in (0..pair[0]).flat_map(|from| (0..pair[1]).map(move |to| (from, to))) {
            painter.line_segment([at(column, from), at(column + 1, to)], Stroke::new(0.7, tokens.line));
        }
    }
    for (column, &units) in columns.iter().enumerate() {
        let colour = if column == 2 { tokens.neg } else { tokens.pos };
        for unit in 0..units {
            painter.circle_filled(at(column, unit), gap * 0.32, colour);
        }
    }
}

fn digits(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let h = rect.height() * 0.32;
    let stroke = Stroke::new((h / 3.2).max(2.0), tokens.pos);
    let centre = |i: f32| rect.center() + Vec2::new(i * rect.width() * 0.27, 0.0);
    let ellipse: Vec<Pos2> =
        (0..=32).map(|i| centre(-1.0) + Vec2::angled(i as f32 / 32.0 * TAU) * Vec2::new(h * 0.72, h)).collect();
    painter.line(ellipse, stroke);
    let c = centre(0.0);
    painter.line(vec![c + Vec2::new(-h * 0.35, -h * 0.6), c + Vec2::new(0.0, -h), c + Vec2::new(0.0, h)], stroke);
    let c = centre(1.0);
    painter.line(
        vec![c + Vec2::new(-h * 0.6, -h), c + Vec2::new(h * 0.6, -h), c + Vec2::new(-h * 0.1, h)],
        Stroke::new(stroke.width, tokens.neg),
    );
}

/// A disc, a square and a triangle, each in the colour of a class.
fn shapes(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let reach = rect.height() * 0.27;
    let centre = |across: f32| rect.center() + Vec2::new(across * rect.width() * 0.28, 0.0);
    painter.circle_filled(centre(-1.0), reach, tokens.class(0));
    let corners = |count: usize, turn: f32, across: f32| -> Vec<Pos2> {
        (0..count).map(|i| centre(across) + Vec2::angled(turn + i as f32 / count as f32 * TAU) * reach * 1.15).collect()
    };
    for (count, turn, across, class) in [(4, 0.5, 0.0, 1), (3, -TAU / 4.0, 1.0, 2)] {
        painter.add(egui::Shape::convex_polygon(corners(count, turn, across), tokens.class(class), Stroke::NONE));
    }
}

/// Discs and a square with boxes around them.
fn scenes(painter: &Painter, rect: Rect, tokens: &Tokens) {
    for (x, y, size, class) in [(0.26, 0.4, 0.3, 0), (0.56, 0.66, 0.2, 1), (0.78, 0.35, 0.24, 2)] {
        let centre = rect.min + rect.size() * Vec2::new(x, y);
        let reach = rect.height() * size;
        let colour = tokens.class(class);
        match class {
            1 => drop(painter.rect_filled(Rect::from_center_size(centre, Vec2::splat(2.0 * reach)), 0.0, colour)),
            _ => drop(painter.circle_filled(centre, reach, colour)),
        }
        let around = Rect::from_center_size(centre, Vec2::splat(2.0 * reach + rect.height() * 0.1));
        painter.rect_stroke(around, 1.0, Stroke::new(1.5, tokens.text), egui::StrokeKind::Middle);
    }
}

/// Pictures that become smaller and more: what convolutions do.
fn convolutions(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let unit = rect.height() / 10.0;
    let mut x = rect.center().x - unit * 8.4;
    for (side, copies, colour) in [(5.4, 1, tokens.pos), (3.8, 3, tokens.k_conv), (2.4, 5, tokens.accent)] {
        for copy in (0..copies).rev() {
            let shift = copy as f32 * unit * 0.45;
            let min = pos2(x + shift, rect.center().y - side * unit / 2.0 - shift + copies as f32 * unit * 0.2);
            let square = Rect::from_min_size(min, Vec2::splat(side * unit));
            painter.rect_filled(square, 2.0, mix(tokens.zero, colour, 0.75));
            painter.rect_stroke(square, 2.0, Stroke::new(1.0, tokens.canvas), egui::StrokeKind::Inside);
        }
        x += (side + copies as f32 * 0.45 + 0.9) * unit;
    }
}

/// Blocks in a row, and a wire around each pair of them.
fn residual(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let (unit, middle) = (rect.width() / 12.0, rect.center().y + rect.height() * 0.1);
    let x = |at: f32| rect.left() + unit * at;
    let wire = Stroke::new(1.5, mix(tokens.zero, tokens.pos, 0.7));
    painter.line_segment([pos2(x(0.8), middle), pos2(x(11.2), middle)], wire);
    for start in [1.2, 6.2] {
        let arc = (0..=24).map(|i| {
            let t = i as f32 / 24.0;
            pos2(x(start + 4.6 * t), middle - (t * TAU / 2.0).sin() * rect.height() * 0.42)
        });
        painter.line(arc.collect(), Stroke::new(2.5, tokens.accent));
        for at in [start + 1.0, start + 2.7] {
            let block = Rect::from_center_size(pos2(x(at + 0.4), middle), Vec2::new(unit * 1.1, rect.height() * 0.34));
            painter.rect_filled(block, 3.0, mix(tokens.zero, tokens.k_conv, 0.85));
        }
        painter.circle_filled(pos2(x(start + 4.6), middle), unit * 0.3, tokens.pos);
    }
}

/// A picture read row by row, and the state that remembers it.
fn rows(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let (count, unit) = (7, rect.height() / 9.0);
    for row in 0..count {
        let y = rect.top() + unit * (row as f32 + 1.3);
        let shade = 0.25 + 0.7 * row as f32 / count as f32;
        let bar = Rect::from_min_size(pos2(rect.center().x - unit * 5.0, y), Vec2::new(unit * 6.0, unit * 0.72));
        painter.rect_filled(bar, 2.0, mix(tokens.zero, tokens.pos, shade));
        let state = pos2(rect.center().x + unit * 4.0, bar.center().y);
        painter.line_segment([bar.right_center(), state], Stroke::new(1.0, mix(tokens.zero, tokens.pos, 0.6)));
        if row > 0 {
            painter.line_segment([state - Vec2::new(0.0, unit), state], Stroke::new(2.0, tokens.k_seq));
        }
        painter.circle_filled(state, unit * 0.3, mix(tokens.zero, tokens.k_seq, shade));
    }
}

/// Positions and the arcs along which they look at each other.
fn attention(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let (count, unit) = (7, rect.width() / 9.0);
    let at = |i: usize| pos2(rect.left() + unit * (i as f32 + 1.5), rect.bottom() - rect.height() * 0.24);
    for (from, to, share) in [(0, 6, 0.9), (1, 3, 0.5), (2, 6, 0.4), (3, 4, 0.8), (5, 6, 0.6), (0, 2, 0.3)] {
        let (a, b) = (at(from), at(to));
        let top = rect.height() * 0.11 * (to - from) as f32 + rect.height() * 0.05;
        let arc = (0..=24).map(|i| {
            let t = i as f32 / 24.0;
            a + (b - a) * t - Vec2::new(0.0, (t * TAU / 2.0).sin() * top.min(rect.height() * 0.58))
        });
        painter.line(arc.collect(), Stroke::new(1.0 + 2.0 * share, mix(tokens.zero, tokens.k_seq, share)));
    }
    for i in 0..count {
        painter.circle_filled(at(i), unit * 0.22, tokens.pos);
    }
}

/// A wall of tiny pictures.
fn folder(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let (columns, rows) = (10, 5);
    let cell = Vec2::new(rect.width() / columns as f32, rect.height() / rows as f32);
    for i in 0..columns * rows {
        let at = Vec2::new((i % columns) as f32 * cell.x, (i / columns) as f32 * cell.y);
        let square = Rect::from_min_size(rect.min + at, cell).shrink(cell.y * 0.09);
        let shade = ((i * 7919 + 31) % 17) as f32 / 17.0;
        painter.rect_filled(square, 2.0, mix(tokens.zero, tokens.pos, 0.12 + 0.2 * shade));
        let turn = (i * 37 % 10) as f32 / 10.0 * TAU;
        let middle = square.center();
        let reach = Vec2::angled(turn) * cell.y * 0.24;
        painter.line_segment([middle - reach, middle + reach], Stroke::new(2.0, tokens.pos));
        let across = Vec2::angled(turn + 1.9) * cell.y * 0.2;
        painter.line_segment([middle + reach, middle + across], Stroke::new(2.0, tokens.pos));
    }
}

/// Three photographs on each other, of hills in the colours of classes.
fn photos(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let size = Vec2::new(rect.height() * 0.86, rect.height() * 0.62);
    for (i, across) in [-1.0, 0.0, 1.0].into_iter().enumerate() {
        let centre = rect.center() + Vec2::new(across * size.x * 0.72, across * rect.height() * 0.06);
        photo(painter, Rect::from_center_size(centre, size), tokens.class(i), tokens);
    }
}

fn photo(painter: &Painter, rect: Rect, colour: Color32, tokens: &Tokens) {
    let at = |x: f32, y: f32| rect.min + rect.size() * Vec2::new(x, y);
    painter.rect_filled(rect.expand(2.0), 3.0, tokens.panel);
    painter.rect_filled(rect, 2.0, mix(tokens.zero, colour, 0.35));
    painter.circle_filled(at(0.74, 0.28), rect.height() * 0.11, mix(tokens.zero, colour, 0.8));
    for (top, left, wide, share) in [(0.42, 0.05, 0.6, 0.6), (0.58, 0.4, 0.58, 0.85)] {
        let hill = vec![at(left, 1.0), at(left + wide / 2.0, top), at(left + wide, 1.0)];
        painter.add(egui::Shape::convex_polygon(hill, mix(tokens.zero, colour, share), Stroke::NONE));
    }
}

/// A photograph with boxes around its sun and its hill.
fn boxes(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let picture = Rect::from_center_size(rect.center(), Vec2::new(rect.height() * 1.3, rect.height() * 0.86));
    photo(painter, picture, tokens.class(2), tokens);
    for (left, top, right, bottom, class) in [(0.64, 0.13, 0.84, 0.43, 1), (0.05, 0.4, 0.65, 0.99, 0)] {
        let at = |x: f32, y: f32| picture.min + picture.size() * Vec2::new(x, y);
        let around = Rect::from_min_max(at(left, top), at(right, bottom));
        painter.rect_stroke(around, 1.0, Stroke::new(2.0, tokens.class(class)), egui::StrokeKind::Middle);
    }
}

fn table(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let (columns, rows) = (5, 6);
    let cell = Vec2::new(rect.width() / columns as f32, rect.height() / rows as f32);
    for row in 0..rows {
        for column in 0..columns {
            let at = rect.min + Vec2::new(column as f32 * cell.x, row as f32 * cell.y);
            let value = (((row * 13 + column * 29) * 7) % 19) as f32 / 9.5 - 1.0;
            let colour = if row == 0 { mix(tokens.zero, tokens.pos, 0.6) } else { tokens.diverging(value * 0.4) };
            painter.rect_filled(Rect::from_min_size(at, cell).shrink(0.5), 0.0, colour);
        }
    }
}

fn plus(painter: &Painter, rect: Rect, tokens: &Tokens) {
    let stroke = Stroke::new(2.0, tokens.faint);
    let (c, r) = (rect.center(), rect.height() * 0.14);
    painter.line_segment([c - Vec2::new(r, 0.0), c + Vec2::new(r, 0.0)], stroke);
    painter.line_segment([c - Vec2::new(0.0, r), c + Vec2::new(0.0, r)], stroke);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::{self, NoProgress};
    use crate::model::{DataSpec, Source, SyntheticKind, SyntheticSpec};
    use crate::persist::Theme;

    /// What a picture of the data shows is the data's own colours.
    #[test]
    fn classes_have_the_colours_that_they_have_in_the_output() {
        for (kind, thumbnail) in [
            (SyntheticKind::Circle, Thumbnail::Circle),
            (SyntheticKind::Xor, Thumbnail::Xor),
            (SyntheticKind::Gauss, Thumbnail::Gauss),
            (SyntheticKind::Moons, Thumbnail::Moons),
            (SyntheticKind::Spiral, Thumbnail::Spiral),
        ] {
            let source = Source::Synthetic(SyntheticSpec { kind, noise: 0.0, ..SyntheticSpec::default() });
            let spec = DataSpec { source, ..DataSpec::default() };
            let set = data::load(&spec, Path::new(""), &NoProgress).unwrap();
            for theme in [Theme::Dark, Theme::Light] {
                let tokens = if theme == Theme::Dark { Tokens::dark() } else { Tokens::light() };
                let distance = |a: Color32, b: Color32| {
                    a.to_array().iter().zip(b.to_array()).map(|(a, b)| i32::from(a.abs_diff(b))).sum::<i32>()
                };
                let right = (0..set.train.len()).filter(|&row| {
                    // The plane of the data reaches to 6, that of the picture to 1.6.
                    let at = |axis: usize| set.train.inputs()[2 * row + axis] / 6.0 * 1.6;
                    let colour = surface_colour(thumbnail, &tokens, at(0), at(1));
                    let class = set.train.targets()[row] as usize;
                    distance(colour, tokens.class(class)) < distance(colour, tokens.class(1 - class))
                });
                let share = right.count() as f32 / set.train.len() as f32;
                assert!(share > 0.8, "{kind:?}: {share}");
            }
        }
    }
}
