"""Speed, memory and scaling of every stage on generated conversations, as ratios to named baselines.

Each part and size is measured in a process of its own, so that its memory is its own, and its readings are kept in a
folder: what has been measured with the same code and arguments is not measured again, so a long size can be run alone
and joined later. Machines are noisy and shared: compare CPU seconds, ratios and growth exponents.
"""

from pipelines.bench.command import bench_command

__all__ = ["bench_command"]
