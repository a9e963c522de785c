"""What train.py needs around fit: options, devices, batches, the numbers that Glassbox drew, the log."""

import contextlib
import functools
import os
import sys

import keras
import numpy as np

import reproduce

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
if ON_TENSORFLOW:
    import tensorflow as tf

    import tensorflow_run


def options(epochs):
    if ON_TENSORFLOW:
        return tensorflow_run.options(epochs)
    return reproduce.parsed(reproduce.options(epochs))


class Devices:
    """One device, or all that there are: tf.distribute on TensorFlow, keras.distribution on JAX."""

    def __init__(self):
        if "TF_CONFIG" in os.environ:
            # Its fit averages each replica's loss, a single number, along an axis.
            sys.exit("Keras 3 can't train on several machines with tf.distribute.")
        self.strategy = tensorflow_run.strategy() if ON_TENSORFLOW else None
        if (
            keras.backend.backend() == "jax"
            and len(keras.distribution.list_devices()) > 1
        ):
            keras.distribution.set_distribution(keras.distribution.DataParallel())

    def scope(self):
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def batches(self, data, batch_size, seed, augmentation=None):
        """Batches without end, every epoch in the order of Glassbox, and how many an epoch has."""
        length = len(keras.tree.flatten(data)[0])
        steps = -(-length // batch_size)
        if self.strategy:
            more = {"epoch": 0, "epochs": 2**31, "augmentation": augmentation}
            run = tensorflow_run.batches
            return run(self.strategy, data, batch_size, seed, **more), steps
        rows = reproduce.batches(seed, length, batch_size)
        return numpy_batches(data, rows, steps, augmentation), steps

    def adopt(self, model, data):
        """Lets fit begin on several devices: Keras 3.15 can't build from batches that are spread over them."""
        if self.strategy and self.strategy.num_replicas_in_sync > 1:
            some = keras.tree.map_structure(lambda part: tf.constant(part[:2]), data)

            def build(iterator=None, data_batch=None):
                with self.strategy.scope():
                    model._symbolic_build(data_batch=some)

            model._maybe_symbolic_build = build


def numpy_batches(data, batches, steps, augmentation):
    for step, rows in enumerate(batches):
        some = keras.tree.map_structure(lambda part: part[rows], data)
        if augmentation:
            some = augmentation.batch(*some, rows, step // steps, channels_last=True)
        yield some


def mixed(loss):
    """Of truths that hold the targets of both parts of each mixture, and the share of the first."""

    @functools.wraps(loss)
    def both(y, answer):
        width = (y.shape[-1] - 1) // 2
        own, other, share = y[:, :width], y[:, width : 2 * width], y[:, -1]
        return share * loss(own, answer) + (1 - share) * loss(other, answer)

    return both


class Draws:
    """Dropout and noise as Glassbox draws them; on TensorFlow, other backends draw numbers of their own."""

    def __init__(self, model, seed, layers):
        self.draws = tensorflow_run.Draws(seed) if ON_TENSORFLOW and layers else None
        for name, (key, picture) in layers.items() if self.draws else ():
            layer = model.get_layer(name)
            layer.call = self.replayed(layer, key, picture)

    def at(self, step):
        if self.draws:
            self.draws.step.assign(step)

    def replayed(self, layer, key, picture):
        is_noise = hasattr(layer, "stddev")
        whole = type(layer).__name__.startswith("Spatial")

        def call(x, training=False):
            if not training:
                return x
            if is_noise:
                return self.draws.noise(x, layer.stddev, key)
            return self.draws.dropout(x, layer.rate, key, whole, picture)

        return call


class Watch(keras.callbacks.Callback):
    """Sets the pace of each step, validates, and writes the log as Glassbox does."""

    def __init__(self, options, pace, validation, score, draws):
        super().__init__()
        self.options, self.pace, self.draws = options, pace, draws
        self.validation, self.score = validation, score
        self.plateau = self.watched = None
        # The losses by their names, where there are several.
        self.each = {}
        is_first = not ON_TENSORFLOW or tensorflow_run.is_first()
        self.log, self.step, self.losses = reproduce.Log(options, is_first), 0, []

    def on_train_batch_begin(self, batch, logs=None):
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        self.model.reset_metrics()
        self.draws.at(self.step)
        scale = {"scale": self.plateau.scale} if self.plateau else {}
        self.pace(self.model.optimizer, self.step, **scale)
        self.penalty = self.penalties()

    def penalties(self):
        return float(sum(self.model.losses))

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.losses.append(float(logs["loss"]) - self.penalty)
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        right = [float(logs[key]) for key in logs if key.endswith("accuracy")]
        accuracy = right[0] if right else None
        # The logs are in the order of the alphabet.
        named = dict(zip(self.model.output_names, self.each))
        each = {name: float(logs[f"{output}_loss"]) for output, name in named.items()}
        self.log.step(self.step, self.losses[-1], accuracy, rate, each)
        if self.step == self.options.steps or reproduce.is_stopped():
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        inputs, targets, *weights = self.validation

        def part(start):
            return keras.tree.map_structure(lambda a: a[start : start + 512], inputs)

        def whole(*parts):
            return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])

        starts = range(0, len(keras.tree.flatten(inputs)[0]), 512)
        outputs = [self.model(part(start), training=False) for start in starts]
        outputs = keras.tree.map_structure(whole, *outputs)
        loss = (
            float(self.model.compute_loss(inputs, targets, outputs, *weights))
            - self.penalties()
        )
        each = {
            name: float(keras.ops.mean(loss(target, output) * (weights or [1.0])[0]))
            for (name, loss), target, output in zip(self.each.items(), targets, outputs)
        }
        name, score = self.score(outputs, targets)
        line = {
            "train_loss": float(np.mean(self.losses)),
            "val_loss": loss,
            f"val_{name}": score,
        }
        # All callbacks behind this one see it.
        logs.update(line)
        self.losses = []
        self.log.epoch(epoch + 1, self.step, losses=each, **line)
        if self.plateau:
            self.plateau.step(line[self.watched])
        self.save()

    def save(self):
        if self.options.checkpoint and self.log.is_first:
            self.model.save(self.options.checkpoint)

    def on_train_end(self, logs=None):
        self.log.end()
