//! A mean that grows until it is taken.

#[derive(Default)]
pub struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    pub fn take(&mut self) -> f64 {
        let Self { sum, count } = std::mem::take(self);
        sum / count.max(1) as f64
    }
}
