//! One drawn picture: coloured shapes on a ground that runs from one colour to another, with noise over all of it.
//!
//! Picture `i` of seed `s` depends on nothing but (s, i) and the settings.

use super::outline::{CLASSES, Outline};
use crate::data::random::Draws;
use crate::model::boxes::Thing;

/// The side of a thing by that of a scene.
const OF_SCENE: [f64; 2] = [0.15, 0.5];
/// The side of a thing that is alone in its picture.
const ALONE: [f64; 2] = [0.4, 0.9];
/// The share of every thing that others leave visible.
const VISIBLE: f32 = 0.75;
/// How often a place is looked for.
const TRIES: usize = 30;
/// How far colours are apart at least, where channels run from 0 to 1.
const CONTRAST: f32 = 0.55;

type Colour = [f32; 3];

/// A picture `[3, side, side]`, values 0 to 1, and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scene {
    pub pixels: Vec<f32>,
    pub things: Vec<Thing>,
}

/// One to `most` things of any class.
pub(super) fn scene(side: usize, most: usize, noise: f64, draws: &mut Draws) -> Scene {
    let mut canvas = Canvas::new(side, draws);
    let count = 1 + draws.below(most);
    for _ in 0..count {
        let class = draws.below(CLASSES.len());
        canvas.add(class, OF_SCENE, draws);
    }
    canvas.finish(noise, draws)
}

/// One thing of a class.
pub(super) fn alone(class: usize, side: usize, noise: f64, draws: &mut Draws) -> Scene {
    let mut canvas = Canvas::new(side, draws);
    canvas.add(class, ALONE, draws);
    canvas.finish(noise, draws)
}

struct Canvas {
    side: usize,
    pixels: Vec<f32>,
    ground: [Colour; 2],
    things: Vec<Thing>,
    masks: Vec<Mask>,
}

/// What is still seen of a thing.
struct Mask {
    /// Top, left, and how many columns there are in a row.
    at: [usize; 3],
    cover: Vec<f32>,
    whole: f32,
}

impl Canvas {
    fn new(side: usize, draws: &mut Draws) -> Self {
        let ground = [colour([0.0, 0.4], [0.1, 0.9], draws), colour([0.0, 0.4], [0.1, 0.9], draws)];
        let angle = draws.uniform(0.0, std::f64::consts::TAU) as f32;
        let (sin, cos) = angle.sin_cos();
        let mut pixels = vec![0.0; 3 * side * side];
        for at in 0..side * side {
            let [x, y] = [at % side, at / side].map(|at| (at as f32 + 0.5) / side as f32 - 0.5);
            let share = (0.5 + (cos * x + sin * y) / std::f32::consts::SQRT_2).clamp(0.0, 1.0);
            for (channel, [from, to]) in
                [0, 1, 2].map(|channel| ground.map(|colour| colour[channel])).iter().enumerate()
            {
                pixels[channel * side * side + at] = from + (to - from) * share;
            }
        }
        Self { side, pixels, ground, things: Vec::new(), masks: Vec::new() }
    }

    /// Where it leaves enough of the others; if there is no such place, not at all.
    fn add(&mut self, class: usize, sides: [f64; 2], draws: &mut Draws) {
        let side = self.side as f32;
        for attempt in 0..TRIES {
            // The longer nothing is found, the smaller.
            let largest = sides[1] + (sides[0] - sides[1]) * attempt as f64 / TRIES as f64;
            let size = draws.uniform(sides[0], largest) as f32 * side;
            let angle = draws.uniform(0.0, std::f64::consts::TAU) as f32;
            let place = [draws.unit() as f32, draws.unit() as f32];
            let outline = Outline::new(class, size, angle, place, side);
            let mask = self.mask(&outline);
            if self.masks.iter().any(|other| other.without(&mask).1 < VISIBLE * other.whole) {
                continue;
            }
            self.masks.iter_mut().for_each(|other| other.cover = other.without(&mask).0);
            self.paint(&mask, draws);
            self.things.push(Thing { class, extent: outline.extent(side) });
            self.masks.push(mask);
            return;
        }
    }

    fn mask(&self, outline: &Outline) -> Mask {
        let [low, high] = outline.bounds();
        let from = low.map(|at| (at - 1.0).max(0.0) as usize);
        let to = high.map(|at| ((at + 1.0).ceil() as usize).min(self.side));
        let columns = to[0] - from[0];
        let mut cover = Vec::with_capacity(columns * (to[1] - from[1]));
        for row in from[1]..to[1] {
            cover.extend((from[0]..to[0]).map(|column| outline.cover([column as f32 + 0.5, row as f32 + 0.5])));
        }
        let whole = cover.iter().sum();
        Mask { at: [from[1], from[0], columns], cover, whole }
    }

    fn paint(&mut self, mask: &Mask, draws: &mut Draws) {
        let far =
            |one: Colour, other: Colour| one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
        let mut ink = [0.0; 3];
        let mut most = -1.0;
        for _ in 0..TRIES {
            let tried = colour([0.4, 1.0], [0.4, 1.0], draws);
            let contrast = self.ground.iter().map(|ground| far(tried, *ground)).fold(f32::INFINITY, f32::min);
            if contrast > most {
                (ink, most) = (tried, contrast);
            }
            if most > CONTRAST {
                break;
            }
        }
        let [top, left, columns] = mask.at;
        for (at, cover) in mask.cover.iter().enumerate() {
            let place = (top + at / columns) * self.side + left + at % columns;
            for (channel, ink) in ink.iter().enumerate() {
                let pixel = &mut self.pixels[channel * self.side * self.side + place];
                *pixel += (ink - *pixel) * cover;
            }
        }
    }

    /// `noise`: the standard deviation of what is added to every channel.
    fn finish(mut self, noise: f64, draws: &mut Draws) -> Scene {
        if noise > 0.0 {
            // The sum of four bytes is nearly normal, and fast.
            let mut bytes = vec![0; 4 * self.pixels.len()];
            draws.fill(&mut bytes);
            let scale = (noise / (4.0 * (256.0f64 * 256.0 - 1.0) / 12.0).sqrt()) as f32;
            for (pixel, four) in self.pixels.iter_mut().zip(bytes.as_chunks::<4>().0) {
                let sum: i32 = four.iter().map(|byte| i32::from(*byte)).sum();
                *pixel = (*pixel + (sum - 510) as f32 * scale).clamp(0.0, 1.0);
            }
        }
        Scene { pixels: self.pixels, things: self.things }
    }
}

impl Mask {
    /// What is left where another lies on it, and how much that is.
    fn without(&self, other: &Self) -> (Vec<f32>, f32) {
        let [top, left, columns] = self.at;
        let [other_top, other_left, other_columns] = other.at;
        let other_rows = other.cover.len() / other_columns.max(1);
        let mut left_over = self.cover.clone();
        for (at, cover) in left_over.iter_mut().enumerate() {
            let (row, column) = (top + at / columns, left + at % columns);
            let is_there = row >= other_top && row - other_top < other_rows;
            if is_there && column >= other_left && column - other_left < other_columns {
                *cover *= 1.0 - other.cover[(row - other_top) * other_columns + column - other_left];
            }
        }
        let sum = left_over.iter().sum();
        (left_over, sum)
    }
}

/// Any hue, of a saturation and a brightness between two.
fn colour(saturation: [f64; 2], brightness: [f64; 2], draws: &mut Draws) -> Colour {
    let hue = draws.uniform(0.0, 6.0) as f32;
    let saturation = draws.uniform(saturation[0], saturation[1]) as f32;
    let brightness = draws.uniform(brightness[0], brightness[1]) as f32;
    // Of red, green and blue: how far the hue is from it, around the circle of six.
    [0.0f32, 2.0, 4.0].map(|own| {
        let apart = (hue - own).rem_euclid(6.0);
        let pure = (2.0 - apart.min(6.0 - apart)).clamp(0.0, 1.0);
        brightness * (1.0 - saturation * (1.0 - pure))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Purpose;

    fn draws(number: u64) -> Draws {
        Purpose::Scenes.draws(3, number)
    }

    #[test]
    fn a_scene_is_a_function_of_its_numbers() {
        let one = scene(32, 4, 0.1, &mut draws(5));
        assert_eq!(one, scene(32, 4, 0.1, &mut draws(5)));
        assert_ne!(one.pixels, scene(32, 4, 0.1, &mut draws(6)).pixels);
        assert!(one.pixels.iter().all(|value| (0.0..=1.0).contains(value)) && one.pixels.len() == 3 * 32 * 32);
    }

    #[test]
    fn things_are_inside_of_several_classes_and_all_but_covered() {
        let (mut counts, mut classes) = ([0; 7], [0; CLASSES.len()]);
        for number in 0..300 {
            let mut draws = draws(number);
            let mut canvas = Canvas::new(64, &mut draws);
            (0..6).for_each(|_| canvas.add(draws.below(CLASSES.len()), OF_SCENE, &mut draws));
            for (thing, mask) in canvas.things.iter().zip(&canvas.masks) {
                let extent = thing.extent;
                assert!(extent.left >= 0.0 && extent.right <= 1.0 && extent.top >= 0.0 && extent.bottom <= 1.0);
                let side = (extent.right - extent.left).max(extent.bottom - extent.top);
                assert!((0.149..0.501).contains(&side), "{side}");
                assert!(mask.cover.iter().sum::<f32>() >= VISIBLE * mask.whole);
                classes[thing.class] += 1;
            }
            counts[canvas.things.len()] += 1;
        }
        assert!(counts[0] == 0 && counts[6] > 200, "{counts:?}");
        assert!(classes.iter().all(|&count| count > 200), "{classes:?}");
        let mut counts = [0; 6];
        (0..300).for_each(|number| counts[scene(32, 5, 0.0, &mut draws(number)).things.len()] += 1);
        assert!(counts[0] == 0 && counts[1..].iter().all(|&count| count > 30), "{counts:?}");
    }

    #[test]
    fn what_is_painted_differs_from_its_ground() {
        for number in 0..200 {
            let one = alone(1, 32, 0.0, &mut draws(number));
            let extent = one.things[0].extent;
            let of = |x: f32, y: f32| {
                [0, 1, 2].map(|c| one.pixels[c * 1024 + (y * 31.9) as usize * 32 + (x * 31.9) as usize])
            };
            let inside = of((extent.left + extent.right) / 2.0, (extent.top + extent.bottom) / 2.0);
            let corner = [[0.0, 0.0], [1.0, 1.0]]
                .into_iter()
                .find(|[x, y]| !(extent.left..=extent.right).contains(x) || !(extent.top..=extent.bottom).contains(y));
            let [x, y] = corner.unwrap();
            let far: f32 = of(x, y).iter().zip(inside).map(|(a, b)| (a - b) * (a - b)).sum();
            assert!(far.sqrt() > 0.2, "{number}: {}", far.sqrt());
        }
    }

    #[test]
    fn noise_is_as_strong_as_it_is_said_to_be() {
        let (still, noisy) = (alone(0, 64, 0.0, &mut draws(1)), alone(0, 64, 0.05, &mut draws(1)));
        let apart: Vec<f32> = still.pixels.iter().zip(&noisy.pixels).map(|(a, b)| a - b).collect();
        let spread = (apart.iter().map(|value| value * value).sum::<f32>() / apart.len() as f32).sqrt();
        assert!((spread - 0.05).abs() < 0.005, "{spread}");
    }
}
