"""Pictures as Glassbox changes them while training: each time a little otherwise.

What becomes of a sample is a function of the seed, the epoch and its row, so that Glassbox and this file make the same
of it. Values are 0 to 1, and stay so.
"""

import numpy as np

import reproduce

LEAST_LEFT = 0.25


class Augmentation:
    """`flip`, `flip_up_down`: half of all pictures are mirrored. `rotation` and `shear` in degrees, `shift` and `zoom` as
    shares of the side, `brightness`, `contrast` and `saturation` as shares: at most. `noise`: standard deviation.
    `cutout`: side of a grey square. `things`: targets are boxes (class, left, top, right, bottom), which move with the
    pictures. `mixup`: each picture is mixed with that of its partner, the sample before it in the batch; its share is
    drawn from Beta(mixup, mixup). `packs`: for Keras, whose losses get one array of truths.
    """

    def __init__(
        self,
        seed,
        flip=False,
        flip_up_down=False,
        rotation=0.0,
        shift=0.0,
        zoom=0.0,
        shear=0.0,
        brightness=0.0,
        contrast=0.0,
        saturation=0.0,
        noise=0.0,
        cutout=0.0,
        things=False,
        mixup=0.0,
        packs=False,
    ):
        self.seed, self.flip, self.flip_up_down = seed, flip, flip_up_down
        self.rotation, self.shift, self.zoom = rotation, shift, zoom
        self.shear = shear
        self.brightness, self.contrast, self.saturation = (
            brightness,
            contrast,
            saturation,
        )
        self.noise, self.cutout, self.things = noise, cutout, things
        self.mixup, self.packs = mixup, packs

    def batch(
        self, x, y, rows, epoch, channels_last=False, others=None, dtype=np.float32
    ):
        """Arrays of some rows, changed as in an epoch.

        With mixup also the targets of the partners, and the share of each sample in its mixture. `others`: x, y and
        rows of the partners, where they are not each the sample before. Pictures are mixed in `dtype`.
        """
        made = self.changed(x, y, rows, epoch, channels_last)
        if not self.mixup:
            return made
        x, y = made
        if others is None:
            other_x, other_y = np.roll(x, 1, 0), np.roll(y, 1, 0)
        else:
            other_x, other_y = self.changed(*others, epoch, channels_last)
        shares = np.stack([self.share(row, epoch) for row in rows])
        own = shares.astype(dtype).reshape(-1, *[1] * (x.ndim - 1))
        x = own * x.astype(dtype) + (1 - own) * other_x.astype(dtype)
        return (
            self.packed(x, y, other_y, shares)
            if self.packs
            else (x, y, other_y, shares)
        )

    def packed(self, x, y, other_y=None, shares=None):
        """Targets, those of the partners and shares as one array; of samples as they are the share is 1."""
        other_y = y if other_y is None else other_y
        shares = np.ones(len(x)) if shares is None else shares
        parts = (np.reshape(part, (len(x), -1)) for part in (y, other_y, shares))
        return x, np.concatenate([part.astype(np.float32) for part in parts], -1)

    def changed(self, x, y, rows, epoch, channels_last):
        """Each by itself."""
        x = np.moveaxis(x, -1, 1) if channels_last else x
        made = [self.sample(*one, epoch) for one in zip(x, y, rows)]
        x, y = (np.stack(part) for part in zip(*made))
        x = np.moveaxis(x, 1, -1) if channels_last else x
        return np.ascontiguousarray(x), y

    def share(self, row, epoch):
        """The larger part of a draw from Beta(mixup, mixup), by Bailey's way to Student's t."""
        radius, turn = reproduce.mixup_draws(self.seed, epoch, int(row))
        with np.errstate(over="ignore", divide="ignore"):
            square = np.power(1.0 - radius, -1.0 / self.mixup) - 1.0
            square *= np.cos(2.0 * np.pi * turn) ** 2
            return np.float32(0.5 + 0.5 / np.sqrt(1.0 + 1.0 / square))

    def sample(self, picture, target, row, epoch):
        """A picture [C, H, W] and its target."""
        values = 2 * picture.size if self.noise > 0.0 else 0
        unit = reproduce.augmentation_draws(self.seed, epoch, int(row), 11 + values)
        even, rest = 2.0 * unit[:11] - 1.0, unit[11:]
        down, across = even[0] < 0.0, even[1] < 0.0
        self.mirrored = (down and self.flip_up_down, across and self.flip)
        self.angle = np.radians(even[2] * self.rotation)
        self.by = even[3:5] * self.shift
        self.size = (1.0 + self.zoom) ** even[5]
        self.leaning = 0.0
        if self.shear > 0.0:
            unit_of_shear = reproduce.shear_draw(self.seed, epoch, int(row))
            self.leaning = np.tan(np.radians((2.0 * unit_of_shear - 1.0) * self.shear))
        self.hole = 0.5 + 0.5 * even[9:11]
        picture = self.coloured(self.placed(picture), unit[6:9])
        if self.noise > 0.0:
            radius = np.sqrt(-2.0 * np.log(1.0 - rest[0::2]))
            normal = radius * np.cos(2.0 * np.pi * rest[1::2])
            noise = (self.noise * normal).astype(np.float32)
            picture = picture + noise.reshape(picture.shape)
        picture = np.clip(picture, 0.0, 1.0)
        rows, columns = self.cut_out(picture.shape[1:])
        picture[:, rows, columns] = 0.5
        if self.things:
            target = self.moved(target, picture.shape[1:])
        return picture, target

    def is_placed(self):
        is_turned = self.angle != 0.0 or self.leaning != 0.0
        return is_turned or self.by.any() or self.size != 1.0

    def placed(self, picture):
        """Mirrored, leaning, turned, enlarged and moved about the middle; what comes in continues the border."""
        down, across = (-1 if is_so else 1 for is_so in self.mirrored)
        picture = picture[:, ::down, ::across]
        if not self.is_placed():
            return picture.copy()
        shape = np.array(picture.shape[1:])
        sin, cos = np.sin(self.angle) / self.size, np.cos(self.angle) / self.size
        middle, last = (shape - 1) / 2.0, shape - 1
        y, x = np.indices(shape) - (middle + self.by * shape)[:, None, None]
        y, x = cos * y - sin * x, sin * y + cos * x
        y, x = y + middle[0], x - self.leaning * y + middle[1]
        y, x = np.clip(y, 0.0, last[0]), np.clip(x, 0.0, last[1])
        top, left = y.astype(int), x.astype(int)
        low, right = np.minimum(top + 1, last[0]), np.minimum(left + 1, last[1])
        v, u = (y - top).astype(np.float32), (x - left).astype(np.float32)
        above = picture[:, top, left] * (1 - u) + picture[:, top, right] * u
        below = picture[:, low, left] * (1 - u) + picture[:, low, right] * u
        return above * (1 - v) + below * v

    def coloured(self, picture, unit):
        """With 32-bit sums in Glassbox's order, so that the numbers are the same."""
        reach = np.array([self.brightness, self.contrast, self.saturation])
        drawn = (-reach + unit * (2.0 * reach)).astype(np.float32)
        brightness, contrast, saturation = drawn + np.float32([0, 1, 1])
        if saturation != 1.0 and len(picture) == 3:
            r, g, b = picture
            weights = np.float32([0.299, 0.587, 0.114])
            grey = weights[0] * r + weights[1] * g + weights[2] * b
            picture = grey + (picture - grey) * saturation
        if contrast != 1.0 or brightness != 0.0:
            each = np.cumsum(picture.ravel(), dtype=np.float32)
            mean = each[-1] / np.float32(picture.size)
            picture = mean + (picture - mean) * contrast + brightness
        return picture

    def cut_out(self, shape):
        """The rows and columns of a square of grey."""
        side = self.cutout * min(shape)
        if side < 1.0:
            return slice(0, 0), slice(0, 0)

        def span(middle, length):
            start = middle * length - side / 2.0
            start, end = (np.floor(n + 0.5) for n in (start, start + side))
            return slice(int(max(start, 0)), min(int(max(end, 0)), length))

        return tuple(span(*pair) for pair in zip(self.hole, shape))

    def moved(self, target, shape):
        """Boxes around where the corners of boxes come to lie; those of which too little is left are taken out."""
        target = target.copy()
        cut = zip(self.cut_out(shape), shape)
        hole = [(part.start / size, part.stop / size) for part, size in cut]
        for thing in target.reshape(-1, 5):
            if thing[0] < 0.0:
                continue
            across, down = thing[[1, 3]], thing[[2, 4]]
            if self.mirrored[0]:
                down = 1 - down[::-1]
            if self.mirrored[1]:
                across = 1 - across[::-1]
            if self.is_placed():
                down, across = self.corners(down, across, shape)
            down, across = np.float32(down), np.float32(across)
            whole = _area(down, across)
            down, across = np.clip(down, 0, 1), np.clip(across, 0, 1)
            left = _area(down, across)
            (top, bottom), (begin, end) = np.float32(hole)
            hidden = _area(
                (max(down[0], top), min(down[1], bottom)),
                (max(across[0], begin), min(across[1], end)),
            )
            stays = left > 0.0 and left >= LEAST_LEFT * whole
            if stays and hidden <= (1.0 - LEAST_LEFT) * left:
                thing[1:] = across[0], down[0], across[1], down[1]
            else:
                thing[:] = -1.0, 0.0, 0.0, 0.0, 0.0
        return target

    def corners(self, down, across, shape):
        sin, cos = np.sin(self.angle) * self.size, np.cos(self.angle) * self.size
        y, x = np.meshgrid(
            (np.float64(down) - 0.5) * shape[0], (np.float64(across) - 0.5) * shape[1]
        )
        x = x + self.leaning * y
        rows = (cos * y + sin * x) / shape[0] + 0.5 + self.by[0]
        columns = (cos * x - sin * y) / shape[1] + 0.5 + self.by[1]
        return (rows.min(), rows.max()), (columns.min(), columns.max())


def _area(down, across):
    height, width = (float(part[1]) - float(part[0]) for part in (down, across))
    return max(height, 0.0) * max(width, 0.0)
