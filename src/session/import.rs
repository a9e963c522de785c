//! Models of other programs as a project with a run: the network, one sample of what enters, and the weights at step 0.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::checkpoint::Kept;
use crate::data::{self, NoProgress};
use crate::engine::{Device, Numbers, SavedTensor, Snapshot};
use crate::files::Values;
use crate::interop::recognise::{Content, recognise};
use crate::interop::{Arrived, Fate, Report, keras, onnx, state_dict};
use crate::model::layer::LayerKind;
use crate::model::{DataSpec, Graph, LayerId, Project, SamplePart, SampleSpec, Source};
use crate::trace::Curves;
use crate::trainer::Run;

/// A model that came from elsewhere.
#[derive(Clone, Debug)]
pub struct Imported {
    /// With one sample as its data.
    pub project: Project,
    /// A run at step 0 that has the weights.
    pub kept: Box<Kept>,
    /// "Keras 3.3.3"
    pub format: String,
    /// What came over and how.
    pub report: Report,
}

/// What kind of model a file is; `None` where it is something of Glassbox's own, or nothing that comes with a network.
pub fn is_foreign_model(path: &Path) -> bool {
    let is_one = |content| {
        matches!(
            content,
            Content::Keras | Content::Hdf5 | Content::Onnx | Content::TorchZip | Content::TorchLegacy | Content::Pickle
        )
    };
    recognise(path).is_ok_and(is_one)
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
            state_dict::network(&state_dict::read(path)?, path)
        }
        Content::Onnx => onnx::read(path).map_err(|error| error.to_string())?,
        other => {
            let refusal =
                other.refusal().unwrap_or_else(|| format!("It is {}, which holds no network.", other.words()));
            return Err(format!("{} can't be imported. {refusal}", path.display()));
        }
    };
    with_run(arrived).map_err(|error| format!("{}: {error}", path.display()))
}

/// The project and the run of what has arrived.
pub fn with_run(arrived: Arrived) -> Result<Imported, String> {
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
    Ok(Imported { project, kept, format, report })
}

/// Below what numbers must be that an Embedding takes from this Input.
fn vocabulary(graph: &Graph, input: LayerId) -> Option<usize> {
    let of = |id: LayerId| match &graph.layer(id)?.kind {
        LayerKind::Embedding(embedding) => Some(embedding.vocabulary),
        _ => None,
    };
    graph.outgoing(input).filter_map(|wire| of(wire.to)).min()
}

impl Imported {
    /// In a sentence or two: what came over exactly, what was translated, what stays foreign.
    pub fn summary(&self) -> String {
        let count = |fate: Fate| self.report.count(fate);
        let mut text = format!(
            "Imported from {}: {} exactly, {} translated, {} left out, {} foreign.",
            self.format,
            count(Fate::Exact),
            count(Fate::Translated),
            count(Fate::LeftOut),
            count(Fate::Foreign)
        );
        let foreign = self.report.findings.iter().filter(|finding| finding.fate == Fate::Foreign);
        for finding in foreign.take(3) {
            text.push_str(&format!(" {}: {}", finding.what, finding.words));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let Imported { project, kept, report, .. } = import(&fixture("foreign.keras")).unwrap();
        assert_eq!(report.count(Fate::Foreign), 1);
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
    fn whole_numbers_enter_an_embedding_and_other_files_are_refused() {
        let Imported { project, .. } = import(&fixture("words.keras")).unwrap();
        let Source::Sample(sample) = &project.data.source else { panic!("other data") };
        assert_eq!(sample.parts[0].below, Some(20));
        let error = import(&fixture("words.keras.json")).unwrap_err();
        assert!(error.contains("can't be imported"), "{error}");
    }
}
