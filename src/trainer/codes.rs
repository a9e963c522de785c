//! The plane of the narrowest layer of a network that gives back pictures, where that has two units.

use std::sync::Arc;

use super::run::{Run, RunError};
use crate::data::Batch;
use crate::model::{AnswerView, LayerId, LayerKind};
use crate::trace::Codes;

/// Tiles along each side of the plane.
const SIDE: usize = 12;
/// Of the reach of most codes: what is drawn beyond them.
const MARGIN: f32 = 0.12;
/// The share of codes at each end that may lie outside: a few far away would press the others together.
const OUTSIDE: f32 = 0.02;

/// The layer, where its two numbers are all that the answer is made of; of several the last.
pub fn layer(run: &Run) -> Option<LayerId> {
    if run.view() != AnswerView::Reconstructions {
        return None;
    }
    let (graph, program) = (&run.project().graph, run.machine().program());
    let width = |id: LayerId| {
        let is_end = matches!(graph.layer(id)?.kind, LayerKind::Input(_) | LayerKind::Loss(_));
        let dims = &program.value(*program.layer_outputs.get(&id)?)?.shape.dims;
        <[usize; 1]>::try_from(dims.as_slice()).ok().filter(|_| !is_end).map(|[width]| (id, width))
    };
    let widths = graph.topological_order().into_iter().rev().filter_map(width);
    let (narrowest, _) = widths.min_by_key(|(_, width)| *width).filter(|(_, width)| *width == 2)?;
    let is_all = run.machine().answers_from(narrowest, &[0.0; 2], 1).ok()?.is_some();
    is_all.then_some(narrowest)
}

/// What leaves the layer for some samples.
pub fn of_samples(run: &Run, layer: LayerId, batch: &Batch) -> Result<Vec<[f32; 2]>, RunError> {
    let outputs = run.machine().layer_outputs(&batch.inputs, batch.len, &[layer])?;
    Ok(outputs.get(&layer).map_or_else(Vec::new, |values| values.data.as_chunks().0.to_vec()))
}

/// The plane around these codes; `None` where none of them is finite.
pub fn plane(run: &Run, layer: LayerId, points: &[[f32; 2]]) -> Result<Option<Codes>, RunError> {
    let range = [0, 1].map(|axis| {
        let mut sorted: Vec<f32> = points.iter().map(|point| point[axis]).filter(|value| value.is_finite()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let outside = (sorted.len() as f32 * OUTSIDE) as usize;
        let end = |i: Option<usize>| i.and_then(|i| sorted.get(i)).copied().unwrap_or(f32::NAN);
        let (low, high) = (end(Some(outside)), end(sorted.len().checked_sub(1 + outside)));
        let margin = ((high - low) * MARGIN).max(1e-3);
        [low - margin, high + margin]
    });
    if range.iter().flatten().any(|end| !end.is_finite()) {
        return Ok(None);
    }
    let at = |axis: usize, share: f32| range[axis][0] + share * (range[axis][1] - range[axis][0]);
    let share = |i: usize| (i as f32 + 0.5) / SIDE as f32;
    let middles: Vec<f32> =
        (0..SIDE * SIDE).flat_map(|tile| [at(0, share(tile % SIDE)), at(1, 1.0 - share(tile / SIDE))]).collect();
    let tiles = run.machine().answers_from(layer, &middles, SIDE * SIDE)?;
    Ok(tiles.map(|tiles| Codes { layer, points: Arc::from(points), range, side: SIDE, tiles: tiles.into() }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::{NoProgress, load};
    use crate::engine::Device;
    use crate::model::{Metric, Source, templates};
    use crate::trace::{OutputPicture, PictureWishes};
    use crate::trainer::pictures;
    use crate::trainer::scoring::Asked;

    #[test]
    fn an_autoencoder_is_shown_by_what_it_gives_back_and_by_its_plane() {
        let mut project = templates::build("digits-autoencoder").unwrap();
        let Source::Digits(digits) = &mut project.data.source else { panic!("other data") };
        digits.samples = 300;
        let dataset = Arc::new(load(&project.data, Path::new("."), &NoProgress).unwrap());
        let mut run = Run::new(&project, dataset, Device::Cpu).unwrap();
        let before = run.evaluate().unwrap();
        (0..60).for_each(|_| drop(run.step().unwrap()));
        let after = run.evaluate().unwrap();
        assert_eq!((run.task().metric(), run.ranking().unwrap()), (Metric::R2, None));
        assert!(after.loss < 0.8 * before.loss && after.score > before.score.max(0.0), "{before:?} {after:?}");
        let picture = Asked::all(&run).unwrap().picture(&run).unwrap();
        let OutputPicture::Reconstructions { rows, outputs, scores, over, codes } = picture else {
            panic!("other picture")
        };
        assert!(over.is_whole() && outputs.len() == rows.len() * 784 && (scores.r2 - after.score).abs() < 1e-6);
        let codes = codes.unwrap();
        assert_eq!((codes.points.len(), codes.tiles.len()), (rows.len(), SIDE * SIDE * 784));
        let is_within =
            |point: &&[f32; 2]| (0..2).all(|axis| (codes.range[axis][0]..codes.range[axis][1]).contains(&point[axis]));
        let within = codes.points.iter().filter(is_within).count();
        assert!(10 * within >= 9 * rows.len(), "{within} of {}", rows.len());
        // A sample's code decodes to its reconstruction.
        let wanted = PictureWishes { code: Some(codes.points[3]), ..PictureWishes::default() };
        let decoded = pictures::of_layers(&run, &wanted).unwrap().decoded.unwrap();
        let own = &outputs[3 * 784..4 * 784];
        assert!(decoded.picture.iter().zip(own).all(|(a, b)| (a - b).abs() < 1e-5));
        // With three units there is no plane.
        let key = ("units".to_owned(), crate::model::ParamValue::Int(3));
        let edit = crate::model::Edit::SetParam { layer: codes.layer, key: key.0, value: key.1 };
        edit.apply(&mut project.graph).unwrap();
        let wide = Run::new(&project, run.dataset().clone(), Device::Cpu).unwrap();
        assert_eq!(layer(&wide), None);
    }
}
