#!/usr/bin/env python3
"""Runs a PyTorch peer of the training step as it is, but for one thing: to learn what that thing costs, or where the time goes.

  peer-variant.py PEER.py [--fp16] [--no-bias] [--ncu] [--kernels FILE] -- OPTIONS OF THE PEER

--fp16          autocast to fp16 instead of the type that the peer asks for
--no-bias       convolutions without biases
--ncu           marks the last step for NVIDIA's profilers (ncu --profile-from-start off)
--kernels FILE  writes a JSON line a kernel of the last three steps (torch.profiler): name, calls and microseconds a step

The peer waits for the device before and after each step (torch.cuda.synchronize), which is how steps are told apart here; --steps and
--warmup must be among its options.
"""
import collections, json, runpy, sys
import torch

PROFILED = 3


def main():
    here, peer = sys.argv[1 : sys.argv.index('--')], sys.argv[sys.argv.index('--') + 1 :]
    script, flags = here[0], here[1:]
    if '--fp16' in flags:
        autocast = torch.autocast
        torch.autocast = lambda device, dtype=None, enabled=True: autocast(device, dtype=torch.float16, enabled=enabled)
    if '--no-bias' in flags:
        class Convolution(torch.nn.Conv2d):
            def __init__(self, *sizes, **named):
                super().__init__(*sizes, **{**named, 'bias': False})
        torch.nn.Conv2d = Convolution
    number = lambda name: int(peer[peer.index(name) + 1])
    steps = number('--steps') + number('--warmup')
    kernels = flags[flags.index('--kernels') + 1] if '--kernels' in flags else None
    if '--ncu' in flags:
        marks = {2 * steps - 1: lambda: torch.cuda.cudart().cudaProfilerStart(), 2 * steps: lambda: torch.cuda.cudart().cudaProfilerStop()}
    elif kernels:
        profile = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA, torch.profiler.ProfilerActivity.CPU])
        marks = {2 * (steps - PROFILED) + 1: profile.start, 2 * steps: profile.stop}
    else:
        marks = {}
    waits, synchronize = 0, torch.cuda.synchronize

    def waited(*device):
        nonlocal waits
        synchronize(*device)
        waits += 1
        if waits in marks:
            marks[waits]()

    torch.cuda.synchronize = waited
    sys.argv = [script] + peer
    runpy.run_path(script, run_name='__main__')
    if kernels:
        calls, time = collections.Counter(), collections.Counter()
        for event in profile.events():
            if event.device_type == torch.autograd.DeviceType.CUDA:
                calls[event.name] += 1
                time[event.name] += event.time_range.elapsed_us()
        with open(kernels, 'w') as file:
            for name, microseconds in time.most_common():
                file.write(json.dumps({'kernel': name, 'calls': calls[name] / PROFILED, 'microseconds': microseconds / PROFILED}) + '\n')


main()
