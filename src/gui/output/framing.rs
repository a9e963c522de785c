//! How the pictures of a data set stand in their frame: how large what is inked is, and what of it lies in the middle.
//! What is drawn by hand is framed likewise, or a network would not know it again.

use crate::data::Dataset;

/// Samples that are measured.
const MEASURED: usize = 300;
/// Of the frame's side, what MNIST's digits fill: for pictures that cannot be measured.
const USUAL: f32 = 20.0 / 28.0;
/// From here on a pixel is inked.
const INKED: f32 = 0.5;
/// With a ground as grey as this, noise hides where the ink ends.
const NOISY: f32 = 0.08;

/// Places are (column, row) in pixels, with the first pixel's middle at 0.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Framing {
    /// The longer side of what is inked.
    pub size: f32,
    pub centre: [f32; 2],
    /// The centre is that of the ink's mass, not of the box around it.
    pub by_mass: bool,
}

impl Framing {
    /// `level` makes ink (0 to 1) of a number of the data.
    pub fn of(dataset: &Dataset, level: impl Fn(f32) -> f32) -> Self {
        let &[_, rows, columns] = dataset.input_shape.as_slice() else { return Self::usual(1, 1) };
        let mut found = Vec::new();
        let mut ground = 0.0;
        for row in 0..dataset.train.len().min(MEASURED) {
            let Ok(values) = dataset.train.input(row) else { break };
            let ink: Vec<f32> = values.iter().map(|&v| level(v)).collect();
            ground += [0, columns - 1, (rows - 1) * columns, rows * columns - 1].map(|i| ink[i]).iter().sum::<f32>();
            found.extend(Extent::of(&ink, columns));
        }
        ground /= 4.0 * found.len().max(1) as f32;
        if found.is_empty() || ground > NOISY {
            return Self::usual(rows, columns);
        }
        let mut sizes: Vec<f32> = found.iter().map(Extent::size).collect();
        sizes.sort_by(f32::total_cmp);
        let (boxes, masses) = (spread(found.iter().map(Extent::middle)), spread(found.iter().map(|one| one.mass)));
        let by_mass = masses.1 < boxes.1;
        let centre = if by_mass { masses.0 } else { boxes.0 };
        Self { size: sizes[sizes.len() / 2], centre, by_mass }
    }

    fn usual(rows: usize, columns: usize) -> Self {
        let side = rows.min(columns) as f32;
        Self { size: USUAL * side, centre: [columns as f32 / 2.0, rows as f32 / 2.0], by_mass: false }
    }
}

/// The mean, and how far from it they are.
fn spread(places: impl Iterator<Item = [f32; 2]> + Clone) -> ([f32; 2], f32) {
    let count = places.clone().count().max(1) as f32;
    let mean = places.clone().fold([0.0, 0.0], |[x, y], [a, b]| [x + a / count, y + b / count]);
    let away = |[a, b]: [f32; 2]| (a - mean[0]).powi(2) + (b - mean[1]).powi(2);
    (mean, places.map(away).sum::<f32>() / count)
}

/// Where the ink of one picture is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub low: [f32; 2],
    pub high: [f32; 2],
    pub mass: [f32; 2],
}

impl Extent {
    /// `None` of an empty picture.
    pub fn of(ink: &[f32], columns: usize) -> Option<Self> {
        let darkest = ink.iter().copied().fold(0.0, f32::max);
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        let (mut sum, mut mass) = (0.0, [0.0, 0.0]);
        for (i, &v) in ink.iter().enumerate() {
            let place = [(i % columns.max(1)) as f32, (i / columns.max(1)) as f32];
            for axis in 0..2 {
                if v >= INKED * darkest {
                    low[axis] = low[axis].min(place[axis]);
                    high[axis] = high[axis].max(place[axis] + 1.0);
                }
                mass[axis] += v * (place[axis] + 0.5);
            }
            sum += v;
        }
        (darkest > 0.0 && sum > 0.0).then(|| Self { low, high, mass: mass.map(|m| m / sum) })
    }

    pub fn size(&self) -> f32 {
        (self.high[0] - self.low[0]).max(self.high[1] - self.low[1])
    }

    pub fn middle(&self) -> [f32; 2] {
        [(self.low[0] + self.high[0]) / 2.0, (self.low[1] + self.high[1]) / 2.0]
    }
}
