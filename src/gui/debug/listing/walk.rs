//! The arrows in the listing: from row to row, along the values of a line, folding at headings.

use super::{Heading, ListingUi, Row, rows};
use crate::trace::{DebugView, Line, Listing, Token};

/// What a key does in the listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Up(usize),
    Down(usize),
    First,
    Last,
    /// Along the values of a line; at a heading it folds.
    Left,
    /// Along the values of a line; at a heading it unfolds.
    Right,
    /// Folds or unfolds at a heading.
    Enter,
}

/// The values of a line in the order of the text, each once; what it makes comes first.
pub fn values(line: &Line) -> Vec<&Token> {
    let mut all: Vec<&Token> = Vec::new();
    for token in line.outputs.iter().chain(&line.inputs) {
        if all.iter().all(|known| known.name != token.name) {
            all.push(token);
        }
    }
    all
}

fn heading_of(row: Row) -> Option<Heading> {
    match row {
        Row::Stage(_, from, _) => Some((from, true)),
        Row::Layer(from, _) => Some((from, false)),
        Row::Line(_) => None,
    }
}

/// Returns the name of the value that has come under the keys.
pub fn step(local: &mut ListingUi, view: &DebugView, step: Step) -> Option<String> {
    let listing: &Listing = &view.listing;
    let rows = rows(listing, &local.folded);
    let last = rows.len().checked_sub(1)?;
    let is_current = |row: &Row| match (local.heading, local.cursor) {
        (Some(heading), _) => heading_of(*row) == Some(heading),
        (None, cursor) => cursor.is_some_and(|line| *row == Row::Line(line)),
    };
    let at = rows.iter().position(is_current);
    // The first press chooses where the run stands.
    let here = || rows.iter().position(|row| *row == Row::Line(view.moment.instruction)).unwrap_or(0);
    let to = match (step, at) {
        (Step::First, _) => 0,
        (Step::Last, _) => last,
        (Step::Up(_) | Step::Down(_), None) => here(),
        (Step::Up(rows), Some(at)) => at.saturating_sub(rows),
        (Step::Down(rows), Some(at)) => (at + rows).min(last),
        (_, at) => return within(local, listing, *rows.get(at?)?, step),
    };
    local.shown = Some(rows[to]);
    local.value = 0;
    match rows[to] {
        Row::Line(line) => {
            (local.cursor, local.heading) = (Some(line), None);
            values(listing.lines.get(line)?).first().map(|token| token.name.clone())
        }
        row => {
            local.heading = heading_of(row);
            None
        }
    }
}

fn within(local: &mut ListingUi, listing: &Listing, row: Row, step: Step) -> Option<String> {
    match (row, heading_of(row)) {
        (Row::Line(line), _) => {
            let all = values(listing.lines.get(line)?);
            let to = match step {
                Step::Left => local.value.saturating_sub(1),
                Step::Right => (local.value + 1).min(all.len().saturating_sub(1)),
                _ => local.value,
            };
            local.value = to;
            all.get(to).map(|token| token.name.clone())
        }
        (_, heading) => {
            let heading = heading?;
            let folds = match step {
                Step::Left => true,
                Step::Right => false,
                _ => !local.folded.contains(&heading),
            };
            if folds {
                local.folded.insert(heading)
            } else {
                local.folded.remove(&heading)
            };
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::LayerId;
    use crate::trace::{Element, Moment, StepPhase, ValueKind};

    fn line(stage: StepPhase, layer: Option<u64>, output: &str, inputs: &[&str]) -> Line {
        let token = |name: &str| Token { name: name.into(), kind: ValueKind::Value, batched: true, dims: vec![2] };
        Line {
            stage,
            layer: layer.map(LayerId),
            layer_name: layer.map_or(String::new(), |layer| format!("Dense {layer}")),
            op: "linear".into(),
            settings: String::new(),
            outputs: vec![token(output)],
            inputs: inputs.iter().map(|name| token(name)).collect(),
            formula: String::new(),
            words: String::new(),
        }
    }

    /// A heading of the phase, one of the layer, its two lines, and the loss below a heading of its own.
    fn view() -> DebugView {
        let lines = vec![
            line(StepPhase::Forward, Some(1), "%1", &["%x", "w", "%x"]),
            line(StepPhase::Forward, Some(1), "%2", &["%1"]),
            line(StepPhase::Loss, None, "loss", &["%2", "%y"]),
        ];
        let moment = Moment { step: 3, instruction: 1 };
        DebugView { listing: Arc::new(Listing { lines }), moment, ..DebugView::default() }
    }

    #[test]
    fn the_arrows_go_from_row_to_row_and_along_a_line() {
        let (view, mut local) = (view(), ListingUi::default());
        let mut press = |step_| step(&mut local, &view, step_);
        assert_eq!(press(Step::Down(1)).as_deref(), Some("%2"), "where the run stands");
        assert_eq!(press(Step::Up(1)).as_deref(), Some("%1"));
        assert_eq!([press(Step::Right), press(Step::Right)].map(Option::unwrap), ["%x", "w"]);
        assert_eq!(press(Step::Right).as_deref(), Some("w"), "the end of the line");
        assert_eq!(press(Step::Left).as_deref(), Some("%x"));
        assert_eq!(press(Step::Down(1)).as_deref(), Some("%2"), "the next line begins with what it makes");
        assert_eq!(press(Step::Last).as_deref(), Some("loss"));
        assert_eq!(press(Step::Down(10)).as_deref(), Some("loss"));
    }

    /// A number that is followed to where it came from: the value is looked at, and the listing goes to what made it.
    #[test]
    fn following_a_number_moves_the_line() {
        let (view, mut local) = (view(), super::super::super::DebugUi::default());
        local.follow_back(&view, Element { name: "%2".into(), index: vec![0, 1] });
        assert_eq!((local.listing.cursor, local.listing.shown), (Some(1), Some(Row::Line(1))));
        assert_eq!(local.middle.looked.as_deref(), Some("%2"));
        local.follow_back(&view, Element { name: "w".into(), index: vec![0] });
        assert_eq!(local.listing.cursor, Some(1), "what no line makes leaves it where it is");
    }

    #[test]
    fn headings_are_rows_too_and_fold() {
        let (view, mut local) = (view(), ListingUi::default());
        assert_eq!(step(&mut local, &view, Step::First), None);
        assert_eq!(local.heading, Some((0, true)));
        step(&mut local, &view, Step::Left);
        assert_eq!(rows(&view.listing, &local.folded).len(), 3, "all of the phase is folded away");
        assert_eq!(step(&mut local, &view, Step::Down(2)).as_deref(), Some("loss"));
        step(&mut local, &view, Step::First);
        step(&mut local, &view, Step::Enter);
        assert!(local.folded.is_empty());
        step(&mut local, &view, Step::Down(1));
        assert_eq!(local.heading, Some((0, false)));
        local.choose(2);
        assert_eq!((local.heading, local.cursor), (None, Some(2)));
    }
}
