//! The file of converted rows: a header, the rows as the network takes them, which of them are in which part, and words
//! about it all.
//!
//! Numbers lie as the machine has them: the file never leaves it. The header is written last, and tells the size and
//! the checksum of all that follows.

use std::fs::File;
use std::io::{Error, Read, Result, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use flate2::Crc;
use rayon::prelude::*;
use tempfile::NamedTempFile;

use crate::files::cache::Cache;
use crate::files::mapped::Mapped;

const MAGIC: [u8; 16] = *b"GLASSBOX ROWS 1\n";
/// Bytes in front of the rows, with room for more.
const HEADER: usize = 128;
/// Numbers of the header behind the magic.
const FIELDS: usize = 9;
/// Written at once.
const BLOCK: usize = 1 << 20;
/// Bytes of a checksum that one thread makes.
const CHECKED: usize = 64 << 20;
/// More words there are about no file.
const MOST_WORDS: u64 = 1 << 30;

/// What the header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Layout {
    /// Of the whole file.
    bytes: u64,
    rows: u64,
    /// Numbers in an input.
    width: u64,
    /// Numbers in a target.
    target_len: u64,
    index_from: u64,
    index_count: u64,
    about_from: u64,
    about_len: u64,
    /// Of all behind the header.
    checksum: u64,
}

impl Layout {
    fn written(&self) -> [u8; HEADER] {
        let fields: [u64; FIELDS] = [
            self.bytes,
            self.rows,
            self.width,
            self.target_len,
            self.index_from,
            self.index_count,
            self.about_from,
            self.about_len,
            self.checksum,
        ];
        let mut header = [0; HEADER];
        let all = MAGIC.into_iter().chain(fields.into_iter().flat_map(u64::to_ne_bytes));
        header.iter_mut().zip(all).for_each(|(place, byte)| *place = byte);
        let mut crc = Crc::new();
        crc.update(&header[..HEADER - 4]);
        header[HEADER - 4..].copy_from_slice(&crc.sum().to_ne_bytes());
        header
    }

    /// `None`: it is no such header, or not all of it.
    fn read(header: &[u8]) -> Option<Self> {
        let header = header.get(..HEADER)?;
        let mut crc = Crc::new();
        crc.update(&header[..HEADER - 4]);
        if header[..MAGIC.len()] != MAGIC || header[HEADER - 4..] != crc.sum().to_ne_bytes() {
            return None;
        }
        let fields = header[MAGIC.len()..].as_chunks::<8>().0;
        let mut fields = fields.iter().map(|bytes| u64::from_ne_bytes(*bytes));
        let mut next = || fields.next().unwrap_or_default();
        Some(Self {
            bytes: next(),
            rows: next(),
            width: next(),
            target_len: next(),
            index_from: next(),
            index_count: next(),
            about_from: next(),
            about_len: next(),
            checksum: next(),
        })
    }
}

/// Rows in a file.
#[derive(Debug)]
pub struct RowsFile {
    map: Mapped,
    layout: Layout,
    /// With its shared lock, once the file has its name.
    held: OnceLock<File>,
}

impl RowsFile {
    /// A file of the cache; `None`: it is damaged, or not whole. `go_on` is asked now and then; where it says no, the
    /// file counts as damaged.
    pub fn open(file: File, go_on: &(dyn Fn() -> bool + Sync)) -> Result<Option<Self>> {
        let map = Mapped::new(file)?;
        let Some(layout) = Layout::read(map.bytes()) else { return Ok(None) };
        let found = Self { map, layout, held: OnceLock::new() };
        let is_whole = found.map.bytes().len() as u64 == layout.bytes
            && layout.about_len <= MOST_WORDS
            && found.numbers(0, layout.rows).is_some()
            && found.map.numbers::<u32>(layout.index_from as usize, layout.index_count as usize).is_some()
            && found.index().iter().all(|&at| u64::from(at) < layout.rows)
            && found.map.bytes().get(range(layout.about_from, layout.about_len)).is_some()
            && checksum(&found.map.bytes()[HEADER..], go_on) == layout.checksum;
        Ok(is_whole.then_some(found))
    }

    /// The words about a file, without looking at its rows.
    pub fn about_only(path: &Path) -> Option<Vec<u8>> {
        let mut file = File::open(path).ok()?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header).ok()?;
        let layout = Layout::read(&header).filter(|layout| layout.about_len <= MOST_WORDS)?;
        file.seek(SeekFrom::Start(layout.about_from)).ok()?;
        let mut about = Vec::new();
        file.take(layout.about_len).read_to_end(&mut about).ok()?;
        (about.len() as u64 == layout.about_len).then_some(about)
    }

    fn numbers(&self, row: u64, count: u64) -> Option<&[f32]> {
        let each = self.layout.width.checked_add(self.layout.target_len)?;
        let from = row.checked_mul(each)?.checked_mul(4)?.checked_add(HEADER as u64)?;
        self.map.numbers(usize::try_from(from).ok()?, usize::try_from(each.checked_mul(count)?).ok()?)
    }

    /// Input and target of the row that was written at this place.
    pub fn row(&self, place: usize) -> Option<(&[f32], &[f32])> {
        let place = place as u64;
        let found = self.numbers(place, 1).filter(|_| place < self.layout.rows)?;
        found.split_at_checked(self.layout.width as usize)
    }

    /// How many there are, of all parts.
    pub fn rows(&self) -> usize {
        self.layout.rows as usize
    }

    /// Numbers in an input.
    pub fn width(&self) -> usize {
        self.layout.width as usize
    }

    /// Numbers in a target.
    pub fn target_len(&self) -> usize {
        self.layout.target_len as usize
    }

    /// Places of rows, part by part.
    pub fn index(&self) -> &[u32] {
        let Layout { index_from, index_count, .. } = self.layout;
        self.map.numbers(index_from as usize, index_count as usize).unwrap_or_default()
    }

    /// The words about it.
    pub fn about(&self) -> &[u8] {
        self.map.bytes().get(range(self.layout.about_from, self.layout.about_len)).unwrap_or_default()
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.layout.bytes
    }

    /// Keeps the file from being removed while it is used.
    fn hold(&self, file: Option<File>) {
        if let Some(file) = file {
            // It has one name, so it is held once.
            let _ = self.held.set(file);
        }
    }
}

fn range(from: u64, len: u64) -> Range<usize> {
    from as usize..from.saturating_add(len) as usize
}

/// Of some bytes, on all threads.
fn checksum(bytes: &[u8], go_on: &(dyn Fn() -> bool + Sync)) -> u64 {
    let of = |some: &[u8]| {
        let mut crc = Crc::new();
        if go_on() {
            crc.update(some);
        }
        crc
    };
    let parts: Vec<Crc> = bytes.par_chunks(CHECKED).map(of).collect();
    let whole = parts.iter().fold(Crc::new(), |mut whole, part| {
        whole.combine(part);
        whole
    });
    u64::from(whole.sum())
}

/// Writes such a file.
#[derive(Debug)]
pub struct Writer {
    file: NamedTempFile,
    crc: Crc,
    layout: Layout,
    buffer: Vec<u8>,
}

impl Writer {
    /// `width`, `target_len`: numbers in an input and in a target.
    pub fn begin(cache: &Cache, width: usize, target_len: usize) -> Result<Self> {
        let mut file = cache.begin()?;
        file.write_all(&[0; HEADER])?;
        let layout =
            Layout { bytes: HEADER as u64, width: width as u64, target_len: target_len as u64, ..Layout::default() };
        Ok(Self { file, crc: Crc::new(), layout, buffer: Vec::with_capacity(BLOCK) })
    }

    /// Rows that follow each other, each with its target behind its input.
    pub fn rows(&mut self, numbers: &[f32]) -> Result<()> {
        let each = (self.layout.width + self.layout.target_len).max(1);
        self.layout.rows += numbers.len() as u64 / each;
        self.write(bytemuck::cast_slice(numbers))
    }

    /// More places of rows that are in the parts, one part behind the other. Rows are at their end.
    pub fn index(&mut self, places: &[u32]) -> Result<()> {
        if self.layout.index_count == 0 {
            self.layout.index_from = self.layout.bytes;
        }
        self.layout.index_count += places.len() as u64;
        self.write(bytemuck::cast_slice(places))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.crc.update(bytes);
        self.layout.bytes += bytes.len() as u64;
        if self.buffer.len() + bytes.len() > BLOCK {
            self.file.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        if bytes.len() >= BLOCK {
            return self.file.write_all(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// What has been written, to be read already.
    pub fn so_far(&mut self) -> Result<RowsFile> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(RowsFile { map: Mapped::new(self.file.reopen()?)?, layout: self.layout, held: OnceLock::new() })
    }

    /// Ends the file with the words about it and gives it its name in the cache; `file`, from [`Self::so_far`], holds
    /// it from now on.
    pub fn finish(mut self, about: &[u8], cache: &Cache, name: &str, file: &RowsFile) -> Result<u64> {
        (self.layout.about_from, self.layout.about_len) = (self.layout.bytes, about.len() as u64);
        if self.layout.about_len > MOST_WORDS {
            return Err(Error::other("there is too much to say about its columns"));
        }
        self.write(about)?;
        self.layout.checksum = u64::from(self.crc.sum());
        self.file.write_all(&self.buffer)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&self.layout.written())?;
        file.hold(Some(cache.finish(self.file, name)?));
        Ok(self.layout.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cache: &Cache) -> RowsFile {
        let mut writer = Writer::begin(cache, 2, 1).unwrap();
        writer.rows(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        writer.rows(&[7.0, 8.0, 9.0]).unwrap();
        writer.index(&[2, 0]).unwrap();
        writer.index(&[1]).unwrap();
        let file = writer.so_far().unwrap();
        assert_eq!(file.row(1), Some((&[4.0, 5.0][..], &[6.0][..])), "readable before it has its name");
        let bytes = writer.finish(b"words", cache, "a", &file).unwrap();
        assert_eq!(bytes, HEADER as u64 + 36 + 12 + 5);
        file
    }

    fn open(cache: &Cache) -> Option<RowsFile> {
        RowsFile::open(cache.open("a")?, &|| true).unwrap()
    }

    #[test]
    fn rows_come_back_and_stay_while_they_are_used() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().into());
        let made = written(&cache);
        let found = open(&cache).unwrap();
        assert_eq!((found.index(), found.about(), found.bytes()), (&[2, 0, 1][..], &b"words"[..], made.bytes() + 5));
        assert_eq!(found.row(2), Some((&[7.0, 8.0][..], &[9.0][..])));
        assert_eq!((found.row(3), found.row(usize::MAX)), (None, None));
        let one = cache.list().remove(0);
        assert_eq!(RowsFile::about_only(&one.path).unwrap(), b"words");
        drop(found);
        assert!(!cache.remove(&one).unwrap(), "who made it uses it too");
        drop(made);
        assert!(cache.remove(&one).unwrap());
    }

    #[test]
    fn every_byte_counts_and_half_a_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().into());
        drop(written(&cache));
        let path = cache.list().remove(0).path;
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            assert!(open(&cache).is_none(), "byte {at}");
        }
        for len in 0..whole.len() {
            std::fs::write(&path, &whole[..len]).unwrap();
            assert!(open(&cache).is_none() && (len > HEADER || RowsFile::about_only(&path).is_none()), "{len} bytes");
        }
        std::fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
        assert!(open(&cache).is_none(), "something behind it");
        std::fs::write(&path, &whole).unwrap();
        assert!(open(&cache).is_some());
        let cancelled = RowsFile::open(cache.open("a").unwrap(), &|| false).unwrap();
        assert!(cancelled.is_none());
    }
}
