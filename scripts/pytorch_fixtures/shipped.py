"""What the networks that other people ship answer: tests/fixtures/state_dicts/shipped.json.

Their packages are rebuilt here (facenet-pytorch's MTCNN and attacut), their weights are read from a folder:
python3 shipped.py MODELS OUTPUT
"""

import json
import pathlib
import sys

import torch
from torch import nn

models, output = (pathlib.Path(argument) for argument in sys.argv[1:])


class PNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 10, 3), nn.PReLU(10)
        self.pool1 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(self, x):
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        return self.conv4_1(x).softmax(1), self.conv4_2(x)


class RNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 28, 3), nn.PReLU(28)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1, self.dense5_2 = nn.Linear(128, 2), nn.Linear(128, 4)

    def forward(self, x):
        x = self.pool(self.prelu1(self.conv1(x)))
        x = self.pool(self.prelu2(self.conv2(x)))
        x = self.prelu3(self.conv3(x)).permute(0, 3, 2, 1).flatten(1)
        x = self.prelu4(self.dense4(x))
        return self.dense5_1(x).softmax(1), self.dense5_2(x)


class ONet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 32, 3), nn.PReLU(32)
        self.conv2, self.prelu2 = nn.Conv2d(32, 64, 3), nn.PReLU(64)
        self.pool, self.pool3 = nn.MaxPool2d(3, 2, ceil_mode=True), nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(64, 64, 3), nn.PReLU(64)
        self.conv4, self.prelu4 = nn.Conv2d(64, 128, 2), nn.PReLU(128)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2, self.dense6_3 = nn.Linear(256, 2), nn.Linear(256, 4), nn.Linear(256, 10)

    def forward(self, x):
        x = self.pool(self.prelu1(self.conv1(x)))
        x = self.pool(self.prelu2(self.conv2(x)))
        x = self.pool3(self.prelu3(self.conv3(x)))
        x = self.prelu4(self.conv4(x)).permute(0, 3, 2, 1).flatten(1)
        x = self.prelu5(self.dense5(x))
        return self.dense6_1(x).softmax(1), self.dense6_2(x), self.dense6_3(x)


class Wrapped(nn.Module):
    """attacut keeps each convolution in a module of its own."""

    def __init__(self, kernel, dilation):
        super().__init__()
        self.conv = nn.Conv1d(48, 196, kernel, dilation=dilation, padding=kernel // 2 * dilation)

    def forward(self, x):
        return self.conv(x)


class Attacut(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.Embedding(139, 48, padding_idx=0)
        self.conv1, self.conv2, self.conv3 = Wrapped(3, 1), Wrapped(5, 3), Wrapped(9, 2)
        self.linear1, self.linear2 = nn.Linear(196, 32), nn.Linear(32, 1)

    def forward(self, x):
        x = self.embeddings(x.long()).transpose(1, 2)
        x = torch.stack([self.conv1(x), self.conv2(x), self.conv3(x)]).amax(0).transpose(1, 2)
        return (self.linear2(self.linear1(x).relu()),)


def numbers(*dims):
    count = torch.Size(dims).numel()
    return (torch.arange(count) * 7919 % 255 - 127.0).div(128).reshape(1, *dims)


recorded = {}
for name, net, x in [
    ("pnet.pt", PNet(), numbers(3, 25, 23)),
    ("rnet.pt", RNet(), numbers(3, 24, 24)),
    ("onet.pt", ONet(), numbers(3, 48, 48)),
    ("attacut-c.pth", Attacut(), (torch.arange(30) * 7919 % 139).float().reshape(1, 30)),
]:
    net.load_state_dict(torch.load(models / name, map_location="cpu", weights_only=True))
    with torch.no_grad():
        recorded[name] = torch.cat([head.flatten() for head in net.eval()(x)]).tolist()
output.write_text(json.dumps(recorded) + "\n")
