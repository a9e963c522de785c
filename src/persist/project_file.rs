//! `*.glassbox.json`: reading with a sentence for everything that can be wrong. docs/project-file.md describes the
//! format.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files::{self, atomic};
use crate::model::{Project, Source};

/// Version written by this program. Graphs of format 1, whose wires name no ports, are told by that when they are read.
pub const VERSION: u64 = 2;
/// A project is a few kilobytes; anything beyond this is not one. Nothing larger is written either.
const MAX_BYTES: u64 = 64 << 20;

/// What a project file says, as a number: while it is the same, nobody has written something else there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print(u64);

impl Print {
    /// Of what is in a file now; `None` where none can be read.
    pub fn of(path: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        std::fs::File::open(path).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
        Some(Self::of_bytes(&bytes))
    }

    /// FNV-1a: it outlasts this version of the program, in what a crash leaves.
    fn of_bytes(bytes: &[u8]) -> Self {
        Self(
            bytes
                .iter()
                .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)),
        )
    }
}

/// Why a file could not be read or written, as a sentence with its path.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused, or the file is damaged as such.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// Not JSON, not of this program, or with values that make no sense.
    #[error("This isn't a Glassbox project: {reason}. File: {}", path.display())]
    NotAProject {
        /// Half a sentence.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// Sentences about numbers that cannot be.
    #[error("This project has an error. {} Fix it in the file: {}", problems.join(" "), path.display())]
    Numbers {
        /// A sentence each.
        problems: Vec<String>,
        /// The file.
        path: PathBuf,
    },
    /// Not safetensors, or without a run in it.
    #[error("This isn't a Glassbox checkpoint: {reason}. File: {}", path.display())]
    NotACheckpoint {
        /// Half a sentence.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// It couldn't be opened again.
    #[error("This project is too large to save: {bytes} bytes, and no more than {} MB can be opened again. Most of it \
        is {part} Nothing was written: {}", MAX_BYTES >> 20, path.display())]
    TooLarge {
        /// Of its text.
        bytes: u64,
        /// What is large in it, and what to do.
        part: &'static str,
        /// The file.
        path: PathBuf,
    },
    #[error("This project was saved by a newer Glassbox (format {found}; this version reads up to {VERSION}). Update \
        Glassbox to open it: {}", path.display())]
    /// The format that was found.
    TooNew {
        /// The number of its format.
        found: u64,
        /// The file.
        path: PathBuf,
    },
}

impl FileError {
    pub(super) fn write(path: &Path, why: impl ToString) -> Self {
        files::FileError::write(path, why).into()
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    glassbox: u64,
    #[serde(flatten)]
    project: &'a Project,
}

/// The text of a project file.
pub fn to_text(project: &Project) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Envelope { glassbox: VERSION, project }).map(|text| text + "\n")
}

/// As [`to_text`], unless it was too large to be read again. `path`: where it is to go.
pub(super) fn to_text_for(path: &Path, project: &Project) -> Result<String, FileError> {
    to_text_within(MAX_BYTES, path, project)
}

fn to_text_within(most: u64, path: &Path, project: &Project) -> Result<String, FileError> {
    let text = to_text(project).map_err(|error| FileError::write(path, error))?;
    let bytes = text.len() as u64;
    if bytes <= most {
        return Ok(text);
    }
    Err(FileError::TooLarge { bytes, part: largest(project), path: path.to_owned() })
}

/// The largest part of a project, and what makes it smaller.
fn largest(project: &Project) -> &'static str {
    let size = |text: Result<String, serde_json::Error>| text.map_or(0, |text| text.len());
    if size(serde_json::to_string(&project.graph)) > size(serde_json::to_string(&project.data)) {
        return "the network: delete layers, or put what repeats into a Block.";
    }
    match &project.data.source {
        Source::Boxes(_) => {
            "boxes drawn by hand: export them as a COCO file into the folder of the pictures, and choose it as data again."
        }
        Source::Synthetic(_) => "points put by hand: erase some, or use a table of them as data.",
        Source::Sample(_) => "the sample: use a file of it as data.",
        Source::Csv(_) => "what is said of the columns: rename or leave out columns in the table itself.",
        Source::Digits(_) | Source::Shapes(_) | Source::Scenes(_) | Source::Idx(_) | Source::Pictures(_) => {
            "the settings of the data: choose the data again."
        }
    }
}

/// Reads the text of a project file; `path` is only named in messages. Numbers of data and training are taken as they
/// are: a run that is kept has trained with them.
pub fn from_text(text: &str, path: &Path) -> Result<Project, FileError> {
    let not = |reason: String| FileError::NotAProject { reason, path: path.to_owned() };
    // Some editors put a mark before the first character.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut value: Value = serde_json::from_str(text).map_err(|error| not(format!("it isn't valid JSON ({error})")))?;
    let object = value.as_object_mut().ok_or_else(|| not("it isn't a JSON object".into()))?;
    let version = object
        .remove("glassbox")
        .ok_or_else(|| not("the field \"glassbox\" with the format version is missing".into()))?
        .as_u64()
        .ok_or_else(|| not("the field \"glassbox\" isn't a whole number".into()))?;
    match version {
        1..=VERSION => Project::deserialize(value).map_err(|error| match unknown(&error.to_string()) {
            Some(problem) => FileError::Numbers { problems: vec![problem], path: path.to_owned() },
            None => not(error.to_string()),
        }),
        newer if newer > VERSION => Err(FileError::TooNew { found: newer, path: path.to_owned() }),
        older => Err(not(format!("format {older} was never in use"))),
    }
}

/// Of a word that stands for none of the things it could: the sentence that says so.
fn unknown(error: &str) -> Option<String> {
    let (word, known) = error.strip_prefix("unknown variant `")?.split_once("`, expected ")?;
    let known = known.trim_start_matches("one of ").replace('`', "");
    Some(format!("Nothing is called \"{word}\" there. It could be: {known}."))
}

/// Files of older formats are migrated. Errors name the file and what is wrong with it.
pub fn load(path: &Path) -> Result<Project, FileError> {
    let file = std::fs::File::open(path).map_err(|error| files::FileError::read(path, error))?;
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            FileError::NotAProject { reason: "it isn't UTF-8 text".into(), path: path.to_owned() }
        }
        _ => files::FileError::read(path, error).into(),
    })?;
    if read as u64 > MAX_BYTES {
        let reason = format!("it is larger than {} MB", MAX_BYTES >> 20);
        return Err(FileError::NotAProject { reason, path: path.to_owned() });
    }
    let project = from_text(&text, path)?;
    let problems = project.number_problems();
    if problems.is_empty() { Ok(project) } else { Err(FileError::Numbers { problems, path: path.to_owned() }) }
}

/// Whether a file is a project by its mark, of whatever format and however damaged the rest of it is.
pub fn is_one(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct Mark {
        #[serde(rename = "glassbox")]
        _version: u64,
    }
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
    read.is_ok() && serde_json::from_str::<Mark>(text.strip_prefix('\u{feff}').unwrap_or(&text)).is_ok()
}

/// Written whole or not at all, in the newest format. Returns what the file says now.
pub fn save(project: &Project, path: &Path) -> Result<Print, FileError> {
    let text = to_text_for(path, project)?;
    atomic::write(path, text.as_bytes())?;
    Ok(Print::of_bytes(text.as_bytes()))
}

/// What a project in this file is called, when the file says nothing else: `houses` for `houses.glassbox.json`.
pub fn name_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = stem.strip_suffix(".glassbox").unwrap_or(stem);
    (!stem.is_empty()).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::templates;

    #[test]
    fn every_template_survives_the_round_trip() {
        for template in templates::TEMPLATES {
            let Some(project) = templates::build(template.key) else { continue };
            let text = to_text(&project).unwrap();
            assert_eq!(from_text(&text, Path::new("x")).unwrap(), project);
        }
    }

    #[test]
    fn a_newer_format_says_so_and_nonsense_says_what_is_missing() {
        let text = r#"{"glassbox": 99}"#;
        assert!(matches!(from_text(text, Path::new("p")), Err(FileError::TooNew { found: 99, .. })));
        for (text, word) in
            [("[]", "object"), ("{", "JSON"), ("{}", "version is missing"), (r#"{"glassbox": 1}"#, "name")]
        {
            let message = from_text(text, Path::new("p")).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
    }

    #[test]
    fn numbers_that_the_fields_would_refuse_are_refused_with_all_their_sentences() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.glassbox.json");
        let mut project = templates::build("xor").unwrap();
        (project.training.learning_rate, project.training.batch_size, project.data.validation) = (-1.0, 0, 0.99);
        save(&project, &path).unwrap();
        let said = load(&path).unwrap_err().to_string();
        for words in ["learning rate must be", "not -1", "batch size must be", "validation share", "p.glassbox.json"] {
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(from_text(&to_text(&project).unwrap(), &path).unwrap(), project, "a kept run opens all the same");
    }

    #[test]
    fn what_could_not_be_opened_again_is_not_written_and_what_is_large_is_named() {
        use crate::model::{BoxesSpec, DrawnBox, DrawnPicture};
        let mut project = templates::build("xor").unwrap();
        let most = to_text(&project).unwrap().len() as u64;
        let path = Path::new("p.glassbox.json");
        assert!(to_text_within(most, path, &project).is_ok());
        let said = to_text_within(most - 1, path, &project).unwrap_err().to_string();
        assert!(said.contains(&format!("{most} bytes")) && said.contains("is the network: delete"), "{said}");
        assert!(said.contains("64 MB can be opened") && said.ends_with("p.glassbox.json"), "{said}");
        let one = DrawnBox::from(("a cell".to_owned(), 0.25, 0.25, 0.5, 0.5));
        let picture = DrawnPicture { picture: "a.png".into(), boxes: vec![one; 1000].into() };
        let (size, grey, fit) = (32, false, Default::default());
        let drawn = vec![picture].into();
        project.data.source = Source::Boxes(BoxesSpec { folder: "x".into(), size, grey, fit, drawn });
        let said = to_text_within(20_000, path, &project).unwrap_err().to_string();
        assert!(said.contains("is boxes drawn by hand: export them as a COCO file"), "{said}");
    }

    #[test]
    fn a_word_that_nobody_knows_is_named_with_those_that_could_be_meant() {
        let project = templates::build("xor").unwrap();
        let text = to_text(&project).unwrap();
        let known = text.lines().find(|line| line.contains("\"activation\"")).unwrap();
        let (field, _) = known.split_once(':').unwrap();
        let text = text.replace(known, &format!("{field}: \"wobbly\","));
        let said = from_text(&text, Path::new("p.json")).unwrap_err().to_string();
        assert!(said.starts_with("This project has an error. Nothing is called \"wobbly\" there."), "{said}");
        assert!(said.contains("relu") && said.ends_with("p.json"), "{said}");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let project = templates::build("xor").unwrap();
        let text = format!("\u{feff}{}", to_text(&project).unwrap());
        assert_eq!(from_text(&text, Path::new("x")).unwrap(), project);
    }

    #[test]
    fn saving_replaces_the_file_whole_and_a_failure_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.glassbox.json");
        let project = templates::build("xor").unwrap();
        save(&project, &path).unwrap();
        assert_eq!(load(&path).unwrap(), project);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        let nowhere = folder.path().join("missing").join("p.glassbox.json");
        assert!(save(&project, &nowhere).unwrap_err().to_string().contains("Choose another location"));
    }
}
