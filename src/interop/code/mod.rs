//! Code as the Code tab shows it and an export writes it: lines that know which part of the project they are about, and
//! at which level of API they work.
//!
//! What the lines say is for each framework's own module; how Python is laid out (as black would) stands here once.

mod formula;
mod names;
pub mod python;

pub use formula::{Functions, expression};
pub use names::Names;

use crate::model::LayerId;

/// A file of code.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// `model.py`
    pub name: &'static str,
    /// From the top.
    pub lines: Vec<Line>,
}

/// One line, without its line break.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// With its indentation.
    pub text: String,
    /// What it is about; `None` for what every such file has.
    pub part: Option<Part>,
    /// How much the framework does for it; `None` for imports, comments and the like.
    pub level: Option<Level>,
}

/// A part of a project that lines of code are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A layer on the canvas, a Loss too.
    Layer(LayerId),
    /// Where samples come from, and in which order.
    Data,
    /// How gradients become updates, and what limits them.
    Optimiser,
    /// How the learning rate changes.
    Schedule,
}

/// What a line leaves to the framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A loop over steps or epochs is somebody's own.
    Loop,
    /// Single operations on tensors.
    Operation,
    /// Whole layers, losses and optimisers.
    Layer,
}

impl Level {
    /// Every level, from the one that leaves most to the framework.
    pub const ALL: [Self; 3] = [Self::Layer, Self::Operation, Self::Loop];

    /// As the margin of the code says it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Layer => "layer",
            Self::Operation => "operation",
            Self::Loop => "loop",
        }
    }
}

impl Script {
    /// As the file holds it.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{}\n", line.text)).collect()
    }

    /// Lines that are neither empty nor a comment.
    pub fn lines_of_code(&self) -> usize {
        let counts = |line: &&Line| !line.text.trim().is_empty() && !line.text.trim_start().starts_with('#');
        self.lines.iter().filter(counts).count()
    }
}

/// Longest line, as black has it.
const WIDTH: usize = 88;

/// Writes a script line by line.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    lines: Vec<Line>,
    depth: usize,
    part: Option<Part>,
    level: Option<Level>,
}

impl Writer {
    /// What was written.
    pub fn script(self, name: &'static str) -> Script {
        Script { name, lines: self.lines }
    }

    /// A line at the present depth, however long.
    pub fn line(&mut self, text: impl AsRef<str>) {
        let text = text.as_ref();
        let text = if text.is_empty() { String::new() } else { format!("{}{text}", "    ".repeat(self.depth)) };
        self.lines.push(Line { text, part: self.part, level: self.level });
    }

    /// Empty lines, which are about nothing.
    pub fn blank(&mut self, count: usize) {
        self.lines.extend(vec![Line::default(); count]);
    }

    /// Several lines at the present depth, as they stand.
    pub fn text(&mut self, text: &str) {
        text.lines().for_each(|line| self.line(line));
    }

    /// What is written inside is one step deeper.
    pub fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    /// A head such as `def forward(self, x):` and what stands under it.
    pub fn block(&mut self, head: impl AsRef<str>, write: impl FnOnce(&mut Self)) {
        self.line(head);
        self.inside(write);
    }

    /// What is written inside is about this part and works at this level.
    pub fn about(&mut self, part: Part, level: Level, write: impl FnOnce(&mut Self)) {
        let before = (self.part.replace(part), self.level.replace(level));
        write(self);
        (self.part, self.level) = before;
    }

    /// What is written inside works at this level, whatever it is about.
    pub fn at_level(&mut self, level: Level, write: impl FnOnce(&mut Self)) {
        let before = self.level.replace(level);
        write(self);
        self.level = before;
    }

    /// `head(a, b)tail`, broken where it is too long.
    pub fn call(&mut self, head: &str, arguments: &[String], tail: &str) {
        self.wrapped(&format!("{head}({}){tail}", arguments.join(", ")));
    }

    /// `name = [a, b]`, broken where it is too long.
    pub fn list(&mut self, name: &str, items: &[String]) {
        self.wrapped(&format!("{name} = [{}]", items.join(", ")));
    }

    /// A statement that ends with a bracket, broken as black breaks it where it is too long: what is inside on a line
    /// of its own, or one item a line. It begins at the last bracket that leaves a line in front which fits.
    pub fn wrapped(&mut self, text: &str) {
        let code = text.split("  # ").next().unwrap_or(text);
        let splits = if self.fits(text, 0) { Vec::new() } else { brackets(code) };
        let fitting = splits.iter().find(|(open, _)| self.fits(&text[..=*open], 0)).or(splits.last());
        let Some(&(open, close)) = fitting else { return self.line(text) };
        let is_call = text[..open].ends_with(|c: char| c.is_alphanumeric() || "_)]".contains(c));
        let inner = text[open + 1..close].trim();
        self.line(&text[..=open]);
        self.inside(|w| {
            let items = match outermost(inner, " for ").first() {
                // A comprehension is no list of items.
                Some(&place) => return w.comprehension(inner, place),
                None => items(inner),
            };
            let together = items.join(", ");
            match w.fits(&together, 0) && (is_call || items.len() == 1) {
                true => w.line(together),
                false => items.iter().for_each(|item| w.wrapped(&format!("{item},"))),
            }
        });
        self.line(&text[close..]);
    }

    /// `a for b in c`, broken in front of `for`, which stands at `place`.
    fn comprehension(&mut self, text: &str, place: usize) {
        match self.fits(text, 0) {
            true => self.line(text),
            false => {
                self.wrapped(&text[..place]);
                self.line(text[place..].trim_start());
            }
        }
    }

    fn fits(&self, text: &str, more: usize) -> bool {
        4 * self.depth + text.chars().count() + more <= WIDTH
    }
}

/// Where the brackets at the end of a statement open and close, from the last one: of `f(a)(b)` both.
fn brackets(text: &str) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut all = Vec::new();
    let mut quoted = false;
    let mut escaped = false;
    for (place, c) in text.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '(' | '[' | '{' if !quoted => open.push(place),
            ')' | ']' | '}' if !quoted => all.extend(open.pop().filter(|_| open.is_empty()).map(|from| (from, place))),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    let mut end = text.trim_end_matches([',', ':']).len();
    let mut chain = Vec::new();
    for (from, to) in all.into_iter().rev() {
        if to + 1 != end || to == from + 1 {
            break;
        }
        chain.push((from, to));
        end = from;
    }
    chain
}

/// Where something stands that is in no bracket and no string.
fn outermost(text: &str, wanted: &str) -> Vec<usize> {
    let (mut all, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (place, c) in text.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ if !quoted && depth == 0 && text[place..].starts_with(wanted) => all.push(place),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    all
}

/// What stands between the outermost commas.
fn items(text: &str) -> Vec<&str> {
    let ends = outermost(text, ",").into_iter().chain([text.len()]);
    let mut from = 0;
    let item = |end: usize| text[std::mem::replace(&mut from, end + 1)..end].trim();
    ends.map(item).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::default();
        write(&mut writer);
        writer.script("x.py").text()
    }

    #[test]
    fn long_calls_are_broken_as_black_breaks_them() {
        let arguments = |count: usize| -> Vec<String> { (0..count).map(|i| format!("argument_{i}={i}")).collect() };
        assert_eq!(written(|w| w.call("f", &arguments(2), "")), "f(argument_0=0, argument_1=1)\n");
        let six = written(|w| w.inside(|w| w.call("optimizer = torch.optim.Adam", &arguments(5), "")));
        assert_eq!(
            six,
            "    optimizer = torch.optim.Adam(\n        argument_0=0, argument_1=1, argument_2=2, argument_3=3, \
             argument_4=4\n    )\n"
        );
        let nine = written(|w| w.call("f", &arguments(9), "(x)"));
        assert!(nine.starts_with("f(\n    argument_0=0,\n") && nine.ends_with("    argument_8=8,\n)(x)\n"), "{nine}");
        let nested = written(|w| w.call("f", &[format!("[{}]", arguments(9).join(", ")), "b".into()], ""));
        assert!(nested.starts_with("f(\n    [\n        argument_0=0,\n") && nested.ends_with("    ],\n    b,\n)\n"));
        let applied = written(|w| w.call("x = layers.Attention", &arguments(4), "(argument_10, argument_11)"));
        assert!(applied.ends_with("argument_3=3)(\n    argument_10, argument_11\n)\n"), "{applied}");
        let each = format!("x = concat([convolved({}) for part, kernel in parts], 3)", arguments(4).join(", "));
        let each = written(|w| w.inside(|w| w.wrapped(&each)));
        assert!(each.contains("\n            for part, kernel in parts\n        ],\n"), "{each}");
        let quoted = written(|w| w.wrapped(&format!("f(\"a(, \\\" {}\", b)", "x".repeat(80))));
        assert!(quoted.ends_with("\",\n    b,\n)\n"), "{quoted}");
    }

    #[test]
    fn lines_know_what_they_are_about() {
        let mut writer = Writer::default();
        writer.line("import torch");
        writer.about(Part::Data, Level::Loop, |w| w.block("for x in data:", |w| w.line("pass")));
        writer.blank(1);
        let script = writer.script("train.py");
        let parts: Vec<_> = script.lines.iter().map(|line| (line.part, line.level)).collect();
        let data = (Some(Part::Data), Some(Level::Loop));
        assert_eq!(parts, [(None, None), data, data, (None, None)]);
        assert_eq!((script.lines[2].text.as_str(), script.lines_of_code()), ("    pass", 3));
    }
}
