//! The commands in words: what `help` shows.

use super::words;

pub const HELP: &str = "\
Forwards
run [N], continue, r, c  run to a breakpoint or the end; with N, for at most N steps
step [N], s              run one instruction
next [N], n              run one layer
finish [N], f            run to the end of the phase (load, forward, loss, backward, update)
batch [N]                run to the end of the training step
until NAME, u            run until the instruction that computes NAME is next (or the instruction of that number)

Backwards, and anywhere
back [N]                 go back one instruction
back layer | phase | step [N]   go back to the start of the layer, phase or training step
reverse, rc              go back to where a breakpoint would last have stopped
reverse EXPR             go back to where this was last true: reverse max(abs(dense_1.weight.grad)) > 1
since EXPR               go back to where this became true
goto N, g                go to the end of step N, forwards or backwards
mark [NAME]              bookmark this moment; goto NAME returns to it
marks, unmark NAME       list the bookmarks; delete one
return                   go back to where you were before the last run, goto or reverse; repeat to go further

Looking
list [all], l            list the program around here, or all of it
probe on | here | off    print and explain values of the same samples at every step, with the weights of that step: the first
                         batch, the samples of this step, or (off) each step's own batch again
layers                   every layer: gradient, update, zeros, and its health
info, i                  where the run is, breakpoints, changes, checkpoints
info breakpoints         only the breakpoints, with what is wrong with them
print EXPR, p            a value: print dense_1.weight, print max(abs(dense_1.weight.grad)), print %1[0, 2]
explain NAME[i, j], e    how a number was computed: formula, the numbers in it, where each came from; add 'check' to compare a
                         gradient with the effect of a small nudge on the loss
curve EXPR               a value after every step so far, as a sparkline (in full with --json): curve norm(dense_1.weight)
watch EXPR, unwatch N    show a value at every stop; stop showing it

Stopping
break EXPR, b            stop before the update of a step in which this is true: break loss > 2 * min(loss) for 3 steps
break at NAME [if EXPR]  stop before the instruction that computes NAME (for an update, its parameter)
break layer NAME [if EXPR], break phase PHASE [if EXPR]
break nan                stop after the instruction that produces the first NaN or infinity
log ...                  like break, but only print a line and continue: log loss
log \"TEXT\" ...           print this text, with values in braces: log \"loss {loss}, {norm(%1)}\" every 100
... hit N, ... every N   after any of these: only at the Nth hit, or at every Nth
enable N, disable N, delete N, d

Changing
set NAME[i, j] = EXPR    set one element or a slice; replaying this step makes the change again
set NAME = EXPR          set all elements, to one number or a tensor of the same shape
scale NAME BY            multiply by a number
clip NAME LIMIT          limit to -LIMIT .. LIMIT
reinit NAME [SEED]       re-initialise weights or optimiser state; shuffle a computed value
set learning_rate = EXPR
undo                     undo the last change and go back to where it was made

Two histories
fork [NAME]              start a second branch here; the first stays as it is
branches, branch NAME    list the branches; switch to one
branch delete NAME       delete a branch for good; if it is the current one, switch to the one it left
compare                  compare the losses of all branches
compare NAME with BRANCH [at STEP], compare NAME at STEP
                         compare a value with itself on another branch, or at another step

dump FILE                write everything of the step just completed (*.safetensors)
help [COMMAND], h, ?     show all of this, one command, or a section: forwards, backwards, looking, stopping, changing,
                         histories, expressions
quit, q, exit            leave the debugger, like Ctrl-D

Names are those in the listing; a layer's name (relu_1) is its output, and NAME.grad the gradient of anything. step, epoch and
learning_rate are names too. Functions: exp log sqrt abs sin cos tan tanh sigmoid relu softplus erf gelu silu sign step min max
pow; of a whole tensor: max min mean sum norm argmax nan inf, and along an axis: sum(w, axis=0). Slices are as in NumPy: w[-1],
w[:, 2:5]; gates of LSTM (i f g o) and GRU (r z n) go by name: lstm_1.weight_ih[f, 0]. On their own, nan and inf are numbers. For
a single number, max, min and mean are over the steps so far. There are comparisons, and, or, not. Steps count from 1.";

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
