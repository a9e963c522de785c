"""Whole small networks: one step's loss and gradients, and 50 steps under every optimiser.

A network is written as the graph of a project file; `Network` builds the same in PyTorch out of nn.functional, so that only the
drawing is shared. tests/pytorch_parity.rs reads what is recorded:
    networks.json      {"cases": [{"name", "graph", "signature", "state", "batch", "loss", "total_loss", "output", "gradients",
                                   "buffers", "predicted"}]}
    trajectories.json  {"networks": [{"graph", "signature", "state", "batches"}],
                        "runs": [{"name", "network", "training", "losses", "final"}]}
"""

import functools
import json
import math

import torch
import torch.nn.functional as F

import schedules
from lion import Lion
from record import FIXTURES, plain, random

ACTIVATIONS = {
    "none": lambda x: x,
    "relu": F.relu,
    "leaky_relu": lambda x, slope=0.01, **_: F.leaky_relu(x, slope),
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "selu": F.selu,
    "hard_swish": F.hardswish,
    "hard_sigmoid": lambda x: F.relu6(x + 3) / 6,
    "hard_tanh": F.hardtanh,
    "mish": F.mish,
    "capped_relu": lambda x, cap=6.0, **_: F.hardtanh(x, 0.0, cap),
    "thresholded_relu": lambda x, threshold=1.0, **_: F.threshold(x, threshold, 0.0),
}
# Of these the layer's settings are asked too.
WITH_SETTINGS = ("leaky_relu", "capped_relu", "thresholded_relu")


def activate(word, x, layer):
    settings = layer if word in WITH_SETTINGS else {}
    return ACTIVATIONS[word](x, **settings)


FORMULA_NAMES = {
    "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "abs": torch.abs, "sin": torch.sin, "cos": torch.cos,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": F.relu, "softplus": F.softplus, "erf": torch.erf,
    "min": lambda a, b: torch.minimum(torch.as_tensor(a), torch.as_tensor(b)),
    "max": lambda a, b: torch.maximum(torch.as_tensor(a), torch.as_tensor(b)),
    "pi": math.pi,
}


def window(layer):
    """Of a pooling: window, stride, zeros on each side."""
    return layer["kernel"], layer["stride"], layer["pad"] if layer.get("padding") == "custom" else 0


def counting(layer):
    return {"ceil_mode": layer.get("keep_remainder", False), "count_include_pad": layer.get("count_padding", True)}


def chain(*layers):
    """A graph of layers, each fed by the one before or by those named in "from". Names are kind_n."""
    counts, made, wires, ids = {}, [], [], {}
    for layer in layers:
        layer = dict(layer)
        sources = layer.pop("from", [made[-1]["name"]] if made else [])
        kind = layer["kind"]
        counts[kind] = counts.get(kind, 0) + 1
        name = kind if kind in ("input", "loss") else f"{kind}_{counts[kind]}"
        ids[name] = len(ids) + 1
        made.append({"id": ids[name], "name": name, **layer})
        for source in sources:
            wires.append({"id": 100 + len(wires), "from": ids[source], "to": ids[name]})
    return {"layers": made, "wires": wires}


class Network:
    """A graph in PyTorch: `state` holds parameters and buffers under their names."""

    def __init__(self, graph, signature, seed):
        self.graph, self.signature = graph, signature
        self.state, self.parameters = {}, []
        self.seed = seed
        self.training = True
        # Every layer sees two samples once, so that shapes are known.
        self.forward(torch.zeros(2, *signature["input"], dtype=torch.float64))
        self.buffers_to_start()

    def buffers_to_start(self):
        for name, value in self.state.items():
            if name.endswith("running_mean"):
                value.zero_()
            if name.endswith("running_var"):
                value.fill_(1.0)

    def parameter(self, layer, suffix, *dims, offset=0.0):
        name = f"{layer['name']}.{suffix}"
        if name not in self.state:
            self.seed += 1
            fan = max(1, math.prod(dims[1:]))
            value = torch.round(random(self.seed, *dims) / math.sqrt(fan) * 1024) / 1024 + offset
            self.state[name] = value.requires_grad_(True)
            self.parameters.append(name)
        return self.state[name]

    def buffer(self, layer, suffix, *dims):
        return self.state.setdefault(f"{layer['name']}.{suffix}", torch.zeros(*dims, dtype=torch.float64))

    def apply(self, layer, inputs):
        kind, x = layer["kind"], inputs[0] if inputs else None
        if kind == "dense":
            w = self.parameter(layer, "weight", layer["units"], x.shape[1])
            b = self.parameter(layer, "bias", layer["units"]) if layer.get("bias", True) else None
            return activate(layer["activation"], F.linear(x, w, b), layer)
        if kind == "conv2d":
            return activate(layer["activation"], self.convolution(layer, x, layer["filters"], layer.get("groups", 1)), layer)
        if kind == "depthwise_conv2d":
            filters = x.shape[1] * layer.get("multiplier", 1)
            return activate(layer["activation"], self.convolution(layer, x, filters, x.shape[1]), layer)
        if kind == "separable_conv2d":
            middle = x.shape[1] * layer.get("multiplier", 1)
            y = self.convolution({**layer, "bias": False}, x, middle, x.shape[1], "depthwise.weight")
            w = self.parameter(layer, "pointwise.weight", layer["filters"], middle, 1, 1)
            return activate(layer["activation"], F.conv2d(y, w, self.parameter(layer, "pointwise.bias", layer["filters"])), layer)
        if kind == "instance_norm":
            size = x.shape[1]
            w, b = self.parameter(layer, "weight", size, offset=1.0), self.parameter(layer, "bias", size)
            return F.instance_norm(x, None, None, w, b, True, 0.1, 1e-5)
        if kind == "rms_norm":
            w = self.parameter(layer, "weight", *x.shape[1:], offset=1.0)
            return x / (x.square().mean(list(range(1, x.dim())), keepdim=True) + layer["epsilon"]).sqrt() * w
        if kind == "conv_transpose2d":
            w = self.parameter(layer, "weight", x.shape[1], layer["filters"], layer["kernel"], layer["kernel"])
            b = self.parameter(layer, "bias", layer["filters"]) if layer.get("bias", True) else None
            y = F.conv_transpose2d(x, w, b, layer["stride"], layer.get("pad", 0), layer.get("output_padding", 0))
            return activate(layer["activation"], y, layer)
        if kind == "group_norm":
            size = x.shape[1]
            w, b = self.parameter(layer, "weight", size, offset=1.0), self.parameter(layer, "bias", size)
            return F.group_norm(x, layer["groups"], w, b, eps=1e-5)
        if kind == "prelu":
            return F.prelu(x, self.parameter(layer, "weight", x.shape[1] if layer.get("per_channel") else 1, offset=0.25))
        if kind == "upsample" and layer["mode"] == "bilinear":
            return F.interpolate(x, scale_factor=layer["factor"], mode="bilinear", align_corners=False)
        if kind == "batch_norm":
            size = x.shape[1]
            w, b = self.parameter(layer, "weight", size, offset=1.0), self.parameter(layer, "bias", size)
            mean, var = self.buffer(layer, "running_mean", size), self.buffer(layer, "running_var", size)
            return F.batch_norm(x, mean, var, w, b, training=self.training, momentum=0.1, eps=1e-5)
        if kind == "layer_norm":
            dims = x.shape[1:]
            w, b = self.parameter(layer, "weight", *dims, offset=1.0), self.parameter(layer, "bias", *dims)
            return F.layer_norm(x, dims, w, b, eps=1e-5)
        if kind == "formula":
            return eval(layer["expression"].replace("^", "**"), {**FORMULA_NAMES, "x": x})
        if kind in ACTIVATIONS:
            return activate(kind, x, layer)
        return {
            "softmax": lambda: F.softmax(x, 1),
            "log_softmax": lambda: F.log_softmax(x, 1),
            "upsample": lambda: F.interpolate(x, scale_factor=layer["factor"], mode="nearest"),
            "reshape": lambda: x.reshape(x.shape[0], *map(int, layer["shape"].split(" x "))),
            "flatten": lambda: x.flatten(1),
            "max_pool2d": lambda: F.max_pool2d(x, *window(layer), ceil_mode=layer.get("keep_remainder", False)),
            "avg_pool2d": lambda: F.avg_pool2d(x, *window(layer), **counting(layer)),
            "zero_pad2d": lambda: F.pad(x, [layer[side] for side in ("left", "right", "top", "bottom")]),
            "crop2d": lambda: x[:, :, layer["top"]:x.shape[2] - layer["bottom"], layer["left"]:x.shape[3] - layer["right"]],
            "adaptive_avg_pool2d": lambda: F.adaptive_avg_pool2d(x, (layer["rows"], layer["columns"])),
            "global_avg_pool": lambda: x.mean((2, 3)),
            "add": lambda: sum(inputs[1:], inputs[0]),
            "subtract": lambda: inputs[0] - sum(inputs[1:]),
            "average": lambda: sum(inputs) / len(inputs),
            "maximum": lambda: functools.reduce(torch.maximum, inputs),
            "minimum": lambda: functools.reduce(torch.minimum, inputs),
            "multiply": lambda: math.prod(inputs[1:], start=inputs[0]),
            "concat": lambda: torch.cat(inputs, 1),
            "loss": lambda: x,
        }[kind]()

    def convolution(self, layer, x, filters, groups, suffix="weight"):
        kernel, stride, dilation = layer["kernel"], layer.get("stride", 1), layer.get("dilation", 1)
        w = self.parameter(layer, suffix, filters, x.shape[1] // groups, kernel, kernel)
        b = self.parameter(layer, "bias", filters) if layer.get("bias", True) else None
        if layer.get("padding", "same") == "same":
            if stride == 1:
                # PyTorch's own, which it has for this stride only.
                return F.conv2d(x, w, b, padding="same", dilation=dilation, groups=groups)
            pads = []
            for size in reversed(x.shape[2:]):
                total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
                pads += [total // 2, total - total // 2]
            x = F.pad(x, pads)
        return F.conv2d(x, w, b, stride=stride, dilation=dilation, groups=groups)

    def forward(self, x):
        values = {}
        for layer in self.graph["layers"]:
            sources = [w["from"] for w in self.graph["wires"] if w["to"] == layer["id"]]
            values[layer["id"]] = x if layer["kind"] == "input" else self.apply(layer, [values[s] for s in sources])
        return values[self.graph["layers"][-1]["id"]]

    def losses(self, output, target):
        """Data loss, and with penalties."""
        kind = self.graph["layers"][-1]["loss"]
        classes = "classes" in self.signature["target"]
        if kind == "cross_entropy":
            data = F.cross_entropy(output, target.long())
        else:
            if classes and output.shape[1] == 1:
                target = target.reshape(-1, 1) if kind == "bce" else target.reshape(-1, 1) * 2 - 1
            elif classes:
                target = F.one_hot(target.long(), output.shape[1]).to(torch.float64)
            function = {
                "bce": F.binary_cross_entropy_with_logits,
                "mse": F.mse_loss,
                "mae": F.l1_loss,
                "huber": F.huber_loss,
            }[kind]
            data = function(output, target)
        total = data
        for layer in self.graph["layers"]:
            if "l1" in layer:
                total = total + layer["l1"] * self.state[f"{layer['name']}.weight"].abs().sum()
            if "l2" in layer:
                total = total + layer["l2"] * self.state[f"{layer['name']}.weight"].pow(2).sum()
        return data, total

    def batch(self, seed, size):
        x = random(seed, size, *self.signature["input"])
        target = self.signature["target"]
        if "classes" in target:
            y = torch.arange(size, dtype=torch.float64) * 7 % target["classes"]
        elif target["numbers"] == math.prod(self.signature["input"]):
            # An autoencoder gives back what it was given.
            y = x.flatten(1)
        else:
            y = random(seed + 1, size, target["numbers"])
        return x, y

    def numbers(self, names=None):
        return {name: plain(self.state[name]) for name in names or self.state}

    def buffer_names(self):
        return [name for name in self.state if name not in self.parameters]

    def record(self):
        return {"graph": self.graph, "signature": self.signature, "state": self.numbers()}


def recorded_batch(x, y):
    return {"len": len(x), "inputs": x.flatten().tolist(), "targets": y.flatten().tolist()}


def one_step(name, graph, signature, seed, size, make=Network):
    network = make(graph, signature, seed)
    case = {"name": name, **network.record()}
    x, y = network.batch(seed + 50, size)
    output = network.forward(x)
    data, total = network.losses(output, y)
    total.backward()
    case["batch"] = recorded_batch(x, y)
    case["loss"], case["total_loss"], case["output"] = data.item(), total.item(), plain(output)
    case["gradients"] = {name: plain(network.state[name].grad) for name in network.parameters}
    buffers = network.buffer_names()
    case["buffers"] = network.numbers(buffers) if buffers else {}
    network.training = False
    # With the running statistics after the step, and the weights before it.
    case["predicted"] = plain(network.forward(x))
    return case


def dense(units, activation="none", **more):
    return {"kind": "dense", "units": units, "activation": activation, **more}


def conv(filters, kernel, activation="none", **more):
    return {"kind": "conv2d", "filters": filters, "kernel": kernel, "activation": activation, **more}


def loss(kind):
    return {"kind": "loss", "loss": kind}


INPUT = {"kind": "input"}
NORM = {"kind": "batch_norm"}
RELU = {"kind": "relu"}


def residual():
    """Two blocks of two convolutions each; the second halves the picture and has a convolution on its short cut too."""
    picture = {"input": [3, 9, 7], "target": {"classes": 4}}
    bare = {"bias": False}
    return chain(
        INPUT, conv(4, 3, **bare), NORM, RELU,
        conv(4, 3, **bare), NORM, RELU, conv(4, 3, **bare), NORM, {"kind": "add", "from": ["relu_1", "batch_norm_3"]}, RELU,
        conv(6, 3, stride=2, **bare), NORM, RELU, conv(6, 3, **bare), NORM,
        conv(6, 1, stride=2, **bare, **{"from": ["relu_3"]}), NORM,
        {"kind": "add", "from": ["batch_norm_5", "batch_norm_6"]}, RELU, {"kind": "global_avg_pool"}, dense(4),
        loss("cross_entropy"),
    ), picture


def deep():
    return chain(INPUT, *[dense(8, "tanh") for _ in range(12)], dense(3), loss("cross_entropy")), {
        "input": [5], "target": {"classes": 3}}


def autoencoder():
    """Small by strides, large again by a transposed convolution and by both kinds of upsampling."""
    up = {"kind": "conv_transpose2d", "activation": "relu"}
    return chain(
        INPUT, conv(3, 3, "relu", stride=2), conv(5, 3, "tanh", stride=2), {"kind": "flatten"}, dense(6, "tanh"), dense(45, "relu"),
        {"kind": "reshape", "shape": "5 x 3 x 3"}, {**up, "filters": 4, "kernel": 3, "stride": 2, "pad": 1, "output_padding": 1},
        {"kind": "upsample", "factor": 2, "mode": "bilinear"}, conv(3, 3, "relu"),
        {"kind": "upsample", "factor": 2, "mode": "nearest"},
        {**up, "filters": 1, "kernel": 2, "stride": 1, "pad": 7, "activation": "none", "bias": True},
        {"kind": "flatten"}, loss("mse"),
    ), {"input": [1, 11, 11], "target": {"numbers": 121}}


def networks():
    """No bias right before batch norm, which takes it away again: its gradient is only rounding."""
    row = {"input": [5], "target": {"classes": 3}}
    yield "mlp", chain(INPUT, dense(8, "tanh", l2=0.01), dense(6, "relu", l1=0.003), dense(3), loss("cross_entropy")), row, 1000, 9
    yield "one_logit", chain(INPUT, dense(4, "sigmoid"), dense(1), loss("bce")), {"input": [2], "target": {"classes": 2}}, 1100, 10
    yield "two_logits", chain(INPUT, dense(4, "elu"), dense(2), loss("bce")), {"input": [2], "target": {"classes": 2}}, 1150, 10
    yield "playground", chain(INPUT, dense(4, "tanh"), dense(1, "tanh"), loss("mse")), {"input": [2], "target": {"classes": 2}}, 1200, 10
    numbers = {"input": [4], "target": {"numbers": 2}}
    yield "regression", chain(INPUT, dense(7, "gelu"), {"kind": "layer_norm"}, dense(2, bias=False), loss("huber")), numbers, 1300, 6
    yield "absolute", chain(INPUT, dense(7, "silu"), NORM, dense(2, "softplus"), loss("mae")), numbers, 1400, 6
    picture = {"input": [2, 9, 7], "target": {"classes": 4}}
    yield "cnn", chain(
        INPUT, conv(3, 3, stride=2, bias=False), NORM, {"kind": "relu"}, {"kind": "max_pool2d", "kernel": 2, "stride": 1},
        conv(4, 2, "leaky_relu", padding="valid", bias=False), {"kind": "flatten"}, dense(4), loss("cross_entropy"),
    ), picture, 1500, 5
    yield "residual", chain(
        INPUT, conv(4, 3, "relu"), conv(6, 3, stride=2, bias=False), NORM, {"kind": "relu"}, conv(6, 3),
        conv(6, 1, stride=2, **{"from": ["conv2d_1"]}), {"kind": "add", "from": ["conv2d_3", "conv2d_4"]},
        {"kind": "avg_pool2d", "kernel": 2, "stride": 2}, {"kind": "layer_norm"}, {"kind": "global_avg_pool"}, dense(4),
        loss("cross_entropy"),
    ), picture, 1600, 3
    yield "branches", chain(
        INPUT, dense(4), {"kind": "formula", "expression": "x * sigmoid(1.702 * x)"}, dense(4, **{"from": ["input"]}),
        {"kind": "formula", "expression": "max(sin(x) ^ 2 - 0.5, -abs(x) / 3) + exp(-x * x / (1 + x ^ 2))"},
        {"kind": "multiply", "from": ["formula_1", "formula_2"]}, {"kind": "softmax"},
        {"kind": "concat", "from": ["softmax_1", "formula_1", "dense_2"]}, dense(2), loss("mse"),
    ), numbers, 1700, 6
    yield "residual with batch norm", *residual(), 1800, 4
    yield "deep tanh", *deep(), 1900, 7
    yield "autoencoder", *autoencoder(), 2200, 3
    yield "even kernels", chain(
        INPUT, conv(3, 4, "tanh"), conv(4, 2, "relu", dilation=3), conv(2, 6, "tanh"), {"kind": "flatten"}, dense(4),
        loss("cross_entropy"),
    ), picture, 2700, 3
    yield "grouped", chain(
        INPUT, conv(6, 3, padding="same", dilation=2), {"kind": "prelu", "per_channel": True},
        {"kind": "depthwise_conv2d", "kernel": 3, "multiplier": 2, "stride": 2, "activation": "hard_swish"},
        {"kind": "group_norm", "groups": 3}, conv(4, 1, "selu", groups=2), {"kind": "prelu"},
        conv(5, 2, padding="valid", groups=1), {"kind": "global_avg_pool"}, dense(4, "selu"), dense(4), loss("cross_entropy"),
    ), picture, 2300, 3
    yield "activations", chain(
        INPUT, dense(9, "mish"), dense(9, "leaky_relu", slope=0.3), {"kind": "mish"}, dense(9, "hard_sigmoid"),
        {"kind": "hard_tanh"}, dense(9, "hard_tanh"), {"kind": "capped_relu", "cap": 0.5}, dense(9, "capped_relu", cap=0.75),
        {"kind": "hard_sigmoid"}, dense(9, "thresholded_relu", threshold=-0.25), {"kind": "thresholded_relu", "threshold": 0.0},
        dense(3), {"kind": "log_softmax"}, loss("cross_entropy"),
    ), row, 2800, 7
    three = {"from": ["dense_1", "dense_2", "dense_3"]}
    yield "merges", chain(
        INPUT, dense(4), dense(4, "relu", **{"from": ["input"]}), dense(4, "relu", **{"from": ["input"]}),
        {"kind": "subtract", **three}, {"kind": "average", **three}, {"kind": "maximum", **three}, {"kind": "minimum", **three},
        {"kind": "concat", "from": ["subtract_1", "average_1", "maximum_1", "minimum_1"]}, dense(2), loss("mse"),
    ), numbers, 2850, 6
    around = {"padding": "custom", "pad": 1}
    yield "pooling", chain(
        INPUT, conv(3, 3, "tanh"), {"kind": "max_pool2d", "kernel": 3, "stride": 2, **around, "keep_remainder": True},
        {"kind": "avg_pool2d", "kernel": 2, "stride": 1, **around, "count_padding": False},
        {"kind": "avg_pool2d", "kernel": 3, "stride": 2, **around, "keep_remainder": True},
        {"kind": "adaptive_avg_pool2d", "rows": 2, "columns": 4}, {"kind": "flatten"}, dense(4), loss("cross_entropy"),
    ), picture, 2900, 3
    yield "separable", chain(
        INPUT, {"kind": "zero_pad2d", "top": 0, "bottom": 2, "left": 3, "right": 1},
        {"kind": "separable_conv2d", "filters": 5, "kernel": 3, "multiplier": 2, "stride": 2, "activation": "tanh"},
        {"kind": "instance_norm"}, {"kind": "crop2d", "top": 1, "bottom": 0, "left": 2, "right": 1},
        {"kind": "rms_norm", "epsilon": 0.001}, {"kind": "flatten"}, dense(4), loss("cross_entropy"),
    ), picture, 2950, 3


SGD = {"type": "sgd", "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
ADAM = {"type": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}
ADAGRAD = {"type": "adagrad", "rate_decay": 0.0, "start": 0.0, "epsilon": 1e-10, "weight_decay": 0.0}
NADAM = {**ADAM, "type": "nadam", "momentum_decay": 0.004}
LION = {"type": "lion", "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0}
RMS = {"type": "rms_prop", "alpha": 0.99, "epsilon": 1e-8, "momentum": 0.0, "weight_decay": 0.0}


def runs():
    """Name, network, training settings."""
    def run(name, optimiser, rate, network=0, **more):
        return name, network, {"optimiser": optimiser, "learning_rate": rate, **more}

    yield run("sgd", SGD, 0.1)
    yield run("momentum", {**SGD, "momentum": 0.9}, 0.05)
    yield run("nesterov", {**SGD, "momentum": 0.8, "nesterov": True}, 0.05)
    yield run("sgd with weight decay", {**SGD, "weight_decay": 0.01}, 0.1)
    yield run("nesterov with weight decay", {**SGD, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}, 0.05)
    yield run("adam", ADAM, 0.02)
    yield run("adam with weight decay", {**ADAM, "weight_decay": 0.05, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-4}, 0.02)
    yield run("adamw", {**ADAM, "type": "adam_w", "weight_decay": 0.1}, 0.02)
    yield run("rmsprop", RMS, 0.01)
    yield run("rmsprop with momentum", {**RMS, "momentum": 0.9, "weight_decay": 0.01, "alpha": 0.9}, 0.002)
    yield run("clip norm", SGD, 0.5, clip={"type": "norm", "max": 0.1})
    yield run("clip value", {**SGD, "momentum": 0.9}, 0.1, clip={"type": "value", "max": 0.02})
    yield run("step schedule", SGD, 0.2, schedule={"type": "step", "every": 10, "factor": 0.5})
    yield run("exponential schedule", ADAM, 0.05, schedule={"type": "exponential", "factor": 0.95})
    yield run("cosine schedule", SGD, 0.2, schedule={"type": "cosine", "steps": 50, "floor": 0.1})
    yield run("batch norm and convolution", ADAM, 0.01, network=1)
    yield run("adagrad", ADAGRAD, 0.1)
    yield run("adagrad with every option", {**ADAGRAD, "rate_decay": 0.05, "start": 0.2, "epsilon": 1e-3, "weight_decay": 0.02}, 0.2)
    yield run("nadam", NADAM, 0.02)
    yield run("nadam with every option", {**NADAM, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-4, "weight_decay": 0.05, "momentum_decay": 0.02}, 0.02)
    yield run("lion", LION, 0.003)
    yield run("lion with weight decay", {**LION, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.1}, 0.003)
    yield run("nadam, batch norm and convolution", NADAM, 0.01, network=1, clip={"type": "norm", "max": 1.0})
    yield run("warm-up", SGD, 0.2, warm_up_steps=7)
    cycle = {"type": "one_cycle", **schedules.ONE_CYCLE, "steps": 50}
    yield run("one cycle", {**SGD, "momentum": 0.9}, 0.2, schedule=cycle)
    yield run("one cycle gives momentum to plain sgd", SGD, 0.2, schedule=cycle)
    yield run("one cycle under adam", ADAM, 0.05, schedule={**cycle, "linear": True, "rise": 0.4})
    yield run("one cycle under rmsprop", RMS, 0.01, schedule={**cycle, "three_phases": True})
    yield run("one cycle under nadam", NADAM, 0.05, schedule=cycle)
    yield run("one cycle under lion", LION, 0.005, schedule={**cycle, "high_momentum": 0.99})
    yield run("one cycle without momentum", ADAGRAD, 0.2, schedule={**cycle, "cycle_momentum": False, "start_divisor": 5.0})
    plateau = {"type": "plateau", **schedules.PLATEAU, "factor": 0.6, "patience": 1}
    yield run("plateau", {**SGD, "momentum": 0.9}, 0.3, schedule=plateau)
    yield run("plateau with cooldown", ADAM, 0.1, schedule={**plateau, "relative": False, "threshold": 0.01, "cooldown": 2, "least_rate": 0.02})
    yield run("residual network", {**SGD, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}, 0.05, network=2)
    yield run("residual network under adamw", {**ADAM, "type": "adam_w", "weight_decay": 0.05}, 0.005, network=2)
    yield run("deep tanh network", ADAM, 0.005, network=3)
    yield run("deep tanh network, clipped", {**SGD, "momentum": 0.9}, 0.1, network=3, clip={"type": "norm", "max": 0.5})
    yield run("autoencoder", ADAM, 0.005, network=4)
    yield run("autoencoder under rmsprop", RMS, 0.002, network=4)


def optimiser(spec, rate, parameters):
    if spec["type"] == "sgd":
        return torch.optim.SGD(parameters, rate, spec["momentum"], 0.0, spec["weight_decay"], spec["nesterov"])
    if spec["type"] == "rms_prop":
        return torch.optim.RMSprop(parameters, rate, spec["alpha"], spec["epsilon"], spec["weight_decay"], spec["momentum"])
    if spec["type"] == "adagrad":
        return torch.optim.Adagrad(
            parameters, rate, spec["rate_decay"], spec["weight_decay"], spec["start"], spec["epsilon"])
    betas = (spec["beta1"], spec["beta2"])
    if spec["type"] == "nadam":
        # Until PyTorch 2 the one-tensor path multiplies by one momentum too many; foreach never did.
        return torch.optim.NAdam(
            parameters, rate, betas, spec["epsilon"], spec["weight_decay"], spec["momentum_decay"], foreach=True)
    if spec["type"] == "lion":
        return Lion(parameters, rate, betas, spec["weight_decay"])
    kind = torch.optim.Adam if spec["type"] == "adam" else torch.optim.AdamW
    return kind(parameters, rate, betas, spec["epsilon"], spec["weight_decay"])


def schedule(training, optimiser):
    """What sets the rate after each step, if anything does."""
    rate, warm_up = training["learning_rate"], training.get("warm_up_steps", 0)
    if warm_up:
        return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, (step + 1) / warm_up))
    return schedules.make(training["schedule"], optimiser, rate) if "schedule" in training else None


def train(network, batches, training, steps=50):
    parameters = [network.state[name] for name in network.parameters]
    update = optimiser(training["optimiser"], training["learning_rate"], parameters)
    rates = schedule(training, update)
    clip, losses = training.get("clip", {"type": "none"}), []
    for step in range(steps):
        x, y = batches[step % len(batches)]
        data, total = network.losses(network.forward(x), y)
        losses.append(data.item())
        update.zero_grad()
        total.backward()
        if clip["type"] == "norm":
            torch.nn.utils.clip_grad_norm_(parameters, clip["max"])
        if clip["type"] == "value":
            torch.nn.utils.clip_grad_value_(parameters, clip["max"])
        update.step()
        # Every step counts as an epoch here, and the loss of its batch as the result.
        if rates and step + 1 < steps:
            rates.step(*[data.item()] if isinstance(rates, torch.optim.lr_scheduler.ReduceLROnPlateau) else [])
    return losses


def trajectories():
    drawn = [
        (chain(INPUT, dense(6, "tanh", l2=0.001), dense(3), loss("cross_entropy")), {"input": [3], "target": {"classes": 3}}, 2000),
        (
            chain(INPUT, conv(2, 3, bias=False), NORM, {"kind": "softplus"}, {"kind": "flatten"}, dense(2), loss("cross_entropy")),
            {"input": [1, 4, 4], "target": {"classes": 2}},
            2100,
        ),
        (*residual(), 2400),
        (*deep(), 2500),
        (*autoencoder(), 2600),
    ]
    recorded, batches = [], []
    for graph, signature, seed in drawn:
        network = Network(graph, signature, seed)
        batches.append([network.batch(seed + 50 + 2 * i, 8) for i in range(4)])
        recorded.append({**network.record(), "batches": [recorded_batch(x, y) for x, y in batches[-1]]})
    done = []
    for name, which, training in runs():
        network = Network(*drawn[which])
        # The small ones 50 steps, whole networks 20.
        losses = train(network, batches[which], training, 50 if which < 2 else 20)
        done.append({"name": name, "network": which, "training": training, "losses": losses, "final": network.numbers()})
    return {"networks": recorded, "runs": done}


def write(name, body):
    body = {"pytorch": torch.__version__, **body}
    (FIXTURES / f"{name}.json").write_text(json.dumps(body, separators=(",", ":")) + "\n")


def main():
    # NAdam keeps a product in the default type.
    torch.set_default_dtype(torch.float64)
    write("networks", {"cases": [one_step(*network) for network in networks()]})
    write("trajectories", trajectories())


if __name__ == "__main__":
    main()
