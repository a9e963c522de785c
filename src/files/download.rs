//! One file from a server that holds it: piece by piece, going on where it was cut off, checked before it counts.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use md5::{Digest, Md5};
use ureq::Agent;
use ureq::http::{Response, StatusCode};

const BLOCK: usize = 1 << 16;
/// Until somebody answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);
/// How often a server that cuts off is asked to go on, each time that something came.
const TRIES: usize = 20;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Download {
    /// Where it may be had, the first that has it.
    pub urls: Vec<String>,
    /// About how many bytes; twice as many is something else.
    pub size: u64,
    /// Of its content, in hexadecimal.
    pub md5: String,
}

/// Why it could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Somebody no longer wants it; what came is kept.
    Stopped,
    /// Half a sentence for each server.
    Nobody {
        /// Each begins with its name.
        reasons: Vec<String>,
        /// Whether any of them answered.
        is_reached: bool,
    },
    /// It cannot be written.
    Disk(String),
}

/// Puts it to a path. `told`: how many bytes there are; `false` stops. `stall`: so long a server may be silent.
pub fn download(
    wanted: &Download,
    to: &Path,
    stall: Duration,
    told: &mut dyn FnMut(u64) -> bool,
) -> Result<(), Failure> {
    if is_whole(to, &wanted.md5) {
        return Ok(());
    }
    let part = beside(to);
    let (mut reasons, mut is_reached) = (Vec::new(), false);
    for url in &wanted.urls {
        match from(url, wanted, &part, stall, told) {
            Ok(()) => {
                std::fs::rename(&part, to).map_err(|error| disk(&error))?;
                return Ok(());
            }
            Err(Trouble::Failure(failure)) => return Err(failure),
            Err(Trouble::Server(why)) => {
                is_reached = true;
                reasons.push(format!("{}: {why}", host(url)));
            }
            Err(Trouble::Unreached(why)) => reasons.push(format!("{}: {why}", host(url))),
        }
    }
    Err(Failure::Nobody { reasons, is_reached })
}

/// Where it lies until it is whole.
fn beside(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

enum Trouble {
    Failure(Failure),
    Server(String),
    Unreached(String),
}

fn disk(error: &std::io::Error) -> Failure {
    Failure::Disk(error.to_string())
}

fn from(
    url: &str,
    wanted: &Download,
    part: &Path,
    stall: Duration,
    told: &mut dyn FnMut(u64) -> bool,
) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| Trouble::Failure(disk(&error));
    let mut last = String::new();
    for _ in 0..TRIES {
        let mut file = OpenOptions::new().create(true).append(true).open(part).map_err(failed)?;
        let mut have = file.metadata().map_err(failed)?.len();
        if have > 2 * wanted.size {
            (have, file) = (0, emptied(part).map_err(failed)?);
        }
        let before = have;
        match piece(url, wanted, part, file, &mut have, stall, told)? {
            End::Whole if is_whole(part, &wanted.md5) => return Ok(()),
            End::Whole => {
                emptied(part).map_err(failed)?;
                // What was there before may have been of another server.
                if before > 0 {
                    continue;
                }
                return Err(Trouble::Server("it sent something else (the checksum differs)".into()));
            }
            End::Cut(why) if have > before => last = why,
            End::Cut(why) => return Err(Trouble::Server(why)),
            End::Unreached(why) if before > 0 && !last.is_empty() => return Err(Trouble::Server(why)),
            End::Unreached(why) => return Err(Trouble::Unreached(why)),
        }
    }
    Err(Trouble::Server(last))
}

fn emptied(part: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(true).open(part)
}

enum End {
    Whole,
    /// Before its end, and why.
    Cut(String),
    /// Nobody answered.
    Unreached(String),
}

/// Goes on behind what is there.
fn piece(
    url: &str,
    wanted: &Download,
    part: &Path,
    mut file: File,
    have: &mut u64,
    stall: Duration,
    told: &mut dyn FnMut(u64) -> bool,
) -> Result<End, Trouble> {
    let failed = |error: std::io::Error| Trouble::Failure(disk(&error));
    let (sender, pieces) = sync_channel(4);
    let (asked, from) = (url.to_owned(), *have);
    // A server that is silent must not keep anybody from stopping.
    let reading = move || read(&asked, from, &sender);
    std::thread::Builder::new().name("download".into()).spawn(reading).map_err(failed)?;
    let mut silent = Duration::ZERO;
    loop {
        if !told(*have) {
            return Err(Trouble::Failure(Failure::Stopped));
        }
        match pieces.recv_timeout(LOOK) {
            Ok(Piece::Begins(at)) if at == *have => silent = Duration::ZERO,
            Ok(Piece::Begins(_)) => {
                file = emptied(part).map_err(failed)?;
                *have = 0;
            }
            Ok(Piece::Bytes(bytes)) => {
                silent = Duration::ZERO;
                *have += bytes.len() as u64;
                if *have > 2 * wanted.size {
                    emptied(part).map_err(failed)?;
                    return Err(Trouble::Server("it sends something much larger".into()));
                }
                file.write_all(&bytes).map_err(failed)?;
            }
            Ok(Piece::Ends) => {
                file.sync_all().map_err(failed)?;
                return Ok(End::Whole);
            }
            Ok(Piece::Cut(why)) => return Ok(End::Cut(why)),
            Ok(Piece::Unreached(why)) => return Ok(End::Unreached(why)),
            Err(RecvTimeoutError::Disconnected) => return Ok(End::Cut("the connection broke off".into())),
            Err(RecvTimeoutError::Timeout) => silent += LOOK,
        }
        if silent >= stall {
            return Ok(End::Cut(format!("nothing came for {} seconds", stall.as_secs())));
        }
    }
}

enum Piece {
    /// What follows stands from this byte on.
    Begins(u64),
    Bytes(Vec<u8>),
    Ends,
    Cut(String),
    Unreached(String),
}

/// Asks for what stands behind `from`, and hands it over until nobody listens.
fn read(url: &str, from: u64, to: &SyncSender<Piece>) {
    let last = match answer(url, from) {
        Ok((begins, whole, mut body)) => {
            if to.send(Piece::Begins(begins)).is_err() {
                return;
            }
            let mut count = begins;
            loop {
                let mut block = vec![0; BLOCK];
                match body.read(&mut block) {
                    Ok(0) if whole.is_some_and(|whole| count < whole) => {
                        break Piece::Cut("the connection broke off".into());
                    }
                    Ok(0) => break Piece::Ends,
                    Ok(read) => {
                        block.truncate(read);
                        count += read as u64;
                        if to.send(Piece::Bytes(block)).is_err() {
                            return;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => break Piece::Cut(format!("the connection broke off ({error})")),
                }
            }
        }
        Err(other) => other,
    };
    // Nobody listens any more.
    let _ = to.send(last);
}

/// Where the answer begins, how long the whole is if the server says so, and the bytes.
fn answer(url: &str, from: u64) -> Result<(u64, Option<u64>, impl Read + use<>), Piece> {
    let config = Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_resolve(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .http_status_as_error(false)
        .user_agent("glassbox");
    let agent = Agent::from(config.build());
    let mut request = agent.get(url);
    if from > 0 {
        request = request.header("Range", format!("bytes={from}-"));
    }
    let response = request.call().map_err(|error| Piece::Unreached(reason(&error)))?;
    let status = response.status();
    let length = number(&response, "content-length");
    let begins = match status {
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT => range(&response).filter(|at| *at == from).unwrap_or(0),
        // There is nothing behind what is there.
        StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => from,
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(Piece::Cut("it has no such file (404)".into())),
        other => return Err(Piece::Cut(format!("it answers {}", other.as_u16()))),
    };
    if status == StatusCode::PARTIAL_CONTENT && begins != from {
        return Err(Piece::Cut("it sends another part than it was asked for".into()));
    }
    let (whole, most) = match status {
        StatusCode::RANGE_NOT_SATISFIABLE => (None, 0),
        _ => (length.map(|length| begins + length), u64::MAX),
    };
    Ok((begins, whole, response.into_body().into_reader().take(most)))
}

fn number<B>(response: &Response<B>, header: &str) -> Option<u64> {
    response.headers().get(header)?.to_str().ok()?.parse().ok()
}

/// Where a part begins: "bytes 100-199/200".
fn range<B>(response: &Response<B>) -> Option<u64> {
    let text = response.headers().get("content-range")?.to_str().ok()?;
    text.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "it can't be found".into(),
        ureq::Error::ConnectionFailed => "no connection".into(),
        ureq::Error::Timeout(_) => "it doesn't answer".into(),
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => "it refuses the connection".into(),
            _ => format!("no connection ({error})"),
        },
        error => error.to_string(),
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// Whether a file is there with this content.
pub fn is_whole(path: &Path, md5: &str) -> bool {
    sum(path).is_ok_and(|sum| sum.eq_ignore_ascii_case(md5))
}

fn sum(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let (mut sum, mut block) = (Md5::new(), vec![0; BLOCK]);
    loop {
        match file.read(&mut block)? {
            0 => return Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => sum.update(&block[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use super::*;

    const STALL: Duration = Duration::from_secs(30);

    /// A server on this machine that answers each request as it is told; what it was asked is kept.
    struct Server {
        url: String,
        asked: Arc<Mutex<Vec<String>>>,
    }

    impl Server {
        fn new(answers: Vec<Answer>) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/set/file.gz", listener.local_addr().unwrap());
            let asked = Arc::new(Mutex::new(Vec::new()));
            let kept = asked.clone();
            std::thread::spawn(move || {
                for answer in answers {
                    let (stream, _) = listener.accept().unwrap();
                    let mut request = String::new();
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    while let Some(Ok(line)) = lines.next().filter(|line| line.as_ref().is_ok_and(|l| !l.is_empty())) {
                        request += &line;
                        request += "\n";
                    }
                    let request = request.to_lowercase();
                    kept.lock().unwrap().push(request.clone());
                    answer(&request, stream);
                }
            });
            Self { url, asked }
        }
    }

    fn content() -> Vec<u8> {
        (0..200_000u32).map(|i| (i * 7 % 251) as u8).collect()
    }

    fn md5(bytes: &[u8]) -> String {
        Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn wanted(urls: &[&str]) -> Download {
        let urls = urls.iter().map(|url| (*url).to_owned()).collect();
        Download { urls, size: 200_000, md5: md5(&content()) }
    }

    type Answer = Box<dyn Fn(&str, TcpStream) + Send>;

    /// All of it, or what is asked for; only so many bytes of what it says it sends.
    fn sends(bytes: Vec<u8>, most: usize) -> Answer {
        Box::new(move |request, mut stream| {
            let from = request.lines().find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-'));
            let from = from.map_or(0, |from| from.parse().unwrap());
            let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
            let rest = &bytes[from..];
            let range = format!("content-range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len());
            let range = if from > 0 { range } else { String::new() };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{range}connection: close\r\n\r\n", rest.len());
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&rest[..rest.len().min(most)]);
        })
    }

    fn says(head: &'static str) -> Answer {
        Box::new(move |_, mut stream| {
            let _ = stream
                .write_all(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
        })
    }

    fn get(wanted: &Download, to: &Path) -> Result<(), Failure> {
        download(wanted, to, STALL, &mut |_| true)
    }

    fn reasons(result: Result<(), Failure>) -> String {
        match result {
            Err(Failure::Nobody { reasons, .. }) => reasons.join("; "),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_goes_on_where_it_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("file.gz");
        let server =
            Server::new(vec![sends(content(), 70_000), sends(content(), 50_000), sends(content(), usize::MAX)]);
        let mut counts = Vec::new();
        let mut told = |count| {
            counts.push(count);
            true
        };
        download(&wanted(&[&server.url]), &to, STALL, &mut told).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), content());
        assert!(!beside(&to).exists() && counts.is_sorted());
        let asked = server.asked.lock().unwrap().clone();
        assert!(!asked[0].contains("range:") && asked[1].contains("range: bytes=70000-"), "{asked:?}");
        assert!(asked[2].contains("range: bytes=120000-"), "{asked:?}");
        // What is there is not fetched again.
        get(&wanted(&["http://127.0.0.1:1/none"]), &to).unwrap();
    }

    #[test]
    fn whoever_stops_keeps_what_came() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("file.gz");
        let server = Server::new(vec![sends(content(), usize::MAX), sends(content(), usize::MAX)]);
        let stopped = download(&wanted(&[&server.url]), &to, STALL, &mut |count| count < 100_000);
        assert_eq!(stopped, Err(Failure::Stopped));
        let kept = std::fs::metadata(beside(&to)).unwrap().len();
        assert!(kept >= 100_000 && !to.exists());
        get(&wanted(&[&server.url]), &to).unwrap();
        assert!(kept == 200_000 || server.asked.lock().unwrap()[1].contains(&format!("range: bytes={kept}-")));
        assert_eq!(std::fs::read(&to).unwrap(), content());
    }

    #[test]
    fn the_next_server_is_asked_where_one_has_it_not() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("file.gz");
        let mut other = content();
        other[5] ^= 1;
        let wrong = Server::new(vec![sends(other, usize::MAX)]);
        let missing = Server::new(vec![says("404 Not Found")]);
        let busy = Server::new(vec![says("503 Service Unavailable")]);
        let good = Server::new(vec![sends(content(), usize::MAX)]);
        get(&wanted(&[&missing.url, &wrong.url, &busy.url, &good.url]), &to).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), content());
        assert!(!good.asked.lock().unwrap()[0].contains("range:"), "what another sent is not gone on with");
    }

    #[test]
    fn what_is_wrong_is_said_of_each() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("file.gz");
        let large = Server::new(vec![sends(vec![1; 900_000], usize::MAX)]);
        let short = Server::new(vec![sends(vec![1; 1000], usize::MAX)]);
        let missing = Server::new(vec![says("404 Not Found")]);
        let said = reasons(get(&wanted(&[&missing.url, &large.url, &short.url, "http://127.0.0.1:1/x"]), &to));
        for words in ["no such file (404)", "much larger", "the checksum differs", "127.0.0.1:1: "] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!to.exists());
        let alone = get(&wanted(&["http://127.0.0.1:1/x"]), &to);
        assert!(matches!(&alone, Err(Failure::Nobody { is_reached: false, .. })), "{alone:?}");
    }

    #[test]
    fn a_part_of_another_file_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("file.gz");
        let server = Server::new(vec![sends(content(), usize::MAX), sends(content(), usize::MAX)]);
        std::fs::write(beside(&to), vec![9; 1000]).unwrap();
        get(&wanted(&[&server.url]), &to).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), content());
        // One that was whole, and one that is longer than the file.
        for part in [content(), vec![1; 200_001]] {
            std::fs::remove_file(&to).unwrap();
            std::fs::write(beside(&to), part).unwrap();
            let server = Server::new(vec![says("416 Range Not Satisfiable"), sends(content(), usize::MAX)]);
            get(&wanted(&[&server.url]), &to).unwrap();
            assert_eq!(std::fs::read(&to).unwrap(), content());
        }
    }

    #[test]
    fn a_server_that_falls_silent_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("file.gz");
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let silent = Server::new(vec![Box::new(move |_, mut stream: TcpStream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n");
            let _ = wait.lock().unwrap().recv();
        })]);
        let good = Server::new(vec![sends(content(), usize::MAX)]);
        let wanted = wanted(&[&silent.url, &good.url]);
        download(&wanted, &to, Duration::from_millis(300), &mut |_| true).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), content());
        drop(done);
    }
}
