use super::*;
use crate::engine::kernels::testing::{close, numbers, same_bits_on_any_threads};

/// The definition, in f64.
fn by_definition(c: &Convolution, x: &[f32], w: &[f32], bias: &[f32]) -> Vec<f64> {
    let (batch, [rows, columns]) = (x.len() / c.input_len(), c.places());
    let mut y = Vec::new();
    for b in 0..batch {
        for (f, bias) in bias.iter().enumerate() {
            for i in 0..rows {
                for j in 0..columns {
                    let mut sum = f64::from(*bias);
                    for_each_tap(c, i, j, |channel, u, v, h, k| {
                        let at = ((b * c.channels + channel) * c.size[0] + h) * c.size[1] + k;
                        let wt = ((f * c.channels + channel) * c.window.kernel[0] + u) * c.window.kernel[1] + v;
                        sum += f64::from(x[at]) * f64::from(w[wt]);
                    });
                    y.push(sum);
                }
            }
        }
    }
    y
}

fn for_each_tap(c: &Convolution, i: usize, j: usize, mut f: impl FnMut(usize, usize, usize, usize, usize)) {
    for channel in 0..c.channels {
        for u in 0..c.window.kernel[0] {
            for v in 0..c.window.kernel[1] {
                let h = (i * c.window.stride[0] + u * c.window.dilation[0]).checked_sub(c.window.before[0]);
                let k = (j * c.window.stride[1] + v * c.window.dilation[1]).checked_sub(c.window.before[1]);
                if let (Some(h), Some(k)) = (h, k)
                    && h < c.size[0]
                    && k < c.size[1]
                {
                    f(channel, u, v, h, k);
                }
            }
        }
    }
}

fn cases() -> Vec<(usize, Convolution)> {
    let window = |kernel, stride, before, after| Window { kernel, stride, before, after, dilation: [1, 1] };
    let dilated = |dilation, window| Window { dilation, ..window };
    let case = |channels, size, filters, window| Convolution { channels, size, filters, window };
    vec![
        (1, case(1, [1, 1], 1, Window::square(1, 1))),
        (3, case(4, [5, 7], 3, Window::square(1, 1))),
        (2, case(3, [7, 5], 4, window([3, 3], [1, 1], [1, 1], [1, 1]))),
        (2, case(2, [8, 6], 3, window([3, 2], [2, 3], [0, 1], [1, 0]))),
        (3, case(3, [7, 8], 5, window([1, 1], [2, 2], [0, 0], [0, 0]))),
        (2, case(2, [9, 10], 4, window([1, 1], [1, 3], [0, 0], [0, 0]))),
        (2, case(2, [5, 6], 4, window([1, 1], [2, 2], [1, 1], [1, 0]))),
        (1, case(2, [5, 9], 2, window([4, 4], [2, 1], [1, 1], [2, 2]))),
        (2, case(1, [6, 6], 2, window([2, 2], [3, 3], [0, 0], [0, 0]))),
        (1, case(1, [2, 2], 1, window([3, 3], [1, 1], [5, 5], [5, 5]))),
        (2, case(2, [9, 8], 3, dilated([2, 3], window([3, 2], [2, 1], [1, 2], [2, 0])))),
        (1, case(3, [7, 7], 2, dilated([3, 1], window([2, 3], [1, 2], [0, 0], [0, 1])))),
        // Several tiles a picture.
        (2, case(40, [33, 31], 5, window([3, 3], [1, 1], [1, 1], [1, 1]))),
        (2, case(40, [65, 61], 5, window([5, 5], [2, 2], [2, 2], [2, 2]))),
    ]
    .into_iter()
    .chain(cases_of_winograd())
    .chain(cases_of_nested())
    .chain(cases_of_interleaved())
    .collect()
}

fn cases_of_winograd() -> Vec<(usize, Convolution)> {
    let window = |before, after| Window { before, after, ..Window::square(3, 1) };
    let case = |channels, size, filters, window| Convolution { channels, size, filters, window };
    vec![
        (1, case(16, [1, 1], 17, window([1, 1], [1, 1]))),
        (3, case(17, [5, 6], 16, window([1, 1], [1, 1]))),
        (11, case(24, [4, 3], 13, window([0, 0], [0, 0]))),
        (2, case(16, [7, 2], 33, window([2, 0], [1, 2]))),
        (1, case(48, [3, 5], 16, window([2, 2], [2, 2]))),
        // Several blocks a picture, and several pictures a block.
        (2, case(16, [39, 37], 16, window([1, 1], [1, 1]))),
        (40, case(16, [6, 6], 16, window([1, 1], [1, 1]))),
    ]
}

fn cases_of_nested() -> Vec<(usize, Convolution)> {
    let window = |side, before, after| Window { before, after, ..Window::square(side, 1) };
    let case = |channels, size, filters, window| Convolution { channels, size, filters, window };
    vec![
        (3, case(16, [8, 8], 17, window(7, [3, 3], [3, 3]))),
        (1, case(24, [17, 14], 13, window(7, [0, 6], [0, 5]))),
        (2, case(16, [16, 12], 16, window(5, [2, 4], [2, 4]))),
        (11, case(17, [8, 12], 33, window(5, [4, 1], [0, 3]))),
        // Several blocks a picture, and several pictures a block.
        (2, case(16, [32, 31], 16, window(7, [3, 3], [3, 3]))),
        (19, case(16, [8, 8], 16, window(5, [2, 2], [2, 2]))),
    ]
}

fn cases_of_interleaved() -> Vec<(usize, Convolution)> {
    let window = |kernel, stride, before, after| Window { kernel, stride, before, after, dilation: [1, 1] };
    let case = |channels, size, filters, window| Convolution { channels, size, filters, window };
    let zeros = |kernel, stride| window([kernel; 2], [stride; 2], [kernel / 2; 2], [kernel / 2; 2]);
    vec![
        (3, case(16, [12, 10], 32, zeros(3, 2))),
        (2, case(13, [9, 7], 47, zeros(3, 2))),
        (1, case(16, [1, 2], 16, zeros(3, 2))),
        (2, case(14, [8, 9], 15, window([3, 2], [2, 3], [0, 1], [1, 0]))),
        // Numbers that no window meets, and a window of more zeros than picture.
        (2, case(16, [9, 11], 16, window([2, 2], [3, 3], [0, 0], [0, 0]))),
        (1, case(12, [3, 3], 30, window([4, 4], [2, 2], [5, 5], [4, 4]))),
        (2, case(30, [9, 8], 12, Window { dilation: [2, 3], ..window([3, 2], [2, 1], [1, 2], [2, 0]) })),
        // One place in a row: rows of the window lie side by side.
        (2, case(16, [9, 3], 16, window([3, 3], [2, 2], [0, 0], [0, 0]))),
        (2, case(16, [6, 3], 16, Window { dilation: [1, 2], ..window([2, 2], [1, 1], [0, 0], [0, 0]) })),
        // Narrow pictures.
        (5, case(16, [7, 14], 12, zeros(5, 1))),
        // Several tiles a picture.
        (2, case(45, [67, 61], 16, zeros(5, 2))),
        // And in each of them numbers that no window meets, the first of which reach over the edge.
        (1, case(64, [32, 32], 64, Window { dilation: [2, 2], ..window([3, 3], [2, 2], [1, 1], [2, 2]) })),
        (1, case(32, [64, 64], 32, window([2, 2], [3, 3], [1, 1], [0, 0]))),
    ]
}

#[test]
fn every_way_is_used_for_its_cases() {
    assert!(cases_of_winograd().iter().all(|(_, c)| winograd::pays(c)));
    assert!(cases().iter().filter(|(_, c)| winograd::pays(c)).count() == cases_of_winograd().len());
    assert!(cases_of_nested().iter().all(|(_, c)| nested::pays(c)));
    assert!(cases().iter().filter(|(_, c)| nested::pays(c)).count() == cases_of_nested().len());
    for (_, c) in cases_of_interleaved() {
        let terms = c.channels * c.window.kernel[1];
        assert!([c.filters, c.channels, terms].iter().all(|n| interleaved::pays(&c, *n)), "{c:?}");
    }
}

/// Tiles of Winograd's method overlap, and rows lie side by side, but no place may know of what is not under its own
/// window.
#[test]
fn a_place_depends_on_its_window_alone() {
    let undilated = |(_, c): &(usize, Convolution)| c.window.dilation == [1, 1];
    let others = cases_of_nested().into_iter().chain(cases_of_interleaved().into_iter().filter(undilated));
    for (batch, c) in cases_of_winograd().into_iter().chain(others) {
        let (x, w) = (numbers(batch * c.input_len(), 1), numbers(c.filters * c.depth(), 2));
        let (mut plain, mut spoilt) = (vec![0.0; batch * c.output_len()], vec![0.0; batch * c.output_len()]);
        forward(&c, &x, &w, None, &mut plain);
        let [height, width] = c.size;
        let (row, column) = (height / 2, width / 2);
        let mut other = x.clone();
        other[row * width + column] = f32::NAN;
        forward(&c, &other, &w, None, &mut spoilt);
        let [rows, columns] = c.places();
        for (o, (plain, spoilt)) in plain.iter().zip(&spoilt).enumerate() {
            let under = |axis: usize, place: usize, pixel: usize| {
                let first = place * c.window.stride[axis];
                (first..first + c.window.kernel[axis]).contains(&(pixel + c.window.before[axis]))
            };
            let (i, j) = (o / columns % rows, o % columns);
            if o < c.output_len() && under(0, i, row) && under(1, j, column) {
                assert!(spoilt.is_nan(), "{c:?}: {i}, {j}");
            } else {
                assert_eq!(plain.to_bits(), spoilt.to_bits(), "{c:?}: {i}, {j}");
            }
        }
    }
}

#[test]
fn a_picture_is_the_same_bits_in_any_batch() {
    in_any_batch(cases_of_winograd()[6]);
    in_any_batch(cases_of_nested()[5]);
    in_any_batch(cases_of_interleaved()[1]);
}

fn in_any_batch((batch, c): (usize, Convolution)) {
    let (x, w) = (numbers(batch * c.input_len(), 1), numbers(c.filters * c.depth(), 2));
    let (mut together, mut alone) = (vec![0.0; batch * c.output_len()], vec![0.0; c.output_len()]);
    forward(&c, &x, &w, None, &mut together);
    for image in 0..batch {
        forward(&c, &x[image * c.input_len()..][..c.input_len()], &w, None, &mut alone);
        assert!(alone == together[image * c.output_len()..][..c.output_len()], "{image}");
    }
}

/// A sum's rounding error, measured by the sum of its terms' sizes: what the debugger compares when it explains a
/// number. Many pixels are 0, as behind a relu.
#[test]
fn rounding_is_that_of_the_terms() {
    for (batch, c) in cases_of_winograd().into_iter().chain(cases_of_nested()).chain(cases_of_interleaved()) {
        let x: Vec<f32> = numbers(batch * c.input_len(), 1).iter().map(|x| x.max(0.0)).collect();
        let (w, bias) = (numbers(c.filters * c.depth(), 2), vec![0.0; c.filters]);
        let mut y = vec![f32::NAN; batch * c.output_len()];
        forward(&c, &x, &w, None, &mut y);
        let sizes = by_definition(&c, &x, &w.iter().map(|w| w.abs()).collect::<Vec<_>>(), &bias);
        for ((y, exact), size) in y.iter().zip(by_definition(&c, &x, &w, &bias)).zip(sizes) {
            assert!((f64::from(*y) - exact).abs() <= 2e-6 * size, "{y} instead of {exact} (terms of {size}): {c:?}");
        }
    }
}

#[test]
fn forward_is_the_definition() {
    for (batch, c) in cases() {
        let (x, w) = (numbers(batch * c.input_len(), 1), numbers(c.filters * c.depth(), 2));
        let bias = numbers(c.filters, 3);
        let mut y = vec![f32::NAN; batch * c.output_len()];
        forward(&c, &x, &w, Some(&bias), &mut y);
        close(&y, &by_definition(&c, &x, &w, &bias), 1e-5);
        forward(&c, &x, &w, None, &mut y);
        close(&y, &by_definition(&c, &x, &w, &vec![0.0; c.filters]), 1e-5);
    }
}

/// A convolution is linear in each of its arguments, so `<dy, w ⋆ x>` must equal `<dx, x>` and `<dw, w>`, for any x or
/// w.
#[test]
fn gradients_are_the_adjoints_of_forward() {
    for (batch, c) in cases() {
        let (x, w) = (numbers(batch * c.input_len(), 1), numbers(c.filters * c.depth(), 2));
        let dy = numbers(batch * c.output_len(), 4);
        let (mut dx, mut dw, mut db) = (vec![f32::NAN; x.len()], vec![f32::NAN; w.len()], vec![f32::NAN; c.filters]);
        backward_input(&c, &w, &dy, &mut dx);
        backward_weight(&c, &x, &dy, &mut dw);
        backward_bias(c.output_len() / c.filters, &dy, &mut db);
        let (mut dx2, mut dw2, mut db2) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0f64; c.filters]);
        let [rows, columns] = c.places();
        for (o, dy) in dy.iter().enumerate() {
            let (j, i, f) = (o % columns, o / columns % rows, o / columns / rows % c.filters);
            let b = o / c.output_len();
            db2[f] += f64::from(*dy);
            for_each_tap(&c, i, j, |channel, u, v, h, k| {
                let at = ((b * c.channels + channel) * c.size[0] + h) * c.size[1] + k;
                let wt = ((f * c.channels + channel) * c.window.kernel[0] + u) * c.window.kernel[1] + v;
                dx2[at] += f64::from(w[wt]) * f64::from(*dy);
                dw2[wt] += f64::from(x[at]) * f64::from(*dy);
            });
        }
        close(&dx, &dx2, 1e-5);
        close(&dw, &dw2, 1e-5);
        close(&db, &db2, 1e-5);
    }
}

#[test]
fn same_bits_on_any_number_of_threads() {
    let cases =
        [(9, cases()[7].1), (19, cases_of_winograd()[1].1), (9, cases()[4].1), (17, cases_of_interleaved()[1].1)];
    for (batch, c) in cases.into_iter().chain([cases_of_nested()[3], cases_of_nested()[4]]) {
        same_bits(batch, c);
    }
}

fn same_bits(batch: usize, c: Convolution) {
    let (x, w) = (numbers(batch * c.input_len(), 1), numbers(c.filters * c.depth(), 2));
    let dy = numbers(batch * c.output_len(), 4);
    same_bits_on_any_threads(|| {
        let mut y = vec![0.0; dy.len()];
        let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; c.filters]);
        forward(&c, &x, &w, Some(&db), &mut y);
        backward_input(&c, &w, &dy, &mut dx);
        backward_weight(&c, &x, &dy, &mut dw);
        backward_bias(c.output_len() / c.filters, &dy, &mut db);
        [y, dx, dw, db].concat()
    });
}
