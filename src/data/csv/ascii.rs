//! A quick look at a large text: plain ASCII is UTF-8, and needs no other.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::*;

use crate::data::progress::Progress;

/// Bytes that one thread looks at.
const PIECE: u64 = 4 << 20;

/// Whether a text has nothing but ASCII behind its mark, which all threads look for. If it can't be read, it has not.
pub(super) fn is_ascii(file: &Path, mark: &[u8], progress: &dyn Progress) -> bool {
    let Ok(size) = file.metadata().map(|file| file.len()) else { return false };
    let is_plain = |bytes: &mut Vec<u8>, piece: u64| {
        let mut read = || {
            let mut file = File::open(file)?;
            file.seek(SeekFrom::Start(piece * PIECE))?;
            bytes.clear();
            file.take(PIECE).read_to_end(bytes)
        };
        let is_read = !progress.cancelled() && read().is_ok();
        let text = if piece == 0 { bytes.strip_prefix(mark).unwrap_or(bytes) } else { bytes };
        is_read && text.is_ascii() && memchr::memchr(0, text).is_none()
    };
    (0..size.div_ceil(PIECE)).into_par_iter().map_init(Vec::new, is_plain).all(|is_plain| is_plain)
}
