//! A window that slides along a sequence `[T, F]` with zeros before and after it.

use super::split::for_each_chunk;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    pub kernel: usize,
    pub stride: usize,
    pub before: usize,
    pub after: usize,
    /// How far apart the entries of the window lie; 1: side by side.
    pub dilation: usize,
}

impl Windows {
    /// Places the window takes along `steps`; 0 when it does not fit.
    pub fn places(&self, steps: usize) -> usize {
        let (padded, span) = (steps + self.before + self.after, (self.kernel - 1) * self.dilation + 1);
        if padded < span { 0 } else { (padded - span) / self.stride + 1 }
    }

    /// The step under entry `entry` of the window at `place`, unless a zero stands there.
    fn step(&self, place: usize, entry: usize, steps: usize) -> Option<usize> {
        (place * self.stride + entry * self.dilation).checked_sub(self.before).filter(|&step| step < steps)
    }
}

/// `y[i, f · kernel + k] = x[i · stride + k · dilation - before, f]`
pub fn gather(windows: &Windows, x: &[f32], [steps, features]: [usize; 2], y: &mut [f32]) {
    let (row, work) = (features * windows.kernel, y.len());
    for_each_chunk(y, windows.places(steps) * row, work, |sample, y| {
        let x = &x[sample * steps * features..][..steps * features];
        for (place, y) in y.chunks_exact_mut(row).enumerate() {
            for k in 0..windows.kernel {
                let y = y[k..].iter_mut().step_by(windows.kernel);
                match windows.step(place, k, steps) {
                    Some(step) => y.zip(&x[step * features..]).for_each(|(y, x)| *y = *x),
                    None => y.for_each(|y| *y = 0.0),
                }
            }
        }
    });
}

/// The reverse: every number gets the sum over the places that it was copied to.
pub fn scatter(windows: &Windows, dy: &[f32], [steps, features]: [usize; 2], dx: &mut [f32]) {
    let (row, places) = (features * windows.kernel, windows.places(steps));
    for_each_chunk(dx, steps * features, dy.len(), |sample, dx| {
        dx.fill(0.0);
        for (place, dy) in dy[sample * places * row..][..places * row].chunks_exact(row).enumerate() {
            for k in 0..windows.kernel {
                if let Some(step) = windows.step(place, k, steps) {
                    let dx = &mut dx[step * features..][..features];
                    dx.iter_mut().zip(dy[k..].iter().step_by(windows.kernel)).for_each(|(dx, dy)| *dx += dy);
                }
            }
        }
    });
}
