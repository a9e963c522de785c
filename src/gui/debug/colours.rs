//! What has three channels of a picture, in its colours.

use egui::{Color32, ColorImage, Id, Pos2, Rect, Role, Sense, TextureOptions, Ui, Vec2, WidgetInfo};

use crate::gui::heatmap::largest;
use crate::gui::textures::{cached, fingerprint};
use crate::gui::theme;
use crate::trace::TensorRecord;

/// What the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Light: the lowest there is black, the highest white.
    Light,
    /// Slopes: none is grey, and a channel's colour shows where more of it raises the loss.
    Slopes,
}

/// Rows and columns, where it is a picture in colour.
pub fn size(record: &TensorRecord) -> Option<[usize; 2]> {
    match record.dims[..] {
        [3, rows, columns] if rows > 1 && columns > 1 && record.data.len() == 3 * rows * columns => {
            Some([rows, columns])
        }
        _ => None,
    }
}

/// `None` where it is none. Whether it was clicked.
pub fn show(ui: &mut Ui, record: &TensorRecord, (look, name): (Look, &str), side: f32) -> Option<bool> {
    let [rows, columns] = size(record)?;
    let scale = side / rows.max(columns) as f32;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(columns as f32, rows as f32) * scale, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{name}, {rows} × {columns}, in colour")));
    let id = Id::unique(("sample in colour", name));
    let texture = cached(ui.ctx(), id, fingerprint(&record.data), TextureOptions::NEAREST, || {
        let (area, levels) = (rows * columns, levels(&record.data, look));
        let pixels = (0..area).map(|i| theme::pixel([0, 1, 2].map(|channel| levels[channel * area + i])));
        ColorImage::new([columns, rows], pixels.collect())
    });
    let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
    Some(response.clicked())
}

/// From 0 to 1.
fn levels(data: &[f32], look: Look) -> Vec<f32> {
    let finite = || data.iter().copied().filter(|value| value.is_finite());
    let (low, high) = match look {
        Look::Slopes => {
            let most = largest(data).max(f32::MIN_POSITIVE);
            (-most, most)
        }
        // Ordinary pictures are from 0 to 1.
        Look::Light => (finite().fold(0.0, f32::min), finite().fold(1.0, f32::max)),
    };
    data.iter().map(|value| (value - low) / (high - low)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_grey_where_there_is_none_and_light_is_as_it_is() {
        assert_eq!(levels(&[-2.0, 0.0, 1.0], Look::Slopes), [0.0, 0.5, 0.75]);
        assert_eq!(levels(&[0.0, 0.25, 1.0], Look::Light), [0.0, 0.25, 1.0]);
        assert_eq!(levels(&[-1.0, 0.0, 3.0], Look::Light), [0.0, 0.25, 1.0]);
        assert_eq!(levels(&[0.0; 3], Look::Slopes), [0.5; 3]);
        let record = |dims: &[usize]| TensorRecord {
            name: "%x".into(),
            dims: dims.to_vec(),
            axes: vec![String::new(); dims.len()],
            gates: None,
            step: 1,
            data: vec![0.0; dims.iter().product()].into(),
        };
        assert_eq!(size(&record(&[3, 4, 5])), Some([4, 5]));
        assert_eq!((size(&record(&[4, 4, 5])), size(&record(&[3, 4])), size(&record(&[3, 1, 5]))), (None, None, None));
    }
}
