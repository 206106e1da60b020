"""The generators of random numbers, left as they were: a training that is recorded must be the one that would be without."""

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def put_back(*, seed: int | None = None) -> Iterator[None]:
    """Use chance freely, begun with `seed` or with one of the system's; afterwards it goes on where it stood before.

    MLflow draws the names of runs from Python's generator, which the Trainer has just seeded.
    """
    import numpy
    import torch  # heavy

    plain, arrays = random.getstate(), numpy.random.get_state()
    with torch.random.fork_rng(devices=[]):
        random.seed(seed)
        numpy.random.seed(seed)
        if seed is not None:
            torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(plain)
            numpy.random.set_state(arrays)
