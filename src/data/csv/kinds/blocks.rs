//! Rows of files whose columns are of nothing but numbers, handed on as numbers: text made of them and read again says
//! the same, and takes many times as long.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;

use super::arrow::damaged;
use super::{Rows, shortest};
use crate::data::DataError;
use crate::data::csv::block::{Block, Cells};
use crate::data::csv::copy::{Sender, send, unwritten};

/// Whole numbers below it are the same in a 64-bit float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Whoever is given the rows.
pub enum To<'a, 'b> {
    Text(&'a mut Rows<'b>),
    Blocks(Blocks),
}

/// As blocks.
pub struct Blocks {
    to: Sender<Block>,
    /// Of the next row.
    line: u64,
}

impl To<'_, '_> {
    /// Behind a line of names.
    pub fn blocks(to: Sender<Block>) -> Self {
        Self::Blocks(Blocks { to, line: 2 })
    }
}

/// Whether a column is of numbers, which text shows digit by digit.
pub fn is_number(kind: &DataType) -> bool {
    kind.is_integer() || kind.is_floating()
}

impl Blocks {
    pub fn send(&mut self, columns: &[ArrayRef], rows: usize) -> Result<(), DataError> {
        let cells = columns.iter().map(cells).collect::<Result<_, _>>()?;
        let block = Block::by_column(self.line, rows, cells);
        self.line += rows as u64;
        send(&self.to, block).map_err(|error| unwritten(&error))
    }
}

/// Numbers, if they are all that a column of numbers is made of: finite, of a usual size, and whole ones exact.
fn cells(array: &ArrayRef) -> Result<Cells, DataError> {
    let is_usual = |number: &f64| number.abs() <= f64::from(f32::MAX);
    let numbers = match array.data_type() {
        DataType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            present(array).all(|number| is_usual(&number)).then(|| filled(array, |number| number))
        }
        DataType::Float32 | DataType::Float16 => {
            let array = cast(array, &DataType::Float32).map_err(|error| damaged(&error))?;
            let array = array.as_primitive::<Float32Type>();
            let mut digits = zmij::Buffer::new();
            // As they are written: 0.1 is no sum of powers of two.
            let written = |number: f32| shortest(number, &mut digits).parse().unwrap_or(f64::from(number));
            present(array).all(|number| is_usual(&f64::from(number))).then(|| filled(array, written))
        }
        _ => {
            let array = cast(array, &DataType::Float64).map_err(|error| damaged(&error))?;
            let array = array.as_primitive::<Float64Type>();
            present(array).all(|number| number.abs() < EXACT).then(|| filled(array, |number| number))
        }
    };
    numbers.map_or_else(|| printed(array), |numbers| Ok(Cells::Numbers(numbers)))
}

fn present<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>) -> impl Iterator<Item = T::Native> {
    array.iter().flatten()
}

fn filled<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, mut number: impl FnMut(T::Native) -> f64) -> Vec<f64> {
    array.iter().map(|value| value.map_or(f64::NAN, &mut number)).collect()
}

fn printed(array: &ArrayRef) -> Result<Cells, DataError> {
    let mut digits = zmij::Buffer::new();
    let texts: Vec<String> = match array.data_type() {
        DataType::Float64 => shown(array.as_primitive::<Float64Type>(), |number| shortest(number, &mut digits).into()),
        DataType::Float32 => shown(array.as_primitive::<Float32Type>(), |number| shortest(number, &mut digits).into()),
        DataType::Float16 => shown(array.as_primitive::<Float16Type>(), |number| number.to_string()),
        _ => {
            let options = FormatOptions::new();
            let values = ArrayFormatter::try_new(array.as_ref(), &options).map_err(|error| damaged(&error))?;
            (0..array.len()).map(|row| values.value(row).to_string()).collect()
        }
    };
    Ok(Cells::Texts(texts))
}

fn shown<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, mut show: impl FnMut(T::Native) -> String) -> Vec<String> {
    array.iter().map(|value| value.map_or_else(String::new, &mut show)).collect()
}
