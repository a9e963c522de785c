use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::gui::test_window;
use crate::gui::textures::made;

struct Bench {
    record: TensorRecord,
    other: Option<TensorRecord>,
    local: TensorUi,
    editable: bool,
    told: TensorResponse,
    explained: Vec<Vec<usize>>,
}

fn record(name: &str, dims: &[usize], axes: &[&str], value: impl Fn(usize) -> f32) -> TensorRecord {
    let axes = axes.iter().map(ToString::to_string).collect();
    let count: usize = dims.iter().product();
    TensorRecord {
        name: name.into(),
        dims: dims.to_vec(),
        axes,
        gates: None,
        step: 57,
        data: (0..count).map(value).collect(),
    }
}

fn window(record: TensorRecord, other: Option<TensorRecord>, size: [f32; 2]) -> Harness<'static, Bench> {
    let bench = Bench {
        record,
        other,
        local: TensorUi::default(),
        editable: true,
        told: TensorResponse::default(),
        explained: Vec::new(),
    };
    test_window::window(size).build_ui_state(
        |ui, bench: &mut Bench| {
            let tokens = Tokens::of(ui);
            let other = bench.other.as_ref().filter(|_| bench.local.compare.is_some()).map(Ok);
            let view = TensorView { editable: bench.editable, other, ..TensorView::new(&bench.record) };
            let told = show(ui, &tokens, &view, &mut bench.local);
            summary(ui, &tokens, &bench.local);
            bench.explained.extend(told.chosen.clone());
            if told.edit.is_some() || told.export.is_some() || told.pin {
                bench.told = told;
            }
        },
        bench,
    )
}

fn small() -> TensorRecord {
    record("dense_1.weight.grad", &[3, 2], &["unit", "input"], |i| [0.1, -0.2, 0.031, -0.2417, 0.0, 0.187][i])
}

#[test]
fn a_matrix_shows_its_sizes_range_and_statistics() {
    let mut harness = window(small(), None, [640.0, 560.0]);
    harness.run_ok();
    harness.get_by_label("3 units × 2 inputs");
    harness.get_by_label("Range of colours: robust ±0.3");
    harness.get_by_label("Colours from −0.3 to 0.3, robust");
    harness.get_by_label("min −0.2417");
    harness.get_by_label("zero 16.7 %");
    harness.get_by_label("< 0 33.3 %");
    harness.get_by_label("Distribution, histogram from −0.2417 to 0.187");
}

#[test]
fn hovering_reads_a_cell_by_its_axes_and_a_click_chooses_it() {
    let mut harness = window(small(), None, [640.0, 560.0]);
    harness.run_ok();
    let picture = harness.get_by_label("dense_1.weight.grad, 3 units × 2 inputs").rect();
    // Row 1, column 1 of 3 × 2.
    let cell = picture.min + picture.size() * egui::Vec2::new(0.75, 0.5);
    harness.hover_at(cell);
    harness.run_steps(3);
    harness.get_by_label("unit 1, input 1: −0.2417");
    harness.get_by_label("dense_1.weight.grad, 3 units × 2 inputs").click();
    harness.run_ok();
    // A click without a place goes to the middle: between the columns, in the middle row.
    assert_eq!(harness.state().explained.last().map(|index| index[0]), Some(1));
    let chosen = harness.state().explained.last().cloned().unwrap();
    harness.key_press(egui::Key::ArrowDown);
    harness.run_ok();
    assert_eq!(harness.state().local.selected, Some(vec![2, chosen[1]]));
    harness.key_press(egui::Key::ArrowLeft);
    harness.run_ok();
    assert_eq!(harness.state().explained.last(), Some(&vec![2, 0]));
}

#[test]
fn a_number_is_changed_by_typing_and_nonsense_is_refused_in_words() {
    let mut harness = window(small(), None, [640.0, 560.0]);
    harness.state_mut().local.selected = Some(vec![1, 1]);
    harness.run_ok();
    // The first frame suits the roles to the tensor and chooses nothing.
    harness.state_mut().local.selected = Some(vec![1, 1]);
    harness.run_ok();
    for (typed, expected) in [("banana", None), ("0.5", Some((vec![1, 1], 0.5)))] {
        let field = harness.get_by_label("Number at unit 1, input 1");
        field.focus();
        harness.run_ok();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        harness.get_by_label("Number at unit 1, input 1").type_text(typed);
        harness.run_ok();
        harness.key_press(egui::Key::Enter);
        harness.run_ok();
        assert_eq!(harness.state().told.edit, expected, "{typed}");
        harness.get_by_label_contains("“banana” isn't a number");
    }
    harness.state_mut().editable = false;
    harness.run_ok();
    assert!(harness.query_by_label("Number at unit 1, input 1").is_none());
}

#[test]
fn activations_of_a_batch_show_one_sample_with_a_picture_a_channel() {
    let tensor = record("%3", &[4, 6, 5, 5], &["sample", "channel", "row", "column"], |i| i as f32 / 600.0);
    let mut harness = window(tensor, None, [700.0, 600.0]);
    harness.run_ok();
    for axis in ["sample: one index", "channel: pictures", "row: rows", "column: columns"] {
        harness.get_by_label(&format!("Axis {axis}"));
    }
    harness.state_mut().local.set_slice(0, 2);
    harness.run_ok();
    let picture = harness.get_by_label_contains("%3, 4 samples × 6 channels").rect();
    harness.hover_at(picture.min + egui::Vec2::new(3.0, 17.0));
    harness.run_steps(3);
    harness.get_by_label("sample 2, channel 0, row 0, column 0: 0.5");
    harness.get_by_label("Axis channel: pictures").click();
    harness.run_ok();
    harness.get_by_label("one index").click();
    harness.run_ok();
    harness.get_by_label("Axis channel: one index");
    harness.get_by_label("Index of channel");
}

#[test]
fn the_table_has_every_digit_and_only_what_is_in_sight() {
    let tensor = record("w", &[5000, 400], &["unit", "input"], |i| if i == 1 { 1.0 / 3.0 } else { i as f32 });
    let mut harness = window(tensor, None, [700.0, 500.0]);
    harness.run_ok();
    harness.get_by_label("As a table of numbers").click();
    harness.run_ok();
    harness.get_by_label("Numbers of w, 5000 × 400");
    harness.get_by_label("unit 0, input 1: 0.33333334");
    assert!(harness.query_by_label("unit 4000, input 0: 1600000").is_none());
    let cells = harness.query_all_by_label_contains("input ");
    let cells = cells.count();
    assert!((20..400).contains(&cells), "{cells}");
}

#[test]
fn what_no_shade_can_show_is_named_in_the_legend() {
    let numbers = |i: usize| match i {
        7 => f32::NAN,
        9 => f32::INFINITY,
        20 => 1e6,
        i => (i % 5) as f32,
    };
    let mut harness = window(record("%1", &[40, 60], &["sample", "unit"], numbers), None, [640.0, 560.0]);
    harness.run_ok();
    harness.get_by_label("1 NaN");
    harness.get_by_label("1 +∞");
    harness.get_by_label("above the range");
    assert!(harness.query_by_label("below the range").is_none());
    harness.get_by_label("NaN 1");
    harness.get_by_label_contains("Range of colours").click();
    harness.run_ok();
    harness.get_by_label("linear").click();
    harness.run_ok();
    assert!(harness.query_by_label("above the range").is_none());
    harness.get_by_label("Range of colours: linear ±1000000");
}

#[test]
fn the_menu_saves_pins_and_compares() {
    let mut harness = window(small(), Some(TensorRecord { step: 56, ..small() }), [760.0, 600.0]);
    harness.run_ok();
    let open = |harness: &mut Harness<'static, Bench>, item: &str| {
        harness.get_by_label("More of this tensor").click();
        harness.run_ok();
        harness.get_by_label(item).click();
        harness.run_ok();
    };
    open(&mut harness, "Save as .npy …");
    assert_eq!(harness.state().told.export, Some(Format::Npy));
    open(&mut harness, "Pin next to the others");
    assert!(harness.state().told.pin);
    open(&mut harness, "Compare with step 56");
    assert_eq!(harness.state().local.compare, Some(Compare::Step { step: 56, branch: None }));
    harness.run_ok();
    harness.get_by_label("Identical, bit for bit.");
    harness.get_by_label("dense_1.weight.grad · step 56");
    let mut inspection = Inspection::default();
    harness.state().local.subscribe("dense_1.weight.grad", &mut inspection);
    assert_eq!(inspection.at_step, Some(("dense_1.weight.grad".into(), 56)));
    harness.state_mut().other = Some(TensorRecord { step: 56, data: vec![0.0; 6].into(), ..small() });
    harness.get_by_label("difference").click();
    harness.run_ok();
    harness.get_by_label_contains("largest difference 0.2417 at unit 1, input 1");
    harness.get_by_label("Stop comparing").click();
    harness.run_ok();
    assert_eq!(harness.state().local.compare, None);
}

#[test]
fn a_tensor_of_many_millions_is_drawn_where_it_is_seen_and_counted_bit_by_bit() {
    let tensor = record("%9", &[64, 32, 28, 28], &["sample", "channel", "row", "column"], |i| (i % 97) as f32);
    let mut harness = window(tensor, None, [640.0, 560.0]);
    harness.step();
    harness.get_by_label_contains("counting …");
    for _ in 0..12 {
        harness.step();
    }
    assert!(harness.query_by_label_contains("counting …").is_none());
    harness.get_by_label("max 96");
}

#[test]
fn a_new_step_keeps_the_view_and_another_tensor_finds_its_own() {
    let images = &["sample", "channel", "row", "column"];
    let mut local = TensorUi::default();
    local.adopt(&record("%3", &[64, 6, 5, 5], images, |i| i as f32));
    local.set_role(1, Role::Slice);
    local.set_slice(1, 4);
    let chosen = (local.roles.clone(), local.slices.clone());
    local.adopt(&record("%3", &[17, 6, 5, 5], images, |i| i as f32));
    assert_eq!((local.roles.clone(), local.slices.clone()), chosen, "a smaller last batch");
    local.adopt(&small());
    assert_eq!(local.roles, [Role::Rows, Role::Columns]);
    local.show = Show::Image;
    local.adopt(&record("x", &[3], &["unit"], |i| i as f32));
    assert_eq!(local.show, Show::Cells);
}

/// Numbers counted so far, of so many.
fn counted(harness: &Harness<'static, Bench>) -> usize {
    let counted = harness.state().local.counted.as_ref().expect("it is shown");
    let len = harness.state().record.data.len();
    // Twice through all of them: for the statistics, and then for the histogram.
    counted.findings().map_or_else(|share| (f64::from(share) * 2.0 * len as f64) as usize, |_| 2 * len)
}

#[test]
fn no_frame_looks_at_all_of_twenty_five_million_numbers() {
    let dims = vec![64, 512, 28, 28];
    let mut numbers = vec![0.5f32; dims.iter().product()];
    numbers[784 * 7] = -3.0;
    let axes = ["sample", "channel", "row", "column"].map(String::from).to_vec();
    let tensor = TensorRecord { name: "%9".into(), dims, axes, gates: None, step: 1, data: numbers.into() };
    let ways: [&[(usize, Role)]; 4] = [
        &[],
        &[(0, Role::Facets)],
        &[(0, Role::IntoRows), (1, Role::IntoRows), (2, Role::IntoColumns)],
        &[(0, Role::IntoColumns), (1, Role::IntoColumns)],
    ];
    let mut harness = window(tensor, None, [1000.0, 800.0]);
    for way in ways {
        let mut before = harness.state().local.counted.as_ref().map_or(0, |_| counted(&harness));
        for (axis, role) in way {
            harness.state_mut().local.set_role(*axis, *role);
        }
        let mut drawn = made(&harness.ctx);
        for frame in 0..5 {
            harness.step();
            let new = made(&harness.ctx) - drawn;
            assert!(new <= 270, "{new} textures in frame {frame} of {way:?}");
            assert!(new > 0 || frame > 0 || way.is_empty(), "nothing new was drawn of {way:?}");
            drawn += new;
            let now = counted(&harness);
            assert!(now - before <= 600_000, "{} numbers counted in frame {frame} of {way:?}", now - before);
            before = now;
        }
    }
}
