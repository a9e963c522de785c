//! Windows of pictures as tensors of their own: what the references of convolution and pooling are composed from, on
//! any device. Slow and plain; the CPU kernels do the same without the copies.

use candle_core::{Device, Result, Tensor};

use crate::engine::kernels::window::Window;

/// `[B, C, H, W]` to `[B · C, KH · KW, places]`: entry by entry of the window, what lies under it at every place (0
/// around the picture).
pub fn unfold(x: &Tensor, window: &Window) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    let (indices, places) = indices(window, [height, width], x.device())?;
    unfold_at(x, &indices, places)
}

/// As [`unfold`], with the [`indices`] of any windows of `places` places.
pub fn unfold_at(x: &Tensor, indices: &Tensor, places: usize) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let planes = x.reshape((batch * channels, height * width))?.pad_with_zeros(1, 0, 1)?;
    planes.index_select(indices, 1)?.reshape((batch * channels, indices.dim(0)? / places.max(1), places))
}

/// The transpose of [`unfold`]: adds every number back to where it was read from; `[B · C, KH · KW, places]` to
/// `[B, C, H, W]`.
pub fn fold(columns: &Tensor, window: &Window, dims: [usize; 4]) -> Result<Tensor> {
    let (indices, _) = indices(window, [dims[2], dims[3]], columns.device())?;
    fold_at(columns, &indices, dims)
}

/// The transpose of [`unfold_at`].
pub fn fold_at(columns: &Tensor, indices: &Tensor, dims: [usize; 4]) -> Result<Tensor> {
    let [batch, channels, height, width] = dims;
    let planes = Tensor::zeros((batch * channels, height * width + 1), columns.dtype(), columns.device())?;
    let columns = columns.reshape((batch * channels, indices.dim(0)?))?;
    planes.index_add(indices, &columns, 1)?.narrow(1, 0, height * width)?.reshape((batch, channels, height, width))
}

/// Where in its plane every entry of the window lies at every place, `[KH · KW · places]`; `H · W` where it lies around
/// the picture. And the number of places.
pub fn indices(window: &Window, size: [usize; 2], device: &Device) -> Result<(Tensor, usize)> {
    let [height, width] = size;
    let [rows, columns] = window.places(size);
    let mut all = Vec::with_capacity(window.area() * rows * columns);
    for u in 0..window.kernel[0] {
        for v in 0..window.kernel[1] {
            let (on_rows, on_columns) = (window.inside(0, u, height, rows), window.inside(1, v, width, columns));
            for i in 0..rows {
                for j in 0..columns {
                    let inside = on_rows.contains(&i) && on_columns.contains(&j);
                    let at =
                        if inside { window.under(0, u, i) * width + window.under(1, v, j) } else { height * width };
                    all.push(at as u32);
                }
            }
        }
    }
    Ok((Tensor::from_vec(all, window.area() * rows * columns, device)?, rows * columns))
}
