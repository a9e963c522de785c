//! Models of other programs as a project with a run: the network, one sample of what enters, and the weights at step 0.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::checkpoint::Kept;
use super::loading::TABLE_ENDINGS;
use crate::data::{self, NoProgress};
use crate::engine::{Device, Numbers, SavedTensor, Snapshot};
use crate::files::Values;
use crate::interop::recognise::{Content, recognise};
use crate::interop::state_dict::mapping::sizes;
use crate::interop::state_dict::{self, StateDict};
use crate::interop::{Arrived, keras, onnx};
use crate::model::layer::LayerKind;
use crate::model::{DataSpec, Graph, LayerId, Project, SamplePart, SampleSpec, Source};
use crate::trace::{Arrival, Curves};
use crate::trainer::Run;

/// A model that came from elsewhere.
#[derive(Clone, Debug)]
pub struct Imported {
    /// With one sample as its data.
    pub project: Project,
    /// A run at step 0 that has the weights.
    pub kept: Box<Kept>,
    /// What came over and how.
    pub arrival: Arrival,
}

/// Whether a file is a model of another program, or seems to be meant as one.
pub fn is_of_others(path: &Path) -> bool {
    const ENDINGS: [&str; 11] = ["keras", "h5", "hdf5", "onnx", "pt", "pth", "pkl", "safetensors", "bin", "ckpt", "pb"];
    let content = recognise(path);
    match content {
        Ok(Content::Project | Content::Checkpoint) | Err(_) => false,
        Ok(
            Content::Keras
            | Content::Hdf5
            | Content::Onnx
            | Content::TorchZip
            | Content::TorchLegacy
            | Content::Pickle
            | Content::SafeTensors,
        ) => true,
        // Whoever opens such a file is told what it is.
        Ok(Content::CutShort(_) | Content::Other(..) | Content::Unknown) => {
            path.is_dir() || ENDINGS.iter().any(|ending| has_ending(path, ending))
        }
    }
}

/// Whether a file holds weights and no network.
pub fn is_weights(path: &Path) -> bool {
    match recognise(path) {
        Ok(Content::SafeTensors | Content::TorchZip | Content::TorchLegacy | Content::Pickle) => true,
        Ok(Content::Hdf5) => !state_dict::holds_network(path),
        _ => false,
    }
}

/// Whether a file is a table, by its name; of those in .json, which projects end in too, a list.
pub fn is_table(path: &Path) -> bool {
    let is_list = || {
        let mut start = [0; 64];
        let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut start));
        read.is_ok_and(|read| start[..read].trim_ascii_start().starts_with(b"["))
    };
    TABLE_ENDINGS.iter().any(|ending| has_ending(path, ending) && (*ending != "json" || is_list()))
}

/// How the names of pictures end.
pub const PHOTO_ENDINGS: [&str; 7] = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "jfif"];

/// By its name.
pub fn is_photo(path: &Path) -> bool {
    PHOTO_ENDINGS.iter().any(|ending| has_ending(path, ending))
}

/// What may be given to a network that has no data.
pub fn is_sample(path: &Path) -> bool {
    ["png", "npy", "jpg", "jpeg"].iter().any(|ending| has_ending(path, ending))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|given| given.eq_ignore_ascii_case(ending))
}

/// Reads a model of another program, told by what stands in the file. Errors are sentences for the user.
pub fn import(path: &Path) -> Result<Imported, String> {
    let content = recognise(path).map_err(|error| error.to_string())?;
    let arrived = match content {
        Content::Keras => keras::read::keras_file(path).map_err(|error| error.to_string())?,
        Content::Hdf5 if state_dict::holds_network(path) => {
            keras::read::hdf5_file(path).map_err(|error| error.to_string())?
        }
        Content::Hdf5 | Content::TorchZip | Content::TorchLegacy | Content::Pickle | Content::SafeTensors => {
            return proposed(&state_dict::read(path)?, path);
        }
        Content::Onnx => onnx::read(path).map_err(|error| error.to_string())?,
        other => {
            let refusal =
                other.refusal().unwrap_or_else(|| format!("It is {}, which holds no network.", other.words()));
            return Err(format!("{} can't be imported. {refusal}", path.display()));
        }
    };
    with_run(arrived, path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A project with the network that is proposed for weights.
pub fn proposed(weights: &StateDict, path: &Path) -> Result<Imported, String> {
    let arrived = state_dict::network(weights, path);
    if arrived.inputs.is_empty() {
        let told = weights.tensors.iter().take(5).map(|tensor| format!("{} ({})", tensor.name, sizes(&tensor.dims)));
        let told = told.collect::<Vec<_>>().join(", ");
        return Err(format!(
            "{}: No layer that Glassbox has is made of these weights, so no network can be proposed: {told}{}. Open a \
             project first, and load them into it.",
            path.display(),
            if weights.tensors.len() > 5 { " …" } else { "" },
        ));
    }
    with_run(arrived, path).map_err(|error| {
        format!(
            "{}: These weights don't say enough to propose a network that holds together ({error}) Draw the network, and              load them into it: glassbox import FILE --onto PROJECT",
            path.display()
        )
    })
}

/// The project and the run of what has arrived.
fn with_run(arrived: Arrived, path: &Path) -> Result<Imported, String> {
    let Arrived { name, format, graph, inputs, weights, report } = arrived;
    let entries = graph.layers().filter(|layer| matches!(layer.kind, LayerKind::Input(_)));
    let several = inputs.len() > 1;
    let part = |(layer, shape): (&crate::model::Layer, &crate::model::Shape)| SamplePart {
        name: if several { layer.slug() } else { String::new() },
        shape: shape.clone(),
        numbers: String::new(),
        below: vocabulary(&graph, layer.id),
    };
    let source = Source::Sample(SampleSpec { parts: entries.zip(&inputs).map(part).collect() });
    let data = DataSpec { source, ..DataSpec::default() };
    let dataset = data::load(&data, Path::new(""), &NoProgress).map_err(|error| error.to_string())?;
    let project = Project { name, graph, data, ..Project::default() };
    let single = |values: Values| match values {
        Values::F32(values) => Numbers::F32(values.into()),
        Values::F64(values) => Numbers::F64(values.into()),
    };
    let saved = |tensor: crate::files::NamedTensor| {
        (tensor.name, SavedTensor { dims: tensor.dims, numbers: single(tensor.values) })
    };
    let tensors: BTreeMap<String, SavedTensor> = weights.into_iter().map(saved).collect();
    let snapshot = Snapshot { step: 0, tensors };
    let given = Some(&snapshot).filter(|snapshot| !snapshot.tensors.is_empty());
    let run = Run::start(&project, given, Arc::new(dataset), Device::Cpu).map_err(|error| error.to_string())?;
    let saved = run.save().map_err(|error| error.to_string())?;
    let kept = Box::new(Kept::new(saved, Curves::default()));
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Imported { project, kept, arrival: Arrival { file, format, report } })
}

/// Below what numbers must be that an Embedding takes from this Input.
fn vocabulary(graph: &Graph, input: LayerId) -> Option<usize> {
    let of = |id: LayerId| match &graph.layer(id)?.kind {
        LayerKind::Embedding(embedding) => Some(embedding.vocabulary),
        _ => None,
    };
    graph.outgoing(input).filter_map(|wire| of(wire.to)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Fate;

    fn fixture(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keras").join(name)
    }

    #[test]
    fn a_model_without_data_or_loss_has_a_run_that_computes() {
        let Imported { project, kept, .. } = import(&fixture("several.keras")).unwrap();
        let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
        let mut run = Run::resume(&project, dataset, Device::Cpu, kept.saved).unwrap();
        assert!(!run.trains());
        let phases: Vec<_> = run.machine().program().instructions.iter().map(|i| i.phase.word()).collect();
        assert!(phases[1..].iter().all(|phase| *phase == "forward"), "{phases:?}");
        run.step().unwrap();
        let output = run.machine().read(run.machine().program().output).unwrap();
        assert_eq!((output.dims, output.data.iter().all(|v| v.is_finite())), (vec![1, 3], true));
    }

    #[test]
    fn what_lies_before_a_foreign_layer_computes_and_what_lies_behind_keeps_its_weights() {
        let Imported { project, kept, arrival } = import(&fixture("foreign.keras")).unwrap();
        assert_eq!(arrival.report.count(Fate::Foreign), 1);
        let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
        let mut run = Run::resume(&project, dataset, Device::Cpu, kept.saved).unwrap();
        run.step().unwrap();
        let program = run.machine().program();
        assert_eq!(run.machine().read(program.output).unwrap().dims, [1, 4]);
        let behind = program.find("dense_9.weight").unwrap();
        let weight = run.machine().read(behind).unwrap();
        assert!(weight.dims == [2, 4] && weight.data.iter().any(|v| *v != 0.0));
    }

    #[test]
    fn layers_that_nothing_stands_before_have_an_input_of_their_own() {
        let tensor = |name: &str, dims: &[usize]| crate::files::NamedTensor {
            name: name.into(),
            dims: dims.to_vec(),
            values: Values::F32(vec![0.5; dims.iter().product()]),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("towers.safetensors");
        let all =
            [tensor("left.weight", &[8, 4]), tensor("right.weight", &[3, 100]), tensor("gru.weight_hh_l0", &[6, 2])];
        crate::files::tensors::write(&path, "by", "a test".into(), &all).unwrap();
        let Imported { project, kept, arrival } = import(&path).unwrap();
        let Source::Sample(sample) = &project.data.source else { panic!("other data") };
        let shapes: Vec<_> = sample.parts.iter().map(|part| part.shape.0.clone()).collect();
        assert_eq!(shapes, [[4], [100]], "{:?}", arrival.report);
        let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
        let mut run = Run::resume(&project, dataset, Device::Cpu, kept.saved).unwrap();
        run.step().unwrap();
        let weight = run.machine().program().find("right.weight").unwrap();
        assert!(run.machine().read(weight).unwrap().data.iter().all(|v| *v == 0.5));
        // Nothing that is a layer: a sentence, and no project.
        let odd = folder.path().join("odd.safetensors");
        crate::files::tensors::write(&odd, "by", "a test".into(), &[tensor("scalar", &[])]).unwrap();
        let error = import(&odd).unwrap_err();
        assert!(error.contains("no network can be proposed: scalar (1 number)"), "{error}");
    }

    /// Convolutions of several lengths over one sequence, each read step by step, and rows of them flattened: names in
    /// the order of the alphabet, and nothing that says what leads where.
    #[test]
    fn branches_of_a_sequence_become_a_network_that_holds_together() {
        let mut all = Vec::new();
        let mut add = |name: String, dims: &[usize]| {
            let values = Values::F32(vec![0.5; dims.iter().product()]);
            all.push(crate::files::NamedTensor { name, dims: dims.to_vec(), values });
        };
        for (i, (length, filters)) in [(1, 40), (2, 40), (5, 30), (8, 20)].into_iter().enumerate() {
            add(format!("conv{i}.weight"), &[filters, 8, length]);
            add(format!("steps{i}.weight"), &[5, filters]);
        }
        add("wide1.weight".into(), &[10, 100]);
        add("wide2.weight".into(), &[10, 160]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("branches.safetensors");
        crate::files::tensors::write(&path, "by", "a test".into(), &all).unwrap();
        let Imported { kept, .. } = import(&path).unwrap();
        let is_half = |tensor: &SavedTensor| match &tensor.numbers {
            Numbers::F32(numbers) => numbers.iter().all(|number| *number == 0.5),
            Numbers::F64(_) => false,
        };
        let own = kept.saved.now.tensors.values().filter(|tensor| is_half(tensor)).count();
        assert_eq!(own, all.len());
    }

    #[test]
    fn whole_numbers_enter_an_embedding_and_other_files_are_refused() {
        let Imported { project, .. } = import(&fixture("words.keras")).unwrap();
        let Source::Sample(sample) = &project.data.source else { panic!("other data") };
        assert_eq!(sample.parts[0].below, Some(20));
        let error = import(&fixture("words.keras.json")).unwrap_err();
        assert!(error.contains("can't be imported"), "{error}");
    }
}
