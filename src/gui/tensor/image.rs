//! Whether a tensor holds pictures as the eye sees them.

use super::layout::{Layout, Role};
use super::tiles::Paint;
use crate::trace::{Findings, TensorRecord};

/// The axis of the channels and how many there are, where the tensor holds pictures in grey (one) or colour (three).
pub fn channels(record: &TensorRecord) -> Option<(usize, usize)> {
    let axis = record.axes.iter().position(|name| name == "channel")?;
    let has = |word: &str| record.axes.iter().any(|name| name == word);
    let count = *record.dims.get(axis)?;
    (has("row") && has("column") && matches!(count, 1 | 3)).then_some((axis, count))
}

/// As [`Paint::Image`] wants it: the lightest and the darkest number there are become white and black.
pub(super) fn paint(record: &TensorRecord, findings: &Findings) -> Option<Paint> {
    let (axis, channels) = channels(record)?;
    let stride = record.dims[axis + 1..].iter().product();
    let (low, high) = (findings.statistics.min, findings.statistics.max);
    Some(Paint::Image { channels, stride, low, high: if high > low { high } else { low + 1.0 } })
}

/// The layout of the cells with all channels in one.
pub(super) fn layout(record: &TensorRecord, roles: &[Role], slices: &[usize]) -> Option<Layout> {
    let (axis, _) = channels(record)?;
    let (mut roles, mut slices) = (roles.to_vec(), slices.to_vec());
    roles[axis] = Role::Slice;
    slices[axis] = 0;
    for (i, name) in record.axes.iter().enumerate() {
        match name.as_str() {
            "row" => roles[i] = Role::Rows,
            "column" => roles[i] = Role::Columns,
            _ if matches!(roles[i], Role::Rows | Role::Columns) => roles[i] = Role::Facets,
            _ => {}
        }
    }
    Some(Layout::new(&record.dims, &roles, &slices))
}

#[cfg(test)]
mod tests {
    use super::super::layout::Cell;
    use super::*;

    #[test]
    fn pictures_in_colour_share_one_cell_for_their_channels() {
        let record = TensorRecord {
            name: "%x".into(),
            dims: vec![2, 3, 4, 5],
            axes: ["sample", "channel", "row", "column"].map(String::from).to_vec(),
            gates: None,
            step: 1,
            data: vec![0.5; 120].into(),
        };
        assert_eq!(channels(&record), Some((1, 3)));
        let roles = [Role::Slice, Role::Facets, Role::Rows, Role::Columns];
        let layout = layout(&record, &roles, &[1, 2, 0, 0]).unwrap();
        assert_eq!((layout.facets(), layout.rows(), layout.columns()), (1, 4, 5));
        assert_eq!(layout.offset(Cell::default()), Some(60));
        let paint = paint(&record, &Findings::of(&record.data)).unwrap();
        assert!(matches!(paint, Paint::Image { channels: 3, stride: 20, .. }));
        let features = TensorRecord { dims: vec![2, 12, 2, 5], ..record };
        assert_eq!(channels(&features), None);
    }
}
