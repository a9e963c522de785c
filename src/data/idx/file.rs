//! One IDX file, plain or gzip: its header, and the rows that are wanted.
//!
//! The header's sizes are promises of a stranger: nothing is allocated or unpacked beyond what the file can hold.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// More than any picture has: a header beyond it is damage.
const MAX_ROW: u64 = 1 << 26;
/// The most that deflate can make of one byte, and some.
const MAX_INFLATION: u64 = 1100;
const BLOCK: usize = 1 << 18;

#[derive(Debug)]
pub(super) struct Header {
    /// Number of items first.
    pub dims: Vec<usize>,
}

impl Header {
    pub fn count(&self) -> usize {
        self.dims.first().copied().unwrap_or(0)
    }

    fn row_len(&self) -> usize {
        self.dims.iter().skip(1).product()
    }

    pub fn expect_labels(&self, path: &Path) -> Result<(), DataError> {
        if self.dims.len() == 1 {
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
    body: Box<dyn Read>,
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
        let mut body: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) };
        let header = read_header(&mut body, path)?;
        let total = header.dims.iter().fold(1u64, |total, &n| total.saturating_mul(n as u64));
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
    ) -> Result<Vec<u8>, DataError> {
        let (count, row_len) = (self.header.count(), self.header.row_len());
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
        Ok(kept)
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
        let expected = self.header.count() * self.header.row_len();
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
    if zero != 0 || also_zero != 0 || !(1..=4).contains(&rank) || !matches!(kind, 0x08 | 0x09 | 0x0B..=0x0E) {
        return Err(DataError::new(format!(
            "This isn't an IDX file: it starts with the bytes {magic:02x?}, not with 00 00 08 and the number of \
             dimensions: {}",
            path.display()
        )));
    }
    if kind != 0x08 {
        let words = match kind {
            0x09 => "signed bytes",
            0x0B => "16-bit numbers",
            0x0C => "32-bit numbers",
            0x0D => "32-bit floats",
            _ => "64-bit floats",
        };
        return Err(DataError::new(format!(
            "The file contains {words}; only unsigned bytes (type 0x08) are supported: {}",
            path.display()
        )));
    }
    let mut dims = Vec::new();
    for _ in 0..rank {
        let mut bytes = [0; 4];
        read(&mut bytes)?;
        dims.push(u32::from_be_bytes(bytes) as usize);
    }
    if dims.first() == Some(&0) {
        return Err(DataError::new(format!("The file is empty: its header counts 0 items: {}", path.display())));
    }
    Ok(Header { dims })
}
