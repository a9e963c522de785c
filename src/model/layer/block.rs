//! A Block: layers drawn once that stand for several repetitions in a row, and its two ends inside. Which layers lie in
//! it says [`crate::model::Layer::inside`]; what it unfolds to says `model/graph/block.rs`.

use super::params::{int, layer_params};
use super::*;
use crate::model::graph::MOST_REPETITIONS;

layer_params! {
    /// What leaves one repetition arrives at the next.
    pub struct Block {
        repeat (card): usize = 1, int(1, MOST_REPETITIONS as i64), "Repetitions", "How many times its layers follow \
            one another. Every repetition has weights of its own.";
    }
}

layer_params! {
    /// Inside a Block, where what arrives at it enters.
    pub struct BlockInput {}
}

layer_params! {
    /// Inside a Block, where what leaves it comes from.
    pub struct BlockOutput {}
}

static BLOCK: About = About {
    title: "Block",
    group: Group::Core,
    tagline: "layers that repeat",
    help: "Several layers on one card. A double click opens it for editing. They are drawn once and repeated as \
        often as you like, each time with weights of their own: the output of one repetition is the input of the next.",
    formula: "y = f₃(f₂(f₁(x)))",
    glyph: "×n",
    inputs: Inputs::One,
    has_output: true,
};

static INPUT: About = About {
    title: "In",
    group: Group::Core,
    tagline: "the Block's input",
    help: "The input of the Block. From the second repetition on, it is the output of the one before.",
    formula: "y = x",
    glyph: "▷",
    inputs: Inputs::None,
    has_output: true,
};

static OUTPUT: About = About {
    title: "Out",
    group: Group::Core,
    tagline: "the Block's output",
    help: "The output of the Block. Until the last repetition it is the input of the next one.",
    formula: "y = x",
    glyph: "◁",
    inputs: Inputs::One,
    has_output: false,
};

/// Shapes within a Block are found layer by layer (`model/infer/block.rs`); on their own these three pass on what
/// arrives.
macro_rules! passes {
    ($($kind:ident says $about:ident;)*) => { $(
        impl LayerSpec for $kind {
            fn about(&self) -> &'static About {
                &$about
            }

            fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
                Ok(inputs.first().cloned().unwrap_or_default())
            }
        }
    )* };
}

passes! {
    Block says BLOCK;
    BlockInput says INPUT;
    BlockOutput says OUTPUT;
}
