"""Run the llama.cpp HTTP server of the xllamacpp wheel until SIGTERM: `serve.py JSON`, in the model's environment.

The settings are {"model", "port", "params"}; `params` are attributes of xllamacpp.CommonParams, dotted names included.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from functools import reduce
from typing import Any

import xllamacpp


def parameters(settings: dict[str, Any]) -> xllamacpp.CommonParams:
    """The server's parameters: one thread, nothing from the network, every endpoint on."""
    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.hostnames = ["127.0.0.1"]
    params.port = settings["port"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.endpoint_slots = params.endpoint_metrics = True
    params.warmup = params.fit_params = params.ui = False
    params.offline = True
    params.cache_ram_mib = 0
    params.model_alias = {"tiny-babble"}
    for name, value in settings["params"].items():
        *path, last = name.split(".")
        setattr(reduce(getattr, path, params), last, value)
    return params


def main() -> None:
    """Serve."""
    server = xllamacpp.Server(parameters(json.loads(sys.argv[1])))
    done = threading.Event()
    # the C++ side installs a SIGTERM handler of its own while it starts; this one replaces it
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    print("serving on", server.listening_address, flush=True)
    while not done.wait(0.2):
        pass
    os._exit(0)  # the weights are throw-away: no need to unwind the C++ threads


if __name__ == "__main__":
    main()
