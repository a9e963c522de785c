//! Weights in HDF5: Keras's, whose layers become PyTorch's on the way (`keras_layout.rs`), and anybody's.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use hdf5_pure::{DType, Dataset, File, Group};

use super::keras_layout::{self, Layer, Variable};
use super::{Dtype, MOST_BYTES, StateDict, Tensor, count};
use crate::files::Values;

/// Packed numbers may be as much larger than the file.
const MOST_UNPACKED: u64 = 64;
/// Always allowed, whatever the file's size.
const SMALL: u64 = 16 << 20;
/// More groups and data sets has no network.
const MOST_ENTRIES: usize = 20_000;
const DEEPEST: usize = 16;

/// Where Keras 3 lists what belongs to a layer.
const VARIABLES: &str = "vars";

pub fn read(path: &Path) -> Result<StateDict, String> {
    // The library reads files of anybody; should it fail on one by a panic, that is this file's fault as well.
    catch_unwind(AssertUnwindSafe(|| read_whole(path))).unwrap_or_else(|_| Err(DAMAGED.to_owned()))
}

/// Whether Keras wrote the network beside the weights.
pub fn holds_network(path: &Path) -> bool {
    let has = || File::open_streaming(path).ok()?.root().attrs().ok().map(|attrs| attrs.contains_key("model_config"));
    // As above.
    catch_unwind(AssertUnwindSafe(has)).ok().flatten().unwrap_or(false)
}

const DAMAGED: &str = "Its HDF5 structure is damaged. Download or save it again.";

fn read_whole(path: &Path) -> Result<StateDict, String> {
    let damaged = |error: hdf5_pure::Error| format!("{DAMAGED} ({error})");
    let file = File::open_streaming(path).map_err(damaged)?;
    let root = file.root();
    let top = root.attrs().map_err(damaged)?;
    let inner = if root.groups().map_err(damaged)?.iter().any(|name| name == "model_weights") {
        root.group("model_weights").map_err(damaged)?
    } else {
        root
    };
    let mut walk = Walk { left: MOST_ENTRIES, entries: Vec::new(), names: HashMap::new() };
    walk.group(&inner, &mut Vec::new())?;
    let mut found = StateDict { format: "HDF5", ..StateDict::default() };
    let size = std::fs::metadata(path).map_or(0, |about| about.len());
    let mut sum = 0u64;
    let order = order(&inner);
    walk.entries.sort_by_key(|(path, _)| order.get(&path.join("/")).copied().unwrap_or(usize::MAX));
    let mut all = Vec::new();
    for (path, dataset) in walk.entries {
        let name = path.join(".");
        if path.first().is_some_and(|first| first.starts_with("optimizer")) {
            if !found.notes.iter().any(|(what, _)| *what == path[0]) {
                found.note(path[0].clone(), "Left out: it belongs to training, not to the network.");
            }
            continue;
        }
        let shape = dataset.shape().map_err(damaged)?;
        let bytes = count(&shape).and_then(|count| count.checked_mul(dataset.element_size().ok()?.max(4)));
        sum = bytes.and_then(|bytes| sum.checked_add(bytes)).unwrap_or(u64::MAX);
        if sum > MOST_BYTES || sum > size.saturating_mul(MOST_UNPACKED).max(SMALL) {
            return Err(format!("{name} would be far larger than the file. The file is damaged."));
        }
        match numbers(&dataset)? {
            Some((dtype, values)) => {
                let dims: Vec<usize> = shape.iter().map(|size| *size as usize).collect();
                let len = match &values {
                    Values::F32(values) => values.len(),
                    Values::F64(values) => values.len(),
                };
                if Some(len as u64) != count(&shape) {
                    return Err(format!("{name} isn't as long as its sizes say. The file is damaged."));
                }
                all.push((path, Tensor { name, dims, dtype, values: Arc::new(values) }));
            }
            None => found.note(name, "Left out: it holds no numbers."),
        }
    }
    let is_keras = top.contains_key("layer_names") || top.contains_key("keras_version") || order.len() > 1;
    let has_variables = all.iter().any(|(path, _)| path.iter().any(|step| step == VARIABLES));
    if is_keras || has_variables {
        found.format = if has_variables { "Keras 3 weights" } else { "Keras weights" };
        let layers = layers(all, &walk.names);
        keras_layout::into_pytorch(layers, &mut found);
    } else {
        found.tensors = all.into_iter().map(|(_, tensor)| tensor).collect();
    }
    Ok(found)
}

struct Walk {
    left: usize,
    entries: Vec<(Vec<String>, Dataset)>,
    /// What Keras 3 says that a layer is called, by its path.
    names: HashMap<String, String>,
}

impl Walk {
    fn group(&mut self, group: &Group, path: &mut Vec<String>) -> Result<(), String> {
        let damaged = |error: hdf5_pure::Error| format!("{DAMAGED} ({error})");
        self.left = self.left.checked_sub(1).ok_or(DAMAGED)?;
        if path.len() > DEEPEST {
            return Err(DAMAGED.to_owned());
        }
        if path.last().is_some_and(|step| step == VARIABLES)
            && let Some(name) = group.attrs().ok().and_then(|attrs| attrs.get("name")?.as_str().map(str::to_owned))
        {
            self.names.insert(path[..path.len() - 1].join("/"), name);
        }
        for name in group.datasets().map_err(damaged)? {
            self.left = self.left.checked_sub(1).ok_or(DAMAGED)?;
            let mut whole = path.clone();
            whole.push(name.clone());
            self.entries.push((whole, group.dataset(&name).map_err(damaged)?));
        }
        for name in group.groups().map_err(damaged)? {
            let inner = group.group(&name).map_err(damaged)?;
            path.push(name);
            self.group(&inner, path)?;
            path.pop();
        }
        Ok(())
    }
}

/// In which order Keras 2 lists its weights, by their paths.
fn order(root: &Group) -> HashMap<String, usize> {
    let strings = |group: &Group, key: &str| -> Vec<String> {
        let attrs = group.attrs().unwrap_or_default();
        attrs.get(key).and_then(|value| value.as_strings()).unwrap_or_default().to_vec()
    };
    let mut order = HashMap::new();
    for layer in strings(root, "layer_names").into_iter().take(MOST_ENTRIES) {
        let Ok(group) = root.group(&layer) else { continue };
        for weight in strings(&group, "weight_names").into_iter().take(MOST_ENTRIES) {
            let place = order.len();
            order.insert(format!("{layer}/{weight}"), place);
        }
    }
    order
}

/// `None` for texts and the like.
fn numbers(dataset: &Dataset) -> Result<Option<(Dtype, Values)>, String> {
    let damaged = |error: hdf5_pure::Error| format!("{DAMAGED} ({error})");
    let single = |dtype: Dtype| dataset.read_f32().map(|values| Some((dtype, Values::F32(values)))).map_err(damaged);
    let double = |dtype: Dtype| dataset.read_f64().map(|values| Some((dtype, Values::F64(values)))).map_err(damaged);
    match dataset.dtype().map_err(damaged)? {
        DType::F32 => single(Dtype::F32),
        DType::F64 => double(Dtype::F64),
        DType::I8 => single(Dtype::I8),
        DType::U8 => single(Dtype::U8),
        DType::I16 => single(Dtype::I16),
        DType::U16 => single(Dtype::U16),
        DType::I32 => double(Dtype::I32),
        DType::U32 => double(Dtype::U32),
        DType::I64 => double(Dtype::I64),
        DType::U64 => double(Dtype::U64),
        DType::Other(_) if dataset.element_size().is_ok_and(|size| size == 2) => {
            let bytes = dataset.read_raw().map_err(damaged)?;
            let (values, _) = Dtype::F16.read(&bytes, 0..bytes.len() / 2);
            Ok(Some((Dtype::F16, values)))
        }
        _ => Ok(None),
    }
}

/// What belongs to a layer, in the order of the file.
fn layers(all: Vec<(Vec<String>, Tensor)>, names: &HashMap<String, String>) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    for (path, tensor) in all {
        let (group, name, inner, role) = place(&path, names);
        let variable = Variable { inner, role, tensor };
        match layers.iter_mut().find(|layer| layer.group == group) {
            Some(layer) => layer.variables.push(variable),
            None => layers.push(Layer { group, name, variables: vec![variable] }),
        }
    }
    // Keras 2 repeats a layer's name within it, perhaps with another number.
    let outer = |layer: &Layer| layer.group.split('/').next().unwrap_or_default().to_owned();
    let outers: Vec<_> = layers.iter().map(outer).collect();
    for (layer, own) in layers.iter_mut().zip(&outers) {
        let is_alone = outers.iter().filter(|other| *other == own).count() == 1;
        if is_alone && layer.group.contains('/') && layer.variables.iter().all(|v| v.role.parse::<usize>().is_err()) {
            layer.name.clone_from(own);
        }
    }
    layers
}

/// Of a variable: its layer's group and name, the part of the layer, and what it is there.
fn place(path: &[String], names: &HashMap<String, String>) -> (String, String, Vec<String>, String) {
    let is_part = |step: &str| {
        step.ends_with("_cell")
            || ["forward_", "backward_", "query", "key", "value", "attention_output"]
                .iter()
                .any(|part| step.starts_with(part))
    };
    if let Some(at) = path.iter().rposition(|step| step == VARIABLES).filter(|at| at + 2 == path.len()) {
        let container = |step: &String| step == "layers" || step.starts_with("_layer_checkpoint");
        let first = path[..at].iter().rposition(container).map_or(0, |found| found + 1).min(at);
        let end = (first + 1).min(at);
        let group = path[..end].join("/");
        let own = path[..end].last().cloned().unwrap_or_default();
        let name = names.get(&group).cloned().unwrap_or(own);
        return (group, name, path[end..at].to_vec(), path[at + 1].clone());
    }
    let role = path.last().map(|last| last.split(':').next().unwrap_or(last).to_owned()).unwrap_or_default();
    let mut end = path.len().saturating_sub(1);
    while end > 1 && is_part(&path[end - 1]) {
        end -= 1;
    }
    let own = path[..end].last().cloned().unwrap_or_default();
    (path[..end].join("/"), own, path[end..path.len().saturating_sub(1)].to_vec(), role)
}
