//! Pooling. What a window sees beyond the picture to keep the remainder never counts: it is padding that is left out of
//! means; padding that counts is made of real zeros before.

use super::place::Place;
use crate::interop::onnx::proto::Attribute;
use crate::model::layer::{AdaptiveAvgPool2d, Pool};

/// `counts`: of a mean, whether it counts the zeros of the padding; `None` takes the largest.
fn pooled(l: &mut Place, x: String, pads: &[[usize; 3]], [kernel, stride]: [usize; 2], counts: Option<bool>) -> String {
    let rank = pads.len();
    let mut zeros: Vec<[usize; 2]> = pads.iter().map(|[before, after, rest]| [*before, after + rest]).collect();
    let mut x = x;
    let has_rest = pads.iter().any(|[_, _, rest]| *rest > 0);
    let has_padding = pads.iter().any(|[before, after, _]| before + after > 0);
    let mut counted = counts == Some(true) && has_padding && !has_rest;
    if counts == Some(true) && has_padding && has_rest {
        let around = std::iter::repeat_n(0, 2);
        let before = around.clone().chain(pads.iter().map(|pad| pad[0]));
        let after = around.chain(pads.iter().map(|pad| pad[1]));
        let around: Vec<i64> = before.chain(after).map(|zeros| zeros as i64).collect();
        let around = l.ints("pads", &around);
        x = l.op("Pad", &[&x, &around], []);
        zeros = pads.iter().map(|[_, _, rest]| [0, *rest]).collect();
        counted = false;
    }
    let mut settings = vec![
        Attribute::ints("kernel_shape", std::iter::repeat_n(kernel, rank)),
        Attribute::ints("strides", std::iter::repeat_n(stride, rank)),
        Attribute::ints("pads", zeros.iter().map(|pad| pad[0]).chain(zeros.iter().map(|pad| pad[1]))),
    ];
    if counts.is_none() {
        return l.op("MaxPool", &[&x], settings);
    }
    settings.push(Attribute::int("count_include_pad", i64::from(counted)));
    l.op("AveragePool", &[&x], settings)
}

pub(super) fn of_picture(l: &mut Place, pool: &Pool, window: [usize; 2], counts: Option<bool>) -> String {
    let sizes = l.sizes();
    pooled(l, l.x(), &[pool.pads(sizes[1]), pool.pads(sizes[2])], window, counts)
}

/// Samples are steps × features; ONNX has the features first.
pub(super) fn of_sequence(l: &mut Place, pool: &Pool, window: [usize; 2], counts: Option<bool>) -> String {
    let pads = pool.pads(l.sizes()[0]);
    let turned = l.transpose(&l.x(), &[0, 2, 1]);
    let y = pooled(l, turned, &[pads], window, counts);
    l.transpose(&y, &[0, 2, 1])
}

/// Parts of one size are windows. Others are means that a matrix takes, for the rows and for the columns.
pub(super) fn adaptive(l: &mut Place, layer: &AdaptiveAvgPool2d) -> String {
    let (x, sizes) = (l.x(), l.sizes());
    let (rows, columns) = (sizes[1], sizes[2]);
    if rows % layer.rows == 0 && columns % layer.columns == 0 {
        let window = [rows / layer.rows, columns / layer.columns];
        return l.op(
            "AveragePool",
            &[&x],
            [Attribute::ints("kernel_shape", window), Attribute::ints("strides", window)],
        );
    }
    let of_rows = means(rows, layer.rows);
    let mut of_columns = vec![0.0; columns * layer.columns];
    for (part, row) in means(columns, layer.columns).chunks_exact(columns).enumerate() {
        row.iter().enumerate().for_each(|(at, &share)| of_columns[at * layer.columns + part] = share);
    }
    let of_rows = l.constant("rows", &[layer.rows, rows], &of_rows);
    let of_columns = l.constant("columns", &[columns, layer.columns], &of_columns);
    let y = l.op("MatMul", &[&of_rows, &x], []);
    l.op("MatMul", &[&y, &of_columns], [])
}

/// `[parts, size]`: part i is the mean of ⌊i · size / parts⌋ up to ⌈(i + 1) · size / parts⌉.
fn means(size: usize, parts: usize) -> Vec<f32> {
    let mut all = vec![0.0; size * parts];
    for (part, row) in all.chunks_exact_mut(size).enumerate() {
        let (from, to) = (part * size / parts, ((part + 1) * size).div_ceil(parts));
        row[from..to].fill(1.0 / (to - from) as f32);
    }
    all
}

pub(super) fn global(l: &mut Place) -> String {
    let x = l.op("GlobalAveragePool", &[&l.x()], []);
    l.op("Flatten", &[&x], [Attribute::int("axis", 1)])
}
