//! Functions that the model's file brings along, where TensorFlow has no operation for a layer.

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Brought {
    Adaptive,
    BatchNorm,
    Bilinear,
    GroupNorm,
    HardSigmoid,
    Gru,
    Lstm,
    SimpleRnn,
}

impl Brought {
    /// Whether it needs `import numpy as np`.
    pub fn uses_numpy(self) -> bool {
        self == Self::Bilinear
    }

    /// The function.
    pub fn code(self) -> &'static str {
        match self {
            Self::Adaptive => ADAPTIVE,
            Self::BatchNorm => BATCH_NORM,
            Self::Bilinear => BILINEAR,
            Self::GroupNorm => GROUP_NORM,
            Self::HardSigmoid => HARD_SIGMOID,
            Self::Gru => GRU,
            Self::Lstm => LSTM,
            Self::SimpleRnn => SIMPLE_RNN,
        }
    }
}

const ADAPTIVE: &str = r#"def adaptive_average_pool(x, rows, columns):
    """The mean of each part of a picture."""

    def parts(size, n):
        return [(i * size // n, -(-(i + 1) * size // n)) for i in range(n)]

    def mean(a, b, c, d):
        return tf.reduce_mean(x[:, a:b, c:d], [1, 2])

    across = parts(x.shape[2], columns)
    rows = [[mean(a, b, c, d) for c, d in across] for a, b in parts(x.shape[1], rows)]
    return tf.stack([tf.stack(row, 1) for row in rows], 1)"#;

const BATCH_NORM: &str = r#"def batch_norm(
    x, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training
):
    """The moving variance is unbiased, as PyTorch's: divided by n - 1."""
    mean, variance = moving_mean, moving_variance
    if training:
        mean, variance = tf.nn.moments(x, list(range(x.shape.rank - 1)))
        n = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
        unbiased = variance * n / tf.maximum(n - 1, 1)
        moving_mean.assign((1 - momentum) * moving_mean + momentum * mean)
        moving_variance.assign((1 - momentum) * moving_variance + momentum * unbiased)
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)"#;

const BILINEAR: &str = r#"def upsample_bilinear(x, factor):
    """Pixels are areas. tf.image.resize is the same, in single precision only."""

    def along(size):
        place = np.maximum((np.arange(size * factor) + 0.5) / factor - 0.5, 0.0)
        low = place.astype(int)
        high, share = np.minimum(low + 1, size - 1), place - low
        eye = np.eye(size)
        return tf.constant((1 - share[:, None]) * eye[low] + share[:, None] * eye[high], x.dtype)

    x = tf.einsum("ih,bhwc->biwc", along(x.shape[1]), x)
    return tf.einsum("jw,biwc->bijc", along(x.shape[2]), x)"#;

const GROUP_NORM: &str = r#"def group_norm(x, groups, gamma, beta, epsilon):
    shape, inner = tf.shape(x), x.shape[1:-1].as_list()
    y = tf.reshape(x, [-1, *inner, groups, x.shape[-1] // groups])
    axes = [*range(1, len(inner) + 1), len(inner) + 2]
    mean, variance = tf.nn.moments(y, axes, keepdims=True)
    y = (y - mean) * tf.math.rsqrt(variance + epsilon)
    return tf.reshape(y, shape) * gamma + beta"#;

const HARD_SIGMOID: &str = r#"def hard_sigmoid(x):
    return tf.nn.relu6(x + 3.0) / 6.0"#;

const LSTM: &str = r#"def lstm(x, weights, function, gate):
    """The states of all steps, and the last."""
    kernel, recurrent, *biases = weights
    h = c = tf.zeros([tf.shape(x)[0], recurrent.shape[0]], x.dtype)
    states = []
    for z in tf.unstack(x @ kernel + sum(biases), axis=1):
        i, f, g, o = tf.split(z + h @ recurrent, 4, axis=1)
        c = gate(f) * c + gate(i) * function(g)
        h = gate(o) * function(c)
        states.append(h)
    return tf.stack(states, axis=1), h"#;

const GRU: &str = r#"def gru(x, weights, function, gate):
    """The states of all steps, and the last."""
    kernel, recurrent, *biases = weights
    into, between = tf.unstack(biases[0]) if biases else (0.0, 0.0)
    h = tf.zeros([tf.shape(x)[0], recurrent.shape[0]], x.dtype)
    states = []
    for a in tf.unstack(x @ kernel + into, axis=1):
        az, ar, an = tf.split(a, 3, axis=1)
        bz, br, bn = tf.split(h @ recurrent + between, 3, axis=1)
        z, r = gate(az + bz), gate(ar + br)
        h = z * h + (1 - z) * function(an + r * bn)
        states.append(h)
    return tf.stack(states, axis=1), h"#;

const SIMPLE_RNN: &str = r#"def simple_rnn(x, weights, function):
    """The states of all steps, and the last."""
    kernel, recurrent, *biases = weights
    h = tf.zeros([tf.shape(x)[0], recurrent.shape[0]], x.dtype)
    states = []
    for z in tf.unstack(x @ kernel + sum(biases), axis=1):
        h = function(z + h @ recurrent)
        states.append(h)
    return tf.stack(states, axis=1), h"#;
