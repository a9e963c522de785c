//! `glassbox cache`: the converted rows of tables that are larger than memory, listed and removed.

use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use serde_json::json;

use super::options::{CacheAction, CacheOptions, ClearOptions};
use super::output::answer;
use crate::data::{CachedTable, cached_tables};
use crate::files::cache::Cache;
use crate::files::memory::{parse_size, size};
use crate::files::temporary;

pub fn run(options: &CacheOptions) -> anyhow::Result<()> {
    let cache = Cache::find().context("There is no cache folder. Set GLASSBOX_HOME to a folder.")?;
    // What killed programs were writing.
    temporary::sweep(cache.folder());
    match &options.action {
        None => list(&cache, options.json),
        Some(CacheAction::Clear(wanted)) => clear(&cache, wanted, options.json),
        Some(CacheAction::Limit { size }) => limit(&cache, size, options.json),
    }
}

fn list(cache: &Cache, as_json: bool) -> anyhow::Result<()> {
    let tables = cached_tables(cache);
    let bytes: u64 = tables.iter().map(|table| table.file.bytes).sum();
    let folder = cache.folder();
    if as_json {
        let tables: Vec<_> = tables.iter().map(row).collect();
        answer(json!({ "folder": folder, "limit_bytes": cache.limit(), "bytes": bytes, "tables": tables }))?;
        return Ok(());
    }
    if tables.is_empty() {
        answer(format_args!(
            "Nothing is cached. Tables larger than memory are converted to files in {}.",
            folder.display()
        ))?;
        return Ok(());
    }
    answer(format_args!("{:>10}  {:>13}  {:>12}  table", "size", "rows", "last used"))?;
    for table in &tables {
        let words = match &table.table {
            Some(path) if table.is_current => path.display().to_string(),
            Some(path) => format!("{} (changed or gone since)", path.display()),
            None => "unreadable".to_owned(),
        };
        let (bytes, rows, used) = (size(table.file.bytes), table.rows, ago(table.used()));
        answer(format_args!("{bytes:>10}  {rows:>13}  {used:>12}  {words}"))?;
    }
    answer(format_args!("{} of {} in {}", size(bytes), size(cache.limit()), folder.display()))?;
    Ok(())
}

fn row(table: &CachedTable) -> serde_json::Value {
    let used = table.used().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    json!({
        "table": table.table, "rows": table.rows, "bytes": table.file.bytes, "used_secs": used,
        "is_current": table.is_current, "file": table.file.path,
    })
}

/// "3 min ago"
fn ago(time: SystemTime) -> String {
    let seconds = time.elapsed().unwrap_or_default().as_secs();
    match seconds {
        ..60 => "now".to_owned(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

fn clear(cache: &Cache, wanted: &ClearOptions, as_json: bool) -> anyhow::Result<()> {
    let older = wanted.older_than.as_deref().map(age).transpose()?;
    let is_meant = |table: &CachedTable| match older {
        Some(age) => table.used().elapsed().is_ok_and(|unused| unused >= age),
        None => wanted.all || !table.is_current,
    };
    let (mut removed, mut in_use) = (Vec::new(), Vec::new());
    for table in cached_tables(cache).iter().filter(|table| is_meant(table)) {
        let path = table.file.path.display();
        let gone = cache.remove(&table.file).with_context(|| format!("Can't remove {path}"))?;
        if gone { removed.push(row(table)) } else { in_use.push(row(table)) }
    }
    if as_json {
        answer(json!({ "removed": removed, "in_use": in_use }))?;
        return Ok(());
    }
    let bytes = removed.iter().filter_map(|row| row["bytes"].as_u64()).sum();
    let tables = |n: usize| if n == 1 { "1 table".to_owned() } else { format!("{n} tables") };
    let used = if in_use.is_empty() { String::new() } else { format!(" {} in use stay.", tables(in_use.len())) };
    answer(format_args!("Removed the rows of {} ({}).{used}", tables(removed.len()), size(bytes)))?;
    Ok(())
}

/// "30d", "12h".
fn age(text: &str) -> anyhow::Result<Duration> {
    let units = [("d", 86_400), ("h", 3600), ("min", 60)];
    let found = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let number = found.and_then(|(number, seconds)| number.trim().parse::<u32>().ok()?.checked_mul(*seconds));
    match number {
        Some(seconds) => Ok(Duration::from_secs(u64::from(seconds))),
        None => bail!("{text:?} is no age. Write days, hours or minutes: 30d, 12h, 90min."),
    }
}

fn limit(cache: &Cache, text: &str, as_json: bool) -> anyhow::Result<()> {
    let Some(bytes) = parse_size(text) else { bail!("{text:?} is no size. Write it as 500MB, 50GB or 1TB.") };
    let folder = cache.folder().display();
    cache.set_limit(bytes).with_context(|| format!("Can't write to {folder}"))?;
    if as_json {
        answer(json!({ "limit_bytes": bytes }))?;
    } else {
        answer(format_args!("Converted tables may take {} in {folder}.", size(bytes)))?;
    }
    Ok(())
}
