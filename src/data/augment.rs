//! Pictures as they are trained on: turned, shifted, coloured a little otherwise each time. What becomes of a sample is
//! a function of the seed, the epoch and its row, so that any batch of any epoch can be made again, bitwise.

use std::ops::Range;

use rayon::prelude::*;

use super::Batch;
use super::random::{Draws, Purpose};
use crate::model::boxes::Extent;
use crate::model::task::THING;
use crate::model::{Augmentation, Task};

/// What has to be left of a thing.
const LEAST_LEFT: f64 = 0.25;

/// Changes a batch of the training set, where samples are pictures. Values are 0 to 1, and stay so. Boxes move with
/// their things; one of which less than a quarter is left is taken out. For mixup the shares are drawn; the machine
/// mixes.
pub fn augment(batch: &mut Batch, shape: &[usize], task: Task, how: &Augmentation, seed: u64, epoch: u64) {
    let [channels, rows, columns] = shape[..] else { return };
    let len = channels * rows * columns;
    if !how.is_active() || len == 0 {
        return;
    }
    if how.mixes(shape, task) {
        let share = |&row: &u32| super::mixup::share(how.mixup, seed, epoch, row);
        batch.lambda = batch.rows.iter().map(share).collect();
    }
    let has_boxes = match task {
        Task::Boxes { .. } => true,
        Task::Classes(_) | Task::ClassesAt { .. } | Task::Numbers(_) | Task::Input(_) => false,
    };
    let numbers = (batch.targets.len() / batch.len.max(1)).max(1);
    let targets = batch.targets.par_chunks_mut(numbers);
    let pictures = batch.inputs.par_chunks_mut(len).zip(batch.rows.par_iter()).zip(targets);
    pictures.for_each(|((picture, &row), target)| {
        let stream = stream(epoch, row);
        let mut draws = Purpose::Augment.draws(seed, stream);
        let drawn = Drawn { shear: sheared(how, seed, stream), ..Drawn::of(how, &mut draws) };
        drawn.place(picture, [rows, columns]);
        drawn.colour(picture, rows * columns);
        if how.noise > 0.0 {
            picture.iter_mut().for_each(|value| *value += (how.noise * draws.normal()) as f32);
        }
        picture.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        drawn.cut(picture, [rows, columns], how.cutout);
        if has_boxes {
            drawn.move_things(target, [rows, columns], how.cutout);
        }
    });
}

/// Rows have 32 bits, and no run has as many epochs.
pub(super) fn stream(epoch: u64, row: u32) -> u64 {
    epoch << 32 | u64::from(row)
}

/// Of numbers of its own: it came later than the others, which stay as they were.
fn sheared(how: &Augmentation, seed: u64, stream: u64) -> f64 {
    let draw = || Purpose::Shear.draws(seed, stream).uniform(-how.shear, how.shear);
    if how.shear > 0.0 { draw().to_radians().tan() } else { 0.0 }
}

/// What was drawn for one picture; always as many numbers, so that one setting does not shift another's.
struct Drawn {
    mirrored: [bool; 2],
    /// In radians.
    angle: f64,
    /// Of the side, down and across.
    shift: [f64; 2],
    zoom: f64,
    /// How far across for each pixel down.
    shear: f64,
    brightness: f32,
    contrast: f32,
    saturation: f32,
    /// Where the middle of the hole is.
    hole: [f64; 2],
}

impl Drawn {
    fn of(how: &Augmentation, draws: &mut Draws) -> Self {
        let mut even = |reach: f64| draws.uniform(-reach, reach);
        Self {
            mirrored: [how.flip_up_down, how.flip].map(|may| even(1.0) < 0.0 && may),
            angle: even(how.rotation).to_radians(),
            shift: [even(how.shift), even(how.shift)],
            // As likely so much larger as so much smaller.
            zoom: (1.0 + how.zoom).powf(even(1.0)),
            shear: 0.0,
            brightness: even(how.brightness) as f32,
            contrast: 1.0 + even(how.contrast) as f32,
            saturation: 1.0 + even(how.saturation) as f32,
            hole: [0.5 + even(0.5), 0.5 + even(0.5)],
        }
    }

    /// Whether every pixel keeps its place.
    fn stays(&self) -> bool {
        self.angle == 0.0 && self.shift == [0.0; 2] && self.zoom == 1.0 && self.shear == 0.0
    }

    /// Mirrors, leans, turns, enlarges and moves about the middle. What comes in from outside continues the border.
    fn place(&self, picture: &mut [f32], [rows, columns]: [usize; 2]) {
        let [up_down, left_right] = self.mirrored;
        for plane in picture.chunks_mut(rows * columns) {
            if up_down {
                (0..rows / 2).for_each(|row| {
                    let (above, below) = plane.split_at_mut((rows - 1 - row) * columns);
                    above[row * columns..(row + 1) * columns].swap_with_slice(&mut below[..columns]);
                });
            }
            if left_right {
                plane.chunks_mut(columns).for_each(<[f32]>::reverse);
            }
        }
        if self.stays() {
            return;
        }
        let (sin, cos) = (self.angle.sin() / self.zoom, self.angle.cos() / self.zoom);
        let middle = [(rows - 1) as f64 / 2.0, (columns - 1) as f64 / 2.0];
        let shift = [self.shift[0] * rows as f64, self.shift[1] * columns as f64];
        let before = picture.to_vec();
        for row in 0..rows {
            for column in 0..columns {
                let (y, x) = (row as f64 - middle[0] - shift[0], column as f64 - middle[1] - shift[1]);
                let (y, x) = (cos * y - sin * x, sin * y + cos * x);
                let y_from = (y + middle[0]).clamp(0.0, (rows - 1) as f64);
                let x_from = (x - self.shear * y + middle[1]).clamp(0.0, (columns - 1) as f64);
                let (top, left) = (y_from as usize, x_from as usize);
                let (low, right) = ((top + 1).min(rows - 1), (left + 1).min(columns - 1));
                let (v, u) = ((y_from - top as f64) as f32, (x_from - left as f64) as f32);
                let planes = picture.chunks_mut(rows * columns).zip(before.chunks(rows * columns));
                for (to, from) in planes {
                    let at = |row: usize, column: usize| from[row * columns + column];
                    let above = at(top, left) * (1.0 - u) + at(top, right) * u;
                    let below = at(low, left) * (1.0 - u) + at(low, right) * u;
                    to[row * columns + column] = above * (1.0 - v) + below * v;
                }
            }
        }
    }

    /// Boxes around where the corners of boxes come to lie.
    fn move_things(&self, target: &mut [f32], [rows, columns]: [usize; 2], cutout: f64) {
        for numbers in target.chunks_exact_mut(THING).filter(|numbers| numbers[0] >= 0.0) {
            let extent = Extent { left: numbers[1], top: numbers[2], right: numbers[3], bottom: numbers[4] };
            let moved = self.moved(extent, [rows, columns]).kept(LEAST_LEFT);
            let is_seen = |extent: &Extent| {
                let hidden = self.hole([rows, columns], cutout).map_or(0.0, |hole| extent.shared(hole).area());
                hidden <= (1.0 - LEAST_LEFT) * extent.area()
            };
            match moved.filter(is_seen) {
                Some(Extent { left, top, right, bottom }) => {
                    numbers[1..].copy_from_slice(&[left, top, right, bottom]);
                }
                None => numbers.copy_from_slice(&[-1.0, 0.0, 0.0, 0.0, 0.0]),
            }
        }
    }

    /// May reach beyond the picture.
    fn moved(&self, extent: Extent, [rows, columns]: [usize; 2]) -> Extent {
        let [height, width] = [rows as f64, columns as f64];
        let (sin, cos) = (self.angle.sin() * self.zoom, self.angle.cos() * self.zoom);
        let mirrored = |[from, to]: [f32; 2], is: bool| if is { [1.0 - to, 1.0 - from] } else { [from, to] };
        let down = mirrored([extent.top, extent.bottom], self.mirrored[0]);
        let across = mirrored([extent.left, extent.right], self.mirrored[1]);
        if self.stays() {
            return Extent { left: across[0], top: down[0], right: across[1], bottom: down[1] };
        }
        let [mut low, mut high] = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
        for (y, x) in down.into_iter().flat_map(|y| across.into_iter().map(move |x| (y, x))) {
            let (y, x) = ((f64::from(y) - 0.5) * height, (f64::from(x) - 0.5) * width);
            let x = x + self.shear * y;
            let at =
                [(cos * y + sin * x) / height + 0.5 + self.shift[0], (cos * x - sin * y) / width + 0.5 + self.shift[1]];
            for axis in 0..2 {
                (low[axis], high[axis]) = (low[axis].min(at[axis]), high[axis].max(at[axis]));
            }
        }
        let [[top, left], [bottom, right]] = [low, high].map(|corner| corner.map(|at| at as f32));
        Extent { left, top, right, bottom }
    }

    fn colour(&self, picture: &mut [f32], area: usize) {
        if self.saturation != 1.0 && picture.len() == 3 * area {
            for i in 0..area {
                let [r, g, b] = [0, 1, 2].map(|channel| picture[channel * area + i]);
                let grey = 0.299 * r + 0.587 * g + 0.114 * b;
                (0..3).for_each(|c| {
                    let value = &mut picture[c * area + i];
                    *value = grey + (*value - grey) * self.saturation;
                });
            }
        }
        if self.contrast != 1.0 || self.brightness != 0.0 {
            let mean = picture.iter().sum::<f32>() / picture.len() as f32;
            let (contrast, brightness) = (self.contrast, self.brightness);
            picture.iter_mut().for_each(|value| *value = mean + (*value - mean) * contrast + brightness);
        }
    }

    /// A square of grey, of a share of the side; what lies outside the picture is lost.
    fn cut(&self, picture: &mut [f32], [rows, columns]: [usize; 2], share: f64) {
        let Some([down, across]) = self.cut_out([rows, columns], share) else { return };
        for plane in picture.chunks_mut(rows * columns) {
            down.clone().for_each(|row| plane[row * columns..][across.clone()].fill(0.5));
        }
    }
}

impl Drawn {
    /// Rows and columns of the hole; `None` where there is none.
    fn cut_out(&self, [rows, columns]: [usize; 2], share: f64) -> Option<[Range<usize>; 2]> {
        let side = share * rows.min(columns) as f64;
        let span = |middle: f64, len: usize| {
            let from = middle * len as f64 - side / 2.0;
            from.round().max(0.0) as usize..((from + side).round().max(0.0) as usize).min(len)
        };
        (side >= 1.0).then(|| [span(self.hole[0], rows), span(self.hole[1], columns)])
    }

    fn hole(&self, [rows, columns]: [usize; 2], share: f64) -> Option<Extent> {
        let [down, across] = self.cut_out([rows, columns], share)?;
        let of = |at: usize, len: usize| at as f32 / len as f32;
        let (left, right) = (of(across.start, columns), of(across.end, columns));
        Some(Extent { left, right, top: of(down.start, rows), bottom: of(down.end, rows) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: Task = Task::Classes(2);

    /// Where a bright thing in a picture goes, its box goes.
    #[test]
    fn boxes_move_with_their_things() {
        let side = 40;
        let task = Task::Boxes { most: 2, classes: 2 };
        let all = [
            Augmentation { flip: true, flip_up_down: true, ..Augmentation::default() },
            Augmentation { shift: 0.2, ..Augmentation::default() },
            Augmentation { zoom: 0.4, shift: 0.1, ..Augmentation::default() },
            Augmentation { rotation: 40.0, flip: true, ..Augmentation::default() },
            Augmentation { shear: 30.0, ..Augmentation::default() },
            Augmentation { shear: 20.0, rotation: 20.0, zoom: 0.2, flip: true, ..Augmentation::default() },
            Augmentation { brightness: 0.1, contrast: 0.1, ..Augmentation::default() },
        ];
        for (number, how) in all.iter().enumerate() {
            for epoch in 0..40 {
                let mut picture = vec![0.0; side * side];
                (8..20).for_each(|row| picture[row * side + 14..row * side + 30].fill(1.0));
                let target = vec![1.0, 0.35, 0.2, 0.75, 0.5, -1.0, 0.0, 0.0, 0.0, 0.0];
                let mut batch = Batch { len: 1, inputs: picture, targets: target, rows: vec![0], ..Batch::default() };
                augment(&mut batch, &[1, side, side], task, how, 3, epoch);
                let bright = (0..side * side).filter(|&at| batch.inputs[at] > 0.5);
                let mut around = [usize::MAX, usize::MAX, 0, 0];
                bright.for_each(|at| {
                    let (x, y) = (at % side, at / side);
                    around = [around[0].min(x), around[1].min(y), around[2].max(x + 1), around[3].max(y + 1)];
                });
                let (class, found) = (batch.targets[0], &batch.targets[1..5]);
                let far = around.iter().zip(found).map(|(a, b)| (*a as f32 - b * side as f32).abs());
                let stays = how.rotation == 0.0 && how.zoom == 0.0 && how.shift == 0.0 && how.shear == 0.0;
                let exact = if stays { 1e-3 } else { 1.6 };
                assert_eq!(class, 1.0);
                assert!(far.clone().all(|far| far < exact), "{number} {epoch}: {around:?}, not {found:?}");
                assert_eq!(batch.targets[5..], [-1.0, 0.0, 0.0, 0.0, 0.0]);
            }
        }
    }

    #[test]
    fn what_leaves_the_picture_or_is_hidden_is_no_thing() {
        let still = || Drawn::of(&Augmentation::default(), &mut Purpose::Augment.draws(1, 0));
        let moved = |drawn: Drawn, cutout| {
            let mut target = vec![0.0, 0.0, 0.0, 0.5, 0.5];
            drawn.move_things(&mut target, [20, 20], cutout);
            target
        };
        assert_eq!(moved(Drawn { shift: [0.0, -0.3], ..still() }, 0.0), [0.0, 0.0, 0.0, 0.2, 0.5]);
        assert_eq!(moved(Drawn { shift: [0.0, -0.4], ..still() }, 0.0)[0], -1.0);
        assert_eq!(moved(Drawn { hole: [0.25, 0.25], ..still() }, 0.45)[0], -1.0);
        assert_eq!(moved(Drawn { hole: [0.25, 0.25], ..still() }, 0.4)[0], 0.0);
    }

    /// Two pictures of 3 x 4 x 4, rows 5 and 9.
    fn batch() -> Batch {
        let inputs = (0..96).map(|i| (i * 37 % 97) as f32 / 96.0).collect();
        Batch { len: 2, inputs, targets: vec![0.0, 1.0], rows: vec![5, 9], ..Batch::default() }
    }

    fn changed(how: Augmentation, seed: u64, epoch: u64) -> Batch {
        let mut batch = batch();
        augment(&mut batch, &[3, 4, 4], CLASSES, &how, seed, epoch);
        batch
    }

    const ALL: Augmentation = Augmentation {
        flip: true,
        flip_up_down: true,
        rotation: 30.0,
        shift: 0.2,
        zoom: 0.3,
        shear: 20.0,
        brightness: 0.2,
        contrast: 0.3,
        saturation: 0.5,
        noise: 0.05,
        cutout: 0.5,
        mixup: 0.0,
    };

    #[test]
    fn it_is_a_function_of_seed_epoch_and_row() {
        let whole = changed(ALL, 3, 2);
        assert_eq!(whole, changed(ALL, 3, 2));
        assert!([changed(ALL, 4, 2), changed(ALL, 3, 3)].iter().all(|other| other.inputs != whole.inputs));
        // Whatever else is in the batch.
        let mut alone = batch();
        (alone.inputs, alone.rows, alone.len) = (alone.inputs.split_off(48), vec![9], 1);
        augment(&mut alone, &[3, 4, 4], CLASSES, &ALL, 3, 2);
        assert_eq!(alone.inputs[..], whole.inputs[48..]);
        assert!(whole.inputs.iter().all(|value| (0.0..=1.0).contains(value)));
        assert_eq!((&whole.targets, &whole.rows), (&batch().targets, &batch().rows));
    }

    #[test]
    fn shares_for_mixup_are_a_function_of_seed_epoch_and_row() {
        let mixing = Augmentation { mixup: 0.4, ..Augmentation::default() };
        let whole = changed(mixing, 3, 2);
        assert!(whole.lambda.len() == 2 && whole.lambda.iter().all(|share| (0.5..=1.0).contains(share)));
        assert_eq!(whole, Batch { lambda: whole.lambda.clone(), ..batch() }, "the machine mixes");
        assert!([changed(mixing, 4, 2), changed(mixing, 3, 3)].iter().all(|other| other.lambda != whole.lambda));
        let beside = changed(Augmentation { mixup: 0.4, ..ALL }, 3, 2);
        assert_eq!((beside.lambda, beside.inputs), (whole.lambda, changed(ALL, 3, 2).inputs));
        let things = Task::Boxes { most: 1, classes: 2 };
        let mut boxes = batch();
        boxes.targets = vec![-1.0; 10];
        augment(&mut boxes, &[3, 4, 4], things, &mixing, 3, 2);
        assert_eq!(boxes.lambda, [0.0; 0]);
    }

    #[test]
    fn nothing_is_changed_without_it_or_where_there_are_no_pictures() {
        assert_eq!(changed(Augmentation::default(), 3, 2), batch());
        let mut rows = batch();
        augment(&mut rows, &[48], CLASSES, &ALL, 3, 2);
        assert_eq!(rows, batch());
    }

    #[test]
    fn pictures_are_mirrored_half_of_the_time() {
        let how = Augmentation { flip: true, ..Augmentation::default() };
        let before = batch().inputs;
        let mut mirrored = before.clone();
        mirrored.chunks_mut(4).for_each(<[f32]>::reverse);
        let is_mirrored = |epoch| {
            let now = changed(how, 1, epoch).inputs;
            assert!(now[..48] == before[..48] || now[..48] == mirrored[..48]);
            now[..48] == mirrored[..48]
        };
        let count = (0..400).filter(|&epoch| is_mirrored(epoch)).count();
        assert!((150..250).contains(&count), "{count}");
        let how = Augmentation { flip_up_down: true, ..Augmentation::default() };
        let upside: Vec<f32> = before.chunks(16).flat_map(|plane| plane.chunks(4).rev().flatten().copied()).collect();
        assert!((0..20).any(|epoch| changed(how, 1, epoch).inputs == upside));
    }

    #[test]
    fn a_quarter_turn_and_a_shift_move_every_pixel_to_its_place() {
        let drawn = |angle: f64, shift| Drawn {
            angle: angle.to_radians(),
            shift,
            ..Drawn::of(&Augmentation::default(), &mut Purpose::Augment.draws(1, 0))
        };
        let before = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let near = |drawn: Drawn, expected: [f32; 9]| {
            let mut now = before;
            drawn.place(&mut now, [3, 3]);
            assert!(now.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{now:?}");
        };
        near(drawn(90.0, [0.0; 2]), [7.0, 4.0, 1.0, 8.0, 5.0, 2.0, 9.0, 6.0, 3.0]);
        near(drawn(0.0, [0.0, 1.0 / 3.0]), [1.0, 1.0, 2.0, 4.0, 4.0, 5.0, 7.0, 7.0, 8.0]);
        near(drawn(0.0, [-1.0 / 3.0, 0.0]), [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 7.0, 8.0, 9.0]);
    }

    #[test]
    fn what_leans_moves_row_by_row_and_changes_nothing_else() {
        let mut picture = [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0];
        Drawn { shear: 1.0, ..Drawn::of(&Augmentation::default(), &mut Purpose::Augment.draws(1, 0)) }
            .place(&mut picture, [3, 3]);
        assert_eq!(picture, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        // The noise, the hole and all else are those of before.
        let before =
            Augmentation { shear: 0.0, rotation: 0.0, shift: 0.0, zoom: 0.0, flip: false, flip_up_down: false, ..ALL };
        let mut flat = Batch { inputs: vec![0.4; 96], ..batch() };
        let mut leaning = flat.clone();
        augment(&mut flat, &[3, 4, 4], CLASSES, &before, 3, 2);
        augment(&mut leaning, &[3, 4, 4], CLASSES, &Augmentation { shear: 20.0, ..before }, 3, 2);
        assert!(flat.inputs.iter().zip(&leaning.inputs).all(|(a, b)| (a - b).abs() < 1e-6));
        let some: Vec<f64> = (0..40).map(|stream| sheared(&Augmentation { shear: 45.0, ..ALL }, 1, stream)).collect();
        assert!(
            some.iter().all(|shear| shear.abs() <= 1.0)
                && some.iter().any(|s| *s > 0.5)
                && some.iter().any(|s| *s < -0.5)
        );
    }

    #[test]
    fn colours_and_holes_are_those_that_were_drawn() {
        let still = || Drawn::of(&Augmentation::default(), &mut Purpose::Augment.draws(1, 0));
        let mut picture = [0.2, 0.6, 0.4];
        Drawn { contrast: 2.0, brightness: 0.1, ..still() }.colour(&mut picture, 3);
        assert!(picture.iter().zip([0.1f32, 0.9, 0.5]).all(|(a, b)| (a - b).abs() < 1e-6), "{picture:?}");
        let mut picture = [1.0, 0.0, 0.0];
        Drawn { saturation: 0.0, ..still() }.colour(&mut picture, 1);
        assert!(picture.iter().all(|value| (value - 0.299).abs() < 1e-6), "{picture:?}");
        let mut picture = [0.0; 16];
        Drawn { hole: [0.5, 1.0], ..still() }.cut(&mut picture, [4, 4], 0.5);
        assert_eq!(picture.iter().positions(), [7, 11]);
    }

    trait Positions {
        fn positions(self) -> Vec<usize>;
    }

    impl<'a, I: Iterator<Item = &'a f32>> Positions for I {
        fn positions(self) -> Vec<usize> {
            self.enumerate().filter(|(_, value)| **value == 0.5).map(|(i, _)| i).collect()
        }
    }
}
