//! Layers that become a Block, and a Block that becomes layers again.

use std::collections::BTreeSet;

use super::block::GroupError;
use super::{Graph, LayerId, Wire, WireId};
use crate::model::layer::{Block, LayerKind};
use crate::model::layout::COLUMN;

type Port = (LayerId, usize);

impl Graph {
    /// Puts layers into a new Block. What they take from elsewhere is its input, what others take from them its output.
    pub fn group(&mut self, ids: &BTreeSet<LayerId>) -> Result<LayerId, GroupError> {
        let inside = self.may_group(ids)?;
        let (entering, leaving) = (self.entering(ids)?, self.leaving_from(ids)?);
        if let Some(between) = self.between(ids) {
            return Err(GroupError::Between(self.name_of(between)));
        }
        let places: Vec<_> = ids.iter().filter_map(|id| Some(self.layer(*id)?.position)).collect();
        let [least, most] = [f32::min, f32::max]
            .map(|of| [0, 1].map(|axis| places.iter().map(|place| place[axis]).reduce(of).unwrap_or_default()));
        let middle = [(least[0] + most[0]) / 2.0, (least[1] + most[1]) / 2.0];
        let block = self.add_inside(Block::default().into(), middle, inside);
        let (Some(entry), Some(exit)) = (self.entry(block), self.exit(block)) else { return Ok(block) };
        for (end, x) in [(entry, least[0] - COLUMN), (exit, most[0] + COLUMN)] {
            if let Some(layer) = self.layer_mut(end) {
                layer.position = [x, middle[1]];
            }
        }
        self.wires.retain(|wire| wire.to != exit);
        for id in ids {
            if let Some(layer) = self.layer_mut(*id) {
                layer.inside = Some(block);
            }
        }
        for wire in &mut self.wires {
            match (ids.contains(&wire.from), ids.contains(&wire.to)) {
                (false, true) => (wire.from, wire.output) = (entry, 0),
                (true, false) => (wire.from, wire.output) = (block, 0),
                _ => {}
            }
        }
        if let Some(source) = entering {
            self.wire_up(source, block);
        }
        if let Some(source) = leaving.or_else(|| self.only_loose(ids)) {
            self.wire_up(source, exit);
        }
        Ok(block)
    }

    /// Puts the layers of a Block in its place; one that repeats is unrolled, and its further repetitions become layers
    /// of their own.
    pub fn ungroup(&mut self, block: LayerId) -> Result<Vec<LayerId>, GroupError> {
        let repeat = self.block(block).ok_or_else(|| GroupError::NoBlock(self.name_of(block)))?.repeat;
        let (Some(entry), Some(exit)) = (self.entry(block), self.exit(block)) else { return Ok(Vec::new()) };
        let outer = self.layer(block).and_then(|layer| layer.inside);
        let own: BTreeSet<LayerId> = self.inside(Some(block)).filter(|l| !l.kind.is_end()).map(|l| l.id).collect();
        let fragment = self.fragment(&own);
        let width = self.layers[&exit].position[0] - self.layers[&entry].position[0] - COLUMN;
        let used = |wires: &[Wire]| -> Vec<Wire> { wires.iter().filter(|w| w.from == entry).copied().collect() };
        let (begins, ends) = (used(&self.wires), self.incoming(exit).next().map(|wire| (wire.from, wire.output)));
        let source: Option<Port> = self.incoming(block).next().map(|wire| (wire.from, wire.output));
        self.wires.retain(|wire| wire.from != entry && wire.to != exit && wire.to != block);
        let mut made: Vec<LayerId> = own.iter().copied().collect();
        own.iter().for_each(|id| {
            if let Some(layer) = self.layers.get_mut(id) {
                layer.inside = outer;
            }
        });
        [entry, exit].iter().for_each(|end| drop(self.layers.remove(end)));
        let mut arriving = source;
        for number in 0..repeat {
            // Which layer stands for which in this repetition.
            let copies = if number == 0 {
                own.iter().copied().collect()
            } else {
                self.copy_in(&fragment, [width * number as f32, 0.0], outer)
            };
            let of = |id: LayerId| own.iter().position(|&own| own == id).and_then(|at| copies.get(at).copied());
            for wire in &begins {
                let place = if wire.to == exit { None } else { of(wire.to) };
                if let (Some(from), Some(to)) = (arriving, place) {
                    let id = if number == 0 { wire.id } else { WireId(self.fresh_id()) };
                    self.plug(Wire { id, from: from.0, output: from.1, to, input: wire.input });
                }
            }
            arriving = match ends {
                Some((from, _)) if from == entry => arriving,
                Some((from, output)) => of(from).map(|from| (from, output)),
                None => None,
            };
            made.extend(copies.into_iter().filter(|id| !own.contains(id)));
        }
        for wire in &mut self.wires {
            if let (true, Some((from, output))) = (wire.from == block, arriving) {
                (wire.from, wire.output) = (from, output);
            }
        }
        self.wires.retain(|wire| wire.from != block);
        self.layers.remove(&block);
        self.close_all_ranks();
        Ok(made)
    }

    fn name_of(&self, id: LayerId) -> String {
        self.layer(id).map_or("This layer".to_owned(), |layer| layer.name.clone())
    }

    fn wire_up(&mut self, (from, output): Port, to: LayerId) {
        let id = WireId(self.fresh_id());
        self.plug(Wire { id, from, output, to, input: 0 });
    }

    /// Where the new Block is to lie.
    fn may_group(&self, ids: &BTreeSet<LayerId>) -> Result<Option<LayerId>, GroupError> {
        let layers: Vec<_> = ids.iter().filter_map(|id| self.layer(*id)).collect();
        let inside = layers.first().ok_or(GroupError::Nothing)?.inside;
        for layer in &layers {
            if layer.kind.is_end() {
                return Err(GroupError::End(layer.name.clone()));
            }
            if matches!(layer.kind, LayerKind::Input(_) | LayerKind::Loss(_)) {
                return Err(GroupError::Stays(layer.name.clone()));
            }
            if layer.inside != inside {
                return Err(GroupError::Apart);
            }
        }
        self.may_lie(&Block::default().into(), inside)?;
        for &id in ids.iter().filter(|&&id| self.block(id).is_some()) {
            let below = self.layers.keys().filter(|&&inner| self.around(inner).contains(&id));
            if below.map(|&inner| self.around(inner).len()).max().unwrap_or(0) + 1 > super::block::DEEPEST {
                return Err(GroupError::Deep);
            }
        }
        Ok(inside)
    }

    /// The one output elsewhere that arrives at these layers.
    fn entering(&self, ids: &BTreeSet<LayerId>) -> Result<Option<Port>, GroupError> {
        self.only_port(|wire| ids.contains(&wire.to) && !ids.contains(&wire.from), GroupError::Inputs)
    }

    /// The one output of these layers that others use.
    fn leaving_from(&self, ids: &BTreeSet<LayerId>) -> Result<Option<Port>, GroupError> {
        self.only_port(|wire| ids.contains(&wire.from) && !ids.contains(&wire.to), GroupError::Outputs)
    }

    fn only_port(
        &self,
        crosses: impl Fn(&Wire) -> bool,
        refusal: fn(String, String) -> GroupError,
    ) -> Result<Option<Port>, GroupError> {
        let wires = self.wires.iter().filter(|wire| crosses(wire));
        let ports: BTreeSet<Port> = wires.map(|wire| (wire.from, wire.output)).collect();
        let mut ports = ports.into_iter();
        match (ports.next(), ports.next()) {
            (Some(a), Some(b)) => Err(refusal(self.port_name(a), self.port_name(b))),
            (first, _) => Ok(first),
        }
    }

    fn port_name(&self, (id, output): Port) -> String {
        let outputs = self.layer(id).map_or(&[][..], |layer| layer.kind.spec().outputs());
        match outputs.get(output).filter(|_| outputs.len() > 1) {
            Some(output) => format!("{} ({output})", self.name_of(id)),
            None => self.name_of(id),
        }
    }

    /// A layer elsewhere that these feed and that feeds these.
    fn between(&self, ids: &BTreeSet<LayerId>) -> Option<LayerId> {
        let after: BTreeSet<LayerId> = self.wires.iter().filter(|w| ids.contains(&w.from)).map(|w| w.to).collect();
        let outside = after.into_iter().filter(|id| !ids.contains(id));
        outside.into_iter().find(|&id| ids.iter().any(|&own| self.reaches(id, own)))
    }

    /// What leaves the only layer of these that feeds nothing.
    fn only_loose(&self, ids: &BTreeSet<LayerId>) -> Option<Port> {
        let is_loose = |id: &&LayerId| {
            let has_output = self.layer(**id).is_some_and(|layer| layer.kind.about().has_output);
            has_output && self.outgoing(**id).next().is_none()
        };
        let mut loose = ids.iter().filter(is_loose);
        match (loose.next(), loose.next()) {
            (Some(&id), None) => Some((id, self.main_output(id))),
            _ => None,
        }
    }
}
