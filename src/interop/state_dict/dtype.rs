//! What a number is in a file, and the same number here: halves and small integers become singles, larger integers
//! doubles, and nothing is rounded but integers beyond 2⁵³, which is told.

use crate::files::Values;

/// How a number is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// Double.
    F64,
    /// Single.
    F32,
    /// Half.
    F16,
    /// The upper half of a single.
    Bf16,
    /// Eight bits, of which three are the fraction.
    F8E4m3,
    /// Eight bits, of which two are the fraction.
    F8E5m2,
    /// Signed.
    I64,
    /// Signed.
    I32,
    /// Signed.
    I16,
    /// Signed.
    I8,
    /// Unsigned.
    U64,
    /// Unsigned.
    U32,
    /// Unsigned.
    U16,
    /// Unsigned.
    U8,
    /// A byte: 0 or 1.
    Bool,
    /// Two singles.
    Complex64,
    /// Two doubles.
    Complex128,
}

impl Dtype {
    /// Bytes of a number.
    pub fn size(self) -> usize {
        match self {
            Self::F8E4m3 | Self::F8E5m2 | Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 | Self::Complex64 => 8,
            Self::Complex128 => 16,
        }
    }

    /// As PyTorch calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "float64",
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::F8E4m3 => "float8_e4m3fn",
            Self::F8E5m2 => "float8_e5m2",
            Self::I64 => "int64",
            Self::I32 => "int32",
            Self::I16 => "int16",
            Self::I8 => "int8",
            Self::U64 => "uint64",
            Self::U32 => "uint32",
            Self::U16 => "uint16",
            Self::U8 => "uint8",
            Self::Bool => "bool",
            Self::Complex64 => "complex64",
            Self::Complex128 => "complex128",
        }
    }

    /// By the name that PyTorch gives it.
    pub fn named(name: &str) -> Option<Self> {
        let of = match name {
            "float64" | "double" => Self::F64,
            "float32" | "float" => Self::F32,
            "float16" | "half" => Self::F16,
            "bfloat16" => Self::Bf16,
            "float8_e4m3fn" => Self::F8E4m3,
            "float8_e5m2" => Self::F8E5m2,
            "int64" | "long" => Self::I64,
            "int32" | "int" => Self::I32,
            "int16" | "short" => Self::I16,
            "int8" => Self::I8,
            "uint64" => Self::U64,
            "uint32" => Self::U32,
            "uint16" => Self::U16,
            "uint8" => Self::U8,
            "bool" => Self::Bool,
            "complex64" | "cfloat" => Self::Complex64,
            "complex128" | "cdouble" => Self::Complex128,
            _ => return None,
        };
        Some(of)
    }

    /// By the name of PyTorch's class for a run of such numbers: `FloatStorage`.
    pub fn stored(class: &str) -> Option<Self> {
        let of = match class.strip_suffix("Storage")? {
            "Double" => Self::F64,
            "Float" => Self::F32,
            "Half" => Self::F16,
            "BFloat16" => Self::Bf16,
            "Long" => Self::I64,
            "Int" => Self::I32,
            "Short" => Self::I16,
            "Char" => Self::I8,
            "Byte" => Self::U8,
            "Bool" => Self::Bool,
            "ComplexFloat" => Self::Complex64,
            "ComplexDouble" => Self::Complex128,
            _ => return None,
        };
        Some(of)
    }

    /// Whether a network has weights of this kind.
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Complex64 | Self::Complex128)
    }

    /// The numbers at these places of little-endian `bytes`, counted in numbers, and whether every one is exactly what
    /// stands there. Places beyond the end are left out; no complex numbers.
    pub fn read(self, bytes: &[u8], places: impl Iterator<Item = usize>) -> (Values, bool) {
        let single = |values: Vec<f32>| (Values::F32(values), true);
        let double = |values: Vec<f64>| (Values::F64(values), true);
        match self {
            Self::F64 => double(gather(bytes, places, f64::from_le_bytes)),
            Self::F32 => single(gather(bytes, places, f32::from_le_bytes)),
            Self::F16 => single(gather(bytes, places, |bits| half(u16::from_le_bytes(bits)))),
            Self::Bf16 => single(gather(bytes, places, |[low, high]| f32::from_le_bytes([0, 0, low, high]))),
            Self::F8E4m3 => single(gather(bytes, places, |[bits]| e4m3(bits))),
            Self::F8E5m2 => single(gather(bytes, places, |[bits]| half(u16::from(bits) << 8))),
            Self::I64 => told(gather(bytes, places, |bits| {
                let whole = i64::from_le_bytes(bits);
                (whole as f64, whole as f64 as i128 == i128::from(whole))
            })),
            Self::U64 => told(gather(bytes, places, |bits| {
                let whole = u64::from_le_bytes(bits);
                (whole as f64, whole as f64 as i128 == i128::from(whole))
            })),
            Self::I32 => double(gather(bytes, places, |bits| f64::from(i32::from_le_bytes(bits)))),
            Self::U32 => double(gather(bytes, places, |bits| f64::from(u32::from_le_bytes(bits)))),
            Self::I16 => single(gather(bytes, places, |bits| f32::from(i16::from_le_bytes(bits)))),
            Self::U16 => single(gather(bytes, places, |bits| f32::from(u16::from_le_bytes(bits)))),
            Self::I8 => single(gather(bytes, places, |bits| f32::from(i8::from_le_bytes(bits)))),
            Self::U8 => single(gather(bytes, places, |[bits]| f32::from(bits))),
            Self::Bool => single(gather(bytes, places, |[bits]| f32::from(u8::from(bits != 0)))),
            Self::Complex64 | Self::Complex128 => (Values::F32(Vec::new()), false),
        }
    }
}

fn gather<const N: usize, T>(bytes: &[u8], places: impl Iterator<Item = usize>, read: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (numbers, _) = bytes.as_chunks::<N>();
    places.filter_map(|place| numbers.get(place)).map(|bits| read(*bits)).collect()
}

fn told(numbers: Vec<(f64, bool)>) -> (Values, bool) {
    let is_exact = numbers.iter().all(|(_, is_exact)| *is_exact);
    (Values::F64(numbers.into_iter().map(|(number, _)| number).collect()), is_exact)
}

/// A half by its bits.
pub fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    match (exponent, fraction) {
        (0, _) => {
            let small = fraction as f32 / (1 << 24) as f32;
            if sign == 0 { small } else { -small }
        }
        (0x1f, _) => f32::from_bits(sign | 0xff << 23 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// Eight bits without infinities, the exponent four of them.
fn e4m3(bits: u8) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 3 & 0xf), f32::from(bits & 7));
    let size = match (exponent, bits & 7) {
        (0xf, 7) => f32::NAN,
        (0, _) => fraction / 512.0,
        _ => (1.0 + fraction / 8.0) * 2f32.powi(exponent - 7),
    };
    if bits & 0x80 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_eighths_are_the_numbers_that_their_bits_say() {
        let known = [(0x0000, 0.0), (0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65504.0), (0x0001, 5.960_464_5e-8)];
        known.iter().for_each(|(bits, number)| assert_eq!(half(*bits), *number));
        assert!(half(0x8000).is_sign_negative() && half(0x7c00) == f32::INFINITY && half(0x7e00).is_nan());
        assert_eq!((e4m3(0x38), e4m3(0x7e), e4m3(0x01), e4m3(0xb8)), (1.0, 448.0, 0.001_953_125, -1.0));
        assert!(e4m3(0x7f).is_nan());
        let read = |dtype: Dtype, bytes: &[u8]| dtype.read(bytes, 0..bytes.len() / dtype.size());
        assert_eq!(read(Dtype::F8E5m2, &[0x3c, 0xc0]), (Values::F32(vec![1.0, -2.0]), true));
        assert_eq!(read(Dtype::Bf16, &[0x80, 0x3f, 0x20, 0xc1]), (Values::F32(vec![1.0, -10.0]), true));
        assert_eq!(read(Dtype::I64, &(1i64 << 53 | 1).to_le_bytes()), (Values::F64(vec![9007199254740992.0]), false));
        assert_eq!(read(Dtype::I64, &(-3i64).to_le_bytes()), (Values::F64(vec![-3.0]), true));
        assert!(!read(Dtype::U64, &u64::MAX.to_le_bytes()).1);
        assert_eq!(read(Dtype::I16, &[0xff, 0xff]), (Values::F32(vec![-1.0]), true));
        assert_eq!(Dtype::U8.read(&[7, 8, 9], [2, 0, 5].into_iter()), (Values::F32(vec![9.0, 7.0]), true));
    }
}
