//! Triangles to points of a picture, as a graphics card would do it: exact edges, textures, premultiplied colours.

use egui::epaint::{Mesh, Vertex};
use egui::{Color32, Pos2, Rect};

use super::paper::Texture;
use crate::gui::theme;
use crate::session::Pixels;

/// Steps between two dots in which corners are placed.
const FINE: f32 = 256.0;

pub struct Raster {
    /// What part of the sheet it shows.
    part: Rect,
    /// Dots for every point.
    dots: f32,
    width: usize,
    height: usize,
    /// Premultiplied.
    colours: Vec<Color32>,
}

impl Raster {
    pub fn new(part: Rect, dots: f32, ground: Color32) -> Self {
        let count = |length: f32| (length * dots).ceil().max(1.0) as usize;
        let (width, height) = (count(part.width()), count(part.height()));
        Self { part, dots, width, height, colours: vec![ground; width * height] }
    }

    pub fn pixels(&self) -> Pixels {
        let rgba = self.colours.iter().flat_map(|colour| colour.to_srgba_unmultiplied()).collect();
        Pixels { width: self.width, height: self.height, rgba }
    }

    pub fn mesh(&mut self, clip: Rect, mesh: &Mesh, texture: Option<&Texture>) {
        let clip = self.in_dots(clip);
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |i: usize| mesh.vertices.get(corners[i] as usize);
            if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
                self.triangle(clip, [a, b, c], texture);
            }
        }
    }

    /// Columns and rows that a part of the sheet has here, the ends left out.
    fn in_dots(&self, rect: Rect) -> [[i64; 2]; 2] {
        let place = |at: Pos2| (at - self.part.min) * self.dots;
        let (min, max) = (place(rect.min), place(rect.max));
        let within = |value: f32, most: usize| (value.round().clamp(0.0, most as f32)) as i64;
        [
            [within(min.x, self.width), within(max.x, self.width)],
            [within(min.y, self.height), within(max.y, self.height)],
        ]
    }

    fn triangle(&mut self, [columns, rows]: [[i64; 2]; 2], corners: [&Vertex; 3], texture: Option<&Texture>) {
        let place = |vertex: &Vertex| {
            let at = (vertex.pos - self.part.min) * (self.dots * FINE);
            [at.x.round() as i64, at.y.round() as i64]
        };
        let (mut corners, mut at) = (corners, corners.map(place));
        match edge(at[0], at[1], at[2]) {
            0 => return,
            area if area < 0 => {
                corners.swap(1, 2);
                at.swap(1, 2);
            }
            _ => {}
        }
        let area = edge(at[0], at[1], at[2]) as f32;
        let fine = FINE as i64;
        let span = |axis: usize, [from, to]: [i64; 2]| {
            let all = at.map(|point| point[axis]);
            let (low, high) = (all.iter().min().copied().unwrap_or(0), all.iter().max().copied().unwrap_or(0));
            (low.div_euclid(fine)).max(from)..(high.div_euclid(fine) + 1).min(to)
        };
        let opposite = [(1, 2), (2, 0), (0, 1)];
        // A dot on an edge belongs to one of the two triangles beside it.
        let owned = opposite.map(|(from, to)| {
            let (across, down) = (at[to][0] - at[from][0], at[to][1] - at[from][1]);
            i64::from(!(down < 0 || (down == 0 && across > 0)))
        });
        for y in span(1, rows) {
            for x in span(0, columns) {
                let middle = [x * fine + fine / 2, y * fine + fine / 2];
                let shares = opposite.map(|(from, to)| edge(at[from], at[to], middle));
                if shares.iter().zip(owned).all(|(share, least)| *share >= least) {
                    let shares = shares.map(|share| share as f32 / area);
                    let source = colour(&corners, shares, texture);
                    let under = &mut self.colours[y as usize * self.width + x as usize];
                    *under = over(source, *under);
                }
            }
        }
    }
}

/// Twice the area of the triangle; positive clockwise, with y downwards.
fn edge(a: [i64; 2], b: [i64; 2], c: [i64; 2]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

fn colour(corners: &[&Vertex; 3], shares: [f32; 3], texture: Option<&Texture>) -> [f32; 4] {
    let mut mixed = [0.0; 4];
    let mut uv = [0.0; 2];
    for (corner, share) in corners.iter().zip(shares) {
        for (sum, channel) in mixed.iter_mut().zip(corner.color.to_array()) {
            *sum += share * f32::from(channel);
        }
        uv[0] += share * corner.uv.x;
        uv[1] += share * corner.uv.y;
    }
    if let Some(texture) = texture {
        let paint = sample(texture, uv);
        mixed.iter_mut().zip(paint).for_each(|(channel, paint)| *channel *= paint / 255.0);
    }
    mixed
}

/// Channels of a texture at a place, 0 to 255.
fn sample(texture: &Texture, [u, v]: [f32; 2]) -> [f32; 4] {
    let [width, height] = texture.image.size;
    let texel = |x: f32, y: f32| {
        let within = |value: f32, size: usize| value.clamp(0.0, size.saturating_sub(1) as f32) as usize;
        let index = within(y, height) * width + within(x, width);
        texture.image.pixels.get(index).map_or([0.0; 4], |colour| colour.to_array().map(f32::from))
    };
    let (x, y) = (u * width as f32, v * height as f32);
    if !texture.smooth {
        return texel(x.floor(), y.floor());
    }
    let (x, y) = (x - 0.5, y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let mix = |a: [f32; 4], b: [f32; 4], t: f32| std::array::from_fn(|i| a[i] + t * (b[i] - a[i]));
    let upper = mix(texel(left, top), texel(left + 1.0, top), x - left);
    let lower = mix(texel(left, top + 1.0), texel(left + 1.0, top + 1.0), x - left);
    mix(upper, lower, y - top)
}

fn over(source: [f32; 4], under: Color32) -> Color32 {
    let rest = 1.0 - source[3] / 255.0;
    let under = under.to_array().map(f32::from);
    theme::premultiplied(std::array::from_fn(|i| source[i] + rest * under[i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::theme::Tokens;
    use egui::pos2;

    fn square(colour: Color32) -> Mesh {
        let mut mesh = Mesh::default();
        mesh.add_colored_rect(Rect::from_min_max(pos2(1.0, 1.0), pos2(3.0, 3.0)), colour);
        mesh
    }

    #[test]
    fn two_triangles_share_an_edge_and_no_dot_twice() {
        let tokens = Tokens::light();
        let mut raster = Raster::new(Rect::from_min_size(Pos2::ZERO, egui::vec2(4.0, 4.0)), 2.0, tokens.panel);
        let half = tokens.text.gamma_multiply(0.5);
        raster.mesh(Rect::EVERYTHING, &square(half), None);
        let once = over(half.to_array().map(f32::from), tokens.panel);
        let count = |colour| raster.colours.iter().filter(|c| **c == colour).count();
        assert_eq!((count(once), count(tokens.panel)), (16, 48));
    }

    #[test]
    fn what_is_clipped_away_is_not_painted() {
        let tokens = Tokens::light();
        let mut raster = Raster::new(Rect::from_min_size(Pos2::ZERO, egui::vec2(4.0, 4.0)), 1.0, tokens.panel);
        raster.mesh(Rect::from_min_max(pos2(2.0, -9.0), pos2(99.0, 99.0)), &square(tokens.text), None);
        assert_eq!(raster.colours.iter().filter(|c| **c == tokens.text).count(), 2);
        let pixels = raster.pixels();
        assert_eq!((pixels.width, pixels.height, pixels.rgba.len()), (4, 4, 64));
    }

    #[test]
    fn a_texture_is_read_between_its_points_or_not() {
        let tokens = Tokens::light();
        let image = egui::ColorImage::new([2, 1], vec![tokens.on_accent, Color32::TRANSPARENT]);
        let smooth = Texture { image, smooth: true };
        assert_eq!(sample(&smooth, [0.5, 0.5])[3], 127.5);
        assert_eq!(sample(&Texture { smooth: false, ..smooth }, [0.4, 0.5])[3], 255.0);
    }
}
