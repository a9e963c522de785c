//! Where the network's answer is compared with the truth.

use super::params::{float, layer_params};
use super::*;
use crate::model::Task;

layer_params! {
    /// An end of the network. Cross-entropy and binary cross-entropy take logits.
    pub struct Loss {
        loss (card): LossKind = LossKind::Auto, LossKind::kind(), "Loss", "How wrong the predictions are, as one \
            number. Training makes it smaller.";
        #[serde(skip_serializing_if = "is_one")]
        weight: f64 = 1.0, float(0.0, 1e6), "Loss weight", "How much this loss counts. Training minimises the sum of all \
            losses, each times its weight. At 0 it is only measured.";
        gamma: f64 = 2.0, float(0.0, 10.0), "Gamma", "How much less a sample counts once it is right. 0 is \
            cross-entropy, 2 is typical.";
        box_weight: f64 = 2.0, float(0.0, 1e3), "Box weight", "How much the place and size of boxes count beside \
            whether something is there and what it is.";
        label_smoothing: f64 = 0.0, float(0.0, 0.9), "Label smoothing", "The share of the truth spread evenly over all \
            classes, so that the network never becomes overconfident. Typically 0.1.";
        class_weights: String = String::new(), ParamKind::Text, "Class weights", "How much each class counts, one \
            number per class, such as 1, 4, 1. Give a rare class a large one. Empty: all the same.";
    }
}

static ABOUT: About = About {
    title: "Loss",
    group: Group::Loss,
    tagline: "how wrong",
    help: "Compares the network's prediction with the truth and expresses the error as one number, the loss. Training \
        changes the weights to reduce it. A network needs at least one. With several, the sum of all, each times its \
        weight, is minimised, and the first stands for the network: scores and Output read it.",
    formula: "L = mean error over the batch",
    glyph: "L",
    inputs: Inputs::Named(&PORTS),
    has_output: false,
};

static PORTS: [InputPort; 2] = [
    InputPort {
        name: "answer",
        need: Need::Required,
        help: "What the network says: logits for classes, or predicted numbers.",
    },
    InputPort {
        name: "truth",
        need: Need::Aside,
        help: "What is right. If not connected, the target in the data. Connected to the Input, the network learns to \
            reproduce its input (an autoencoder).",
    },
];

/// Files of networks with a single Loss stay as they were.
fn is_one(weight: &f64) -> bool {
    *weight == 1.0
}

impl LossKind {
    /// Whether it asks which class is right, so that it has nothing to compare numbers with.
    pub fn compares_classes(self) -> bool {
        match self {
            Self::BinaryCrossEntropy | Self::Hinge => true,
            Self::Auto | Self::Mse | Self::Mae | Self::Huber | Self::Detection => false,
            Self::CrossEntropy | Self::Focal | Self::KlDivergence => true,
        }
    }

    /// Whether it makes probabilities that add up to 1 of the outputs: there is one for every class.
    pub fn compares_shares(self) -> bool {
        match self {
            Self::CrossEntropy | Self::Focal | Self::KlDivergence => true,
            Self::Auto | Self::BinaryCrossEntropy | Self::Hinge | Self::Mse | Self::Mae | Self::Huber => false,
            Self::Detection => false,
        }
    }
}

impl Loss {
    /// The port of what the answer is compared with, where that is not the data's target.
    pub const TRUTH: usize = 1;

    /// What the truth is smoothed by, where the loss in force can.
    pub fn smoothing(&self) -> f64 {
        if self.has_effect("label_smoothing") { self.label_smoothing } else { 0.0 }
    }

    /// How much each class counts; `None` where all count alike. The message says what is wrong with the list.
    pub fn weights_of_classes(&self, classes: usize) -> Result<Option<Vec<f64>>, String> {
        if self.class_weights.trim().is_empty() || !self.has_effect("class_weights") {
            return Ok(None);
        }
        let words = || self.class_weights.split([',', ' ', ';']).filter(|word| !word.is_empty());
        let number = |word: &str| word.parse().ok().filter(|weight: &f64| weight.is_finite() && *weight >= 0.0);
        if let Some(word) = words().find(|word| number(word).is_none()) {
            return Err(format!("Class weights must be numbers from 0, but one of them is {word}."));
        }
        let weights: Vec<f64> = words().filter_map(number).collect();
        if weights.len() != classes {
            return Err(format!("There are {} class weights for {classes} classes.", weights.len()));
        }
        if weights.iter().all(|&weight| weight == 0.0) {
            return Err("All class weights are 0, so nothing counts.".into());
        }
        Ok(Some(weights))
    }

    fn has_effect(&self, key: &str) -> bool {
        self.param_specs().iter().any(|spec| spec.key == key && spec.matters(|other| self.param(other)))
    }

    /// As many weights as there are classes, with those that are given already.
    fn mended_weights(&self, classes: usize) -> String {
        let words = self.class_weights.split([',', ' ', ';']).filter(|word| !word.is_empty());
        let known = |word: &str| word.parse().ok().filter(|weight: &f64| weight.is_finite() && *weight > 0.0);
        let given = words.map(|word| known(word).unwrap_or(1.0)).chain(std::iter::repeat(1.0));
        given.take(classes).map(|weight| weight.to_string()).collect::<Vec<_>>().join(", ")
    }
}

impl LayerSpec for Loss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer_ports(&self, inputs: &[Option<Shape>], data: Option<&DataSignature>) -> Result<Vec<Shape>, Mismatch> {
        match inputs {
            [Some(answer), Some(truth)] => self.infer_beside(answer, truth).map(|()| vec![Shape::default()]),
            [Some(answer), ..] => self.infer(std::slice::from_ref(answer), data).map(|shape| vec![shape]),
            _ => Ok(Vec::new()),
        }
    }

    fn infer(&self, inputs: &[Shape], data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let Some(data) = data else { return Ok(Shape::default()) };
        let (got, task) = (&inputs[0], data.task);
        if !task.fits(self.loss) {
            return Err(unfit(self.loss, task));
        }
        if let Some(Err(why)) = task.classes().map(|classes| self.weights_of_classes(classes)) {
            return Err(self.wrong_weights(task.width(), why));
        }
        if task.takes(got, self.loss) {
            return Ok(Shape::default());
        }
        if let Task::Boxes { .. } = task {
            return Err(no_cells(got, task));
        }
        let shapes = task.outputs(self.loss);
        let wanted = task.width();
        let expected = shapes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let mut fixes = Vec::new();
        let before_last = &got.0[..got.rank().saturating_sub(1)];
        if got.rank() > 0 && before_last.iter().copied().eq(task.positions()) {
            fixes.push(Fix::SetPrevious { key: "units", value: ParamValue::Int(wanted as i64) });
            fixes.push(Fix::InsertBefore(Dense { units: wanted, ..Dense::default() }.into()));
        } else if task.positions().is_none() {
            fixes.push(Fix::InsertBefore(Flatten {}.into()));
        }
        Err(Mismatch {
            expected,
            got: got.to_string(),
            why: format!("{}, so the network must have as many outputs.", task.sentence()),
            fixes,
        })
    }
}

impl Loss {
    /// With a truth that is wired.
    fn infer_beside(&self, answer: &Shape, truth: &Shape) -> Result<(), Mismatch> {
        let task = Task::Input(truth.len());
        if !task.fits(self.loss) {
            return Err(unfit(self.loss, task));
        }
        if answer == truth {
            return Ok(());
        }
        let written = truth.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
        let dense = || Fix::InsertBefore(Dense { units: truth.len(), ..Dense::default() }.into());
        let fixes = match (answer.rank(), truth.rank()) {
            _ if answer.len() == truth.len() => vec![Fix::InsertBefore(Reshape { shape: written }.into())],
            (1, 1) => vec![Fix::SetPrevious { key: "units", value: ParamValue::Int(truth.len() as i64) }, dense()],
            (1, _) => vec![dense()],
            _ => Vec::new(),
        };
        Err(Mismatch {
            expected: truth.to_string(),
            got: answer.to_string(),
            why: "The answer must have the same shape as the truth.".into(),
            fixes,
        })
    }

    fn wrong_weights(&self, classes: usize, why: String) -> Mismatch {
        let mended = ParamValue::Text(self.mended_weights(classes));
        Mismatch {
            expected: format!("{classes} class weights"),
            got: self.class_weights.clone(),
            why,
            fixes: vec![Fix::Set { key: "class_weights", value: mended }],
        }
    }
}

/// What is no grid of cells.
fn no_cells(got: &Shape, task: Task) -> Mismatch {
    let numbers = task.width();
    let mut fixes = Vec::new();
    if got.rank() == 3 {
        let set = ("filters", ParamValue::Int(numbers as i64));
        fixes.push(Fix::SetPrevious { key: set.0, value: set.1 });
        let cells = Conv2d { filters: numbers, kernel: 1, activation: Activation::None, ..Conv2d::default() };
        fixes.push(Fix::InsertBefore(cells.into()));
    }
    Mismatch {
        expected: format!("{numbers} × rows × columns"),
        got: got.to_string(),
        why: format!("{}, so the network must end in {numbers} feature maps.", task.sentence()),
        fixes,
    }
}

/// A loss that has nothing to compare.
fn unfit(loss: LossKind, task: Task) -> Mismatch {
    let title = loss.title();
    let (expected, why) = match (task, loss) {
        (Task::Boxes { .. }, _) => {
            ("the loss for detection", format!("{title} can't compare boxes, and this data has boxes as targets."))
        }
        (Task::Classes(_) | Task::ClassesAt { .. }, _) => {
            ("a loss for classes", format!("{title} is for boxes, but this data has classes as targets."))
        }
        (_, LossKind::Detection) => {
            ("a loss for numbers", format!("{title} is for boxes, but the truth is numbers here."))
        }
        (Task::Input(_), _) => {
            ("a loss for numbers", format!("{title} is for classes, but the truth is numbers here."))
        }
        (Task::Numbers(_), _) => {
            ("a loss for numbers", format!("{title} is for classes, but this data has numbers as targets."))
        }
    };
    Mismatch {
        expected: expected.into(),
        got: title.into(),
        why,
        fixes: vec![Fix::Set { key: "loss", value: ParamValue::Text(task.usual_loss().key().into()) }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_shape_of_the_truth_that_is_wired() {
        let data =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![1, 4, 4]), task: Task::Classes(3) };
        let infer = |loss: &Loss, answer: &[usize], truth: &[usize]| {
            loss.infer_ports(&[Some(Shape(answer.to_vec())), Some(Shape(truth.to_vec()))], Some(&data))
        };
        let plain = Loss::default();
        assert!(infer(&plain, &[1, 4, 4], &[1, 4, 4]).is_ok());
        let reshape = Fix::InsertBefore(Reshape { shape: "1 x 4 x 4".into() }.into());
        assert_eq!(infer(&plain, &[16], &[1, 4, 4]).unwrap_err().fixes, [reshape]);
        let dense = Fix::InsertBefore(Dense { units: 16, ..Dense::default() }.into());
        assert_eq!(infer(&plain, &[3], &[1, 4, 4]).unwrap_err().fixes, std::slice::from_ref(&dense));
        let units = Fix::SetPrevious { key: "units", value: ParamValue::Int(16) };
        assert_eq!(infer(&plain, &[3], &[16]).unwrap_err().fixes, [units, dense]);
        let hinge = Loss { loss: LossKind::Hinge, ..Loss::default() };
        assert!(infer(&hinge, &[16], &[16]).unwrap_err().why.contains("is for classes"));
    }

    #[test]
    fn class_weights_are_a_list_with_a_number_per_class() {
        let loss = |text: &str| Loss { loss: LossKind::CrossEntropy, class_weights: text.into(), ..Loss::default() };
        assert_eq!(loss(" ").weights_of_classes(3), Ok(None));
        assert_eq!(loss("1, 2.5 0").weights_of_classes(3), Ok(Some(vec![1.0, 2.5, 0.0])));
        assert!(loss("1, two, 3").weights_of_classes(3).unwrap_err().contains("two"));
        assert!(loss("0, 0").weights_of_classes(2).is_err() && loss("1, -1").weights_of_classes(2).is_err());
        let data = DataSignature { weighted: false, names: Vec::new(), input: Shape::row(2), task: Task::Classes(3) };
        let mismatch = loss("2, x").infer(&[Shape::row(3)], Some(&data)).unwrap_err();
        assert_eq!(mismatch.fixes, [Fix::Set { key: "class_weights", value: ParamValue::Text("2, 1, 1".into()) }]);
        assert!(loss("2, 1, 1").infer(&[Shape::row(3)], Some(&data)).is_ok());
        // What has no effect is not complained of.
        let squared = Loss { loss: LossKind::Mse, ..loss("2, x") };
        assert!(squared.infer(&[Shape::row(3)], Some(&data)).is_ok());
    }
}
