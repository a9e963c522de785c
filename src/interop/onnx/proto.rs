//! The messages of an ONNX file, as far as they are used here, written by hand from onnx.proto. What is left out is
//! skipped while reading.

use prost::Message;
use prost::bytes::Bytes;

/// A whole file.
#[derive(Clone, PartialEq, Message)]
pub struct Model {
    /// Of the format of the file, not of the operators.
    #[prost(int64, optional, tag = "1")]
    pub ir_version: Option<i64>,
    /// Which program wrote it.
    #[prost(string, optional, tag = "2")]
    pub producer_name: Option<String>,
    /// That program's version.
    #[prost(string, optional, tag = "3")]
    pub producer_version: Option<String>,
    /// For people.
    #[prost(string, optional, tag = "6")]
    pub doc_string: Option<String>,
    /// The network.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    /// Which operators it is written with.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSet>,
    /// What its writer adds.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<Entry>,
    /// Operators that the file defines itself.
    #[prost(message, repeated, tag = "25")]
    pub functions: Vec<Function>,
}

/// A version of a set of operators; the usual set has no name.
#[derive(Clone, PartialEq, Message)]
pub struct OperatorSet {
    /// The set.
    #[prost(string, optional, tag = "1")]
    pub domain: Option<String>,
    /// The version.
    #[prost(int64, optional, tag = "2")]
    pub version: Option<i64>,
}

/// A key and a value.
#[derive(Clone, PartialEq, Message)]
pub struct Entry {
    /// The key.
    #[prost(string, optional, tag = "1")]
    pub key: Option<String>,
    /// The value.
    #[prost(string, optional, tag = "2")]
    pub value: Option<String>,
}

/// An operator that the file defines: only that it does is read.
#[derive(Clone, PartialEq, Message)]
pub struct Function {
    /// The operator.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
}

/// Operators, constants, what enters and what leaves.
#[derive(Clone, PartialEq, Message)]
pub struct Graph {
    /// In an order in which they can be computed.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<Node>,
    /// The graph's name.
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    /// Constants: weights and others.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<Tensor>,
    /// For people.
    #[prost(string, optional, tag = "10")]
    pub doc_string: Option<String>,
    /// What enters. In old files the constants too.
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfo>,
    /// What leaves.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfo>,
    /// Shapes of what is between.
    #[prost(message, repeated, tag = "13")]
    pub value_info: Vec<ValueInfo>,
}

/// One operator at its place.
#[derive(Clone, PartialEq, Message)]
pub struct Node {
    /// Names of values; an empty one stands for an input that is left out.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names of the values that it makes.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// The node's name.
    #[prost(string, optional, tag = "3")]
    pub name: Option<String>,
    /// Which operator: "Conv".
    #[prost(string, optional, tag = "4")]
    pub op_type: Option<String>,
    /// Its settings.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<Attribute>,
    /// For people.
    #[prost(string, optional, tag = "6")]
    pub doc_string: Option<String>,
    /// The set that the operator is of.
    #[prost(string, optional, tag = "7")]
    pub domain: Option<String>,
}

/// A setting of an operator.
#[derive(Clone, PartialEq, Message)]
pub struct Attribute {
    /// "kernel_shape"
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// A number.
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    /// A whole number.
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    /// A text.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub s: Option<Bytes>,
    /// A tensor.
    #[prost(message, optional, boxed, tag = "5")]
    pub t: Option<Box<Tensor>>,
    /// A graph, as of `If` and `Loop`.
    #[prost(message, optional, boxed, tag = "6")]
    pub g: Option<Box<Graph>>,
    /// Numbers.
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: Vec<f32>,
    /// Whole numbers.
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    /// Texts.
    #[prost(bytes = "bytes", repeated, tag = "9")]
    pub strings: Vec<Bytes>,
    /// Which of these it is.
    #[prost(int32, optional, tag = "20")]
    pub r#type: Option<i32>,
}

/// Numbers with their sizes.
#[derive(Clone, PartialEq, Message)]
pub struct Tensor {
    /// Sizes of the axes.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    /// Which numbers: 1 is f32.
    #[prost(int32, optional, tag = "2")]
    pub data_type: Option<i32>,
    /// f32, where they are not raw.
    #[prost(float, repeated, tag = "4")]
    pub float_data: Vec<f32>,
    /// Smaller whole numbers and f16, where they are not raw.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    /// i64, where they are not raw.
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    /// The tensor's name.
    #[prost(string, optional, tag = "8")]
    pub name: Option<String>,
    /// Numbers as bytes, little-endian.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub raw_data: Option<Bytes>,
    /// f64, where they are not raw.
    #[prost(double, repeated, tag = "10")]
    pub double_data: Vec<f64>,
    /// u32 and u64, where they are not raw.
    #[prost(uint64, repeated, tag = "11")]
    pub uint64_data: Vec<u64>,
    /// In which file beside this one they lie, and where in it.
    #[prost(message, repeated, tag = "13")]
    pub external_data: Vec<Entry>,
    /// 1 where they lie in another file.
    #[prost(int32, optional, tag = "14")]
    pub data_location: Option<i32>,
}

/// A value and its type.
#[derive(Clone, PartialEq, Message)]
pub struct ValueInfo {
    /// The value's name.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<Type>,
    /// For people.
    #[prost(string, optional, tag = "3")]
    pub doc_string: Option<String>,
}

/// A type: only tensors are read.
#[derive(Clone, PartialEq, Message)]
pub struct Type {
    /// Of a tensor.
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorType>,
}

/// Which numbers a tensor has, and its sizes.
#[derive(Clone, PartialEq, Message)]
pub struct TensorType {
    /// As [`Tensor::data_type`].
    #[prost(int32, optional, tag = "1")]
    pub elem_type: Option<i32>,
    /// Its sizes, where they are known.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Sizes>,
}

/// Sizes of the axes.
#[derive(Clone, PartialEq, Message)]
pub struct Sizes {
    /// Axis by axis.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

/// The size of an axis: a number, a name such as "batch", or neither.
#[derive(Clone, PartialEq, Message)]
pub struct Dimension {
    /// The number.
    #[prost(int64, optional, tag = "1")]
    pub dim_value: Option<i64>,
    /// The name.
    #[prost(string, optional, tag = "2")]
    pub dim_param: Option<String>,
}

/// Numbers that files call types of tensors.
pub mod kind {
    /// Single precision.
    pub const FLOAT: i32 = 1;
    /// Whole numbers of 64 bits.
    pub const INT64: i32 = 7;
}

/// Numbers that files call types of attributes.
mod attribute {
    pub const FLOAT: i32 = 1;
    pub const INT: i32 = 2;
    pub const STRING: i32 = 3;
    pub const FLOATS: i32 = 6;
    pub const INTS: i32 = 7;
    pub const STRINGS: i32 = 8;
}

impl Attribute {
    fn of(name: &str, kind: i32) -> Self {
        Self { name: Some(name.to_owned()), r#type: Some(kind), ..Self::default() }
    }

    /// A number.
    pub fn float(name: &str, value: f64) -> Self {
        Self { f: Some(value as f32), ..Self::of(name, attribute::FLOAT) }
    }

    /// A whole number.
    pub fn int(name: &str, value: i64) -> Self {
        Self { i: Some(value), ..Self::of(name, attribute::INT) }
    }

    /// Whole numbers.
    pub fn ints(name: &str, values: impl IntoIterator<Item = usize>) -> Self {
        let ints = values.into_iter().map(|value| value as i64).collect();
        Self { ints, ..Self::of(name, attribute::INTS) }
    }

    /// Numbers.
    pub fn floats(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let floats = values.into_iter().map(|value| value as f32).collect();
        Self { floats, ..Self::of(name, attribute::FLOATS) }
    }

    /// A text.
    pub fn text(name: &str, value: &'static str) -> Self {
        Self { s: Some(Bytes::from_static(value.as_bytes())), ..Self::of(name, attribute::STRING) }
    }

    /// Texts.
    pub fn texts(name: &str, values: impl IntoIterator<Item = &'static str>) -> Self {
        let strings = values.into_iter().map(|value| Bytes::from_static(value.as_bytes())).collect();
        Self { strings, ..Self::of(name, attribute::STRINGS) }
    }
}

impl Tensor {
    /// Numbers in single precision.
    pub fn floats(name: &str, dims: &[usize], values: &[f32]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::raw(name, dims, kind::FLOAT, bytes)
    }

    /// Whole numbers, one axis.
    pub fn ints(name: &str, values: &[i64]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::raw(name, &[values.len()], kind::INT64, bytes)
    }

    fn raw(name: &str, dims: &[usize], kind: i32, bytes: Vec<u8>) -> Self {
        Self {
            dims: dims.iter().map(|&size| size as i64).collect(),
            data_type: Some(kind),
            name: Some(name.to_owned()),
            raw_data: Some(bytes.into()),
            ..Self::default()
        }
    }
}

impl ValueInfo {
    /// Numbers in single precision, samples in front: `[batch, ...]`.
    pub fn batched(name: &str, sizes: &[usize], doc: Option<String>) -> Self {
        let batch = Dimension { dim_param: Some("batch".to_owned()), dim_value: None };
        let fixed = |&size: &usize| Dimension { dim_value: Some(size as i64), dim_param: None };
        let shape = Sizes { dim: std::iter::once(batch).chain(sizes.iter().map(fixed)).collect() };
        let tensor_type = TensorType { elem_type: Some(kind::FLOAT), shape: Some(shape) };
        Self { name: Some(name.to_owned()), r#type: Some(Type { tensor_type: Some(tensor_type) }), doc_string: doc }
    }
}
