//! Shapes to a drawing (SVG), sharp at any size, whose words stay words. What has no counterpart there becomes a
//! picture inside.

use std::fmt::Write;

use egui::epaint::{CircleShape, ClippedShape, ColorMode, EllipseShape, PathShape, PathStroke, RectShape, TextShape};
use egui::{Color32, CornerRadius, FontFamily, Pos2, Rect, Shape, Stroke, StrokeKind};

use super::paper::{DOTS, Drawing};
use super::raster::Raster;
use super::words::{self, Word};

pub fn of(drawing: &Drawing) -> String {
    let size = drawing.size;
    let mut svg = Svg { drawing, text: String::new(), clips: Vec::new() };
    for clipped in &drawing.shapes {
        svg.clipped(clipped);
    }
    let mut clips = String::new();
    for (i, clip) in svg.clips.iter().enumerate() {
        put(&mut clips, format_args!("<clipPath id=\"c{i}\"><rect {}/></clipPath>\n", place(*clip)));
    }
    let defs = if clips.is_empty() { clips } else { format!("<defs>\n{clips}</defs>\n") };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n{defs}\
         <rect width=\"{0}\" height=\"{1}\"{2}/>\n{3}</svg>\n",
        short(size.x),
        short(size.y),
        fill(drawing.ground),
        svg.text
    )
}

struct Svg<'a> {
    drawing: &'a Drawing,
    text: String,
    clips: Vec<Rect>,
}

impl Svg<'_> {
    fn clipped(&mut self, clipped: &ClippedShape) {
        let bounds = clipped.shape.visual_bounding_rect();
        let clip = clipped.clip_rect.intersect(Rect::from_min_size(Pos2::ZERO, self.drawing.size));
        if !clip.is_positive() || !clip.intersects(bounds) {
            return;
        }
        let whole = clip.contains_rect(bounds);
        if !whole {
            let known = self.clips.iter().position(|known| *known == clip);
            let number = known.unwrap_or_else(|| {
                self.clips.push(clip);
                self.clips.len() - 1
            });
            put(&mut self.text, format_args!("<g clip-path=\"url(#c{number})\">\n"));
        }
        self.shape(&clipped.shape, clip);
        if !whole {
            self.text.push_str("</g>\n");
        }
    }

    fn shape(&mut self, shape: &Shape, clip: Rect) {
        match shape {
            Shape::Noop | Shape::Callback(_) => {}
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| self.shape(shape, clip)),
            Shape::Circle(circle) => self.circle(circle),
            Shape::Ellipse(ellipse) => self.ellipse(ellipse),
            Shape::LineSegment { points, stroke } => {
                self.path(&line(points, false), Color32::TRANSPARENT, *stroke);
            }
            Shape::Path(path) => match solid(&path.stroke) {
                Some(stroke) => self.polygon(path, stroke),
                None => self.picture(shape, clip),
            },
            Shape::Rect(rect) if rect.blur_width <= 0.0 && rect.brush.is_none() => self.rect(rect),
            Shape::QuadraticBezier(curve) => match solid(&curve.stroke) {
                Some(stroke) => {
                    let [a, b, c] = curve.points.map(point);
                    self.path(&format!("M{a}Q{b} {c}"), curve.fill, stroke);
                }
                None => self.picture(shape, clip),
            },
            Shape::CubicBezier(curve) => match solid(&curve.stroke) {
                Some(stroke) => {
                    let [a, b, c, d] = curve.points.map(point);
                    self.path(&format!("M{a}C{b} {c} {d}"), curve.fill, stroke);
                }
                None => self.picture(shape, clip),
            },
            Shape::Text(text) => self.words(shape, text, clip),
            Shape::Rect(_) | Shape::Mesh(_) | Shape::Band(_) => self.picture(shape, clip),
        }
    }

    fn polygon(&mut self, path: &PathShape, stroke: Stroke) {
        if path.points.len() > 1 {
            self.path(&line(&path.points, path.closed), path.fill, stroke);
        }
    }

    fn path(&mut self, way: &str, ground: Color32, stroke: Stroke) {
        if ground.a() == 0 && stroke.is_empty() {
            return;
        }
        let (ground, stroke) = (fill(ground), outline(stroke));
        put(&mut self.text, format_args!("<path d=\"{way}\"{ground}{stroke}/>\n"));
    }

    fn circle(&mut self, circle: &CircleShape) {
        let (ground, stroke) = (fill(circle.fill), outline(circle.stroke));
        let [x, y, r] = [circle.center.x, circle.center.y, circle.radius].map(short);
        put(&mut self.text, format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"{ground}{stroke}/>\n"));
    }

    fn ellipse(&mut self, ellipse: &EllipseShape) {
        let (ground, stroke) = (fill(ellipse.fill), outline(ellipse.stroke));
        let [x, y] = [ellipse.center.x, ellipse.center.y].map(short);
        let [rx, ry, turn] = [ellipse.radius.x, ellipse.radius.y, ellipse.angle.to_degrees()].map(short);
        put(
            &mut self.text,
            format_args!(
                "<ellipse cx=\"{x}\" cy=\"{y}\" rx=\"{rx}\" ry=\"{ry}\" transform=\"rotate({turn} {x} {y})\"{ground}{stroke}/>\n"
            ),
        );
    }

    fn rect(&mut self, shape: &RectShape) {
        // A stroke of SVG lies half on either side of the edge.
        let out = match shape.stroke_kind {
            StrokeKind::Inside => -0.5 * shape.stroke.width,
            StrokeKind::Middle => 0.0,
            StrokeKind::Outside => 0.5 * shape.stroke.width,
        };
        let rect = shape.rect.expand(if shape.stroke.is_empty() { 0.0 } else { out });
        if !rect.is_positive() {
            return;
        }
        if !shape.corner_radius.is_same() {
            return self.path(&rounded(rect, shape.corner_radius), shape.fill, shape.stroke);
        }
        if shape.fill.a() == 0 && shape.stroke.is_empty() {
            return;
        }
        let radius = f32::from(shape.corner_radius.nw).min(rect.width() / 2.0).min(rect.height() / 2.0);
        let round = if radius > 0.0 { format!(" rx=\"{}\"", short(radius)) } else { String::new() };
        let (ground, stroke) = (fill(shape.fill), outline(shape.stroke));
        put(&mut self.text, format_args!("<rect {}{round}{ground}{stroke}/>\n", place(rect)));
    }

    fn words(&mut self, shape: &Shape, text: &TextShape, clip: Rect) {
        let Some(words) = words::of(text) else { return self.picture(shape, clip) };
        let turned = text.angle != 0.0;
        if turned {
            let [turn, x, y] = [text.angle.to_degrees(), text.pos.x, text.pos.y].map(short);
            put(&mut self.text, format_args!("<g transform=\"rotate({turn} {x} {y})\">\n"));
        }
        for word in words {
            self.word(&word);
        }
        if turned {
            self.text.push_str("</g>\n");
        }
    }

    fn word(&mut self, word: &Word) {
        let [x, y, width, size] = [word.at.x, word.at.y, word.width, word.font.size].map(short);
        let (family, weight) = family(&word.font.family);
        // Where the font is another one, the words keep their length.
        put(
            &mut self.text,
            format_args!(
                "<text x=\"{x}\" y=\"{y}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" font-family=\"{family}\" \
                 font-weight=\"{weight}\" font-size=\"{size}\" xml:space=\"preserve\"{}>{}</text>\n",
                fill(word.colour),
                escaped(&word.text)
            ),
        );
    }

    /// For what SVG has no words for.
    fn picture(&mut self, shape: &Shape, clip: Rect) {
        let part = shape.visual_bounding_rect().intersect(clip);
        if !part.is_positive() {
            return;
        }
        // On whole dots, so that nothing is smeared.
        let part = Rect::from_min_max(
            (part.min.to_vec2() * DOTS).floor().to_pos2() / DOTS,
            (part.max.to_vec2() * DOTS).ceil().to_pos2() / DOTS,
        );
        let mut raster = Raster::new(part, DOTS, Color32::TRANSPARENT);
        self.drawing.paint(&mut raster, vec![ClippedShape::new(part, shape.clone())]);
        let Ok(bytes) = raster.pixels().png() else { return };
        let data = base64(&bytes);
        put(
            &mut self.text,
            format_args!(
                "<image {} preserveAspectRatio=\"none\" href=\"data:image/png;base64,{data}\"/>\n",
                place(part)
            ),
        );
    }
}

/// Writing to a String does not fail.
fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
}

fn solid(stroke: &PathStroke) -> Option<Stroke> {
    match stroke.color {
        ColorMode::Solid(colour) => Some(Stroke::new(stroke.width, colour)),
        ColorMode::UV(_) => None,
    }
}

/// A length without more places than can be seen.
fn short(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn point(at: Pos2) -> String {
    format!("{} {}", short(at.x), short(at.y))
}

fn place(rect: Rect) -> String {
    let [x, y, width, height] = [rect.left(), rect.top(), rect.width(), rect.height()].map(short);
    format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

fn line(points: &[Pos2], closed: bool) -> String {
    let mut way = String::new();
    for (i, at) in points.iter().filter(|at| !at.any_nan()).enumerate() {
        way.push(if i == 0 { 'M' } else { 'L' });
        way.push_str(&point(*at));
    }
    if closed {
        way.push('Z');
    }
    way
}

fn rounded(rect: Rect, radius: CornerRadius) -> String {
    let most = (rect.width() / 2.0).min(rect.height() / 2.0);
    let [nw, ne, se, sw] = [radius.nw, radius.ne, radius.se, radius.sw].map(|r| f32::from(r).min(most));
    let (l, t, r, b) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    let arc = |radius: f32, x: f32, y: f32| {
        let radius = short(radius);
        format!("A{radius} {radius} 0 0 1 {}", point(Pos2::new(x, y)))
    };
    let straight = |x: f32, y: f32| format!("L{}", point(Pos2::new(x, y)));
    [
        format!("M{}", point(Pos2::new(l + nw, t))),
        straight(r - ne, t) + &arc(ne, r, t + ne),
        straight(r, b - se) + &arc(se, r - se, b),
        straight(l + sw, b) + &arc(sw, l, b - sw),
        straight(l, t + nw) + &arc(nw, l + nw, t),
    ]
    .concat()
        + "Z"
}

fn fill(colour: Color32) -> String {
    paint("fill", colour)
}

fn outline(stroke: Stroke) -> String {
    if stroke.is_empty() {
        return String::new();
    }
    let width = short(stroke.width);
    format!("{} stroke-width=\"{width}\" stroke-linejoin=\"round\"", paint("stroke", stroke.color))
}

fn paint(what: &str, colour: Color32) -> String {
    let [r, g, b, a] = colour.to_srgba_unmultiplied();
    match a {
        0 => format!(" {what}=\"none\""),
        255 => format!(" {what}=\"#{r:02x}{g:02x}{b:02x}\""),
        _ => format!(" {what}=\"#{r:02x}{g:02x}{b:02x}\" {what}-opacity=\"{}\"", short(f32::from(a) / 255.0)),
    }
}

/// As a browser knows it, and its weight.
fn family(family: &FontFamily) -> (&'static str, u32) {
    const TEXT: &str = "Inter, Helvetica, Arial, sans-serif";
    match family {
        FontFamily::Monospace => ("JetBrains Mono, Menlo, Consolas, monospace", 400),
        FontFamily::Proportional => (TEXT, 400),
        FontFamily::Name(name) if &**name == "medium" => (TEXT, 500),
        FontFamily::Name(name) if &**name == "semibold" => (TEXT, 600),
        FontFamily::Name(_) => (TEXT, 400),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_letters_as_the_standard_has_it() {
        let all = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(all, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn lengths_are_short_and_colours_say_how_much_shows_through() {
        assert_eq!([1.0, -0.001, 2.456].map(short), ["1", "0", "2.46"]);
        let tokens = crate::gui::theme::Tokens::light();
        assert_eq!(fill(tokens.panel), " fill=\"#ffffff\"");
        assert!(fill(tokens.panel.gamma_multiply(0.5)).contains("fill-opacity=\"0.5\""));
        assert_eq!(fill(Color32::TRANSPARENT), " fill=\"none\"");
    }
}
