//! How strongly a column goes with the target: one number from 0 (not at all) to 1, whatever the two hold.

use super::DrawnColumn;

/// Rows that have both, at least.
const LEAST_ROWS: usize = 10;
/// Rows for each category, at least: of names and the like everything would seem to be related.
const LEAST_PER_CLASS: usize = 3;
/// Cells of a table of two columns of categories.
const MOST_CELLS: usize = 1 << 22;

/// Which number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// |r| of Pearson, of two columns of numbers.
    Correlation,
    /// The correlation ratio η of numbers and classes: the share of the variance that lies between classes, its root.
    Ratio,
    /// Cramér's V of two columns of classes, from χ².
    CramersV,
}

/// How strongly two columns go together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relation {
    /// Which number it is.
    pub measure: Measure,
    /// 0 to 1.
    pub value: f64,
    /// Rows that have both.
    pub rows: usize,
    /// The target, by its place in the file.
    pub target: usize,
}

/// With the target that it goes with most, the first of equal ones; `None`: it cannot be told of any.
pub(super) fn closest(values: &DrawnColumn, columns: &[DrawnColumn], targets: &[usize]) -> Option<Relation> {
    let all = targets.iter().filter_map(|&target| {
        between(values, &columns[target]).map(|(measure, value, rows)| Relation { measure, value, rows, target })
    });
    all.reduce(|best, one| if one.value > best.value { one } else { best })
}

/// Which measure, its value, and of how many rows.
fn between(a: &DrawnColumn, b: &DrawnColumn) -> Option<(Measure, f64, usize)> {
    use DrawnColumn::{Categories, Dates, Empty, Numbers};
    let (measure, (value, rows)) = match (a, b) {
        (Empty, _) | (_, Empty) => return None,
        (Numbers(a) | Dates(a), Numbers(b) | Dates(b)) => (Measure::Correlation, correlation(a, b)?),
        (Numbers(numbers) | Dates(numbers), Categories { names, codes })
        | (Categories { names, codes }, Numbers(numbers) | Dates(numbers)) => {
            (Measure::Ratio, ratio(numbers, codes, names.len())?)
        }
        (Categories { names: m, codes: a }, Categories { names: n, codes: b }) => {
            (Measure::CramersV, cramers_v((a, m.len()), (b, n.len()))?)
        }
    };
    (value.is_finite() && rows >= LEAST_ROWS).then(|| (measure, value.clamp(0.0, 1.0), rows))
}

fn correlation(a: &[f64], b: &[f64]) -> Option<(f64, usize)> {
    let both = || a.iter().zip(b).filter(|(a, b)| a.is_finite() && b.is_finite());
    let count = both().count() as f64;
    let (x, y) = both().fold((0.0, 0.0), |(x, y), (a, b)| (x + a / count, y + b / count));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in both() {
        (xx, yy, xy) = (xx + (a - x).powi(2), yy + (b - y).powi(2), xy + (a - x) * (b - y));
    }
    (xx > 0.0 && yy > 0.0).then(|| ((xy / (xx.sqrt() * yy.sqrt())).abs(), count as usize))
}

fn ratio(numbers: &[f64], codes: &[u32], classes: usize) -> Option<(f64, usize)> {
    let both = || numbers.iter().zip(codes).filter(|(n, code)| n.is_finite() && **code != DrawnColumn::MISSING);
    let mut of_class = vec![(0.0, 0.0f64); classes];
    let (mut sum, mut count) = (0.0, 0.0);
    for (number, &code) in both() {
        let class = of_class.get_mut(code as usize)?;
        *class = (class.0 + 1.0, class.1 + number);
        (sum, count) = (sum + number, count + 1.0);
    }
    let mean = sum / count;
    let whole: f64 = both().map(|(number, _)| (number - mean).powi(2)).sum();
    let there = of_class.iter().filter(|class| class.0 > 0.0);
    if there.clone().count() < 2 || (there.clone().count() * LEAST_PER_CLASS) as f64 > count || whole <= 0.0 {
        return None;
    }
    let between: f64 = there.map(|(n, sum)| n * (sum / n - mean).powi(2)).sum();
    Some(((between / whole).sqrt(), count as usize))
}

fn cramers_v((a, m): (&[u32], usize), (b, n): (&[u32], usize)) -> Option<(f64, usize)> {
    if m.checked_mul(n)? > MOST_CELLS {
        return None;
    }
    let (mut cells, mut rows, mut columns) = (vec![0.0f64; m * n], vec![0.0f64; m], vec![0.0f64; n]);
    let mut count = 0.0;
    for (&i, &j) in a.iter().zip(b).filter(|(i, j)| **i != DrawnColumn::MISSING && **j != DrawnColumn::MISSING) {
        let (i, j) = (i as usize, j as usize);
        (cells[i * n + j], rows[i], columns[j], count) =
            (cells[i * n + j] + 1.0, rows[i] + 1.0, columns[j] + 1.0, count + 1.0);
    }
    let there = |sums: &[f64]| sums.iter().filter(|sum| **sum > 0.0).count();
    let (r, k) = (there(&rows), there(&columns));
    if r.min(k) < 2 || (r.max(k) * LEAST_PER_CLASS) as f64 > count {
        return None;
    }
    let mut chi = 0.0;
    for (i, row) in rows.iter().enumerate().filter(|(_, sum)| **sum > 0.0) {
        for (j, column) in columns.iter().enumerate().filter(|(_, sum)| **sum > 0.0) {
            let expected = row * column / count;
            chi += (cells[i * n + j] - expected).powi(2) / expected;
        }
    }
    Some(((chi / count / (r.min(k) - 1) as f64).sqrt(), count as usize))
}
