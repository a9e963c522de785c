//! What the network answers to samples, read as the loss in force means it.
//!
//! The validation part is asked piece by piece, in an order whose every beginning is a fair sample of it: a part of any
//! size is scored without holding anything up, and a score over some of it says so.

use std::sync::Arc;

use super::run::{Run, RunError};
use super::{codes, found, pictures};
use crate::data::samples::MOST as MOST_SAMPLES;
use crate::engine::metrics::{self, Explained, Tally};
use crate::engine::ranking::{class_areas, telling_k, top_k};
use crate::model::boxes::Precision;
use crate::model::{Answer, AnswerView, LayerId, Task};
use crate::trace::{Finds, Guess, NumberPairs, NumberScores, OutputPicture, Over, Prediction, Ranking, Reply};

/// Samples asked while training runs at full speed (a few often show more than all seldom), and at once when it stands.
pub const FEW: usize = 256;
/// Samples asked for a score that is to be steadier.
pub const SOME: usize = 2_000;
/// Samples asked between two looks at whether there is something else to do.
pub const PIECE: usize = 512;
/// What is held of the answers, in numbers and in samples: beyond it a fair sample is asked.
const MOST_NUMBERS: usize = 1 << 24;
/// Pictures that are kept with what became of them, or was found in them.
const PICTURED: usize = 1_024;
/// Pairs of numbers that are drawn.
const DRAWN: usize = 2_000;
/// Of many outputs together, and of each at least.
const MOST_DRAWN: usize = 20_000;
const LEAST_DRAWN: usize = 200;

/// Answers to the validation part with the weights of one moment: to its first samples in a fair order, or to all.
pub struct Asked {
    order: Arc<[u32]>,
    /// `[asked, n]`
    outputs: Vec<f32>,
    /// `[asked, numbers of one]`
    targets: Vec<f32>,
    /// Where pictures are given back through a layer of two units: that layer, and what leaves it for each.
    codes: Option<(LayerId, Vec<[f32; 2]>)>,
    asked: usize,
}

impl Asked {
    /// Nothing yet.
    pub fn of(run: &Run) -> Self {
        let order = run.dataset().fair(&run.dataset().validation);
        let codes = codes::layer(run).map(|layer| (layer, Vec::new()));
        Self { order, outputs: Vec::new(), targets: Vec::new(), codes, asked: 0 }
    }

    /// How many samples are asked at most.
    fn most(run: &Run) -> usize {
        let dataset = run.dataset();
        let (width, most) = match run.view() {
            AnswerView::Reconstructions => (run.task().width(), PICTURED),
            AnswerView::Boxes => (found::grid(run).numbers(), PICTURED),
            _ => (run.task().width(), MOST_SAMPLES),
        };
        dataset.validation.len().min(most).min(MOST_NUMBERS / width.max(1))
    }

    /// All that there can be.
    pub fn all(run: &Run) -> Result<Self, RunError> {
        let mut asked = Self::of(run);
        asked.ask(run, usize::MAX)?;
        Ok(asked)
    }

    /// Asks until so many samples are answered, or as many as there can be.
    pub fn ask(&mut self, run: &Run, until: usize) -> Result<(), RunError> {
        let until = until.min(Self::most(run)).min(self.order.len());
        while self.asked < until {
            let piece = run.dataset().validation.fetch(&self.order[self.asked..until.min(self.asked + PIECE)])?;
            let answers = run.machine().predict_with_truth(&piece.inputs, piece.len, &|_| true)?;
            let [outputs, truth] = answers.unwrap_or_default();
            self.outputs.extend(outputs);
            self.targets.extend_from_slice(if matches!(run.task(), Task::Input(_)) { &truth } else { &piece.targets });
            if let Some((layer, points)) = &mut self.codes {
                points.extend(codes::of_samples(run, *layer, &piece)?);
            }
            self.asked += piece.len;
        }
        Ok(())
    }

    /// The rows that were asked.
    fn rows(&self) -> &[u32] {
        &self.order[..self.asked]
    }

    /// Samples that are answered.
    pub fn count(&self) -> usize {
        self.asked
    }

    /// Whether all are answered that can be.
    pub fn is_complete(&self, run: &Run) -> bool {
        self.asked >= Self::most(run)
    }

    /// How many of how many.
    pub fn over(&self, run: &Run) -> Over {
        Over { asked: self.asked, of: run.dataset().validation.len() }
    }

    /// How well the answers order samples; nothing for numbers.
    pub fn ranking(&self, run: &Run) -> Ranking {
        let Some(classes) = run.task().classes() else { return Ranking::default() };
        let (targets, outputs) = (&self.targets, &self.outputs);
        let top = telling_k(classes).and_then(|k| top_k(outputs, targets, classes, k).map(|share| (k, share)));
        Ranking { top, areas: class_areas(run.machine().answer(), outputs, targets, classes) }
    }

    /// As the output panel shows them.
    pub fn picture(&self, run: &Run) -> Result<OutputPicture, RunError> {
        Ok(match run.task() {
            Task::Classes(classes) | Task::ClassesAt { classes, .. } => self.classes(run, classes),
            Task::Numbers(n) => self.numbers(run, n),
            Task::Input(n) => self.reconstructions(run, n)?,
            Task::Boxes { .. } => self.boxes(run),
        })
    }

    fn classes(&self, run: &Run, classes: usize) -> OutputPicture {
        let (answer, targets) = (run.machine().answer(), &self.targets);
        let width = (self.outputs.len() / self.asked.max(1)).max(1);
        let prediction = |((&row, &truth), outputs): ((&u32, &f32), &[f32])| {
            let predicted = answer.class(outputs);
            let confidence = answer.shares(outputs).get(predicted).copied().unwrap_or(f32::NAN);
            Prediction { row, truth: truth as u32, predicted: predicted as u32, confidence }
        };
        let predictions =
            self.rows().iter().zip(targets).zip(self.outputs.chunks_exact(width)).map(prediction).collect();
        OutputPicture::Classes {
            predictions,
            confusion: metrics::confusion(answer, &self.outputs, targets, classes),
            classes,
            ranking: self.ranking(run),
            over: self.over(run),
            probability: answer.is_probability(),
        }
    }

    fn boxes(&self, run: &Run) -> OutputPicture {
        let grid = found::grid(run);
        let mut precision = Precision::new(grid.classes);
        let mut pictures = Vec::with_capacity(self.asked);
        for (&row, (things, found)) in self.rows().iter().zip(found::each(grid, &self.outputs, &self.targets)) {
            precision.add(&things, &found.iter().map(|seen| seen.found).collect::<Vec<_>>());
            pictures.push(Finds { row, things, found });
        }
        let (map50, map) = (precision.map50(), precision.map());
        OutputPicture::Boxes { pictures, grid, classes: precision.of_classes(), map50, map, over: self.over(run) }
    }

    /// Of each output; nothing for classes.
    fn guesses(&self, run: &Run) -> Vec<Vec<Guess>> {
        let truth = &run.dataset().truth;
        let n = match run.task() {
            Task::Classes(_) | Task::ClassesAt { .. } | Task::Input(_) | Task::Boxes { .. } => return Vec::new(),
            Task::Numbers(n) => n,
        };
        let of_output = |at: usize| {
            let unit = truth.unit(at);
            let own = self.targets.iter().zip(&self.outputs).skip(at).step_by(n);
            let guess = |(&row, (&truth, &output)): (&u32, (&f32, &f32))| Guess {
                row,
                truth: unit.value(truth),
                predicted: unit.value(output),
            };
            self.rows().iter().zip(own).map(guess).collect()
        };
        (0..n).map(of_output).collect()
    }

    /// Pictures and what became of them; of anything else its numbers, all of them alike.
    fn reconstructions(&self, run: &Run, n: usize) -> Result<OutputPicture, RunError> {
        let mut explained = Explained::new(n);
        explained.take(&self.outputs, &self.targets);
        let is_broken = |row: &&[f32]| row.iter().any(|value| !value.is_finite());
        let not_finite = self.outputs.chunks_exact(n.max(1)).filter(is_broken).count();
        let scores = NumberScores { r2: explained.score(), rmse: explained.rmse(), not_finite };
        if run.view() == AnswerView::Reconstructions {
            let (rows, outputs) = (self.rows().into(), self.outputs.as_slice().into());
            let plane = self.codes.as_ref().map(|(layer, points)| codes::plane(run, *layer, points));
            let codes = plane.transpose()?.flatten();
            return Ok(OutputPicture::Reconstructions { rows, outputs, scores, over: self.over(run), codes });
        }
        let every = (self.outputs.len() / DRAWN).max(1);
        let pairs = self.targets.iter().zip(&self.outputs).step_by(every).take(DRAWN).map(|(&t, &o)| [t, o]);
        let outputs = vec![NumberPairs { pairs: pairs.collect(), scores }];
        Ok(OutputPicture::Numbers { outputs, r2: scores.r2, over: self.over(run) })
    }

    fn numbers(&self, run: &Run, n: usize) -> OutputPicture {
        let truth = &run.dataset().truth;
        // As they are stored: the very sums that a whole evaluation makes.
        let mut sorted: Vec<usize> = (0..self.asked).collect();
        sorted.sort_unstable_by_key(|&i| self.order[i]);
        let in_order = |numbers: &[f32]| -> Vec<f32> {
            sorted.iter().flat_map(|&i| &numbers[i * n..(i + 1) * n]).copied().collect()
        };
        let [outputs, targets] = [&self.outputs, &self.targets].map(|numbers| in_order(numbers));
        let sum = |at: usize| targets.iter().skip(at).step_by(n).map(|&t| f64::from(t)).sum::<f64>();
        let means: Vec<f64> = (0..n).map(|at| sum(at) / self.asked as f64).collect();
        let mut tally = Tally::new(Answer::Numbers, &means, &truth.units);
        tally.take(&outputs, &targets);
        let each = tally.each();
        let drawn = (MOST_DRAWN / n.max(1)).clamp(LEAST_DRAWN, DRAWN);
        let of_output = |at: usize| {
            let unit = truth.unit(at);
            let both = || self.targets.iter().zip(&self.outputs).skip(at).step_by(n);
            let errors: Vec<f64> = both().map(|(t, o)| unit.error(*o, *t)).filter(|error| error.is_finite()).collect();
            let squares = errors.iter().map(|error| error * error).sum::<f64>();
            let rmse = (squares / errors.len() as f64).sqrt();
            NumberPairs {
                pairs: both().take(drawn).map(|(&t, &o)| [unit.value(t), unit.value(o)]).collect(),
                scores: NumberScores { r2: each[at].r2, rmse, not_finite: self.asked - errors.len() },
            }
        };
        OutputPicture::Numbers { outputs: (0..n).map(of_output).collect(), r2: tally.score(), over: self.over(run) }
    }
}

/// The network's answer to one sample; `None` where it is not as long as those of the data.
pub fn reply(run: &Run, sample: &[f32]) -> Result<Option<Reply>, RunError> {
    if sample.len() != run.dataset().input_len() {
        return Ok(None);
    }
    let outputs = run.machine().predict(sample, 1)?;
    let answer = run.machine().answer();
    let truth = &run.dataset().truth;
    let (values, class) = match run.task() {
        Task::Input(_) | Task::Boxes { .. } => (outputs, None),
        Task::Classes(_) | Task::ClassesAt { .. } => (answer.shares(&outputs), Some(answer.class(&outputs) as u32)),
        Task::Numbers(_) => {
            (outputs.iter().enumerate().map(|(i, &output)| truth.unit(i).value(output)).collect(), None)
        }
    };
    Ok(Some(Reply { sample: sample.into(), values, class, probability: answer.is_probability() }))
}

/// What the network of a run that nobody trains does.
pub struct WholeOutput {
    /// As the output panel shows it.
    pub picture: OutputPicture,
    /// What it says of each validation sample, where classes are predicted.
    pub predictions: Vec<Prediction>,
    /// And where numbers are, of each output.
    pub guesses: Vec<Vec<Guess>>,
}

/// Asks the whole validation part, up to the usual bound.
pub fn whole_output(run: &Run) -> Result<WholeOutput, RunError> {
    let asked = Asked::all(run)?;
    let of_samples = asked.picture(run)?;
    let predictions = match &of_samples {
        OutputPicture::Classes { predictions, .. } => predictions.clone(),
        _ => Vec::new(),
    };
    let guesses = asked.guesses(run);
    Ok(WholeOutput { picture: pictures::output(run)?.unwrap_or(of_samples), predictions, guesses })
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::data::samples::tests::Made;
    use crate::data::{Dataset, Samples, Truth};
    use crate::engine::Device;
    use crate::model::layer::{Dense, Input, Loss, LossKind, Softmax};
    use crate::model::{Graph, LayerKind, Project};
    use crate::trace::{Change, PictureWishes, TensorEdit};

    /// Rows of three numbers, of three classes that are stored one after the other.
    pub fn dataset(each: usize) -> Arc<Dataset> {
        let targets: Vec<f32> = (0..3 * each).map(|row| (row / each) as f32).collect();
        let inputs: Vec<f32> = (0..9 * each).map(|i| f32::from(u8::from(i % 3 == i / 3 / each))).collect();
        let part = Samples::in_memory(&[3], inputs, targets);
        Arc::new(Dataset {
            name: "test".into(),
            input_shape: vec![3],
            input_names: ["a", "b", "c"].map(String::from).to_vec(),
            input_units: Vec::new(),
            truth: Truth::classes(["a", "b", "c"].map(String::from).to_vec()),
            validation: part.clone(),
            train: part,
            test: None,
            plane: None,
            notes: Vec::new(),
            giveaways: Vec::new(),
            encoding: Default::default(),
            origin: None,
            places: None,
            own_validation: false,
        })
    }

    /// A single layer, and perhaps another.
    pub fn project(units: usize, loss: LossKind, end: Option<LayerKind>) -> Project {
        let mut graph = Graph::default();
        let dense = Dense { units, ..Dense::default() };
        let layers =
            [Some(Input::default().into()), Some(dense.into()), end, Some(Loss { loss, ..Loss::default() }.into())];
        let ids: Vec<_> = layers.into_iter().flatten().map(|kind| graph.add(kind, [0.0, 0.0])).collect();
        for pair in ids.windows(2) {
            graph.connect(pair[0], pair[1]).unwrap();
        }
        Project { graph, ..Project::default() }
    }

    /// A network that answers with its input, times a factor.
    fn echo(dataset: &Arc<Dataset>, loss: LossKind, factor: f32, end: Option<LayerKind>) -> Run {
        let project = project(3, loss, end);
        let mut run = Run::new(&project, dataset.clone(), Device::Cpu).unwrap();
        let values: Vec<f32> = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0].map(|v| v * factor).to_vec();
        for (name, values) in [("dense_1.weight", values), ("dense_1.bias", vec![0.0; 3])] {
            run.change(Change::Tensor { name: name.into(), edit: TensorEdit::Whole { values: values.into() } })
                .unwrap();
        }
        run
    }

    fn answer(run: &Run, sample: [f32; 3]) -> (Vec<f32>, Option<u32>, bool) {
        let reply = reply(run, &sample).unwrap().unwrap();
        assert_eq!(*reply.sample, sample);
        (reply.values, reply.class, reply.probability)
    }

    fn near(found: &[f32], right: [f32; 3]) -> bool {
        found.iter().zip(right).all(|(a, b)| (a - b).abs() < 1e-6)
    }

    #[test]
    fn a_perfect_answer_under_squared_error_is_wholly_sure() {
        let dataset = dataset(4);
        for loss in [LossKind::Mse, LossKind::Mae, LossKind::Huber] {
            let run = echo(&dataset, loss, 1.0, None);
            assert_eq!(answer(&run, [0.0, 1.0, 0.0]), (vec![0.0, 1.0, 0.0], Some(1), false));
            let OutputPicture::Classes { predictions, probability, confusion, .. } =
                Asked::all(&run).unwrap().picture(&run).unwrap()
            else {
                panic!("no classes")
            };
            assert!(!probability && predictions.iter().all(|p| p.confidence == 1.0 && p.predicted == p.truth));
            assert_eq!(confusion, [4, 0, 0, 0, 4, 0, 0, 0, 4]);
        }
    }

    #[test]
    fn several_outputs_under_binary_cross_entropy_stand_alone() {
        let run = echo(&dataset(4), LossKind::BinaryCrossEntropy, 2.0, None);
        let (values, class, probability) = answer(&run, [1.0, 0.0, -1.0]);
        assert!(near(&values, [0.880_797, 0.5, 0.119_203]) && probability, "{values:?}");
        assert_eq!(class, Some(0));
    }

    #[test]
    fn a_network_that_ends_in_softmax_gets_it_once() {
        let run = echo(&dataset(4), LossKind::Auto, 4.0, Some(Softmax {}.into()));
        let (values, class, _) = answer(&run, [1.0, 0.0, 0.0]);
        let (e, sum) = (4f32.exp(), 4f32.exp() + 2.0);
        assert!(near(&values, [e / sum, 1.0 / sum, 1.0 / sum]), "{values:?}");
        assert_eq!(class, Some(0));
        let plain = echo(&dataset(4), LossKind::Auto, 4.0, None);
        assert!(near(&answer(&plain, [1.0, 0.0, 0.0]).0, [e / sum, 1.0 / sum, 1.0 / sum]));
    }

    #[test]
    fn scores_are_over_the_whole_part_however_it_is_stored() {
        let dataset = dataset(4000);
        let mut run = echo(&dataset, LossKind::Mse, 1.0, None);
        // Only what stands last in the part is wrong.
        let values = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0];
        let edit = TensorEdit::Whole { values: values.into() };
        run.change(Change::Tensor { name: "dense_1.weight".into(), edit }).unwrap();
        assert_eq!(run.evaluate().unwrap().score, 2.0 / 3.0);
        let part = dataset.validation.whole().unwrap();
        let whole = run.machine().evaluate(&part.inputs, &part.targets, 12_000).unwrap();
        assert_eq!(run.evaluate().unwrap().loss, whole.loss);
        let (_, over) = run.ranking().unwrap().unwrap();
        assert_eq!(over, Over { asked: 12_000, of: 12_000 });
        // And a few of them say nearly the same, and that they are few.
        let mut asked = Asked::of(&run);
        asked.ask(&run, FEW).unwrap();
        let OutputPicture::Classes { confusion, over, .. } = asked.picture(&run).unwrap() else { panic!("no classes") };
        assert_eq!((over, over.is_whole()), (Over { asked: FEW, of: 12_000 }, false));
        assert!([0, 1, 2].into_iter().all(|class| confusion[class * 3..class * 3 + 3].iter().sum::<u32>() >= 85));
        assert!(!asked.is_complete(&run));
        asked.ask(&run, usize::MAX).unwrap();
        let OutputPicture::Classes { confusion, over, .. } = asked.picture(&run).unwrap() else { panic!("no classes") };
        assert!(asked.is_complete(&run) && over.is_whole());
        assert_eq!(f64::from(confusion[0] + confusion[4] + confusion[8]) / 12_000.0, 2.0 / 3.0);
    }

    /// Samples that are made when they are asked for, and how often that was.
    fn made(train: usize, validation: usize, broken: usize) -> (Run, Arc<AtomicUsize>) {
        let (train, validation) = (Made { broken, ..Made::new(train) }, Made::new(validation));
        let asked = train.asked.clone();
        let validation = Made { asked: asked.clone(), ..validation };
        let (train, validation) = (Samples::new(&[2], 1, train), Samples::new(&[2], 1, validation));
        let dataset = Dataset { input_shape: vec![2], train, validation, ..(*dataset(1)).clone() };
        let run = Run::new(&project(3, LossKind::Auto, None), Arc::new(dataset), Device::Cpu).unwrap();
        (run, asked)
    }

    #[test]
    fn nothing_goes_through_all_samples_to_train_and_to_look() {
        let (mut run, asked) = made(1_000_000_000, 300_000, usize::MAX);
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        let rows = run.next_rows();
        assert!(rows.iter().any(|&row| row > 100_000_000), "{rows:?}");
        (0..3).for_each(|_| assert!(run.step().is_ok()));
        let mut few = Asked::of(&run);
        few.ask(&run, FEW).unwrap();
        assert_eq!(few.over(&run), Over { asked: FEW, of: 300_000 });
        pictures::of_layers(&run, &PictureWishes { canvas: true, ..PictureWishes::default() }).unwrap();
        let asked = asked.load(Ordering::Relaxed);
        assert!((3 * rows.len() + FEW..3 * rows.len() + 2 * FEW).contains(&asked), "{asked} samples were asked for");
    }

    #[test]
    fn a_sample_that_cannot_be_read_stops_training_with_a_sentence() {
        let (mut run, _) = made(64, 3, 60);
        let why = (0..64).find_map(|_| run.step().err()).unwrap().to_string();
        assert!(why.contains(".png cannot be read"), "{why}");
    }
}
