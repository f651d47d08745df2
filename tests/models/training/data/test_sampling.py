"""Which photos come how often."""

import pytest
import torch

from models.training.data.sampling import class_weights, sample_batches, shares


@pytest.mark.parametrize(("balance", "rare"), [(1.0, 0.5), (0.6, 0.235), (0.0, 0.05)])
def test_classes_come_as_often_as_the_balance_says(balance: float, rare: float) -> None:
    labels = torch.tensor([0] * 1900 + [1] * 100)
    rng = torch.Generator().manual_seed(0)
    steps = sample_batches([class_weights(labels, balance)], 40, 100, rng)
    drawn = labels[torch.cat([places for (places,) in steps])]
    assert len(drawn) == 4000
    assert float(drawn.float().mean()) == pytest.approx(rare, abs=0.03)


def test_every_folder_gives_as_much_of_each_batch_however_many_photos_it_has() -> None:
    weights = [torch.ones(1000), torch.ones(10), torch.ones(3)]
    steps = sample_batches(weights, 32, 7, torch.Generator().manual_seed(0))
    assert len(steps) == 7
    assert {tuple(len(own) for own in places) for places in steps} == {(11, 11, 10)}
    assert max(int(places[2].max()) for places in steps) == 2


def test_an_epoch_has_the_same_photos_for_the_same_seed() -> None:
    one, same, other = (
        sample_batches([torch.ones(50)], 8, 4, torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(a, b) for (a,), (b,) in zip(one, same, strict=True))
    assert not all(torch.equal(a, b) for (a,), (b,) in zip(one, other, strict=True))


@pytest.mark.parametrize(("batch", "folders"), [(2, 3), (0, 1), (4, 0)])
def test_no_folder_is_left_out_of_a_batch_in_silence(batch: int, folders: int) -> None:
    with pytest.raises(ValueError, match=f"a batch of {batch} photos .* {folders} folders"):
        shares(batch, folders)
    with pytest.raises(ValueError, match="too small"):
        sample_batches([torch.ones(5)] * folders, batch, 1, torch.Generator())


def test_a_folder_without_photos_is_named() -> None:
    with pytest.raises(ValueError, match="folder 1 of 2 has 0 photos"):
        sample_batches([torch.ones(5), torch.ones(0)], 4, 1, torch.Generator())
