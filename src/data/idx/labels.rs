//! Labels of an IDX file, as classes.

use super::file::Element;

/// A greater label is damage, or no class.
const GREATEST: f32 = 9999.0;
/// QMNIST's labels have so many numbers, of which the first is the class.
const QMNIST: usize = 8;

/// `width`: numbers for each picture. Errors: a sentence without the file.
pub(super) fn classes(bytes: &[u8], element: Element, width: usize) -> Result<Vec<u16>, String> {
    let numbers = element.numbers(bytes);
    let rows = numbers.chunks(width.max(1));
    if width == 1 {
        return rows.map(|row| class(row[0])).collect();
    }
    let hot = |row: &[f32]| {
        let ones = row.iter().filter(|&&number| number == 1.0).count();
        let zeros = row.iter().filter(|&&number| number == 0.0).count();
        (ones == 1 && zeros + 1 == row.len()).then(|| row.iter().position(|&number| number == 1.0)).flatten()
    };
    if let Some(all) = rows.clone().map(|row| hot(row).map(|at| at as u16)).collect::<Option<Vec<u16>>>() {
        return Ok(all);
    }
    match width {
        QMNIST => rows.map(|row| class(row[0])).collect(),
        _ => Err(format!("It has {width} numbers for each image. One is needed, the class")),
    }
}

fn class(number: f32) -> Result<u16, String> {
    match number {
        0.0..=GREATEST if number.fract() == 0.0 => Ok(number as u16),
        _ => Err(format!("It has the label {number}. Labels are whole numbers from 0 to {GREATEST}")),
    }
}
