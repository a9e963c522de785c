use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::*;
use crate::data::{self, NoProgress};
use crate::model::{Project, templates};
use crate::trace::{At, Breakpoint, DebugView, Evaluation, Inspection, Moment};
use crate::trainer::TensorEdit;
use crate::trainer::debugger::Held;

mod branches;
mod by_hand;
mod later;
mod not_finite;

/// Nothing here takes a tenth of it on an idle machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Desk {
    trainer: Trainer,
    view: Option<Arc<DebugView>>,
    told: Vec<Outbox>,
}

impl Desk {
    fn new() -> Self {
        let trainer = Trainer::spawn(Arc::new(|| {}), 1).unwrap();
        let desk = Self { trainer, view: None, told: Vec::new() };
        desk.begin(1);
        desk.debug(DebugCommand::Look(Some(Box::new(Inspection {
            watches: vec!["step".into()],
            ..Inspection::default()
        }))));
        desk
    }

    fn begin(&self, run: u64) {
        self.go_on(run, None);
    }

    fn go_on(&self, run: u64, kept: Option<Box<Kept>>) {
        let mut project: Project = templates::build("xor").unwrap();
        project.training.epochs = 100_000;
        let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
        self.trainer.send(Command::Start { run, project: Box::new(project), dataset, device: Device::Cpu, kept });
    }

    fn debug(&self, command: DebugCommand) {
        self.trainer.send(Command::Debug(command));
    }

    fn goto(&self, step: u64) {
        self.debug(DebugCommand::Goto(Moment { step, instruction: 0 }));
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&DebugView) -> bool) -> Arc<DebugView> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut told = self.trainer.take();
            assert_eq!(told.failed, None);
            self.view = told.debug.take().or(self.view.take());
            self.told.push(told);
            if let Some(view) = self.view.clone().filter(|view| is_so(view)) {
                return view;
            }
            assert!(Instant::now() < deadline, "waited in vain until {what}");
            std::thread::yield_now();
        }
    }

    fn arrive(&mut self, step: u64) -> Arc<DebugView> {
        self.until(&format!("it stands after step {step}"), |view| {
            view.moment == Moment { step, instruction: 0 } && view.travel.is_none()
        })
    }

    fn rows(&self) -> Vec<u64> {
        self.told.iter().flat_map(|told| told.rows.iter().map(|row| row.step)).collect()
    }

    fn save(&self) -> Box<Kept> {
        self.trainer.asker().save().recv_timeout(PATIENCE).unwrap().unwrap()
    }
}

#[test]
fn what_was_told_once_is_not_told_again_when_it_is_gone_once_more() {
    let mut desk = Desk::new();
    desk.goto(30);
    desk.arrive(30);
    desk.goto(10);
    desk.arrive(10);
    desk.goto(35);
    let view = desk.arrive(35);
    assert_eq!(desk.rows(), (1..=35).collect::<Vec<_>>());
    assert_eq!((view.furthest, view.watches[0].value.clone(), view.watches[0].before), (35, Ok(35.0), Some(10.0)));
}

#[test]
fn a_run_saved_in_the_middle_of_a_step_is_the_run_before_that_step() {
    let mut desk = Desk::new();
    desk.goto(7);
    desk.arrive(7);
    let before = desk.save();
    let last = desk.view.as_ref().unwrap().listing.lines.len() - 1;
    desk.debug(DebugCommand::Forward(Granularity::Until(last)));
    desk.until("the last instruction comes next", |view| view.moment.instruction == last);
    let (saved, before) = (desk.save().saved, before.saved);
    assert_eq!((saved.now, saved.place.cursor), (before.now, before.place.cursor));
    desk.debug(DebugCommand::Forward(Granularity::Instruction));
    desk.arrive(8);
}

/// Steps that the curves of a run know.
fn steps(kept: &Kept) -> &[u64] {
    kept.curves.train_loss.steps()
}

#[test]
fn a_run_is_kept_with_all_that_was_told_of_it_though_nobody_took_it() {
    let mut desk = Desk::new();
    let asker = desk.trainer.asker();
    let doings = asker.doings();
    desk.trainer.send(Command::Play);
    let deadline = Instant::now() + PATIENCE;
    while asker.step() < 300 {
        assert!(Instant::now() < deadline, "it stands after step {}", asker.step());
        std::thread::yield_now();
    }
    assert_eq!((asker.is_standing(), asker.run()), (false, Some(1)));
    desk.trainer.send(Command::Pause);
    let kept = desk.save();
    assert_eq!((asker.is_standing(), asker.step()), (true, kept.saved.now.step));
    assert_eq!(steps(&kept), (1..=asker.step()).collect::<Vec<_>>());
    assert_eq!(kept.curves.pace.last().map(|pace| pace.step), kept.curves.pace.iter().map(|pace| pace.step).max());
    assert!(kept.curves.pace.last().is_some_and(|pace| pace.seconds > 0.0) && !kept.curves.validation_loss.is_empty());
    assert_eq!(kept.marks, []);
    desk.goto(10);
    desk.debug(DebugCommand::Edit { name: "dense_1.weight".into(), edit: TensorEdit::ZERO });
    desk.until("the change is in the journal", |view| view.changes.len() == 1);
    assert_ne!(asker.doings(), doings);
    let kept = desk.save();
    assert_eq!(steps(&kept), (1..=10).collect::<Vec<_>>(), "what lay ahead is another branch's");
    let told: Vec<_> = kept.marks.iter().map(|mark| (mark.step, mark.label.as_str())).collect();
    assert_eq!(told, [(10, "dense_1.weight = 0")]);

    let seconds = kept.curves.pace.last().map(|pace| pace.seconds);
    desk.go_on(2, Some(kept));
    desk.goto(12);
    desk.arrive(12);
    let again = desk.save();
    assert_eq!(steps(&again), (1..=12).collect::<Vec<_>>());
    assert_eq!((again.marks.len(), asker.run()), (1, Some(2)));
    assert!(again.curves.pace.last().map(|pace| pace.seconds) >= seconds);
    desk.trainer.send(Command::Clear);
    let answer = asker.save().recv_timeout(PATIENCE).unwrap();
    assert!(answer.is_err_and(|why| why.contains("no run")) && asker.run().is_none());
    drop(desk);
    let answer = asker.save().recv_timeout(PATIENCE);
    assert_eq!(answer.err(), Some(RecvTimeoutError::Disconnected), "the thread has ended, and nobody waits for it");
}

#[test]
fn a_long_way_is_left_for_what_is_asked_next() {
    let mut desk = Desk::new();
    desk.goto(50_000_000);
    desk.until("it is on its way", |view| view.travel.is_some());
    desk.debug(DebugCommand::Cancel);
    let view = desk.until("it stands", |view| view.travel.is_none() && view.moment.step > 0);
    assert!(view.moment.step < 50_000_000);
    desk.goto(3);
    desk.arrive(3);
}

/// Weights of all steps so far are asked for after many of them: nothing waits until all have been gone through again.
#[test]
fn gathering_the_past_for_a_breakpoint_is_told_and_left_for_what_is_asked_next() {
    let mut desk = Desk::new();
    desk.goto(30_000);
    desk.arrive(30_000);
    let ask = |desk: &Desk, times: u32| {
        let condition = format!("loss > 1000 * max(norm(dense_1.weight) * {times})");
        desk.debug(DebugCommand::SetBreakpoints(vec![Breakpoint::new(1, At::Anywhere, Some(condition))]));
    };
    // Whoever asks is seldom as late as to find it done, and can then begin another.
    let here = Moment { step: 30_000, instruction: 0 };
    let gathers = |view: &DebugView| view.travel.as_ref().is_some_and(|way| way.what.contains("breakpoint"));
    for times in 1.. {
        ask(&desk, times);
        match times % 2 {
            0 => desk.trainer.send(Command::Play),
            _ => desk.debug(DebugCommand::Forward(Granularity::Layer)),
        }
        desk.until("it gathers, or goes on", |view| gathers(view) || view.moment != here);
        desk.trainer.send(Command::Pause);
        desk.goto(30_000);
        desk.debug(DebugCommand::Rename { branch: 0, name: format!("after {times}") });
        desk.until("it is back", |view| view.branches[0].name == format!("after {times}") && view.travel.is_none());
        let said = desk.told.iter().flat_map(|told| &told.messages).filter(|said| said.contains("cancelled"));
        if said.count() > 1 {
            break;
        }
        assert!(times < 20, "it was never given up");
    }
    for times in 0.. {
        desk.debug(DebugCommand::ReverseContinue);
        desk.debug(DebugCommand::Cancel);
        desk.debug(DebugCommand::Rename { branch: 0, name: format!("cancelled {times}") });
        let is_over = |view: &DebugView| view.travel.is_none() && view.branches[0].name == format!("cancelled {times}");
        if desk.until("it is where it was", is_over).moment == here {
            break;
        }
        assert!(times < 20, "it was never cancelled");
        desk.goto(30_000);
    }
    desk.debug(DebugCommand::SetBreakpoints(Vec::new()));
    desk.until("there is none", |view| view.breakpoints.is_empty());
    desk.debug(DebugCommand::ReverseContinue);
    desk.debug(DebugCommand::Forward(Granularity::Step));
    desk.arrive(30_001);
    assert!(desk.told.iter().any(|told| told.messages.iter().any(|said| said.contains("no breakpoint to go back to"))));
}

#[test]
fn another_run_begins_and_the_program_ends_in_the_middle_of_a_way() {
    for round in 0..4 {
        let mut desk = Desk::new();
        desk.goto(50_000_000);
        desk.until("it is on its way", |view| view.travel.is_some());
        match round {
            0 => desk.trainer.send(Command::Pause),
            1 => desk.trainer.send(Command::Clear),
            2 => desk.debug(DebugCommand::Switch(7)),
            _ => {}
        }
        if round < 3 {
            desk.begin(2);
            desk.goto(4);
            desk.arrive(4);
            assert_eq!(desk.told.last().map(|told| told.run), Some(2));
        }
        drop(desk);
    }
}

#[test]
fn what_cannot_be_changed_is_told_and_the_run_is_well() {
    let mut desk = Desk::new();
    desk.goto(3);
    desk.arrive(3);
    let edit = TensorEdit::Clamp { limit: -1.0 };
    desk.debug(DebugCommand::Edit { name: "dense_1.weight".into(), edit });
    desk.until("it says so", |view| view.stopped.as_ref().is_some_and(|stopped| stopped.why.contains("0 or more")));
    desk.debug(DebugCommand::Forward(Granularity::Step));
    let view = desk.arrive(4);
    assert!(view.changes.is_empty());
}

#[test]
fn what_begins_where_a_way_ends_waits_for_its_end() {
    let mut desk = Desk::new();
    desk.goto(3_000);
    for _ in 0..5 {
        desk.debug(DebugCommand::Back(Granularity::Step));
    }
    desk.debug(DebugCommand::Edit { name: "dense_1.weight".into(), edit: TensorEdit::ZERO });
    desk.debug(DebugCommand::Forward(Granularity::Step));
    let view = desk.arrive(2_996);
    assert_eq!(view.changes[0].at, Moment { step: 2_995, instruction: 0 });
}

#[test]
fn it_goes_back_to_where_a_condition_held_and_says_when_there_is_no_such_place() {
    let mut desk = Desk::new();
    desk.goto(60);
    desk.arrive(60);
    desk.debug(DebugCommand::ReverseTo { condition: "step == 12".into(), held: Held::Last });
    let view = desk.until("it is back", |view| view.moment.step == 11);
    assert_eq!(view.stopped.as_ref().map(|stopped| stopped.why.as_str()), Some("step == 12"));
    desk.debug(DebugCommand::ReverseTo { condition: "loss > 1000".into(), held: Held::Last });
    let why = |view: &DebugView| view.stopped.as_ref().map(|stopped| stopped.why.clone()).unwrap_or_default();
    let view = desk.until("it has looked", |view| why(view).contains("was never true before") && view.travel.is_none());
    assert_eq!(view.moment.step, 11, "The run hasn't moved");
}

#[test]
fn where_the_pointer_is_changes_nothing_else_of_what_is_seen() {
    use crate::trace::Element;
    let mut desk = Desk::new();
    desk.goto(3);
    let inspection =
        Inspection { watches: vec!["step".into()], tensors: vec!["dense_1.weight".into()], ..Inspection::default() };
    desk.debug(DebugCommand::Look(Some(Box::new(inspection.clone()))));
    desk.arrive(3);
    let before = desk.until("the weights are seen", |view| !view.sight.tensors.is_empty());
    for row in [0, 1] {
        let element = Element { name: "%1".into(), index: vec![row, 0] };
        let look = Inspection { hovered: Some(element.clone()), ..inspection.clone() };
        desk.debug(DebugCommand::Look(Some(Box::new(look))));
        let view = desk.until("what is pointed at is told", |view| {
            view.sight.hovered.as_ref().is_some_and(|told| told.element == element)
        });
        assert!(Arc::ptr_eq(&view.sight.tensors[0].data, &before.sight.tensors[0].data));
        let rest = DebugView { sight: before.sight.clone(), ..(*view).clone() };
        assert_eq!(rest, *before);
    }
    desk.debug(DebugCommand::Look(Some(Box::new(inspection))));
    desk.until("nothing is pointed at", |view| view.sight.hovered.is_none());
    desk.goto(4);
    desk.arrive(4);
}

/// What is told of a run to its end: all results of the validation part, and the last picture of what the network does.
fn told_to_the_end(dataset: &Arc<data::Dataset>, project: &Project) -> (Vec<Evaluation>, OutputPicture) {
    let trainer = Trainer::spawn(Arc::new(|| {}), 1).unwrap();
    let (project, dataset) = (Box::new(project.clone()), dataset.clone());
    trainer.send(Command::Start { run: 1, project, dataset, device: Device::Cpu, kept: None });
    trainer.send(Command::Want(PictureWishes { output: true, ..PictureWishes::default() }));
    trainer.send(Command::Play);
    let (deadline, mut results, mut is_over) = (Instant::now() + PATIENCE, Vec::new(), false);
    loop {
        let told = trainer.take();
        assert_eq!(told.failed, None);
        results.extend(told.evaluations);
        is_over |= told.finished.is_some();
        let output = told.picture.filter(|_| is_over).and_then(|picture| picture.output.clone());
        let is_whole = |output: &OutputPicture| match output {
            OutputPicture::Classes { over, .. } | OutputPicture::Numbers { over, .. } => over.is_whole(),
            _ => false,
        };
        if let Some(output) = output.filter(is_whole) {
            return (results, output);
        }
        assert!(Instant::now() < deadline, "waited in vain for a picture over the whole part");
        std::thread::yield_now();
    }
}

/// More samples than are asked at once.
const MANY: usize = 1_500;

#[test]
fn a_run_that_stands_is_pictured_over_the_whole_part_and_says_what_its_results_say() {
    use crate::model::layer::LossKind;
    use crate::trainer::scoring::{SOME, tests::dataset, tests::project};
    let mut classes = project(3, LossKind::Auto, None);
    (classes.training.epochs, classes.training.learning_rate) = (2, 0.001);
    let dataset = dataset(MANY);
    assert!(dataset.validation.len() > 2 * SOME);
    let (results, output) = told_to_the_end(&dataset, &classes);
    let OutputPicture::Classes { confusion, predictions, .. } = output else { panic!("no classes") };
    let hits = f64::from(confusion[0] + confusion[4] + confusion[8]);
    assert_eq!((predictions.len(), hits / predictions.len() as f64), (3 * MANY, results.last().unwrap().score));
}

#[test]
fn what_is_told_last_is_told_of_the_weights_that_were_put_back() {
    use crate::model::layer::LossKind;
    use crate::trainer::scoring::{tests::dataset, tests::project};
    let mut numbers = project(1, LossKind::Auto, None);
    // Far too fast: the best epoch is none of the last.
    (numbers.training.epochs, numbers.training.learning_rate, numbers.training.keep_best) = (6, 3.0, true);
    let mut dataset = (*dataset(MANY)).clone();
    let (outputs, offset, scale) = (vec!["y".to_owned()], vec![2.0], vec![5.0]);
    dataset.truth = data::Truth::numbers(outputs, &offset, &scale);
    let (results, output) = told_to_the_end(&Arc::new(dataset), &numbers);
    let OutputPicture::Numbers { r2, .. } = output else { panic!("no numbers") };
    let (last, epochs) = results.split_last().unwrap();
    let best = epochs.iter().min_by(|a, b| a.loss.total_cmp(&b.loss)).unwrap();
    let end = epochs.last().unwrap();
    assert!(epochs.len() == 6 && best.step < end.step, "{epochs:?}");
    assert_eq!((last.step, last.loss, last.score), (end.step, best.loss, best.score));
    assert_eq!(r2, best.score);
}
