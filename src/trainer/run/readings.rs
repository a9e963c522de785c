//! Instruments: what a run is asked beyond its records. Everything is read off copies; the run goes on bitwise as if
//! nobody had looked.

use super::{Run, RunError};
use crate::data::Batch;
use crate::engine::{Machine, Role, ValueId};
use crate::model::Task;
use crate::trace::{BatchReading, Instrument, Readings, SampleReading, StepReading};

/// Steps that a copy takes.
const STEPS: usize = 5;
/// Training samples by which both ends of a step are compared.
const COMPARED: usize = 256;
/// Batches whose gradients are compared; fewer than the least say nothing.
const MOST_BATCHES: usize = 8;
const LEAST_BATCHES: usize = 4;
/// Training samples that are asked one by one, and numbers that may be computed for all of them.
const MOST_SAMPLES: usize = 1000;
const LEAST_SAMPLES: usize = 64;
const MOST_NUMBERS: usize = 1 << 25;

impl Run {
    /// Reads the instruments with the weights as they stand between two steps; nothing in the middle of one, and
    /// nothing of a network without a Loss.
    pub fn read(&self, instruments: &[Instrument]) -> Result<Readings, RunError> {
        let mut readings = Readings { step: self.machine.step(), ..Readings::default() };
        if self.machine.is_in_step() || !self.trains() {
            return Ok(readings);
        }
        for instrument in instruments {
            match instrument {
                Instrument::Steps => readings.steps = self.next_steps()?,
                Instrument::Batches => readings.batches = self.batches()?,
                Instrument::Samples => readings.samples = self.samples()?,
            }
        }
        Ok(readings)
    }

    /// A copy goes on; after each of its steps the slopes along that step are taken over the same samples.
    fn next_steps(&self) -> Result<Vec<StepReading>, RunError> {
        let compared = self.dataset.train.fetch(&self.dataset.train.spread(COMPARED))?;
        let mut copy = self.another(&self.project, self.stand()?)?;
        let (mut weights, mut gradient) = slope(&copy.machine, &compared)?;
        let mut steps = Vec::with_capacity(STEPS);
        for _ in 0..STEPS {
            copy.step()?;
            let (now, there) = slope(&copy.machine, &compared)?;
            let along = |gradient: &[f64]| {
                let moved = now.iter().zip(&weights).map(|(now, before)| now - before);
                moved.zip(gradient).map(|(moved, slope)| moved * slope).sum::<f64>()
            };
            let reading = StepReading { before: along(&gradient), after: along(&there) };
            if reading.before != 0.0 {
                steps.push(reading);
            }
            (weights, gradient) = (now, there);
        }
        Ok(steps)
    }

    /// The first batches of an epoch, all with the same weights.
    fn batches(&self) -> Result<Option<BatchReading>, RunError> {
        let (size, train) = (self.batch_size(), &self.dataset.train);
        let batches = (train.len() / size).min(MOST_BATCHES);
        if batches < LEAST_BATCHES {
            return Ok(None);
        }
        let order = self.order_of(self.project.training.seed, self.place.epoch);
        let mut reading = BatchReading { batches, size, ..BatchReading::default() };
        let mut sum: Vec<f64> = Vec::new();
        for i in 0..batches {
            let batch = train.fetch(&order.rows(i * size..(i + 1) * size))?;
            let probe = self.machine.probe(&batch)?;
            let gradient = gradient_of(&probe)?;
            sum.resize(gradient.len(), 0.0);
            sum.iter_mut().zip(&gradient).for_each(|(sum, slope)| *sum += slope);
            reading.each += squared(&gradient) / batches as f64;
            reading.trained += loss_of(&probe)? / batches as f64;
            reading.asked += self.machine.evaluate(&batch.inputs, &batch.targets, batch.len)?.loss / batches as f64;
        }
        reading.mean = squared(&sum) / (batches * batches) as f64;
        Ok(Some(reading))
    }

    fn samples(&self) -> Result<Vec<SampleReading>, RunError> {
        let train = &self.dataset.train;
        let numbers: usize = self.machine.program().values.iter().map(|value| value.shape.len()).sum();
        let most = (MOST_NUMBERS / numbers.max(1)).clamp(LEAST_SAMPLES, MOST_SAMPLES);
        let batch = train.fetch(&train.spread(most))?;
        let (width, each) = (train.input_len(), train.target_len());
        let (task, answer) = (self.task(), self.machine.answer());
        let of = |i: usize| {
            let target = &batch.targets[i * each..(i + 1) * each];
            let found = self.machine.evaluate(&batch.inputs[i * width..(i + 1) * width], target, 1)?;
            let is_one = matches!(task, Task::Classes(_)) && answer.is_probability();
            let class = target.first().filter(|_| is_one).map(|own| {
                let answered = answer.class(&found.outputs);
                let sure = answer.shares(&found.outputs).get(answered).copied().unwrap_or(0.0);
                (*own as usize, answered, f64::from(sure))
            });
            Ok(SampleReading { row: batch.rows[i], loss: found.loss, class })
        };
        (0..batch.len).map(of).collect()
    }
}

/// All trained weights of a machine, and the gradient of the loss over a batch in the same order.
fn slope(machine: &Machine, batch: &Batch) -> Result<(Vec<f64>, Vec<f64>), RunError> {
    let probe = machine.probe(batch)?;
    let weights = trained(&probe).map(|(weight, _)| weight).collect::<Vec<_>>();
    Ok((numbers(&probe, &weights)?, gradient_of(&probe)?))
}

fn gradient_of(probe: &Machine) -> Result<Vec<f64>, RunError> {
    let gradients = trained(probe).map(|(_, gradient)| gradient).collect::<Vec<_>>();
    numbers(probe, &gradients)
}

/// Trained weights with their gradients.
fn trained(machine: &Machine) -> impl Iterator<Item = (ValueId, ValueId)> + '_ {
    let program = machine.program();
    let all = program.gradients.iter().map(|(&value, &gradient)| (value, gradient));
    all.filter(|(value, _)| program.value(*value).is_some_and(|value| value.role == Role::Parameter))
}

fn numbers(machine: &Machine, ids: &[ValueId]) -> Result<Vec<f64>, RunError> {
    let mut all = Vec::new();
    for &id in ids {
        all.extend(machine.read_f64(id)?.1);
    }
    Ok(all)
}

/// Of the batch that it was given, without penalties.
fn loss_of(probe: &Machine) -> Result<f64, RunError> {
    let Some(loss) = probe.program().data_loss else { return Ok(f64::NAN) };
    Ok(probe.read_f64(loss)?.1.first().copied().unwrap_or(f64::NAN))
}

fn squared(numbers: &[f64]) -> f64 {
    numbers.iter().map(|number| number * number).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::{NoProgress, load};
    use crate::engine::Device;
    use crate::model::layer::{BatchNorm, Dense, Dropout, Input, Loss};
    use crate::model::{LayerKind, Project, templates};

    const ALL: [Instrument; 3] = [Instrument::Steps, Instrument::Batches, Instrument::Samples];

    /// A spiral with everything that keeps something from step to step.
    fn run() -> Run {
        let mut project: Project = templates::build("spiral").unwrap();
        let dense = |units| LayerKind::from(Dense { units, ..Dense::default() });
        let layers = vec![dense(8), BatchNorm::default().into(), Dropout::default().into(), dense(2)];
        project.graph = templates::chain(layers);
        assert!(
            project
                .graph
                .layers()
                .any(|l| matches!(l.kind, LayerKind::Input(Input { .. }) | LayerKind::Loss(Loss { .. })))
        );
        let dataset = load(&project.data, std::path::Path::new(""), &NoProgress).unwrap();
        Run::new(&project, Arc::new(dataset), Device::Cpu).unwrap()
    }

    #[test]
    fn a_run_that_was_read_goes_on_bitwise_as_if_nobody_had_looked() {
        let (mut plain, mut read) = (run(), run());
        for step in 0..40 {
            if step % 3 == 0 {
                read.read(&ALL).unwrap();
            }
            let (a, b) = (plain.step().unwrap(), read.step().unwrap());
            assert_eq!(a.loss.to_bits(), b.loss.to_bits(), "step {step}");
        }
        assert_eq!(plain.machine().snapshot().unwrap(), read.machine().snapshot().unwrap());
        assert_eq!(plain.journal(), read.journal());
    }

    #[test]
    fn a_copy_foresees_the_steps_that_come() {
        let mut run = run();
        let readings = run.read(&ALL).unwrap();
        assert_eq!((readings.step, readings.steps.len()), (0, STEPS));
        let compared = run.dataset.train.fetch(&run.dataset.train.spread(COMPARED)).unwrap();
        let (before, gradient) = slope(&run.machine, &compared).unwrap();
        run.step().unwrap();
        let (after, _) = slope(&run.machine, &compared).unwrap();
        let along: f64 =
            after.iter().zip(&before).zip(&gradient).map(|((now, then), slope)| (now - then) * slope).sum();
        assert_eq!(readings.steps[0].before, along);
        assert!(readings.steps.iter().any(|step| step.alpha().is_some()), "{:?}", readings.steps);
    }

    #[test]
    fn samples_and_batches_are_asked_with_the_weights_as_they_stand() {
        let mut run = run();
        (0..30).for_each(|_| assert!(run.step().is_ok()));
        let readings = run.read(&ALL).unwrap();
        let whole = run.evaluate_part(&run.dataset().train).unwrap();
        let mean = readings.samples.iter().map(|s| s.loss).sum::<f64>() / readings.samples.len() as f64;
        assert!((mean - whole.loss).abs() < 1e-4, "{mean} {}", whole.loss);
        let right =
            readings.samples.iter().filter(|s| s.class.is_some_and(|(own, answered, _)| own == answered)).count();
        assert_eq!(right as f64 / readings.samples.len() as f64, whole.score);
        let batches = readings.batches.unwrap();
        assert!(batches.each > batches.mean && batches.mean > 0.0, "{batches:?}");
        assert_ne!(batches.trained, batches.asked, "dropout and the batch's own statistics");
    }
}
