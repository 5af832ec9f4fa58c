"""Run by test_sandbox.py in a process of its own: what an answer does with torch, inside the sandbox."""

import importlib
import os
import sys

from grader.worker.sandbox import Sandbox, enter_server_namespace, readable_paths

policies = sys.argv[1:]
if "server" in policies:
    enter_server_namespace()

import torch  # noqa: E402 - a namespace must be entered before threads can start
import torch._dynamo  # noqa: E402 - the same

capability = torch.backends.cpu.get_cpu_capability()
print(capability, flush=True)


def work():
    assert torch.nn.functional.conv2d(torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3)).shape == (2, 4, 6, 6)
    print("conv2d")
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    print("optimizer")
    for name in ("numpy.polynomial", "torch.distributions.constraints", "torch.nn.utils.prune", "statistics", "colorsys", "sqlite3"):
        importlib.import_module(name)
    assert torch.fft.fft(torch.ones(4))[0] == 4
    print("late-imports")
    print("same-capability", torch.backends.cpu.get_cpu_capability())
    print("done", flush=True)


for policy in policies:
    print(policy, flush=True)
    sandbox = Sandbox.prepare(policy, readable=readable_paths())
    worker = sandbox.fork()
    if worker == 0:
        try:
            sandbox.enter(memory_bytes=1 << 30, cpu_seconds=30)
            work()
        except BaseException as error:  # noqa: BLE001 - the test reads it
            print(type(error).__name__, error, file=sys.stderr, flush=True)
        finally:
            os._exit(0)
    os.waitpid(worker, 0)
