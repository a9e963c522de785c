"""Whole small networks over sequences, as networks.py records them; PyTorch's own recurrent functions, attention and embedding.

tests/pytorch_parity.rs reads sequence_networks.json and sequence_trajectories.json.
"""

import math

import torch
import torch.nn.functional as F

from networks import ADAM, INPUT, Network, chain, counting, dense, loss, one_step, recorded_batch, train, window, write
from record import random


class SequenceNetwork(Network):
    """`signature["vocabulary"]`: the data is whole numbers below it."""

    def apply(self, layer, inputs):
        kind, x = layer["kind"], inputs[0] if inputs else None
        if kind == "dense":
            w, b = self.parameter(layer, "weight", layer["units"], x.shape[-1]), self.parameter(layer, "bias", layer["units"])
            y = F.linear(x, w, b)
            return {"none": lambda y: y, "gelu": F.gelu, "tanh": torch.tanh}[layer["activation"]](y)
        if kind == "layer_norm":
            w, b = self.parameter(layer, "weight", x.shape[-1], offset=1.0), self.parameter(layer, "bias", x.shape[-1])
            return F.layer_norm(x, x.shape[-1:], w, b, eps=1e-5)
        if kind == "embedding":
            return F.embedding(x.long(), self.parameter(layer, "weight", layer["vocabulary"], layer["width"]))
        if kind == "conv1d":
            w = self.parameter(layer, "weight", layer["filters"], x.shape[2], layer["kernel"])
            b = self.parameter(layer, "bias", layer["filters"])
            x, dilation = x.transpose(1, 2), layer.get("dilation", 1)
            if layer["padding"] == "causal":
                x = F.pad(x, ((layer["kernel"] - 1) * dilation, 0))
            y = F.conv1d(x, w, b, stride=layer.get("stride", 1), padding=layer.get("pad", 0), dilation=dilation)
            return torch.tanh(y.transpose(1, 2))
        if kind in ("lstm", "gru", "simple_rnn"):
            return self.recurrent(layer, x)
        if kind == "positional_encoding":
            return x + self.positions(layer, *x.shape[1:])
        if kind == "multi_head_attention":
            return self.attention(layer, inputs)
        if kind == "slice":
            start = int(layer["start"]) % x.shape[layer["axis"]]
            return x.narrow(layer["axis"], start, layer["length"])
        if kind == "instance_norm":
            size = x.shape[2]
            w, b = self.parameter(layer, "weight", size, offset=1.0), self.parameter(layer, "bias", size)
            return F.instance_norm(x.transpose(1, 2), None, None, w, b, True, 0.1, 1e-5).transpose(1, 2)
        if kind == "rms_norm":
            w = self.parameter(layer, "weight", x.shape[2], offset=1.0)
            return x / (x.square().mean(-1, keepdim=True) + layer["epsilon"]).sqrt() * w
        if kind in ("max_pool1d", "avg_pool1d"):
            x, ceil = x.transpose(1, 2), {"ceil_mode": layer.get("keep_remainder", False)}
            pooled = F.max_pool1d(x, *window(layer), **ceil) if kind == "max_pool1d" else F.avg_pool1d(x, *window(layer), **counting(layer))
            return pooled.transpose(1, 2)
        return {
            "zero_pad1d": lambda: F.pad(x, (0, 0, layer["before"], layer["after"])),
            "crop1d": lambda: x[:, layer["before"]:x.shape[1] - layer["after"]],
            "permute": lambda: x.transpose(1, 2),
            "mean_over": lambda: x.mean(layer["axis"]),
            "max_over": lambda: x.max(layer["axis"])[0],
            "reshape": lambda: x.reshape(len(x), *map(int, layer["shape"].split("x"))),
        }.get(kind, lambda: super(SequenceNetwork, self).apply(layer, inputs))()

    def recurrent(self, layer, x):
        units, both = layer["units"], layer.get("bidirectional", False)
        gates = {"lstm": 4, "gru": 3, "simple_rnn": 1}[layer["kind"]]
        weights = []
        for direction in ["", "_reverse"] if both else [""]:
            shapes = {"weight_ih": (gates * units, x.shape[2]), "weight_hh": (gates * units, units),
                      "bias_ih": (gates * units,), "bias_hh": (gates * units,)}
            weights += [self.parameter(layer, name + direction, *shape) for name, shape in shapes.items()]
        start = torch.zeros(2 if both else 1, len(x), units, dtype=x.dtype)
        options = (weights, True, 1, 0.0, self.training, both, True)
        if layer["kind"] == "lstm":
            y, last, _ = torch.lstm(x, (start, start), *options)
        else:
            y, last = (torch.gru if layer["kind"] == "gru" else torch.rnn_tanh)(x, start, *options)
        return y if layer.get("every_step", False) else torch.cat(list(last), 1)

    def positions(self, layer, steps, width):
        if layer["encoding"] == "learned":
            return self.parameter(layer, "weight", steps, width)
        table = torch.zeros(steps, width, dtype=torch.float64)
        t = torch.arange(steps, dtype=torch.float64).unsqueeze(1)
        rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10000.0) / width))
        table[:, 0::2] = torch.sin(t * rates)
        table[:, 1::2] = torch.cos(t * rates)[:, : width // 2]
        return table

    def attention(self, layer, inputs):
        q, k = inputs[0], inputs[min(1, len(inputs) - 1)]
        v, width = inputs[-1], inputs[0].shape[2]
        w, b = self.parameter(layer, "in_proj_weight", 3 * width, width), self.parameter(layer, "in_proj_bias", 3 * width)
        ow, ob = self.parameter(layer, "out_proj.weight", width, width), self.parameter(layer, "out_proj.bias", width)
        hidden = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).triu(1) if layer["causal"] else None
        y, _ = F.multi_head_attention_forward(
            q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1), width, layer["heads"], w, b, None, None, False, 0.0, ow, ob,
            training=False, attn_mask=hidden)
        return y.transpose(0, 1)

    def losses(self, output, target):
        if "classes_at" not in self.signature["target"]:
            return super().losses(output, target)
        data = F.cross_entropy(output.transpose(1, 2), target.long())
        return data, data

    def batch(self, seed, size):
        target = self.signature["target"]
        x = random(seed, size, *self.signature["input"])
        if "vocabulary" in self.signature:
            x = (x.abs() * 1024).floor() % self.signature["vocabulary"]
        if "classes_at" in target:
            at = target["classes_at"]
            count = size * at["positions"]
            return x, (torch.arange(count, dtype=torch.float64) * 7 % at["classes"]).reshape(size, -1)
        return x, torch.arange(size, dtype=torch.float64) * 7 % target["classes"]


def recurrent(kind, units, **more):
    return {"kind": kind, "units": units, **more}


def attention(heads, causal=False, **more):
    return {"kind": "multi_head_attention", "heads": heads, "causal": causal, **more}


def normed(kind="layer_norm", **more):
    return {"kind": kind, **more}


def transformer(width, heads, vocabulary):
    """One block with the norms in front, as in the reference workload."""
    return chain(
        INPUT,
        {"kind": "embedding", "vocabulary": vocabulary, "width": width},
        {"kind": "positional_encoding", "encoding": "learned"},
        normed(),
        attention(heads, causal=True),
        {"kind": "add", "from": ["positional_encoding_1", "multi_head_attention_1"]},
        normed(),
        dense(2 * width, "gelu"),
        dense(width),
        {"kind": "add", "from": ["add_1", "dense_2"]},
        normed(),
        dense(vocabulary),
        loss("cross_entropy"),
    )


def networks():
    sequence = {"input": [6, 3], "target": {"classes": 3}}
    yield "lstm", chain(INPUT, recurrent("lstm", 5), dense(3), loss("cross_entropy")), sequence, 5000, 4
    yield "lstm_both_ways", chain(INPUT, recurrent("lstm", 4, bidirectional=True), dense(3), loss("cross_entropy")), sequence, 5100, 3
    yield "gru_over_lstm", chain(
        INPUT, recurrent("lstm", 4, bidirectional=True, every_step=True), recurrent("gru", 3, bidirectional=True), dense(3),
        loss("cross_entropy")), sequence, 5200, 3
    yield "rnn_every_step", chain(
        INPUT, recurrent("simple_rnn", 5, bidirectional=True, every_step=True), dense(4, "tanh"), dense(2), loss("cross_entropy"),
    ), {"input": [6, 3], "target": {"classes_at": {"positions": 6, "classes": 2}}}, 5300, 3
    yield "conv1d", chain(
        INPUT, {"kind": "conv1d", "filters": 4, "kernel": 3, "stride": 2, "padding": "custom", "pad": 1, "activation": "tanh"},
        {"kind": "permute", "order": "2, 1"}, {"kind": "max_over", "axis": 2}, dense(3), loss("cross_entropy")), sequence, 5400, 4
    yield "causal", chain(
        INPUT, {"kind": "conv1d", "filters": 4, "kernel": 3, "dilation": 2, "padding": "causal", "activation": "tanh"},
        {"kind": "max_pool1d", "kernel": 2, "stride": 2, "keep_remainder": True},
        {"kind": "avg_pool1d", "kernel": 3, "stride": 1, "padding": "custom", "pad": 1, "count_padding": False},
        {"kind": "flatten"}, dense(3), loss("cross_entropy")), {"input": [7, 3], "target": {"classes": 3}}, 5450, 4
    yield "normed", chain(
        INPUT, {"kind": "zero_pad1d", "before": 2, "after": 1}, dense(4, "tanh"), {"kind": "instance_norm"},
        {"kind": "crop1d", "before": 1, "after": 2}, dense(5), {"kind": "rms_norm", "epsilon": 0.001}, {"kind": "flatten"},
        dense(3), loss("cross_entropy")), {"input": [7, 3], "target": {"classes": 3}}, 5470, 4
    yield "looks_at_the_past", chain(
        INPUT, dense(4), {"kind": "positional_encoding", "encoding": "sinusoidal"}, {"kind": "slice", "axis": 1, "start": "-2", "length": 2},
        dense(4, **{"from": ["dense_1"]}), attention(2, **{"from": ["slice_1", "positional_encoding_1", "dense_2"]}),
        attention(2, **{"from": ["multi_head_attention_1", "dense_2"]}), {"kind": "mean_over", "axis": 1}, dense(3),
        loss("cross_entropy")), sequence, 5500, 3
    words = {"input": [5], "vocabulary": 7, "target": {"classes_at": {"positions": 5, "classes": 7}}}
    yield "transformer", transformer(8, 2, 7), words, 5600, 3


def trajectories():
    drawn = [
        (chain(INPUT, recurrent("lstm", 5), dense(3), loss("cross_entropy")), {"input": [6, 3], "target": {"classes": 3}}, 5700),
        (transformer(8, 2, 7), {"input": [5], "vocabulary": 7, "target": {"classes_at": {"positions": 5, "classes": 7}}}, 5800),
    ]
    recorded, runs = [], []
    for which, (graph, signature, seed) in enumerate(drawn):
        network = SequenceNetwork(graph, signature, seed)
        batches = [network.batch(seed + 50 + 2 * i, 4) for i in range(4)]
        recorded.append({**network.record(), "batches": [recorded_batch(x, y) for x, y in batches]})
        training = {"optimiser": ADAM, "learning_rate": 0.01}
        losses = train(network, batches, training)
        name = f"adam over {'an lstm' if which == 0 else 'a transformer'}"
        runs.append({"name": name, "network": which, "training": training, "losses": losses, "final": network.numbers()})
    return {"networks": recorded, "runs": runs}


def main():
    write("sequence_networks", {"cases": [one_step(*network, make=SequenceNetwork) for network in networks()]})
    write("sequence_trajectories", trajectories())


if __name__ == "__main__":
    main()
