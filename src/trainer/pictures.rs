//! What the window looks at, computed from the machine on request: responses over the plane, feature maps, predictions.

use std::sync::Arc;

use super::run::{Run, RunError};
use crate::data::{Plane, Task};
use crate::engine::ranking::{class_areas, telling_k, top_k};
use crate::engine::{Role, TensorData, ValueId, metrics};
use crate::model::{LayerId, LayerKind};
use crate::trace::{
    Histogram, LayerPicture, Matrix, OutputPicture, Picture, Prediction, Preview, Ranking, Statistics, Watch,
};

/// Cells along each side of a unit's small picture and of the large surface.
const SMALL: usize = 28;
const LARGE: usize = 96;
/// Units or channels pictured per layer.
const UNITS: usize = 16;
/// Validation samples from which statistics are taken.
const SAMPLES: usize = 64;
const BINS: usize = 32;
/// Points of a curve.
const CURVE: usize = 200;
/// Validation samples behind the gallery, the confusion matrix and the scatter, and how many of them are asked while training
/// runs at full speed: a few often show more than all seldom.
pub const SCORED: usize = 2_000;
pub const SCORED_AT_FULL_SPEED: usize = 256;

/// A picture of the layers that are watched, without what the network does.
pub fn of_layers(run: &Run, watch: &Watch) -> Result<Picture, RunError> {
    let mut picture = Picture { step: run.machine().step(), ..Picture::default() };
    if watch.canvas || !watch.layers.is_empty() {
        layers(run, watch, &mut picture)?;
    }
    Ok(picture)
}

/// The network's answer to one sample: probabilities of classes, or numbers in the data's units.
pub fn answer(run: &Run, sample: &[f32]) -> Result<Vec<f32>, RunError> {
    if sample.len() != run.dataset().input_len() {
        return Ok(Vec::new());
    }
    let outputs = run.machine().predict(sample, 1)?;
    Ok(match &run.dataset().task {
        Task::Classification { classes } => probabilities(&outputs, classes.len()),
        Task::Regression { offset, scale, .. } => {
            outputs.iter().zip(scale.iter().zip(offset)).map(|(v, (s, o))| v * s + o).collect()
        }
    })
}

fn layers(run: &Run, watch: &Watch, picture: &mut Picture) -> Result<(), RunError> {
    let dataset = run.dataset();
    let graph = &run.project().graph;
    let ids: Vec<LayerId> =
        graph.layers().filter(|l| !matches!(l.kind, LayerKind::Loss(_))).map(|layer| layer.id).collect();
    let part = if dataset.validation.len > 0 { &dataset.validation } else { &dataset.train };
    let rows = part.len.min(SAMPLES);
    let n = dataset.input_len();
    let outputs = run.machine().layer_outputs(&part.inputs[..rows * n], rows, &ids)?;
    let mut previews = previews(run, watch, &ids)?;
    for id in ids {
        let Some(values) = outputs.get(&id) else { continue };
        let layer = LayerPicture {
            statistics: Statistics::of(&values.data),
            histogram: Histogram::of(&values.data, BINS),
            preview: previews.remove(&id).unwrap_or_default(),
            weights: if watch.layers.contains(&id) { weights(run, id)? } else { Vec::new() },
            gradient_norm: gradient_norm(run, id)?,
        };
        picture.layers.insert(id, layer);
    }
    Ok(())
}

type Previews = std::collections::BTreeMap<LayerId, Preview>;

fn previews(run: &Run, watch: &Watch, ids: &[LayerId]) -> Result<Previews, RunError> {
    let dataset = run.dataset();
    if let Some(plane) = &dataset.plane {
        let outputs = run.machine().layer_outputs(&grid(plane, SMALL), SMALL * SMALL, ids)?;
        return Ok(each(outputs, |values| match values.dims.as_slice() {
            [_, _] => Preview::Plane { resolution: SMALL, units: columns(values) },
            _ => Preview::None,
        }));
    }
    if dataset.input_shape == [1] {
        let (low, high) = input_range(run);
        let inputs: Vec<f32> = axis(low, high, CURVE / 2).collect();
        let outputs = run.machine().layer_outputs(&inputs, inputs.len(), ids)?;
        return Ok(each(outputs, |values| Preview::Curves { units: columns(values) }));
    }
    if dataset.input_shape.len() == 3 && dataset.validation.len > 0 {
        let n = dataset.input_len();
        let row = watch.sample as usize % dataset.validation.len;
        let outputs = run.machine().layer_pictures(&dataset.validation.inputs[row * n..(row + 1) * n], 1, ids)?;
        return Ok(each(outputs, feature_maps));
    }
    Ok(Previews::new())
}

fn each(
    outputs: std::collections::BTreeMap<LayerId, TensorData>,
    preview: impl Fn(&TensorData) -> Preview,
) -> Previews {
    outputs.iter().map(|(&id, values)| (id, preview(values))).collect()
}

/// The first units of a `[rows, units]` value, each as its own list.
fn columns(values: &TensorData) -> Vec<Arc<[f32]>> {
    let units = values.dims.get(1..).map_or(1, |rest| rest.iter().product::<usize>()).max(1);
    (0..units.min(UNITS)).map(|u| values.data.iter().skip(u).step_by(units).copied().collect()).collect()
}

fn feature_maps(values: &TensorData) -> Preview {
    match values.dims.as_slice() {
        [1, channels, rows, columns] => {
            let maps = values.data.chunks(rows * columns).take(UNITS.min(*channels)).map(Arc::from).collect();
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
    let inputs = run.dataset().train.inputs.iter();
    inputs.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
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
        all.push(Matrix { name: name.to_owned(), dims: data.dims, values: data.data, gradient });
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

/// What the network does: surface, curve or predictions.
pub fn output(run: &Run, scored: usize) -> Result<OutputPicture, RunError> {
    let dataset = run.dataset();
    if let Some(plane) = &dataset.plane {
        return surface(run, plane);
    }
    match &dataset.task {
        Task::Classification { classes } => predictions(run, classes.len(), scored),
        Task::Regression { offset, scale, .. } if dataset.input_shape == [1] && offset.len() == 1 => {
            let (low, high) = input_range(run);
            let margin = 0.1 * (high - low);
            let x: Vec<f32> = axis(low - margin, high + margin, CURVE).collect();
            let y = run.machine().predict(&x, x.len())?;
            let y: Vec<f32> = y.iter().map(|v| v * scale[0] + offset[0]).collect();
            Ok(OutputPicture::Curve { x: x.into(), y: y.into() })
        }
        Task::Regression { offset, scale, .. } => {
            let part = &dataset.validation;
            let rows = part.len.min(scored);
            let outputs = run.machine().predict(&part.inputs[..rows * dataset.input_len()], rows)?;
            let n = offset.len();
            let unit = |v: f32| v * scale[0] + offset[0];
            let pairs: Vec<[f32; 2]> = (0..rows).map(|r| [unit(part.targets[r * n]), unit(outputs[r * n])]).collect();
            Ok(OutputPicture::Numbers { pairs: pairs.into() })
        }
    }
}

fn surface(run: &Run, plane: &Plane) -> Result<OutputPicture, RunError> {
    let cells = LARGE * LARGE;
    let outputs = run.machine().predict(&grid(plane, LARGE), cells)?;
    let classes = run.dataset().classes().map(<[String]>::len);
    let scores: Vec<Arc<[f32]>> = match classes {
        None => vec![outputs.into()],
        Some(classes) => {
            let width = outputs.len() / cells;
            let rows: Vec<Vec<f32>> = outputs.chunks(width.max(1)).map(|row| probabilities(row, classes)).collect();
            (0..classes).map(|c| rows.iter().map(|row| row[c]).collect()).collect()
        }
    };
    let classification = classes.is_some();
    Ok(OutputPicture::Surface { resolution: LARGE, extent: plane.extent, scores, classification })
}

/// Logits of one sample as probabilities; a single logit tells two classes apart.
fn probabilities(logits: &[f32], classes: usize) -> Vec<f32> {
    if let ([logit], 2) = (logits, classes) {
        let p = 1.0 / (1.0 + (-logit).exp());
        return vec![1.0 - p, p];
    }
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f32> = logits.iter().map(|l| (l - max).exp()).collect();
    let sum: f32 = exps.iter().sum();
    exps.iter().map(|e| e / sum).collect()
}

fn predictions(run: &Run, classes: usize, scored: usize) -> Result<OutputPicture, RunError> {
    let dataset = run.dataset();
    let part = &dataset.validation;
    let rows = part.len.min(scored);
    let outputs = run.machine().predict(&part.inputs[..rows * dataset.input_len()], rows)?;
    let width = (outputs.len() / rows.max(1)).max(1);
    let predictions = (0..rows)
        .map(|row| {
            let p = probabilities(&outputs[row * width..(row + 1) * width], classes);
            let best = (0..p.len()).fold(0, |best, i| if p[i] > p[best] { i } else { best });
            let truth = part.targets[row] as u32;
            Prediction { row: row as u32, truth, predicted: best as u32, confidence: p[best] }
        })
        .collect();
    let confusion = metrics::confusion(&outputs, &part.targets[..rows], classes);
    let ranking = ranking(&outputs, &part.targets[..rows], classes);
    Ok(OutputPicture::Classes { predictions, confusion, classes, ranking })
}

/// How well outputs order samples.
pub fn ranking(outputs: &[f32], targets: &[f32], classes: usize) -> Ranking {
    let top = telling_k(classes).and_then(|k| top_k(outputs, targets, classes, k).map(|share| (k, share)));
    Ranking { top, areas: class_areas(outputs, targets, classes) }
}
