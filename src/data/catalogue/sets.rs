//! Which open sets there are, with size and checksum of every file.
//!
//! The checksums of MNIST, Fashion-MNIST and KMNIST are those that torchvision states
//! (`torchvision/datasets/mnist.py`); that of CIFAR-10's binary files, which torchvision doesn't use, is the one on its
//! authors' page.

/// A set of pictures with classes.
#[derive(Debug)]
pub struct OpenSet {
    /// The word for it on the command line, in files and in paths.
    pub key: &'static str,
    /// Its name.
    pub title: &'static str,
    /// What is in it.
    pub about: &'static str,
    /// What is fetched.
    pub(super) files: &'static [OpenFile],
    /// Addresses that the names of files are put behind, the likeliest first.
    pub(super) mirrors: &'static [&'static str],
    /// What is taken out of the files, if they are archives: names, and sizes where they are known.
    pub(super) archive: Option<&'static [(&'static str, Option<u64>)]>,
}

#[derive(Debug)]
pub(super) struct OpenFile {
    pub name: &'static str,
    pub bytes: u64,
    pub md5: &'static str,
}

impl OpenSet {
    /// What is fetched of it, in all.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// By its key, in any case, with or without hyphens.
    pub fn find(key: &str) -> Option<&'static Self> {
        let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
        OPEN_SETS.iter().find(|set| plain(set.key) == plain(key) || plain(set.title) == plain(key))
    }
}

const fn file(name: &'static str, bytes: u64, md5: &'static str) -> OpenFile {
    OpenFile { name, bytes, md5 }
}

/// Of a batch of CIFAR-10: 10,000 pictures.
const BATCH: Option<u64> = Some(30_730_000);

/// All of them.
pub const OPEN_SETS: [OpenSet; 4] = [
    OpenSet {
        key: "mnist",
        title: "MNIST",
        about: "70,000 handwritten digits, grey, 28 x 28",
        files: &[
            file("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            file("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
            file("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
            file("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
        mirrors: &[
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ],
        archive: None,
    },
    OpenSet {
        key: "fashion-mnist",
        title: "Fashion-MNIST",
        about: "70,000 pieces of clothing in 10 classes, grey, 28 x 28",
        files: &[
            file("train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            file("train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
            file("t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
            file("t10k-labels-idx1-ubyte.gz", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
        ],
        mirrors: &[
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ],
        archive: None,
    },
    OpenSet {
        key: "kmnist",
        title: "KMNIST",
        about: "70,000 handwritten Japanese letters in 10 classes, grey, 28 x 28",
        files: &[
            file("train-images-idx3-ubyte.gz", 18_165_135, "bdb82020997e1d708af4cf47b453dcf7"),
            file("train-labels-idx1-ubyte.gz", 29_497, "e144d726b3acfaa3e44228e80efcd344"),
            file("t10k-images-idx3-ubyte.gz", 3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7"),
            file("t10k-labels-idx1-ubyte.gz", 5_120, "7320c461ea6c1c855c0b718fb2a4b134"),
        ],
        mirrors: &["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
        archive: None,
    },
    OpenSet {
        key: "cifar-10",
        title: "CIFAR-10",
        about: "60,000 photos in 10 classes, in colour, 32 x 32",
        files: &[file("cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530")],
        mirrors: &["https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"],
        archive: Some(&[
            ("batches.meta.txt", None),
            ("data_batch_1.bin", BATCH),
            ("data_batch_2.bin", BATCH),
            ("data_batch_3.bin", BATCH),
            ("data_batch_4.bin", BATCH),
            ("data_batch_5.bin", BATCH),
            ("test_batch.bin", BATCH),
        ]),
    },
];
