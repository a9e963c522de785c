//! Blocks in a graph: layers that lie in one, its two ends, and the flat graph that all repetitions together make. Only
//! that is compiled; everything that computes knows no Blocks.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Graph, Layer, LayerId, Wire, WireId, slug};
use crate::model::layer::{Block, BlockInput, BlockOutput, LayerKind};
use crate::model::layout::COLUMN;

/// So often a Block repeats at most.
pub const MOST_REPETITIONS: usize = 100;
/// So many Blocks lie in one another at most.
pub(super) const DEEPEST: usize = 4;
/// So many layers a graph unfolds to at most.
pub const MOST_LAYERS: usize = 4096;
/// Bits of an id for the repetition of one Block among those that lie in one another.
const BITS: u32 = 7;
const DRAWN: u32 = 32;

impl LayerId {
    /// The layer on the canvas that this is, or is a repetition of.
    pub fn drawn(self) -> Self {
        Self(self.0 & ((1 << DRAWN) - 1))
    }

    /// The layer in these repetitions, from 1 on, of the Blocks that it lies in, from the outermost. In the first of
    /// all it is the drawn one: grouping layers changes neither their names nor their weights.
    fn repetition(self, repetitions: impl IntoIterator<Item = usize>) -> Self {
        let shifted = |(depth, number): (usize, usize)| (number as u64 - 1) << (DRAWN + BITS * depth as u32);
        Self(repetitions.into_iter().enumerate().map(shifted).fold(self.0, |id, bits| id | bits))
    }

    /// `.2` for the second repetition, `.2.3` for the third within the second; nothing for the first.
    fn suffix(self) -> String {
        let (mut rest, mut suffix) = (self.0 >> DRAWN, String::new());
        while rest > 0 {
            suffix += &format!(".{}", (rest & ((1 << BITS) - 1)) + 1);
            rest >>= BITS;
        }
        suffix
    }

    /// Its name in listings and checkpoints: `dense_1`, and in the second repetition of its Block `dense_1.2`.
    pub fn word(self, name: &str) -> String {
        slug(name) + &self.suffix()
    }

    /// Its name for people: "Dense 1", and in the second repetition "Dense 1 #2".
    pub fn title(self, name: &str) -> String {
        match self.suffix().as_str() {
            "" => name.to_owned(),
            suffix => format!("{name} #{}", &suffix[1..]),
        }
    }
}

/// Why layers cannot become a Block, or a Block layers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    #[error("Select the layers that are to become a Block.")]
    Nothing,
    #[error("These layers aren't in the same Block, so they can't become one.")]
    Apart,
    #[error("{0} can't go into a Block: it would be repeated with it.")]
    Stays(String),
    #[error("{0} belongs to its Block: delete or ungroup that instead.")]
    End(String),
    #[error("A Block has one input, but these layers have two sources: {0} and {1}.")]
    Inputs(String, String),
    #[error("A Block has one output, but other layers use both {0} and {1}.")]
    Outputs(String, String),
    #[error("{0} is between these layers: select it too.")]
    Between(String),
    #[error("Blocks can be nested at most {DEEPEST} deep.")]
    Deep,
    #[error("{0} isn't a Block.")]
    NoBlock(String),
}

impl Graph {
    /// Whether there is a Block in it: without one the graph itself is what is compiled.
    pub fn has_blocks(&self) -> bool {
        self.layers.values().any(|layer| matches!(layer.kind, LayerKind::Block(_)))
    }

    /// The Block with this id.
    pub fn block(&self, id: LayerId) -> Option<&Block> {
        match &self.layers.get(&id)?.kind {
            LayerKind::Block(block) => Some(block),
            _ => None,
        }
    }

    /// What lies in a Block itself, its ends included; with `None` what lies in none.
    pub fn inside(&self, block: Option<LayerId>) -> impl Iterator<Item = &Layer> {
        self.layers.values().filter(move |layer| layer.inside == block)
    }

    fn end(&self, block: LayerId, is_end: fn(&LayerKind) -> bool) -> Option<LayerId> {
        self.inside(Some(block)).find(|layer| is_end(&layer.kind)).map(|layer| layer.id)
    }

    /// Where a Block begins inside.
    pub fn entry(&self, block: LayerId) -> Option<LayerId> {
        self.end(block, |kind| matches!(kind, LayerKind::BlockInput(_)))
    }

    /// Where a Block ends inside.
    pub fn exit(&self, block: LayerId) -> Option<LayerId> {
        self.end(block, |kind| matches!(kind, LayerKind::BlockOutput(_)))
    }

    /// The Blocks that a layer lies in, from the outermost.
    pub fn around(&self, id: LayerId) -> Vec<LayerId> {
        let mut path = Vec::new();
        let mut next = self.layer(id).and_then(|layer| layer.inside);
        while let Some(block) = next.filter(|_| path.len() <= DEEPEST) {
            path.push(block);
            next = self.layer(block).and_then(|layer| layer.inside);
        }
        path.reverse();
        path
    }

    /// "Block 1 › Dense 1"
    pub fn path_name(&self, id: LayerId) -> String {
        let name = |id: LayerId| self.layer(id).map_or(String::new(), |layer| id.title(&layer.name));
        self.around(id).into_iter().chain([id]).map(name).collect::<Vec<_>>().join(" › ")
    }

    /// Whether a layer is the Block or lies in it, however deep.
    pub fn is_within(&self, id: LayerId, block: LayerId) -> bool {
        id.drawn() == block || self.around(id).contains(&block)
    }

    /// What is drawn in one place: in a Block, or with `None` outside of all.
    pub fn level(&self, block: Option<LayerId>) -> Cow<'_, Self> {
        if block.is_none() && !self.has_blocks() {
            return Cow::Borrowed(self);
        }
        let layers: BTreeMap<_, _> = self.inside(block).map(|layer| (layer.id, layer.clone())).collect();
        let wires = self.wires.iter().filter(|wire| layers.contains_key(&wire.to)).copied().collect();
        Cow::Owned(Self { layers, wires, next_id: self.next_id })
    }

    /// These layers with what lies in them and the wires among them, as they are copied.
    pub fn fragment(&self, ids: &BTreeSet<LayerId>) -> Self {
        let is_taken = |layer: &&Layer| {
            let is_in = self.around(layer.id).iter().any(|block| ids.contains(block));
            is_in || ids.contains(&layer.id) && !layer.kind.is_end()
        };
        let mut layers: BTreeMap<_, _> =
            self.layers.values().filter(is_taken).map(|layer| (layer.id, layer.clone())).collect();
        let known: BTreeSet<LayerId> = layers.keys().copied().collect();
        layers.values_mut().for_each(|layer| layer.inside = layer.inside.filter(|block| known.contains(block)));
        let among = |wire: &&Wire| known.contains(&wire.from) && known.contains(&wire.to);
        Self { layers, wires: self.wires.iter().filter(among).copied().collect(), next_id: self.next_id }
    }

    /// Copies all layers of another graph with their wires; what lies in no Block there is shifted and goes into
    /// `inside`.
    pub fn copy_in(&mut self, fragment: &Self, offset: [f32; 2], inside: Option<LayerId>) -> Vec<LayerId> {
        let mut map = BTreeMap::new();
        for layer in fragment.layers() {
            let shift = if layer.inside.is_none() { offset } else { [0.0; 2] };
            let position = [layer.position[0] + shift[0], layer.position[1] + shift[1]];
            let id = self.add_bare(layer.kind.clone(), super::super::edit::finite(position), None);
            if let Some(copy) = self.layer_mut(id) {
                copy.frozen = layer.frozen;
            }
            map.insert(layer.id, id);
        }
        for layer in fragment.layers() {
            if let Some(copy) = map.get(&layer.id).and_then(|&id| self.layer_mut(id)) {
                copy.inside = layer.inside.map_or(inside, |block| map.get(&block).copied());
            }
        }
        for wire in &fragment.wires {
            if let (Some(&from), Some(&to)) = (map.get(&wire.from), map.get(&wire.to)) {
                let id = WireId(self.fresh_id());
                self.plug(Wire { id, from, to, ..*wire });
            }
        }
        self.close_all_ranks();
        let outermost = fragment.layers().filter(|layer| layer.inside.is_none());
        outermost.filter_map(|layer| map.get(&layer.id).copied()).collect()
    }

    /// Gives a new Block its ends, with a wire between them.
    pub(super) fn furnish(&mut self, id: LayerId) {
        if self.block(id).is_some() {
            let entry = self.add_bare(BlockInput {}.into(), [0.0, 0.0], Some(id));
            let exit = self.add_bare(BlockOutput {}.into(), [2.0 * COLUMN, 0.0], Some(id));
            let wire = WireId(self.fresh_id());
            self.plug(Wire { id: wire, from: entry, output: 0, to: exit, input: 0 });
        }
    }

    /// Takes a layer out with all that lies in it; wires at it stay. Not the end of a Block.
    pub(super) fn take(&mut self, id: LayerId) -> Option<Layer> {
        if self.layers.get(&id)?.kind.is_end() {
            return None;
        }
        let within: Vec<_> = self.layers.keys().copied().filter(|&other| self.around(other).contains(&id)).collect();
        for inner in within {
            self.layers.remove(&inner);
            self.wires.retain(|wire| wire.from != inner && wire.to != inner);
        }
        self.layers.remove(&id)
    }

    /// Lists each Block's layers behind it.
    pub(super) fn nest(&self, order: &[LayerId], block: Option<LayerId>, nested: &mut Vec<LayerId>) {
        for &id in order {
            // Of what lies in a Block that is not here itself, a level, all stands at the top.
            let place = |layer: &Layer| layer.inside.filter(|around| self.layers.contains_key(around));
            if self.layers.get(&id).is_some_and(|layer| place(layer) == block) {
                nested.push(id);
                if self.block(id).is_some() {
                    self.nest(order, Some(id), nested);
                }
            }
        }
    }

    /// In a file anything may stand.
    pub(super) fn check_blocks(&self) -> Result<(), String> {
        for layer in self.layers.values() {
            let name = &layer.name;
            if layer.inside.is_some_and(|block| self.block(block).is_none()) {
                return Err(format!("{name:?} is inside something that isn't a Block"));
            }
            if self.around(layer.id).len() > DEEPEST {
                return Err(format!("{name:?} is nested in more than {DEEPEST} Blocks"));
            }
            self.may_lie(&layer.kind, layer.inside).map_err(|error| error.to_string())?;
            if layer.kind.is_end() && layer.inside.is_none() {
                return Err(format!("{name:?} isn't inside a Block"));
            }
            if self.block(layer.id).is_some() {
                let count = |key: &str| self.inside(Some(layer.id)).filter(|inner| inner.kind.key() == key).count();
                if (count("block_input"), count("block_output")) != (1, 1) {
                    return Err(format!("{name:?} needs one block_input and one block_output inside"));
                }
            }
        }
        Ok(())
    }

    /// Whether copies of all layers of another graph may lie there.
    pub fn may_take_in(&self, fragment: &Self, inside: Option<LayerId>) -> Result<(), GroupError> {
        fragment.inside(None).try_for_each(|layer| self.may_lie(&layer.kind, inside))?;
        let above = inside.map_or(0, |block| self.around(block).len() + 1);
        let below = fragment.layers().map(|layer| fragment.around(layer.id).len()).max().unwrap_or(0);
        if above + below > DEEPEST { Err(GroupError::Deep) } else { Ok(()) }
    }

    /// Whether a layer of this kind may lie there.
    pub fn may_lie(&self, kind: &LayerKind, inside: Option<LayerId>) -> Result<(), GroupError> {
        match (kind, inside) {
            (LayerKind::Input(_) | LayerKind::Loss(_), Some(_)) => Err(GroupError::Stays(kind.about().title.into())),
            (LayerKind::Block(_), Some(block)) if self.around(block).len() + 1 >= DEEPEST => Err(GroupError::Deep),
            _ => Ok(()),
        }
    }
}

/// From a graph with Blocks to one without.
impl Graph {
    /// All repetitions of all layers one by one, and no Blocks. The first repetition keeps ids and names.
    pub fn unfolded(&self) -> Cow<'_, Self> {
        self.unfold(self.is_too_large())
    }

    /// The same with every Block taken once: the layers that are drawn.
    pub fn unfolded_once(&self) -> Cow<'_, Self> {
        self.unfold(true)
    }

    fn unfold(&self, once: bool) -> Cow<'_, Self> {
        if !self.has_blocks() {
            return Cow::Borrowed(self);
        }
        let mut all = Vec::new();
        self.repeat(None, &mut Vec::new(), once, &mut all);
        let mut flat = Self { next_id: self.next_id, ..Self::default() };
        for (layer, repetitions) in &all {
            let id = self.repeated(layer.id, repetitions);
            let frozen = layer.frozen || self.around(layer.id).iter().any(|&b| self.layers[&b].frozen);
            flat.layers.insert(id, Layer { id, inside: None, frozen, ..(*layer).clone() });
        }
        for (layer, repetitions) in &all {
            let to = self.repeated(layer.id, repetitions);
            for wire in self.incoming(layer.id) {
                if let Some((from, output)) = self.source(wire.from, wire.output, repetitions, once) {
                    let id = WireId(flat.fresh_id());
                    flat.wires.push(Wire { id, from, output, to, input: wire.input });
                }
            }
        }
        flat.close_all_ranks();
        Cow::Owned(flat)
    }

    /// How many layers it unfolds to.
    pub fn unfolded_len(&self) -> usize {
        let mut count = 0usize;
        for layer in self.layers.values().filter(|l| !l.kind.is_end() && self.block(l.id).is_none()) {
            let each = |block: &LayerId| self.block(*block).map_or(1, |block| block.repeat);
            count = count.saturating_add(self.around(layer.id).iter().map(each).fold(1, usize::saturating_mul));
        }
        count
    }

    /// Then every Block is taken once, and it has a problem.
    pub fn is_too_large(&self) -> bool {
        self.unfolded_len() > MOST_LAYERS
    }

    /// What stands in the unfolded graph for what leaves a Block, or for the end of one in its first repetition.
    pub fn stands_for(&self, id: LayerId) -> Option<(LayerId, usize)> {
        let (first, once) = (vec![1; self.around(id).len()], self.is_too_large());
        match self.layers.get(&id)?.kind {
            LayerKind::BlockOutput(_) => {
                let wire = self.incoming(id).next()?;
                self.source(wire.from, wire.output, &first, once)
            }
            _ => self.source(id, 0, &first, once),
        }
    }

    fn repeat<'a>(
        &'a self,
        block: Option<LayerId>,
        repetitions: &mut Vec<usize>,
        once: bool,
        all: &mut Vec<(&'a Layer, Vec<usize>)>,
    ) {
        for layer in self.inside(block) {
            match &layer.kind {
                LayerKind::Block(inner) => {
                    for number in 1..=if once { 1 } else { inner.repeat } {
                        repetitions.push(number);
                        self.repeat(Some(layer.id), repetitions, once, all);
                        repetitions.pop();
                    }
                }
                LayerKind::BlockInput(_) | LayerKind::BlockOutput(_) => {}
                _ => all.push((layer, repetitions.clone())),
            }
        }
    }

    /// Blocks that don't repeat take no part in an id: they come and go without a difference.
    fn repeated(&self, id: LayerId, repetitions: &[usize]) -> LayerId {
        let repeats = |block: &LayerId| self.block(*block).is_some_and(|block| block.repeat > 1);
        let around = self.around(id);
        let numbers = around.iter().zip(repetitions).filter(|(block, _)| repeats(block));
        id.repetition(numbers.map(|(_, &number)| number))
    }

    /// Which layer of the unfolded graph puts out what leaves a port in these repetitions; `None` where a wire is
    /// missing.
    fn source(&self, from: LayerId, output: usize, repetitions: &[usize], once: bool) -> Option<(LayerId, usize)> {
        let layer = self.layers.get(&from)?;
        match &layer.kind {
            LayerKind::Block(block) => {
                let last = if once { 1 } else { block.repeat };
                self.leaving(from, &[repetitions, &[last]].concat(), once)
            }
            LayerKind::BlockInput(_) => {
                let (block, (&number, outer)) = (layer.inside?, repetitions.split_last()?);
                if number > 1 {
                    return self.leaving(block, &[outer, &[number - 1]].concat(), once);
                }
                let wire = self.incoming(block).next()?;
                self.source(wire.from, wire.output, outer, once)
            }
            _ => Some((self.repeated(from, repetitions), output)),
        }
    }

    fn leaving(&self, block: LayerId, repetitions: &[usize], once: bool) -> Option<(LayerId, usize)> {
        let wire = self.incoming(self.exit(block)?).next()?;
        self.source(wire.from, wire.output, repetitions, once)
    }
}
