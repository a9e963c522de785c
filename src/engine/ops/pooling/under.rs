//! What lies under the windows of a pooling: as tables for references on any device, and as lists for explanations.

use candle_core::{Device, Tensor};

use crate::engine::error::Result;
use crate::engine::kernels::pool::{Pooling, Span};
use crate::engine::kernels::window::Window;
use crate::engine::ops::convolution::conv2d;

/// What stands in a table for an entry of the largest window that a smaller one has not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A zero: the place behind the plane, as in [`unfold_at`](crate::engine::ops::convolution::unfold::unfold_at).
    Zero,
    /// The nearest entry that there is. In reading order nothing then comes before its turn.
    Nearest,
}

/// Entry by entry of the largest window, where in its plane it lies at every place, `[entries · places]`.
pub fn indices(pooling: &Pooling, missing: Missing, device: &Device) -> Result<Tensor> {
    let [height, width] = pooling.size;
    let [rows, columns] = &pooling.spans;
    let at = |span: &Span, offset: usize| match missing {
        Missing::Zero => Some(span.start + offset).filter(|&at| at < span.end),
        Missing::Nearest => Some((span.start + offset).min(span.end - 1)),
    };
    let [most_rows, most_columns] = pooling.largest();
    let mut all = Vec::with_capacity(most_rows * most_columns * pooling.output_len());
    for (u, v) in (0..most_rows).flat_map(|u| (0..most_columns).map(move |v| (u, v))) {
        for (row, column) in rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column))) {
            let pixel = at(row, u).zip(at(column, v)).map(|(row, column)| row * width + column);
            all.push(pixel.unwrap_or(height * width) as u32);
        }
    }
    let count = all.len();
    Ok(Tensor::from_vec(all, count, device)?)
}

/// What the mean at every place divides by, `[1, places]`.
pub fn counts(pooling: &Pooling, like: &Tensor) -> Result<Tensor> {
    let [rows, columns] = &pooling.spans;
    let all: Vec<f64> =
        rows.iter().flat_map(|row| columns.iter().map(move |column| (row.counted * column.counted) as f64)).collect();
    Ok(Tensor::from_vec(all, (1, pooling.output_len()), like.device())?.to_dtype(like.dtype())?)
}

/// The pixels under the window at a place, in reading order.
pub fn seen(pooling: &Pooling, [i, j]: [usize; 2]) -> Vec<[usize; 2]> {
    let (rows, columns) = (pooling.spans[0][i], pooling.spans[1][j]);
    (rows.start..rows.end).flat_map(|row| (columns.start..columns.end).map(move |column| [row, column])).collect()
}

/// The places whose windows see a pixel, in reading order.
pub fn seeing(pooling: &Pooling, at: [usize; 2]) -> Vec<[usize; 2]> {
    let places = |axis: usize| {
        let sees = move |(_, span): &(usize, &Span)| (span.start..span.end).contains(&at[axis]);
        pooling.spans[axis].iter().enumerate().filter(sees).map(|(place, _)| place)
    };
    places(0).flat_map(|i| places(1).map(move |j| [i, j])).collect()
}

/// What the mean at a place divides by.
pub fn count(pooling: &Pooling, [i, j]: [usize; 2]) -> f64 {
    (pooling.spans[0][i].counted * pooling.spans[1][j].counted) as f64
}

/// `window 3, stride 2, zeros 1`
pub fn settings(window: &Window) -> String {
    let [rows, columns] = window.kernel;
    let size = if rows == columns { format!("window {rows}") } else { format!("window {rows} × {columns}") };
    let stride = if window.stride == window.kernel { [1; 2] } else { window.stride };
    let rest = conv2d::settings(&Window { stride, ..*window }, 1);
    [size, rest].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The window of a case recorded from PyTorch.
#[cfg(test)]
pub fn recorded_window(params: &serde_json::Value) -> Window {
    let number = |value: &serde_json::Value| value.as_u64().unwrap() as usize;
    let two = |key: &str| params.get(key).map_or([0; 2], |both| [0, 1].map(|axis| number(&both[axis])));
    let [before, after] = ["before", "after"].map(two);
    Window { before, after, ..Window::square(number(&params["kernel"]), number(&params["stride"])) }
}
