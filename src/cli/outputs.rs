//! What a command reads and what it writes, told before its work begins, so that nothing of the user's is lost by it:
//! no command writes over what it reads or writes elsewhere, and over what is not its own only with `--force`.
//!
//! A file is known by where it lies, not by how its path is spelt: links lead to the file behind them, and two names of
//! one file are one file. What a file is, its content tells, not its ending.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde::Deserialize;

use crate::files::{atomic, tensors};
use crate::persist::{checkpoint, project_file};
use crate::session::{Answers, engines};
use crate::trace::{curves_csv, runs_csv};

/// The one key of a dump's metadata; not a checkpoint's, so that none is taken for the other.
pub const DUMP_KEY: &str = "glassbox_step";

/// What commands write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Project,
    Checkpoint,
    Log,
    Dump,
    /// Runs or curves as CSV.
    Table,
    Answers,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Project => "project",
            Self::Checkpoint => "checkpoint",
            Self::Log => "log",
            Self::Dump => "dump",
            Self::Table => "table",
            Self::Answers => "table of predictions",
        })
    }
}

#[derive(Clone, Debug)]
struct Read {
    /// "the data"
    what: &'static str,
    path: PathBuf,
    /// What may take its place, once it has been read.
    successor: Option<FileKind>,
}

/// The files of a command.
#[derive(Clone, Debug, Default)]
pub struct Files {
    reads: Vec<Read>,
    /// The option that names it, what is written there, and where.
    writes: Vec<(&'static str, FileKind, PathBuf)>,
    force: bool,
}

impl Files {
    /// `force`: another program's files may be replaced. What the command reads never is.
    pub fn new(force: bool) -> Self {
        Self { force, ..Self::default() }
    }

    /// Of a folder, the files that lie in it are read.
    pub fn reads(mut self, what: &'static str, path: Option<&Path>) -> Self {
        let Some(path) = path else { return self };
        let inside = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        self.reads.extend(inside.chain([path.to_owned()]).map(|path| Read { what, path, successor: None }));
        self
    }

    /// A checkpoint, whose place the next one of the same run may take.
    pub fn goes_on_from(mut self, path: Option<&Path>) -> Self {
        let read =
            |path: &Path| Read { what: "the checkpoint", path: path.to_owned(), successor: Some(FileKind::Checkpoint) };
        self.reads.extend(path.map(read));
        self
    }

    pub fn writes(mut self, option: &'static str, kind: FileKind, path: Option<&Path>) -> Self {
        self.writes.extend(path.map(|path| (option, kind, path.to_owned())));
        self
    }

    /// Errors say what would have been lost, and what to do.
    pub fn check(&self) -> anyhow::Result<()> {
        for (i, (option, kind, path)) in self.writes.iter().enumerate() {
            self.may_write(option, *kind, path)?;
            let clash = self.writes[..i].iter().find(|(_, _, other)| are_same(path, other) && !is_special(path));
            if let Some((other, _, _)) = clash {
                bail!(
                    "{other} and {option} name the same file, {}, so one would overwrite the other. Choose two \
                        different files.",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// Whether something may be written there as well; of what a command learns only while it works.
    pub fn may_write(&self, option: &str, kind: FileKind, path: &Path) -> anyhow::Result<()> {
        let shown = path.display();
        let clash = self.reads.iter().find(|read| read.successor != Some(kind) && are_same(path, &read.path));
        if let Some(Read { what, path: read, .. }) = clash.filter(|_| !is_special(path)) {
            let read = if read == path { String::new() } else { format!(" ({})", read.display()) };
            bail!(
                "{option} {shown} is {what}{read}, which this command reads. The {kind} would overwrite it. Choose \
                 another file."
            );
        }
        atomic::check_writable(path)?;
        let Some(there) = std::fs::metadata(path).ok().filter(Metadata::is_file) else { return Ok(()) };
        if self.force || there.len() == 0 {
            return Ok(());
        }
        let found = kind_of(path);
        if found == Some(kind) {
            return Ok(());
        }
        let found = match found {
            Some(found) => format!("a Glassbox {found}"),
            None => format!("not a Glassbox {kind}"),
        };
        bail!(
            "{option} {shown} would overwrite a file that is {found} ({} bytes). Choose another file, or add --force \
             to replace it.",
            there.len()
        )
    }
}

/// Neither a file nor about to be one: a device, a pipe. What is written there replaces nothing.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Whether two paths lead to one file, whether or not it is there yet.
pub fn are_same(a: &Path, b: &Path) -> bool {
    let (a, b) = (resolved(a), resolved(b));
    a == b || identity(&a).is_some_and(|found| Some(found) == identity(&b))
}

/// More links behind each other than any system follows.
const MOST_LINKS: usize = 40;

/// The place that a path leads to, also where nothing lies yet.
fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(found) = std::fs::canonicalize(&path) {
            return found;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        match std::fs::read_link(&path) {
            Ok(to) => path = folder.join(to),
            Err(_) => return path.file_name().map_or(path.clone(), |name| folder.join(name)),
        }
    }
    path
}

/// What two names of one file have in common.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|there| (there.dev(), there.ino()))
}

/// Elsewhere only the resolved path tells.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

/// Bytes at the beginning of a file by which its kind is known.
const HEAD: u64 = 1 << 16;

/// What of Glassbox's a file is, by its content.
pub fn kind_of(path: &Path) -> Option<FileKind> {
    let keys = tensors::metadata_keys(path);
    if keys.iter().any(|key| key == checkpoint::KEY) {
        return Some(FileKind::Checkpoint);
    }
    if keys.iter().any(|key| key == DUMP_KEY) {
        return Some(FileKind::Dump);
    }
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).ok()?;
    let first = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if serde_json::from_slice::<LogLine>(first).is_ok() {
        return Some(FileKind::Log);
    }
    let titles = [runs_csv(std::iter::empty()), curves_csv(&[]), engines::csv(&[])];
    if titles.iter().any(|titles| first == titles.trim_end().as_bytes()) {
        return Some(FileKind::Table);
    }
    // The last line may be cut off.
    let is_whole = (head.len() as u64) < HEAD;
    let lines = head.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    if Answers::are_begun_by(if is_whole { &head } else { &head[..lines] }) {
        return Some(FileKind::Answers);
    }
    project_file::is_one(path).then_some(FileKind::Project)
}

/// A line of a log, as far as it is read here.
#[derive(Deserialize)]
pub struct LogLine {
    #[serde(rename = "event")]
    _event: Event,
    pub step: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Step,
    Epoch,
    Restored,
}

/// Text that can be typed to a shell as one word.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "._-/+:@%=,\\".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::templates;

    fn place() -> (tempfile::TempDir, impl Fn(&str) -> PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        (folder, move |name: &str| root.join(name))
    }

    fn refusal(files: &Files) -> String {
        files.check().unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_known_by_its_content() {
        let (_folder, at) = place();
        project_file::save(&templates::build("xor").unwrap(), &at("p.txt")).unwrap();
        std::fs::write(at("log.txt"), "{\"event\":\"step\",\"step\":1,\"loss\":0.5}\n").unwrap();
        std::fs::write(at("newer.json"), "{\"glassbox\": 99, \"rest\": []}").unwrap();
        for (key, name) in [(checkpoint::KEY, "c.bin"), (DUMP_KEY, "d.bin"), ("other", "o.safetensors")] {
            tensors::write(&at(name), key, "{}".into(), &[]).unwrap();
        }
        std::fs::write(at("package.json"), "{\"name\": \"other\"}").unwrap();
        std::fs::write(at("events.jsonl"), "{\"event\":\"login\",\"step\":1}\n").unwrap();
        std::fs::write(at("text"), "a,b\n1,2\n").unwrap();
        std::fs::write(at("runs.csv"), runs_csv(std::iter::empty())).unwrap();
        std::fs::write(at("classes.csv"), "row,species,probability,probability of A\n1,A,0.9,0.9\n").unwrap();
        std::fs::write(at("finds.csv"), "picture,class,score,left,top,right,bottom\n").unwrap();
        std::fs::write(at("numbers.csv"), "row,file,price\n1,a.png,12.503422\n2,b.png,\n3,c.png,-7.1120896\n").unwrap();
        // Cut off anywhere in a number.
        for (name, heading) in [("long.csv", "row,price\n"), ("longer.csv", "row,price in EUR\n")] {
            let lines = (1..9000).map(|row| format!("{row},{}\n", (row as f32).sqrt() * 12.345_678));
            std::fs::write(at(name), heading.to_owned() + &lines.collect::<String>()).unwrap();
        }
        std::fs::write(at("prices.csv"), "row,price\n1,12.5\n2,7\n3,11\n").unwrap();
        std::fs::write(at("measured.csv"), "row,price\n1,12.5034221\n3,7.00100\n").unwrap();
        std::fs::write(at("race.csv"), engines::csv(&[])).unwrap();
        std::fs::write(at("curves.csv"), curves_csv(&[]) + "a,train_loss,1,0.5\n").unwrap();
        for (name, kind) in [
            ("p.txt", Some(FileKind::Project)),
            ("newer.json", Some(FileKind::Project)),
            ("log.txt", Some(FileKind::Log)),
            ("c.bin", Some(FileKind::Checkpoint)),
            ("d.bin", Some(FileKind::Dump)),
            ("o.safetensors", None),
            ("package.json", None),
            ("events.jsonl", None),
            ("runs.csv", Some(FileKind::Table)),
            ("curves.csv", Some(FileKind::Table)),
            ("race.csv", Some(FileKind::Table)),
            ("classes.csv", Some(FileKind::Answers)),
            ("finds.csv", Some(FileKind::Answers)),
            ("numbers.csv", Some(FileKind::Answers)),
            ("long.csv", Some(FileKind::Answers)),
            ("longer.csv", Some(FileKind::Answers)),
            ("prices.csv", None),
            ("measured.csv", None),
            ("text", None),
            ("none", None),
        ] {
            assert_eq!(kind_of(&at(name)), kind, "{name}");
        }
    }

    #[test]
    fn what_is_read_is_not_written_whatever_it_is_called() {
        let (_folder, at) = place();
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("d.csv"), "a,b\n1,2\n").unwrap();
        let mut names = vec![at("d.csv"), at("sub/../d.csv")];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("d.csv", at("link")).unwrap();
            std::os::unix::fs::symlink("link", at("second")).unwrap();
            std::fs::hard_link(at("d.csv"), at("hard")).unwrap();
            names.extend([at("link"), at("second"), at("hard")]);
        }
        for name in names {
            for force in [false, true] {
                let files =
                    Files::new(force).reads("the data", Some(&at("d.csv"))).writes("--log", FileKind::Log, Some(&name));
                let said = refusal(&files);
                assert!(said.contains("is the data") && said.contains("would overwrite it"), "{said}");
            }
        }
        let files =
            Files::new(true).reads("the data", Some(&at(""))).writes("--log", FileKind::Log, Some(&at("d.csv")));
        assert!(refusal(&files).contains("is the data"), "a file in the folder that is read");
        let files =
            Files::new(false).reads("the data", Some(&at(""))).writes("--log", FileKind::Log, Some(&at("new.jsonl")));
        files.check().unwrap();
    }

    #[test]
    fn a_checkpoint_may_follow_itself_and_nothing_else_may() {
        let (_folder, at) = place();
        tensors::write(&at("run"), checkpoint::KEY, "{}".into(), &[]).unwrap();
        let read = || Files::new(false).goes_on_from(Some(&at("run")));
        read().writes("--checkpoint", FileKind::Checkpoint, Some(&at("run"))).check().unwrap();
        assert!(refusal(&read().writes("--log", FileKind::Log, Some(&at("run")))).contains("is the checkpoint"));
    }

    #[test]
    fn two_outputs_are_two_files() {
        let (_folder, at) = place();
        let both = |log: &Path, out: &Path| {
            Files::new(true).writes("--log", FileKind::Log, Some(log)).writes(
                "--checkpoint",
                FileKind::Checkpoint,
                Some(out),
            )
        };
        let said = refusal(&both(&at("a"), &at("./a")));
        assert!(said.contains("--log and --checkpoint name the same file"), "{said}");
        both(&at("a"), &at("b")).check().unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("to come", at("ahead")).unwrap();
            assert!(refusal(&both(&at("ahead"), &at("to come"))).contains("the same file"));
            both(Path::new("/dev/null"), Path::new("/dev/null")).check().unwrap();
        }
    }

    #[test]
    fn what_is_not_ones_own_needs_a_word() {
        let (_folder, at) = place();
        std::fs::write(at("letter"), "Dear reader").unwrap();
        std::fs::write(at("empty"), "").unwrap();
        std::fs::write(at("old"), "{\"event\":\"epoch\",\"step\":25}\n").unwrap();
        let log = |name: &str, force| Files::new(force).writes("--log", FileKind::Log, Some(&at(name)));
        let said = refusal(&log("letter", false));
        assert!(said.contains("not a Glassbox log (11 bytes)") && said.contains("--force"), "{said}");
        for (name, force) in [("letter", true), ("empty", false), ("old", false), ("new", false)] {
            log(name, force).check().unwrap();
        }
        let dump = Files::new(false).writes("--dump", FileKind::Dump, Some(&at("old")));
        assert!(refusal(&dump).contains("a Glassbox log"));
        assert!(refusal(&log("", false)).contains("directory"));
        assert!(refusal(&log("none/new", false)).contains("there is no folder"));
    }

    #[test]
    fn a_path_with_spaces_is_one_word() {
        assert_eq!(quoted(Path::new("runs/a-1.jsonl")), "runs/a-1.jsonl");
        assert_eq!(quoted(Path::new("my run's.jsonl")), r"'my run'\''s.jsonl'");
    }
}
