//! Well-known open sets of pictures, fetched when somebody asks for one and kept in the user's data folder.
//!
//! `sets` lists them, `mirrors` reads where else a user gets them from, `unpack` takes files out of an archive.

mod mirrors;
mod sets;
#[cfg(test)]
mod tests;
mod unpack;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use sets::{OPEN_SETS, OpenSet};

use super::DataError;
use super::progress::{Progress, cancelled_error};
use crate::files::download::{Download, Failure, download};
use crate::files::lock;

/// So long a server may be silent.
const STALL: Duration = Duration::from_secs(30);
const MEGABYTE: f64 = 1e6;

/// Where the sets lie, and which mirrors a user added.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
    mirrors: PathBuf,
}

impl Shelf {
    /// In the system's places for a program's data and configuration, or in the folder that `GLASSBOX_HOME` names.
    /// `None` where there is neither.
    pub fn find() -> Option<Self> {
        if let Some(home) = std::env::var_os("GLASSBOX_HOME") {
            return Some(Self::at(Path::new(&home)));
        }
        let places = directories::ProjectDirs::from("", "", "glassbox")?;
        Some(Self { folder: places.data_dir().join("sets"), mirrors: places.config_dir().join("mirrors.json") })
    }

    /// Everything in one folder.
    pub fn at(home: &Path) -> Self {
        Self { folder: home.join("sets"), mirrors: home.join("mirrors.json") }
    }

    /// The file in which a user names mirrors; it need not be there.
    pub fn mirrors_path(&self) -> &Path {
        &self.mirrors
    }

    /// Where a set lies, or will lie.
    pub fn place(&self, set: &OpenSet) -> PathBuf {
        self.folder.join(set.key)
    }

    /// Whether all of it is there.
    pub fn has(&self, set: &OpenSet) -> bool {
        let place = self.place(set);
        let is_there = |name: &str, size: Option<u64>| {
            let file = std::fs::metadata(place.join(name));
            file.is_ok_and(|file| file.is_file() && size.is_none_or(|size| file.len() == size))
        };
        match set.archive {
            Some(archive) => archive.iter().all(|(name, size)| is_there(name, *size)),
            None => set.files.iter().all(|file| is_there(file.name, None)),
        }
    }

    /// Fetches what is missing of a set, and returns where it lies. Errors: no server has it, it cannot be written, or
    /// nobody wants it any more; what came until then is kept and gone on with.
    pub fn fetch(&self, set: &OpenSet, progress: &dyn Progress) -> Result<PathBuf, DataError> {
        let place = self.place(set);
        if self.has(set) {
            return Ok(place);
        }
        let unwritten = |error: std::io::Error| {
            DataError::new(format!("{} can't be written ({error}): {}", set.title, place.display()))
        };
        std::fs::create_dir_all(&place).map_err(unwritten)?;
        let held = lock::try_take(&place.join(".lock"));
        if matches!(held, Ok(None)) {
            return Err(DataError::new(format!(
                "{} is being fetched by another window or command already.",
                set.title
            )));
        }
        let mirrors = mirrors::of(&self.mirrors, set)?;
        let mut done = 0;
        for file in set.files {
            let wanted = Download {
                urls: mirrors.iter().map(|mirror| format!("{mirror}{}", file.name)).collect(),
                size: file.bytes,
                md5: file.md5.into(),
            };
            let mut told = |count: u64| {
                report(progress, set, done + count);
                !progress.cancelled()
            };
            download(&wanted, &place.join(file.name), STALL, &mut told)
                .map_err(|failure| self.told(failure, set, &place))?;
            done += file.bytes;
        }
        if let Some(archive) = set.archive {
            for file in set.files {
                progress.report(1.0, &format!("unpacking {}", set.title));
                unpack::unpack(&place.join(file.name), &place, archive, progress)?;
            }
        }
        Ok(place)
    }

    fn told(&self, failure: Failure, set: &OpenSet, place: &Path) -> DataError {
        let title = set.title;
        let by_hand = format!(
            "You can also put the files into {} yourself, or name a mirror in {}",
            place.display(),
            self.mirrors.display()
        );
        match failure {
            Failure::Stopped => cancelled_error(),
            Failure::Disk(why) => DataError::new(format!("{title} can't be written ({why}): {}", place.display())),
            Failure::Nobody { reasons, is_reached: false } => DataError::new(format!(
                "There is no network to fetch {title} over, or none of its servers can be reached ({}). {by_hand}.",
                in_short(&reasons)
            )),
            Failure::Nobody { reasons, is_reached: true } => DataError::new(format!(
                "None of the servers has an intact copy of {title} ({}). Try again later. {by_hand}.",
                in_short(&reasons)
            )),
        }
    }
}

/// One reason stands for all servers: who reads it can do nothing about the others.
fn in_short(reasons: &[String]) -> String {
    match reasons {
        [] => "no answer".to_owned(),
        [one] => one.clone(),
        [one, _] => format!("{one}; 1 other server failed too"),
        [one, rest @ ..] => format!("{one}; {} other servers failed too", rest.len()),
    }
}

fn report(progress: &dyn Progress, set: &OpenSet, count: u64) {
    let (count, all) = (count as f64 / MEGABYTE, set.bytes() as f64 / MEGABYTE);
    progress.report((count / all).min(1.0) as f32, &format!("fetching {}: {count:.1} of {all:.1} MB", set.title));
}
