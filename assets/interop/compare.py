"""What the proofs of all frameworks share: the recordings, and how numbers are compared with them."""

import sys

import numpy as np

import reproduce

proof = reproduce.tensors("proof.safetensors")
names = sorted(
    n.removeprefix("f64/after/") for n in proof if n.startswith("f64/after/")
)
steps = len(proof["f64/losses"])
SHAKES = 8


def rows(seed, length, batch_size):
    """Epoch and rows of the first steps, as numpy computes them; Glassbox must have used the same."""
    for step, rows in zip(range(steps), reproduce.batches(seed, length, batch_size)):
        if not np.array_equal(rows, proof[f"rows/{step}"]):
            sys.exit(f"Step {step + 1} uses other samples here than in Glassbox.")
        yield step // -(-length // batch_size), rows


def gradients():
    """The recorded gradients, and the names of what is rounding only.

    A shift in front of a batch norm changes nothing: Adam makes whole steps even of that, and running statistics, which
    have no gradients, follow them.
    """
    prefix = "f32/grad/"
    recorded = {
        n.removeprefix(prefix): a for n, a in proof.items() if n.startswith(prefix)
    }
    sizes = {name: np.abs(array).max(initial=0.0) for name, array in recorded.items()}
    largest = max(sizes.values(), default=0.0)
    idle = {name for name, size in sizes.items() if size <= 1e-5 * largest}
    if idle:
        idle |= set(names) - recorded.keys()
        print("Rounding only, so not compared:", ", ".join(sorted(idle)))
    return recorded, idle


def shaken(array, seed, precision=None):
    """The array with its last bits changed, as rounding might; whole numbers stay.

    `precision`: another type in whose last bits, where that is coarser.
    """
    if seed is None or not np.issubdtype(array.dtype, np.floating):
        return array
    by = np.random.default_rng(seed).uniform(-8, 8, array.shape)
    by *= np.finfo(precision or array.dtype).eps
    moved = array * (1 + by).astype(array.dtype)
    return np.where(array == np.rint(array), array, moved)


class Comparison:
    """Deviations relative to the largest magnitude of each tensor, and where the largest is."""

    def __init__(self, framework):
        self.framework = framework
        self.failed = False

    def compare(self, what, pairs, limit, floor=1e-6, again=None):
        """`pairs`: name, what was computed, what Glassbox recorded. No limit: said, not judged.

        Tensors smaller than `floor` times the largest number of all are measured against that.

        Some networks magnify rounding: a number beside 0 is on the other side of a ReLU, or Adam makes whole steps of
        gradients that are next to nothing. `again` computes the same from numbers that are shaken in their last bits: a
        deviation of that size is rounding.
        """
        pairs = list(pairs)
        worst, place = self.deviation(pairs, floor)
        held = limit is None or worst <= limit
        at = f" at {place}" if worst > 0.0 else ""
        verdict = f", at most {limit:.0e}: " if limit is not None else ""
        magnified = ""
        if not held and again:
            own = max(self.own(pairs, again(seed), floor) for seed in range(SHAKES))
            held = worst <= 10 * own
            magnified = (
                f" (shaken in the last bits, {self.framework} itself is {own:.1e} off)"
            )
        self.failed |= not held
        verdict += "" if limit is None else "holds" if held else "DOES NOT HOLD"
        print(
            f"{what}: {len(pairs)} tensors, largest deviation {worst:.1e}{at}{verdict}{magnified}"
        )

    def own(self, pairs, others, floor):
        triples = ((n, o, a) for (n, a, _), (_, o, *_) in zip(pairs, others))
        return self.deviation(list(triples), floor)[0]

    def deviation(self, pairs, floor):
        """The largest, and where it is."""
        worst, place = 0.0, ""
        # What is next to nothing beside all others is rounding.
        biggest = max(
            (np.abs(np.nan_to_num(r)).max(initial=0.0) for _, _, r in pairs),
            default=0.0,
        )
        for name, ours, recorded in pairs:
            ours, recorded = (np.asarray(a, np.float64) for a in (ours, recorded))
            if ours.shape != recorded.shape:
                print(f"  {name}: shape {ours.shape}, recorded {recorded.shape}")
                self.failed = True
                continue
            equal = (ours == recorded) | (np.isnan(ours) & np.isnan(recorded))
            difference = np.where(equal, 0.0, np.abs(ours - recorded))
            size = np.abs(np.where(np.isfinite(recorded), recorded, 0.0)).max(
                initial=0.0
            )
            size = max(size, floor * biggest)
            deviation = difference.max(initial=0.0) / (size or 1.0)
            if not deviation <= worst:
                worst, place = deviation, name
                if ours.ndim:
                    index = np.nan_to_num(difference, nan=np.inf).argmax()
                    place += str([int(i) for i in np.unravel_index(index, ours.shape)])
        return worst, place

    def end(self):
        if self.failed:
            sys.exit(f"{self.framework} does not compute the same.")
        print(f"{self.framework} computes the same.")
