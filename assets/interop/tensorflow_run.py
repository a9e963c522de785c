"""What train.py needs around its loop: options, samples, batches, checkpoints, the log."""

import argparse

import numpy as np
import tensorflow as tf

import reproduce


def options(epochs):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--steps", type=int, help="stop after this many steps")
    parser.add_argument("--log", metavar="FILE", help="one JSON line a step and an epoch")
    parser.add_argument("--threads", type=int, help="of the CPU")
    parser.add_argument("--device", help="cpu, or a GPU where there is one")
    parser.add_argument(
        "--seconds",
        action="store_true",
        help="say in the log when each line was written",
    )
    parser.add_argument("--until-closed", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.until_closed:
        reproduce.until_closed()
    if options.device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    if options.threads:
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    return options


def samples(name, classes):
    """A part of data.npz, pictures with their channels last."""
    with np.load("data.npz") as arrays:
        x, y = arrays[f"{name}_x"], arrays[f"{name}_y"]
    x = np.moveaxis(x, 1, -1) if x.ndim == 4 else x
    return np.ascontiguousarray(x), y.astype(np.int32) if classes else y


def weights(path="weights.safetensors", dtype=np.float32):
    return {name: array.astype(dtype) for name, array in reproduce.tensors(path).items()}


def batches(data, batch_size, rows):
    """A tf.data pipeline over samples in this order."""
    x, y = (tf.constant(part) for part in data)
    dataset = tf.data.Dataset.from_tensor_slices(rows).batch(batch_size)
    return dataset.map(lambda rows: (tf.gather(x, rows), tf.gather(y, rows))).prefetch(2)


class Draws:
    """Dropout masks and noise as Glassbox draws them, in place of TensorFlow's own."""

    def __init__(self, network, seed):
        self.seed, self.step = seed, tf.Variable(0, dtype=tf.int64, trainable=False)
        network.dropout, network.noise = self.dropout, self.noise

    def dropout(self, x, rate, layer, whole_channels=False, picture=None):
        def mask(step, shape):
            shape = tuple(int(size) for size in shape)
            if picture is not None:
                rows, columns, channels = picture
                ours = (shape[0], channels * rows * columns)
                drawn = reproduce.dropout_mask(self.seed, int(step), layer, ours, rate)
                drawn = drawn.reshape(shape[0], channels, rows, columns)
                return np.moveaxis(drawn, 1, -1).reshape(shape).astype(np.float32)
            ours = (shape[0], shape[3], *shape[1:3]) if len(shape) == 4 else shape
            drawn = reproduce.dropout_mask(self.seed, int(step), layer, ours, rate, whole_channels)
            drawn = np.moveaxis(drawn, 1, -1) if len(shape) == 4 else drawn
            return np.ascontiguousarray(drawn, np.float32)

        kept = tf.numpy_function(mask, [self.step, tf.shape(x)], tf.float32)
        kept.set_shape(x.shape)
        return x * tf.cast(kept, x.dtype) / (1.0 - rate)

    def noise(self, x, deviation, layer):
        def draw(step, shape):
            shape = tuple(int(size) for size in shape)
            ours = (shape[0], shape[3], *shape[1:3]) if len(shape) == 4 else shape
            drawn = reproduce.noise(self.seed, int(step), layer, ours)
            drawn = np.moveaxis(drawn, 1, -1) if len(shape) == 4 else drawn
            return np.ascontiguousarray(drawn, np.float32)

        drawn = tf.numpy_function(draw, [self.step, tf.shape(x)], tf.float32)
        drawn.set_shape(x.shape)
        return x + deviation * tf.cast(drawn, x.dtype)
