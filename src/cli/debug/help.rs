//! The commands in words: what `help` shows.

use super::words;

pub const HELP: &str = "\
Forwards
run [N], continue, r, c  until a breakpoint or the end of the run; N: at most so many more steps
step [N], s              one instruction
next [N], n              the instructions of one layer
finish [N], f            the rest of the phase (load, forward, loss, backward, update)
batch [N]                the rest of the training step
until NAME, u            until the instruction that computes NAME comes next (or its number in the listing)

Backwards, and anywhere
back [N]                 one instruction backwards
back layer | phase | step [N]   to where the layer, the phase, the training step began
reverse, rc              to the last moment where a breakpoint would have stopped
reverse EXPR             to the last moment where this held: reverse max(abs(dense_1.weight.grad)) > 1
since EXPR               to where it began to hold
goto N, g                just after the update of step N, forwards or backwards
mark [NAME]              gives this moment a name; goto NAME leads back to it
marks, unmark NAME       which there are; forgets one
return                   to where one was before the last run, goto, reverse: again and again the whole way back

Looking
list [all], l            the program around here, or all of it
probe on | here | off    print and explain values of the same samples at every step, with the weights as they stand there: of the
                         first batch, of the samples of this step, or (off) of each step's own again
layers                   every layer: gradient, update, zeros, and what the numbers say of it
info, i                  where the run stands, breakpoints, changes, checkpoints
info breakpoints         only those, with what is wrong with them
print EXPR, p            a value: print dense_1.weight, print max(abs(dense_1.weight.grad)), print %1[0, 2]
explain NAME[i, j], e    how one number came about: formula, the same with its numbers, where each came from; with 'check' behind
                         it a gradient is compared with what a small nudge does to the loss
curve EXPR               a number after every step so far, as a line; all of it in JSON: curve norm(dense_1.weight)
watch EXPR, unwatch N    shown wherever it stops

Stopping
break EXPR, b            before the update of a step where it holds: break loss > 2 * min(loss) for 3 steps
break at NAME [if EXPR]  before the instruction that computes NAME; of an update: its parameter
break layer NAME [if EXPR], break phase PHASE [if EXPR]
break nan                behind the instruction that makes the first NaN or infinity
log ...                  as break, but only says so and goes on: log loss
log \"TEXT\" ...           says this, with numbers for what stands in braces: log \"loss {loss}, {norm(%1)}\" every 100
... hit N, ... every N   behind any of these: only the N-th time that it holds, or every N-th
enable N, disable N, delete N, d

Changing
set NAME[i, j] = EXPR    one element, or all of a slice; going back and forth makes the change again
set NAME = EXPR          all elements: to one number, or to a tensor of the same shape
scale NAME BY            times a number
clip NAME LIMIT          to -LIMIT .. LIMIT
reinit NAME [SEED]       weights and moments as they begin; what is computed, in another order
set learning_rate = EXPR
undo                     takes the last change back and stands where it was made

Two histories
fork [NAME]              a second run from here; the first stays as it is
branches, branch NAME    which there are; goes on with that one
branch delete NAME       it is gone for good; the current one: the one that it left goes on
compare                  their losses, side by side
compare NAME with BRANCH [at STEP], compare NAME at STEP
                         a value here with itself on another branch, or at another step

dump FILE                writes everything of the step just completed (*.safetensors)
help [COMMAND], h, ?     all of this, or what it says of a command; or a part: forwards, backwards, looking, stopping, changing,
                         histories, expressions
quit, q, exit            as Ctrl-D

Names are those of the listing; a layer's (relu_1) means what leaves it, and NAME.grad the gradient of any of them.
step, epoch and learning_rate are names too. Functions: exp log sqrt abs sin cos tan tanh sigmoid relu softplus erf gelu silu
sign step min max pow; of a whole tensor: max min mean sum norm argmax nan inf, and along an axis: sum(w, axis=0). Slices as in
numpy: w[-1], w[:, 2:5]; gates of LSTM (i f g o) and GRU (r z n) by name: lstm_1.weight_ih[f, 0]. Alone, nan and inf are numbers. Of a single number, max, min and mean are over the steps so far.
Comparisons, and, or, not. Steps count from 1.";

/// Words for the parts of it, and the lines that they begin with.
const TOPICS: [(&str, &str); 7] = [
    ("forwards", "Forwards"),
    ("backwards", "Backwards, and anywhere"),
    ("looking", "Looking"),
    ("stopping", "Stopping"),
    ("changing", "Changing"),
    ("histories", "Two histories"),
    ("expressions", NAMES),
];

/// Where what it says of expressions begins.
const NAMES: &str = "Names are";

pub fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|(word, _)| *word)
}

fn part(word: &str) -> Option<String> {
    let (_, title) = TOPICS.iter().find(|(topic, _)| *topic == word)?;
    let lines = HELP.lines().skip_while(|line| !line.starts_with(title)).take_while(|line| !line.is_empty());
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// All of it, a part of it, or the lines of the command that a word stands for.
pub fn of(word: &str) -> Result<String, String> {
    if word.is_empty() {
        return Ok(HELP.into());
    }
    if let Some(part) = part(word) {
        return Ok(part);
    }
    let command = words::in_full(word);
    let begins = |line: &str| {
        let (forms, _) = line.split_once("  ").unwrap_or((line, ""));
        forms.split(", ").any(|form| form.split(' ').next() == Some(command))
    };
    let is_more = |line: &&str| line.starts_with(' ');
    let mut found = Vec::new();
    let mut lines = HELP.lines().take_while(|line| !line.starts_with(NAMES)).peekable();
    while let Some(line) = lines.next() {
        if begins(line) {
            found.push(line);
            found.extend(std::iter::from_fn(|| lines.next_if(is_more)));
        }
    }
    if found.is_empty() { Err(words::unknown(word)) } else { Ok(found.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_of_a_command_is_its_lines() {
        assert_eq!(of("").unwrap(), HELP);
        for command in words::COMMANDS {
            let said = of(command).unwrap_or_else(|error| panic!("{command}: {error}"));
            assert!(said.contains(command) && said.lines().count() < 6, "{command}: {said}");
        }
        for topic in topics() {
            assert!(of(topic).unwrap().lines().count() > 4 && !words::COMMANDS.contains(&topic), "{topic}");
        }
        assert!(of("stopping").unwrap().contains("break nan") && !of("stopping").unwrap().contains("set NAME"));
        assert!(of("explain").unwrap().contains("small nudge"), "the second line belongs to it");
        assert!(of("b").unwrap().starts_with("break EXPR"));
        assert!(of("nonsense").unwrap_err().contains("'nonsense'"));
        assert!(of("brake").unwrap_err().contains("did you mean 'break'?"));
    }
}
