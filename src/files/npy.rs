//! NumPy's `.npy`, version 1.0, little-endian float32, row-major.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

/// The bytes of a file.
pub fn bytes(dims: &[usize], values: &[f32]) -> Vec<u8> {
    let sizes: Vec<_> = dims.iter().map(ToString::to_string).collect();
    let shape = match sizes.as_slice() {
        [only] => format!("({only},)"),
        sizes => format!("({})", sizes.join(", ")),
    };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    // Magic, version and length take ten bytes; the numbers begin at a multiple of 64.
    let padding = (64 - (10 + header.len() + 1) % 64) % 64;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut bytes = Vec::with_capacity(10 + header.len() + 4 * values.len());
    bytes.extend_from_slice(b"\x93NUMPY\x01\x00");
    bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    for value in values {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_documented_header_and_the_numbers_behind_it() {
        for dims in [&[2, 3][..], &[7], &[], &[2, 1, 3, 2]] {
            let values: Vec<f32> = (0..dims.iter().product::<usize>()).map(|i| i as f32 / 2.0 - 1.0).collect();
            let bytes = bytes(dims, &values);
            assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
            let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
            let (header, numbers) = bytes[10..].split_at(length);
            assert_eq!((10 + length) % 64, 0);
            assert_eq!(header.last(), Some(&b'\n'));
            let header = std::str::from_utf8(header).unwrap();
            let shape = match dims {
                [] => "()",
                [_] => "(7,)",
                [_, _] => "(2, 3)",
                _ => "(2, 1, 3, 2)",
            };
            assert!(header.contains(&format!("'descr': '<f4', 'fortran_order': False, 'shape': {shape}")), "{header}");
            let read: Vec<f32> = numbers.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            assert_eq!(read, values);
        }
    }
}
