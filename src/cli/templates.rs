//! `glassbox templates`.

use super::options::TemplatesOptions;
use super::output::answer;
use crate::model::templates::TEMPLATES;

pub fn run(options: &TemplatesOptions) -> anyhow::Result<()> {
    if options.json {
        let all: Vec<_> = TEMPLATES
            .iter()
            .map(|t| serde_json::json!({ "key": t.key, "title": t.title, "tagline": t.tagline, "needs": t.needs }))
            .collect();
        answer(serde_json::json!({ "templates": all }))?;
        return Ok(());
    }
    for template in TEMPLATES {
        let needs = template.needs.map(|needs| format!("  (needs --data: {needs})")).unwrap_or_default();
        answer(format_args!("{:<12} {}, {}{needs}", template.key, template.title, template.tagline))?;
    }
    Ok(())
}
