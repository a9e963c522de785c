//! Layers that bring several wires together.

use super::params::layer_params;
use super::*;

layer_params! {
    /// Element by element; all inputs of one shape.
    pub struct Add {}
}
layer_params! {
    /// Element by element; all inputs of one shape.
    pub struct Multiply {}
}
layer_params! {
    /// Along the first axis: features of rows, channels of pictures.
    pub struct Concat {}
}

static ADD: About = About {
    title: "Add",
    group: Group::Merge,
    tagline: "residual",
    help: "Adds its inputs element by element. With one input bypassing a few layers it forms a residual (skip) \
        connection, which makes very deep networks trainable.",
    formula: "y = a + b",
    glyph: "+",
    inputs: Inputs::Many,
    has_output: true,
};

static MULTIPLY: About = About {
    title: "Multiply",
    group: Group::Merge,
    tagline: "gate",
    help: "Multiplies its inputs element by element, so that one input can control how much of the other passes (a \
        gate).",
    formula: "y = a · b",
    glyph: "×",
    inputs: Inputs::Many,
    has_output: true,
};

static CONCAT: About = About {
    title: "Concat",
    group: Group::Merge,
    tagline: "side by side",
    help: "Joins its inputs side by side: rows become one longer row, images of the same size one image with all their \
        channels.",
    formula: "y = [a, b]",
    glyph: "‖",
    inputs: Inputs::Many,
    has_output: true,
};

fn all_equal(inputs: &[Shape], verb: &str) -> Result<Shape, Mismatch> {
    let first = &inputs[0];
    match inputs.iter().find(|shape| *shape != first) {
        None => Ok(first.clone()),
        Some(other) => Err(Mismatch {
            expected: first.to_string(),
            got: other.to_string(),
            why: format!("Only tensors of the same shape can be {verb} element by element."),
            fixes: row_fix(first, other),
        }),
    }
}

/// Two rows of different length can be made equal by the layer before, if that has units or filters to set.
fn row_fix(first: &Shape, other: &Shape) -> Vec<Fix> {
    match (first.0.as_slice(), other.0.as_slice()) {
        ([wanted], [_]) => vec![Fix::SetPrevious { key: "units", value: ParamValue::Int(*wanted as i64) }],
        ([wanted, r1, c1], [_, r2, c2]) if (r1, c1) == (r2, c2) => {
            vec![Fix::SetPrevious { key: "filters", value: ParamValue::Int(*wanted as i64) }]
        }
        _ => Vec::new(),
    }
}

impl LayerSpec for Add {
    fn about(&self) -> &'static About {
        &ADD
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        all_equal(inputs, "added")
    }
}

impl LayerSpec for Multiply {
    fn about(&self) -> &'static About {
        &MULTIPLY
    }
    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        all_equal(inputs, "multiplied")
    }
}

impl LayerSpec for Concat {
    fn about(&self) -> &'static About {
        &CONCAT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let first = &inputs[0];
        if let Some(other) = inputs.iter().find(|s| s.rank() != first.rank() || s.0.get(1..) != first.0.get(1..)) {
            let fixes = if other.rank() == 3 { vec![Fix::InsertBefore(Flatten {}.into())] } else { Vec::new() };
            return Err(Mismatch {
                expected: format!("the same axes after the first as {first}"),
                got: other.to_string(),
                why: "Inputs are joined along the first axis; the others must match.".into(),
                fixes,
            });
        }
        let mut shape = first.clone();
        if let Some(axis) = shape.0.first_mut() {
            *axis = inputs.iter().map(|s| s.0.first().copied().unwrap_or(0)).fold(0, usize::saturating_add);
        }
        Ok(shape)
    }
}
