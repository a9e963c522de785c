//! Drawn digits: 28 x 28 grey pictures from stroke skeletons, each sample with its own hand.
//!
//! `skeletons` says where the strokes of a digit run, `hand` how a writer bends and places them, `pen` how ink becomes
//! pixels. Sample `i` of seed `s` depends on nothing but (s, i, noise): threads and sample counts do not matter.

mod hand;
mod pen;
mod skeletons;

use rayon::prelude::*;

use super::encoding::pictures;
use super::progress::{Progress, stop_if_cancelled};
use super::random::{Draws, Purpose};
use super::split::{self, divide};
use super::{DataError, Dataset, Samples, Truth};
use crate::model::{DataSpec, DigitsSpec};
use pen::SIDE;

const PIXELS: usize = SIDE * SIDE;
/// Samples drawn between two looks at `cancelled`.
const CHUNK: usize = 500;

pub(super) fn generate(settings: &DigitsSpec, spec: &DataSpec, progress: &dyn Progress) -> Result<Dataset, DataError> {
    let labels: Vec<usize> = (0..settings.samples).map(|index| index % 10).collect();
    let rows = split::Rows { len: settings.samples, classes: Some(&labels), ..Default::default() };
    let split = divide(spec, &rows).map_err(|why| DataError::new(format!("{why}.")))?;
    let mut drawn = 0;
    let mut part = |rows: &[usize]| -> Result<Samples, DataError> {
        let mut inputs = vec![0.0; rows.len() * PIXELS];
        for (rows, pictures) in rows.chunks(CHUNK).zip(inputs.chunks_mut(CHUNK * PIXELS)) {
            stop_if_cancelled(progress)?;
            progress.report(drawn as f32 / settings.samples as f32, "drawing digits");
            rows.par_iter().zip(pictures.par_chunks_mut(PIXELS)).for_each(|(&index, picture)| {
                let mut draws = Purpose::Digits.draws(spec.seed, index as u64);
                picture.copy_from_slice(&draw(labels[index], settings.noise, &mut draws));
            });
            drawn += rows.len();
        }
        let targets: Vec<f32> = rows.iter().map(|&i| labels[i] as f32).collect();
        Ok(Samples::in_memory(&[1, SIDE, SIDE], inputs, targets))
    };
    let truth = Truth::classes((0..10).map(|d| d.to_string()).collect());
    let encoding = pictures("Drawn digits", [1, SIDE, SIDE], &truth);
    Ok(Dataset {
        name: "Drawn digits".into(),
        input_shape: vec![1, SIDE, SIDE],
        input_names: Vec::new(),
        input_units: Vec::new(),
        truth,
        train: part(&split.train)?,
        validation: part(&split.validation)?,
        test: if split.test.is_empty() { None } else { Some(part(&split.test)?) },
        plane: None,
        notes: Vec::new(),
        giveaways: Vec::new(),
        encoding,
        origin: None,
        places: None,
        own_validation: false,
    })
}

/// One picture, row-major, values 0 (paper) to 1 (full ink).
fn draw(digit: usize, noise: f64, draws: &mut Draws) -> [f32; PIXELS] {
    let variants = skeletons::DIGITS[digit];
    let variant = variants[draws.below(variants.len())];
    let (strokes, pen) = hand::write(variant, draws);
    let mut picture = pen.draw(&strokes);
    for pixel in &mut picture {
        *pixel = (*pixel + (noise * draws.normal()) as f32).clamp(0.0, 1.0);
    }
    picture
}

#[cfg(test)]
mod tests;
