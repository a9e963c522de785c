//! Models of Keras as they come: `.keras` files (Keras 3) and whole models in `.h5` files (Keras 2). Their layers
//! become Glassbox's where both compute the same; what has no equal stands in its place as what it is.

mod activation;
mod arithmetic;
mod build;
mod config;
mod convolution;
mod dense;
mod layers;
mod merge;
mod node;
mod normal;
mod own;
mod plan;
mod pooling;
mod recurrent;
mod shaping;
mod store;
#[cfg(test)]
mod tests;
mod weights;
mod window;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::interop::{Arrived, Fate};
use config::Net;
use store::Store;
use weights::Weights;

/// Why a file is no model that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KerasError(String);

/// What is written of a model, however large.
const MOST_TEXT: u64 = 64 << 20;
/// Files of weights are read whole.
const MOST_BYTES: u64 = 4 << 30;
/// What is said of how it was trained.
const TRAINING: &str = "Optimiser, loss and metrics are not taken over: choose them here.";

/// A `.keras` file. Errors: it isn't one, or what it holds is no model.
pub fn keras_file(path: &Path) -> Result<Arrived, KerasError> {
    let named = |why: String| KerasError(format!("{}: {why}.", path.display()));
    let (config, version, store) = unpacked(path).map_err(named)?;
    let format = version.map_or("Keras 3".to_owned(), |version| format!("Keras {version}"));
    let weights = Weights::of_keras_3(store);
    arrived(&config, &weights, path, (format, false)).map_err(named)
}

/// The numbers that lie in these places of a `.keras` file, `layers/dense/vars/0`, where there are any. Errors as of
/// [`keras_file`].
pub fn variables(path: &Path, places: &[&str]) -> Result<Vec<Option<Vec<f32>>>, KerasError> {
    let (_, _, store) = unpacked(path).map_err(|why| KerasError(format!("{}: {why}.", path.display())))?;
    Ok(places.iter().map(|place| store.tensor(place).ok().map(|tensor| tensor.data)).collect())
}

/// A whole model in an HDF5 file. Errors as of [`keras_file`].
pub fn hdf5_file(path: &Path) -> Result<Arrived, KerasError> {
    let named = |why: String| KerasError(format!("{}: {why}.", path.display()));
    let read = || -> Result<Arrived, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let bytes = bounded(file, MOST_BYTES)?;
        let store = Store::of(bytes).map_err(|error| format!("it isn't a whole HDF5 file ({error})"))?;
        let written = store.text("", "model_config").map_err(|error| format!("it is damaged ({error})"))?;
        let Some(written) = written else {
            return Err(
                "it holds weights but no network (it has no attribute model_config): open the network that they \
                        belong to and import them onto it"
                    .into(),
            );
        };
        let config = parsed(&written)?;
        let version = store.text("", "keras_version").ok().flatten();
        // Older files don't say their version.
        let is_old = version.as_ref().is_none_or(|version| version.starts_with(['0', '1', '2']));
        let is_compiled = store.text("", "training_config").ok().flatten().is_some();
        let format = version.map_or("Keras, HDF5".to_owned(), |version| format!("Keras {version}, HDF5"));
        let mut arrived = arrived(&config, &Weights::of_keras_2(store), path, (format, is_old))?;
        if is_compiled {
            arrived.report.say("training_config", Fate::LeftOut, TRAINING);
        }
        Ok(arrived)
    };
    read().map_err(named)
}

fn parsed(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("its description of the model isn't JSON ({error})"))
}

/// What a `.keras` file has in it.
fn unpacked(path: &Path) -> Result<(Value, Option<String>, Store), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| format!("it isn't a .keras file ({error})"))?;
    let mut entry = |name: &str, most: u64| -> Result<Vec<u8>, String> {
        let entry = archive.by_name(name).map_err(|error| match error {
            zip::result::ZipError::FileNotFound => format!("it isn't a .keras file: there is no {name} in it"),
            error => format!("{name} in it can't be read ({error})"),
        })?;
        bounded(entry, most).map_err(|error| format!("{name} in it can't be read ({error})"))
    };
    let text =
        |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| "its description of the model isn't text".to_owned());
    let config = parsed(&text(entry("config.json", MOST_TEXT)?)?)?;
    let metadata = entry("metadata.json", MOST_TEXT).and_then(text).and_then(|text| parsed(&text)).ok();
    let version = metadata.and_then(|metadata| config::text(&metadata, "keras_version").map(str::to_owned));
    let store = Store::of(entry("model.weights.h5", MOST_BYTES)?);
    let store = store.map_err(|error| format!("model.weights.h5 in it isn't a whole HDF5 file ({error})"))?;
    Ok((config, version, store))
}

/// All of it, if it isn't larger than it may be.
fn bounded(from: impl Read, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!("it is larger than {} MB", most >> 20));
    }
    Ok(bytes)
}

/// `is_old`: written by Keras 2 or one before.
fn arrived(
    config: &Value,
    weights: &Weights,
    path: &Path,
    (format, is_old): (String, bool),
) -> Result<Arrived, String> {
    let net = Net::new(config)?;
    let mut arrived = build::build(&net, weights, is_old)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    arrived.name = stem.unwrap_or(net.name);
    arrived.format = format;
    if config.get("compile_config").is_some_and(|config| !config.is_null()) {
        arrived.report.say("compile_config", Fate::LeftOut, TRAINING);
    }
    Ok(arrived)
}
