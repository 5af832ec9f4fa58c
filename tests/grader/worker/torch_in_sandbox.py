"""Run by test_sandbox.py in a process of its own: what an answer does with torch, inside the sandbox."""

import os
import sys

from grader.worker.sandbox import Sandbox, enter_server_namespace, readable_paths

policy = sys.argv[1]
if policy == "server":
    enter_server_namespace()

import torch  # noqa: E402 - threads could start here, and a namespace must be entered before
import torch._dynamo  # noqa: E402

capability = torch.backends.cpu.get_cpu_capability()
print(capability, flush=True)
sandbox = Sandbox.prepare(policy, readable=readable_paths())
worker = sandbox.fork()
if worker == 0:
    status = 1
    try:
        sandbox.enter(memory_bytes=1 << 30, cpu_seconds=30)
        assert torch.nn.functional.conv2d(torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3)).shape == (2, 4, 6, 6)
        print("conv2d")
        model = torch.nn.Linear(3, 1)
        optimizer = torch.optim.Adam(model.parameters())
        model(torch.randn(5, 3)).sum().backward()
        optimizer.step()
        print("optimizer")
        import colorsys
        import sqlite3
        import statistics

        import numpy.polynomial
        import torch.distributions.constraints
        import torch.fft
        import torch.nn.utils.prune

        assert statistics.mean([1, 3]) == 2
        assert colorsys.rgb_to_hsv(0, 0, 0)
        assert sqlite3.sqlite_version
        assert torch.fft.fft(torch.ones(4))[0] == 4
        print("late-imports")
        print("same-capability", torch.backends.cpu.get_cpu_capability())
        print("done", flush=True)
        status = 0
    except BaseException as error:  # noqa: BLE001 - the test reads it
        print(type(error).__name__, error, file=sys.stderr, flush=True)
    finally:
        os._exit(status)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
