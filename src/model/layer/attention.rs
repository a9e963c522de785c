//! Multi-head attention (Vaswani and others, 2017).

use super::params::{int, layer_params};
use super::*;

layer_params! {
    /// PyTorch's `nn.MultiheadAttention` with queries, keys and values of one width: weights `in_proj_weight`
    /// `[3 E, E]` (questions, keys, values) and `out_proj.weight` `[E, E]`. Weights start as there, biases at zero.
    pub struct MultiHeadAttention {
        heads (card): usize = 4, int(1, 256), "Heads", "How many attention heads work in parallel, each on an equal \
            share of the features.";
        causal (card): bool = false, ParamKind::Bool, "Causal", "When on, each position sees only itself and earlier \
            ones. Needed when the network predicts the next one.";
        bias: bool = true, ParamKind::Bool, "Bias", "Whether queries, keys, values and the output have biases.";
    }
}

static ABOUT: About = About {
    title: "Multi-head attention",
    group: Group::Sequence,
    tagline: "who looks where",
    help: "Every position of a sequence compares its query with the keys of all positions and takes the mean of their \
        values, weighted by how well they match. With only query connected, a sequence attends to itself. Key is \
        another sequence to attend to, and value supplies its values. The output weights, and per head the card, \
        show where each position (row) looks.",
    formula: "y = concat(softmax(q kᵀ / √d) v) W",
    glyph: "⊙",
    inputs: Inputs::Named(&PORTS),
    has_output: true,
};

static PORTS: [InputPort; 3] = [
    InputPort {
        name: "query",
        need: Need::Required,
        help: "The sequence that attends: each of its positions looks for others that matter to it.",
    },
    InputPort {
        name: "key",
        need: Need::Optional,
        help: "The sequence to attend to. If not connected, the sequence attends to itself (self-attention).",
    },
    InputPort {
        name: "value",
        need: Need::Optional,
        help: "What is taken from each position. If not connected, the same as key.",
    },
];

impl MultiHeadAttention {
    /// The port of where each position looks, the mean over the heads.
    pub const WEIGHTS: usize = 1;

    fn refuse(&self, expected: String, got: &Shape, why: &str, fixes: Vec<Fix>) -> Result<Shape, Mismatch> {
        Err(Mismatch { expected, got: got.to_string(), why: why.into(), fixes })
    }
}

impl LayerSpec for MultiHeadAttention {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn outputs(&self) -> &'static [&'static str] {
        &["output", "weights"]
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let [_, width] = sequence_input(&inputs[0], "Attention")?;
        for other in &inputs[1..] {
            let [steps, features] = sequence_input(other, "Attention")?;
            if features != width {
                let project = Dense { units: width, ..Dense::default() };
                let fixes = vec![Fix::InsertBefore(project.into())];
                let expected = format!("{steps} × {width}");
                return self.refuse(expected, other, "Queries, keys and values must have the same width.", fixes);
            }
        }
        if let [_, keys, values] = inputs
            && keys.0[0] != values.0[0]
        {
            return self.refuse(keys.to_string(), values, "There must be as many values as keys.", Vec::new());
        }
        if width % self.heads != 0 {
            let fitting = (1..=self.heads).rev().find(|heads| width % heads == 0).unwrap_or(1);
            let fixes = vec![Fix::Set { key: "heads", value: ParamValue::Int(fitting as i64) }];
            let expected = format!("a width divisible by {} heads", self.heads);
            return self.refuse(expected, &inputs[0], "Each head takes an equal share of the features.", fixes);
        }
        Ok(inputs[0].clone())
    }

    fn infer_ports(&self, inputs: &[Option<Shape>], data: Option<&DataSignature>) -> Result<Vec<Shape>, Mismatch> {
        let [Some(query), key, value] = inputs else { return Ok(Vec::new()) };
        let key = key.as_ref().unwrap_or(query);
        let shapes = [query, key, value.as_ref().unwrap_or(key)].map(Shape::clone);
        let weights = |shape: &Shape| Shape(vec![shape.0[0], shapes[1].0[0]]);
        self.infer(&shapes, data).map(|shape| vec![shape.clone(), weights(&shape)])
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let width = inputs[0].0.last().copied().unwrap_or(1);
        let mut all = vec![
            Weight::new("in_proj_weight", [3 * width, width], &["unit", "input"]),
            Weight::new("out_proj.weight", [width, width], &["unit", "input"]),
        ];
        if self.bias {
            all.push(Weight::new("in_proj_bias", [3 * width], &["unit"]));
            all.push(Weight::new("out_proj.bias", [width], &["unit"]));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_of_one_width_look_at_each_other() {
        let shape = |layer: &MultiHeadAttention, all: &[[usize; 2]]| {
            layer.infer(&all.iter().map(|s| Shape(s.to_vec())).collect::<Vec<_>>(), None)
        };
        let attention = MultiHeadAttention::default();
        assert_eq!(shape(&attention, &[[7, 8]]).unwrap().0, [7, 8]);
        assert_eq!(shape(&attention, &[[7, 8], [3, 8]]).unwrap().0, [7, 8]);
        assert_eq!(shape(&attention, &[[7, 8], [3, 8], [3, 8]]).unwrap().0, [7, 8]);
        assert_eq!(shape(&attention, &[[7, 8], [3, 5]]).unwrap_err().expected, "3 × 8");
        assert_eq!(shape(&attention, &[[7, 8], [3, 8], [4, 8]]).unwrap_err().got, "4 × 8");
        let ports = attention.infer_ports(&[Some(Shape(vec![7, 8])), Some(Shape(vec![3, 8])), None], None).unwrap();
        assert_eq!((ports[0].0.as_slice(), ports[1].0.as_slice()), (&[7, 8][..], &[7, 3][..]));
        let uneven = shape(&attention, &[[7, 9]]).unwrap_err();
        assert_eq!(uneven.fixes, [Fix::Set { key: "heads", value: ParamValue::Int(3) }]);
    }

    #[test]
    fn a_fourth_wire_to_the_layer_takes_the_place_of_the_third() {
        let mut graph = crate::model::Graph::default();
        let sources: Vec<_> = (0..4).map(|_| graph.add(Dense::default().into(), [0.0; 2])).collect();
        let attention = graph.add(MultiHeadAttention::default().into(), [0.0; 2]);
        for &source in &sources {
            graph.connect(source, attention).unwrap();
        }
        let from = |graph: &crate::model::Graph| {
            graph.incoming(attention).map(|wire| (wire.input, wire.from)).collect::<Vec<_>>()
        };
        assert_eq!(from(&graph), [(0, sources[0]), (1, sources[1]), (2, sources[3])]);
        // A port may stay free between others.
        let key = graph.incoming(attention).nth(1).unwrap().id;
        graph.disconnect(key);
        assert_eq!(from(&graph), [(0, sources[0]), (2, sources[3])]);
        let copy: crate::model::Graph = serde_json::from_value(serde_json::to_value(&graph).unwrap()).unwrap();
        assert_eq!(copy, graph);
    }
}
