use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::gui::fonts;
use crate::trace::Arithmetic;

fn read(name: &str, index: &[usize], value: f64) -> Arithmetic {
    Arithmetic::Read { element: Element { name: name.into(), index: index.to_vec() }, value }
}

fn weight_gradient() -> Explanation {
    let term = |s: usize, d: f64, x: f64| read("d%1", &[s, 1], d) * read("%x", &[s, 1], x);
    Explanation {
        element: Element { name: "dense_1.weight.grad".into(), index: vec![1, 1] },
        is_gradient: true,
        value: -0.242,
        step: 57,
        instruction: Some(9),
        line: "dense_1.weight.grad = linear'w d%1, %x".into(),
        formula: "dw = Σ dy·x".into(),
        words: "Each sample adds its share.".into(),
        arithmetic: Arithmetic::Sum(vec![term(0, 0.031, 0.0), term(1, -0.214, 1.0), term(2, -0.028, 1.0)]),
        verdict: None,
    }
}

struct Bench {
    sight: Sight,
    local: ExplanationUi,
    told: ExplanationResponse,
}

fn window(explanation: Explanation) -> Harness<'static, Bench> {
    let mut local = ExplanationUi::default();
    local.choose(explanation.element.clone());
    let element = explanation.element.clone();
    let axes = vec!["sample".to_owned(), "feature".to_owned()];
    let data = [0.0, 0.0, 0.5, 1.0, -1.0, 1.0].into();
    let sight = Sight {
        tensors: vec![TensorRecord { name: "%x".into(), dims: vec![3, 2], axes, gates: None, step: 57, data }],
        explanation: Some(Ok(explanation)),
        shares: Some(Ok(Shares { element, terms: [0.0, -0.214, -0.028].into() })),
        ..Sight::default()
    };
    Harness::builder()
        .with_size([760.0, 640.0])
        .with_context_setup(|ctx| {
            fonts::install(ctx);
            theme::apply(ctx, crate::persist::Theme::Dark, true);
        })
        .build_ui_state(
            |ui, bench: &mut Bench| {
                let tokens = Tokens::of(ui);
                operands(ui, &tokens, &bench.sight, "dense_1.weight.grad", &bench.local, &|_| Vec::new());
                let told = show(ui, &tokens, &bench.sight, None, &mut bench.local);
                if told != ExplanationResponse::default() {
                    bench.told = told;
                }
            },
            Bench { sight, local, told: ExplanationResponse::default() },
        )
}

#[test]
fn each_number_leads_to_where_it_came_from_and_back() {
    let mut harness = window(weight_gradient());
    harness.run_ok();
    harness.get_by_label("One number: dense_1.weight.grad[1, 1]");
    harness.get_by_label("d%1[1, 1] = −0.214").click();
    harness.run_ok();
    let back = Element { name: "d%1".into(), index: vec![1, 1] };
    assert_eq!(harness.state().told.follow, Some(back.clone()));
    assert_eq!(harness.state().local.element(), Some(&back));
    harness.get_by_label("Computing …");
    harness.get_by_label("◂").click();
    harness.run_ok();
    assert_eq!(harness.state().local.element().map(|e| e.name.as_str()), Some("dense_1.weight.grad"));
    assert!(harness.query_by_label("◂").is_none());
}

#[test]
fn a_nudge_is_asked_for_and_its_verdict_read_in_words() {
    let mut harness = window(weight_gradient());
    harness.run_ok();
    let mut inspection = Inspection::default();
    harness.state().local.subscribe(&harness.state().sight, &mut inspection);
    assert!(!inspection.nudge && inspection.shares && inspection.tensors == ["d%1", "%x"]);
    harness.get_by_label("Nudge and check").click();
    harness.run_ok();
    harness.state().local.subscribe(&harness.state().sight, &mut inspection);
    assert!(inspection.nudge);
    harness.get_by_label("nudging …");
    let mut tell = |judgement, difference, expected: &str| {
        let verdict = Verdict { nudge: 1e-4, difference, sides: [difference, 0.5], judgement };
        let explanation = Explanation { verdict: Some(verdict), ..weight_gradient() };
        harness.state_mut().sight.explanation = Some(Ok(explanation));
        harness.run_ok();
        harness.get_by_label_contains(expected);
    };
    tell(Judgement::Agrees, -0.242_000_01, "✓ −0.242, agrees to 4e−8");
    tell(Judgement::Differs { by: 0.25 }, -0.19, "The nudge gives −0.19, which differs by 25.0 %");
    tell(Judgement::AtKink, -0.1, "its slope is −0.1 on one side and 0.5 on the other");
    harness.state_mut().sight.explanation = Some(Err("There is no value 'w'.".into()));
    harness.run_ok();
    harness.get_by_label("There is no value 'w'.");
}

#[test]
fn the_sample_that_pushes_most_can_be_followed() {
    let mut harness = window(weight_gradient());
    harness.run_ok();
    harness.get_by_label("Follow sample 1").click();
    harness.run_ok();
    assert_eq!(harness.state().told.sample, Some(1));
}

#[test]
fn what_was_read_lights_up_in_its_tensors() {
    let harness = window(weight_gradient());
    let Bench { sight, local, .. } = harness.state();
    let lit: Vec<_> = local.lit("%x", sight).into_iter().map(|element| element.index).collect();
    assert_eq!(lit, [[0, 1], [1, 1], [2, 1]]);
    assert!(local.lit("dense_1.weight.grad", sight).is_empty());
    harness.get_by_label("%x, 3 × 2");
}

#[test]
fn a_long_sum_is_broken_between_its_terms() {
    let terms =
        (0..40).map(|i| read("w", &[i], if i == 33 { -5.25 } else { 0.012341 }) * read("%x", &[0, i], 0.0012341));
    let arithmetic = Arithmetic::Sum(terms.collect());
    let mut harness = window(Explanation { arithmetic, ..weight_gradient() });
    harness.run_ok();
    harness.get_by_label(" + … and 32 more, together ");
    let rect = |label: &str| harness.get_by_label(label).rect();
    let mut rows = std::collections::BTreeSet::new();
    for i in [33, 0, 1, 2, 3, 4, 5, 6] {
        let weight = if i == 33 { "−5.25" } else { "0.01234" };
        let (weight, input) = (rect(&format!("w[{i}] = {weight}")), rect(&format!("%x[0, {i}] = 0.001234")));
        assert_eq!(weight.top(), input.top(), "both numbers of term {i} stand in one row");
        rows.insert(weight.top() as i32);
    }
    rows.insert(rect(" + … and 32 more, together ").top() as i32);
    let rows: Vec<i32> = rows.into_iter().collect();
    assert!(rows.len() > 2, "{rows:?}");
    assert!(rows.windows(2).all(|pair| pair[1] - pair[0] == rows[1] - rows[0]), "equally far apart: {rows:?}");
}
