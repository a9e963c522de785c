//! Columns of Parquet and Arrow files as they are, for whoever wants more of them than text: pictures.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::Kind;
use super::arrow::{check_file, check_packed, check_stream, damaged, guarded, is_stream};
use crate::data::DataError;

/// Rows taken out at once: little, because each may be a large picture.
const BATCH: usize = 16;

/// What a file says of itself.
pub(in crate::data) struct Head<'a> {
    pub schema: &'a Schema,
    /// What programs noted beside it.
    pub said: HashMap<String, String>,
}

/// Whoever wants some columns.
pub(in crate::data) trait Batches {
    /// Which columns.
    fn choose(&mut self, head: &Head) -> Result<Vec<usize>, DataError>;

    /// Some rows of them.
    fn take(&mut self, batch: &RecordBatch) -> Result<(), DataError>;
}

/// Whether a file is one of these, by its first bytes.
pub(in crate::data) fn has_batches(path: &Path) -> bool {
    let mut start = [0; 8];
    let read = path.is_file() && File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok());
    read && matches!(Kind::of(&start, path), Some(Kind::Parquet | Kind::Arrow))
}

/// Hands over the rows, some at a time. Errors: sentences without the file's name.
pub(in crate::data) fn read_batches(path: &Path, to: &mut dyn Batches) -> Result<(), DataError> {
    guarded(|| {
        let mut file = File::open(path).map_err(|error| damaged(&error))?;
        let mut start = [0; 8];
        file.read_exact(&mut start).map_err(|error| damaged(&error))?;
        file.rewind().map_err(|error| damaged(&error))?;
        match Kind::of(&start, path) {
            Some(Kind::Parquet) if start.starts_with(b"PARE") => {
                Err(DataError::new("The Parquet file is encrypted. Save it without encryption."))
            }
            Some(Kind::Parquet) => parquet(file, to),
            _ => ipc(BufReader::new(file), is_stream(&start), to),
        }
    })
}

fn parquet(file: File, to: &mut dyn Batches) -> Result<(), DataError> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| damaged(&error))?;
    check_packed(&file, metadata.metadata())?;
    let said = metadata.metadata().file_metadata().key_value_metadata();
    let said = said.into_iter().flatten().filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?)));
    let wanted = to.choose(&Head { schema: metadata.schema(), said: said.collect() })?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), wanted);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_batch_size(BATCH);
    let batches = reader.with_projection(mask).build().map_err(|error| damaged(&error))?;
    batches.into_iter().try_for_each(|batch| to.take(&batch.map_err(|error| damaged(&error))?))
}

fn ipc(mut from: BufReader<File>, is_stream: bool, to: &mut dyn Batches) -> Result<(), DataError> {
    let checked = if is_stream { check_stream(&mut from) } else { check_file(&mut from) };
    checked.map_err(|error| damaged(&error))?;
    from.rewind().map_err(|error| damaged(&error))?;
    let schema = if is_stream {
        StreamReader::try_new(&mut from, None).map(|reader| reader.schema())
    } else {
        FileReader::try_new(&mut from, None).map(|reader| reader.schema())
    };
    let schema = schema.map_err(|error| damaged(&error))?;
    let wanted = Some(to.choose(&Head { schema: &schema, said: schema.metadata().clone().into() })?);
    from.rewind().map_err(|error| damaged(&error))?;
    let mut each = |batch: Result<RecordBatch, ArrowError>| to.take(&batch.map_err(|error| damaged(&error))?);
    if is_stream {
        StreamReader::try_new(from, wanted).map_err(|error| damaged(&error))?.try_for_each(&mut each)
    } else {
        FileReader::try_new(from, wanted).map_err(|error| damaged(&error))?.try_for_each(&mut each)
    }
}
