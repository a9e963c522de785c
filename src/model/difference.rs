//! What differs between two projects, in plain words: read off their settings as they are saved, so that a setting that
//! is new is told of without a line here. How they are called and where cards stand makes no difference.

mod layers;
mod settings;

use std::fmt;

use super::{Graph, Project, Source, TrainingSpec};

pub use layers::{in_words as value_in_words, layer_pairs};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// "Dense 1", "learning rate".
    pub what: String,
    /// "8"; empty where there was nothing.
    pub from: String,
    /// "16 units"; empty where there is nothing any more.
    pub to: String,
}

impl Difference {
    fn new(what: impl Into<String>, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { what: what.into(), from: from.into(), to: to.into() }
    }

    /// Without what it is that differs: "8 → 16 units", "+ 0.2", "− 0.2".
    pub fn change(&self) -> String {
        match (self.from.as_str(), self.to.as_str()) {
            ("", to) => format!("+ {to}"),
            (from, "") => format!("− {from}"),
            (from, to) => format!("{from} → {to}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.change())
    }
}

/// What was changed from `before` to `after`: the network first, then the data, then the training. The seed of the
/// training is not among it: two runs that differ in nothing else are the same, drawn again.
pub fn differences(before: &Project, after: &Project) -> Vec<Difference> {
    let mut found = layers::differences(&before.graph, &after.graph);
    let (old, new) = (&before.data.source, &after.data.source);
    let (from, to) = (source_name(old), source_name(new));
    if from != to {
        found.push(Difference::new("data", from, to));
    }
    settings::of_data(&before.data, &after.data, &mut found);
    settings::of_training(&before.training, &after.training, &mut found);
    found
}

/// As [`differences`], of two networks.
pub fn of_graphs(before: &Graph, after: &Graph) -> Vec<Difference> {
    layers::differences(before, after)
}

/// As [`differences`], of settings of training.
pub fn of_training(before: &TrainingSpec, after: &TrainingSpec) -> Vec<Difference> {
    let mut found = Vec::new();
    settings::of_training(before, after, &mut found);
    found
}

/// In one line: "Dense 1 8 → 16 units, learning rate 0.1 → 0.01", or "same".
pub fn in_words(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return "same".to_owned();
    }
    differences.iter().map(Difference::to_string).collect::<Vec<_>>().join(", ")
}

/// "Spiral", "iris.csv".
fn source_name(source: &Source) -> String {
    let last = |path: &std::path::Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    match source {
        Source::Synthetic(points) if !points.points.is_empty() => "Own points".to_owned(),
        Source::Synthetic(points) => points.kind.title().to_owned(),
        Source::Digits(_) => "Digits".to_owned(),
        Source::Shapes(_) => "Shapes".to_owned(),
        Source::Scenes(_) => "Scenes".to_owned(),
        Source::Csv(table) => last(&table.path),
        Source::Idx(pictures) => last(&pictures.folder),
        Source::Pictures(pictures) => last(&pictures.folder),
        Source::Boxes(pictures) => last(&pictures.folder),
        Source::Sample(_) => "One sample".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Activation, Dense, Dropout, Loss, LossKind, Relu};
    use crate::model::{
        BoxesSpec, Clip, CsvSpec, DigitsSpec, DrawnPicture, EarlyStopping, Feature, Fit, LayerKind, Optimiser,
        Schedule, SyntheticKind, SyntheticSpec, templates,
    };

    /// Input, Dense of 8, Dense of 2, Loss.
    fn project() -> Project {
        let mut project = Project::default();
        let graph = &mut project.graph;
        let dense = |units| LayerKind::from(Dense { units, ..Dense::default() });
        let kinds = [LayerKind::all().remove(0), dense(8), dense(2), Loss::default().into()];
        let ids = kinds.map(|kind| graph.add(kind, [0.0; 2]));
        ids.windows(2).for_each(|pair| drop(graph.connect(pair[0], pair[1])));
        project
    }

    fn words(before: &Project, after: &Project) -> Vec<String> {
        differences(before, after).iter().map(Difference::to_string).collect()
    }

    fn set(graph: &mut Graph, layer: &str, key: &str, value: crate::model::ParamValue) {
        let id = graph.find(layer).unwrap().id;
        graph.layer_mut(id).unwrap().kind.params_mut().set_param(key, &value).unwrap();
    }

    #[test]
    fn what_makes_no_difference_is_not_told() {
        let before = project();
        let mut after = before.clone();
        after.name = "another".into();
        after.training.seed = 7;
        let id = after.graph.find("Dense 1").unwrap().id;
        after.graph.layer_mut(id).unwrap().position = [500.0, 3.0];
        assert_eq!(words(&before, &after), [""; 0]);
        assert_eq!(in_words(&differences(&before, &after)), "same");
    }

    #[test]
    fn settings_of_layers_have_the_words_of_the_inspector() {
        use crate::model::ParamValue::{Bool, Float, Int, Text};
        let before = project();
        let mut after = before.clone();
        set(&mut after.graph, "Dense 1", "units", Int(16));
        set(&mut after.graph, "Dense 1", "activation", Text(Activation::Relu.key().into()));
        set(&mut after.graph, "Dense 2", "l2", Float(0.001));
        set(&mut after.graph, "Dense 2", "bias", Bool(false));
        set(&mut after.graph, "Loss", "loss", Text(LossKind::Mse.key().into()));
        let id = after.graph.find("Dense 2").unwrap().id;
        after.graph.layer_mut(id).unwrap().frozen = true;
        let expected = [
            "Dense 1 8 → 16 units",
            "Dense 1 activation none → ReLU",
            "Dense 2 bias yes → no",
            "Dense 2 L2 0 → 0.001",
            "Dense 2 frozen no → yes",
            "loss automatic → Squared error (MSE)",
        ];
        assert_eq!(words(&before, &after), expected);
    }

    #[test]
    fn layers_come_and_go_without_a_word_on_their_wires() {
        let before = project();
        let mut after = before.clone();
        let wire = after.graph.incoming(after.graph.find("Dense 2").unwrap().id).next().unwrap().id;
        let dropout = after.graph.add(Dropout { rate: 0.2, ..Dropout::default() }.into(), [0.0; 2]);
        after.graph.insert_on_wire(wire, dropout).unwrap();
        assert_eq!(words(&before, &after), ["dropout + 0.2"]);
        assert_eq!(words(&after, &before), ["dropout − 0.2"]);
        after.graph.remove(dropout);
        let wire = after.graph.incoming(after.graph.find("Dense 2").unwrap().id).next().unwrap().id;
        let relu = after.graph.add(Relu {}.into(), [0.0; 2]);
        after.graph.insert_on_wire(wire, relu).unwrap();
        assert_eq!(words(&before, &after), ["layer + ReLU"]);
        assert_eq!(words(&after, &before), ["layer − ReLU"]);
        let third = after.graph.add(Dense { units: 5, ..Dense::default() }.into(), [0.0; 2]);
        let wire = after.graph.incoming(relu).next().unwrap().id;
        after.graph.insert_on_wire(wire, third).unwrap();
        assert_eq!(words(&before, &after), ["Dense 3 + 5 units", "layer + ReLU"]);
    }

    #[test]
    fn wires_between_layers_that_stay_are_told_of() {
        let mut before = project();
        let graph = &mut before.graph;
        let [input, first, second] = ["Input", "Dense 1", "Dense 2"].map(|name| graph.find(name).unwrap().id);
        let concat = graph.add(LayerKind::from_key("concat").unwrap(), [0.0; 2]);
        let wire = graph.incoming(second).next().unwrap().id;
        graph.insert_on_wire(wire, concat).unwrap();
        let mut after = before.clone();
        after.graph.connect(input, concat).unwrap();
        assert_eq!(words(&before, &after), ["wire + Input to Concat 1"]);
        assert_eq!(words(&after, &before), ["wire − Input to Concat 1"]);
        let mut turned = before.clone();
        let wire = turned.graph.incoming(concat).next().unwrap().id;
        turned.graph.disconnect(wire);
        turned.graph.connect(input, concat).unwrap();
        turned.graph.connect(first, concat).unwrap();
        assert_eq!(words(&after, &turned), ["inputs of Concat 1 Dense 1, Input → Input, Dense 1"]);
    }

    #[test]
    fn training_is_told_in_the_words_of_the_inspector() {
        let before = project();
        let mut after = before.clone();
        let training = &mut after.training;
        training.learning_rate = 0.1;
        training.optimiser = Optimiser::sgd();
        training.batch_size = 1024;
        training.clip = Clip::Norm { max: 1.0 };
        training.early_stopping = Some(EarlyStopping { patience: 10, min_delta: 0.0 });
        training.schedule = Schedule::Cosine { steps: 5000, floor: 0.0 };
        training.keep_best = true;
        training.augmentation.rotation = 10.0;
        let all = words(&before, &after);
        for expected in [
            "learning rate 0.01 → 0.1",
            "optimiser Adam → SGD",
            "batch size 32 → 1,024",
            "clip none → norm",
            "augmentation rotation 0 → 10",
            "clip max + 1",
            "early stopping none → patience 10",
            "schedule Constant → Cosine",
            "schedule steps + 5,000",
            "keep best no → yes",
        ] {
            assert!(all.iter().any(|found| found == expected), "{expected} is not in {all:#?}");
        }
        let mut heavier = before.clone();
        heavier.training.optimiser = Optimiser::Adam { beta1: 0.5, beta2: 0.999, epsilon: 1e-7, weight_decay: 0.0 };
        assert_eq!(words(&before, &heavier), ["beta 1 0.9 → 0.5", "epsilon 1e−8 → 1e−7"]);
    }

    #[test]
    fn data_is_told_by_its_name_and_its_settings() {
        let before = project();
        let mut after = before.clone();
        let points = SyntheticSpec {
            kind: SyntheticKind::Xor,
            samples: 1000,
            noise: 0.1,
            features: vec![Feature::X, Feature::Y, Feature::SinX],
            ..SyntheticSpec::default()
        };
        after.data.source = Source::Synthetic(points);
        after.data.seed = 9;
        after.data.validation = 0.5;
        let expected = [
            "data Spiral → XOR",
            "samples 500 → 1,000",
            "noise 0 → 0.1",
            "features x, y → x, y, sin x",
            "validation share 0.2 → 0.5",
            "data seed 1 → 9",
        ];
        let mut found = words(&before, &after);
        found.sort();
        let mut sorted = expected.map(str::to_owned);
        sorted.sort();
        assert_eq!(found, sorted);
        let mut digits = before.clone();
        digits.data.source = Source::Digits(DigitsSpec::default());
        assert_eq!(words(&before, &digits), ["data Spiral → Digits"], "settings of another source say nothing");
        let table = |path: &str, target: &str| {
            let mut project = before.clone();
            let target = target.to_owned();
            project.data.source = Source::Csv(CsvSpec {
                path: path.into(),
                target,
                columns: vec![],
                missing: Default::default(),
                scaling: Default::default(),
                reading: Default::default(),
            });
            project
        };
        let found = words(&table("/a/iris.csv", "kind"), &table("/b/iris2.csv", "size"));
        assert_eq!(found, ["data iris.csv → iris2.csv", "target kind → size"]);
    }

    #[test]
    fn boxes_drawn_by_hand_are_counted() {
        let drawn = |picture: &str, boxes: &[f32]| DrawnPicture {
            picture: picture.into(),
            boxes: boxes.iter().map(|left| ("cat".to_owned(), *left, 0.0, 1.0, 1.0).into()).collect::<Vec<_>>().into(),
        };
        let with = |drawn: Vec<DrawnPicture>| {
            let mut project = Project::default();
            let (folder, size, grey, fit) = ("a".into(), 32, false, Fit::Pad);
            project.data.source = Source::Boxes(BoxesSpec { folder, size, grey, fit, drawn: drawn.into() });
            project
        };
        let one = with(vec![drawn("1.png", &[0.1])]);
        let words = |after: Vec<DrawnPicture>| words(&one, &with(after)).join(", ");
        let more = vec![drawn("1.png", &[0.1]), drawn("2.png", &[])];
        assert_eq!(words(more), "pictures with boxes drawn by hand 1 → 2");
        assert_eq!(words(vec![drawn("1.png", &[0.1, 0.5])]), "boxes drawn by hand 1 → 2");
        assert_eq!(words(vec![drawn("1.png", &[0.2])]), "boxes drawn by hand 1 → 1 (edited)");
        assert_eq!(words(vec![drawn("1.png", &[0.1])]), "");
    }

    #[test]
    fn every_setting_of_every_layer_is_told_of() {
        for kind in LayerKind::all() {
            for spec in kind.spec().param_specs() {
                let mut before = Project::default();
                before.graph.add(kind.clone(), [0.0; 2]);
                let mut after = before.clone();
                let layer = after.graph.layers().next().unwrap().id;
                let params = after.graph.layer_mut(layer).unwrap().kind.params_mut();
                let old = params.param(spec.key).unwrap();
                let other = other_value(&spec.kind, &old);
                if params.set_param(spec.key, &other).is_ok() {
                    assert_eq!(differences(&before, &after).len(), 1, "{} {}", kind.key(), spec.key);
                }
            }
        }
    }

    fn other_value(kind: &crate::model::ParamKind, old: &crate::model::ParamValue) -> crate::model::ParamValue {
        use crate::model::{ParamKind, ParamValue};
        match (kind, old) {
            (ParamKind::Int { min, max }, ParamValue::Int(old)) => {
                ParamValue::Int(if old == max { *min } else { *max })
            }
            (ParamKind::Float { min, max }, ParamValue::Float(old)) => {
                ParamValue::Float(if old == max { *min } else { *max })
            }
            (ParamKind::Bool, ParamValue::Bool(old)) => ParamValue::Bool(!old),
            (ParamKind::Choice(options), old) => {
                let keys = options.iter().map(|(key, _)| ParamValue::Text((*key).to_owned()));
                keys.into_iter().find(|key| key != old).unwrap()
            }
            _ => ParamValue::Text("1 x 1".into()),
        }
    }

    #[test]
    fn templates_differ_in_few_words() {
        let projects: Vec<Project> =
            templates::TEMPLATES.iter().filter_map(|template| templates::build(template.key)).collect();
        assert!(projects.len() > 3);
        for project in &projects {
            assert_eq!(differences(project, project), []);
        }
    }
}
