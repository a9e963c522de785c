//! What a file would take in memory, before it is read into messages: a byte of the file can ask for hundreds. Walks
//! the fields, takes no memory itself, and ends after every byte at most once a depth.

use std::mem::size_of;

use super::super::proto;

/// Messages within messages; real files have about ten.
const DEEPEST: usize = 40;

#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Sizes,
    Small,
}

impl Kind {
    fn size(self) -> u64 {
        let bytes = match self {
            Self::Model => size_of::<proto::Model>(),
            Self::Graph => size_of::<proto::Graph>(),
            Self::Node => size_of::<proto::Node>(),
            Self::Attribute => size_of::<proto::Attribute>(),
            Self::Tensor => size_of::<proto::Tensor>(),
            Self::ValueInfo => size_of::<proto::ValueInfo>(),
            Self::Type => size_of::<proto::Type>(),
            Self::TensorType => size_of::<proto::TensorType>(),
            Self::Sizes => size_of::<proto::Sizes>(),
            Self::Small => size_of::<proto::Dimension>(),
        };
        bytes as u64
    }

    /// The messages in it that are read.
    fn within(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) | (Self::Attribute, 6) => Self::Graph,
            (Self::Model, 8 | 14 | 25) | (Self::Tensor, 13) | (Self::Sizes, 1) => Self::Small,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5) => Self::Tensor,
            (Self::Graph, 11..=13) => Self::ValueInfo,
            (Self::Node, 5) => Self::Attribute,
            (Self::ValueInfo, 2) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::TensorType, 2) => Self::Sizes,
            _ => return None,
        })
    }
}

/// Bytes that the messages of a file would take, or why it is none.
pub(super) fn memory(bytes: &[u8]) -> Result<u64, String> {
    walk(bytes, Kind::Model, 0)
}

fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, String> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.get(*at).ok_or("it ends in the middle of a number")?;
        *at += 1;
        value |= u64::from(byte & 0x7F).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number in it has too many bytes".into())
}

fn walk(bytes: &[u8], kind: Kind, depth: usize) -> Result<u64, String> {
    if depth > DEEPEST {
        return Err("its graphs lie too deep in one another".into());
    }
    let (mut at, mut total) = (0, kind.size());
    while at < bytes.len() {
        let tag = varint(bytes, &mut at)?;
        let length = match tag & 7 {
            0 => {
                varint(bytes, &mut at)?;
                total += 8;
                continue;
            }
            1 => 8,
            5 => 4,
            2 => varint(bytes, &mut at)?,
            _ => return Err("it holds fields of an unknown type".into()),
        };
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
        let end = end.filter(|&end| end <= bytes.len()).ok_or("it is cut off: a part is longer than the file")?;
        total += match (kind.within(tag >> 3), kind, tag >> 3) {
            (Some(kind), ..) if tag & 7 == 2 => walk(&bytes[at..end], kind, depth + 1)?,
            // Whole numbers of a byte each become eight.
            (_, Kind::Tensor, 1 | 5 | 7 | 11) | (_, Kind::Attribute, 8) => 8 * length,
            // Bytes of tensors stay where they are.
            (_, Kind::Tensor, 9) => 0,
            _ => 32 + length,
        };
        at = end;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[test]
    fn a_file_of_next_to_nothing_that_asks_for_much_is_seen() {
        let graph = proto::Graph { node: vec![proto::Node::default(); 10_000], ..proto::Graph::default() };
        let bytes = proto::Model { graph: Some(graph), ..proto::Model::default() }.encode_to_vec();
        assert!(memory(&bytes).unwrap() > 50 * bytes.len() as u64);
        assert!(memory(&bytes[..bytes.len() - 1]).unwrap_err().contains("cut off"));
        assert!(memory(&[0xFF; 40]).is_err());
        let mut nested = proto::Graph::default();
        for _ in 0..60 {
            let attribute = proto::Attribute { g: Some(Box::new(nested)), ..proto::Attribute::default() };
            let node = proto::Node { attribute: vec![attribute], ..proto::Node::default() };
            nested = proto::Graph { node: vec![node], ..proto::Graph::default() };
        }
        let model = proto::Model { graph: Some(nested), ..proto::Model::default() };
        assert!(memory(&model.encode_to_vec()).unwrap_err().contains("too deep"));
    }
}
