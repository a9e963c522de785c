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
use arrow_ipc::MessageHeader;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef, TimeUnit};
use flate2::read::MultiGzDecoder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::{Rows, check_size, left_out, listed, number};
use crate::data::DataError;

/// Rows taken out at once: little, because each may hold much.
const BATCH: usize = 256;
/// What a page or a buffer may unpack to.
const MOST_UNPACKED: u64 = 1 << 30;
/// What a message of an Arrow file may say of itself.
const MOST_METADATA: u64 = 64 << 20;
/// Columns of another type than this library shows have no place in a table.
const NESTED: &str = "lists or records";

fn damaged(error: &dyn std::fmt::Display) -> DataError {
    DataError::new(format!("The file is damaged, or of a kind that can't be read ({error}). Save it again."))
}

/// The libraries read files of anybody; should one fail by a panic, that is the file's fault as well.
fn guarded<T>(read: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(damaged(&"its parts contradict each other")))
}

pub fn parquet(file: &Path, rows: &mut Rows) -> Result<Vec<String>, DataError> {
    guarded(|| {
        let file = File::open(file).map_err(|error| damaged(&error))?;
        let mut ends = [0; 4];
        let read = (&file).read_exact(&mut ends);
        if read.is_ok() && ends == *b"PARE" {
            return Err(DataError::new("The Parquet file is encrypted. Save it without encryption."));
        }
        read_parquet(file, rows)
    })
}

fn read_parquet(file: File, rows: &mut Rows) -> Result<Vec<String>, DataError> {
    // What Arrow writes beside Parquet's own types says nothing that a table needs.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&file, options.clone()).map_err(|error| damaged(&error))?;
    let metadata = match wide_times(&metadata) {
        Some(schema) => ArrowReaderMetadata::try_new(metadata.metadata().clone(), options.with_schema(schema))
            .map_err(|error| damaged(&error))?,
        None => metadata,
    };
    let total = u64::try_from(metadata.metadata().file_metadata().num_rows()).map_err(|error| damaged(&error))?;
    check_size(total, metadata.schema().fields().len())?;
    check_packed(&file, metadata.metadata())?;
    let mut columns = Columns::new(metadata.schema())?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.kept.iter().copied());
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_batch_size(BATCH);
    let batches = reader.with_projection(mask).build().map_err(|error| damaged(&error))?;
    columns.header(rows)?;
    let mut read = 0;
    for batch in batches {
        let batch = batch.map_err(|error| damaged(&error))?;
        read += batch.num_rows() as u64;
        columns.write(batch.columns(), batch.num_rows(), rows)?;
    }
    if read != total {
        return Err(damaged(&format!("it has {read} rows instead of {total}")));
    }
    Ok(columns.notes())
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
fn check_packed(file: &File, metadata: &ParquetMetaData) -> Result<(), DataError> {
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

/// A file is a stream with a table of contents behind it, which is not needed.
pub fn ipc(file: &Path, rows: &mut Rows) -> Result<Vec<String>, DataError> {
    guarded(|| {
        let mut from = BufReader::new(File::open(file).map_err(|error| damaged(&error))?);
        let begin = first_message(&mut from).map_err(|error| damaged(&error))?;
        let columns = check_messages(&mut from, begin).map_err(|error| damaged(&error))?;
        check_size(columns.1, columns.0)?;
        from.seek(SeekFrom::Start(begin)).map_err(|error| damaged(&error))?;
        let schema = StreamReader::try_new(&mut from, None).map_err(|error| damaged(&error))?.schema();
        let mut columns = Columns::new(&schema)?;
        from.seek(SeekFrom::Start(begin)).map_err(|error| damaged(&error))?;
        let batches = StreamReader::try_new(from, Some(columns.kept.clone())).map_err(|error| damaged(&error))?;
        columns.header(rows)?;
        for batch in batches {
            let batch: RecordBatch = batch.map_err(|error| damaged(&error))?;
            for from in (0..batch.num_rows()).step_by(BATCH) {
                let part = batch.slice(from, BATCH.min(batch.num_rows() - from));
                columns.write(part.columns(), part.num_rows(), rows)?;
            }
        }
        Ok(columns.notes())
    })
}

/// Behind the mark of a file there are zeros up to a round number.
fn first_message<R: Read>(from: &mut R) -> std::io::Result<u64> {
    let mut mark = [0; 8];
    from.read_exact(&mut mark)?;
    if !mark.starts_with(b"ARROW1") {
        return Ok(0);
    }
    let (mut at, mut word) = (4, [0; 4]);
    while word == [0; 4] {
        from.read_exact(&mut word)?;
        at += 4;
    }
    Ok(at)
}

/// Whether the messages lie within the file and unpack to what fits; columns and rows in them.
fn check_messages<R: Read + Seek>(from: &mut R, begin: u64) -> Result<(usize, u64), ArrowError> {
    let wrong = |what: &str| Err(ArrowError::ParseError(what.to_owned()));
    let end = from.seek(SeekFrom::End(0))?;
    let mut at = from.seek(SeekFrom::Start(begin))?;
    let (mut columns, mut rows) = (0, 0u64);
    let mut word = [0; 4];
    while end - at >= 8 {
        from.read_exact(&mut word)?;
        at += 4;
        if word == [0xff; 4] {
            from.read_exact(&mut word)?;
            at += 4;
        }
        let length = u64::from(u32::from_le_bytes(word));
        if length == 0 {
            break;
        }
        if length > MOST_METADATA || at + length > end {
            return wrong("cut short");
        }
        let mut metadata = vec![0; length as usize];
        from.read_exact(&mut metadata)?;
        at += length;
        let message =
            arrow_ipc::root_as_message(&metadata).map_err(|error| ArrowError::ParseError(error.to_string()))?;
        let body = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
        if body > end - at {
            return wrong("cut short");
        }
        let batch = match message.header_type() {
            MessageHeader::RecordBatch => message.header_as_record_batch(),
            MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
            _ => None,
        };
        if let Some(schema) = message.header_as_schema() {
            columns = schema.fields().map_or(0, |fields| fields.len());
        }
        if message.header_type() == MessageHeader::RecordBatch {
            let length = batch.map_or(0, |batch| batch.length());
            rows = rows.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
        let mut unpacked = 0u64;
        for buffer in
            batch.filter(|batch| batch.compression().is_some()).and_then(|b| b.buffers()).into_iter().flatten()
        {
            if buffer.length() < 8 {
                continue;
            }
            let place = u64::try_from(buffer.offset()).unwrap_or(u64::MAX);
            if place.saturating_add(8) > body {
                return wrong("cut short");
            }
            from.seek(SeekFrom::Start(at + place))?;
            let mut size = [0; 8];
            from.read_exact(&mut size)?;
            unpacked = unpacked.saturating_add(u64::try_from(i64::from_le_bytes(size)).unwrap_or(0));
        }
        if unpacked > MOST_UNPACKED {
            return wrong("a part of it unpacks to more than a gigabyte");
        }
        at = from.seek(SeekFrom::Start(at + body))?;
    }
    Ok((columns, rows))
}

/// The columns of a file that a table can have.
struct Columns {
    names: Vec<String>,
    kept: Vec<usize>,
    nested: Vec<String>,
    /// Cells without a text, by column.
    lost: Vec<u64>,
    text: String,
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
        Ok(Self {
            names: kept.iter().map(name).collect(),
            lost: vec![0; kept.len()],
            kept,
            nested,
            text: String::new(),
        })
    }

    fn header(&self, rows: &mut Rows) -> Result<(), DataError> {
        rows.header(self.names.iter().map(String::as_str))
    }

    fn write(&mut self, columns: &[ArrayRef], count: usize, rows: &mut Rows) -> Result<(), DataError> {
        let plain: Vec<ArrayRef> =
            columns.iter().map(simplified).collect::<Result<_, _>>().map_err(|error| damaged(&error))?;
        let options = FormatOptions::new().with_display_error(false);
        let cells: Vec<Cells> =
            plain.iter().map(|array| Cells::of(array, &options)).collect::<Result<_, _>>().map_err(|e| damaged(&e))?;
        for row in 0..count {
            for (cells, lost) in cells.iter().zip(&mut self.lost) {
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
            notes.push(format!("Values that are no text or date count as missing ({cells} in {}).", listed(&lost)));
        }
        notes
    }
}

/// An array of a type that can be printed: several types become one.
fn simplified(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
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

    /// Whether there is a text, or nothing to be printed.
    fn print(&self, row: usize, into: &mut String) -> bool {
        match self {
            Self::Double(array) if array.is_valid(row) => into.push_str(&number(array.value(row))),
            Self::Single(array) if array.is_valid(row) => {
                let value = array.value(row);
                let is_whole = value.fract() == 0.0 && value.abs() < 1e7;
                into.push_str(&if is_whole { format!("{value:.0}") } else { format!("{value:?}") });
            }
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
