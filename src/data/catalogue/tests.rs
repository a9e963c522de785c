use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::data::NoProgress;
use crate::data::test_data::test_data;

/// Serves files of a folder to so many askers.
fn server(folder: &Path, times: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, folder) = (format!("http://{}/x", listener.local_addr().unwrap()), folder.to_path_buf());
    std::thread::spawn(move || {
        for _ in 0..times {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let asked = lines.next().unwrap();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let name = asked.split(' ').nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
            let (status, bytes) = match std::fs::read(folder.join(name)) {
                Ok(bytes) => ("200 OK", bytes),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", bytes.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes));
        }
    });
    url
}

fn small() -> OpenSet {
    let files: &'static [sets::OpenFile] = Box::leak(Box::new([
        sets::OpenFile { name: "t10k-images-idx3-ubyte.gz", bytes: 1_648_877, md5: "9fb629c4189551a2d022fa330f9573f3" },
        sets::OpenFile { name: "t10k-labels-idx1-ubyte.gz", bytes: 4_542, md5: "ec29112dd5afa0611ce80d1b7f02629c" },
    ]));
    OpenSet { key: "mnist", title: "MNIST", about: "", files, mirrors: &["http://127.0.0.1:1/none/"], archive: None }
}

#[test]
fn the_catalogue_is_whole() {
    for set in &OPEN_SETS {
        assert!(set.files.iter().all(|file| file.md5.len() == 32 && file.bytes > 1000));
        assert!(set.mirrors.iter().all(|mirror| mirror.starts_with("http") && mirror.ends_with('/')));
        assert_eq!(OpenSet::find(&set.title.to_uppercase()).map(|found| found.key), Some(set.key));
    }
    assert_eq!(OpenSet::find("cifar10").map(OpenSet::bytes), Some(170_052_171));
    assert!(OpenSet::find("imagenet").is_none());
}

#[test]
fn a_set_is_fetched_from_a_mirror_of_the_user_and_is_data() {
    let Some(real) = test_data("mnist10k") else { return };
    let home = tempfile::tempdir().unwrap();
    let (shelf, set) = (Shelf::at(home.path()), small());
    let url = server(&real, 2);
    std::fs::write(shelf.mirrors_path(), format!("{{\"mnist\": [\"{url}\"]}}")).unwrap();
    assert!(!shelf.has(&set));
    let place = shelf.fetch(&set, &NoProgress).unwrap();
    assert!(shelf.has(&set) && place == shelf.place(&set));
    let (source, _) = crate::data::propose_pictures(&place, "", Path::new(""), &NoProgress).unwrap();
    let data = crate::model::DataSpec { source, ..Default::default() };
    assert_eq!(crate::data::load(&data, Path::new(""), &NoProgress).unwrap().train.len(), 8000);
    // It is there: nobody is asked again.
    assert_eq!(shelf.fetch(&set, &NoProgress).unwrap(), place);
}

#[test]
fn without_a_network_one_sentence_says_so() {
    let home = tempfile::tempdir().unwrap();
    let (shelf, set) = (Shelf::at(home.path()), small());
    let text = shelf.fetch(&set, &NoProgress).unwrap_err().message;
    assert!(text.starts_with("There is no network to fetch MNIST over") && text.contains("mirrors.json"), "{text}");
    let empty = tempfile::tempdir().unwrap();
    std::fs::write(shelf.mirrors_path(), format!("{{\"mnist\": [\"{}\"]}}", server(empty.path(), 1))).unwrap();
    let text = shelf.fetch(&set, &NoProgress).unwrap_err().message;
    assert!(text.contains("None of the servers has an intact copy of MNIST") && text.contains("404"), "{text}");
    for (wrong, words) in [
        ("{", "looks like this"),
        ("{\"mnist\": [\"ftp://x\"]}", "is no address"),
        ("{\"imagenet\": []}", "no open set \"imagenet\": there are mnist, fashion-mnist"),
    ] {
        std::fs::write(shelf.mirrors_path(), wrong).unwrap();
        let text = shelf.fetch(&set, &NoProgress).unwrap_err().message;
        assert!(text.contains(words), "{words}: {text}");
    }
}

struct Cancelled;

impl Progress for Cancelled {
    fn report(&self, _fraction: f32, doing: &str) {
        assert!(doing.contains("of 1.7 MB"), "{doing}");
    }

    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn fetching_can_be_cancelled() {
    let home = tempfile::tempdir().unwrap();
    let shelf = Shelf::at(home.path());
    assert_eq!(shelf.fetch(&small(), &Cancelled), Err(cancelled_error()));
}

fn archive(files: &[(&str, usize)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, len) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(*len as u64);
        header.set_mode(0o644);
        // Names that lead elsewhere are those of hostile archives.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, &vec![7; *len][..]).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn only_what_is_wanted_is_taken_out_of_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let (inner, path) = (folder.path().join("in"), folder.path().join("in/x.tar.gz"));
    std::fs::create_dir(&inner).unwrap();
    let wanted = [("a.bin", Some(30)), ("names.txt", None)];
    let get = |files: &[(&str, usize)]| {
        std::fs::write(&path, archive(files)).unwrap();
        unpack::unpack(&path, &inner, &wanted, &NoProgress)
    };
    get(&[("x/a.bin", 30), ("x/readme.html", 9), ("../../names.txt", 5), ("../evil.txt", 5)]).unwrap();
    let mut names: Vec<String> =
        std::fs::read_dir(&inner).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["a.bin", "names.txt"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let text = get(&[("x/a.bin", 31), ("x/names.txt", 5)]).unwrap_err().message;
    assert!(text.contains("has no a.bin"), "{text}");
    std::fs::write(&path, &archive(&[("x/a.bin", 30), ("x/names.txt", 5)])[..40]).unwrap();
    assert!(unpack::unpack(&path, &inner, &wanted, &NoProgress).is_err());
}
