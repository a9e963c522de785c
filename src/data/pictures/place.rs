//! Where a picture lies: a file of its own, or beside others in a file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use image::RgbImage;

use super::decode::{self, Fault, Head, Wanted};

/// Where a picture lies.
#[derive(Clone)]
pub(in crate::data) enum Place {
    File(PathBuf),
    Inside(Inside),
}

/// A picture beside others.
#[derive(Clone)]
pub(in crate::data) struct Inside {
    pub pack: Arc<Pack>,
    /// For people, from 0.
    pub row: u64,
    /// Its first byte, and how many it has.
    pub at: u64,
    pub len: usize,
}

/// Many pictures in one file.
pub(in crate::data) struct Pack {
    /// As people know it; the bytes may have been copied out of it.
    path: PathBuf,
    file: Mutex<File>,
    form: Form,
}

/// What the bytes of a picture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A file in a file.
    Encoded,
    /// All red, all green, all blue bytes of a square of so many rows.
    Planes(u32),
}

impl Pack {
    pub(super) fn new(path: &Path, file: File, form: Form) -> Arc<Self> {
        Arc::new(Self { path: path.to_path_buf(), file: Mutex::new(file), form })
    }

    fn read(&self, at: u64, len: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![0; len];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|error| Fault::Broken(format!("can't be read: {error}")))?;
        Ok(bytes)
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Inside(one), Self::Inside(other)) => Arc::ptr_eq(&one.pack, &other.pack) && one.row == other.row,
            _ => false,
        }
    }
}

impl Place {
    /// The file it is, or lies in.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Inside(inside) => &inside.pack.path,
        }
    }

    /// As it stands below a folder, with `/` on every system.
    pub fn below(&self, root: &Path) -> String {
        let path = self.path();
        let parts: Vec<_> = path.strip_prefix(root).unwrap_or(path).components().collect();
        let text = parts.iter().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let text = if text.is_empty() { super::folder::name(path) } else { text };
        match self {
            Self::File(_) => text,
            Self::Inside(inside) => format!("{text} row {}", inside.row),
        }
    }

    pub fn head(&self) -> Result<Head, Fault> {
        match self {
            Self::File(path) => decode::head(path),
            Self::Inside(inside) => match inside.pack.form {
                Form::Encoded => decode::head_of(&inside.bytes()?),
                Form::Planes(side) => Ok(Head::plain(side)),
            },
        }
    }

    /// `[channels, side, side]`, and width and height of the whole picture as it is shown.
    pub fn pixels(&self, wanted: Wanted) -> Result<(Vec<u8>, [u32; 2]), Fault> {
        match self {
            Self::File(path) => decode::pixels(path, wanted),
            Self::Inside(inside) => match inside.pack.form {
                Form::Encoded => decode::pixels_of(&inside.bytes()?, wanted),
                Form::Planes(side) => decode::pixels_of_planes(&inside.bytes()?, side, wanted),
            },
        }
    }
}

impl Place {
    /// All of it, made smaller where a side is longer than `most`; and its width and height as it is shown.
    pub fn whole(&self, most: u32) -> Result<(RgbImage, [u32; 2]), Fault> {
        match self {
            Self::File(path) => decode::whole(path, most),
            Self::Inside(inside) => match inside.pack.form {
                Form::Encoded => decode::whole_of(&inside.bytes()?, most),
                Form::Planes(side) => decode::of_planes(&inside.bytes()?, side).map(|picture| (picture, [side; 2])),
            },
        }
    }
}

impl Inside {
    fn bytes(&self) -> Result<Vec<u8>, Fault> {
        match self.len {
            0 => Err(Fault::Broken("empty".into())),
            len => self.pack.read(self.at, len),
        }
    }
}
