//! The keeper beside a trainer that does as the test says, at moments that the test names.

use std::sync::Mutex;

use super::*;
use crate::engine::Snapshot;
use crate::model::{Edit, templates};
use crate::persist::{Home, Left};
use crate::trace::{Curves, History, Origin};
use crate::trainer::{Resume, Saved};

/// A run that stands or goes on where it was put.
#[derive(Clone, Debug)]
struct Stands {
    run: u64,
    step: u64,
    is_standing: bool,
    origin: Project,
    asked: usize,
}

struct Fake(Mutex<Stands>);

impl Source for Fake {
    fn run(&self) -> Option<u64> {
        Some(self.0.lock().unwrap().run)
    }
    fn step(&self) -> u64 {
        self.0.lock().unwrap().step
    }
    fn is_standing(&self) -> bool {
        self.0.lock().unwrap().is_standing
    }
    fn doings(&self) -> u64 {
        0
    }
    fn save(&self) -> Receiver<Result<Box<Kept>, String>> {
        let mut stands = self.0.lock().unwrap();
        stands.asked += 1;
        let now = Snapshot { step: stands.step, tensors: Default::default() };
        let origin = Origin { project: Arc::new(stands.origin.clone()), ..Origin::default() };
        let (place, history) = (Resume::default(), History::new(origin));
        let project = stands.origin.clone();
        let saved = Saved { project, now, best: None, start: None, place, history, encoding: None, notice: None };
        let (sender, answer) = channel();
        sender.send(Ok(Box::new(Kept::new(saved, Curves::default())))).unwrap();
        answer
    }
}

struct Bench {
    _folder: tempfile::TempDir,
    home: Home,
    work: Work,
    sender: Sender<Message>,
    source: Arc<Fake>,
    said: Receiver<String>,
    wish: Wish,
    now: Instant,
}

impl Bench {
    /// A project that was edited, with a run that has not begun.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home")).unwrap();
        let own = Arc::new(home.open_session().unwrap().own);
        let (sender, inbox) = channel();
        let (saying, said) = channel();
        let project = templates::build("xor").unwrap();
        let stands = Stands { run: 1, step: 0, is_standing: true, origin: project.clone(), asked: 0 };
        let source = Arc::new(Fake(Mutex::new(stands)));
        sender.send(Message::Source(source.clone())).unwrap();
        let told = Told { graph: bare(&project.graph), training: project.training.clone(), memory: 0 };
        let wish = Wish {
            generation: 1,
            project: Arc::new(project),
            file: None,
            seen: None,
            unsaved: true,
            runs: None,
            live: None,
            run: RunWish::Now { number: 1, told: Box::new(told) },
        };
        let work = Work::new(own, inbox, Box::new(move |text| saying.send(text).unwrap()));
        let mut bench = Self { _folder: folder, home, work, sender, source, said, wish, now: Instant::now() };
        bench.hand_over();
        bench
    }

    fn hand_over(&mut self) {
        self.sender.send(Message::Wish(Arc::new(self.wish.clone()))).unwrap();
    }

    fn edit(&mut self, change: impl FnOnce(&mut Project)) {
        change(Arc::make_mut(&mut self.wish.project));
        self.hand_over();
    }

    fn stands(&self, change: impl FnOnce(&mut Stands)) {
        change(&mut self.source.0.lock().unwrap());
    }

    /// Time passes, with a look every tenth of a second.
    fn pass(&mut self, millis: u64) {
        for _ in 0..millis / 100 {
            self.now += Duration::from_millis(100);
            self.work.turn(self.now);
        }
    }

    fn left(&self) -> Option<Left> {
        self.work.folder.left()
    }

    fn name(&self) -> Option<String> {
        self.left().map(|left| left.project.name)
    }

    fn step(&self) -> Option<u64> {
        self.left()?.note.run.map(|run| run.step)
    }

    fn asked(&self) -> usize {
        self.source.0.lock().unwrap().asked
    }
}

#[test]
fn an_edit_is_written_within_a_second_and_a_run_that_stands_still_once() {
    let mut bench = Bench::new();
    bench.stands(|run| run.step = 40);
    bench.pass(5_000);
    assert_eq!((bench.step(), bench.asked()), (Some(40), 1));
    let run = bench.left().unwrap().note.run;
    for n in 0..5 {
        bench.pass(2_000);
        bench.edit(|project| project.name = format!("Edit {n}"));
        bench.pass(1_000);
        assert_eq!(bench.name(), Some(format!("Edit {n}")));
    }
    assert_eq!((bench.asked(), bench.left().unwrap().note.run), (1, run), "the same file");
    let names = bench.left().unwrap().note;
    bench.pass(60_000);
    assert_eq!(bench.left().unwrap().note, names, "nothing unchanged is written again");
}

#[test]
fn a_run_is_written_every_few_seconds_and_at_once_when_it_stops() {
    let mut bench = Bench::new();
    bench.stands(|run| run.is_standing = false);
    for step in 1..=300 {
        bench.stands(|run| run.step = step);
        bench.pass(100);
        assert!(bench.step().unwrap_or(0) + 45 >= step, "{step}: {:?}", bench.step());
    }
    assert!((8..=11).contains(&bench.asked()), "{} times in thirty seconds", bench.asked());
    bench.stands(|run| (run.step, run.is_standing) = (3_750, true));
    bench.pass(300);
    assert_eq!(bench.step(), Some(3_750));
}

#[test]
fn what_takes_long_is_written_seldom() {
    let mut rhythm = Rhythm::of(rhythm::AT_LEAST);
    let began = Instant::now();
    let at = |seconds: u64| began + Duration::from_secs(seconds);
    assert!(!rhythm.is_due(began) && !rhythm.is_due(at(2)) && rhythm.is_due(at(3)));
    rhythm.wrote(at(3), Duration::from_secs(2));
    assert!(!rhythm.is_due(at(20)) && !rhythm.is_due(at(44)) && rhythm.is_due(at(45)));
    rhythm.wrote(at(45), Duration::from_secs(2));
    rhythm.hurry();
    assert!(rhythm.is_due(at(46)), "the last for a while");
    rhythm.hurry();
    rhythm.wrote(at(46), Duration::from_secs(2));
    assert!(rhythm.is_due(at(49)), "it stopped while it was written");
    assert!(!rhythm.is_due(at(50)));
}

#[test]
fn an_answer_is_not_put_under_the_project_that_was_opened_meanwhile() {
    let mut bench = Bench::new();
    bench.stands(|run| (run.step, run.is_standing) = (10, false));
    while bench.work.asked.is_none() {
        bench.pass(100);
    }
    bench.wish = Wish { generation: 2, run: RunWish::None, ..bench.wish.clone() };
    bench.edit(|project| project.name = "Another".into());
    bench.pass(1_000);
    let left = bench.left().unwrap();
    assert_eq!((left.project.name.as_str(), left.note.run), ("Another", None));
}

#[test]
fn a_run_that_is_over_does_not_come_back_with_the_one_after_it() {
    let mut bench = Bench::new();
    bench.stands(|run| run.step = 40);
    bench.pass(5_000);
    assert_eq!(bench.step(), Some(40));
    let RunWish::Now { number, told, .. } = &mut bench.wish.run else { unreachable!() };
    *number = 2;
    told.training.seed += 1;
    bench.edit(|project| project.training.seed += 1);
    bench.pass(100);
    assert_eq!(bench.step(), None, "at once, before the new one has begun");
    let project = Project::clone(&bench.wish.project);
    bench.stands(|run| (run.run, run.step, run.origin) = (2, 7, project));
    bench.pass(5_000);
    assert_eq!(bench.step(), Some(7));
}

#[test]
fn what_the_window_and_its_run_do_not_agree_on_is_asked_again() {
    let mut bench = Bench::new();
    bench.stands(|run| {
        run.step = 5;
        let dense = run.origin.graph.find("Dense 1").unwrap().id;
        Edit::Remove(vec![dense]).apply(&mut run.origin.graph).unwrap();
    });
    bench.pass(3_300);
    assert_eq!((bench.step(), bench.asked() > 0), (None, true));
    let project = Project::clone(&bench.wish.project);
    bench.stands(|run| run.origin = project);
    bench.pass(1_000);
    assert_eq!(bench.step(), Some(5));
}

#[test]
fn a_disk_that_takes_nothing_is_told_of_once_and_tried_again() {
    let mut bench = Bench::new();
    let path = bench.work.folder.path().to_owned();
    let aside = path.with_file_name("aside");
    std::fs::rename(&path, &aside).unwrap();
    bench.stands(|run| run.step = 3);
    for n in 0..5 {
        bench.edit(|project| project.name = format!("Edit {n}"));
        bench.pass(5_000);
    }
    let said: Vec<_> = bench.said.try_iter().collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("keeps trying") && said[0].contains("free some space"), "{said:?}");
    std::fs::rename(&aside, &path).unwrap();
    bench.pass(5_000);
    assert_eq!((bench.name().as_deref(), bench.step()), (Some("Edit 4"), Some(3)));
    assert_eq!(bench.said.try_iter().count(), 0);
}

#[test]
fn what_is_saved_by_the_person_is_not_kept_here_too() {
    let mut bench = Bench::new();
    bench.pass(1_000);
    assert!(bench.left().is_some());
    (bench.wish.unsaved, bench.wish.file) = (false, Some("mine.glassbox.json".into()));
    bench.hand_over();
    bench.pass(200);
    assert_eq!(bench.left(), None);
    bench.stands(|run| run.step = 9);
    bench.pass(5_000);
    let note = bench.left().unwrap().note;
    assert_eq!((note.unsaved, note.file.as_deref()), (false, Some(Path::new("mine.glassbox.json"))));
    assert_eq!(note.run.map(|run| run.step), Some(9));
}

#[test]
fn what_was_brought_back_stays_while_its_run_waits_and_its_folder_is_the_windows() {
    let mut bench = Bench::new();
    bench.pass(1_000);
    let lost = Arc::new(bench.home.open_session().unwrap().own);
    let run = RunNote { name: lost.next_run(), step: 77 };
    std::fs::write(lost.path().join(&run.name), "a run").unwrap();
    let project = lost.write_project(&bench.wish.project).unwrap();
    let note = Note { project, run: Some(run), unsaved: true, ..Note::default() };
    lost.commit(&note).unwrap();
    let before = bench.work.folder.path().to_owned();
    let holds = OnDisk { generation: 2, project: Some(bench.wish.project.clone()), note: note.clone(), run: None };
    bench.sender.send(Message::Folder(lost, holds)).unwrap();
    // Before anything is told of what was brought back.
    bench.pass(500);
    (bench.wish.generation, bench.wish.run) = (2, RunWish::AsItIs);
    bench.edit(|project| project.name = "Edited".into());
    bench.pass(1_000);
    assert!(!before.exists());
    assert_eq!((bench.name().as_deref(), bench.step()), (Some("Edited"), Some(77)));
}

#[test]
fn closing_waits_for_the_thread_and_vanishing_leaves_everything() {
    let bench = Bench::new();
    let folder = Arc::new(bench.home.open_session().unwrap().own);
    let mut keeper = Keeper::spawn(folder.clone(), Arc::new(|| {})).unwrap();
    keeper.wish(Wish { run: RunWish::None, ..bench.wish.clone() });
    let deadline = Instant::now() + Duration::from_secs(60);
    while folder.left().is_none() {
        assert!(Instant::now() < deadline, "nothing was written");
        std::thread::yield_now();
    }
    keeper.close();
    drop(keeper);
    assert!(folder.left().is_some());
}
