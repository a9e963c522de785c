//! One IDX file, plain or gzip: its header, and the rows that are wanted.
//!
//! The header's sizes are promises of a stranger: nothing is allocated or unpacked beyond what the file can hold.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// More than any picture has: a header beyond it is damage.
const MAX_ROW: u64 = 1 << 26;
/// The most that deflate can make of one byte, and some.
const MAX_INFLATION: u64 = 1100;
const BLOCK: usize = 1 << 18;

/// What the numbers of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

impl Element {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0B => Self::I16,
            0x0C => Self::I32,
            0x0D => Self::F32,
            0x0E => Self::F64,
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The most significant byte comes first.
    pub fn numbers(self, bytes: &[u8]) -> Vec<f32> {
        fn each<const N: usize>(bytes: &[u8], of: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks::<N>().0.iter().map(|chunk| of(*chunk)).collect()
        }
        match self {
            Self::U8 => each(bytes, |[byte]| f32::from(byte)),
            Self::I8 => each(bytes, |[byte]| f32::from(byte as i8)),
            Self::I16 => each(bytes, |bytes| f32::from(i16::from_be_bytes(bytes))),
            Self::I32 => each(bytes, |bytes| i32::from_be_bytes(bytes) as f32),
            Self::F32 => each(bytes, f32::from_be_bytes),
            Self::F64 => each(bytes, |bytes| f64::from_be_bytes(bytes) as f32),
        }
    }
}

#[derive(Debug)]
pub(super) struct Header {
    pub element: Element,
    /// Number of items first.
    pub dims: Vec<usize>,
}

/// Rows that were read.
pub(super) struct Taken {
    pub bytes: Vec<u8>,
    /// Something else stands behind the end of a gzip file.
    pub is_followed: bool,
}

impl Header {
    pub fn count(&self) -> usize {
        self.dims.first().copied().unwrap_or(0)
    }

    /// Numbers of one item.
    pub fn row_len(&self) -> usize {
        self.dims.iter().skip(1).product()
    }

    fn row_bytes(&self) -> usize {
        self.row_len() * self.element.size()
    }

    pub fn expect_labels(&self, path: &Path) -> Result<(), DataError> {
        if self.dims.len() == 1 || self.dims.len() == 2 && self.row_len() > 0 {
            return Ok(());
        }
        Err(DataError::new(format!(
            "Expected labels (one number per image), but the file's header says {:?}: {}",
            self.dims,
            path.display()
        )))
    }
}

/// A file whose header has been read.
pub(super) struct IdxFile {
    path: PathBuf,
    header: Header,
    body: Body,
}

/// A file's bytes, unpacked.
struct Body {
    packed: Option<GzDecoder<BufReader<File>>>,
    /// All of it, or what stands behind what was packed.
    plain: Option<BufReader<File>>,
    is_gzip: bool,
}

impl Body {
    fn new(file: BufReader<File>, is_gzip: bool) -> Self {
        let (packed, plain) = if is_gzip { (Some(GzDecoder::new(file)), None) } else { (None, Some(file)) };
        Self { packed, plain, is_gzip }
    }

    /// Whether something else stands behind what was packed, once all of that is read.
    fn is_followed(&mut self) -> bool {
        let rest = self.plain.as_mut().filter(|_| self.is_gzip);
        rest.is_some_and(|rest| rest.fill_buf().is_ok_and(|rest| !rest.is_empty()))
    }
}

impl Read for Body {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while let Some(packed) = &mut self.packed {
            let read = packed.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            // Another gzip file may follow; so may line ends that a download added.
            let Some(mut rest) = self.packed.take().map(GzDecoder::into_inner) else { break };
            if rest.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
                self.packed = Some(GzDecoder::new(rest));
            } else {
                self.plain = Some(rest);
            }
        }
        match &mut self.plain {
            Some(file) if !self.is_gzip => file.read(into),
            _ => Ok(0),
        }
    }
}

impl IdxFile {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => {
                DataError::new(format!("The file no longer exists (moved or deleted?): {}", path.display()))
            }
            _ => DataError::new(format!("Can't read the file ({error}): {}", path.display())),
        };
        let mut file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut mark = [0; 2];
        let has_mark = file.read_exact(&mut mark).is_ok();
        file.rewind().map_err(failed)?;
        let gzip = has_mark && mark == [0x1f, 0x8b];
        if !gzip && path.extension().is_some_and(|e| e == "gz") {
            return Err(DataError::new(format!(
                "The name ends in .gz, but the content isn't gzip. Download it again, or remove the .gz from its name: \
                    {}",
                path.display()
            )));
        }
        let reader = BufReader::with_capacity(BLOCK, file);
        let mut body = Body::new(reader, gzip);
        let header = read_header(&mut body, path)?;
        let size_of_one = header.element.size() as u64;
        let total = header.dims.iter().fold(size_of_one, |total, &n| total.saturating_mul(n as u64));
        let expected = total.saturating_add(4 + 4 * header.dims.len() as u64);
        let most = if gzip { size.saturating_mul(MAX_INFLATION) } else { size };
        if expected > most || (!gzip && expected != size) {
            let held =
                if gzip { format!("its {size} bytes can't contain that much") } else { format!("it has {size}") };
            return Err(DataError::new(format!(
                "The header says {:?}, which requires {expected} bytes, but {held}. The file is truncated or damaged; \
                 download it again: {}",
                header.dims,
                path.display()
            )));
        }
        if header.row_len() as u64 > MAX_ROW {
            return Err(DataError::new(format!(
                "The header says {:?}, which is too large for an image. The file is damaged: {}",
                header.dims,
                path.display()
            )));
        }
        Ok(Self { path: path.to_path_buf(), header, body })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads to the end (so that damage anywhere is found) and returns the rows `chosen`, which ascend.
    pub fn read_rows(
        mut self,
        chosen: &[usize],
        report: &dyn Fn(f32),
        progress: &dyn Progress,
    ) -> Result<Taken, DataError> {
        let (count, row_len) = (self.header.count(), self.header.row_bytes());
        let rows_per_block = (BLOCK / row_len.max(1)).max(1);
        let mut block = vec![0; rows_per_block.min(count) * row_len];
        let mut kept = Vec::new();
        let mut chosen = chosen.iter().copied().peekable();
        let mut row = 0;
        while row < count {
            stop_if_cancelled(progress)?;
            report(row as f32 / count as f32);
            let rows = rows_per_block.min(count - row);
            let block = &mut block[..rows * row_len];
            self.fill(block, row * row_len)?;
            while let Some(wanted) = chosen.next_if(|&wanted| wanted < row + rows) {
                kept.extend_from_slice(&block[(wanted - row) * row_len..][..row_len]);
            }
            row += rows;
        }
        self.expect_end(count * row_len)?;
        Ok(Taken { bytes: kept, is_followed: self.body.is_followed() })
    }

    fn fill(&mut self, block: &mut [u8], done: usize) -> Result<(), DataError> {
        let mut filled = 0;
        while filled < block.len() {
            match self.body.read(&mut block[filled..]) {
                Ok(0) => return Err(self.ends_early(done + filled)),
                Ok(n) => filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(self.ends_early(done + filled)),
                Err(error) => return Err(damaged(&error, done + filled, &self.path)),
            }
        }
        Ok(())
    }

    fn ends_early(&self, got: usize) -> DataError {
        let expected = self.header.count() * self.header.row_bytes();
        DataError::new(format!(
            "The file is truncated: its header promises {expected} bytes of values, but there are only {got}. Download \
                it again: {}",
            self.path.display()
        ))
    }

    /// Also makes the gzip decoder compare its checksum.
    fn expect_end(&mut self, done: usize) -> Result<(), DataError> {
        match self.body.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(DataError::new(format!(
                "The file is longer than the {done} bytes of values its header promises. It is damaged or not IDX; \
                 download it again: {}",
                self.path.display()
            ))),
            Err(error) => Err(damaged(&error, done, &self.path)),
        }
    }
}

fn damaged(error: &std::io::Error, done: usize, path: &Path) -> DataError {
    DataError::new(format!(
        "The file is damaged after {done} bytes of values ({error}). Download it again: {}",
        path.display()
    ))
}

/// Magic number (0, 0, type, number of dimensions) and the dimensions as big-endian 32-bit numbers.
fn read_header(body: &mut dyn Read, path: &Path) -> Result<Header, DataError> {
    let mut read = |buffer: &mut [u8]| {
        body.read_exact(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => DataError::new(format!(
                "The file ends inside its header: it is empty or truncated. Download it again: {}",
                path.display()
            )),
            _ => DataError::new(format!("The file is damaged ({error}). Download it again: {}", path.display())),
        })
    };
    let mut magic = [0; 4];
    read(&mut magic)?;
    let [zero, also_zero, kind, rank] = magic;
    let element = Element::of(kind).filter(|_| zero == 0 && also_zero == 0 && (1..=4).contains(&rank));
    let Some(element) = element else {
        return Err(DataError::new(format!(
            "This isn't an IDX file: it starts with the bytes {magic:02x?}, not with 00 00 08 and the number of \
             dimensions: {}",
            path.display()
        )));
    };
    let mut dims = Vec::new();
    for _ in 0..rank {
        let mut bytes = [0; 4];
        read(&mut bytes)?;
        dims.push(u32::from_be_bytes(bytes) as usize);
    }
    if dims.first() == Some(&0) {
        return Err(DataError::new(format!("The file is empty: its header counts 0 items: {}", path.display())));
    }
    Ok(Header { element, dims })
}
