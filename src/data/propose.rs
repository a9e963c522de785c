//! A project that fits a data set: a model of the right kind and size, and settings that train it without further options.

use super::{Dataset, Task};
use crate::model::layer::{Activation, Dropout, LayerKind};
use crate::model::{DataSpec, EarlyStopping, Optimiser, Project, Schedule, TrainingSpec, templates};

/// Convolutions for pictures, dense layers for rows of numbers, sized to the columns and the rows.
pub fn propose_project(dataset: &Dataset, data: DataSpec) -> Project {
    let outputs = dataset.task.output_len();
    let is_picture = dataset.input_shape.len() == 3 && dataset.input_shape[1..].iter().all(|&side| side >= 8);
    let (layers, training) = if is_picture {
        (templates::cnn(outputs), for_pictures(dataset.train.len))
    } else {
        (for_row(dataset, outputs), for_rows(dataset))
    };
    let stem = dataset.name.rsplit_once('.').map_or(dataset.name.as_str(), |(stem, _)| stem);
    Project { name: stem.to_owned(), graph: templates::chain(layers), data, training }
}

/// Six epochs of MNIST's size are plenty; small sets get more.
fn for_pictures(samples: usize) -> TrainingSpec {
    let epochs = (48_000 / samples.max(1)).clamp(4, 30);
    let batch_size = 64;
    let steps = samples.div_ceil(batch_size) * epochs;
    TrainingSpec {
        optimiser: Optimiser::adam(),
        learning_rate: 0.002,
        schedule: Schedule::Cosine { steps, floor: 0.05 },
        batch_size,
        epochs,
        ..TrainingSpec::default()
    }
}

/// Two hidden layers; narrower, and with dropout between them, where rows are few.
fn for_row(dataset: &Dataset, outputs: usize) -> Vec<LayerKind> {
    let rows = dataset.train.len;
    let wide = match rows {
        ..2_000 => 32,
        2_000..20_000 => 64,
        _ => 128,
    };
    let widths = [wide, wide / 2];
    let mut layers = templates::dense_stack(&widths, Activation::Relu, outputs);
    let is_small_classification = rows < 2_000 && matches!(dataset.task, Task::Classification { .. });
    if is_small_classification {
        layers.insert(1, Dropout { rate: 0.2 }.into());
    }
    if dataset.input_shape.len() > 1 {
        layers.insert(0, crate::model::layer::Flatten {}.into());
    }
    layers
}

/// About as many steps for every size; the best epoch's weights are kept.
fn for_rows(dataset: &Dataset) -> TrainingSpec {
    let rows = dataset.train.len.max(1);
    let (batch_size, epochs, patience) = match rows {
        ..2_000 => (16, 100, 20),
        2_000..20_000 => (64, 60, 12),
        _ => (128, 30, 8),
    };
    let steps = rows.div_ceil(batch_size) * epochs;
    TrainingSpec {
        optimiser: Optimiser::adam(),
        learning_rate: 0.003,
        schedule: Schedule::Cosine { steps, floor: 0.02 },
        batch_size,
        epochs,
        early_stopping: Some(EarlyStopping { patience, min_delta: 0.0 }),
        keep_best: true,
        ..TrainingSpec::default()
    }
}
