"""What Glassbox draws at random, drawn again with numpy: the order of the samples, dropout masks and noise.

Every number comes from ChaCha8 (Bernstein, 2008), keyed by what it is for, so that any batch and any mask can be had
without the ones before it. The same seed gives the same numbers in Glassbox and here, bit for bit.
"""

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


def dropout_mask(seed, step, layer, shape, rate, whole_channels=False):
    """1 where a number is kept, 0 where it is dropped. `shape` begins with the batch; pictures are [B, C, H, W]."""
    drawn = shape
    if whole_channels and len(shape) == 4:
        drawn = shape[:2]
    elif whole_channels and len(shape) == 3:
        drawn = (shape[0], shape[2])
    count = int(np.prod(drawn))
    bits = _words(seed, 2, step, layer, (count + 1) // 2).astype("<u4").view("<u2")
    mask = (bits[:count] >= int(rate * 65536.0 + 0.5)).astype(np.float32).reshape(drawn)
    if whole_channels and len(shape) == 4:
        mask = mask[:, :, None, None]
    elif whole_channels and len(shape) == 3:
        mask = mask[:, None, :]
    return np.broadcast_to(mask, shape)


def noise(seed, step, layer, shape):
    """Standard normal numbers, by Box and Muller's transform."""
    count = int(np.prod(shape))
    words = _words(seed, 3, step, layer, 4 * count).astype("<u4").view("<u8")
    unit = (words >> np.uint64(11)).astype(np.float64) / 2.0**53
    radius = np.sqrt(-2.0 * np.log(1.0 - unit[0::2]))
    return (radius * np.cos(2.0 * np.pi * unit[1::2])).astype(np.float32).reshape(shape)


class Log:
    """One JSON line a step and one an epoch, as `glassbox train --log` writes them."""

    def __init__(self, path, seconds=False):
        self.file = open(path, "w", buffering=1) if path else None
        self.seconds, self.paused = seconds, 0.0

    def write(self, **line):
        if self.file and self.seconds:
            line["seconds"] = time.time() - _began() - self.paused
        if self.file:
            print(json.dumps(line), file=self.file)
        if not _goes_on.is_set():
            since = time.time()
            _goes_on.wait()
            self.paused += time.time() - since

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
            ours, recorded = np.asarray(ours, np.float64), np.asarray(
                recorded, np.float64
            )
            if ours.shape != recorded.shape:
                print(f"  {name}: shape {ours.shape}, recorded {recorded.shape}")
                self.failed = True
                continue
            count += 1
            both_nan = np.isnan(ours) & np.isnan(recorded)
            equal = (ours == recorded) | both_nan
            difference = np.where(equal, 0.0, np.abs(ours - recorded))
            scale = np.abs(np.where(np.isfinite(recorded), recorded, 0.0)).max(
                initial=0.0
            )
            scale = max(scale, floor * biggest)
            deviation = (
                difference.max(initial=0.0) / scale
                if scale
                else difference.max(initial=0.0)
            )
            if not deviation <= worst:
                worst = deviation
                index = (
                    np.unravel_index(
                        int(
                            np.nanargmax(
                                np.where(np.isnan(difference), np.inf, difference)
                            )
                        ),
                        ours.shape,
                    )
                    if ours.ndim
                    else ()
                )
                place = f"{name}{[int(i) for i in index]}" if ours.ndim else name
        held = limit is None or worst <= limit
        self.failed |= not held
        verdict = (
            ""
            if limit is None
            else f", at most {limit:.0e}: {'holds' if held else 'DOES NOT HOLD'}"
        )
        at = f" at {place}" if worst > 0.0 else ""
        print(f"{what}: {count} tensors, largest deviation {worst:.1e}{at}{verdict}")
        return worst
