//! What units and their inputs are called: columns and features by their names, units by their layer.

use crate::model::{Layer, LayerId, LayerKind};
use crate::session::State;

/// "x₁", "flipper length", "unit 3 of Dense 1".
pub fn name(state: &State, layer: LayerId, unit: usize) -> String {
    let Some(known) = state.project().graph.layer(layer) else { return short(state, layer, unit) };
    match known.kind {
        LayerKind::Input(_) => short(state, layer, unit),
        _ => format!("unit {unit} of {}", known.name),
    }
}

/// Which numbers of a sample enter at an Input that takes a part; `None` where it takes all, or is no Input.
pub fn places(state: &State, layer: &Layer) -> Option<Vec<usize>> {
    let LayerKind::Input(input) = &layer.kind else { return None };
    if input.columns.is_empty() {
        return None;
    }
    input.places(&state.dataset()?.signature()).ok().flatten()
}

/// As [`name`], where it is plain which layer is meant.
pub fn short(state: &State, layer: LayerId, unit: usize) -> String {
    let is_input = state.project().graph.layer(layer).is_some_and(|layer| matches!(layer.kind, LayerKind::Input(_)));
    let names = state.dataset().filter(|_| is_input).map(|dataset| &dataset.input_names);
    let word = if is_input { "input" } else { "unit" };
    let places = state.project().graph.layer(layer).and_then(|layer| places(state, layer));
    let unit = places.and_then(|places| places.get(unit).copied()).unwrap_or(unit);
    names.and_then(|names| names.get(unit)).cloned().unwrap_or_else(|| format!("{word} {unit}"))
}

/// What one number of a layer that reads `source` multiplies or, without an input, adds: "x₂ → unit 3 of Dense 1".
pub fn weight(state: &State, source: Option<LayerId>, layer: LayerId, unit: usize, input: Option<usize>) -> String {
    let unit = name(state, layer, unit);
    match (input, source) {
        (None, _) => format!("bias of {unit}"),
        (Some(input), Some(source)) => format!("{} → {unit}", name(state, source, input)),
        (Some(input), None) => format!("input {input} → {unit}"),
    }
}
