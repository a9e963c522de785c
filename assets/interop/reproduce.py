"""What Glassbox draws at random, drawn again with numpy: the order of the samples, dropout masks and noise.

Every number comes from ChaCha8 (Bernstein, 2008), keyed by what it is for, so that any batch and any mask can be had
without the ones before it. The same seed gives the same numbers in Glassbox and here, bit for bit.
"""

import argparse
import itertools
import json
import os
import struct
import threading
import time

import numpy as np

_CONSTANTS = np.frombuffer(b"expand 32-byte k", dtype="<u4")


def tensors(path):
    """The arrays of a safetensors file by their names."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    header.pop("__metadata__", None)
    types = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U32": "<u4"}
    return {
        name: np.frombuffer(
            data[slice(*entry["data_offsets"])], dtype=types[entry["dtype"]]
        ).reshape(entry["shape"])
        for name, entry in header.items()
    }


def save_tensors(path, arrays):
    """Writes a safetensors file."""
    header, at = {}, 0
    for name, array in arrays.items():
        place = {
            "dtype": "F32",
            "shape": array.shape,
            "data_offsets": [at, at + 4 * array.size],
        }
        header[name], at = place, at + 4 * array.size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{path}.part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array, "<f4").tobytes())
    os.replace(f"{path}.part", path)


def chacha8(key, stream, start, count):
    """`count` 32-bit words of a stream, from its word `start` on."""
    first, last = start // 16, (start + count + 15) // 16
    block = np.arange(first, last, dtype=np.uint64)
    state = np.empty((16, len(block)), dtype=np.uint32)
    state[:4], state[4:12] = _CONSTANTS[:, None], np.asarray(key, np.uint32)[:, None]
    low = np.uint64(0xFFFFFFFF)
    state[12], state[13] = block & low, block >> np.uint64(32)
    state[14], state[15] = stream & 0xFFFFFFFF, stream >> 32
    x = state.copy()

    def quarter(a, b, c, d):
        for p, q, r, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[p] += x[q]
            x[r] ^= x[p]
            x[r] = (x[r] << np.uint32(turn)) | (x[r] >> np.uint32(32 - turn))

    for _ in range(4):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    words = (x + state).T.reshape(-1)
    return words[start - 16 * first :][:count]


def _key_of_seed(seed):
    """Eight words from 64 bits, by PCG32 (O'Neill, 2014)."""
    state, words = seed & (2**64 - 1), []
    for _ in range(8):
        state = (state * 0x5851F42D4C957F2D + 0xA17654E46FBE17F3) & (2**64 - 1)
        mixed = (((state >> 18) ^ state) >> 27) & 0xFFFFFFFF
        turn = state >> 59
        words.append(((mixed >> turn) | (mixed << (-turn & 31))) & 0xFFFFFFFF)
    return words


def epoch_order(seed, epoch, length):
    """All rows of an epoch in the order in which they are used: a Feistel network over the places."""
    rows = int(np.ceil(np.sqrt(length))) if length > 1 else 1
    while rows > 1 and (rows - 1) * (rows - 1) >= length:
        rows -= 1
    rows += rows % 2
    columns = max(-(-length // rows), 1)
    keys = chacha8(_key_of_seed(seed ^ 0x464549535445_4C31), epoch, 0, 16)

    def drawn(digit, key, bound):
        word = np.uint32(0xFFFFFFFF)
        mixed = (digit + key) & word
        mixed = (mixed ^ (mixed >> np.uint32(16))) * np.uint32(0x7FEB352D)
        mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(0x846CA68B)
        mixed ^= mixed >> np.uint32(16)
        return (mixed.astype(np.uint64) * np.uint64(bound)) >> np.uint64(32)

    def permute(place):
        high, low = place // columns, place % columns
        for first, second in keys.reshape(8, 2):
            high = (high + drawn(low.astype(np.uint32), first, rows)) % rows
            low = (low + drawn(high.astype(np.uint32), second, columns)) % columns
        return high * columns + low

    place = permute(np.arange(length, dtype=np.uint64))
    while (beyond := place >= length).any():
        place[beyond] = permute(place[beyond])
    return place.astype(np.int64)


def _words(seed, purpose, step, layer, count):
    key = np.array([seed, purpose, layer, 0], dtype="<u8").view("<u4")
    return chacha8(key, step, 0, count)


def dropout_mask(seed, step, layer, shape, rate, whole_channels=False, rank=0, size=1):
    """1 where a number is kept, 0 where it is dropped.

    `shape` begins with the batch; pictures are [B, C, H, W]. Of a batch that `size`
    processes share, rows `rank`, `rank + size` and so on.
    """
    whole = ((shape[0] - 1) * size + rank + 1, *shape[1:])
    drawn = whole
    if whole_channels and len(shape) == 4:
        drawn = (*whole[:2], 1, 1)
    elif whole_channels and len(shape) == 3:
        drawn = (whole[0], 1, whole[2])
    count = int(np.prod(drawn))
    bits = _words(seed, 2, step, layer, (count + 1) // 2).astype("<u4").view("<u2")
    mask = (bits[:count] >= int(rate * 65536.0 + 0.5)).astype(np.float32)
    return np.broadcast_to(mask.reshape(drawn)[rank::size], shape)


def noise(seed, step, layer, shape, rank=0, size=1):
    """Standard normal numbers, by Box and Muller's transform; rows as for dropout."""
    whole = ((shape[0] - 1) * size + rank + 1, *shape[1:])
    count = int(np.prod(whole))
    words = _words(seed, 3, step, layer, 4 * count).astype("<u4").view("<u8")
    unit = (words >> np.uint64(11)).astype(np.float64) / 2.0**53
    radius = np.sqrt(-2.0 * np.log(1.0 - unit[0::2]))
    drawn = (radius * np.cos(2.0 * np.pi * unit[1::2])).astype(np.float32)
    return drawn.reshape(whole)[rank::size]


def augmentation_draws(seed, epoch, row, count, purpose=0x0041_5547_4D45_4E54):
    """Uniform numbers between 0 and 1 for a sample of an epoch."""
    key = _key_of_seed(seed ^ purpose)
    words = chacha8(key, epoch << 32 | row, 0, 2 * count).astype("<u4").view("<u8")
    return (words >> np.uint64(11)).astype(np.float64) / 2.0**53


def shear_draw(seed, epoch, row):
    """How far a sample leans, from numbers of its own."""
    return augmentation_draws(seed, epoch, row, 1, 0x0053_4845_4152)[0]


def mixup_draws(seed, epoch, row):
    """What the share of a sample in its mixture is made of."""
    return augmentation_draws(seed, epoch, row, 2, 0x004D_4958_5550)


def partners(order, batch_size):
    """For each row whom it is mixed with: the one before it in its batch, the last for the first."""
    partner = np.empty_like(order)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        partner[rows] = np.roll(rows, 1)
    return partner


def batches(seed, length, batch_size):
    """The rows of batch after batch, epoch after epoch, without end."""
    for epoch in itertools.count():
        order = epoch_order(seed, epoch, length)
        for start in range(0, length, batch_size):
            yield order[start : start + batch_size]


def options(epochs):
    """A parser of the options that every train.py has."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add = parser.add_argument
    add("--epochs", type=int, default=epochs)
    add("--steps", type=int, help="stop after this many steps")
    add("--device", help="cpu, or a GPU (default: a GPU if there is one)")
    add("--threads", type=int, help="of the CPU")
    # torchrun has options that begin with --log, and takes that for one of them.
    log = "one JSON line a step and an epoch (--log-file under torchrun)"
    add("--log", "--log-file", metavar="FILE", help=log)
    add("--checkpoint", metavar="FILE", help="written after every epoch")
    add("--seconds", action="store_true", help="say in the log when it was written")
    add("--until-closed", action="store_true", help=argparse.SUPPRESS)
    return parser


def parsed(parser):
    options = parser.parse_args()
    if options.until_closed:
        until_closed()
    return options


class Plateau:
    """Cuts the rate when nothing has improved for a while, as ReduceLROnPlateau does.

    The rate is `rate * scale`: a schedule may move it besides.
    """

    def __init__(
        self,
        rate,
        mode="min",
        factor=0.1,
        patience=10,
        threshold=1e-4,
        threshold_mode="rel",
        cooldown=0,
        min_lr=0.0,
        eps=1e-8,
    ):
        self.rate, self.mode, self.factor, self.patience = rate, mode, factor, patience
        self.threshold, self.relative = threshold, threshold_mode == "rel"
        self.cooldown, self.min_lr, self.eps = cooldown, min_lr, eps
        self.best, self.bad, self.resting, self.scale = None, 0, 0, 1.0

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)

    def is_better(self, result):
        if self.best is None:
            return result < np.inf if self.mode == "min" else result > -np.inf
        margin = self.threshold * (self.best if self.relative else 1.0)
        if self.mode == "min":
            return result < self.best - margin
        return result > self.best + margin

    def step(self, result):
        if self.is_better(result):
            self.best, self.bad = result, 0
        else:
            self.bad += 1
        if self.resting > 0:
            self.resting, self.bad = self.resting - 1, 0
        if self.bad > self.patience:
            self.resting, self.bad = self.cooldown, 0
            old = self.rate * self.scale
            new = max(old * self.factor, self.min_lr)
            if old - new > self.eps:
                self.scale = new / self.rate


class Log:
    """One JSON line a step and one an epoch, as `glassbox train --log` writes them; the first of all processes does."""

    def __init__(self, options, is_first=True):
        self.options = options
        self.is_first, self.seconds = is_first, options.seconds
        self.paused, self.losses = 0.0, []
        self.file = (
            open(options.log, "w", buffering=1) if options.log and is_first else None
        )

    def write(self, **line):
        if self.file and self.seconds:
            line["seconds"] = time.time() - _began() - self.paused
        if self.file:
            print(json.dumps(line), file=self.file)
        if not _goes_on.is_set():
            since = time.time()
            _goes_on.wait()
            self.paused += time.time() - since

    def step(self, step, loss, accuracy, learning_rate, losses=None):
        """`losses`: each by its name, where there are several."""
        line = {"loss": loss, "accuracy": accuracy, "learning_rate": learning_rate}
        if losses:
            self.losses.append(losses)
            line["losses"] = losses
        self.write(event="step", step=step, **line)
        if is_stopped():
            self.options.steps = step

    def epoch(self, epoch, step, train_loss, val_loss, losses=None, **score):
        numbers = {"train_loss": train_loss, "val_loss": val_loss, **score}
        each = {}
        if losses:
            means = {
                name: sum(step[name] for step in self.losses) / len(self.losses)
                for name in losses
            }
            each = {"train_losses": means, "val_losses": losses}
            self.losses = []
        self.write(event="epoch", epoch=epoch, step=step, **numbers, **each)
        if self.is_first:
            text = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
            print(f"epoch {epoch}: {text}", flush=True)

    def end(self):
        if self.file and self.seconds:
            self.write(event="end", peak_bytes=_peak_bytes())


def _peak_bytes():
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _began():
    """When this process was started, in seconds of `time.time`."""
    global _start
    if _start is None:
        try:
            with open("/proc/self/stat") as file:
                ticks = int(file.read().rsplit(")", 1)[1].split()[19])
            with open("/proc/uptime") as file:
                up = float(file.read().split()[0])
            _start = time.time() - (up - ticks / os.sysconf("SC_CLK_TCK"))
        except (OSError, ValueError):
            _start = _loaded
    return _start


_start, _loaded = None, time.time()


_goes_on, _stopped = threading.Event(), threading.Event()
_goes_on.set()


def until_closed():
    """Ends this process when standard input is closed: when who started it is gone.

    Lines there are heard behind the next line of the log: "pause", "go", and "stop", which ends training in good order.
    """

    def listen():
        while read := os.read(0, 4096):
            word = read.split()[-1:]
            if word == [b"stop"]:
                _stopped.set()
            if word == [b"pause"]:
                _goes_on.clear()
            else:
                _goes_on.set()
        os._exit(143)

    threading.Thread(target=listen, daemon=True).start()


def is_stopped():
    """Whether who started this process wants it to end with what it has."""
    return _stopped.is_set()


def r_squared(outputs, targets, together=False):
    """The share of the variance that is explained: the mean over the outputs, or of all numbers together."""
    outputs, targets = (
        np.asarray(a, np.float64).reshape(len(a), -1) for a in (outputs, targets)
    )
    residual = ((outputs - targets) ** 2).sum(0)
    total = ((targets - targets.mean(0)) ** 2).sum(0)
    if together:
        return float(1.0 - residual.sum() / total.sum()) if total.sum() else 0.0
    return float(
        np.where(
            total == 0.0, 0.0, 1.0 - residual / np.where(total == 0.0, 1.0, total)
        ).mean()
    )
