//! Optimisers of `torch.optim`, and Lion, which it does not have.

use super::super::code::{Level, Part, Writer, python};
use crate::model::Optimiser;

const LION: &str = r#"class Lion(torch.optim.Optimizer):
    """Steps of equal size in the direction of the momentum's sign (Chen et al., 2023)."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                momentum = self.state[p].setdefault("momentum", torch.zeros_like(p))
                update = (beta1 * momentum + (1 - beta1) * p.grad).sign()
                p -= group["lr"] * (update + group["weight_decay"] * p)
                momentum.mul_(beta2).add_(p.grad, alpha=1 - beta2)"#;

/// What the file has to bring.
pub fn definitions(w: &mut Writer, optimiser: &Optimiser) {
    if let Optimiser::Lion { .. } = optimiser {
        w.about(Part::Optimiser, Level::Operation, |w| w.text(LION));
        w.blank(2);
    }
}

/// The class and its arguments behind the rate; defaults of PyTorch are left out.
pub fn arguments(optimiser: &Optimiser) -> (&'static str, Vec<String>) {
    let set = |name: &str, value: f64, usual: f64| (value != usual).then(|| format!("{name}={}", python::float(value)));
    let adam = |both: [f64; 2], epsilon: f64, decay: Option<String>| {
        [betas(both, [0.9, 0.999]), set("eps", epsilon, 1e-8), decay]
    };
    let (class, arguments): (_, Vec<Option<String>>) = match *optimiser {
        Optimiser::Sgd { momentum, nesterov, weight_decay } => {
            let nesterov = nesterov.then(|| "nesterov=True".to_owned());
            let all = [set("momentum", momentum, 0.0), set("weight_decay", weight_decay, 0.0), nesterov];
            ("torch.optim.SGD", all.to_vec())
        }
        Optimiser::Adam { beta1, beta2, epsilon, weight_decay } => {
            ("torch.optim.Adam", adam([beta1, beta2], epsilon, set("weight_decay", weight_decay, 0.0)).to_vec())
        }
        Optimiser::AdamW { beta1, beta2, epsilon, weight_decay } => {
            ("torch.optim.AdamW", adam([beta1, beta2], epsilon, set("weight_decay", weight_decay, 0.01)).to_vec())
        }
        Optimiser::RmsProp { alpha, epsilon, momentum, weight_decay } => {
            let all = [("alpha", alpha, 0.99), ("eps", epsilon, 1e-8), ("weight_decay", weight_decay, 0.0)];
            let all = all.into_iter().chain([("momentum", momentum, 0.0)]);
            ("torch.optim.RMSprop", all.map(|(name, value, usual)| set(name, value, usual)).collect())
        }
        Optimiser::Adagrad { rate_decay, start, epsilon, weight_decay } => {
            let all = [("lr_decay", rate_decay, 0.0), ("weight_decay", weight_decay, 0.0)];
            let all = all.into_iter().chain([("initial_accumulator_value", start, 0.0), ("eps", epsilon, 1e-10)]);
            ("torch.optim.Adagrad", all.map(|(name, value, usual)| set(name, value, usual)).collect())
        }
        Optimiser::NAdam { beta1, beta2, epsilon, weight_decay, momentum_decay } => {
            let mut all = adam([beta1, beta2], epsilon, set("weight_decay", weight_decay, 0.0)).to_vec();
            all.push(set("momentum_decay", momentum_decay, 0.004));
            ("torch.optim.NAdam", all)
        }
        Optimiser::Lion { beta1, beta2, weight_decay } => {
            ("Lion", vec![betas([beta1, beta2], [0.9, 0.99]), set("weight_decay", weight_decay, 0.0)])
        }
    };
    (class, arguments.into_iter().flatten().collect())
}

fn betas([a, b]: [f64; 2], usual: [f64; 2]) -> Option<String> {
    ([a, b] != usual).then(|| format!("betas=({}, {})", python::float(a), python::float(b)))
}

/// How a step sets the momentum that the schedule moves.
pub fn momentum(optimiser: &Optimiser) -> Option<String> {
    let pair = |beta2: f64| Some(format!("group[\"betas\"] = (momentum(step), {})", python::float(beta2)));
    match *optimiser {
        Optimiser::Sgd { .. } | Optimiser::RmsProp { .. } => Some("group[\"momentum\"] = momentum(step)".to_owned()),
        Optimiser::Adam { beta2, .. }
        | Optimiser::AdamW { beta2, .. }
        | Optimiser::NAdam { beta2, .. }
        | Optimiser::Lion { beta2, .. } => pair(beta2),
        Optimiser::Adagrad { .. } => None,
    }
}

/// `return torch.optim.Adam(network.parameters(), lr=0.01)`
pub fn construct(w: &mut Writer, optimiser: &Optimiser, rate: f64) {
    let (class, more) = arguments(optimiser);
    let first = ["network.parameters()".to_owned(), format!("lr={}", python::float(rate))];
    w.call(&format!("return {class}"), &[first.to_vec(), more].concat(), "");
}
