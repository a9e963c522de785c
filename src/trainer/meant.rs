//! Which names a person may have meant by one that there is not. Knows names only, no values.

use std::cmp::Reverse;

use crate::expr::spelt_like;

/// Names that are offered at once.
const OFFERED: usize = 3;

/// `'dense_1.grad', 'dense_2.grad' or 'dense_3.grad'` for `dense_9.grad`: those that take the fewest letters to change;
/// where none is near, those with the same beginning (`dense_1.kernel`) or the same end (`weight`).
pub fn suggestion(known: &[String], name: &str) -> Option<String> {
    let mut offered = spelt_alike(known, name);
    if offered.is_empty() {
        offered = parts_alike(known, name);
    }
    let quoted: Vec<_> = offered.iter().take(OFFERED).map(|name| format!("'{name}'")).collect();
    match &quoted[..] {
        [] => None,
        [one] => Some(one.clone()),
        [some @ .., last] => Some(format!("{} or {last}", some.join(", "))),
    }
}

/// The nearest by letters, among equally near ones those of the same kind and with the nearest number.
fn spelt_alike<'a>(known: &'a [String], name: &str) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let near = spelt_like(name, known.iter().map(String::as_str));
    let is_gradient = |name: &str| name.ends_with(".grad") || name.starts_with("d%");
    let is_other_kind = |known: &str| is_gradient(known) != is_gradient(&wanted);
    let Some(best) = near.iter().map(|&(mistakes, known)| (is_other_kind(known), mistakes)).min() else {
        return Vec::new();
    };
    let mut equal: Vec<_> =
        near.iter().filter(|&&(mistakes, known)| (is_other_kind(known), mistakes) == best).collect();
    equal.sort_by_key(|(_, known)| number(known).abs_diff(number(&wanted)));
    let mut names: Vec<_> = equal.into_iter().take(OFFERED).map(|(_, known)| *known).collect();
    names.sort_by_key(|known| number(known));
    names
}

/// What begins with the same layer, or ends with the same word.
fn parts_alike<'a>(known: &'a [String], name: &str) -> Vec<&'a str> {
    let (layer, word) = name.split_once('.').unwrap_or((name, name));
    let of_layer = |known: &str| known.strip_prefix(layer).is_some_and(|rest| rest.starts_with('.'));
    let of_word = |known: &str| known.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'));
    let mut found: Vec<_> = known.iter().map(String::as_str).filter(|known| of_layer(known)).collect();
    if found.is_empty() {
        found = known.iter().map(String::as_str).filter(|known| of_word(known)).collect();
    }
    // Plain ones before their gradients and moments.
    found.sort_by_key(|known| (known.matches('.').count(), Reverse(known.ends_with(".weight")), *known));
    found
}

/// The first number in a name, as that of `dense_2.weight`.
fn number(name: &str) -> u64 {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_same_kind_are_offered() {
        let layers = (1..=4).flat_map(|i| {
            let of = |what: &str| format!("dense_{i}{what}");
            let moments = of(".weight.adam_m");
            [of(""), of(".grad"), of(".weight"), of(".weight.grad"), of(".bias"), of(".bias.grad"), moments]
        });
        let known: Vec<_> = layers.chain(["%1", "%12", "d%12", "loss", "relu_1"].map(str::to_owned)).collect();
        for (name, offered) in [
            ("dense_9.grad", "'dense_2.grad', 'dense_3.grad' or 'dense_4.grad'"),
            ("dense_0.weight.grad", "'dense_1.weight.grad', 'dense_2.weight.grad' or 'dense_3.weight.grad'"),
            ("dense_1.wieght", "'dense_1.weight'"),
            ("Dense_1.Weight", "'dense_1.weight'"),
            ("dens_2.weigth.grad", "'dense_2.weight.grad'"),
            ("dense_1.kernel", "'dense_1.weight', 'dense_1.bias' or 'dense_1.grad'"),
            ("kernel.weight", "'dense_1.weight', 'dense_2.weight' or 'dense_3.weight'"),
            ("relu_2", "'relu_1'"),
            ("d%13", "'d%12'"),
            ("%13", "'%1' or '%12'"),
            ("los", "'loss'"),
        ] {
            assert_eq!(suggestion(&known, name).as_deref(), Some(offered), "{name}");
        }
        for name in ["", "x", "%987", "gradient_of_everything", "é"] {
            assert_eq!(suggestion(&known, name), None, "{name}");
        }
        assert_eq!(suggestion(&known, &"x".repeat(1_000_000)), None);
    }
}
