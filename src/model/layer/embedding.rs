//! Layers that turn whole numbers into rows, and tell positions apart.

use super::params::{choices, int, layer_params};
use super::*;

choices! {
    /// What tells the positions of a sequence apart.
    pub enum Positions {
        /// Sines and cosines of many wavelengths (Vaswani and others, 2017); nothing is learned.
        Sinusoidal = "sinusoidal", "Sines and cosines";
        /// A row of weights for each position.
        Learned = "learned", "Learned";
    }
}

layer_params! {
    /// PyTorch's `nn.Embedding`, weights `[vocabulary, width]`, which start normally distributed with spread 1.
    pub struct Embedding {
        vocabulary (card): usize = 64, int(1, 1 << 24), "Vocabulary", "Number of distinct inputs: whole numbers from 0 \
            up to one less than this.";
        width (card): usize = 16, int(1, 65_536), "Width", "Length of the vector for each input.";
    }
}

layer_params! {
    /// Adds to every position numbers of its own. Even features get sin(t / 10000^(i / F)), odd ones the cosine of the
    /// feature before; learned ones start normally distributed with spread 0.02.
    pub struct PositionalEncoding {
        encoding (card): Positions = Positions::Sinusoidal, Positions::kind(), "Encoding", "Sines and cosines need no \
            training. Learned encodings adapt to the data, but only at positions that occur in it.";
    }
}

static EMBEDDING: About = About {
    title: "Embedding",
    group: Group::Sequence,
    tagline: "indices to vectors",
    help: "Replaces each whole number (standing for a letter, a word or a category) by its row in a learned table. \
        Similar meanings end up with similar rows.",
    formula: "y[t] = W[x[t]]",
    glyph: "E",
    inputs: Inputs::One,
    has_output: true,
};

static POSITIONAL_ENCODING: About = About {
    title: "Positional encoding",
    group: Group::Sequence,
    tagline: "adds position",
    help: "Adds a distinct pattern to every position of a sequence. Without it, attention can't tell the first step \
        from the last.",
    formula: "y[t] = x[t] + p[t]",
    glyph: "∿",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for Embedding {
    fn about(&self) -> &'static About {
        &EMBEDDING
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        match inputs[0].0[..] {
            [steps] => Ok(Shape(vec![steps, self.width])),
            _ => Err(Mismatch {
                expected: "a row of whole numbers".into(),
                got: inputs[0].to_string(),
                why: "An embedding turns every number into a vector, so its input must be a row of whole numbers."
                    .into(),
                fixes: vec![Fix::InsertBefore(Flatten {}.into())],
            }),
        }
    }

    fn weights(&self, _inputs: &[Shape]) -> Vec<Weight> {
        vec![Weight::new("weight", [self.vocabulary, self.width], &["word", "feature"])]
    }
}

impl LayerSpec for PositionalEncoding {
    fn about(&self) -> &'static About {
        &POSITIONAL_ENCODING
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        sequence_input(&inputs[0], "A positional encoding")?;
        Ok(inputs[0].clone())
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let (dims, axes) = (inputs[0].0.clone(), &["position", "feature"]);
        match self.encoding {
            Positions::Sinusoidal => vec![Weight::kept("table", dims, axes)],
            Positions::Learned => vec![Weight::new("weight", dims, axes)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_becomes_a_sequence() {
        let embedding = Embedding::default();
        assert_eq!(embedding.infer(&[Shape::row(9)], None).unwrap().0, [9, 16]);
        let mismatch = embedding.infer(&[Shape(vec![9, 1])], None).unwrap_err();
        assert_eq!(mismatch.fixes, [Fix::InsertBefore(Flatten {}.into())]);
        let learned = PositionalEncoding { encoding: Positions::Learned };
        assert_eq!(learned.weights(&[Shape(vec![9, 16])])[0].dims, [9, 16]);
        assert!(learned.infer(&[Shape::row(9)], None).is_err());
    }
}
