"""What the proofs of all frameworks share: the recordings, and how numbers are compared with them."""

import sys

import numpy as np

import reproduce

proof = reproduce.tensors("proof.safetensors")
names = sorted(
    n.removeprefix("f64/after/") for n in proof if n.startswith("f64/after/")
)
steps = len(proof["f64/losses"])


def rows(seed, length, batch_size):
    """The rows of the first steps, as numpy computes them; Glassbox must have used the same."""
    for step, rows in zip(range(steps), reproduce.batches(seed, length, batch_size)):
        if not np.array_equal(rows, proof[f"rows/{step}"]):
            sys.exit(f"Step {step + 1} uses other samples here than in Glassbox.")
        yield rows


def gradients():
    """The recorded gradients, and the names of those that are rounding only.

    A shift in front of a batch norm changes nothing: Adam makes whole steps even of that.
    """
    prefix = "f32/grad/"
    recorded = {
        n.removeprefix(prefix): a for n, a in proof.items() if n.startswith(prefix)
    }
    sizes = {name: np.abs(array).max(initial=0.0) for name, array in recorded.items()}
    largest = max(sizes.values(), default=0.0)
    idle = {name for name, size in sizes.items() if size <= 1e-5 * largest}
    if idle:
        print("Rounding only, so not compared:", ", ".join(sorted(idle)))
    return recorded, idle


class Comparison:
    """Deviations relative to the largest magnitude of each tensor, and where the largest is."""

    def __init__(self):
        self.failed = False

    def compare(self, what, pairs, limit, floor=1e-6):
        """`pairs`: name, what was computed, what Glassbox recorded. No limit: said, not judged.

        Tensors smaller than `floor` times the largest number of all are measured against that.
        """
        worst, place, count = 0.0, "", 0
        pairs = list(pairs)
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
            count += 1
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
        held = limit is None or worst <= limit
        self.failed |= not held
        at = f" at {place}" if worst > 0.0 else ""
        verdict = f", at most {limit:.0e}: " if limit is not None else ""
        verdict += "" if limit is None else "holds" if held else "DOES NOT HOLD"
        print(f"{what}: {count} tensors, largest deviation {worst:.1e}{at}{verdict}")
        return worst

    def kink(self, gradients, limit, steps_agree):
        """Rounding may put a number beside 0 on the other side of a ReLU."""
        if gradients > limit:
            verdict = "a kink: the steps in double precision agree"
            print(
                f"Gradients: more than {limit:.0e},",
                verdict if steps_agree else "DOES NOT HOLD",
            )
            self.failed |= not steps_agree

    def end(self, framework):
        if self.failed:
            sys.exit(f"{framework} does not compute the same.")
        print(f"{framework} computes the same.")
