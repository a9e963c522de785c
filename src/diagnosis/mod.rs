//! Floor 4: why a network does not learn. A rule is a pure function of what is drawn, set, loaded and recorded; what it
//! finds comes with its evidence in numbers, where it was found, and what helps.
//!
//! A rule a file under `rules/`, and a line in its list. Nothing here trains: who has a run hands over its
//! [`Records`]. Nothing here acts: a [`Remedy`] is a change of the project as data, and the session carries it out.

mod case;
mod facts;
mod finding;
mod nearest;
mod network;
mod page;
mod rule;
mod rules;
#[cfg(test)]
mod testing;
mod things;

pub use case::{Case, Records};
pub use facts::{DataFacts, InputFacts, TargetFacts};
pub use finding::{Change, Confidence, Evidence, Finding, Place, Promise, Remedy, Severity, TrialError};
pub use nearest::Nearest;
pub use network::Network;
pub use page::markdown;
pub use rule::{Rule, When};
pub use rules::RULES;

use std::collections::BTreeSet;

use crate::trace::Instrument;

/// What all rules find, the most serious first; what may only follow from another finding comes behind that.
pub fn diagnose(case: &Case) -> Vec<Finding> {
    let mut found: Vec<Finding> = RULES.iter().flat_map(|rule| (rule.judge)(case)).collect();
    let there: Vec<&'static str> = found.iter().map(|finding| finding.rule.id).collect();
    for finding in &mut found {
        finding.may_follow_from = finding.rule.follows.iter().copied().filter(|id| there.contains(id)).collect();
    }
    found.sort_by_key(|finding| {
        (std::cmp::Reverse(finding.severity), !finding.may_follow_from.is_empty(), finding.confidence)
    });
    found
}

/// The instruments that rules ask for, each once.
pub fn asked() -> Vec<Instrument> {
    RULES.iter().flat_map(|rule| rule.asks).copied().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The rule with this name.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_complete_and_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(names.len(), RULES.len());
        for rule in RULES {
            let texts = [rule.title, rule.fires, rule.why, rule.source];
            assert!(texts.iter().all(|text| text.len() > 8), "{}: a text is missing", rule.id);
            assert!([rule.fires, rule.why].iter().all(|text| text.ends_with('.')), "{}: no sentence", rule.id);
            assert!(rule.follows.iter().all(|id| find(id).is_some() && *id != rule.id), "{}: follows nothing", rule.id);
        }
    }
}
