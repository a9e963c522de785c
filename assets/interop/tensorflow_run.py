"""What train.py needs around its loop: options, devices, batches, the numbers that Glassbox drew."""

import contextlib
import json
import os

import numpy as np
import tensorflow as tf

import reproduce


def options(epochs):
    options = reproduce.parsed(reproduce.options(epochs))
    if options.device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    if options.threads:
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
        tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    return options


def strategy():
    """One device, all GPUs of this machine, or the machines that TF_CONFIG names."""
    if "TF_CONFIG" in os.environ:
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_first():
    """Whether this process writes the log: of several machines, the first."""
    task = json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {})
    return task.get("type", "chief") == "chief" or task.get("index") == 0


def log(options):
    return reproduce.Log(options, is_first())


@contextlib.contextmanager
def copies(strategy):
    """Variables of which every replica has a copy: all get the same updates, and averages of running statistics."""

    def make(creator, **settings):
        how = tf.VariableAggregation.ONLY_FIRST_REPLICA
        if settings.get("trainable") is False and settings.get("dtype") != tf.int64:
            how = tf.VariableAggregation.MEAN
        return creator(**{**settings, "aggregation": how})

    with strategy.scope(), tf.variable_creator_scope(make):
        yield


def weights(path="weights.safetensors", dtype=np.float32):
    return {
        name: array.astype(dtype) for name, array in reproduce.tensors(path).items()
    }


def save(path, network):
    """The weights under the names that they have in the model."""
    if path and is_first():
        named = {
            n: v.numpy() for n, v in vars(network).items() if isinstance(v, tf.Variable)
        }
        reproduce.save_tensors(path, named)


def batches(strategy, data, batch_size, seed, epoch=0, epochs=1, augmentation=None):
    """A tf.data pipeline in the order of Glassbox; each replica gets its share of every batch."""
    data = tf.nest.map_structure(tf.constant, data)
    length = len(tf.nest.flatten(data)[0])

    def order(epoch):
        def draw(epoch):
            return reproduce.epoch_order(seed, int(epoch), length)

        order = tf.ensure_shape(tf.numpy_function(draw, [epoch], tf.int64), [length])
        rows = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
        # Each with whom mixup mixes it.
        return rows.map(lambda rows: (epoch, rows, tf.roll(rows, 1, 0)))

    def gathered(rows):
        return tf.nest.map_structure(lambda part: tf.gather(part, rows), data)

    def augmented(epoch, rows, partners):
        x, y = gathered(rows)
        others, told = (), [(x.dtype, x.shape), (y.dtype, y.shape)]
        if augmentation.mixup:
            others = *gathered(partners), partners
            told += [told[1], (tf.float32, [None])]
        if augmentation.packs:
            width = 2 * (y.shape[1] if len(y.shape) > 1 else 1) + 1
            told[1:] = [(tf.float32, [None, width])]

        def change(epoch, x, y, rows, *others):
            how = {"channels_last": True, "others": others or None}
            return augmentation.batch(x, y, rows, int(epoch), **how)

        types = [dtype for dtype, _ in told]
        made = tf.numpy_function(change, [epoch, x, y, rows, *others], types)
        return tuple(tf.ensure_shape(part, of) for part, (_, of) in zip(made, told))

    def pipeline(context):
        replicas = strategy.num_replicas_in_sync
        here = replicas // context.num_input_pipelines
        first = here * context.input_pipeline_id
        rows = tf.data.Dataset.range(epoch, epoch + epochs).flat_map(order)
        if replicas > 1:
            own = tf.data.Dataset.range(first, first + here)
            rows = rows.flat_map(
                lambda epoch, *rows: own.map(
                    lambda replica: (epoch, *(part[replica::replicas] for part in rows))
                )
            )

        def pick(epoch, rows, partners):
            if augmentation:
                return augmented(epoch, rows, partners)
            return gathered(rows)

        return rows.map(pick).prefetch(tf.data.AUTOTUNE)

    return strategy.distribute_datasets_from_function(pipeline)


class Draws:
    """Dropout masks and noise as Glassbox draws them, in place of TensorFlow's own."""

    def __init__(self, seed, network=None):
        self.seed, self.step = seed, tf.Variable(0, dtype=tf.int64, trainable=False)
        if network is not None:
            network.dropout, network.noise = self.dropout, self.noise

    def dropout(self, x, rate, layer, whole_channels=False, picture=None):
        """`picture`: rows, columns and channels, in which order a row lies here."""

        def mask(at, shape, share):
            if picture is None:
                return reproduce.dropout_mask(*at, shape, rate, whole_channels, *share)
            rows, columns, channels = picture
            flat = (shape[0], channels * rows * columns)
            drawn = reproduce.dropout_mask(*at, flat, rate, False, *share)
            drawn = drawn.reshape(shape[0], channels, rows, columns)
            return np.moveaxis(drawn, 1, -1).reshape(shape)

        return x * self.drawn(mask, x, layer) / (1.0 - rate)

    def noise(self, x, deviation, layer):
        def noise(at, shape, share):
            return reproduce.noise(*at, shape, *share)

        return x + deviation * self.drawn(noise, x, layer)

    def drawn(self, function, x, layer):
        replica = tf.distribute.get_replica_context()
        size = replica.num_replicas_in_sync

        def draw(step, shape, rank):
            shape = tuple(int(size) for size in shape)
            ours = (shape[0], shape[3], *shape[1:3]) if len(shape) == 4 else shape
            drawn = function((self.seed, int(step), layer), ours, (int(rank), size))
            drawn = np.moveaxis(drawn, 1, -1) if len(shape) == 4 else drawn
            return np.ascontiguousarray(drawn, np.float32)

        rank = tf.cast(replica.replica_id_in_sync_group, tf.int64)
        drawn = tf.numpy_function(draw, [self.step, tf.shape(x), rank], tf.float32)
        drawn.set_shape(x.shape)
        return tf.cast(drawn, x.dtype)
