//! Every lesson in the program is carried out as a script: what it claims is seen, for any seed where it says so; and
//! docs/lessons.md describes every field.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use glassbox::lesson::{BUILT_IN, Lesson};
use glassbox::session::Anchor;
use glassbox::session::lessons::{NUMBERS, Played, faults, play};

fn lesson(name: &str) -> Lesson {
    let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name).unwrap();
    Lesson::from_text(text).unwrap()
}

fn played(lesson: &Lesson, seed: Option<u64>) -> (Vec<Played>, Option<String>) {
    let mut all = Vec::new();
    let outcome = play(lesson, seed, &mut |played| all.push(played.clone()));
    (all, outcome.err().map(|error| error.to_string()))
}

#[test]
fn no_lesson_has_a_fault_and_all_that_they_claim_is_seen() {
    for (name, _) in BUILT_IN {
        let lesson = lesson(name);
        assert_eq!(faults(&lesson), Vec::new(), "{name}");
        let (all, error) = played(&lesson, None);
        assert_eq!(error, None, "{name}");
        assert_eq!(all.len(), lesson.steps.len(), "{name}");
        assert!(all.iter().any(|step| step.check.is_some()), "{name} checks nothing");
    }
}

#[test]
fn what_a_lesson_calls_a_rule_holds_for_other_seeds() {
    for (name, _) in BUILT_IN {
        let lesson = lesson(name);
        for seed in (2..=5).filter(|_| lesson.any_seed) {
            assert_eq!(played(&lesson, Some(seed)).1, None, "{name}, seed {seed}");
        }
    }
}

#[test]
fn the_bowl_takes_as_many_steps_as_in_googles_exercise() {
    let (all, _) = played(&lesson("step-size"), None);
    let steps: Vec<_> = all.iter().filter_map(|step| step.at).collect();
    assert_eq!(steps, [0, 81, 6, 1, 20]);
    assert!(all[1].explain.as_ref().unwrap().contains("**81** steps"), "{all:?}");
    assert_eq!(all[4].answer.as_deref(), Some("Each step lands higher than the one before"));
}

fn own(step: &str) -> Lesson {
    let text = format!(
        r#"{{"glassbox_lesson": 1, "title": "T", "minutes": 1, "about": "A", "steps": [
            {{"title": "t", "text": "x", "setup": {{"template": "xor"}}, {step}}}]}}"#
    );
    Lesson::from_text(&text).unwrap()
}

#[test]
fn what_is_not_met_not_reached_or_not_there_is_said_with_its_place() {
    for (step, words) in [
        (r#""run": {"steps": 2}, "check": "step == 3""#, "step 1, check: step == 3 isn't true: step is 2."),
        (r#""run": {"until": "step > 9", "at_most": 4}"#, "step 1, run: After 4 steps this still isn't true"),
        (r#""check": "dense_7.weight[0, 0] > 0""#, "step 1, check: There is no value 'dense_7.weight'"),
        (r#""keep": {"a": "batch_loss"}"#, "step 1, keep.a: batch_loss: no step has been made yet."),
        (
            r#""predict": {"question": "q?", "choices": [{"say": "a", "when": "1"}, {"say": "b", "when": "1"}]}"#,
            "step 1, predict: Exactly one choice must turn out to be right, not 2.",
        ),
    ] {
        let error = played(&own(step), None).1.unwrap_or_default();
        assert!(error.contains(words), "{step}: {error}");
    }
    let found = faults(&own(r#""point": {"at": "nowhere", "say": "here"}"#));
    assert!(found[0].to_string().contains("step 1, point.at: There is no control \"nowhere\""), "{found:?}");
}

#[test]
fn the_page_for_teachers_describes_every_field_fact_and_control_and_its_example_is_a_lesson() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lessons.md")).unwrap();
    let fields = "glassbox_lesson title minutes about any_seed steps text setup point predict run keep check explain \
        template project network set at say question choices number within when steps epochs until at_most";
    let facts = "step epoch loss accuracy validation_loss validation_accuracy batch_loss learning_rate batch_size \
        parameters samples prediction";
    let controls = Anchor::NAMED.iter().map(|(name, _)| *name);
    for word in fields.split_whitespace().chain(facts.split_whitespace()).chain(controls) {
        assert!(page.contains(&format!("`{word}`")), "docs/lessons.md doesn't describe {word}");
    }
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let lesson = Lesson::from_text(example).unwrap();
    assert_eq!((faults(&lesson), played(&lesson, None).1), (vec![], None));
}

#[test]
fn names_that_stand_for_nothing_are_told_before_anything_is_trained() {
    for (step, field) in [
        (r#""check": "acuracy > 0.5""#, "check"),
        (r#""run": { "until": "dense_9.weight > 0" }"#, "run.until"),
        (r#""explain": "It is {los}.""#, "explain"),
        (r#""keep": { "a": "max(dense_1.weigth)" }"#, "keep.a"),
    ] {
        let found = faults(&own(step));
        assert_eq!(
            found.iter().map(|fault| (fault.step, fault.field.as_str())).collect::<Vec<_>>(),
            [(1, field)],
            "{step}"
        );
    }
    for name in NUMBERS {
        let check = format!(r#""run": {{ "steps": 1 }}, "check": "{name} > -1""#);
        let lesson = own(&check);
        assert_eq!(faults(&lesson), Vec::new(), "{name}");
        assert_eq!(played(&lesson, None).1, None, "{name}");
    }
}
