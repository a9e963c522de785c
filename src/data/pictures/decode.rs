//! One picture file: what it is, and its pixels at the size that is wanted. Nothing of folders.
//!
//! Resampling is `image`'s own: its triangle filter widens where a picture shrinks, as Pillow's `BILINEAR` does, and
//! takes less time than decoding.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

use crate::model::Fit;

/// What a file may hold.
const MAX_FILE: u64 = 256 << 20;
/// What a decoded picture may take: more than 80 million pixels of three bytes.
const MAX_DECODED: u64 = 256 << 20;
const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif];

/// Why a file is left out: the end of a sentence about it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::data) enum Fault {
    /// "a web page"
    NoPicture(String),
    /// "cut short"
    Broken(String),
}

impl Fault {
    pub fn words(&self) -> &str {
        match self {
            Self::NoPicture(words) | Self::Broken(words) => words,
        }
    }
}

/// What a network is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) struct Wanted {
    /// Rows, and columns.
    pub side: usize,
    /// 1 or 3.
    pub channels: usize,
    pub fit: Fit,
}

impl Wanted {
    /// Bytes of one picture.
    pub fn len(self) -> usize {
        self.channels * self.side * self.side
    }
}

/// What the head of a file says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) struct Head {
    /// As they are stored.
    pub width: u32,
    pub height: u32,
    /// How it is shown.
    pub turned: Orientation,
    pub has_colour: bool,
}

impl Head {
    /// The shorter.
    pub fn side(self) -> u32 {
        self.width.min(self.height)
    }

    /// Width and height as it is shown.
    pub fn shown(self) -> [u32; 2] {
        use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
        match self.turned {
            Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH => [self.height, self.width],
            _ => [self.width, self.height],
        }
    }

    /// Of a coloured square.
    pub(super) fn plain(side: u32) -> Self {
        Self { width: side, height: side, turned: Orientation::NoTransforms, has_colour: true }
    }
}

pub(in crate::data) fn head(path: &Path) -> Result<Head, Fault> {
    head_of(&read(path)?)
}

pub(super) fn head_of(bytes: &[u8]) -> Result<Head, Fault> {
    let mut decoder = decoder(bytes)?;
    let (width, height) = decoder.dimensions();
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(Head { width, height, turned, has_colour: decoder.color_type().has_color() })
}

/// `[channels, side, side]`, and width and height of the whole picture as it is shown.
pub(super) fn pixels(path: &Path, wanted: Wanted) -> Result<(Vec<u8>, [u32; 2]), Fault> {
    pixels_of(&read(path)?, wanted)
}

pub(super) fn pixels_of(bytes: &[u8], wanted: Wanted) -> Result<(Vec<u8>, [u32; 2]), Fault> {
    let picture = upright(bytes)?;
    let size = [picture.width(), picture.height()];
    Ok((planes(&fitted(picture, wanted), wanted.channels), size))
}

/// As it is shown, made smaller where a side is longer than `most`; and width and height of the whole of it.
pub(super) fn whole(path: &Path, most: u32) -> Result<(RgbImage, [u32; 2]), Fault> {
    whole_of(&read(path)?, most)
}

pub(super) fn whole_of(bytes: &[u8], most: u32) -> Result<(RgbImage, [u32; 2]), Fault> {
    let picture = upright(bytes)?;
    let size = [picture.width(), picture.height()];
    let longer = size[0].max(size[1]);
    if longer <= most {
        return Ok((picture, size));
    }
    let of = |side: u32| ((u64::from(side) * u64::from(most) / u64::from(longer)) as u32).max(1);
    Ok((imageops::resize(&picture, of(size[0]), of(size[1]), FilterType::Triangle), size))
}

/// A picture turned as it is shown, on white.
fn upright(bytes: &[u8]) -> Result<RgbImage, Fault> {
    let mut decoder = decoder(bytes)?;
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    if is_cut_jpeg(bytes) {
        return Err(Fault::Broken("cut short".into()));
    }
    picture.apply_orientation(turned);
    Ok(opaque(picture))
}

/// Of all red, all green and all blue bytes of a square.
pub(super) fn pixels_of_planes(bytes: &[u8], side: u32, wanted: Wanted) -> Result<(Vec<u8>, [u32; 2]), Fault> {
    Ok((planes(&fitted(of_planes(bytes, side)?, wanted), wanted.channels), [side; 2]))
}

pub(super) fn of_planes(bytes: &[u8], side: u32) -> Result<RgbImage, Fault> {
    let area = side as usize * side as usize;
    if bytes.len() != 3 * area {
        return Err(Fault::Broken("cut short".into()));
    }
    Ok(RgbImage::from_fn(side, side, |x, y| {
        let at = (y * side + x) as usize;
        Rgb([bytes[at], bytes[area + at], bytes[2 * area + at]])
    }))
}

/// At most what is allowed, and what is a picture by its first bytes.
fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let told = |error: std::io::Error| Fault::Broken(format!("can't be read: {error}"));
    // Before it is opened: a pipe would wait for ever.
    let there = std::fs::metadata(path).map_err(told)?;
    if !there.is_file() {
        return Err(Fault::NoPicture("not a file".into()));
    }
    let mut file = File::open(path).map_err(told)?;
    let mut bytes = Vec::new();
    (&mut file).take(1024).read_to_end(&mut bytes).map_err(told)?;
    format(&bytes)?;
    if there.len() > MAX_FILE {
        return Err(Fault::Broken(format!("larger than {} MB", MAX_FILE >> 20)));
    }
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}

fn format(bytes: &[u8]) -> Result<ImageFormat, Fault> {
    match image::guess_format(bytes) {
        Ok(format) if FORMATS.contains(&format) => Ok(format),
        _ if bytes.is_empty() => Err(Fault::Broken("empty".into())),
        _ => Err(Fault::NoPicture(what_it_is(bytes).into())),
    }
}

/// What a file is, by its first bytes.
pub(super) fn kind(path: &Path) -> &'static str {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(1024).read_to_end(&mut bytes));
    match format(&bytes) {
        _ if read.is_err() => "a file that can't be read",
        Ok(_) => "one picture",
        Err(_) if bytes.is_empty() => "an empty file",
        Err(_) => what_it_is(&bytes),
    }
}

/// Of what people have among pictures.
fn what_it_is(bytes: &[u8]) -> &'static str {
    let brand = if bytes.get(4..8) == Some(b"ftyp") { bytes.get(8..12) } else { None };
    let text: String = String::from_utf8_lossy(bytes).trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).into();
    let begins = |with: &str| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    match bytes {
        _ if brand.is_some_and(|brand| brand.starts_with(b"avif")) => "an AVIF picture: save it as JPEG or PNG",
        _ if brand.is_some_and(|brand| brand.starts_with(b"he") || brand.starts_with(b"mif")) => {
            "a HEIC picture: save it as JPEG or PNG"
        }
        _ if brand.is_some() => "a film",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "a TIFF picture: save it as PNG",
        [b'8', b'B', b'P', b'S', ..] => "a Photoshop file: save it as PNG",
        _ if begins("%PDF") => "a PDF document",
        _ if begins("PK\u{3}\u{4}") || bytes.starts_with(&[0x1f, 0x8b]) => "an archive: unpack it",
        _ if begins("version https://git-lfs") => "a pointer of git-lfs: fetch it with git lfs pull",
        _ if begins("<!doctype html") || begins("<html") => "a web page",
        _ if begins("<svg") || (begins("<?xml") && text.contains("<svg")) => "an SVG drawing: save it as PNG",
        _ if std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0')) => "text",
        _ => "no picture of a known kind",
    }
}

/// The head is read, and what it promises is affordable.
fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder, Fault> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format(bytes)?);
    let mut limits = Limits::no_limits();
    // A decoder needs something beside the picture.
    limits.max_alloc = Some(2 * MAX_DECODED);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Fault::Broken(format!("{width} x {height} pixels by its header")));
    }
    if decoder.total_bytes() > MAX_DECODED {
        return Err(Fault::Broken(format!("too large: {width} x {height} pixels by its header")));
    }
    Ok(decoder)
}

fn broken(error: image::ImageError) -> Fault {
    Fault::Broken(match error {
        image::ImageError::Limits(_) => "too large by its header".into(),
        image::ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => "cut short".into(),
        image::ImageError::Unsupported(error) => format!("of a kind that isn't read: {error}"),
        // What the libraries say is for those who write such files.
        _ => "damaged".into(),
    })
}

/// A JPEG without its end, of which the decoder makes up the rest. Thumbnails in its head have ends of their own.
fn is_cut_jpeg(bytes: &[u8]) -> bool {
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return false;
    }
    let mut at = 2;
    // Segments with their lengths, until that before which the picture itself begins.
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == 0xff {
            at += 1;
            continue;
        }
        if marker == 0xda {
            break;
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    !bytes.get(at..).is_some_and(|rest| rest.windows(2).any(|pair| pair == [0xff, 0xd9]))
}

/// What is see-through lies on white.
fn opaque(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut all = RgbImage::new(picture.width(), picture.height());
    for (to, from) in all.pixels_mut().zip(picture.pixels()) {
        let [colour @ .., alpha] = from.0;
        let over = |c: u8| (u32::from(c) * u32::from(alpha) + 255 * (255 - u32::from(alpha)) + 127) / 255;
        *to = Rgb(colour.map(|c| over(c) as u8));
    }
    all
}

/// Where the picture lies in what a network is given: of each axis, the pixel where it begins and how many it takes.
/// What lies outside of the square is cut off.
pub(in crate::data) fn placed([width, height]: [u32; 2], wanted: Wanted) -> [[f64; 2]; 2] {
    let side = f64::from(wanted.side as u32);
    match wanted.fit {
        _ if width == height => [[0.0, side]; 2],
        Fit::Stretch => [[0.0, side]; 2],
        Fit::Crop => {
            let least = width.min(height);
            let scale = side / f64::from(least);
            [width, height].map(|n| [-f64::from((n - least) / 2) * scale, f64::from(n) * scale])
        }
        Fit::Pad => {
            let [across, down] = padded([width, height], wanted.side as u32);
            [across, down].map(|[from, length]| [f64::from(from), f64::from(length)])
        }
    }
}

/// Where a picture begins between black bars, and its length, across and down.
fn padded([width, height]: [u32; 2], side: u32) -> [[u32; 2]; 2] {
    let most = u64::from(width.max(height));
    let of = |n: u32| ((u64::from(n) * u64::from(side) + most / 2) / most).max(1) as u32;
    [width, height].map(|n| [(side - of(n)) / 2, of(n)])
}

fn fitted(picture: RgbImage, wanted: Wanted) -> RgbImage {
    let side = wanted.side as u32;
    let (width, height) = picture.dimensions();
    let scaled = |picture: &RgbImage, width: u32, height: u32| {
        if picture.dimensions() == (width, height) {
            picture.clone()
        } else {
            imageops::resize(picture, width, height, FilterType::Triangle)
        }
    };
    if width == height {
        return scaled(&picture, side, side);
    }
    match wanted.fit {
        Fit::Stretch => scaled(&picture, side, side),
        Fit::Crop => {
            let least = width.min(height);
            let part = imageops::crop_imm(&picture, (width - least) / 2, (height - least) / 2, least, least);
            scaled(&part.to_image(), side, side)
        }
        Fit::Pad => {
            let [[left, across], [top, down]] = padded([width, height], side);
            let part = scaled(&picture, across, down);
            let mut all = RgbImage::new(side, side);
            imageops::replace(&mut all, &part, left.into(), top.into());
            all
        }
    }
}

/// Channel by channel. Grey is what the eye makes of it (ITU-R 601, as Pillow's).
fn planes(picture: &RgbImage, channels: usize) -> Vec<u8> {
    if channels == 1 {
        let grey =
            |[r, g, b]: [u8; 3]| (u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000) >> 16;
        return picture.pixels().map(|pixel| grey(pixel.0) as u8).collect();
    }
    (0..channels).flat_map(|channel| picture.pixels().map(move |pixel| pixel.0[channel])).collect()
}
