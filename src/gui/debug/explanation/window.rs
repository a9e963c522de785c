//! A sum of products of two numbers drawn as what it is: a window of one tensor times a window of another. A kernel
//! over pixels, a row of weights over a row of inputs, weights of attention over values.

use std::collections::BTreeMap;

use egui::{Rect, RichText, Sense, Ui, Vec2, WidgetInfo};

use crate::gui::numbers::significant;
use crate::gui::theme::{self, Tokens};
use crate::trace::{Arithmetic, Element};

/// Pairs of windows that are drawn: those that weigh most.
const MOST: usize = 3;
/// A window with fewer numbers is read as easily in the line; one with more is no picture of a window.
const WORTH: std::ops::RangeInclusive<usize> = 4..=1024;

/// Two windows whose numbers are multiplied in pairs.
#[derive(Debug, PartialEq)]
struct Pair {
    sides: [Grid; 2],
    /// Of the products.
    sum: f64,
}

#[derive(Debug, Default, PartialEq)]
struct Grid {
    /// `%x[0, 2]`
    title: String,
    rows: usize,
    columns: usize,
    /// `None` where nothing is read: padding.
    cells: Vec<Option<f64>>,
}

type Found<'a> = Vec<([(&'a Element, f64); 2], f64)>;

pub fn show(ui: &mut Ui, tokens: &Tokens, arithmetic: &Arithmetic) {
    let (pairs, left) = pairs(arithmetic);
    if pairs.is_empty() {
        return;
    }
    for pair in &pairs {
        let sum = RichText::new(format!("= {}", significant(pair.sum, 4))).font(theme::mono(13.0));
        let sum = sum.color(super::line::colour(tokens, pair.sum));
        let [first, second] = &pair.sides;
        if first.rows == 1 && second.rows == 1 {
            // Strips lie below each other: each number above the one that it is multiplied with.
            grid_ui(ui, tokens, first);
            grid_ui(ui, tokens, second);
            continue;
        }
        ui.horizontal(|ui| {
            grid_ui(ui, tokens, first);
            ui.label(RichText::new("×").color(tokens.muted));
            grid_ui(ui, tokens, second);
            ui.label(sum);
        });
    }
    if left > 0 {
        ui.label(RichText::new(format!("and {left} more windows like these")).size(11.0).color(tokens.faint));
    }
}

/// The windows that weigh most, and how many there are besides.
fn pairs(arithmetic: &Arithmetic) -> (Vec<Pair>, usize) {
    let mut groups: BTreeMap<(String, String), Found<'_>> = BTreeMap::new();
    for term in arithmetic.terms() {
        let Some([a, b]) = two_reads(term.part) else { continue };
        groups.entry((plane(a.0), plane(b.0))).or_default().push(([a, b], term.value));
    }
    let worth = |found: &Found<'_>| WORTH.contains(&found.len());
    let mut all: Vec<Pair> =
        groups.into_iter().filter(|(_, f)| worth(f)).filter_map(|(titles, f)| pair(titles, &f)).collect();
    all.sort_by(|a, b| b.sum.abs().total_cmp(&a.sum.abs()));
    let left = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    (all, left)
}

fn two_reads(part: &Arithmetic) -> Option<[(&Element, f64); 2]> {
    let read = |part: &Arithmetic| matches!(part, Arithmetic::Read { .. });
    let of = |part| match part {
        &Arithmetic::Read { ref element, value } => Some((element, value)),
        _ => None,
    };
    match part {
        Arithmetic::Product(parts) if parts.len() == 2 && parts.iter().all(read) => {
            Some([of(&parts[0])?, of(&parts[1])?])
        }
        _ => None,
    }
}

/// Everything but the last two indices.
fn plane(element: &Element) -> String {
    let outer = &element.index[..element.index.len().saturating_sub(2)];
    Element { name: element.name.clone(), index: outer.to_vec() }.to_string()
}

fn pair((a, b): (String, String), found: &Found<'_>) -> Option<Pair> {
    let side = |i: usize, title: String| grid(title, found.iter().map(|(reads, _)| reads[i]));
    let sides = [side(0, a)?, side(1, b)?];
    Some(Pair { sides, sum: found.iter().map(|(_, value)| value).sum() })
}

fn grid<'a>(title: String, reads: impl Iterator<Item = (&'a Element, f64)> + Clone) -> Option<Grid> {
    let place = |element: &Element| match element.index.as_slice() {
        [.., row, column] => (*row, *column),
        [column] => (0, *column),
        [] => (0, 0),
    };
    let places = reads.clone().map(|(element, _)| place(element));
    let (top, left) = places.clone().reduce(|a, b| (a.0.min(b.0), a.1.min(b.1)))?;
    let (bottom, right) = places.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))?;
    let (rows, columns) = (bottom - top + 1, right - left + 1);
    if rows * columns > 4 * WORTH.end() {
        return None;
    }
    let mut cells = vec![None; rows * columns];
    for (element, value) in reads {
        let (row, column) = place(element);
        cells[(row - top) * columns + column - left] = Some(value);
    }
    // A column lies down, as a strip.
    let (rows, columns) = if columns == 1 { (1, rows) } else { (rows, columns) };
    Some(Grid { title, rows, columns, cells })
}

fn grid_ui(ui: &mut Ui, tokens: &Tokens, grid: &Grid) {
    let largest = grid.cells.iter().flatten().fold(0.0, |most: f64, v| most.max(v.abs()));
    ui.vertical(|ui| {
        ui.label(RichText::new(&grid.title).font(theme::mono(11.0)).color(tokens.faint));
        let room = if grid.rows == 1 { ui.available_width().min(480.0) } else { 112.0 };
        let cell = (room / grid.rows.max(grid.columns) as f32).clamp(2.0, 18.0);
        let size = Vec2::new(grid.columns as f32, grid.rows as f32) * cell;
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let name = format!("Window of {}, {} × {}", grid.title, grid.rows, grid.columns);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &name));
        for (i, value) in grid.cells.iter().enumerate() {
            let at = Vec2::new((i % grid.columns) as f32, (i / grid.columns) as f32) * cell;
            let place = Rect::from_min_size(rect.min + at, Vec2::splat(cell));
            let place = if cell > 6.0 { place.shrink(0.5) } else { place };
            if let Some(value) = value {
                let colour = tokens.diverging((value / largest.max(f64::MIN_POSITIVE)) as f32);
                ui.painter().rect_filled(place, 0.0, colour);
            }
        }
        if let Some(pos) = response.hover_pos() {
            let at = (pos - rect.min) / cell;
            let i = (at.y as usize).min(grid.rows - 1) * grid.columns + (at.x as usize).min(grid.columns - 1);
            let text = grid.cells[i].map_or_else(|| "padding: nothing is read here".to_owned(), |v| significant(v, 6));
            crate::gui::reading::read_text(&response, &text);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, index: &[usize], value: f64) -> Arithmetic {
        Arithmetic::Read { element: Element { name: name.into(), index: index.to_vec() }, value }
    }

    #[test]
    fn a_convolution_is_a_window_times_a_kernel_for_each_channel() {
        let mut terms = Vec::new();
        for channel in 0..2 {
            for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let x = read("%x", &[0, channel, 5 + row, 7 + column], (channel + 1) as f64);
                terms.push(x * read("w", &[3, channel, row, column], 0.5));
            }
        }
        terms.push(read("b", &[3], 0.1));
        let (pairs, left) = pairs(&Arithmetic::Sum(terms));
        assert_eq!((pairs.len(), left), (2, 0));
        let [pixels, kernel] = &pairs[0].sides;
        assert_eq!((pixels.title.as_str(), kernel.title.as_str()), ("%x[0, 1]", "w[3, 1]"));
        assert_eq!((pixels.rows, pixels.columns, pairs[0].sum), (2, 2, 4.0));
        assert_eq!(kernel.cells, vec![Some(0.5); 4]);
    }

    #[test]
    fn a_few_products_are_no_window() {
        let sum = Arithmetic::Sum(vec![read("%x", &[0, 0], 1.0) * read("w", &[0, 0], 2.0); 3]);
        assert!(pairs(&sum).0.is_empty());
    }
}
