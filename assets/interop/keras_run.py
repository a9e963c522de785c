"""What train.py needs around fit: options, samples, batches, the numbers that Glassbox drew, the log."""

import argparse

import keras
import numpy as np

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
    if options.device == "cpu" and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

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


class Batches(keras.utils.PyDataset):
    """The batches of an epoch in the order of Glassbox."""

    def __init__(self, data, compared, batch_size, seed):
        super().__init__()
        self.data, self.compared = data, compared
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
        self.rows = reproduce.epoch_order(seed, 0, len(data[0]))
        # Keras looks at a batch before the first epoch, and counts that as one: who trains says which it is.
        Batches.current = self

    def __len__(self):
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, place):
        rows = self.rows[place * self.batch_size :][: self.batch_size]
        x, y = (part[rows] for part in self.data)
        return x, self.compared(x, y)

    def set_epoch(self, epoch):
        self.epoch = epoch
        self.rows = reproduce.epoch_order(self.seed, epoch, len(self.rows))


class Draws:
    """Dropout and noise as Glassbox draws them; on TensorFlow, other backends draw numbers of their own."""

    def __init__(self, model, seed, layers):
        self.seed, self.step = seed, None
        if keras.backend.backend() != "tensorflow":
            return
        import tensorflow as tf

        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        for name, (key, picture) in layers.items():
            layer = model.get_layer(name)
            layer.call = self.replayed(tf, layer, key, picture)

    def at(self, step):
        if self.step is not None:
            self.step.assign(step)

    def replayed(self, tf, layer, key, picture):
        whole = type(layer).__name__.startswith("Spatial")

        def draw(step, shape):
            shape = tuple(int(size) for size in shape)
            at = (self.seed, int(step), key)
            ours = (shape[0], shape[3], *shape[1:3]) if len(shape) == 4 else shape
            if hasattr(layer, "stddev"):
                drawn = reproduce.noise(*at, ours)
            elif picture:
                rows, columns, channels = picture
                drawn = reproduce.dropout_mask(*at, ours, layer.rate)
                drawn = drawn.reshape(-1, channels, rows, columns)
                return np.ascontiguousarray(np.moveaxis(drawn, 1, -1).reshape(shape), np.float32)
            else:
                drawn = reproduce.dropout_mask(*at, ours, layer.rate, whole)
            drawn = np.moveaxis(drawn, 1, -1) if len(shape) == 4 else drawn
            return np.ascontiguousarray(drawn, np.float32)

        def call(x, training=False):
            if not training:
                return x
            drawn = tf.numpy_function(draw, [self.step, tf.shape(x)], tf.float32)
            drawn.set_shape(x.shape)
            drawn = tf.cast(drawn, x.dtype)
            if hasattr(layer, "stddev"):
                return x + layer.stddev * drawn
            return x * drawn / (1.0 - layer.rate)

        return call


class Watch(keras.callbacks.Callback):
    """Sets the pace of each step, and writes the log as Glassbox does."""

    def __init__(self, options, pace, draws):
        super().__init__()
        self.options, self.pace, self.draws = options, pace, draws
        self.log, self.step, self.losses = reproduce.Log(options.log, options.seconds), 0, []

    def validate(self, data, compared, score, key, answer):
        self.validation = data, compared, score, key, answer

    def on_epoch_begin(self, epoch, logs=None):
        Batches.current.set_epoch(epoch)

    def on_train_batch_begin(self, batch, logs=None):
        self.model.reset_metrics()
        self.pace(self.model.optimizer, self.step)
        if self.draws:
            self.draws.at(self.step)

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.losses.append(float(logs["loss"]))
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.log.write(event="step", step=self.step, loss=self.losses[-1], learning_rate=rate)
        if self.options.steps is not None and self.step >= self.options.steps:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        self.log.end()

    def on_epoch_end(self, epoch, logs=None):
        (x, y), compared, score, key, answer = self.validation
        outputs = self.model.predict(x, batch_size=512, verbose=0)
        found = outputs[answer] if isinstance(outputs, (list, tuple)) else outputs
        val_loss = float(self.model.compute_loss(x, compared(x, y), outputs))
        line = {"train_loss": float(np.mean(self.losses)), "val_loss": val_loss}
        line[f"val_{key}"] = score(found, x, y)
        self.losses = []
        self.log.write(event="epoch", epoch=epoch + 1, step=self.step, **line)
        text = ", ".join(f"{name} {value:.4f}" for name, value in line.items())
        print(f"epoch {epoch + 1}: {text}", flush=True)
