"""What nn.init makes of given numbers. tests/fixtures/orthogonal.json: [{"dims", "numbers", "orthogonal"}]."""

import json

import torch

from record import FIXTURES, random


def orthogonal(seed, *dims):
    """nn.init.orthogonal_ with its random numbers given."""
    numbers = random(seed, *dims)
    weight = torch.empty(dims, dtype=torch.float64)
    # The init draws its normal numbers flattened to a matrix, in the order of the memory.
    drawn = numbers.reshape(dims[0], -1)

    def given(_self, *_args, **_more):
        _self.copy_(drawn)
        return _self

    kept, torch.Tensor.normal_ = torch.Tensor.normal_, given
    try:
        torch.nn.init.orthogonal_(weight)
    finally:
        torch.Tensor.normal_ = kept
    return {"dims": dims, "numbers": numbers.flatten().tolist(), "orthogonal": weight.flatten().tolist()}


cases = [orthogonal(1, 3, 5), orthogonal(2, 6, 4), orthogonal(3, 4, 2, 3, 3), orthogonal(4, 5, 5), orthogonal(5, 7, 1)]
(FIXTURES / "orthogonal.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
