//! A layer of another framework that Glassbox has no layer for: it stands in its place, says what it is, and computes
//! nothing.

use super::params::layer_params;
use super::*;

layer_params! {
    /// Comes from files of other programs only. `output` has a shape for each of its outputs, with `;` between.
    pub struct Foreign {
        what (card): String = String::new(), ParamKind::Text, "Elsewhere", "What the layer is called in the program that \
            the network comes from.";
        attributes (card): String = String::new(), ParamKind::Text, "Attributes", "Its settings there.";
        output: String = String::new(), ParamKind::Text, "Output shape", "The shape that leaves it, such as 16 x 8, with \
            semicolons between those of several outputs. Empty if it isn't known.";
    }
}

static ABOUT: About = About {
    title: "Foreign",
    group: Group::Foreign,
    tagline: "from elsewhere",
    help: "A layer of another framework that Glassbox has no layer for. It keeps its place and its settings, but computes \
        nothing: values are known as far as its inputs. Replace it, or remove it, to compute what follows.",
    formula: "",
    glyph: "?",
    inputs: Inputs::Any,
    has_output: true,
};

/// Names of the outputs, in order.
const OUTPUTS: [&str; 16] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];

impl Foreign {
    /// The shape that leaves each output; `None`: that isn't known of all of them.
    pub fn shapes(&self) -> Option<Vec<Shape>> {
        let shape = |part: &str| match part.trim() {
            "" => None,
            "1 number" => Some(Shape(Vec::new())),
            text => Some(Shape(Reshape { shape: text.to_owned() }.sizes().ok()?.into_iter().collect::<Option<_>>()?)),
        };
        self.output.split(';').map(shape).collect()
    }

    /// Writes shapes down as [`Self::output`] has them.
    pub fn said(shapes: &[Shape]) -> String {
        shapes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// "Keras LSTMCell", or "A foreign layer".
    pub fn title(&self) -> &str {
        if self.what.trim().is_empty() { "A foreign layer" } else { self.what.trim() }
    }
}

impl LayerSpec for Foreign {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn outputs(&self) -> &'static [&'static str] {
        match self.output.split(';').count() {
            1 => &["output"],
            several => &OUTPUTS[..several.min(OUTPUTS.len())],
        }
    }

    fn infer(&self, inputs: &[Shape], data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let ports: Vec<_> = inputs.iter().cloned().map(Some).collect();
        self.infer_ports(&ports, data).map(|mut shapes| shapes.swap_remove(0))
    }

    fn infer_ports(&self, inputs: &[Option<Shape>], _data: Option<&DataSignature>) -> Result<Vec<Shape>, Mismatch> {
        self.shapes().map(|shapes| shapes.into_iter().take(OUTPUTS.len()).collect()).ok_or_else(|| {
            let same = inputs.first().and_then(Option::as_ref);
            let set = |shape: &Shape| Fix::Set { key: "output", value: ParamValue::Text(shape.to_string()) };
            Mismatch {
                expected: "a shape such as 16 x 8".into(),
                got: if self.output.trim().is_empty() { "none".into() } else { self.output.clone() },
                why: format!(
                    "The file doesn't say what shape leaves {}. Set Output shape to go on behind it.",
                    self.title()
                ),
                fixes: same.map(set).into_iter().collect(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_that_it_says_leave_it() {
        let foreign = |output: &str| Foreign { output: output.into(), ..Foreign::default() };
        let both = foreign("16 x 8; 4");
        assert_eq!(both.shapes().unwrap(), [Shape(vec![16, 8]), Shape::row(4)]);
        assert_eq!(both.outputs(), ["a", "b"]);
        assert_eq!(Foreign::said(&both.shapes().unwrap()), "16 × 8; 4");
        assert_eq!(foreign("1 number; 3 × 2").shapes().unwrap(), [Shape(Vec::new()), Shape(vec![3, 2])]);
        assert_eq!(foreign("3").infer(&[], None).unwrap(), Shape::row(3));
        let refused = foreign("").infer(&[Shape(vec![2, 3])], None).unwrap_err();
        assert_eq!(refused.fixes, [Fix::Set { key: "output", value: ParamValue::Text("2 × 3".into()) }]);
        assert!(foreign("? x 3").infer(&[], None).is_err());
        assert_eq!(foreign(&"1;".repeat(40)).outputs().len(), OUTPUTS.len());
    }
}
