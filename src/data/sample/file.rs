//! The numbers of a sample in a file: NumPy's `.npy`, or a picture in PNG.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::data::DataError;
use crate::model::Shape;

/// Larger files are not read.
const MOST_BYTES: u64 = 1 << 30;

/// Its numbers, as many as the shape has. Pictures are channels × rows × columns, 0 to 1.
pub(super) fn read(path: &Path, shape: &Shape) -> Result<Vec<f32>, DataError> {
    let failed = |why: String| DataError::new(format!("{}: {why}.", path.display()));
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let size = file.metadata().map_err(|error| failed(error.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(failed("it is too large for one sample".into()));
    }
    let is_picture = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    let numbers = if is_picture { picture(file, shape) } else { npy(file, size) }.map_err(failed)?;
    if numbers.len() != shape.len() {
        return Err(failed(format!("it has {} numbers, and the sample {} ({shape})", numbers.len(), shape.len())));
    }
    Ok(numbers)
}

fn npy(mut file: File, size: u64) -> Result<Vec<f32>, String> {
    let mut bytes = Vec::with_capacity(size as usize);
    file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
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

fn picture(file: File, shape: &Shape) -> Result<Vec<f32>, String> {
    let Some([channels, rows, columns]) = shape.as_image() else {
        return Err("it is a picture, and the sample isn't".into());
    };
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    if (height, width) != (rows, columns) {
        return Err(format!("it has {height} × {width} pixels, and the sample {rows} × {columns}"));
    }
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("it is too large")?];
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
    if channels != 1 && channels != 3 {
        return Err(format!("it is a picture, and the sample has {channels} channels"));
    }
    Ok((0..channels)
        .flat_map(|channel| (0..rows * columns).map(move |pixel| (channel, pixel)))
        .map(|(c, p)| number(c, p))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_pictures_are_read_and_others_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        std::fs::write(&path, crate::files::npy::bytes(&[2, 2], &[1.0, 2.0, 3.0, -4.0])).unwrap();
        assert_eq!(read(&path, &Shape(vec![4])).unwrap(), [1.0, 2.0, 3.0, -4.0]);
        assert!(read(&path, &Shape(vec![5])).unwrap_err().message.contains("it has 4 numbers"));
        std::fs::write(&path, "hello").unwrap();
        assert!(read(&path, &Shape(vec![5])).unwrap_err().message.contains("neither numbers"));
        let path = folder.path().join("x.png");
        let mut encoder = png::Encoder::new(File::create(&path).unwrap(), 2, 1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&[255, 0, 51, 0, 255, 102]).unwrap();
        assert_eq!(read(&path, &Shape(vec![3, 1, 2])).unwrap(), [1.0, 0.0, 0.0, 1.0, 0.2, 0.4]);
        assert!(read(&path, &Shape(vec![3, 2, 2])).unwrap_err().message.contains("1 × 2 pixels"));
    }
}
