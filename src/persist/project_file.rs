//! `*.glassbox.json`: reading with a sentence for everything that can be wrong, writing so that a crash leaves the old
//! file or the new one, never half of either. docs/project-file.md describes the format.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Project;

/// Version written by this program. Older ones are migrated when read.
pub const VERSION: u64 = 1;
/// A project is a few kilobytes; anything beyond this is not one.
const MAX_BYTES: u64 = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("The file cannot be read ({reason}): {}", path.display())]
    Read { reason: String, path: PathBuf },
    #[error("The file cannot be written ({reason}). Choose another place or free some space: {}", path.display())]
    Write { reason: String, path: PathBuf },
    #[error("This is not a Glassbox project: {reason}. File: {}", path.display())]
    NotAProject { reason: String, path: PathBuf },
    #[error("This project was saved by a newer Glassbox (format {found}, this one reads up to {VERSION}). Update Glassbox to open it: {}", path.display())]
    TooNew { found: u64, path: PathBuf },
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

/// Reads the text of a project file; `path` is only named in messages.
pub fn from_text(text: &str, path: &Path) -> Result<Project, FileError> {
    let not = |reason: String| FileError::NotAProject { reason, path: path.to_owned() };
    let mut value: Value =
        serde_json::from_str(text).map_err(|error| not(format!("it is not valid JSON ({error})")))?;
    let object = value.as_object_mut().ok_or_else(|| not("it is not a JSON object".into()))?;
    let version = object
        .remove("glassbox")
        .ok_or_else(|| not("the field \"glassbox\" with the format's version is missing".into()))?
        .as_u64()
        .ok_or_else(|| not("the field \"glassbox\" is not a whole number".into()))?;
    match version {
        VERSION => Project::deserialize(value).map_err(|error| not(error.to_string())),
        newer if newer > VERSION => Err(FileError::TooNew { found: newer, path: path.to_owned() }),
        older => Err(not(format!("format {older} was never in use"))),
    }
}

pub fn load(path: &Path) -> Result<Project, FileError> {
    let failed = |reason: String| FileError::Read { reason, path: path.to_owned() };
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            FileError::NotAProject { reason: "it is not text in UTF-8".into(), path: path.to_owned() }
        }
        _ => failed(error.to_string()),
    })?;
    if read as u64 > MAX_BYTES {
        let reason = format!("it is larger than {} MB", MAX_BYTES >> 20);
        return Err(FileError::NotAProject { reason, path: path.to_owned() });
    }
    from_text(&text, path)
}

pub fn save(project: &Project, path: &Path) -> Result<(), FileError> {
    let text =
        to_text(project).map_err(|error| FileError::Write { reason: error.to_string(), path: path.to_owned() })?;
    write_atomically(path, text.as_bytes())
}

/// Writes beside the target, flushes to the disk, then renames over it.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |error: std::io::Error| FileError::Write { reason: error.to_string(), path: path.to_owned() };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new().prefix(".glassbox-").tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
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
    fn saving_replaces_the_file_whole_and_a_failure_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.glassbox.json");
        let project = templates::build("xor").unwrap();
        save(&project, &path).unwrap();
        assert_eq!(load(&path).unwrap(), project);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        let nowhere = folder.path().join("missing").join("p.glassbox.json");
        assert!(save(&project, &nowhere).unwrap_err().to_string().contains("Choose another place"));
    }
}
