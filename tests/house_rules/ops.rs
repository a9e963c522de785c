//! What every op file of the engine must carry: its own tests, and a case that PyTorch has answered too.

use super::source::{Source, functions, words};

/// Ops that PyTorch has no answer to, each with its reason.
const WITHOUT_FIXTURE: &[(&str, &str)] = &[
    ("one", "a constant"),
    ("batch", "a copy"),
    ("dropout", "its random numbers are our own; its mask is held against the rate"),
    ("noise", "its random numbers are our own; what it adds is held against its deviation"),
    // Whole trajectories of the optimisers are recorded instead, and held in engine/optimiser.rs.
    ("sgd", "tests/fixtures/optimisers.json"),
    ("adam", "tests/fixtures/optimisers.json"),
    ("adamw", "tests/fixtures/optimisers.json"),
    ("rmsprop", "tests/fixtures/optimisers.json"),
    ("adagrad", "tests/fixtures/optimisers.json"),
    ("nadam", "tests/fixtures/optimisers.json"),
    ("lion", "tests/fixtures/optimisers.json, from its paper: PyTorch has none"),
];

/// Ops that nothing is differentiated through.
const WITHOUT_GRADIENT: &[&str] =
    &["one", "batch", "mixup", "partner", "sgd", "adam", "adamw", "rmsprop", "adagrad", "nadam", "lion"];

/// `fixtures`: names of the recorded cases (files of `tests/fixtures/` without their ending).
pub fn recorded_and_tested(source: &Source, fixtures: &[String]) -> Vec<String> {
    if !source.path.starts_with("src/engine/ops/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, name) in forward_names(source) {
        let elsewhere = WITHOUT_FIXTURE.iter().any(|(exempt, _)| *exempt == name);
        if !elsewhere && !fixtures.contains(&name) {
            found.push(
                source.at(at, format_args!("op `{name}` has no tests/fixtures/{name}.json recorded from PyTorch")),
            );
        }
        // In the file's own tests, or in those beside it.
        if !elsewhere && !source.text.contains(&format!("fixture_check(\"{name}\"")) {
            found
                .push(source.at(at, format_args!("op `{name}` is not held against its recorded case (fixture_check)")));
        }
        let differentiable = !WITHOUT_GRADIENT.contains(&name.as_str());
        if differentiable && !words(&source.code).any(|(_, word)| word == "gradient_check") {
            found.push(source.at(at, format_args!("op `{name}` has no finite-difference check (gradient_check)")));
        }
    }
    found
}

/// Names of the ops that go forward; those of gradients carry a `'`.
fn forward_names(source: &Source) -> Vec<(usize, String)> {
    let code = &source.production;
    let mut starts: Vec<usize> = functions(code).iter().filter(|f| f.1 == "name").map(|f| f.0).collect();
    starts.extend(words(code).filter(|(_, word)| *word == "NAME").map(|(at, _)| at));
    let mut found = Vec::new();
    for start in starts {
        let end = code[start..].find(['}', ';']).map_or(code.len(), |n| start + n);
        let Some(name) = source.text[start..end].split('"').nth(1) else { continue };
        if !name.contains('\'') {
            found.push((start, name.to_string()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const OP: &str = "impl Op for Tanh { fn name(&self) -> &'static str { \"tanh\" } }\n\
        impl Op for Back { fn name(&self) -> &'static str { \"tanh'x\" } }\n";
    const CHECKS: &str = "#[cfg(test)]\nmod tests { fn t() { gradient_check(T); fixture_check(\"tanh\", T); } }\n";

    fn findings(text: &str, fixtures: &[&str]) -> usize {
        let fixtures: Vec<String> = fixtures.iter().map(|f| f.to_string()).collect();
        recorded_and_tested(&Source::new("src/engine/ops/activations/tanh.rs", text), &fixtures).len()
    }

    #[test]
    fn an_op_needs_its_checks_and_its_fixture() {
        assert_eq!(findings(&format!("{OP}{CHECKS}"), &["tanh"]), 0);
        assert_eq!(findings(&format!("{OP}{CHECKS}"), &["linear"]), 1);
        assert_eq!(findings(OP, &["tanh"]), 2);
        let pointwise = "impl Pointwise for Tanh { const NAME: &'static str = \"tanh\"; }";
        assert_eq!(findings(pointwise, &[]), 3);
    }

    #[test]
    fn frames_and_exempt_ops_need_nothing() {
        assert_eq!(findings("impl<F> Op for Apply<F> { fn name(&self) -> &'static str { F::NAME } }", &[]), 0);
        assert_eq!(findings("impl Op for Ones { fn name(&self) -> &'static str { \"one\" } }", &[]), 0);
    }
}
