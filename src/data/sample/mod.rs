//! A single sample, for networks that have no data yet: drawn from the seed, typed, or read from a file. It is asked
//! for nothing but itself.

mod file;

pub use file::read;

use std::path::Path;
use std::sync::Arc;

use super::encoding::{Column, ColumnValues, Inputs, Target};
use super::random::Purpose;
use super::{DataError, Dataset, Encoding, Samples, Truth};
use crate::model::{DataSpec, MissingPolicy, SamplePart, SampleSpec, Shape, Task};

pub(super) fn load(settings: &SampleSpec, base: &Path, spec: &DataSpec) -> Result<Dataset, DataError> {
    let (mut inputs, mut notes) = (Vec::new(), Vec::new());
    for (number, part) in settings.parts.iter().enumerate() {
        let (numbers, note) = numbers(part, base, spec.seed, number as u64)?;
        inputs.extend(numbers);
        notes.extend(note);
    }
    let shape = match settings.parts.as_slice() {
        [only] => only.shape.clone(),
        _ => Shape::row(inputs.len()),
    };
    let input_names = if shape.rank() == 1 { names(settings) } else { Vec::new() };
    let truth = Truth { task: Task::Input(inputs.len()), names: Vec::new(), units: Vec::new() };
    let encoding = Encoding {
        source: NAME.into(),
        input_shape: shape.0.clone(),
        inputs: taken(&input_names),
        target: Target::of(&truth, None),
    };
    let targets = inputs.clone();
    Ok(Dataset {
        name: NAME.into(),
        input_shape: shape.0.clone(),
        input_names,
        input_units: Vec::new(),
        truth,
        train: Samples::in_memory(&shape.0, inputs, targets),
        validation: Samples::in_memory(&shape.0, Vec::new(), Vec::new()),
        test: None,
        plane: None,
        notes,
        giveaways: Vec::new(),
        encoding: Arc::new(encoding),
        origin: None,
        places: None,
        own_validation: false,
    })
}

const NAME: &str = "One sample";

/// What each number is called: "left[0]".
fn names(settings: &SampleSpec) -> Vec<String> {
    let of = |part: &SamplePart| {
        let name = if part.name.is_empty() { "x" } else { &part.name };
        (0..part.shape.len()).map(|i| format!("{name}[{i}]")).collect::<Vec<_>>()
    };
    settings.parts.iter().flat_map(of).collect()
}

/// Rows are read by these names, as they are.
fn taken(names: &[String]) -> Inputs {
    if names.is_empty() {
        return Inputs::Pictures;
    }
    let plain = |name: &String| Column {
        name: name.clone(),
        values: ColumnValues::Numeric { offset: 0.0, scale: 1.0, fill: 0.0, decimals: u8::MAX, written: None },
    };
    Inputs::Table {
        columns: names.iter().map(plain).collect(),
        missing: MissingPolicy::DropRow,
        missing_words: Vec::new(),
        encoding: None,
    }
}

/// With a sentence on what was done to have them.
fn numbers(part: &SamplePart, base: &Path, seed: u64, stream: u64) -> Result<(Vec<f32>, Option<String>), DataError> {
    let wanted = part.shape.len();
    let text = part.numbers.trim();
    if text.is_empty() {
        let mut draws = Purpose::Sample.draws(seed, stream);
        let drawn = match part.below {
            Some(below) => (0..wanted).map(|_| draws.below(below.max(1)) as f32).collect(),
            None => (0..wanted).map(|_| draws.normal() as f32).collect(),
        };
        return Ok((drawn, None));
    }
    let words = text.split([',', ' ', ';', '\n', '\t']).filter(|word| !word.is_empty());
    let typed: Result<Vec<f32>, _> = words.map(str::parse).collect();
    match typed {
        Ok(numbers) if numbers.len() == wanted => Ok((numbers, None)),
        Ok(numbers) => Err(DataError::new(format!(
            "{} has {wanted} numbers ({}), not {}.",
            called(part),
            part.shape,
            numbers.len()
        ))),
        Err(_) => file::read(&super::resolve(base, Path::new(text)), &part.shape),
    }
}

fn called(part: &SamplePart) -> &str {
    if part.name.is_empty() { "The sample" } else { &part.name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    fn part(name: &str, shape: &[usize], numbers: &str) -> SamplePart {
        SamplePart { name: name.into(), shape: Shape(shape.to_vec()), numbers: numbers.into(), below: None }
    }

    fn loaded(parts: Vec<SamplePart>, seed: u64) -> Result<Dataset, DataError> {
        let spec = SampleSpec { parts };
        let data = DataSpec { source: Source::Sample(spec.clone()), seed, ..DataSpec::default() };
        load(&spec, Path::new(""), &data)
    }

    #[test]
    fn a_sample_is_drawn_or_typed() {
        let whole = SamplePart { below: Some(5), ..part("words", &[40], "") };
        let dataset = loaded(vec![part("", &[2, 3], "")], 1).unwrap();
        assert_eq!((dataset.input_shape.as_slice(), dataset.train.len()), (&[2, 3][..], 1));
        let of = |dataset: &Dataset| dataset.train.fetch(&[0]).unwrap().inputs.to_vec();
        assert_ne!(of(&dataset), of(&loaded(vec![part("", &[2, 3], "")], 2).unwrap()));
        let both = loaded(vec![part("left", &[2], "1, -2.5"), whole], 1).unwrap();
        assert_eq!((both.input_shape[0], both.input_names[1].as_str()), (42, "left[1]"));
        let numbers = of(&both);
        assert_eq!(numbers[..2], [1.0, -2.5]);
        assert!(numbers[2..].iter().all(|n| n.fract() == 0.0 && (0.0..5.0).contains(n)));
        let few = loaded(vec![part("left", &[3], "1 2")], 1).unwrap_err();
        assert_eq!(few.message, "left has 3 numbers (3), not 2.");
    }
}
