//! Writing so that a crash leaves the old file or the new one, never half of either.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::FileError;
use super::temporary::beside;

/// Where a path leads. A link that leads nowhere yet names the file to be made.
fn behind_links(path: &Path) -> PathBuf {
    let named = |to: PathBuf| path.parent().map_or(to.clone(), |folder| folder.join(&to));
    let found = std::fs::canonicalize(path).or_else(|_| std::fs::read_link(path).map(named));
    found.unwrap_or_else(|_| path.to_owned())
}

/// Writes beside the target, flushes to the disk, then renames over it. What a link leads to is replaced, not the link;
/// what is no file (a device, a pipe) is written to.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let target = behind_links(path);
    let written = match std::fs::metadata(&target) {
        Ok(there) if there.is_dir() => Err(std::io::ErrorKind::IsADirectory.into()),
        Ok(there) if there.is_file() => replace(&target, bytes, Some(there.permissions())),
        Ok(_) => std::fs::File::options().write(true).open(&target).and_then(|mut file| file.write_all(bytes)),
        Err(_) => replace(&target, bytes, None),
    };
    written.map_err(|error| FileError::write(path, error))
}

/// Whether [`write`] could begin: for what takes long before there is anything to write.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    let target = behind_links(path);
    let tried = match std::fs::metadata(&target) {
        Ok(there) if there.is_dir() => Err(std::io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => Ok(()),
        _ => beside(&target).map(|_| ()),
    };
    tried.map_err(|error| FileError::write(path, error))
}

/// With the permissions of the file that was there, or those that new files get.
fn replace(path: &Path, bytes: &[u8], permissions: Option<std::fs::Permissions>) -> std::io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn saving_keeps_links_devices_and_permissions() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        write(&place("new"), b"1").unwrap();
        std::fs::write(place("plain"), "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place("new")), mode(&place("plain")), "a new file is as any other program makes it");
        std::fs::set_permissions(place("new"), std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink(place("new"), place("link")).unwrap();
        write(&place("link"), b"2").unwrap();
        assert!(std::fs::symlink_metadata(place("link")).unwrap().is_symlink());
        assert_eq!((std::fs::read(place("new")).unwrap(), mode(&place("new"))), (b"2".to_vec(), 0o640));
        assert!(check_writable(&place("link")).is_ok() && check_writable(&place("more")).is_ok());
        assert!(!place("more").exists() && check_writable(&place("no/more")).is_err());
        assert!(check_writable(folder.path()).unwrap_err().to_string().contains("directory"));
        assert!(write(folder.path(), b"3").unwrap_err().to_string().contains("directory"));
        symlink("/dev/null", place("device")).unwrap();
        write(&place("device"), b"4").unwrap();
        assert!(!std::fs::metadata(place("device")).unwrap().is_file());
        symlink("to come", place("ahead")).unwrap();
        write(&place("ahead"), b"5").unwrap();
        assert!(std::fs::symlink_metadata(place("ahead")).unwrap().is_symlink());
        assert_eq!(std::fs::read(place("to come")).unwrap(), b"5");
    }
}
