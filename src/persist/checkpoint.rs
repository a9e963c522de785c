//! `*.safetensors` with a run inside: tensors under stable names, the project and the place in the run as metadata.
//! Any safetensors reader opens the weights.

use std::path::Path;

use super::project_file::{self, FileError};
use crate::files::{self, NamedTensor, TensorFile, tensors};
use crate::model::Project;

/// What a checkpoint file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Network, data and settings of the run.
    pub project: Project,
    /// Where the run stands, as JSON; its meaning is the trainer's.
    pub place: String,
    /// Weights, optimiser state, curves.
    pub tensors: Vec<NamedTensor>,
}

/// Where a checkpoint's metadata stands.
pub const KEY: &str = "glassbox";

/// Written whole or not at all.
pub fn save(checkpoint: &Checkpoint, path: &Path) -> Result<(), FileError> {
    let project = project_file::to_text_for(path, &checkpoint.project)?;
    let inside = serde_json::json!({ "project": project, "place": checkpoint.place }).to_string();
    Ok(tensors::write(path, KEY, inside, &checkpoint.tensors)?)
}

/// What a checkpoint says of itself, without its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Network, data and settings of the run.
    pub project: Project,
    /// As in [`Checkpoint::place`].
    pub place: String,
}

/// With all its tensors in memory. Errors name the file and what is wrong with it.
pub fn load(path: &Path) -> Result<Checkpoint, FileError> {
    load_only(path, |_| true)
}

/// As [`load`], of a part of the tensors only: the others are not read.
pub fn load_only(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Checkpoint, FileError> {
    let (mut file, Header { project, place }) = open(path)?;
    Ok(Checkpoint { project, place, tensors: file.read(wanted).map_err(no_checkpoint)? })
}

/// Without its tensors: quick for files of any size.
pub fn load_header(path: &Path) -> Result<Header, FileError> {
    open(path).map(|(_, header)| header)
}

fn open(path: &Path) -> Result<(TensorFile, Header), FileError> {
    let not = |reason: String| FileError::NotACheckpoint { reason, path: path.to_owned() };
    let file = TensorFile::open(path).map_err(no_checkpoint)?;
    let inside = file.metadata(KEY).ok_or_else(|| {
        not("it is a safetensors file without a Glassbox project inside, so there is no network for its weights".into())
    })?;
    let inside: serde_json::Value = serde_json::from_str(inside).map_err(|error| not(error.to_string()))?;
    let text = |key: &str| inside[key].as_str().ok_or_else(|| not(format!("its {key} is missing")));
    let header = Header { project: project_file::from_text(text("project")?, path)?, place: text("place")?.to_owned() };
    Ok((file, header))
}

/// What is no file of tensors is no checkpoint.
fn no_checkpoint(error: files::FileError) -> FileError {
    match error {
        files::FileError::NotTensors { reason, path } => FileError::NotACheckpoint { reason, path },
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Values;
    use crate::model::templates;

    fn example() -> Checkpoint {
        let tensors = vec![
            NamedTensor {
                name: "a.weight".into(),
                dims: vec![2, 2],
                values: Values::F32(vec![1.0, f32::NAN, -0.0, 3.5]),
            },
            NamedTensor { name: "b".into(), dims: vec![], values: Values::F64(vec![0.1]) },
        ];
        Checkpoint { project: templates::build("xor").unwrap(), place: "{\"epoch\":3}".into(), tensors }
    }

    #[test]
    fn every_bit_comes_back_and_equal_runs_make_equal_files() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1.safetensors"), folder.path().join("2.safetensors"));
        save(&example(), &one).unwrap();
        save(&example(), &two).unwrap();
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
        let back = load(&one).unwrap();
        assert_eq!((&back.project, &back.place), (&example().project, &example().place));
        let bits = |c: &Checkpoint| match &c.tensors[0].values {
            Values::F32(v) => v.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            Values::F64(_) => Vec::new(),
        };
        assert_eq!(bits(&back), bits(&example()));
        assert_eq!(back.tensors[1], example().tensors[1]);
    }

    #[test]
    fn damaged_files_are_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.safetensors");
        save(&example(), &path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 4, 20, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let message = load(&path).unwrap_err().to_string();
            assert!(message.contains("isn't a"), "{message}");
        }
        // Gigabytes that are none, and what never ends, are refused by their beginning.
        let large = std::fs::File::create(&path).unwrap();
        large.set_len(1 << 30).unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("safetensors"));
        std::fs::write(&path, &whole).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("doesn't match its header"));
        if cfg!(unix) {
            assert!(load(Path::new("/dev/zero")).unwrap_err().to_string().contains("isn't a"));
        }
        assert!(load(&folder.path().join("none")).unwrap_err().to_string().contains("Can't read"));
    }
}
