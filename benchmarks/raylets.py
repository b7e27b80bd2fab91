"""Two machines of a Ray cluster, played by two raylets of this one, each with a core, workers and memory of its own."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OBJECT_STORE_BYTES = 200_000_000


@contextmanager
def start_raylets(workers: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a cluster that holds `workers` actors in all, and what ends its second machine by SIGKILL.

    The first machine moves the rows beside its half of the actors.
    """
    from ray.cluster_utils import Cluster

    os.environ |= {"RAY_worker_niceness": "0"}  # as in `benchmarks.scale.start`; a raylet reads it when it begins
    second_half = workers // 2
    first: dict[str, Any] = {"num_cpus": workers - second_half + 1, "include_dashboard": False}
    cluster: Any = Cluster(initialize_head=True, head_node_args=first | {"object_store_memory": OBJECT_STORE_BYTES})
    try:
        second = cluster.add_node(num_cpus=second_half, object_store_memory=OBJECT_STORE_BYTES)
        yield cluster.address, lambda: cluster.remove_node(second, allow_graceful=False)
    finally:
        cluster.shutdown()
