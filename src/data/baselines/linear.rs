//! Linear models, fitted to the end: logistic regression by L-BFGS, ridge regression by conjugate gradients.

use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// Weight of the sum of squares in the objective: scikit-learn's `C = 1` and `alpha = 1`. The bias is not penalised.
const PENALTY: f64 = 1.0;
/// Two classes have one vector of weights there, the difference of the two here: twice as long, and penalised once.
const PENALTY_OF_TWO: f64 = 2.0;
/// Passes over the data.
const MOST_STEPS: usize = 400;
/// Steps that L-BFGS looks back.
const MEMORY: usize = 10;
/// Where the largest slope is below it, for each sample, nothing more is gained.
const FLAT: f64 = 1e-6;

/// `outputs = inputs · weights + bias`, in 64 bits.
pub(super) struct Linear {
    width: usize,
    outputs: usize,
    /// `[outputs, width + 1]`, the bias last.
    weights: Vec<f64>,
}

impl Linear {
    fn new(width: usize, outputs: usize) -> Self {
        Self { width, outputs, weights: vec![0.0; outputs * (width + 1)] }
    }

    /// Appends the outputs for one sample.
    fn push(&self, input: &[f32], answers: &mut Vec<f64>) {
        for row in self.weights.chunks_exact(self.width + 1) {
            let sum: f64 = row.iter().zip(input).map(|(w, &x)| w * f64::from(x)).sum();
            answers.push(sum + row[self.width]);
        }
    }

    /// The class with the largest output, of each sample.
    pub fn classes(&self, inputs: &[f32]) -> Vec<f32> {
        let mut answers = Vec::with_capacity(self.outputs);
        let class = |input: &[f32]| {
            answers.clear();
            self.push(input, &mut answers);
            let largest = answers
                .iter()
                .enumerate()
                .fold((0, f64::MIN), |best, (class, &answer)| if answer > best.1 { (class, answer) } else { best });
            largest.0 as f32
        };
        inputs.chunks_exact(self.width).map(class).collect()
    }

    /// The outputs of each sample.
    pub fn numbers(&self, inputs: &[f32]) -> Vec<f32> {
        let mut answers = Vec::new();
        inputs.chunks_exact(self.width).for_each(|input| self.push(input, &mut answers));
        answers.into_iter().map(|answer| answer as f32).collect()
    }
}

/// Multinomial logistic regression: the sum of the cross-entropies and half the penalised squares is least.
pub(super) fn logistic(
    inputs: &[f32],
    targets: &[f32],
    width: usize,
    classes: usize,
    progress: &dyn Progress,
) -> Result<Linear, DataError> {
    let mut model = Linear::new(width, classes);
    let mut gradient = vec![0.0; model.weights.len()];
    let mut loss = cross_entropy(&model, inputs, targets, &mut gradient);
    let mut steps: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for _ in 0..MOST_STEPS {
        stop_if_cancelled(progress)?;
        if largest(&gradient) <= FLAT * targets.len() as f64 {
            break;
        }
        let direction = towards(&gradient, &steps);
        let slope = dot(&direction, &gradient);
        // The first step is as long as one sample is worth; after that L-BFGS knows.
        let mut length = if steps.is_empty() { 1.0 / largest(&gradient).max(1.0) } else { 1.0 };
        let (before, old) = (model.weights.clone(), gradient.clone());
        let lower = loop {
            for ((w, from), along) in model.weights.iter_mut().zip(&before).zip(&direction) {
                *w = from + length * along;
            }
            let there = cross_entropy(&model, inputs, targets, &mut gradient);
            if there <= loss + 1e-4 * length * slope {
                break Some(there);
            }
            length /= 2.0;
            if length < 1e-10 {
                break None;
            }
        };
        let Some(lower) = lower else {
            model.weights = before;
            break;
        };
        let moved: Vec<f64> = model.weights.iter().zip(&before).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = gradient.iter().zip(&old).map(|(a, b)| a - b).collect();
        let curvature = dot(&moved, &turned);
        if curvature > 1e-12 {
            if steps.len() == MEMORY {
                steps.remove(0);
            }
            steps.push((moved, turned, 1.0 / curvature));
        }
        loss = lower;
    }
    Ok(model)
}

/// The objective, and its gradient.
fn cross_entropy(model: &Linear, inputs: &[f32], targets: &[f32], gradient: &mut [f64]) -> f64 {
    let width = model.width;
    gradient.fill(0.0);
    let (mut loss, mut shares) = (0.0, Vec::with_capacity(model.outputs));
    for (input, &target) in inputs.chunks_exact(width).zip(targets) {
        shares.clear();
        model.push(input, &mut shares);
        let top = shares.iter().copied().fold(f64::MIN, f64::max);
        let truth = shares.get(target as usize).copied().unwrap_or(top) - top;
        shares.iter_mut().for_each(|share| *share = (*share - top).exp());
        let sum: f64 = shares.iter().sum();
        loss += sum.ln() - truth;
        for (class, (share, row)) in shares.iter().zip(gradient.chunks_exact_mut(width + 1)).enumerate() {
            let error = share / sum - f64::from(u8::from(class == target as usize));
            row.iter_mut().zip(input).for_each(|(slope, &x)| *slope += error * f64::from(x));
            row[width] += error;
        }
    }
    let penalty = if model.outputs == 2 { PENALTY_OF_TWO } else { PENALTY };
    for (row, weights) in gradient.chunks_exact_mut(width + 1).zip(model.weights.chunks_exact(width + 1)) {
        for (slope, w) in row.iter_mut().zip(&weights[..width]) {
            *slope += penalty * w;
            loss += penalty / 2.0 * w * w;
        }
    }
    loss
}

/// L-BFGS's two loops: where to go, downhill.
fn towards(gradient: &[f64], steps: &[(Vec<f64>, Vec<f64>, f64)]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(steps.len());
    for (moved, turned, inverse) in steps.iter().rev() {
        let share = inverse * dot(moved, &direction);
        add(&mut direction, turned, -share);
        shares.push(share);
    }
    if let Some((_, turned, inverse)) = steps.last() {
        let scale = 1.0 / (inverse * dot(turned, turned));
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for ((moved, turned, inverse), share) in steps.iter().zip(shares.into_iter().rev()) {
        let other = inverse * dot(turned, &direction);
        add(&mut direction, moved, share - other);
    }
    direction
}

/// Ridge regression: the sum of squared errors and the penalised squares is least.
pub(super) fn ridge(
    inputs: &[f32],
    targets: &[f32],
    width: usize,
    outputs: usize,
    progress: &dyn Progress,
) -> Result<Linear, DataError> {
    let rows = (targets.len() / outputs.max(1)).max(1);
    let mut model = Linear::new(width, outputs);
    // Without the means there is no bias to solve for.
    let mut means = vec![0.0; width];
    for input in inputs.chunks_exact(width) {
        means.iter_mut().zip(input).for_each(|(mean, &x)| *mean += f64::from(x) / rows as f64);
    }
    for output in 0..outputs {
        let of = || targets.iter().skip(output).step_by(outputs).map(|&t| f64::from(t));
        let mean = of().sum::<f64>() / rows as f64;
        let mut wanted = vec![0.0; width];
        for (input, target) in inputs.chunks_exact(width).zip(of()) {
            let centred = input.iter().zip(&means).map(|(&x, mean)| f64::from(x) - mean);
            wanted.iter_mut().zip(centred).for_each(|(sum, x)| *sum += x * (target - mean));
        }
        let solved = solve(inputs, &means, &wanted, progress)?;
        let bias = mean - dot(&solved, &means);
        let row = &mut model.weights[output * (width + 1)..(output + 1) * (width + 1)];
        row[..width].copy_from_slice(&solved);
        row[width] = bias;
    }
    Ok(model)
}

/// `(XᵀX + penalty) w = wanted` by conjugate gradients, of centred inputs.
fn solve(inputs: &[f32], means: &[f64], wanted: &[f64], progress: &dyn Progress) -> Result<Vec<f64>, DataError> {
    let width = wanted.len();
    let mut solved = vec![0.0; width];
    let mut left = wanted.to_vec();
    let mut direction = left.clone();
    let (mut size, goal) = (dot(&left, &left), 1e-20 * dot(wanted, wanted));
    for _ in 0..MOST_STEPS {
        stop_if_cancelled(progress)?;
        if size <= goal {
            break;
        }
        let shift = dot(means, &direction);
        let mut image: Vec<f64> = direction.iter().map(|d| PENALTY * d).collect();
        for input in inputs.chunks_exact(width) {
            let along = input.iter().zip(&direction).map(|(&x, d)| f64::from(x) * d).sum::<f64>() - shift;
            image.iter_mut().zip(input.iter().zip(means)).for_each(|(sum, (&x, m))| *sum += (f64::from(x) - m) * along);
        }
        let length = size / dot(&direction, &image);
        add(&mut solved, &direction, length);
        add(&mut left, &image, -length);
        let now = dot(&left, &left);
        let share = now / size;
        direction.iter_mut().zip(&left).for_each(|(d, l)| *d = l + share * *d);
        size = now;
    }
    Ok(solved)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], what: &[f64], times: f64) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |most, number| most.max(number.abs()))
}
