//! Networks that find things in pictures.

use super::{BatchNorm, Conv2d, Graph, LayerId, LayerKind, Loss, Relu, bare_convolution};
use crate::model::layer::{Activation, Add, Input, LossKind};
use crate::model::task::CELL;

/// Residual blocks down to a cell for every 8 pixels along each side, and at every cell the numbers of a box and of the
/// classes. `width`: filters of the first block.
pub fn detector(width: usize, classes: usize) -> Graph {
    let mut graph = Graph::default();
    let last = graph.add(Input::default().into(), [0.0, 0.0]);
    let mut chain = Chain { graph, last };
    chain.convolve(width, 2);
    chain.residual(width, 1);
    chain.residual(2 * width, 2);
    chain.residual(4 * width, 2);
    chain.convolve(4 * width, 1);
    let cells = Conv2d { filters: CELL + classes, kernel: 1, activation: Activation::None, ..Conv2d::default() };
    chain.put(cells.into());
    chain.put(Loss { loss: LossKind::Detection, ..Loss::default() }.into());
    super::super::layout::tidy(&mut chain.graph);
    chain.graph
}

/// A graph that grows at its end.
struct Chain {
    graph: Graph,
    last: LayerId,
}

impl Chain {
    fn put(&mut self, kind: LayerKind) {
        let id = self.graph.add(kind, [0.0, 0.0]);
        // Forwards along the chain, as every wire here: nothing can refuse.
        let _ = self.graph.connect(self.last, id);
        self.last = id;
    }

    fn norm(&mut self) {
        self.put(BatchNorm::default().into());
    }

    fn convolve(&mut self, filters: usize, stride: usize) {
        self.put(bare_convolution(filters, 3, stride));
        self.norm();
        self.put(Relu {}.into());
    }

    /// Two convolutions, and a wire around them, with a convolution on it where the size changes.
    fn residual(&mut self, filters: usize, stride: usize) {
        let before = self.last;
        self.convolve(filters, stride);
        self.put(bare_convolution(filters, 3, 1));
        self.norm();
        let inner = std::mem::replace(&mut self.last, before);
        if stride > 1 {
            self.put(bare_convolution(filters, 1, stride));
            self.norm();
        }
        let around = std::mem::replace(&mut self.last, inner);
        self.put(Add {}.into());
        let _ = self.graph.connect(around, self.last);
        self.put(Relu {}.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DataSignature, Shape, Task, infer};

    #[test]
    fn every_size_of_picture_gets_a_grid() {
        for (side, classes, cells) in [(64, 3, 8), (100, 1, 13), (160, 5, 20)] {
            let task = Task::Boxes { most: 4, classes };
            let data = DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![3, side, side]), task };
            let graph = detector(16, classes);
            let found = infer(&graph, Some(&data));
            assert!(found.is_valid(), "{:?}", found.problems);
            let loss = graph.main_loss().unwrap().0.id;
            let wire = graph.incoming(loss).next().unwrap();
            assert_eq!(found.shape_on(wire), Some(&Shape(vec![5 + classes, cells, cells])));
        }
    }
}
