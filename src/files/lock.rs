//! Locks on files: held until dropped, and given back by the system when the program that holds one is killed.
//!
//! Where the disk knows no locks nobody can tell who is alive; what is not known to be left behind is then left alone.

use std::fs::{File, TryLockError};
use std::io::{Error, Result};
use std::path::Path;
use std::time::{Duration, Instant};

/// Takes the lock of a file, which is made where it is missing. `None` while another holds it. Errors: it cannot be
/// opened, or the disk knows no locks.
pub fn try_take(path: &Path) -> Result<Option<File>> {
    let file = File::options().write(true).create(true).truncate(false).open(path)?;
    Ok(try_hold(&file)?.then_some(file))
}

/// Whether the lock of an open file is now held by it.
pub fn try_hold(file: &File) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// As [`try_take`], for what others hold for a moment only.
pub fn take(path: &Path, patience: Duration) -> Result<File> {
    let began = Instant::now();
    loop {
        if let Some(file) = try_take(path)? {
            return Ok(file);
        }
        if began.elapsed() > patience {
            return Err(Error::new(std::io::ErrorKind::WouldBlock, "another program holds its lock"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_a_lock_until_it_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = try_take(&path).unwrap();
        assert!(held.is_some() && try_take(&path).unwrap().is_none());
        assert!(take(&path, Duration::ZERO).is_err());
        drop(held);
        assert!(take(&path, Duration::ZERO).is_ok());
        assert!(try_take(&path.join("below")).is_err());
    }
}
