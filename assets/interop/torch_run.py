"""What train.py needs around its loop: options, samples, one or several processes, checkpoints, the log."""

import os

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import Dataset

import reproduce


def options(epochs):
    parser = reproduce.options(epochs)
    add = parser.add_argument
    add("--amp", action="store_true", help="compute in bfloat16 where that is safe")
    add("--compile", action="store_true", help="torch.compile the network")
    add("--resume", metavar="FILE", help="a checkpoint to go on from")
    return reproduce.parsed(parser)


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
    """What `Process.save` was given: the epoch and step to go on from, and what judges the run."""
    if not options.resume:
        return {"epoch": 0, "step": 0}
    saved = torch.load(options.resume, map_location="cpu")
    network.load_state_dict(saved["last"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved


class Process:
    """This process among those that torchrun has started; usually the only one."""

    def __init__(self, options):
        self.options = options
        rank, size, local = (
            int(os.environ.get(name, usual))
            for name, usual in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0))
        )
        self.rank, self.size = self.share = rank, size
        usual = f"cuda:{local}" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(options.device or usual)
        if options.threads:
            torch.set_num_threads(options.threads)
        if self.size > 1:
            dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        self.log = reproduce.Log(options, self.rank == 0)

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
        names, values = zip(*losses.items()) if losses else ((), ())
        accuracy = 0.0 if right is None else right.float().mean().item()
        loss, accuracy, *values = self.mean(
            loss.item(), accuracy, *(value.item() for value in values)
        )
        accuracy = None if right is None else accuracy
        rate = optimizer.param_groups[0]["lr"]
        self.log.step(step, loss, accuracy, rate, dict(zip(names, values)))

    def tell_epoch(self, epoch, step, train_loss, val_loss, losses=None, **score):
        (train_loss,) = self.mean(train_loss)
        self.log.epoch(epoch, step, train_loss, val_loss, losses, **score)

    def save(self, network, optimizer, kept=None, **judged):
        """`kept`: the best weights, where they are the result; training goes on from the last."""
        path, last = self.options.checkpoint, network.state_dict()
        if self.rank == 0 and path:
            state = {"model": kept or last, "last": last, "kept": kept}
            state["optimizer"] = optimizer.state_dict()
            torch.save({**state, **judged}, f"{path}.part")
            os.replace(f"{path}.part", path)

    def finish(self):
        self.log.end()
        if self.size > 1:
            # gloo's threads need Python to let go of the last tensors: it may not end before.
            dist.barrier()
            dist.destroy_process_group()


class EpochOrder:
    """The batches of an epoch in the order of Glassbox; of several processes each takes its share of every batch."""

    def __init__(self, length, batch_size, seed, process):
        self.length, self.batch_size = length, batch_size
        self.seed, self.epoch, self.process = seed, 0, process
        self.mixed = None

    def set_epoch(self, epoch):
        self.epoch = epoch

    def partners(self):
        """For each row of this epoch whom mixup mixes it with."""
        if self.mixed != self.epoch:
            order = reproduce.epoch_order(self.seed, self.epoch, self.length)
            self.partner = reproduce.partners(order, self.batch_size)
            self.mixed = self.epoch
        return self.partner

    def __len__(self):
        return -(-self.length // self.batch_size)

    def __iter__(self):
        order = reproduce.epoch_order(self.seed, self.epoch, self.length)
        for start in range(0, self.length, self.batch_size):
            rows = order[start : start + self.batch_size]
            # A last batch that cannot be shared is everybody's.
            if len(rows) >= self.process.size:
                rows = rows[self.process.rank :: self.process.size]
            yield rows.tolist()


class Augmented(Dataset):
    """Samples as they are in the epoch of an order."""

    def __init__(self, samples, augmentation, order):
        self.samples, self.augmentation, self.order = samples, augmentation, order

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, row):
        others = None
        if self.augmentation.mixup:
            other = self.order.partners()[row]
            others = *self.batch_of(other), [other]
        some = self.batch_of(row)
        made = self.augmentation.batch(*some, [row], self.order.epoch, others=others)
        return tuple(torch.as_tensor(part[0, ...]) for part in made)

    def batch_of(self, row):
        return [part.numpy()[None] for part in self.samples[row]]


class _Replayed(nn.Module):
    """A layer that draws what Glassbox drew instead of numbers of its own."""

    def __init__(self, replay, layer, module):
        super().__init__()
        self.replay, self.layer, self.module = replay, layer, module

    def forward(self, x):
        if not self.training:
            return x
        module, shape = self.module, tuple(x.shape)
        at = (self.replay.seed, self.replay.step, self.layer)
        if hasattr(module, "std"):
            drawn = reproduce.noise(*at, shape, *self.replay.share)
            return x + module.std * torch.from_numpy(drawn).to(x)
        # Dropout1d gets sequences on their side, [B, F, T].
        is_whole = not isinstance(module, nn.Dropout)
        on_side = is_whole and len(shape) == 3
        shape = (shape[0], shape[2], shape[1]) if on_side else shape
        mask = reproduce.dropout_mask(
            *at, shape, module.p, is_whole, *self.replay.share
        )
        mask = torch.tensor(mask, dtype=x.dtype, device=x.device)
        return x * (mask.transpose(1, 2) if on_side else mask) / (1.0 - module.p)


class Replay:
    """Makes dropout and noise draw the numbers of Glassbox. `layers`: the number that keys each of them."""

    def __init__(self, model, seed, layers, share=(0, 1)):
        self.seed, self.step, self.share = seed, 0, share
        for name, layer in layers.items():
            setattr(model, name, _Replayed(self, layer, getattr(model, name)))
