//! Files that can be made again, kept because making them takes long: in one folder for all projects, up to a limit of
//! size. What was not used for longest goes first; what somebody is using never does.
//!
//! A file is written under a temporary name and gets its own when it is whole; what only a power cut could still
//! damage, its checksum has to tell. Whoever uses it holds a shared lock on it. When it was last used is its time of
//! modification.

use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::{atomic, lock, memory, temporary};

/// How the names of its files end.
const ENDING: &str = "rows";
/// The file with the limit, where somebody has set one.
const LIMIT: &str = "limit";
/// What all of it may take unless somebody says otherwise.
const USUAL_LIMIT: u64 = 20 << 30;

/// A folder with such files.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// One of its files.
#[derive(Clone, Debug)]
pub struct Cached {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// When it was last used.
    pub used: SystemTime,
}

impl Cache {
    /// In the folder that `GLASSBOX_HOME` names, else in the system's place for such files; `None` where there is none.
    pub fn find() -> Option<Self> {
        let folder = match std::env::var_os("GLASSBOX_HOME") {
            Some(home) => PathBuf::from(home).join("cache"),
            None => directories::ProjectDirs::from("", "", "glassbox")?.cache_dir().to_path_buf(),
        };
        Some(Self::at(folder))
    }

    /// The folder is made once something is to be kept in it.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name).with_extension(ENDING)
    }

    /// The file of this name, which is used from now on until it is closed; `None` where there is none.
    pub fn open(&self, name: &str) -> Option<File> {
        let file = File::open(self.path(name)).ok()?;
        // Where the disk knows no locks, a file that is removed stays readable for whoever has it open.
        let _ = file.lock_shared();
        // Who may read it but not change its times shares the file of somebody else.
        let _ = file.set_modified(SystemTime::now());
        Some(file)
    }

    /// A file that is to become one of the cache, without a name yet. Leftovers of killed programs go.
    pub fn begin(&self) -> Result<NamedTempFile> {
        std::fs::create_dir_all(&self.folder)?;
        temporary::beside(&self.folder.join(LIMIT))
    }

    /// Room for what is worked with meanwhile: a file without a name, which no crash leaves behind.
    pub fn scratch(&self) -> Result<File> {
        std::fs::create_dir_all(&self.folder)?;
        tempfile::tempfile_in(&self.folder)
    }

    /// Gives a file that is whole its name; it is in use from now on.
    pub fn finish(&self, file: NamedTempFile, name: &str) -> Result<File> {
        drop(file.persist(self.path(name)).map_err(|error| error.error)?);
        self.open(name).ok_or_else(|| Error::new(ErrorKind::NotFound, "it was removed at once"))
    }

    /// Held by whoever makes the file of this name; `None` while another program does.
    pub fn try_make(&self, name: &str) -> Result<Option<Making>> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(name).with_extension("making");
        let Some(held) = lock::try_take(&path)? else { return Ok(None) };
        Ok(Some(Making { path, _held: held }))
    }

    /// Every file of it, the one last used first.
    pub fn list(&self) -> Vec<Cached> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let ours = entries.filter(|entry| Path::new(&entry.file_name()).extension().is_some_and(|end| end == ENDING));
        let mut all: Vec<Cached> = ours
            .filter_map(|entry| {
                let about = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
                Some(Cached { path: entry.path(), bytes: about.len(), used: about.modified().ok()? })
            })
            .collect();
        all.sort_by(|a, b| b.used.cmp(&a.used).then(a.path.cmp(&b.path)));
        all
    }

    /// Removes a file of it. `false`: somebody is using it.
    pub fn remove(&self, one: &Cached) -> Result<bool> {
        let file = File::open(&one.path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(false),
            // Without locks nobody can tell; a file in use stays readable.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        std::fs::remove_file(&one.path).map(|()| true)
    }

    /// Removes what was not used for longest, until so many more bytes are within the limit or nothing else can go.
    pub fn make_room(&self, bytes: u64) {
        let mut all = self.list();
        let mut sum = all.iter().fold(bytes, |sum, one| sum.saturating_add(one.bytes));
        while let Some(oldest) = all.pop().filter(|_| sum > self.limit()) {
            if self.remove(&oldest).unwrap_or(false) {
                sum -= oldest.bytes;
            }
        }
    }

    /// What all of it may take.
    pub fn limit(&self) -> u64 {
        let said = std::fs::read_to_string(self.folder.join(LIMIT)).ok();
        said.and_then(|text| memory::parse_size(&text)).unwrap_or(USUAL_LIMIT)
    }

    /// Sets that, for good; what is beyond it goes now.
    pub fn set_limit(&self, bytes: u64) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let written = atomic::write(&self.folder.join(LIMIT), format!("{bytes}\n").as_bytes());
        written.map_err(|error| Error::other(error.to_string()))?;
        self.make_room(0);
        Ok(())
    }
}

/// As long as it lives, nobody else makes the same file.
#[derive(Debug)]
pub struct Making {
    path: PathBuf,
    _held: File,
}

impl Drop for Making {
    fn drop(&mut self) {
        // Whoever waits for the lock of a file that is gone gets it, and looks for what was made.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::time::Duration;

    use super::*;

    fn put(cache: &Cache, name: &str, bytes: usize, age: u64) {
        let mut file = cache.begin().unwrap();
        file.write_all(&vec![7; bytes]).unwrap();
        let file = cache.finish(file, name).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }

    fn names(cache: &Cache) -> Vec<String> {
        cache.list().iter().map(|one| one.path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_oldest_goes_first_and_what_is_in_use_stays() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("deep/cache"));
        assert!(cache.list().is_empty() && cache.open("a").is_none());
        assert_eq!(cache.limit(), USUAL_LIMIT);
        for (name, age) in [("a", 90), ("b", 50), ("c", 70), ("d", 10)] {
            put(&cache, name, 1000, age);
        }
        assert_eq!(names(&cache), ["d", "b", "c", "a"]);
        let mut used = File::open(cache.path("a")).unwrap();
        used.lock_shared().unwrap();
        cache.set_limit(2500).unwrap();
        assert_eq!(names(&cache), ["d", "a"], "c and b were older than d, and a is in use");
        cache.make_room(5000);
        assert_eq!(names(&cache), ["a"], "nothing else can go");
        let one = cache.list().remove(0);
        assert!(!cache.remove(&one).unwrap());
        let mut bytes = Vec::new();
        used.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [7; 1000]);
        drop(used);
        assert!(cache.remove(&one).unwrap() && cache.list().is_empty());
        assert_eq!(cache.limit(), 2500, "it stays");
    }

    #[test]
    fn using_a_file_makes_it_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().into());
        put(&cache, "a", 10, 90);
        put(&cache, "b", 10, 50);
        assert_eq!(names(&cache), ["b", "a"]);
        let held = cache.open("a").unwrap();
        assert_eq!(names(&cache), ["a", "b"]);
        assert!(!cache.remove(&cache.list()[0]).unwrap(), "and holds it");
        drop(held);
    }

    #[test]
    fn what_a_crash_leaves_is_swept_and_never_seen() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().into());
        std::fs::write(folder.path().join(".glassbox-0a1B2c3D.part"), "half").unwrap();
        assert!(cache.list().is_empty());
        drop(cache.begin().unwrap());
        drop(cache.scratch().unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn one_at_a_time_makes_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().into());
        let making = cache.try_make("a").unwrap();
        assert!(making.is_some() && cache.try_make("a").unwrap().is_none());
        assert!(cache.try_make("b").unwrap().is_some());
        drop(making);
        assert!(cache.try_make("a").unwrap().is_some());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
