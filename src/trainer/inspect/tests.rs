use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::data::{self, NoProgress};
use crate::engine::Device;
use crate::model::layer::{Dense, LossKind, Lstm, Reshape};
use crate::model::{LayerKind, Project, Source, templates};
use crate::trainer::Run;

mod probing;

fn debugger(project: &Project) -> Debugger {
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    Debugger::new(Run::new(project, dataset, Device::Cpu).unwrap(), 64 << 20).unwrap()
}

fn template(key: &str) -> Project {
    let mut project = templates::build(key).unwrap();
    project.training.batch_size = 6;
    project.training.clip = crate::model::Clip::None;
    if let Source::Digits(digits) = &mut project.data.source {
        digits.samples = 100;
    }
    project
}

/// As it is named in the listing.
fn whole(debugger: &Debugger, name: &str) -> Result<TensorRecord, String> {
    tensor(debugger, &Lens::plain(debugger), name)
}

fn axes_of(debugger: &mut Debugger, name: &str) -> String {
    let inspection = Inspection { tensors: vec![name.to_owned()], ..Inspection::default() };
    sight(debugger, &inspection, true).tensor(name).map(|record| record.axes.join(" ")).unwrap_or_default()
}

#[test]
fn axes_have_the_names_of_what_they_are() {
    let mut digits = debugger(&template("digits-cnn"));
    digits.goto_step(1).unwrap();
    let images = "sample channel row column";
    for (name, expected) in [("%x", images), ("%1", images), ("d%1", images), ("%y", "sample"), ("loss", "")] {
        assert_eq!(axes_of(&mut digits, name), expected, "{name}");
    }
    let kernel = "filter channel row column";
    let program = digits.machine().program();
    let moments = program.values.iter().filter(|v| v.role == Role::Optimiser && v.shape.dims.len() == 4);
    let names: Vec<_> = moments.map(|v| v.name.clone()).collect();
    assert!(!names.is_empty());
    for name in ["conv_2_d_1.weight".to_owned(), "conv_2_d_1.weight.grad".into()].into_iter().chain(names) {
        assert_eq!(axes_of(&mut digits, &name), kernel, "{name}");
    }
    let mut xor = debugger(&template("xor"));
    xor.goto_step(1).unwrap();
    for (name, expected) in [
        ("%x", "sample feature"),
        ("dense_1.weight", "unit input"),
        ("dense_1.bias.grad", "unit"),
        ("dense_1.bias.adam_m", "unit"),
        ("dense_1.weight.adam_v", "unit input"),
    ] {
        assert_eq!(axes_of(&mut xor, name), expected, "{name}");
    }
    let mut rows = template("digits-lstm");
    let lstm = Lstm { units: 3, ..Lstm::default() }.into();
    let (shape, last) = (Reshape { shape: "28 x 28".into() }, Dense { units: 10, ..Dense::default() });
    rows.graph = templates::chain(vec![shape.into(), lstm, last.into()]);
    let mut rows = debugger(&rows);
    rows.goto_step(1).unwrap();
    let inspection =
        Inspection { tensors: vec!["lstm_1.weight_hh".into(), "lstm_1.bias_ih.grad".into()], ..Inspection::default() };
    let seen = sight(&mut rows, &inspection, true);
    assert_eq!(seen.tensors[0].place(&[4, 2]), "gate f1, unit 2");
    assert_eq!(seen.tensors[1].place(&[11]), "gate o2");
    // Every value of a program has as many names as axes.
    let values = digits.machine().program().ids();
    for (id, value) in values {
        let expected = value.shape.dims.len() + usize::from(value.shape.batched);
        assert_eq!(axes(digits.machine().program(), id).len(), expected, "{}", value.name);
    }
}

#[test]
fn tensors_tell_their_step_and_can_be_seen_at_another() {
    let mut xor = debugger(&template("xor"));
    xor.goto_step(4).unwrap();
    let name = "dense_1.weight".to_owned();
    let inspection = Inspection { tensors: vec![name.clone(), "nothing".into()], ..Inspection::default() };
    let then = sight(&mut xor, &inspection, true);
    assert_eq!(then.tensor(&name).map(|r| r.step), Some(4));
    assert!(then.why_missing("nothing").unwrap().contains("no value 'nothing'"));
    xor.goto(Moment { step: 9, instruction: 3 }).unwrap();
    let inspection = Inspection { at_step: Some((name.clone(), 4)), ..inspection };
    let seen = sight(&mut xor, &inspection, true);
    assert_eq!(xor.moment(), Moment { step: 9, instruction: 3 });
    let before = seen.at_step.unwrap().unwrap();
    assert_eq!((&before.data, before.step), (&then.tensor(&name).unwrap().data, 4));
    assert_ne!(seen.tensors[0].data, before.data);
    // The weights are still those that step 9 left.
    assert_eq!(seen.tensors[0].step, 9);
    let far = Inspection { at_step: Some((name, 500)), ..Inspection::default() };
    assert!(sight(&mut xor, &far, true).at_step.unwrap().unwrap_err().contains("hasn't reached step 500"));
}

#[test]
fn the_shares_of_all_samples_are_the_gradient() {
    for (key, name, index) in [
        ("xor", "dense_1.weight", vec![1, 0]),
        ("digits-cnn", "conv_2_d_1.weight.grad", vec![2, 0, 1, 1]),
        ("digits-cnn", "conv_2_d_1.bias", vec![3]),
    ] {
        let mut run = debugger(&template(key));
        run.goto_step(3).unwrap();
        let element = Element { name: name.into(), index: index.clone() };
        let inspection = Inspection { element: Some(element), shares: true, ..Inspection::default() };
        let shares = sight(&mut run, &inspection, true).shares.unwrap().unwrap();
        assert_eq!(shares.terms.len(), run.machine().batch_len());
        let gradient = whole(&run, &shares.element.name).unwrap().at(&index).unwrap();
        let sum: f64 = shares.terms.iter().sum();
        let size: f64 = shares.terms.iter().map(|t| t.abs()).sum();
        assert!((sum - f64::from(gradient)).abs() <= 1e-5 * size + 1e-9, "{key} {name}: {sum} {gradient}");
        assert!(size > 0.0);
    }
    let mut xor = debugger(&template("xor"));
    xor.goto_step(1).unwrap();
    let element = Element { name: "%1".into(), index: vec![0, 0] };
    let inspection = Inspection { element: Some(element), shares: true, ..Inspection::default() };
    assert!(sight(&mut xor, &inspection, true).shares.unwrap().unwrap_err().contains("neither a weight"));
}

#[test]
fn saliency_is_the_slope_of_the_loss_in_the_input() {
    let mut project = template("xor");
    // With all samples in one batch, an input that is nudged can be put in place of the staged one.
    project.training.batch_size = 8;
    let mut xor = debugger(&project);
    xor.goto(Moment { step: 2, instruction: 5 }).unwrap();
    let inspection = Inspection { sample: Some(3), saliency: true, ..Inspection::default() };
    let seen = sight(&mut xor, &inspection, true).sample.unwrap().unwrap();
    let slope = seen.saliency.as_ref().unwrap().as_ref().unwrap().clone();
    assert_eq!((slope.dims.clone(), seen.row, seen.rows), (seen.input.dims.clone(), 3, 8));
    let program = xor.machine().program();
    let staged = program.find(crate::engine::STAGED_INPUT).unwrap();
    let whole = xor.machine().read(staged).unwrap();
    let each = seen.input.data.len();
    let loss_with = |feature: usize, nudge: f32| {
        let mut run = debugger(&project);
        run.goto_step(2).unwrap();
        let mut numbers = whole.data.to_vec();
        numbers[3 * each + feature] += nudge;
        let targets = run.run().next_batch().unwrap().targets;
        run.machine().evaluate(&numbers, &targets, 8).unwrap().loss
    };
    for feature in 0..each {
        let difference = (loss_with(feature, 1e-2) - loss_with(feature, -1e-2)) / 2e-2;
        let told = f64::from(slope.data[feature]);
        assert!((difference - told).abs() < 2e-3 * difference.abs().max(0.05), "{feature}: {difference} {told}");
    }
}

#[test]
fn a_sample_is_followed_forward_and_back_as_far_as_the_step_has_gone() {
    let mut digits = debugger(&template("digits-cnn"));
    let inspection = Inspection { sample: Some(2), ..Inspection::default() };
    assert!(sight(&mut digits, &inspection, true).sample.unwrap().unwrap_err().contains("No batch is loaded"));
    digits.goto(Moment { step: 0, instruction: 3 }).unwrap();
    let early = sight(&mut digits, &inspection, true).sample.unwrap().unwrap();
    digits.goto_step(1).unwrap();
    let seen = sight(&mut digits, &inspection, true).sample.unwrap().unwrap();
    assert_eq!(early.layers.len(), seen.layers.len(), "nothing jumps");
    assert!(early.layers.last().is_some_and(|layer| layer.value.is_none()) && early.answer.is_none());
    assert!(early.layers.iter().all(|layer| layer.gradient.is_none()));
    // In the next step what it has not come to is not of the step before.
    digits.goto(Moment { step: 1, instruction: 3 }).unwrap();
    let later = sight(&mut digits, &inspection, true).sample.unwrap().unwrap();
    let known = |record: &SampleRecord| record.layers.iter().map(|layer| layer.value.is_some()).collect::<Vec<_>>();
    assert_eq!((known(&later), later.answer.is_none()), (known(&early), true));
    digits.goto_step(1).unwrap();
    assert!(seen.layers.iter().all(|layer| layer.gradient.is_some()), "every layer of this network has one");
    assert_eq!(seen.input.axes, ["channel", "row", "column"]);
    let first = seen.layers[0].value.as_ref().unwrap();
    let all = whole(&digits, &first.name).unwrap();
    assert_eq!(all.at(&[2, 1, 3, 4]), first.at(&[1, 3, 4]));
    assert_eq!(seen.sample, digits.machine().batch_rows().get(2).copied());
}

#[test]
fn a_batch_is_sorted_by_losses_whose_mean_is_the_loss() {
    let others = [LossKind::BinaryCrossEntropy, LossKind::Mse].map(|loss| ("xor", probing::restless(loss)));
    let cases =
        ["xor", "sine", "digits-cnn", "digits-autoencoder"].map(|key| (key, template(key))).into_iter().chain(others);
    for (key, project) in cases {
        let mut run = debugger(&project);
        run.goto_step(3).unwrap();
        let inspection = Inspection { sample: Some(2), worst: true, ..Inspection::default() };
        let seen = sight(&mut run, &inspection, true).sample.unwrap().unwrap();
        let (own, all) = (seen.answer.clone().unwrap(), seen.worst.clone().unwrap());
        assert!(all.len() == run.machine().batch_len() && all.windows(2).all(|pair| pair[0].loss >= pair[1].loss));
        assert_eq!(all.iter().find(|answer| answer.row == 2), Some(&own));
        let mean = all.iter().map(|answer| answer.loss).sum::<f64>() / all.len() as f64;
        let loss = run.machine().report().unwrap().loss;
        assert!((mean - loss).abs() < 1e-5 * loss.abs() + 1e-7, "{key}: {mean} is not {loss}");
        let is_of_classes = run.run().task().classes().is_some();
        assert_eq!(own.truth.starts_with("the input itself ("), key == "digits-autoencoder", "{own:?}");
        assert_eq!((own.is_right.is_some(), own.share.is_some()), (is_of_classes, is_of_classes));
        assert!(!is_of_classes || own.is_right == Some(own.truth == own.predicted), "{own:?}");
        // What is right over the batch is what the step counted.
        let right = all.iter().filter(|answer| answer.is_right == Some(true)).count() as u32;
        assert_eq!(run.machine().report().unwrap().correct.unwrap_or(0), right);
    }
}

#[test]
fn a_gradient_is_explained_and_checked_and_what_is_none_only_explained() {
    let mut xor = debugger(&template("xor"));
    xor.goto_step(3).unwrap();
    let mut look = |name: &str, index: &[usize]| {
        let element = Element { name: name.into(), index: index.to_vec() };
        sight(&mut xor, &Inspection { element: Some(element), nudge: true, ..Inspection::default() }, true)
    };
    let seen = look("dense_1.weight.grad", &[1, 0]);
    let explained = seen.explanation.unwrap().unwrap();
    assert_eq!(explained.verdict.map(|v| v.judgement), Some(crate::trace::Judgement::Agrees));
    assert!(seen.unchecked.is_none());
    let seen = look("%1", &[1, 0]);
    assert!(seen.explanation.unwrap().unwrap().verdict.is_none());
    assert!(seen.unchecked.is_some_and(|why| why.contains("%1")));
    let running =
        Inspection { element: Some(Element { name: "%1".into(), index: vec![0, 0] }), ..Inspection::default() };
    assert!(sight(&mut xor, &running, false).explanation.is_none());
}

#[test]
fn all_layers_tell_how_far_the_last_update_moved_them() {
    let mut xor = debugger(&template("xor"));
    xor.goto_step(6).unwrap();
    let inspection = Inspection { layers: true, ..Inspection::default() };
    let seen = sight(&mut xor, &inspection, true).layers.unwrap().unwrap();
    assert_eq!((seen.step, xor.moment()), (6, Moment { step: 6, instruction: 0 }));
    let parameters = |run: &mut Debugger| whole(run, "dense_1.weight").unwrap().data.to_vec();
    let (now, bias_now) = (parameters(&mut xor), whole(&xor, "dense_1.bias").unwrap().data.to_vec());
    xor.goto_step(5).unwrap();
    let (before, bias) = (parameters(&mut xor), whole(&xor, "dense_1.bias").unwrap().data.to_vec());
    let norm = |numbers: &mut dyn Iterator<Item = f32>| numbers.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    let change = norm(&mut now.iter().chain(&bias_now).zip(before.iter().chain(&bias)).map(|(a, b)| a - b));
    let ratio = change / norm(&mut before.iter().chain(&bias).copied());
    let dense = seen.layers.iter().find(|layer| layer.name == "Dense 1").unwrap();
    let told = f64::from(dense.update.unwrap());
    assert!((told / ratio - 1.0).abs() < 1e-4, "{told} {ratio}");
    assert!(dense.gradient.is_some_and(|norm| norm > 0.0) && dense.activations.count > 0);
    // While it goes on, without travelling.
    xor.watch_updates(true);
    xor.advance(crate::trainer::Granularity::Step).unwrap();
    let live = sight(&mut xor, &inspection, false).layers.unwrap().unwrap();
    assert_eq!(live.step, 6);
    let again = live.layers.iter().find(|layer| layer.name == "Dense 1").unwrap();
    assert_eq!(again.update, dense.update);
    let off = sight(&mut xor, &Inspection::default(), true);
    assert!(off.layers.is_none() && xor.machine().updates().is_empty());
}

#[test]
fn dying_units_are_counted() {
    let mut project = template("xor");
    let mut layers = ["dense", "relu", "dense"].map(|key| LayerKind::from_key(key).unwrap()).to_vec();
    if let Some(LayerKind::Dense(last)) = layers.last_mut() {
        last.units = 2;
    }
    project.graph = templates::chain(layers);
    project.training.batch_size = 1;
    let mut single = debugger(&project);
    single.advance(crate::trainer::Granularity::Step).unwrap();
    let seen = sight(&mut single, &Inspection { layers: true, ..Inspection::default() }, true).layers.unwrap().unwrap();
    assert!(seen.layers.iter().all(|layer| layer.dead.is_none()), "a single sample tells of no unit that it is dead");
    project.training.batch_size = 16;
    let mut run = debugger(&project);
    run.advance(crate::trainer::Granularity::Step).unwrap();
    let units = whole(&run, "dense_1.bias").unwrap().data.len();
    for unit in 0..2 {
        run.set("dense_1.bias", &[unit], -100.0).unwrap();
    }
    run.advance(crate::trainer::Granularity::Step).unwrap();
    let seen = sight(&mut run, &Inspection { layers: true, ..Inspection::default() }, true).layers.unwrap().unwrap();
    let relu = seen.layers.iter().find(|layer| layer.name.starts_with("ReLU")).unwrap();
    let (dead, of) = relu.dead.unwrap();
    assert!(dead >= 2 && of == units, "{dead} of {of}");
    assert!(seen.layers.iter().filter(|layer| layer.dead.is_some()).count() == 1);
}

#[test]
fn what_the_pointer_passes_tells_what_it_read() {
    let mut digits = debugger(&template("digits-cnn"));
    digits.goto_step(2).unwrap();
    let element = |name: &str, index: &[usize]| Element { name: name.into(), index: index.to_vec() };
    let inspection = Inspection { hovered: Some(element("%1", &[3, 1, 4, 4])), ..Inspection::default() };
    let reading = sight(&mut digits, &inspection, true).hovered.unwrap();
    let pixels: Vec<_> = reading.read.iter().filter(|e| e.name == "%x").collect();
    assert!(pixels.len() >= 9 && pixels.iter().all(|e| e.index[0] == 3), "{pixels:?}");
    let kernel = |e: &&Element| e.name == "conv_2_d_1.weight" && e.index[0] == 1;
    assert_eq!(reading.read.iter().filter(kernel).count(), pixels.len());
    assert!(reading.read.contains(&element("conv_2_d_1.bias", &[1])));
    assert_eq!(sight(&mut digits, &inspection, false).hovered, None, "while the run goes on");
    let beyond = Inspection { hovered: Some(element("%1", &[900, 0, 0, 0])), ..Inspection::default() };
    assert_eq!(sight(&mut digits, &beyond, true).hovered, None);
}

#[test]
fn what_the_pointer_passes_tells_where_the_explained_tensor_was_made_of_it() {
    let element = |name: &str, index: &[usize]| Element { name: name.into(), index: index.to_vec() };
    let used = |run: &mut Debugger, explained: Element, hovered: Element| {
        let inspection = Inspection { element: Some(explained), hovered: Some(hovered), ..Inspection::default() };
        sight(run, &inspection, true).hovered.unwrap().used
    };
    let of = |told: &[Element], name: &str| -> Vec<Vec<usize>> {
        let mut found: Vec<_> = told.iter().filter(|e| e.name == name).map(|e| e.index.clone()).collect();
        found.sort();
        found
    };
    let mut xor = debugger(&template("xor"));
    xor.goto_step(2).unwrap();
    for _ in 0..2 {
        xor.advance(crate::trainer::Granularity::Instruction).unwrap();
    }
    // A weight: its unit of every sample, and the input that it meets.
    let weight = used(&mut xor, element("%1", &[1, 2]), element("dense_1.weight", &[5, 1]));
    assert_eq!(of(&weight, "%1"), (0..6).map(|s| vec![s, 5]).collect::<Vec<_>>());
    assert_eq!(of(&weight, "%x"), (0..6).map(|s| vec![s, 1]).collect::<Vec<_>>());
    // An input: all units of its sample, and the column of weights.
    let input = used(&mut xor, element("%1", &[1, 2]), element("%x", &[4, 0]));
    assert_eq!(of(&input, "%1"), (0..8).map(|u| vec![4, u]).collect::<Vec<_>>());
    assert_eq!(of(&input, "dense_1.weight"), (0..8).map(|u| vec![u, 0]).collect::<Vec<_>>());
    assert!(used(&mut xor, element("%1", &[1, 2]), element("dense_2.weight", &[0, 0])).is_empty(), "read elsewhere");
    let mut digits = debugger(&template("digits-cnn"));
    digits.goto_step(1).unwrap();
    // A pixel far from the window of the explained number: three by three places of every filter.
    let pixel = used(&mut digits, element("%1", &[3, 1, 4, 4]), element("%x", &[3, 0, 20, 11]));
    let places = of(&pixel, "%1");
    assert_eq!(places.len(), 16 * 9);
    assert!(places.iter().all(|at| at[0] == 3 && at[2].abs_diff(20) <= 1 && at[3].abs_diff(11) <= 1), "{places:?}");
}
