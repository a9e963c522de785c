//! Pictures that are no single curve: two losses that part, a table of answers, a filter on its way over a picture.

use egui::{Painter, Pos2, Rect, Stroke, StrokeKind, Vec2};

use crate::gui::theme::{Tokens, mix};

/// How often each class (a row) was taken for which.
const ANSWERS: [[f32; 3]; 3] = [[9.0, 1.0, 0.0], [2.0, 7.0, 1.0], [0.0, 3.0, 7.0]];

/// As the panel of answers draws it: right ones in the colour of good, wrong ones in that of bad.
pub fn confusion(painter: &Painter, tokens: &Tokens, rect: Rect) {
    let grid = Rect::from_center_size(rect.center(), Vec2::splat(rect.height()));
    let total: f32 = ANSWERS[0].iter().sum();
    for (truth, row) in ANSWERS.iter().enumerate() {
        for (predicted, tally) in row.iter().enumerate() {
            let end = if truth == predicted { tokens.ok } else { tokens.bad };
            let strength = if *tally == 0.0 { 0.0 } else { 0.15 + 0.75 * (tally / total).sqrt() };
            let cell = cell(grid, ANSWERS.len(), truth, predicted).shrink(0.75);
            painter.rect_filled(cell, 2.0, mix(tokens.canvas, end, strength));
        }
    }
}

/// Ink of a small picture: a stroke from the left above to the right below.
const PICTURE: [[f32; 6]; 6] = [
    [1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
    [1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 1.0, 1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 1.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
    [0.0, 0.0, 0.0, 0.0, 1.0, 1.0],
];
/// It finds where ink begins on the way to the right.
const KERNEL: [[f32; 3]; 3] = [[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]];
/// Where the window of the kernel is drawn.
const WINDOW: [usize; 2] = [1, 2];
const OUT: usize = PICTURE.len() - KERNEL.len() + 1;

/// What a filter makes of the picture at a place.
pub fn filtered(row: usize, column: usize) -> f32 {
    let line = |i: usize| (0..KERNEL.len()).map(move |j| KERNEL[i][j] * PICTURE[row + i][column + j]);
    (0..KERNEL.len()).flat_map(line).sum()
}

/// A picture, the window of a kernel on it, and the one number of the output that it becomes.
pub fn convolution(painter: &Painter, tokens: &Tokens, rect: Rect) {
    let pixel = (rect.height() / PICTURE.len() as f32).floor();
    let from = Rect::from_min_size(rect.left_top(), Vec2::splat(pixel * PICTURE.len() as f32));
    let size = Vec2::splat(pixel * OUT as f32);
    let to = Rect::from_min_size(Pos2::new(rect.right() - size.x, rect.center().y - size.y / 2.0), size);
    for (row, line) in PICTURE.iter().enumerate() {
        for (column, ink) in line.iter().enumerate() {
            let colour = mix(tokens.canvas, tokens.muted, *ink);
            painter.rect_filled(cell(from, PICTURE.len(), row, column).shrink(0.5), 1.0, colour);
        }
    }
    for (row, column) in (0..OUT).flat_map(|row| (0..OUT).map(move |column| (row, column))) {
        let colour = tokens.diverging(filtered(row, column) / KERNEL.len() as f32);
        painter.rect_filled(cell(to, OUT, row, column).shrink(0.5), 1.0, colour);
    }
    let corner = cell(from, PICTURE.len(), WINDOW[0], WINDOW[1]).min;
    let window = Rect::from_min_size(corner, Vec2::splat(pixel * KERNEL.len() as f32));
    let answer = cell(to, OUT, WINDOW[0], WINDOW[1]);
    let lit = Stroke::new(1.5, tokens.accent);
    let ray = Stroke::new(1.0, mix(tokens.raised, tokens.accent, 0.7));
    painter.line_segment([window.right_top(), answer.left_top()], ray);
    painter.line_segment([window.right_bottom(), answer.left_bottom()], ray);
    painter.rect_stroke(window, 1.0, lit, StrokeKind::Middle);
    painter.rect_stroke(answer, 1.0, lit, StrokeKind::Middle);
}

fn cell(grid: Rect, count: usize, row: usize, column: usize) -> Rect {
    let size = grid.size() / count as f32;
    Rect::from_min_size(grid.min + Vec2::new(column as f32, row as f32) * size, size)
}
