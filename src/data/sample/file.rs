//! The numbers of a sample in a file: NumPy's `.npy`, or a picture in PNG.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::data::DataError;
use crate::model::Shape;

/// Larger files are not read, and pictures of more bytes not unpacked.
const MOST_BYTES: u64 = 1 << 30;
const MOST_OF_PICTURE: usize = 1 << 28;

/// Its numbers, as many as the shape has, and what was done to have them, as a sentence. Pictures are channels × rows ×
/// columns, 0 to 1, and scaled where they have other sizes.
pub fn read(path: &Path, shape: &Shape) -> Result<(Vec<f32>, Option<String>), DataError> {
    let failed = |why: String| DataError::new(format!("{}: {why}.", path.display()));
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let size = file.metadata().map_err(|error| failed(error.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(failed("it is too large for one sample".into()));
    }
    let is_picture = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    let (numbers, scaled) = match is_picture {
        true => picture(file, shape).map_err(failed)?,
        false => (npy(file, size).map_err(failed)?, None),
    };
    if numbers.len() != shape.len() {
        return Err(failed(format!("it has {} numbers, and the sample {} ({shape})", numbers.len(), shape.len())));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((numbers, scaled.map(|scaled| format!("{name} was scaled {scaled}."))))
}

fn npy(mut file: File, size: u64) -> Result<Vec<f32>, String> {
    let mut bytes = Vec::with_capacity(size as usize);
    file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Err("it is a JPEG picture: save it as PNG".into());
    }
    let not = "it is neither numbers, nor an .npy file, nor a PNG picture";
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or(not)?;
    let (begin, length): (usize, usize) = match rest {
        [1, _, a, b, ..] => (4, usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, _, a, b, c, d, ..] => (6, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Err(not.into()),
    };
    let header = rest.get(begin..begin.saturating_add(length)).ok_or("its header is cut short")?;
    let header = std::str::from_utf8(header).map_err(|_| "its header isn't text")?;
    if header.contains("'fortran_order': True") {
        return Err("its numbers lie column by column: save it in C order".into());
    }
    let kind = header.split("'descr':").nth(1).and_then(|text| text.split('\'').nth(1)).unwrap_or_default();
    let data = &rest[begin + length..];
    macro_rules! read {
        ($kind:ty, $width:literal) => {
            data.chunks_exact($width).map(|b| <$kind>::from_le_bytes(b.try_into().unwrap_or_default()) as f32).collect()
        };
    }
    Ok(match kind {
        "<f4" => read!(f32, 4),
        "<f8" => read!(f64, 8),
        "<i4" => read!(i32, 4),
        "<i8" => read!(i64, 8),
        "<i2" => read!(i16, 2),
        "|u1" => data.iter().map(|&byte| f32::from(byte)).collect(),
        other => return Err(format!("its numbers are of the type {other}: save them as float32")),
    })
}

/// With what was scaled: "from 100 × 80 to 64 × 64 pixels".
fn picture(file: File, shape: &Shape) -> Result<(Vec<f32>, Option<String>), String> {
    let Some([channels, rows, columns]) = shape.as_image() else {
        return Err("it is a picture, and the sample isn't".into());
    };
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    if channels != 1 && channels != 3 {
        return Err(format!("it is a picture, and the sample has {channels} channels"));
    }
    let size = reader.output_buffer_size().filter(|size| *size <= MOST_OF_PICTURE).ok_or("it is too large")?;
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes).map_err(|error| error.to_string())?;
    let each = frame.color_type.samples();
    let colours = if each > 2 { 3 } else { 1 };
    let number = |channel: usize, pixel: usize| -> f32 {
        let at = |i: usize| f32::from(bytes.get(pixel * each + i).copied().unwrap_or(0)) / 255.0;
        match (colours, channels) {
            (3, 1) => (at(0) + at(1) + at(2)) / 3.0,
            (1, _) => at(0),
            _ => at(channel.min(colours - 1)),
        }
    };
    let is_scaled = (height, width) != (rows, columns);
    let mut numbers = Vec::with_capacity(channels * rows * columns);
    for channel in 0..channels {
        let plane: Vec<f32> = (0..height * width).map(|pixel| number(channel, pixel)).collect();
        numbers.extend(if is_scaled { scaled(&plane, [height, width], [rows, columns]) } else { plane });
    }
    let said = format!("from {height} × {width} to {rows} × {columns} pixels");
    Ok((numbers, is_scaled.then_some(said)))
}

/// Each pixel is the mean of the area that it covers.
fn scaled(plane: &[f32], from: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    // Along one axis: which pixels a new one covers, and how much of each.
    let covers = |from: usize, to: usize, at: usize| -> Vec<(usize, f64)> {
        let step = from as f64 / to as f64;
        let (begin, end) = (at as f64 * step, (at + 1) as f64 * step);
        let pixels = begin.floor() as usize..(end.ceil() as usize).min(from);
        pixels.map(|i| (i, (end.min(i as f64 + 1.0) - begin.max(i as f64)).max(0.0) / step)).collect()
    };
    let columns: Vec<_> = (0..to[1]).map(|x| covers(from[1], to[1], x)).collect();
    let pixel = |rows: &[(usize, f64)], columns: &[(usize, f64)]| -> f32 {
        let of_row = |y: usize| columns.iter().map(|&(x, b)| f64::from(plane[y * from[1] + x]) * b).sum::<f64>();
        rows.iter().map(|&(y, a)| of_row(y) * a).sum::<f64>() as f32
    };
    (0..to[0])
        .flat_map(|y| {
            let rows = covers(from[0], to[0], y);
            columns.iter().map(|columns| pixel(&rows, columns)).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_pictures_are_read_and_others_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        std::fs::write(&path, crate::files::npy::bytes(&[2, 2], &[1.0, 2.0, 3.0, -4.0])).unwrap();
        assert_eq!(read(&path, &Shape(vec![4])).unwrap(), (vec![1.0, 2.0, 3.0, -4.0], None));
        assert!(read(&path, &Shape(vec![5])).unwrap_err().message.contains("it has 4 numbers"));
        std::fs::write(&path, "hello").unwrap();
        assert!(read(&path, &Shape(vec![5])).unwrap_err().message.contains("neither numbers"));
        let path = folder.path().join("x.png");
        let mut encoder = png::Encoder::new(File::create(&path).unwrap(), 2, 1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&[255, 0, 51, 0, 255, 102]).unwrap();
        assert_eq!(read(&path, &Shape(vec![3, 1, 2])).unwrap(), (vec![1.0, 0.0, 0.0, 1.0, 0.2, 0.4], None));
        let (mean, said) = read(&path, &Shape(vec![3, 1, 1])).unwrap();
        assert_eq!(mean, [0.5, 0.5, 0.3]);
        assert_eq!(said.as_deref(), Some("x.png was scaled from 1 × 2 to 1 × 1 pixels."));
        let (large, _) = read(&path, &Shape(vec![1, 2, 4])).unwrap();
        assert_eq!(large[..4], large[4..]);
        assert!(large[0] == large[1] && large[1] != large[2]);
        assert!(read(&path, &Shape(vec![2, 1, 2])).unwrap_err().message.contains("2 channels"));
        std::fs::write(&path, b"\xff\xd8\xff").unwrap();
        assert!(read(&path.with_extension("png"), &Shape(vec![1, 1, 1])).is_err());
    }
}
