//! The text of a table, whatever it is stored as: UTF-8 is read where it lies; anything else (an archive, an older
//! encoding, a file that is no text) is made UTF-8 once, in a temporary file.

use std::fs::File;
use std::io::{Error, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use tempfile::NamedTempFile;

use super::archive::Archive;
use super::ascii::is_ascii;
use super::block::Block;
use super::charset::Charset;
use super::copy::{Out, channel, copy, pipe, written};
use super::guess::Guess;
use super::kinds::{Extent, Kind, Written};
use super::mistaken::other_than_text;
use super::table::unreadable;
use crate::data::DataError;
use crate::data::progress::{NoProgress, Progress, stop_if_cancelled};
use crate::expr::{agreeing, counted};
use crate::model::Reading;

const BOM: &[u8] = b"\xEF\xBB\xBF";
/// Read at once.
const BLOCK: usize = 1 << 16;
/// The beginning that is judged.
const SAMPLE: usize = 1 << 16;
/// Of a text that is made as it is read.
const BYTES_OF_CELL: u64 = 12;
/// From this much of the text the encoding is guessed.
const GUESSED_FROM: u64 = 16 << 20;

/// Where an encoding is asked for.
const NO_TEXT: &str = "The file isn't text, so it was read without the encoding that you chose (--encoding).";

/// So many archives inside of each other are unpacked.
const DEEPEST: usize = 2;

/// What is known of the rows of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Layout {
    /// Nothing: it is a person's.
    #[default]
    Unknown,
    /// It was written here, cell by cell.
    Cells,
    /// As well, and the first row has the names.
    Named,
    /// Besides, numbers were written from numbers.
    Known,
}

/// UTF-8 text in a file.
#[derive(Default)]
pub(super) struct Source {
    /// Where the text is read.
    pub text: PathBuf,
    /// Bytes in front of it.
    pub skipped: u64,
    /// Bytes of the file with the text.
    pub size: u64,
    /// What is known of its rows.
    pub layout: Layout,
    /// Of a workbook, and which of them it is.
    pub sheets: Vec<String>,
    pub sheet: Option<String>,
    /// Of a file that is text: what it was read as.
    pub encoding: Option<&'static str>,
    /// Whether spaces stood where its tabs are.
    pub is_spaced: bool,
    /// What was done, in sentences.
    pub notes: Vec<String>,
    /// Where it had to be made: goes with this.
    _copy: Option<NamedTempFile>,
    /// Where it is made as it is read.
    piped: Option<Piped>,
}

/// A large file that is no text.
struct Piped {
    kind: Kind,
    rows: u64,
    /// All its columns are such.
    are_numbers: bool,
    /// What was said when it was last read to its end.
    notes: Arc<Mutex<Vec<String>>>,
}

impl Source {
    /// Of a workbook without a sheet that is asked for, the first that has a table. Errors: it cannot be read, or is no
    /// table.
    pub fn open(path: &Path, reading: &Reading, progress: &dyn Progress) -> Result<Self, DataError> {
        let sheet = reading.sheet.as_deref();
        let asked =
            reading.encoding.as_deref().map(|name| Charset::called(name).map_err(DataError::new)).transpose()?;
        let mut unpacked: Option<NamedTempFile> = None;
        for _ in 0..DEEPEST {
            let file = unpacked.as_ref().map_or(path, NamedTempFile::path);
            let start = beginning(file)?;
            let Some(archive) = Archive::of(&start, file, path)? else { break };
            let inside = copy(path, |out| archive.unpack(file, path, out, progress))?;
            unpacked = Some(inside);
        }
        let file = unpacked.as_ref().map_or(path, NamedTempFile::path);
        if let Some(kind) = Kind::of(&beginning(file)?, file) {
            let mut made = Self::made(kind, file, path, sheet, progress)?;
            made.notes.extend(asked.map(|_| NO_TEXT.to_owned()));
            return Ok(if made.piped.is_some() { Self { _copy: unpacked, ..made } } else { made });
        }
        let mut text = Self::of_text(file, path, asked, progress)?;
        let at = usize::try_from(text.skipped).unwrap_or_default();
        if let Some(kind) = Kind::of_text(beginning(&text.text)?.get(at..).unwrap_or_default()) {
            let mut made = Self::made(kind, &text.text, path, sheet, progress)?;
            made.notes.splice(0..0, text.notes);
            return Ok(made);
        }
        if text._copy.is_none() {
            text._copy = unpacked;
        }
        Ok(text)
    }

    /// `file` is no text; `path` is what a person knows.
    fn made(
        kind: Kind,
        file: &Path,
        path: &Path,
        sheet: Option<&str>,
        progress: &dyn Progress,
    ) -> Result<Self, DataError> {
        if let Some(Extent { rows, columns, are_numbers }) = kind.large(file) {
            // About as many bytes, which only the progress depends on.
            let size = rows.saturating_mul(columns as u64 * BYTES_OF_CELL);
            let piped = Some(Piped { kind, rows, are_numbers, notes: Arc::default() });
            return Ok(Self { text: file.to_path_buf(), size, layout: kind.layout(), piped, ..Self::default() });
        }
        let mut known = Written::default();
        let made = copy(path, |out| {
            known = kind.write(file, sheet, out, progress)?;
            Ok(())
        })?;
        let Written { notes, sheets, sheet } = known;
        Ok(Self { layout: kind.layout(), notes, sheets, sheet, ..Self::of_copy(made, path)? })
    }

    /// Of several files, the first of which was read in this encoding; `path` is what a person knows.
    pub fn joined(
        made: NamedTempFile,
        (layout, encoding): (Layout, Option<&'static str>),
        notes: Vec<String>,
        path: &Path,
    ) -> Result<Self, DataError> {
        Ok(Self { layout, encoding, notes, ..Self::of_copy(made, path)? })
    }

    /// The text of another, with tabs where it has spaces.
    pub fn spaced(made: NamedTempFile, other: &Self, path: &Path) -> Result<Self, DataError> {
        let (encoding, notes) = (other.encoding, other.notes.clone());
        Ok(Self { encoding, notes, is_spaced: true, ..Self::of_copy(made, path)? })
    }

    fn of_copy(made: NamedTempFile, path: &Path) -> Result<Self, DataError> {
        let size = made.path().metadata().map_err(|error| unreadable(&error, path))?.len();
        Ok(Self { text: made.path().to_path_buf(), size, _copy: Some(made), ..Self::default() })
    }

    /// `file` has the text; `path` is what a person knows.
    fn of_text(file: &Path, path: &Path, asked: Option<Charset>, progress: &dyn Progress) -> Result<Self, DataError> {
        let start = beginning(file)?;
        if let Some(what) = other_than_text(&start) {
            return Err(DataError::new(format!("{what}: {}", path.display())));
        }
        let found = match asked {
            Some(asked) if asked == Charset::Web(UTF_8) && is_utf8(file, path, progress)? => None,
            // Its mark says which of the two it is.
            Some(asked) if is_utf16(asked) && Encoding::for_bom(&start).is_some() => {
                encoding(&start, file, path, progress)?
            }
            Some(asked) if is_utf16(asked) && !start.is_empty() && !start.contains(&0) => {
                // Line ends and digits have a byte of zero there.
                return Err(DataError::new(format!(
                    "The file isn't {}: choose another encoding, or none. File: {}",
                    asked.name(),
                    path.display()
                )));
            }
            Some(asked) => Some(asked),
            None => encoding(&start, file, path, progress)?,
        };
        let Some(encoding) = found else {
            let skipped = if start.starts_with(BOM) { BOM.len() as u64 } else { 0 };
            let size = file.metadata().map_err(|error| unreadable(&error, path))?.len();
            let encoding = Some(UTF_8.name());
            return Ok(Self { text: file.to_path_buf(), skipped, size, encoding, ..Self::default() });
        };
        let mut faults = Faults::default();
        let made = copy(path, |out| {
            let file = File::open(file).map_err(|error| unreadable(&error, path))?;
            faults = transcode(encoding, file, path, out, progress)?;
            Ok(())
        })?;
        let mut notes = Vec::new();
        if asked.is_some() {
            notes.push(format!("The file was read as {}, as you said.", encoding.name()));
        } else if encoding != Charset::Web(UTF_8) {
            let name = encoding.name();
            notes.push(format!(
                "The file isn't UTF-8. It was read as {name}. If letters are wrong, add --encoding NAME."
            ));
        }
        if faults.unreadable > 0 {
            let (count, are) = (faults.unreadable as usize, agreeing(faults.unreadable as usize, "is", "are"));
            let characters = counted(count, "character");
            notes.push(format!("{characters} of it couldn't be read and {are} shown as \u{fffd}."));
        }
        if faults.nuls > 0 {
            let are = agreeing(faults.nuls as usize, "isn't", "aren't");
            notes.push(format!("Removed {}, which {are} text.", counted(faults.nuls as usize, "NUL character")));
        }
        Ok(Self { notes, encoding: Some(encoding.name()), ..Self::of_copy(made, path)? })
    }

    /// The text from its first byte.
    pub fn reader(&self, path: &Path) -> Result<Box<dyn Read + Send>, DataError> {
        if let Some(Piped { kind, notes, .. }) = &self.piped {
            let (kind, notes, file) = (*kind, notes.clone(), self.text.clone());
            let fill = move |out: &mut Out| {
                let written = kind.write(&file, None, out, &NoProgress)?;
                set(&notes, written.notes);
                Ok(())
            };
            return Ok(Box::new(pipe(fill).map_err(|error| unreadable(&error, path))?));
        }
        let mut file = File::open(&self.text).map_err(|error| unreadable(&error, path))?;
        file.seek(SeekFrom::Start(self.skipped)).map_err(|error| unreadable(&error, path))?;
        Ok(Box::new(file))
    }

    /// Its rows, of a file whose columns are of nothing but numbers and that is read as it lies.
    pub fn blocks(&self) -> Option<Result<Receiver<Result<Block, Error>>, Error>> {
        let Piped { kind, notes, .. } = self.piped.as_ref().filter(|piped| piped.are_numbers)?;
        let (kind, notes, file) = (*kind, notes.clone(), self.text.clone());
        Some(channel(move |sender| {
            set(&notes, kind.send(&file, sender)?);
            Ok(())
        }))
    }

    /// Whether the text is that of a person's file.
    pub fn is_itself(&self, path: &Path) -> bool {
        self.text == path && self.piped.is_none()
    }

    /// What was done, in sentences, once all was read.
    pub fn notes(&self) -> Vec<String> {
        let piped =
            self.piped.as_ref().map(|piped| piped.notes.lock().unwrap_or_else(|error| error.into_inner()).clone());
        self.notes.iter().cloned().chain(piped.unwrap_or_default()).collect()
    }

    /// Its rows, where it says how many there are.
    pub fn rows(&self) -> Option<u64> {
        self.piped.as_ref().map(|piped| piped.rows)
    }

    pub fn ends_with_newline(&self) -> bool {
        let last = || {
            let mut file = File::open(&self.text).ok()?;
            let mut byte = [0];
            file.seek(SeekFrom::End(-1)).ok()?;
            file.read_exact(&mut byte).ok()?;
            Some(byte[0])
        };
        self.piped.is_some() || last() == Some(b'\n')
    }
}

fn set(notes: &Mutex<Vec<String>>, found: Vec<String>) {
    *notes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = found;
}

fn beginning(path: &Path) -> Result<Vec<u8>, DataError> {
    let file = File::open(path).map_err(|error| unreadable(&error, path))?;
    let mut start = Vec::new();
    file.take(SAMPLE as u64).read_to_end(&mut start).map_err(|error| unreadable(&error, path))?;
    Ok(start)
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == b'\n').next().unwrap_or_default()
}

/// Without a fault, and without what is no text.
fn is_utf8(file: &Path, path: &Path, progress: &dyn Progress) -> Result<bool, DataError> {
    let mut check = Check::default();
    pass(File::open(file).map_err(|error| unreadable(&error, path))?, path, progress, |bytes| {
        check.take(bytes);
        Ok(())
    })?;
    Ok(check.end().is_none() && check.nuls == 0)
}

fn is_utf16(charset: Charset) -> bool {
    [UTF_16LE, UTF_16BE].map(Charset::Web).contains(&charset)
}

/// What the text has to be made UTF-8 from; `None` where it is UTF-8 already.
fn encoding(start: &[u8], file: &Path, path: &Path, progress: &dyn Progress) -> Result<Option<Charset>, DataError> {
    let marked = Encoding::for_bom(start).map(|(encoding, _)| encoding);
    if let Some(encoding) = marked.filter(|encoding| *encoding != UTF_8).or_else(|| without_mark(start)) {
        return Ok(Some(Charset::Web(encoding)));
    }
    if first_line(start).contains(&0) {
        return Err(DataError::new(format!("This isn't a text file. Choose a CSV file: {}", path.display())));
    }
    if is_ascii(file, if start.starts_with(BOM) { BOM } else { b"" }, progress) {
        return Ok(None);
    }
    let mut check = Check::default();
    let open = || File::open(file).map_err(|error| unreadable(&error, path));
    pass(open()?, path, progress, |bytes| {
        check.take(bytes);
        Ok(())
    })?;
    let Some(first) = check.end() else { return Ok((check.nuls > 0).then_some(Charset::Web(UTF_8))) };
    // Damaged UTF-8 is better mended than read as something else.
    if marked.is_some() || check.valid_beyond_ascii > check.invalid {
        return Err(DataError::new(format!(
            "The file isn't UTF-8 at byte {} (line {}). Save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\") and load it \
             again: {}",
            first,
            line_of(first, open()?, path, progress)?,
            path.display()
        )));
    }
    let mut guess = Guess::default();
    let mut from = open()?;
    let around = first.saturating_sub(GUESSED_FROM / 2);
    from.seek(SeekFrom::Start(around)).map_err(|error| unreadable(&error, path))?;
    pass(from.take(GUESSED_FROM), path, progress, |bytes| {
        guess.take(bytes);
        Ok(())
    })?;
    Ok(Some(guess.end()))
}

/// The line of a byte.
fn line_of(byte: u64, file: File, path: &Path, progress: &dyn Progress) -> Result<usize, DataError> {
    let mut line = 1;
    pass(file.take(byte), path, progress, |bytes| {
        line += bytes.iter().filter(|&&byte| byte == b'\n').count();
        Ok(())
    })?;
    Ok(line)
}

/// UTF-16 without a byte-order mark: of most pairs of bytes the same one is zero.
fn without_mark(start: &[u8]) -> Option<&'static Encoding> {
    let pairs = start.chunks_exact(2);
    let all = pairs.len();
    let zeros = |at: usize| pairs.clone().filter(|pair| pair[at] == 0 && pair[1 - at] != 0).count();
    if all >= 4 && zeros(1) * 10 > all * 7 {
        Some(UTF_16LE)
    } else if all >= 4 && zeros(0) * 10 > all * 7 {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Looks at a text block by block for what is not UTF-8.
#[derive(Default)]
struct Check {
    /// The end of a block that may be the beginning of a character.
    rest: Vec<u8>,
    offset: u64,
    invalid: u64,
    nuls: u64,
    valid_beyond_ascii: u64,
    first: Option<u64>,
}

impl Check {
    fn take(&mut self, bytes: &[u8]) {
        if self.rest.is_empty() && bytes.is_ascii() && !bytes.contains(&0) {
            self.offset += bytes.len() as u64;
            return;
        }
        let all = [std::mem::take(&mut self.rest).as_slice(), bytes].concat();
        let mut at = 0;
        while at < all.len() {
            let error = std::str::from_utf8(&all[at..]).err();
            let valid = error.map_or(all.len() - at, |error| error.valid_up_to());
            let text = &all[at..at + valid];
            // Of every character beyond ASCII one byte begins with two ones.
            self.valid_beyond_ascii += text.iter().filter(|&&byte| byte >= 0xC0).count() as u64;
            self.nuls += text.iter().filter(|&&byte| byte == 0).count() as u64;
            at += valid;
            let Some(error) = error else { break };
            let Some(length) = error.error_len() else {
                self.rest = all[at..].to_vec();
                break;
            };
            self.invalid += 1;
            self.first = self.first.or(Some(self.offset + at as u64));
            at += length;
        }
        self.offset += (all.len() - self.rest.len()) as u64;
    }

    /// The byte of the first fault, once all has been taken: a character that is cut short is one.
    fn end(&mut self) -> Option<u64> {
        if !self.rest.is_empty() {
            self.invalid += 1;
            self.first = self.first.or(Some(self.offset));
        }
        self.first
    }
}

/// What was wrong with a text, in characters.
#[derive(Default)]
struct Faults {
    unreadable: u64,
    nuls: u64,
}

/// Writes a text as UTF-8, without what is no text.
fn transcode(
    encoding: Charset,
    file: File,
    path: &Path,
    out: &mut Out,
    progress: &dyn Progress,
) -> Result<Faults, DataError> {
    let mut decoder = encoding.decoder();
    let mut text = String::with_capacity(4 * BLOCK);
    let mut faults = Faults::default();
    let mut decode = |mut bytes: &[u8], last: bool, out: &mut Out| loop {
        text.clear();
        let (has_lost, read, is_done) = decoder.decode(bytes, &mut text, last);
        if has_lost {
            faults.unreadable += text.matches('\u{fffd}').count() as u64;
        }
        let nuls = text.matches('\0').count();
        if nuls > 0 {
            faults.nuls += nuls as u64;
            text.retain(|c| c != '\0');
        }
        written(out, text.as_bytes())?;
        bytes = &bytes[read..];
        if is_done {
            return Ok::<(), DataError>(());
        }
    };
    pass(file, path, progress, |bytes| decode(bytes, false, out))?;
    decode(&[], true, out)?;
    Ok(faults)
}

/// Hands a stream on block by block.
fn pass(
    mut from: impl Read,
    path: &Path,
    progress: &dyn Progress,
    mut take: impl FnMut(&[u8]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut block = vec![0; BLOCK];
    loop {
        stop_if_cancelled(progress)?;
        match from.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(read) => take(&block[..read])?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(&error, path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::data::NoProgress;

    fn text(bytes: &[u8]) -> Result<(String, Vec<String>), String> {
        read_as(bytes, None)
    }

    fn read_as(bytes: &[u8], encoding: Option<&str>) -> Result<(String, Vec<String>), String> {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let reading = Reading { encoding: encoding.map(str::to_owned), ..Reading::default() };
        let source = Source::open(file.path(), &reading, &NoProgress).map_err(|error| error.message)?;
        let mut text = String::new();
        source.reader(file.path()).unwrap().read_to_string(&mut text).unwrap();
        Ok((text, source.notes))
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn what_is_said_of_the_encoding_counts() {
        let polish = "miasto,ile\nŁódź,1\nKraków,2\n".repeat(20);
        let bytes = encoding_rs::WINDOWS_1250.encode(&polish).0.into_owned();
        for name in ["windows-1250", "CP1250"] {
            let said = "The file was read as windows-1250, as you said.".to_owned();
            assert_eq!(read_as(&bytes, Some(name)).unwrap(), (polish.clone(), vec![said]), "{name}");
        }
        // UTF-8 is left as it is; what isn't shows where it is wrong.
        assert_eq!(read_as(polish.as_bytes(), Some("utf8")).unwrap(), (polish.clone(), Vec::new()));
        let (found, notes) = read_as(&bytes, Some("UTF-8")).unwrap();
        assert!(found.contains('\u{fffd}') && notes[1].contains("characters of it couldn't be read"), "{notes:?}");
        let (found, _) = read_as(polish.as_bytes(), Some("windows-1252")).unwrap();
        assert!(found.contains("KrakÃ³w"), "{found}");
        // A mark tells which UTF-16 it is.
        let marked = [b"\xfe\xff".to_vec(), utf16(&polish, true)].concat();
        assert_eq!(read_as(&marked, Some("utf-16")).unwrap().0, polish);
        for name in ["UTF-16LE", "UTF-16BE", "utf-16"] {
            let refused = read_as(&bytes, Some(name)).unwrap_err();
            assert!(refused.starts_with("The file isn't UTF-16") && refused.len() < 200, "{refused}");
        }
        let refused = read_as(&bytes, Some("klingon")).unwrap_err();
        assert!(refused.starts_with("No text encoding is called \"klingon\". Known encodings: UTF-8, "), "{refused}");
        assert!(
            crate::data::ENCODINGS.iter().all(|name| Charset::called(name).is_ok_and(|known| known.name() == *name))
        );
    }

    #[test]
    fn every_encoding_comes_out_as_utf_8() {
        let german = "Zustand,Größe\nspät,1\nfrüh,2\nüber,3\n".repeat(20);
        let japanese = "名前,年齢\n東京,1\nこんにちは,2\n".repeat(20);
        assert_eq!(text(german.as_bytes()).unwrap(), (german.clone(), Vec::new()));
        assert_eq!(text(&[BOM, german.as_bytes()].concat()).unwrap(), (german.clone(), Vec::new()));
        let cases = [
            ("UTF-16LE", [b"\xff\xfe".to_vec(), utf16(&german, false)].concat(), &german),
            ("UTF-16BE", [b"\xfe\xff".to_vec(), utf16(&german, true)].concat(), &german),
            ("UTF-16LE", utf16(&german, false), &german),
            ("UTF-16BE", utf16(&german, true), &german),
            ("windows-1252", encoding_rs::WINDOWS_1252.encode(&german).0.into_owned(), &german),
            ("Shift_JIS", encoding_rs::SHIFT_JIS.encode(&japanese).0.into_owned(), &japanese),
        ];
        for (name, bytes, wanted) in cases {
            let (found, notes) = text(&bytes).unwrap();
            assert_eq!(&found, wanted, "{name}");
            assert_eq!(
                notes,
                [format!("The file isn't UTF-8. It was read as {name}. If letters are wrong, add --encoding NAME.")]
            );
        }
    }

    #[test]
    fn archives_are_unpacked_whatever_is_in_them() {
        let pack = |bytes: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        };
        assert_eq!(text(&pack(b"a,b\n1,2\n")).unwrap(), ("a,b\n1,2\n".into(), Vec::new()));
        let (found, notes) = text(&pack(&utf16("a,b\n1,2\n", false))).unwrap();
        assert_eq!((found.as_str(), notes.len()), ("a,b\n1,2\n", 1));
        let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
        assert_eq!(text(&zstd(b"a,b\n1,2\n")).unwrap().0, "a,b\n1,2\n");
        assert_eq!(text(&zstd(&pack(b"a,b\n1,2\n"))).unwrap().0, "a,b\n1,2\n");
        assert!(text(&zstd(&zstd(&pack(b"a,b\n1,2\n")))).unwrap_err().contains("several times"));
        let long = zstd(&b"a,b\n1,2\n".repeat(1000));
        assert!(text(&long[..long.len() / 2]).unwrap_err().contains("cut short"));
        let whole = pack(&b"a,b\n1,2\n".repeat(1000));
        assert!(text(&whole[..whole.len() / 2]).is_err(), "cut short");
    }

    #[test]
    fn damaged_utf_8_is_said_and_not_guessed_at() {
        let mut bytes = "名前,年齢\n東京,1\n".repeat(9).into_bytes();
        let at = bytes.len() - 3;
        bytes[at] = 0xff;
        let said = text(&bytes).unwrap_err();
        assert!(said.contains(&format!("isn't UTF-8 at byte {at} (line 18)")), "{said}");
    }

    #[test]
    fn what_is_no_table_is_named() {
        for (bytes, word) in [
            (b"\x89PNG\r\n\x1a\n".as_slice(), "picture"),
            (b"PK\x03\x04rest", "damaged"),
            (b"\xd0\xcf\x11\xe0rest", "Excel 97"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git-lfs"),
            (b"<!DOCTYPE html>\n<title>", "web page"),
            (b"SQLite format 3\0", "SQLite"),
            (b"<?xml version=\"1.0\"?><data/>", "XML"),
            (b"\x80\x04\x95\x00", "pickle"),
            (b"a\0b\0\0c,d\n1,2\n", "isn't a text file"),
        ] {
            let said = text(bytes).unwrap_err();
            assert!(said.contains(word), "{said}");
        }
        assert!(text(b"[unit],x\n1,2\n").is_ok());
    }
}
