//! What the window looks at, computed from the machine on request: responses over the plane, feature maps, predictions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codes;
use super::inspect::layers;
use super::run::{Run, RunError};
use crate::data::Plane;
use crate::engine::{Role, TensorData, ValueId};
use crate::model::{AnswerView, LayerId, LayerKind};
use crate::trace::{
    Answer, Decoded, Histogram, LayerPicture, Matrix, OutputPicture, Picture, PictureWishes, Preview, Statistics,
    UnitAt, UnitSum, UnitTerm,
};

/// Cells along each side of a unit's small picture and of the large surface.
const SMALL: usize = 28;
const LARGE: usize = 96;
/// Units or channels pictured per layer, and of one that is unfolded: as long as they are not more numbers than this.
const UNITS: usize = 16;
const ALL: usize = 1024;
const ALL_NUMBERS: usize = 1 << 20;
/// Ends of a network whose numbers are told.
const ENDS: usize = 16;
/// Samples from which statistics are taken.
const SAMPLES: usize = 64;
const BINS: usize = 32;
/// Of a unit's small histogram.
const FEW_BINS: usize = 12;
/// Points of a curve.
const CURVE: usize = 200;

/// A picture of the layers that are watched, without what the network does.
pub fn of_layers(run: &Run, wanted: &PictureWishes) -> Result<Picture, RunError> {
    let machine = run.machine();
    let mut picture = Picture { step: machine.step(), batch: machine.batch_len(), ..Picture::default() };
    if wanted.canvas || !wanted.layers.is_empty() {
        every_layer(run, wanted, &mut picture)?;
    }
    if let Some(asked) = &wanted.unit {
        picture.unit = unit_sum(run, asked)?;
    }
    if let (Some(at), Some(layer)) = (wanted.code, codes::layer(run)) {
        let decoded = run.machine().answers_from(layer, &at, 1)?;
        picture.decoded = decoded.map(|picture| Decoded { at, picture: picture.into() });
    }
    Ok(picture)
}

/// What leaves a network that is only run forward, for the sample that it has.
pub fn answers(run: &Run) -> Result<Vec<Answer>, RunError> {
    let graph = &run.project().graph;
    let computed = &run.machine().program().layer_outputs;
    let is_end = |id: &LayerId| graph.outgoing(*id).all(|wire| !computed.contains_key(&wire.to));
    let is_input = |id: &LayerId| graph.layer(*id).is_none_or(|layer| matches!(layer.kind, LayerKind::Input(_)));
    let order = graph.topological_order();
    let ends: Vec<LayerId> =
        order.into_iter().filter(|id| computed.contains_key(id) && is_end(id) && !is_input(id)).take(ENDS).collect();
    let sample = run.dataset().train.fetch(&[0])?;
    let mut outputs = run.machine().layer_outputs(&sample.inputs, 1, &ends)?;
    let answer = |layer: LayerId| {
        let TensorData { dims, data } = outputs.remove(&layer)?;
        let values = data.iter().copied().take(ALL).collect();
        Some(Answer { layer, dims: dims.get(1..).unwrap_or_default().to_vec(), values })
    };
    Ok(ends.into_iter().filter_map(answer).collect())
}

/// `None` where the unit is no longer there, or no weighted sum of a row of numbers.
fn unit_sum(run: &Run, asked: &UnitAt) -> Result<Option<UnitSum>, RunError> {
    let (graph, UnitAt { layer, unit, sample }) = (&run.project().graph, asked);
    let graph = &*graph.unfolded();
    let is_dense = graph.layer(*layer).is_some_and(|layer| matches!(layer.kind, LayerKind::Dense(_)));
    let Some(source) = graph.incoming(*layer).next().map(|wire| wire.from).filter(|_| is_dense) else {
        return Ok(None);
    };
    if sample.len() != run.dataset().input_len() {
        return Ok(None);
    }
    let outputs = run.machine().layer_outputs(sample, 1, &[source, *layer])?;
    let (Some(inputs), Some(own)) = (outputs.get(&source), outputs.get(layer)) else { return Ok(None) };
    let tensor = |name: &str| parameters(run, *layer).find(|(known, _)| *known == name).map(|(_, value)| value);
    let Some(weights) = tensor("weight") else { return Ok(None) };
    let weights = run.machine().read(weights)?;
    let n = inputs.data.len();
    let (Some(row), Some(&output)) = (weights.data.get(unit * n..(unit + 1) * n), own.data.get(*unit)) else {
        return Ok(None);
    };
    if weights.dims != [own.data.len(), n] {
        return Ok(None);
    }
    let bias = match tensor("bias") {
        Some(bias) => run.machine().read(bias)?.data.get(*unit).copied(),
        None => None,
    };
    let terms: Vec<_> = inputs.data.iter().zip(row).map(|(&input, &weight)| UnitTerm { input, weight }).collect();
    let products = terms.iter().map(|term| f64::from(term.input) * f64::from(term.weight));
    let sum = (products.sum::<f64>() + f64::from(bias.unwrap_or(0.0))) as f32;
    Ok(Some(UnitSum { of: asked.clone(), terms, bias, sum, output }))
}

fn every_layer(run: &Run, wanted: &PictureWishes, picture: &mut Picture) -> Result<(), RunError> {
    let dataset = run.dataset();
    let graph = &run.project().graph;
    // Of layers in Blocks all repetitions, and the Blocks themselves.
    let all: BTreeMap<LayerId, bool> = [graph, &*graph.unfolded()]
        .into_iter()
        .flat_map(|graph| graph.layers().map(|layer| (layer.id, matches!(layer.kind, LayerKind::Loss(_)))))
        .collect();
    let ids: Vec<LayerId> = all.into_iter().filter(|(_, is_loss)| !is_loss).map(|(id, _)| id).collect();
    let order = dataset.fair(dataset.shown());
    let batch = dataset.shown().fetch(&order[..order.len().min(SAMPLES)])?;
    let outputs = run.machine().layer_outputs(&batch.inputs, batch.len, &ids)?;
    let mut previews = previews(run, wanted, &ids, &outputs)?;
    for id in ids {
        let Some(values) = outputs.get(&id) else { continue };
        let program = run.machine().program();
        let output = program.layer_outputs.get(&id).copied();
        let layer = LayerPicture {
            statistics: Statistics::of(&values.data),
            samples: batch.len,
            dead: output.and_then(|output| layers::silent(program, output, values)),
            saturated: output.and_then(|output| layers::saturated(program, output, values)),
            histogram: Histogram::of(&values.data, BINS),
            preview: previews.remove(&id).unwrap_or_default(),
            weights: if wanted.layers.contains(&id) { weights(run, id)? } else { Vec::new() },
            gradient_norm: gradient_norm(run, id)?,
        };
        picture.layers.insert(id, layer);
    }
    Ok(())
}

type Previews = BTreeMap<LayerId, Preview>;
type Outputs = BTreeMap<LayerId, TensorData>;

/// `sampled`: what leaves the layers for a few samples.
fn previews(run: &Run, wanted: &PictureWishes, ids: &[LayerId], sampled: &Outputs) -> Result<Previews, RunError> {
    let dataset = run.dataset();
    if let Some(plane) = &dataset.plane {
        let outputs = run.machine().layer_outputs(&grid(plane, SMALL), SMALL * SMALL, ids)?;
        return Ok(each(&outputs, |id, values| match values.dims.as_slice() {
            [rows, _] => Preview::Plane { resolution: SMALL, units: columns(values, most(wanted, id, *rows)) },
            _ => Preview::None,
        }));
    }
    if dataset.input_shape == [1] {
        let (low, high) = input_range(run);
        let inputs: Vec<f32> = axis(low, high, CURVE / 2).collect();
        let outputs = run.machine().layer_outputs(&inputs, inputs.len(), ids)?;
        return Ok(each(&outputs, |id, values| Preview::Curves {
            units: columns(values, most(wanted, id, inputs.len())),
        }));
    }
    if dataset.input_shape.len() == 1 {
        return Ok(each(sampled, |id, values| histograms(values, most(wanted, id, SAMPLES))));
    }
    if dataset.input_shape.len() == 3 && !dataset.validation.is_empty() {
        let picture = dataset.validation.input(wanted.sample as usize % dataset.validation.len())?;
        let outputs = run.machine().layer_pictures(&picture, 1, ids)?;
        return Ok(each(&outputs, |id, values| feature_maps(values, |area| most(wanted, id, area))));
    }
    Ok(Previews::new())
}

fn each(outputs: &Outputs, preview: impl Fn(LayerId, &TensorData) -> Preview) -> Previews {
    outputs.iter().map(|(&id, values)| (id, preview(id, values))).collect()
}

/// Of how many units of so many numbers each there are pictures.
fn most(wanted: &PictureWishes, id: LayerId, numbers: usize) -> usize {
    let all = (ALL_NUMBERS / numbers.max(1)).clamp(UNITS, ALL);
    if wanted.unfolded.contains(&id) { all } else { UNITS }
}

/// The first units of a `[rows, units]` value, each as its own list.
fn columns(values: &TensorData, most: usize) -> Vec<Arc<[f32]>> {
    let units = values.dims.get(1..).map_or(1, |rest| rest.iter().product::<usize>()).max(1);
    (0..units.min(most)).map(|u| values.data.iter().skip(u).step_by(units).copied().collect()).collect()
}

fn histograms(values: &TensorData, most: usize) -> Preview {
    match values.dims.as_slice() {
        [_, _] => {
            let units = columns(values, most).iter().map(|unit| Histogram::of(unit, FEW_BINS)).collect();
            Preview::Histograms { units }
        }
        _ => Preview::None,
    }
}

fn feature_maps(values: &TensorData, most: impl Fn(usize) -> usize) -> Preview {
    match values.dims.as_slice() {
        [1, channels, rows, columns] => {
            let count = most(rows * columns).min(*channels);
            let maps = values.data.chunks(rows * columns).take(count).map(Arc::from).collect();
            Preview::Maps { rows: *rows, columns: *columns, channels: maps }
        }
        // A sequence as one picture: a row a step.
        [1, steps, features] if steps * features <= 1 << 16 => {
            Preview::Maps { rows: *steps, columns: *features, channels: vec![values.data.clone()] }
        }
        // A row of numbers as one strip.
        [1, units] if *units <= 512 => Preview::Maps { rows: 1, columns: *units, channels: vec![values.data.clone()] },
        _ => Preview::None,
    }
}

/// Inputs for the cells of the plane, row by row from the top, at the cells' centres.
fn grid(plane: &Plane, resolution: usize) -> Vec<f32> {
    let at = |i: usize| plane.extent * (2.0 * (i as f32 + 0.5) / resolution as f32 - 1.0);
    let mut inputs = Vec::with_capacity(resolution * resolution * plane.features.len());
    for row in 0..resolution {
        for column in 0..resolution {
            inputs.extend(plane.input(at(column), -at(row)));
        }
    }
    inputs
}

fn axis(low: f32, high: f32, points: usize) -> impl Iterator<Item = f32> {
    (0..points).map(move |i| low + (high - low) * i as f32 / (points - 1) as f32)
}

fn input_range(run: &Run) -> (f32, f32) {
    run.dataset().train.input_range().unwrap_or((-1.0, 1.0))
}

/// What a layer learns: each with its name behind that of the layer, and its value.
fn parameters(run: &Run, id: LayerId) -> impl Iterator<Item = (&str, ValueId)> {
    let all = run.machine().program().ids();
    let own = all.filter(move |(_, value)| value.layer == Some(id) && value.role == Role::Parameter);
    own.map(|(at, value)| (value.name.split_once('.').map_or(value.name.as_str(), |(_, suffix)| suffix), at))
}

fn gradient_of(run: &Run, value: ValueId) -> Option<Arc<[f32]>> {
    let gradient = run.machine().program().gradients.get(&value)?;
    // Before the first step there is no gradient yet.
    run.machine().read(*gradient).ok().map(|g| g.data)
}

fn weights(run: &Run, id: LayerId) -> Result<Vec<Matrix>, RunError> {
    let mut all = Vec::new();
    for (name, value) in parameters(run, id) {
        let data = run.machine().read(value)?;
        if data.data.len() > Matrix::LIMIT {
            continue;
        }
        let gradient = gradient_of(run, value);
        let tensor = run.machine().program().name(value).to_owned();
        all.push(Matrix { name: name.to_owned(), tensor, dims: data.dims, values: data.data, gradient });
    }
    Ok(all)
}

fn gradient_norm(run: &Run, id: LayerId) -> Result<Option<f32>, RunError> {
    if !run.project().graph.layer(id).is_some_and(|l| l.kind.has_weights()) {
        return Ok(None);
    }
    let mut squares = None;
    for (_, value) in parameters(run, id) {
        if let Some(gradient) = gradient_of(run, value) {
            let sum: f64 = gradient.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
            squares = Some(squares.unwrap_or(0.0) + sum);
        }
    }
    Ok(squares.map(|s: f64| s.sqrt() as f32))
}

/// What the network does over the plane or along the axis; `None` where it is shown by its answers to samples.
pub fn output(run: &Run) -> Result<Option<OutputPicture>, RunError> {
    let dataset = run.dataset();
    match run.view() {
        AnswerView::Surface => dataset.plane.as_ref().map(|plane| surface(run, plane)).transpose(),
        AnswerView::Curve => {
            let (low, high) = input_range(run);
            let margin = 0.1 * (high - low);
            let x: Vec<f32> = axis(low - margin, high + margin, CURVE).collect();
            let y = run.machine().predict(&x, x.len())?;
            let unit = dataset.truth.unit(0);
            let y: Vec<f32> = y.iter().map(|&v| unit.number(v) as f32).collect();
            Ok(Some(OutputPicture::Curve { x: x.into(), y: y.into() }))
        }
        AnswerView::Images | AnswerView::Rows | AnswerView::Numbers => Ok(None),
        AnswerView::Reconstructions | AnswerView::Boxes => Ok(None),
    }
}

fn surface(run: &Run, plane: &Plane) -> Result<OutputPicture, RunError> {
    let cells = LARGE * LARGE;
    let outputs = run.machine().predict(&grid(plane, LARGE), cells)?;
    let classes = run.dataset().classes().map(<[String]>::len);
    let scores: Vec<Arc<[f32]>> = match classes {
        None => vec![outputs.into()],
        Some(classes) => {
            let (answer, width) = (run.machine().answer(), outputs.len() / cells);
            let rows: Vec<Vec<f32>> = outputs.chunks(width.max(1)).map(|row| answer.shares(row)).collect();
            let of = |class| rows.iter().map(|row| row.get(class).copied().unwrap_or(f32::NAN)).collect();
            (0..classes).map(of).collect()
        }
    };
    let task = run.dataset().truth.task;
    Ok(OutputPicture::Surface { resolution: LARGE, extent: plane.extent, scores, task })
}
