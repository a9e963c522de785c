//! The Losses of a graph, whose weighted sum training makes small, and the one that stands for the network.

use super::{Graph, Layer, LayerId, Wire};
use crate::model::layer::{LayerKind, Loss};

impl Graph {
    /// All of them, in the order in which they were drawn.
    pub fn losses(&self) -> impl Iterator<Item = (&Layer, &Loss)> {
        self.layers().filter_map(|layer| match &layer.kind {
            LayerKind::Loss(loss) => Some((layer, loss)),
            _ => None,
        })
    }

    /// The one whose answer is the network's, which scores and pictures read: the first that compares it with the
    /// data's target, where one does.
    pub fn main_loss(&self) -> Option<(&Layer, &Loss)> {
        let of_data = self.losses().find(|(layer, _)| self.truth_of(layer.id).is_none());
        of_data.or_else(|| self.losses().next())
    }

    /// The wire that brings a Loss its truth; `None` where that is the data's target.
    pub fn truth_of(&self, loss: LayerId) -> Option<&Wire> {
        self.incoming(loss).find(|wire| wire.input == Loss::TRUTH)
    }

    /// Whether there are several, so that each has a curve of its own beside that of their sum.
    pub fn has_several_losses(&self) -> bool {
        self.losses().nth(1).is_some()
    }

    /// Whether anything that leaves a layer arrives at a Loss.
    pub fn leads_to_loss(&self, id: LayerId) -> bool {
        self.losses().any(|(loss, _)| self.reaches(id, loss.id))
    }
}
