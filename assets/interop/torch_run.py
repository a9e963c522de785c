"""What train.py needs around its loop: options, samples, one or several processes, checkpoints, the log."""

import argparse
import os

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import TensorDataset

import reproduce


def options(epochs):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--steps", type=int, help="stop after this many steps")
    parser.add_argument(
        "--device", help="cpu, cuda or cuda:1 (default: a GPU if there is one)"
    )
    parser.add_argument("--threads", type=int, help="of the CPU")
    parser.add_argument(
        "--amp", action="store_true", help="compute in bfloat16 where that is safe"
    )
    parser.add_argument(
        "--compile", action="store_true", help="torch.compile the network"
    )
    parser.add_argument(
        "--log", metavar="FILE", help="one JSON line a step and an epoch"
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="written after every epoch"
    )
    parser.add_argument("--resume", metavar="FILE", help="a checkpoint to go on from")
    parser.add_argument(
        "--seconds",
        action="store_true",
        help="say in the log when each line was written",
    )
    parser.add_argument("--until-closed", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def samples(name, classes):
    """A part of data.npz: inputs and targets."""
    with np.load("data.npz") as arrays:
        x, y = arrays[f"{name}_x"], arrays[f"{name}_y"]
    return TensorDataset(
        torch.from_numpy(x),
        torch.from_numpy(y).long() if classes else torch.from_numpy(y),
    )


def weights(path="weights.safetensors"):
    """A state dict."""
    state = {
        name: torch.tensor(array) for name, array in reproduce.tensors(path).items()
    }
    means = [name for name in state if name.endswith(".running_mean")]
    for name in means:
        state[name.replace("running_mean", "num_batches_tracked")] = torch.tensor(0)
    return state


def resume(options, network, optimizer):
    """Epoch and step to begin at."""
    if not options.resume:
        return 0, 0
    saved = torch.load(options.resume, map_location="cpu")
    network.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["epoch"], saved["step"]


class Process:
    """This process among those that torchrun has started; usually the only one."""

    def __init__(self, options):
        self.options = options
        self.rank, self.size = int(os.environ.get("RANK", 0)), int(
            os.environ.get("WORLD_SIZE", 1)
        )
        local = int(os.environ.get("LOCAL_RANK", 0))
        usual = f"cuda:{local}" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(options.device or usual)
        if options.threads:
            torch.set_num_threads(options.threads)
        if self.size > 1:
            dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        self.log = reproduce.Log(
            options.log if self.rank == 0 else None, options.seconds
        )
        if options.until_closed:
            reproduce.until_closed()

    def wrap(self, model):
        """The model as it is trained: on its device, compiled, gradients averaged over all processes."""
        model = model.to(self.device)
        if self.options.compile:
            model = torch.compile(model)
        if self.size > 1:
            model = nn.parallel.DistributedDataParallel(model)
        return model

    def is_over(self, step):
        is_last = self.options.steps is not None and step >= self.options.steps
        return is_last or reproduce.is_stopped()

    def mean(self, *numbers):
        """Of numbers that every process has."""
        if self.size == 1:
            return numbers
        sums = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        dist.all_reduce(sums)
        return (sums / self.size).tolist()

    def tell_step(self, step, loss, optimizer, right=None, losses=None):
        """A line of the log."""
        accuracy = None if right is None else right.float().mean().item()
        loss, shared = self.mean(loss.item(), accuracy or 0.0)
        line = {"loss": loss, "accuracy": None if accuracy is None else shared}
        line["learning_rate"] = optimizer.param_groups[0]["lr"]
        if losses:
            line["losses"] = {name: value.item() for name, value in losses.items()}
        self.log.write(event="step", step=step, **line)

    def tell_epoch(self, epoch, step, train_loss, val_loss, **score):
        (train_loss,) = self.mean(train_loss)
        self.log.write(
            event="epoch",
            epoch=epoch,
            step=step,
            train_loss=train_loss,
            val_loss=val_loss,
            **score,
        )
        if self.rank == 0:
            named = ", ".join(f"{name} {value:.4f}" for name, value in score.items())
            print(
                f"epoch {epoch}: loss {train_loss:.4f}, val_loss {val_loss:.4f}, {named}",
                flush=True,
            )

    def save(self, path, network, optimizer, epoch, step):
        if self.rank == 0 and path:
            state = {"model": network.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**state, "epoch": epoch, "step": step}, f"{path}.part")
            os.replace(f"{path}.part", path)

    def finish(self, path, network, optimizer, epoch, step):
        self.save(path, network, optimizer, epoch, step)
        self.log.end()
        if self.size > 1:
            dist.destroy_process_group()


class EpochOrder:
    """The batches of an epoch in the order of Glassbox; of several processes each takes its share of every batch."""

    def __init__(self, length, batch_size, seed, process=None):
        self.length, self.batch_size, self.seed, self.epoch = (
            length,
            batch_size,
            seed,
            0,
        )
        self.rank, self.size = (process.rank, process.size) if process else (0, 1)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return -(-self.length // self.batch_size)

    def __iter__(self):
        order = reproduce.epoch_order(self.seed, self.epoch, self.length)
        for start in range(0, self.length, self.batch_size):
            rows = order[start : start + self.batch_size]
            # A last batch that cannot be shared is everybody's.
            yield (
                rows.tolist()
                if len(rows) < self.size
                else rows[self.rank :: self.size].tolist()
            )


class _Replayed(nn.Module):
    """A layer that draws what Glassbox drew instead of numbers of its own."""

    def __init__(self, replay, layer, module):
        super().__init__()
        self.replay, self.layer, self.module = replay, layer, module

    def forward(self, x):
        if not self.training:
            return x
        module, at = self.module, (self.replay.seed, self.replay.step, self.layer)
        if hasattr(module, "std"):
            drawn = reproduce.noise(*at, tuple(x.shape))
            return x + module.std * torch.from_numpy(drawn).to(x)
        shape, is_whole = tuple(x.shape), not isinstance(module, nn.Dropout)
        # Dropout1d gets sequences on their side, [B, F, T].
        if is_whole and len(shape) == 3:
            shape = (shape[0], shape[2], shape[1])
        mask = torch.from_numpy(
            reproduce.dropout_mask(*at, shape, module.p, is_whole).copy()
        ).to(x)
        mask = mask.transpose(1, 2) if is_whole and len(shape) == 3 else mask
        return x * mask / (1.0 - module.p)


class Replay:
    """Makes dropout and noise draw the numbers of Glassbox. `layers`: the number that keys each of them."""

    def __init__(self, model, seed, layers):
        self.seed, self.step = seed, 0
        for name, layer in layers.items():
            setattr(model, name, _Replayed(self, layer, getattr(model, name)))
