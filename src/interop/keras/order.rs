//! In which order Keras goes through the layers of a functional model: files call weights by the class of their layer
//! and how many of that class come before it.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Plan, Tensor};

/// Steps from the inputs on, as `keras.Model(inputs, outputs)` sorts them: by how far they are from the outputs at
/// most, then by when a search from the outputs meets them.
pub fn order(plan: &Plan, outputs: &[Tensor]) -> Vec<usize> {
    let (finished, met) = search(plan, outputs);
    let mut depths: BTreeMap<usize, usize> = BTreeMap::new();
    for &step in finished.iter().rev() {
        let depth = *depths.entry(step).or_insert(0);
        for read in &plan.steps[step].reads {
            let before = depths.entry(read.step).or_insert(0);
            *before = (*before).max(depth + 1);
        }
    }
    for (step, _) in plan.inputs() {
        depths.entry(step).or_insert(0);
    }
    let mut all: Vec<usize> = depths.keys().copied().collect();
    // Inputs that nothing reads come first among the last.
    let key = |step: &usize| (usize::MAX - depths[step], met.get(step).map_or(0, |place| place + 1));
    all.sort_by_key(key);
    all
}

/// Depth first from the outputs: steps in the order in which they are finished, and when each was met.
fn search(plan: &Plan, outputs: &[Tensor]) -> (Vec<usize>, BTreeMap<usize, usize>) {
    let (mut finished, mut met) = (Vec::new(), BTreeMap::new());
    let mut done = BTreeSet::new();
    for output in outputs {
        // Steps under way, each with how many of what it reads were looked at.
        let mut path = vec![(output.step, 0)];
        while let Some((step, looked_at)) = path.pop() {
            if looked_at == 0 {
                if done.contains(&step) {
                    continue;
                }
                let place = met.len();
                met.entry(step).or_insert(place);
            }
            match plan.steps[step].reads.get(looked_at) {
                Some(read) => {
                    path.push((step, looked_at + 1));
                    if !done.contains(&read.step) {
                        path.push((read.step, 0));
                    }
                }
                None => {
                    if done.insert(step) {
                        finished.push(step);
                    }
                }
            }
        }
    }
    (finished, met)
}

/// Of each step in the order: what its weights stand under, `layers/conv2d_1`.
pub fn folders(classes: impl IntoIterator<Item = (usize, String)>) -> BTreeMap<usize, String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut folders = BTreeMap::new();
    for (step, class) in classes {
        let name = snake_case(&class);
        let count = counts.entry(name.clone()).or_insert(0);
        folders.insert(step, if *count == 0 { format!("layers/{name}") } else { format!("layers/{name}_{count}") });
        *count += 1;
    }
    folders
}

/// As Keras spells classes: `Conv2DTranspose` is `conv2d_transpose`, `PReLU` `p_re_lu`.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut snake = String::new();
    for (i, &letter) in letters.iter().enumerate() {
        let follows_lower = i > 0 && letters[i - 1].is_ascii_lowercase();
        let begins_word = i > 0 && letters.get(i + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && (follows_lower || begins_word) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_spelt_and_counted_as_keras_does() {
        let spelt = [
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("PReLU", "p_re_lu"),
            ("LSTM", "lstm"),
            ("SimpleRNN", "simple_rnn"),
            ("RMSNormalization", "rms_normalization"),
            ("MultiHeadAttention", "multi_head_attention"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ];
        for (class, snake) in spelt {
            assert_eq!(snake_case(class), snake);
        }
        let found = folders([(3, "Dense".to_owned()), (5, "LSTM".into()), (6, "Dense".into())]);
        assert_eq!(found.into_values().collect::<Vec<_>>(), ["layers/dense", "layers/lstm", "layers/dense_1"]);
    }
}
