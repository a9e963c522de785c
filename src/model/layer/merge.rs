//! Layers that bring several wires together.

use super::params::layer_params;
use super::*;

/// Merges that work number by number: all inputs of one shape, which is that of what leaves.
macro_rules! number_by_number {
    ($($(#[$meta:meta])* $name:ident, $about:ident, $title:literal, $tagline:literal, $glyph:literal, $formula:literal, $verb:literal, $help:literal;)*) => {
        $(layer_params! {
            $(#[$meta])*
            pub struct $name {}
        }

        static $about: About = About {
            title: $title,
            group: Group::Merge,
            tagline: $tagline,
            help: $help,
            formula: $formula,
            glyph: $glyph,
            inputs: Inputs::Many,
            has_output: true,
        };

        impl LayerSpec for $name {
            fn about(&self) -> &'static About {
                &$about
            }
            fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
                all_equal(inputs, $verb)
            }
        })*
    };
}

number_by_number! {
    /// The sum of all.
    Add, ADD, "Add", "residual", "+", "y = a + b", "added",
        "Adds its inputs element by element. With one input bypassing a few layers it forms a residual (skip) \
            connection, which makes very deep networks trainable.";
    /// The first without the others.
    Subtract, SUBTRACT, "Subtract", "difference", "−", "y = a − b", "subtracted",
        "Subtracts its second input from the first, element by element, and any further ones too: how two branches \
            differ.";
    /// The product of all.
    Multiply, MULTIPLY, "Multiply", "gate", "×", "y = a · b", "multiplied",
        "Multiplies its inputs element by element, so that one input can control how much of the other passes (a \
            gate).";
    /// The sum of all, divided by how many they are.
    Average, AVERAGE, "Average", "mean of branches", "av", "y = (a + b) / 2", "averaged",
        "Averages its inputs element by element, as when several branches vote.";
    /// PyTorch's `maximum`, of more than two one after the other.
    Maximum, MAXIMUM, "Maximum", "largest of branches", "mx", "y = max(a, b)", "compared",
        "Keeps the largest of its inputs, element by element (maxout). The branch with the strongest response \
            wins and gets the gradient; equal ones share it.";
    /// PyTorch's `minimum`, of more than two one after the other.
    Minimum, MINIMUM, "Minimum", "smallest of branches", "mn", "y = min(a, b)", "compared",
        "Keeps the smallest of its inputs, element by element, so that a value passes only where every branch lets \
            it. The smallest gets the gradient; equal ones share it.";
}

layer_params! {
    /// Along the first axis: features of rows, channels of pictures.
    pub struct Concat {}
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_take_equal_shapes_and_offer_to_make_them_equal() {
        for kind in LayerKind::all().into_iter().filter(|kind| kind.about().inputs == Inputs::Many) {
            let shape = |a: &[usize], b: &[usize]| kind.spec().infer(&[Shape(a.to_vec()), Shape(b.to_vec())], None);
            if matches!(kind, LayerKind::Concat(_)) {
                assert_eq!(shape(&[3], &[4]), Ok(Shape::row(7)));
                continue;
            }
            assert_eq!(shape(&[3, 4], &[3, 4]), Ok(Shape(vec![3, 4])), "{}", kind.key());
            let refused = shape(&[3], &[4]).unwrap_err();
            assert_eq!(refused.fixes, [Fix::SetPrevious { key: "units", value: ParamValue::Int(3) }]);
        }
    }
}
