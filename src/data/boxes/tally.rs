//! What was left out or changed while labels were read, counted, as sentences.

use crate::expr::counted;
use std::collections::BTreeMap;

/// Files that a sentence names for each reason.
const NAMED: usize = 3;

/// Why a box is left out: what follows "2 boxes".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    NoArea,
    Outside,
    NotANumber,
    UnknownClass,
    NoClass,
    NoCorners,
    Pixels,
    Columns,
    Crowd,
    NoPicture,
    Twice,
}

impl Fault {
    fn words(self) -> &'static str {
        match self {
            Self::NoArea => "without an area",
            Self::Outside => "outside the picture",
            Self::NotANumber => "with coordinates that aren't numbers",
            Self::UnknownClass => "of an unknown class",
            Self::NoClass => "without a class",
            Self::NoCorners => "without coordinates",
            Self::Pixels => "in pixels instead of fractions",
            Self::Columns => "of other than five numbers",
            Self::Crowd => "around crowds",
            Self::NoPicture => "of a picture that isn't listed",
            Self::Twice => "given twice",
        }
    }
}

/// What became of a box, or a picture, that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    Cut,
    Outline,
    Turned,
    Resized,
    Contradicted,
    NothingThere,
}

impl Change {
    /// Of one, and of several.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Cut => [
                "1 box that reaches beyond its picture was cut at the edge",
                "{} boxes that reach beyond their pictures were cut at the edge",
            ],
            Self::Outline => ["1 outline became the box around it", "{} outlines became the boxes around them"],
            Self::Turned => [
                "1 picture is shown upright, and its boxes were turned with it",
                "{} pictures are shown upright, and their boxes were turned with them",
            ],
            Self::Resized => [
                "1 picture has been resized since it was labelled; its boxes were scaled",
                "{} pictures have been resized since they were labelled; their boxes were scaled",
            ],
            Self::Contradicted => [
                "1 picture is of another size than its label says; its own was used",
                "{} pictures are of another size than their labels say; their own was used",
            ],
            Self::NothingThere => [
                "1 picture without a label was taken as one with nothing in it",
                "{} pictures without a label were taken as ones with nothing in them",
            ],
        }
    }
}

/// A count, and the first few files.
#[derive(Clone, Debug, Default, PartialEq)]
struct Count {
    count: usize,
    files: Vec<String>,
}

impl Count {
    fn add(&mut self, file: &str) {
        self.count += 1;
        if self.files.len() < NAMED && self.files.iter().all(|known| known != file) {
            self.files.push(file.to_owned());
        }
    }

    fn append(&mut self, other: Self) {
        let all = self.count + other.count;
        other.files.iter().for_each(|file| self.add(file));
        self.count = all;
    }

    /// "(a.xml, b.xml)"
    fn places(&self) -> String {
        let more = if self.files.len() == NAMED && self.count > NAMED { " ..." } else { "" };
        format!("({}{more})", self.files.join(", "))
    }
}

/// Counts of everything that users are told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tally {
    faults: BTreeMap<Fault, Count>,
    changes: BTreeMap<Change, Count>,
    /// Label files that can't be read, with the reason.
    unread: Count,
    /// Label files without a picture, and listed pictures that aren't there.
    alone: Count,
}

impl Tally {
    pub fn fault(&mut self, fault: Fault, file: &str) {
        self.faults.entry(fault).or_default().add(file);
    }

    pub fn change(&mut self, change: Change, file: &str) {
        self.changes.entry(change).or_default().add(file);
    }

    pub fn unread(&mut self, file: &str, why: &str) {
        self.unread.add(&format!("{file}: {why}"));
    }

    pub fn alone(&mut self, file: &str) {
        self.alone.add(file);
    }

    pub fn append(&mut self, other: Self) {
        other.faults.into_iter().for_each(|(fault, count)| self.faults.entry(fault).or_default().append(count));
        other.changes.into_iter().for_each(|(change, count)| self.changes.entry(change).or_default().append(count));
        self.unread.append(other.unread);
        self.alone.append(other.alone);
    }

    pub fn sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        let left = self.faults.iter().map(|(fault, count)| {
            let boxes = counted(count.count, "box");
            format!("{boxes} {} {}", fault.words(), count.places())
        });
        let left: Vec<String> = left.collect();
        if !left.is_empty() {
            all.push(format!("Left out: {}.", left.join(", ")));
        }
        all.extend(self.changes.iter().map(|(change, count)| {
            let [one, several] = change.words();
            let text = if count.count == 1 { one.to_owned() } else { several.replace("{}", &count.count.to_string()) };
            format!("{text} {}.", count.places())
        }));
        let of = |count: &Count, [one, several]: [&str; 2]| {
            let text = if count.count == 1 { one.to_owned() } else { format!("{} {several}", count.count) };
            (count.count > 0).then(|| format!("{text} {}.", count.places()))
        };
        let unread = [
            "1 label file can't be read and was left out with its picture",
            "label files can't be read and were left out with their pictures",
        ];
        all.extend(of(&self.unread, unread));
        all.extend(of(
            &self.alone,
            ["1 label is of a picture that isn't there", "labels are of pictures that aren't there"],
        ));
        all
    }
}
