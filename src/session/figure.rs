//! A chart as a drawing for papers and slides: SVG, which every browser and word processor opens and scales.
//!
//! Knows numbers and names; which curves there are, and in which colours, is the window's.

use std::fmt::Write;

use crate::trace::Series;

/// Points that a drawn curve has at most.
const POINTS: usize = 2000;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// Room for the axes' numbers and names, the title and the legend.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 72.0;

#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub title: String,
    /// "steps", "epochs", "time (s)".
    pub across: String,
    pub up: String,
    /// Powers of ten are evenly spaced upwards.
    pub log: bool,
    pub curves: Vec<FigureCurve>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FigureCurve {
    pub name: String,
    pub colour: [u8; 3],
    /// In order of the first number. Where the second is not finite, the line breaks.
    pub points: Vec<[f64; 2]>,
}

impl FigureCurve {
    /// A series with its steps placed by `at`; of a long one, a thin one that hides no outlier.
    pub fn of(name: String, colour: [u8; 3], series: &Series, at: impl Fn(f64) -> f64) -> Self {
        let points = series.thinned(POINTS).points().map(|(step, value)| [at(step as f64), f64::from(value)]).collect();
        Self { name, colour, points }
    }
}

/// A picture of a chart as it is on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    pub width: usize,
    pub height: usize,
    /// Row by row from the top, four bytes each.
    pub rgba: Vec<u8>,
}

impl Pixels {
    /// The bytes of a PNG file. Errors are sentences.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        let failed = |error: &dyn std::fmt::Display| format!("The picture could not be made: {error}.");
        let size = |n: usize| u32::try_from(n).map_err(|error| failed(&error));
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size(self.width)?, size(self.height)?);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
        writer.write_image_data(&self.rgba).map_err(|error| failed(&error))?;
        writer.finish().map_err(|error| failed(&error))?;
        Ok(bytes)
    }
}

/// From numbers to places in the drawing.
struct Axes {
    x: (f64, f64),
    /// Already as powers of ten where they are evenly spaced.
    y: (f64, f64),
    log: bool,
}

impl Axes {
    fn of(figure: &Figure) -> Self {
        let log = figure.log;
        let all = || figure.curves.iter().flat_map(|curve| &curve.points);
        let x = range(all().map(|point| point[0]));
        let y = range(all().filter_map(|point| upwards(point[1], log)));
        let margin = 0.04 * (y.1 - y.0);
        Self { x, y: (y.0 - margin, y.1 + margin), log }
    }

    fn across(&self, x: f64) -> f64 {
        LEFT + (x - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - LEFT - RIGHT)
    }

    fn up(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - (y - self.y.0) / (self.y.1 - self.y.0) * (HEIGHT - TOP - BOTTOM)
    }

    /// Where a value is drawn, if it can be.
    fn height(&self, value: f64) -> Option<f64> {
        upwards(value, self.log).map(|y| self.up(y))
    }
}

fn upwards(value: f64, log: bool) -> Option<f64> {
    let drawable = value.is_finite() && (!log || value > 0.0);
    drawable.then(|| if log { value.log10() } else { value })
}

/// From the least to the largest; never empty.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    match (low, high) {
        (low, high) if low < high => (low, high),
        (low, _) if low.is_finite() => (low - 0.5, low + 0.5),
        _ => (0.0, 1.0),
    }
}

/// About six round numbers within a range: steps of 1, 2 or 5 times a power of ten.
fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let first = (low / step).ceil();
    (0..20).map(|i| (first + f64::from(i)) * step).take_while(|tick| *tick <= high + 1e-9 * step).collect()
}

/// Without the noise of binary fractions.
fn words(value: f64) -> String {
    let text = if value != 0.0 && (value.abs() < 1e-3 || value.abs() >= 1e7) {
        format!("{value:.2e}")
    } else {
        let text = format!("{value:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if text == "-0" { "0".into() } else { text.replace('-', "\u{2212}") }
}

impl Figure {
    /// The drawing, black on white, 720 by 400.
    pub fn svg(&self) -> String {
        let axes = Axes::of(self);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"Inter, Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#333\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
        );
        let text = |svg: &mut String, x: f64, y: f64, attributes: &str, words: &str| {
            // Writing to a String does not fail.
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes}>{}</text>", escaped(words));
        };
        text(&mut svg, LEFT, 24.0, "font-size=\"15\" font-weight=\"600\"", &self.title);
        for tick in ticks(axes.y) {
            let y = axes.up(tick);
            let right = WIDTH - RIGHT;
            let _ = writeln!(svg, "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/>");
            let value = if self.log { 10f64.powf(tick) } else { tick };
            text(&mut svg, LEFT - 8.0, y + 4.0, "text-anchor=\"end\"", &words(value));
        }
        for tick in ticks(axes.x) {
            text(&mut svg, axes.across(tick), HEIGHT - BOTTOM + 18.0, "text-anchor=\"middle\"", &words(tick));
        }
        let middle = LEFT + (WIDTH - LEFT - RIGHT) / 2.0;
        text(&mut svg, middle, HEIGHT - BOTTOM + 36.0, "text-anchor=\"middle\" fill=\"#666\"", &self.across);
        let turned = format!("text-anchor=\"middle\" fill=\"#666\" transform=\"rotate(-90 14 {0})\"", HEIGHT / 2.0);
        text(&mut svg, 14.0, HEIGHT / 2.0, &turned, &self.up);
        for curve in &self.curves {
            let colour = colour(curve.colour);
            let _ = writeln!(
                svg,
                "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" stroke-linejoin=\"round\"/>",
                line(curve, &axes)
            );
        }
        self.legend(&mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    fn legend(&self, svg: &mut String) {
        let (mut x, y) = (LEFT, HEIGHT - 12.0);
        for curve in &self.curves {
            let _ = writeln!(
                svg,
                "<path d=\"M{x:.1} {:.1}h18\" stroke=\"{}\" stroke-width=\"2.5\"/>\n<text x=\"{:.1}\" y=\"{y}\">{}</text>",
                y - 4.0,
                colour(curve.colour),
                x + 24.0,
                escaped(&curve.name)
            );
            // About as wide as the letters are.
            x += 44.0 + 6.6 * curve.name.chars().count() as f64;
        }
    }
}

fn line(curve: &FigureCurve, axes: &Axes) -> String {
    let (mut path, mut pen_is_down) = (String::new(), false);
    for [x, value] in &curve.points {
        match axes.height(*value) {
            Some(y) => {
                let _ = write!(path, "{}{:.1} {y:.1}", if pen_is_down { 'L' } else { 'M' }, axes.across(*x));
                pen_is_down = true;
            }
            None => pen_is_down = false,
        }
    }
    path
}

fn colour([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(points: Vec<[f64; 2]>, log: bool) -> Figure {
        let curves = vec![FigureCurve { name: "a & b".into(), colour: [255, 0, 16], points }];
        Figure { title: "Loss <val>".into(), across: "steps".into(), up: "loss".into(), log, curves }
    }

    #[test]
    fn a_line_breaks_where_a_value_is_not_finite_and_names_are_escaped() {
        let svg = figure(vec![[0.0, 1.0], [1.0, 2.0], [2.0, f64::NAN], [3.0, 1.0]], false).svg();
        let path = svg.lines().find(|line| line.contains("#ff0010") && line.contains("fill=\"none\"")).unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
        assert!(svg.contains("Loss &lt;val&gt;") && svg.contains("a &amp; b") && !svg.contains("NaN"));
        assert!(svg.ends_with("</svg>\n"));
    }

    #[test]
    fn what_has_no_logarithm_is_left_out_and_nothing_is_still_a_drawing() {
        let svg = figure(vec![[0.0, 0.0], [1.0, 10.0], [2.0, 1000.0]], true).svg();
        let path = svg.lines().find(|line| line.contains("fill=\"none\"")).unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (1, 1));
        assert!(svg.contains(">100<"), "powers of ten on the axis");
        assert!(figure(Vec::new(), false).svg().contains("</svg>"));
    }

    #[test]
    fn a_picture_comes_back_pixel_by_pixel() {
        let pixels = Pixels { width: 2, height: 1, rgba: vec![1, 2, 3, 255, 4, 5, 6, 255] };
        let bytes = pixels.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut read = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut read).unwrap();
        assert_eq!(read, pixels.rgba);
        assert!(Pixels { rgba: vec![0; 3], ..pixels }.png().unwrap_err().contains("picture"));
    }

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks((0.0, 1.0)), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks((3.0, 1200.0)), [500.0, 1000.0]);
        assert_eq!([0.6000000000000001, -2.5, 1e-9, 0.0].map(words), ["0.6", "\u{2212}2.5", "1.00e\u{2212}9", "0"]);
    }
}
