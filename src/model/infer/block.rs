//! Shapes within a Block, one repetition after the other.

use super::*;
use crate::model::layer::{Block, ParamValue};

/// One level of the drawing: the network itself, or what lies in a Block. Of Blocks all layers inside count.
pub(super) fn level(graph: &Graph, block: Option<LayerId>, data: Option<&DataSignature>, found: &mut Inference) {
    let order = graph.topological_order().into_iter().filter_map(|id| graph.layer(id));
    for layer in order.filter(|layer| layer.inside == block) {
        match &layer.kind {
            LayerKind::BlockInput(_) => {}
            LayerKind::Block(block) => repetitions(graph, layer, block, data, found),
            _ => infer_layer(graph, layer, data, found),
        }
        let own = found.parameter_counts.get(&layer.id).copied().unwrap_or(0);
        found.parameters = found.parameters.saturating_add(own);
    }
}

fn repetitions(graph: &Graph, layer: &Layer, block: &Block, data: Option<&DataSignature>, found: &mut Inference) {
    let Some(wire) = graph.incoming(layer.id).next().copied() else {
        found.problems.push(unconnected(graph, layer, 0, 0));
        return;
    };
    let (Some(arriving), Some(entry), Some(exit)) =
        (found.shape_on(&wire).cloned(), graph.entry(layer.id), graph.exit(layer.id))
    else {
        return;
    };
    let (mut shape, mut parameters) = (arriving.clone(), 0usize);
    for number in 1..=block.repeat {
        let mut inner = Inference::default();
        inner.pass_on(entry, shape.clone());
        level(graph, Some(layer.id), data, &mut inner);
        parameters = parameters.saturating_add(inner.parameters);
        let leaving = inner.shapes.get(&exit).cloned();
        let problem = inner.problems.first().cloned();
        if number == 1 {
            found.take_in(inner, &layer.name);
        } else if let Some(problem) = problem {
            found.problems.push(unfit(graph, layer, number, [&arriving, &shape], &problem, data));
            return;
        }
        match leaving {
            Some(leaving) => shape = leaving,
            None => return,
        }
    }
    found.pass_on(layer.id, shape);
    found.parameter_counts.insert(layer.id, parameters);
}

impl Inference {
    fn pass_on(&mut self, layer: LayerId, shape: Shape) {
        self.outputs.insert(layer, vec![shape.clone()]);
        self.shapes.insert(layer, shape);
    }

    /// What was found within a Block, in its first repetition: what the cards inside show.
    fn take_in(&mut self, inner: Self, block: &str) {
        self.shapes.extend(inner.shapes);
        self.outputs.extend(inner.outputs);
        self.parameter_counts.extend(inner.parameter_counts);
        self.problems.extend(inner.problems.into_iter().map(|mut problem| {
            problem.layer = format!("{block} › {}", problem.layer);
            problem
        }));
    }
}

/// What leaves one repetition does not fit the next.
fn unfit(
    graph: &Graph,
    layer: &Layer,
    number: usize,
    [first, shape]: [&Shape; 2],
    problem: &Problem,
    data: Option<&DataSignature>,
) -> Problem {
    let message = format!(
        "Repetition {number} of {} can't take the output of repetition {}. In a Block that repeats, the output must fit \
         the input. {}",
        layer.name,
        number - 1,
        problem.message
    );
    let fewer = Edit::SetParam { layer: layer.id, key: "repeat".to_owned(), value: ParamValue::Int(number as i64 - 1) };
    let fewer = Repair { label: format!("Set Repetitions of {} to {}", layer.name, number - 1), edit: fewer };
    let same = same_width(graph, layer.id, first, data);
    Problem {
        place: Subject::Layer(layer.id),
        layer: layer.name.clone(),
        message,
        expected_got: Some((first.to_string(), shape.to_string())),
        repairs: same.into_iter().chain([fewer]).collect(),
    }
}

/// The layer inside that decides the width of what leaves, set to the width of what arrives, where that mends it.
fn same_width(graph: &Graph, block: LayerId, arriving: &Shape, data: Option<&DataSignature>) -> Option<Repair> {
    let mut at = graph.incoming(graph.exit(block)?).next()?.from;
    let (layer, key) = loop {
        let layer = graph.layer(at)?;
        match layer.kind.count_key() {
            Some(key) if graph.block(at).is_none() => break (layer, key),
            _ => at = graph.incoming(at).next()?.from,
        }
    };
    let width = if arriving.rank() == 3 { arriving.0.first() } else { arriving.0.last() };
    let mended = set(layer, key, ParamValue::Int(i64::try_from(*width?).ok()?))?;
    let mut trial = graph.clone();
    mended.edit.apply(&mut trial).ok()?;
    let mut found = Inference::default();
    found.pass_on(graph.entry(block)?, arriving.clone());
    level(&trial, Some(block), data, &mut found);
    (found.shapes.get(&graph.exit(block)?) == Some(arriving)).then_some(mended)
}
