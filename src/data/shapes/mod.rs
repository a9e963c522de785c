//! Drawn shapes: generated colour pictures, to be told apart by shape, or scenes in which they are to be found.
//!
//! `outline` says how a shape runs, `scene` how a picture is painted.

mod outline;
mod scene;

use rayon::prelude::*;

use super::encoding::pictures;
use super::progress::{Progress, stop_if_cancelled};
use super::random::{Draws, Purpose};
use super::split::{self, Split, divide};
use super::{DataError, Dataset, Samples, Truth, boxes};
use crate::model::boxes::Thing;
use crate::model::{DataSpec, ScenesSpec, ShapesSpec};
use outline::CLASSES;
use scene::Scene;

/// Pictures drawn between two looks at `cancelled`.
const CHUNK: usize = 256;

pub(super) fn shapes(settings: &ShapesSpec, spec: &DataSpec, progress: &dyn Progress) -> Result<Dataset, DataError> {
    let labels: Vec<usize> = (0..settings.samples).map(|index| index % CLASSES.len()).collect();
    let split = divided(spec, settings.samples, Some(&labels))?;
    let mut brush = Brush { side: settings.size, seed: spec.seed, purpose: Purpose::Shapes, progress, drawn: 0 };
    let mut part = |rows: &[usize]| -> Result<Samples, DataError> {
        let draw = |index: usize, draws: &mut Draws| scene::alone(labels[index], settings.size, settings.noise, draws);
        let (inputs, _) = brush.draw(rows, settings.samples, draw)?;
        let targets: Vec<f32> = rows.iter().map(|&index| labels[index] as f32).collect();
        Ok(Samples::in_memory(&[3, settings.size, settings.size], inputs, targets))
    };
    let parts = [part(&split.train)?, part(&split.validation)?];
    let test = if split.test.is_empty() { None } else { Some(part(&split.test)?) };
    Ok(dataset("Drawn shapes", settings.size, Truth::classes(names()), parts, test))
}

pub(super) fn scenes(settings: &ScenesSpec, spec: &DataSpec, progress: &dyn Progress) -> Result<Dataset, DataError> {
    let split = divided(spec, settings.samples, None)?;
    let mut brush = Brush { side: settings.size, seed: spec.seed, purpose: Purpose::Scenes, progress, drawn: 0 };
    let mut part = |rows: &[usize]| -> Result<Samples, DataError> {
        let draw = |_, draws: &mut Draws| scene::scene(settings.size, settings.most, settings.noise, draws);
        let (inputs, things) = brush.draw(rows, settings.samples, draw)?;
        let targets: Vec<f32> = things.iter().flat_map(|things| boxes::load::target(things, settings.most)).collect();
        Ok(Samples::in_memory(&[3, settings.size, settings.size], inputs, targets))
    };
    let parts = [part(&split.train)?, part(&split.validation)?];
    let test = if split.test.is_empty() { None } else { Some(part(&split.test)?) };
    Ok(dataset("Scenes", settings.size, Truth::things(names(), settings.most), parts, test))
}

fn names() -> Vec<String> {
    CLASSES.map(str::to_owned).to_vec()
}

fn divided(spec: &DataSpec, len: usize, classes: Option<&[usize]>) -> Result<Split, DataError> {
    divide(spec, &split::Rows { len, classes, ..Default::default() }).map_err(|why| DataError::new(format!("{why}.")))
}

fn dataset(name: &str, side: usize, truth: Truth, [train, validation]: [Samples; 2], test: Option<Samples>) -> Dataset {
    let shape = [3, side, side];
    Dataset {
        name: name.into(),
        input_shape: shape.to_vec(),
        input_names: Vec::new(),
        input_units: Vec::new(),
        encoding: pictures(name, shape, &truth),
        truth,
        train,
        validation,
        test,
        plane: None,
        notes: Vec::new(),
        giveaways: Vec::new(),
        origin: None,
        places: None,
        own_validation: false,
    }
}

/// Draws the pictures of a data set, part after part.
struct Brush<'a> {
    side: usize,
    seed: u64,
    purpose: Purpose,
    progress: &'a dyn Progress,
    drawn: usize,
}

impl Brush<'_> {
    /// Those of some numbers, of `all` together: their pixels, one after the other, and what is in each.
    fn draw(
        &mut self,
        rows: &[usize],
        all: usize,
        draw: impl Fn(usize, &mut Draws) -> Scene + Sync,
    ) -> Result<(Vec<f32>, Vec<Vec<Thing>>), DataError> {
        let pixels = 3 * self.side * self.side;
        let (mut inputs, mut things) = (Vec::with_capacity(rows.len() * pixels), Vec::with_capacity(rows.len()));
        for some in rows.chunks(CHUNK) {
            stop_if_cancelled(self.progress)?;
            self.progress.report(self.drawn as f32 / all.max(1) as f32, "drawing pictures");
            let drawn: Vec<Scene> =
                some.par_iter().map(|&index| draw(index, &mut self.purpose.draws(self.seed, index as u64))).collect();
            for scene in drawn {
                inputs.extend_from_slice(&scene.pixels);
                things.push(scene.things);
            }
            self.drawn += some.len();
        }
        Ok((inputs, things))
    }
}

#[cfg(test)]
mod tests;
