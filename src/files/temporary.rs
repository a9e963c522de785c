//! The half of a file that is being written, beside the one it is to become, and what is left of it when its program is
//! killed.
//!
//! Whoever writes holds the lock of its temporary file, so one whose lock is free belongs to nobody that lives.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::NamedTempFile;

use super::lock;

const PREFIX: &str = ".glassbox-";
const SUFFIX: &str = ".part";
/// Letters and digits between them.
const RANDOM: usize = 8;
/// Of older programs, which had no suffix.
const RANDOM_BEFORE: usize = 6;

/// Folders that this program has looked through already.
static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A new file in the folder of `path`, gone when it is dropped.
pub fn beside(path: &Path) -> Result<NamedTempFile> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no folder {}", folder.display())));
    }
    sweep_once(folder);
    loop {
        let file = new_in(folder)?;
        // Where the disk knows no locks nobody takes it for left behind either.
        let is_ours = lock::try_hold(file.as_file()).unwrap_or(true);
        // Between its beginning and its lock somebody may have taken it for left behind.
        if is_ours && file.path().exists() {
            return Ok(file);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn new_in(folder: &Path) -> Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM).tempfile_in(folder)
}

/// Looks through the folder of a file, the first time that this program has to do with it.
pub fn sweep_beside(path: &Path) {
    sweep_once(folder_of(path));
}

fn sweep_once(folder: &Path) {
    let known = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let is_new = SWEPT.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(known);
    if is_new {
        sweep(folder);
    }
}

/// Removes what killed programs were writing in this folder.
pub fn sweep(folder: &Path) {
    sweep_named(folder, is_ours);
}

/// As [`sweep`], also what programs before this one left: in a folder where nobody else has files.
pub fn sweep_own(folder: &Path) {
    sweep_named(folder, |name| is_ours(name) || is_of_before(name));
}

fn sweep_named(folder: &Path, is_meant: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_str().is_some_and(&is_meant) {
            remove_if_left(&entry.path());
        }
    }
}

/// What cannot be opened or removed stays: it harms nobody.
fn remove_if_left(path: &Path) {
    let opened = File::options().write(true).open(path).or_else(|_| File::open(path));
    if let Ok(file) = opened
        && lock::try_hold(&file).unwrap_or(false)
    {
        let _ = std::fs::remove_file(path);
    }
}

fn is_ours(name: &str) -> bool {
    name.strip_prefix(PREFIX).and_then(|name| name.strip_suffix(SUFFIX)).is_some_and(|name| is_random(name, RANDOM))
}

fn is_of_before(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|name| is_random(name, RANDOM_BEFORE))
}

fn is_random(name: &str, len: usize) -> bool {
    name.len() == len && name.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_nobody_is_writing_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let mine = beside(&place("model.json")).unwrap();
        for name in
            [".glassbox-0a1B2c3D.part", ".glassbox-0a1B2c", ".glassbox-notes.txt", ".glassbox-12345678", "x.part"]
        {
            std::fs::write(place(name), "left").unwrap();
        }
        std::fs::create_dir(place(".glassbox-abcdefgh.part")).unwrap();
        sweep(folder.path());
        assert!(mine.path().exists(), "it is being written");
        assert!(!place(".glassbox-0a1B2c3D.part").exists());
        assert!(place(".glassbox-0a1B2c").exists(), "it might be anybody's");
        sweep_own(folder.path());
        drop(mine);
        let left = [".glassbox-12345678", ".glassbox-abcdefgh.part", ".glassbox-notes.txt", "x.part"];
        assert_eq!(names(folder.path()), left);
    }

    #[test]
    fn writing_beside_what_is_swept_all_the_while_always_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    sweep(folder.path());
                }
            });
            for n in 0..200_u32 {
                let written = crate::files::atomic::write(&path, &n.to_le_bytes());
                if written.is_err() || std::fs::read(&path).unwrap() != n.to_le_bytes() {
                    done.store(true, std::sync::atomic::Ordering::Relaxed);
                    panic!("{n}: {written:?}");
                }
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(names(folder.path()), ["p"]);
    }
}
