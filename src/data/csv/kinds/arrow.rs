//! Parquet and Arrow (Feather): columns of known types, printed cell by cell.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BinaryArray, Float32Array, Float64Array, RecordBatch};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_ipc::reader::{FileReader, StreamReader, read_footer_length};
use arrow_ipc::{Message, MessageHeader};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef, TimeUnit};
use flate2::read::MultiGzDecoder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::blocks::{To, is_number};
use super::{Extent, Rows, check_streamed, left_out, shortest};
use crate::data::DataError;
use crate::expr::quoted;

/// Rows taken out at once: little, because each may hold much; of nothing but numbers, and cells of those.
const BATCH: usize = 256;
const BATCH_OF_NUMBERS: usize = 8192;
const MOST_AT_ONCE: usize = 1 << 20;
/// What a page or a buffer may unpack to.
const MOST_UNPACKED: u64 = 1 << 30;
/// What a message of an Arrow file may say of itself.
const MOST_METADATA: u64 = 64 << 20;
/// Columns of another type than this library shows have no place in a table.
const NESTED: &str = "lists or records";

pub fn damaged(error: &dyn std::fmt::Display) -> DataError {
    DataError::new(format!("The file is damaged, or of a kind that can't be read ({error}). Save it again."))
}

/// The libraries read files of anybody; should one fail by a panic, that is the file's fault as well.
pub fn guarded<T>(read: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(damaged(&"its parts contradict each other")))
}

pub fn parquet(file: &Path, to: &mut To) -> Result<Vec<String>, DataError> {
    guarded(|| {
        let file = File::open(file).map_err(|error| damaged(&error))?;
        let mut ends = [0; 4];
        let read = (&file).read_exact(&mut ends);
        if read.is_ok() && ends == *b"PARE" {
            return Err(DataError::new("The Parquet file is encrypted. Save it without encryption."));
        }
        read_parquet(file, to)
    })
}

fn read_parquet(file: File, to: &mut To) -> Result<Vec<String>, DataError> {
    // What Arrow writes beside Parquet's own types says nothing that a table needs.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&file, options.clone()).map_err(|error| damaged(&error))?;
    let metadata = match wide_times(&metadata) {
        Some(schema) => ArrowReaderMetadata::try_new(metadata.metadata().clone(), options.with_schema(schema))
            .map_err(|error| damaged(&error))?,
        None => metadata,
    };
    let total = u64::try_from(metadata.metadata().file_metadata().num_rows()).map_err(|error| damaged(&error))?;
    check_streamed(total, metadata.schema().fields().len())?;
    check_packed(&file, metadata.metadata())?;
    let mut columns = Columns::new(metadata.schema())?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.kept.iter().copied());
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_batch_size(columns.batch);
    let batches = reader.with_projection(mask).build().map_err(|error| damaged(&error))?;
    columns.header(to)?;
    let mut read = 0;
    for batch in batches {
        let batch = batch.map_err(|error| damaged(&error))?;
        read += batch.num_rows() as u64;
        columns.hand(batch.columns(), batch.num_rows(), to)?;
    }
    if read != total {
        return Err(damaged(&format!("it has {read} rows instead of {total}")));
    }
    Ok(columns.notes())
}

/// By what the file says of itself.
pub fn extent_of_parquet(file: &Path) -> Option<Extent> {
    let read = || {
        let file = File::open(file).map_err(|error| damaged(&error))?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| damaged(&error))?;
        let rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).map_err(|error| damaged(&error))?;
        Ok(extent(rows, metadata.schema()))
    };
    guarded(read).ok()
}

/// The same of Arrow's own files.
pub fn extent_of_ipc(file: &Path) -> Option<Extent> {
    let read = || {
        let mut from = BufReader::new(File::open(file).map_err(|error| damaged(&error))?);
        let mut mark = [0; 6];
        from.read_exact(&mut mark).map_err(|error| damaged(&error))?;
        let is_file = mark == *b"ARROW1";
        let checked = if is_file { check_file(&mut from) } else { check_stream(&mut from) };
        let (_, rows) = checked.map_err(|error| damaged(&error))?;
        from.rewind().map_err(|error| damaged(&error))?;
        let schema = schema_of(&mut from, is_file)?;
        Ok(extent(rows, &schema))
    };
    guarded(read).ok()
}

fn extent(rows: u64, schema: &Schema) -> Extent {
    let mut kept = schema.fields().iter().filter(|field| !field.data_type().is_nested());
    Extent { rows, columns: schema.fields().len(), are_numbers: kept.all(|field| is_number(field.data_type())) }
}

fn schema_of<R: Read + Seek>(from: &mut R, is_file: bool) -> Result<SchemaRef, DataError> {
    let schema = if is_file {
        FileReader::try_new(from, None).map(|reader| reader.schema())
    } else {
        StreamReader::try_new(from, None).map(|reader| reader.schema())
    };
    schema.map_err(|error| damaged(&error))
}

/// Times of the old 96-bit type in microseconds: in nanoseconds they end in the year 2262.
fn wide_times(metadata: &ArrowReaderMetadata) -> Option<SchemaRef> {
    let parquet = metadata.parquet_schema();
    let is_wide = |leaf: &usize| parquet.column(*leaf).physical_type() == Type::INT96;
    let wide: Vec<usize> =
        (0..parquet.num_columns()).filter(is_wide).map(|leaf| parquet.get_column_root_idx(leaf)).collect();
    let micro = DataType::Timestamp(TimeUnit::Microsecond, None);
    let fields = metadata.schema().fields().iter().enumerate().map(|(i, field)| match field.data_type() {
        DataType::Timestamp(..) if wide.contains(&i) => field.as_ref().clone().with_data_type(micro.clone()),
        _ => field.as_ref().clone(),
    });
    (!wide.is_empty()).then(|| Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

/// Pages packed with gzip are unpacked without a limit, so what they hold is counted first.
pub fn check_packed(file: &File, metadata: &ParquetMetaData) -> Result<(), DataError> {
    let file = Arc::new(file.try_clone().map_err(|error| damaged(&error))?);
    for group in metadata.row_groups() {
        for chunk in group.columns().iter().filter(|chunk| matches!(chunk.compression(), Compression::GZIP(_))) {
            let as_is = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build();
            let as_is = as_is.map_err(|error| damaged(&error))?;
            let mut pages = SerializedPageReader::new(file.clone(), &as_is, group.num_rows() as usize, None)
                .map_err(|error| damaged(&error))?;
            while let Some(page) = pages.get_next_page().map_err(|error| damaged(&error))? {
                let levels = match &page {
                    Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                        *def_levels_byte_len as usize + *rep_levels_byte_len as usize
                    }
                    Page::DataPage { .. } | Page::DictionaryPage { .. } => 0,
                };
                let packed = page.buffer().get(levels..).unwrap_or_default();
                let mut unpacked = MultiGzDecoder::new(packed).take(MOST_UNPACKED + 1);
                // What is no gzip is found where it is read.
                let size = std::io::copy(&mut unpacked, &mut std::io::sink()).unwrap_or_default();
                if size > MOST_UNPACKED {
                    return Err(damaged(&"a part of it unpacks to more than a gigabyte"));
                }
            }
        }
    }
    Ok(())
}

/// Whether a file is a stream of Arrow messages: a mark, and a length that a first message has.
pub fn is_stream(start: &[u8]) -> bool {
    let word = |at: usize| start.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    let length = word(4).map_or(0, i32::from_le_bytes);
    word(0) == Some([0xff; 4]) && (16..1 << 24).contains(&length)
}

pub fn ipc(file: &Path, to: &mut To) -> Result<Vec<String>, DataError> {
    guarded(|| {
        let mut from = BufReader::new(File::open(file).map_err(|error| damaged(&error))?);
        let mut mark = [0; 6];
        from.read_exact(&mut mark).map_err(|error| damaged(&error))?;
        let is_file = mark == *b"ARROW1";
        let checked = if is_file { check_file(&mut from) } else { check_stream(&mut from) };
        let (columns, count) = checked.map_err(|error| damaged(&error))?;
        check_streamed(count, columns)?;
        from.rewind().map_err(|error| damaged(&error))?;
        let schema = schema_of(&mut from, is_file)?;
        let mut columns = Columns::new(&schema)?;
        from.rewind().map_err(|error| damaged(&error))?;
        let kept = Some(columns.kept.clone());
        if is_file {
            let batches = FileReader::try_new(from, kept).map_err(|error| damaged(&error))?;
            write_all(batches, &mut columns, to)?;
        } else {
            let batches = StreamReader::try_new(from, kept).map_err(|error| damaged(&error))?;
            write_all(batches, &mut columns, to)?;
        }
        Ok(columns.notes())
    })
}

fn write_all(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    columns: &mut Columns,
    to: &mut To,
) -> Result<(), DataError> {
    columns.header(to)?;
    for batch in batches {
        let batch = batch.map_err(|error| damaged(&error))?;
        for from in (0..batch.num_rows()).step_by(columns.batch) {
            let part = batch.slice(from, columns.batch.min(batch.num_rows() - from));
            columns.hand(part.columns(), part.num_rows(), to)?;
        }
    }
    Ok(())
}

fn wrong(what: &str) -> ArrowError {
    ArrowError::ParseError(what.to_owned())
}

/// Whether the messages of a stream lie within it and unpack to what fits; its columns and rows.
pub fn check_stream<R: Read + Seek>(from: &mut R) -> Result<(usize, u64), ArrowError> {
    let end = from.seek(SeekFrom::End(0))?;
    let (mut at, mut columns, mut rows) = (0, 0, 0u64);
    while end - at >= 8 {
        let mut words = [0; 8];
        from.seek(SeekFrom::Start(at))?;
        from.read_exact(&mut words)?;
        let prefix = prefix(&words);
        let length = words[prefix - 4..prefix].try_into().map_or(0, i32::from_le_bytes);
        if length == 0 {
            break;
        }
        let length = u64::try_from(length).map_err(|_| wrong("its lengths are wrong"))?;
        let metadata = read_at(from, at + prefix as u64, length, end)?;
        at += prefix as u64 + length;
        let message = arrow_ipc::root_as_message(&metadata).map_err(|error| wrong(&error.to_string()))?;
        let body = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
        if let Some(schema) = message.header_as_schema() {
            columns = schema.fields().map_or(0, |fields| fields.len());
        }
        rows = rows.saturating_add(check_body(from, &message, at, body, end)?);
        at += body;
    }
    Ok((columns, rows))
}

/// The same for a file, which has a table of contents at its end.
pub fn check_file<R: Read + Seek>(from: &mut R) -> Result<(usize, u64), ArrowError> {
    let end = from.seek(SeekFrom::End(0))?;
    let tail = read_at(from, end.saturating_sub(10), 10, end)?;
    let length = read_footer_length(tail.try_into().map_err(|_| wrong("cut short"))?)? as u64;
    let footer = read_at(from, end.saturating_sub(10).saturating_sub(length), length, end)?;
    let footer = arrow_ipc::root_as_footer(&footer).map_err(|error| wrong(&error.to_string()))?;
    let columns = footer.schema().and_then(|schema| schema.fields()).map_or(0, |fields| fields.len());
    let mut rows = 0u64;
    for block in footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten()) {
        let number = |value: i64| u64::try_from(value).map_err(|_| wrong("its lengths are wrong"));
        let (at, length) = (number(block.offset())?, number(i64::from(block.metaDataLength()))?);
        let metadata = read_at(from, at, length, end)?;
        let message = metadata.get(prefix(&metadata)..).unwrap_or_default();
        let message = arrow_ipc::root_as_message(message).map_err(|error| wrong(&error.to_string()))?;
        rows = rows.saturating_add(check_body(from, &message, at + length, number(block.bodyLength())?, end)?);
    }
    Ok((columns, rows))
}

/// Bytes in front of a message: a mark, since it is written, and its length.
fn prefix(bytes: &[u8]) -> usize {
    if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 }
}

fn read_at<R: Read + Seek>(from: &mut R, at: u64, length: u64, end: u64) -> Result<Vec<u8>, ArrowError> {
    if length > MOST_METADATA || at.saturating_add(length) > end {
        return Err(wrong("cut short"));
    }
    let mut bytes = vec![0; length as usize];
    from.seek(SeekFrom::Start(at))?;
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Whether what belongs to a message lies within the file and unpacks to what fits; its rows.
fn check_body<R: Read + Seek>(
    from: &mut R,
    message: &Message,
    at: u64,
    length: u64,
    end: u64,
) -> Result<u64, ArrowError> {
    if at.saturating_add(length) > end {
        return Err(wrong("cut short"));
    }
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
        _ => None,
    };
    let Some(batch) = batch else { return Ok(0) };
    let buffers = batch.buffers().filter(|_| batch.compression().is_some());
    let mut unpacked = 0u64;
    for buffer in buffers.into_iter().flatten().filter(|buffer| buffer.length() >= 8) {
        let place = u64::try_from(buffer.offset()).unwrap_or(u64::MAX);
        let size = read_at(from, at.saturating_add(place), 8, end)?;
        let size = size.try_into().map_or(0, i64::from_le_bytes);
        unpacked = unpacked.saturating_add(u64::try_from(size).unwrap_or(0));
    }
    if unpacked > MOST_UNPACKED {
        return Err(wrong("a part of it unpacks to more than a gigabyte"));
    }
    let is_rows = message.header_type() == MessageHeader::RecordBatch;
    Ok(if is_rows { u64::try_from(batch.length()).unwrap_or(u64::MAX) } else { 0 })
}

/// The columns of a file that a table can have.
struct Columns {
    names: Vec<String>,
    kept: Vec<usize>,
    nested: Vec<String>,
    /// Cells without a text, by column.
    lost: Vec<u64>,
    text: String,
    /// Rows to take at once.
    batch: usize,
}

impl Columns {
    fn new(schema: &Schema) -> Result<Self, DataError> {
        let fields = schema.fields();
        let is_nested = |i: &usize| fields[*i].data_type().is_nested();
        let (nested, kept): (Vec<usize>, Vec<usize>) = (0..fields.len()).partition(is_nested);
        let name = |i: &usize| fields[*i].name().clone();
        let nested: Vec<String> = nested.iter().map(name).collect();
        if fields.is_empty() {
            return Err(DataError::new("The file has no columns. Choose another one."));
        }
        left_out(&nested, fields.len(), NESTED)?;
        let are_numbers = kept.iter().all(|&i| fields[i].data_type().is_primitive());
        Ok(Self {
            batch: if are_numbers { BATCH_OF_NUMBERS.min(MOST_AT_ONCE / kept.len()).max(BATCH) } else { BATCH },
            names: kept.iter().map(name).collect(),
            lost: vec![0; kept.len()],
            kept,
            nested,
            text: String::new(),
        })
    }

    fn header(&self, to: &mut To) -> Result<(), DataError> {
        match to {
            To::Text(rows) => rows.header(self.names.iter().map(String::as_str)),
            To::Blocks(_) => Ok(()),
        }
    }

    fn hand(&mut self, columns: &[ArrayRef], count: usize, to: &mut To) -> Result<(), DataError> {
        match to {
            To::Text(rows) => self.write(columns, count, rows),
            To::Blocks(blocks) => blocks.send(columns, count),
        }
    }

    fn write(&mut self, columns: &[ArrayRef], count: usize, rows: &mut Rows) -> Result<(), DataError> {
        let plain: Vec<ArrayRef> =
            columns.iter().map(simplified).collect::<Result<_, _>>().map_err(|error| damaged(&error))?;
        let options = FormatOptions::new().with_display_error(false);
        let cells: Vec<Cells> =
            plain.iter().map(|array| Cells::of(array, &options)).collect::<Result<_, _>>().map_err(|e| damaged(&e))?;
        let mut digits = zmij::Buffer::new();
        for row in 0..count {
            for (cells, lost) in cells.iter().zip(&mut self.lost) {
                if let Some(number) = cells.number(row, &mut digits) {
                    rows.plain(number)?;
                    continue;
                }
                self.text.clear();
                *lost += u64::from(!cells.print(row, &mut self.text));
                rows.cell(&self.text)?;
            }
            rows.end_row()?;
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = left_out(&self.nested, self.nested.len() + self.kept.len(), NESTED).unwrap_or_default();
        let lost: Vec<String> =
            self.names.iter().zip(&self.lost).filter(|(_, lost)| **lost > 0).map(|(name, _)| name.clone()).collect();
        if !lost.is_empty() {
            let cells: u64 = self.lost.iter().sum();
            let cells = super::thousands(cells);
            notes.push(format!("Values that are no text or date count as missing ({cells} in {}).", quoted(&lost)));
        }
        notes
    }
}

/// An array of a type that can be printed: several types become one.
pub fn simplified(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Float16 => cast(array, &DataType::Float32),
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => cast(array, &DataType::Binary),
        // Spans as a number of their own unit.
        DataType::Duration(_) => cast(array, &DataType::Int64),
        // The names of zones are not known here; the moment is the same.
        DataType::Timestamp(unit, Some(_)) => cast(array, &DataType::Timestamp(*unit, Some("+00:00".into()))),
        _ => Ok(array.clone()),
    }
}

enum Cells<'a> {
    Double(&'a Float64Array),
    Single(&'a Float32Array),
    Bytes(&'a BinaryArray),
    Any(&'a ArrayRef, ArrayFormatter<'a>),
}

impl<'a> Cells<'a> {
    fn of(array: &'a ArrayRef, options: &FormatOptions<'a>) -> Result<Self, ArrowError> {
        Ok(match array.data_type() {
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>()),
            DataType::Float32 => Self::Single(array.as_primitive::<Float32Type>()),
            DataType::Binary => Self::Bytes(array.as_binary::<i32>()),
            _ => Self::Any(array, ArrayFormatter::try_new(array.as_ref(), options)?),
        })
    }

    /// A number with a fraction.
    fn number<'b>(&self, row: usize, into: &'b mut zmij::Buffer) -> Option<&'b str> {
        match self {
            Self::Double(array) if array.is_valid(row) => Some(shortest(array.value(row), into)),
            Self::Single(array) if array.is_valid(row) => Some(shortest(array.value(row), into)),
            _ => None,
        }
    }

    /// Whether there is a text, or nothing to be printed.
    fn print(&self, row: usize, into: &mut String) -> bool {
        match self {
            Self::Bytes(array) if array.is_valid(row) => match std::str::from_utf8(array.value(row)) {
                Ok(text) => into.push_str(text),
                Err(_) => return false,
            },
            Self::Any(array, values) if array.is_valid(row) => {
                let has_text = write!(into, "{}", values.value(row)).is_ok();
                if !has_text {
                    into.clear();
                }
                return has_text;
            }
            _ => {}
        }
        true
    }
}
