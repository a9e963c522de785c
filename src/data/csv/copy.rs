//! Text that has to be made: in a temporary file that must not grow beyond what it may, or, of what is large, on its
//! way to whoever reads it.

use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tempfile::NamedTempFile;

use crate::data::DataError;

/// More text is not unpacked.
const MAX_FILE: u64 = 20_000_000_000;
/// Pieces of text that wait to be read.
const WAITING: usize = 8;

/// Where it goes.
pub(super) enum Out {
    File { file: NamedTempFile, size: u64 },
    Pipe(Sender<Vec<u8>>),
}

pub(super) fn copy(
    path: &Path,
    fill: impl FnOnce(&mut Out) -> Result<(), DataError>,
) -> Result<NamedTempFile, DataError> {
    let temporary =
        |error: Error| DataError::new(format!("Couldn't make room to unpack the file ({error}): {}", path.display()));
    let mut out = Out::File { file: NamedTempFile::new().map_err(temporary)?, size: 0 };
    fill(&mut out).map_err(|error| DataError::new(format!("{} File: {}", error.message, path.display())))?;
    out.flush().map_err(temporary)?;
    match out {
        Out::File { file, .. } => Ok(file),
        Out::Pipe(_) => Err(temporary(ErrorKind::Unsupported.into())),
    }
}

/// What a thread of its own writes, as it is read; the thread ends when nobody reads on.
pub(super) fn pipe(
    fill: impl FnOnce(&mut Out) -> Result<(), DataError> + Send + 'static,
) -> Result<impl Read + Send, Error> {
    let pieces = channel(|sender| fill(&mut Out::Pipe(sender)))?;
    Ok(Piped { pieces, piece: Vec::new(), at: 0 })
}

/// Where pieces go that a thread makes.
pub(super) type Sender<T> = SyncSender<Result<T, Error>>;

/// The pieces that a thread of its own makes, the next few ahead; it ends when nobody wants more. Its error is the last
/// of them.
pub(super) fn channel<T: Send + 'static>(
    fill: impl FnOnce(Sender<T>) -> Result<(), DataError> + Send + 'static,
) -> Result<Receiver<Result<T, Error>>, Error> {
    let (sender, pieces) = sync_channel(WAITING);
    let write = move || {
        let filled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fill(sender.clone())));
        let said = match filled {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.message,
            Err(_) => "its parts contradict each other".to_owned(),
        };
        // Nobody reads on.
        let _ = sender.send(Err(Error::other(said)));
    };
    std::thread::Builder::new().name("table".into()).spawn(write)?;
    Ok(pieces)
}

/// Hands a piece on.
pub(super) fn send<T>(sender: &Sender<T>, piece: T) -> Result<(), Error> {
    sender.send(Ok(piece)).map_err(|_| Error::new(ErrorKind::BrokenPipe, "the reader has stopped"))
}

struct Piped {
    pieces: Receiver<Result<Vec<u8>, Error>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Piped {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        while self.at == self.piece.len() {
            let Ok(piece) = self.pieces.recv() else { return Ok(0) };
            (self.piece, self.at) = (piece?, 0);
        }
        let count = into.len().min(self.piece.len() - self.at);
        into[..count].copy_from_slice(&self.piece[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

pub(super) fn written(out: &mut Out, bytes: &[u8]) -> Result<(), DataError> {
    out.write_all(bytes).map_err(|error| unwritten(&error))
}

/// What to say of an error of [`Out`].
pub(super) fn unwritten(error: &Error) -> DataError {
    DataError::new(format!("Couldn't unpack it: {error}."))
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File { file, size } => {
                *size += bytes.len() as u64;
                if *size > MAX_FILE {
                    let most = MAX_FILE as f64 / 1e9;
                    return Err(Error::other(format!("the text in it is larger than {most:.1} GB")));
                }
                file.write_all(bytes)?;
            }
            Self::Pipe(sender) => send(sender, bytes.to_vec())?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::File { file, .. } => file.flush(),
            Self::Pipe(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_made_as_it_is_read() {
        let mut text = String::new();
        let long = "1,2\n".repeat(100_000);
        let whole = long.clone();
        pipe(move |out| written(out, long.as_bytes())).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, whole);
        let broken = |out: &mut Out| {
            written(out, b"a,b\n")?;
            Err(DataError::new("It is cut short."))
        };
        let mut found = Vec::new();
        let error = pipe(broken).unwrap().read_to_end(&mut found).unwrap_err();
        assert_eq!((found.as_slice(), error.to_string().as_str()), (&b"a,b\n"[..], "It is cut short."));
        // Whoever stops reading ends the thread.
        let (sender, ended) = std::sync::mpsc::channel();
        let endless = move |out: &mut Out| {
            let error = loop {
                if let Err(error) = written(out, b"1\n") {
                    break error;
                }
            };
            sender.send(()).unwrap();
            Err(error)
        };
        pipe(endless).unwrap().read_exact(&mut [0; 64]).unwrap();
        ended.recv().unwrap();
    }
}
