//! A sheet of paper: a panel drawn once more, outside the window, at its own size and in the theme that is asked for.
//!
//! What comes out are egui's shapes with the textures they use; [`super::raster`] makes points of them, [`super::svg`]
//! a drawing.

use std::collections::HashMap;
use std::time::Duration;

use egui::epaint::ClippedShape;
use egui::{Color32, ColorImage, Context, Rect, TextureFilter, TextureId, Ui, Vec2};

use super::raster::Raster;
use super::svg;
use crate::gui::fonts;
use crate::gui::theme::{self, Tokens};
use crate::persist::Theme;
use crate::session::Pixels;

/// Dots of a picture for every point: sharp in print.
pub const DOTS: f32 = 2.0;
/// A panel measures itself in one pass and is right in the next.
const LEAST_PASSES: usize = 3;
/// Pictures that are made a few at a time are all there after so many.
const MOST_PASSES: usize = 40;

pub struct Texture {
    pub image: ColorImage,
    pub smooth: bool,
}

pub struct Drawing {
    pub size: Vec2,
    pub ground: Color32,
    pub shapes: Vec<ClippedShape>,
    textures: HashMap<TextureId, Texture>,
    ctx: Context,
}

/// Draws `contents` on a sheet of this size. `prepare` puts there what a panel keeps in egui's memory.
pub fn draw(size: Vec2, look: Theme, prepare: impl FnOnce(&Context), mut contents: impl FnMut(&mut Ui)) -> Drawing {
    let ctx = Context::default();
    fonts::install(&ctx);
    theme::apply(&ctx, look, true);
    prepare(&ctx);
    let ground = Tokens::of_ctx(&ctx).panel;
    let mut drawing = Drawing { size, ground, shapes: Vec::new(), textures: HashMap::new(), ctx: ctx.clone() };
    for pass in 0..MOST_PASSES {
        let mut output = ctx.run_ui(input(size, pass), &mut contents);
        drawing.take_textures(&mut output.textures_delta);
        drawing.shapes = output.shapes;
        let settled = output.viewport_output.values().all(|view| view.repaint_delay > Duration::ZERO);
        if settled && pass + 1 >= LEAST_PASSES {
            break;
        }
    }
    drawing
}

fn input(size: Vec2, pass: usize) -> egui::RawInput {
    let mut input = egui::RawInput {
        screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, size)),
        time: Some(pass as f64 / 60.0),
        focused: false,
        ..egui::RawInput::default()
    };
    input.viewports.entry(egui::ViewportId::ROOT).or_default().native_pixels_per_point = Some(DOTS);
    input
}

impl Drawing {
    fn take_textures(&mut self, delta: &mut egui::TexturesDelta) {
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let egui::ImageData::Color(image) = change.image;
                match (change.pos, self.textures.get_mut(&id)) {
                    (Some(at), Some(texture)) => paste(&mut texture.image, &image, at),
                    _ => {
                        let smooth = change.options.magnification == TextureFilter::Linear;
                        self.textures.insert(id, Texture { image: (*image).clone(), smooth });
                    }
                }
            }
        }
        delta.clear();
    }

    pub fn texture(&self, id: TextureId) -> Option<&Texture> {
        self.textures.get(&id)
    }

    /// The whole sheet.
    pub fn pixels(&self) -> Pixels {
        let mut raster = Raster::new(Rect::from_min_size(egui::Pos2::ZERO, self.size), DOTS, self.ground);
        self.paint(&mut raster, self.shapes.clone());
        raster.pixels()
    }

    /// Shapes on a ground that may be see-through.
    pub fn paint(&self, raster: &mut Raster, shapes: Vec<ClippedShape>) {
        for part in self.ctx.tessellate(shapes, DOTS) {
            if let egui::epaint::Primitive::Mesh(mesh) = part.primitive {
                raster.mesh(part.clip_rect, &mesh, self.texture(mesh.texture_id));
            }
        }
    }

    pub fn svg(&self) -> String {
        svg::of(self)
    }
}

fn paste(onto: &mut ColorImage, image: &ColorImage, [left, top]: [usize; 2]) {
    let (width, [columns, rows]) = (onto.size[0], image.size);
    for row in 0..rows {
        let from = &image.pixels[row * columns..(row + 1) * columns];
        let start = (top + row) * width + left;
        if let Some(to) = onto.pixels.get_mut(start..start + columns) {
            to.copy_from_slice(from);
        }
    }
}
