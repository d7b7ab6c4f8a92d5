"""Believable web server logs, made from a seed: the demo's input and the benchmarks'.

``population`` says who comes and with what, ``site`` what there is to see, ``behaviour`` and ``crawlers`` what people
and machines do there, ``render`` how a server writes it down, ``damage`` what goes wrong on the way to the disk.
"""

from __future__ import annotations

from footfall.generate.run import DEFAULT_START, GenerateReport, generate

__all__ = ["DEFAULT_START", "GenerateReport", "generate"]
