"""A convolution taken apart is the same convolution, with the same gradients."""

import pytest
import torch
from torch import nn

from ag_core.models.video.blocks import FactoredConv3d


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        ((1, 1, 1), 1, 0),
        ((1, 1, 1), 1, (0, 1, 0)),
        ((1, 1, 1), (1, 2, 2), 0),
        ((1, 1, 1), (2, 1, 1), 0),
        ((1, 3, 3), 1, (0, 1, 1)),
        ((1, 7, 5), (1, 2, 3), (0, 3, 2)),
        ((3, 1, 1), 1, (1, 0, 0)),
        ((5, 1, 1), (4, 1, 1), (2, 0, 0)),
        ((3, 5, 5), 2, (1, 2, 2)),
        ((1, 3, 3), 1, 1),
        ((3, 1, 1), 1, 1),
    ],
)
def test_equals_the_convolution_over_three_dimensions(
    kernel: tuple[int, int, int],
    stride: int | tuple[int, int, int],
    padding: int | tuple[int, int, int],
    layout: torch.memory_format,
) -> None:
    torch.manual_seed(0)
    plain = nn.Conv3d(4, 6, kernel, stride, padding).double()
    factored = FactoredConv3d(4, 6, kernel, stride, padding).double()
    factored.load_state_dict(plain.state_dict())
    clip = torch.rand(2, 4, 6, 9, 8, dtype=torch.float64).contiguous(memory_format=layout)
    results = []
    for convolution in (plain, factored):
        given = clip.clone().requires_grad_()
        answer = convolution(given)
        answer.square().sum().backward()
        results.append([answer, given.grad, *(parameter.grad for parameter in convolution.parameters())])
    for mine, theirs in zip(results[1], results[0], strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("options", [{"groups": 2}, {"dilation": (2, 1, 1)}, {"padding_mode": "circular"}])
def test_what_cannot_be_taken_apart_stays(options: dict[str, object]) -> None:
    torch.manual_seed(0)
    plain = nn.Conv3d(4, 6, (3, 1, 1), padding=(1, 0, 0), **options)  # type: ignore[arg-type]
    factored = FactoredConv3d(4, 6, (3, 1, 1), padding=(1, 0, 0), **options)  # type: ignore[arg-type]
    factored.load_state_dict(plain.state_dict())
    clip = torch.rand(1, 4, 6, 3, 3)
    assert torch.equal(factored(clip), plain(clip))
