//! Files that are read where they lie: mapped, so that they take no memory of the program's own.

use std::fs::File;
use std::io::Result;

use bytemuck::AnyBitPattern;
use memmap2::Mmap;

/// A file in the address space of the program.
#[derive(Debug)]
pub struct Mapped {
    map: Mmap,
    /// With the lock that somebody may hold on it.
    _file: File,
}

impl Mapped {
    /// All of a file that nobody writes to or shortens any more: one without a name, or one of the cache, whose files
    /// are written under another name and only ever removed.
    #[allow(unsafe_code, reason = "the one way to map a file")]
    pub fn new(file: File) -> Result<Self> {
        // SAFETY: the bytes never change while they are mapped. A file without a name is written to by its one owner
        // before; one of the cache is never written to once it has its name, and removing it leaves the mapping whole.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self { map, _file: file })
    }

    /// Every byte.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// `count` numbers from a byte on; `None` where they are not all there, or do not begin where such numbers can.
    pub fn numbers<T: AnyBitPattern>(&self, from: usize, count: usize) -> Option<&[T]> {
        let end = from.checked_add(count.checked_mul(size_of::<T>())?)?;
        bytemuck::try_cast_slice(self.map.get(from..end)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn numbers_are_read_where_they_lie_and_nowhere_else() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytemuck::cast_slice(&[1.5f64, -2.0, 0.25])).unwrap();
        let mapped = Mapped::new(file).unwrap();
        assert_eq!((mapped.bytes().len(), mapped.numbers::<f64>(8, 2)), (24, Some(&[-2.0, 0.25][..])));
        assert_eq!(mapped.numbers::<f64>(24, 0), Some(&[][..]));
        assert_eq!(mapped.numbers::<f64>(8, 3), None, "beyond the end");
        assert_eq!(mapped.numbers::<f64>(4, 1), None, "between two numbers");
        assert_eq!(mapped.numbers::<f64>(8, usize::MAX / 4), None);
        assert!(Mapped::new(tempfile::tempfile().unwrap()).unwrap().bytes().is_empty());
    }
}
