//! Where the samples of a table stand in its file, and in which of them a value is missing: to list them as a person
//! knows them.

use rayon::prelude::*;

/// Of a table whose samples are in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Training, validation and, where there is one, the test.
    parts: Vec<Part>,
    /// Of each column in use, the rows without a value, in ascending order.
    gaps: Vec<Vec<u32>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Part {
    /// The samples in the order of the file.
    samples: Vec<u32>,
    /// The row of the table that each of those is.
    rows: Vec<u32>,
}

impl Places {
    /// `parts`: the row of the table that each sample is. `gaps`: of each column in use.
    pub(super) fn new(parts: &[Vec<usize>], gaps: Vec<Vec<u32>>) -> Self {
        let part = |rows: &Vec<usize>| {
            let mut samples: Vec<u32> = (0..rows.len() as u32).collect();
            samples.par_sort_unstable_by_key(|&sample| rows[sample as usize]);
            Part { rows: samples.iter().map(|&sample| rows[sample as usize] as u32).collect(), samples }
        };
        Self { parts: parts.iter().map(part).collect(), gaps }
    }

    /// Of a part (0: training), the sample that is the `nth` in the order of the file, and its row of the table.
    pub fn nth(&self, part: usize, nth: usize) -> Option<(usize, usize)> {
        let part = self.parts.get(part)?;
        Some((*part.samples.get(nth)? as usize, *part.rows.get(nth)? as usize))
    }

    /// Whether a row of the table has no value in a column, by its place among those in use.
    pub fn is_gap(&self, column: usize, row: usize) -> bool {
        self.gaps.get(column).is_some_and(|gaps| gaps.binary_search(&(row as u32)).is_ok())
    }
}
