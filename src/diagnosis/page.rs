//! The page of all rules, for `docs/diagnosis.md`.

use super::{RULES, Rule, When};

/// A section a rule, in the order of the list.
pub fn markdown() -> String {
    let (before, training): (Vec<&Rule>, Vec<&Rule>) =
        RULES.iter().copied().partition(|rule| rule.when == When::BeforeTraining);
    let part = |heading: &str, rules: &[&Rule]| {
        let sections: String = rules.iter().map(|rule| section(rule)).collect();
        format!("## {heading}\n\n{sections}")
    };
    format!("{}{}", part("Before training", &before), part("While training", &training))
}

fn section(rule: &Rule) -> String {
    let promise = match rule.when {
        When::BeforeTraining => String::new(),
        When::Training { within: 1 } => "- **Within**: the first step\n".to_owned(),
        When::Training { within } => format!("- **Within**: {within} steps\n"),
    };
    let linked: Vec<String> = rule.follows.iter().map(|id| format!("`{id}`")).collect();
    let follows = match linked.is_empty() {
        true => String::new(),
        false => format!("- **May follow from**: {}\n", linked.join(", ")),
    };
    format!(
        "### {} (`{}`)\n\n- **Fires**: {}\n- **Why this threshold**: {}\n- **Source**: {}\n{promise}{follows}\n",
        rule.title, rule.id, rule.fires, rule.why, rule.source
    )
}
