#!/usr/bin/env python3
"""Tables of what `run-on-gpu --profile` measured, from its folder: the steps' times, and the kernels by what they do and one by one.

  kernel-table.py DIR   reads results.jsonl, kernels.jsonl, ncu-paws.csv and ncu-tuned.csv, as far as they are there
"""
import collections, csv, json, pathlib, re, statistics, sys

LONGEST, KERNELS = 110, 30
# What a kernel does, by the first of these that its name has.
KINDS = [
    ('batch norm', r'batch_norm|batchnorm|bn_fw|bn_bw|welford'),
    ('convolution: layout', r'nchwToNhwc|nhwcToNchw|transpose'),
    ('convolution: gradient of weights', r'wgrad'),
    ('convolution: gradient of input', r'dgrad'),
    ('convolution', r'fprop|conv|implicit_gemm|xmma|cudnn|sm90_|sm80_'),
    ('matrix product', r'gemm|cublas|nvjet|splitK'),
    ('norms of the optimiser', r'lpnorm'),
    ('many tensors at once (optimiser)', r'multi_tensor'),
    ('addition of biases', r'impl_nocast<at::(native::)?CUDAFunctor_add'),
    ('sum (gradients of biases)', r'reduce'),
    ('addition', r'Functor_add'),
    ('copy, cast', r'copy|Memcpy|CatArray|cast'),
    ('zeros', r'Memset|FillFunctor'),
    ('ReLU, forward', r'clamp|relu'),
    ('ReLU, backward', r'threshold'),
    ('other element-wise', r'elementwise'),
]


def kind(name):
    return next((kind for kind, pattern in KINDS if re.search(pattern, name, re.IGNORECASE)), 'other')


def observed(path):
    """ncu's lines: name, microseconds and bytes of each launch."""
    lines = [line for line in path.read_text().splitlines() if line.startswith('"')]
    rows = list(csv.DictReader(lines))
    for row in rows[1:]:  # the first has the units: ns and byte
        number = lambda key: float(row[key].replace(',', '') or 0)
        yield row['Kernel Name'], number('gpu__time_duration.sum') / 1e3, number('dram__bytes_read.sum') + number('dram__bytes_write.sum')


def table(title, rows, head):
    """rows: name, calls, microseconds, bytes or None."""
    total = sum(row[2] for row in rows)
    print(f'\n**{title}**: {total / 1e3:.2f} ms in {sum(row[1] for row in rows):.0f} kernels\n')
    print(f'| {head} | calls | ms | % | GB | TB/s |\n|---|---|---|---|---|---|')
    for name, calls, time, size in sorted(rows, key=lambda row: -row[2])[:KERNELS]:
        there = '| | |' if size is None else f'| {size / 1e9:.2f} | {size / time / 1e6 if time else 0:.2f} |'
        print(f'| {name[:LONGEST]} | {calls:.0f} | {time / 1e3:.3f} | {100 * time / total:.1f} {there}')


def tables(title, launches):
    """launches: name, calls, microseconds, bytes or None."""
    for head, key in (('what', kind), ('kernel', lambda name: name.replace('|', '\\|'))):
        sums = collections.defaultdict(lambda: [0, 0, 0])
        sized = False
        for name, calls, time, size in launches:
            sums[key(name)][0] += calls
            sums[key(name)][1] += time
            sums[key(name)][2] += size or 0
            sized = sized or size is not None
        table(title, [(name, calls, time, size if sized else None) for name, (calls, time, size) in sums.items()], head)


def main():
    folder = pathlib.Path(sys.argv[1])
    times = collections.defaultdict(list)
    for row in map(json.loads, (folder / 'results.jsonl').read_text().splitlines()):
        if row['what'].startswith('step '):
            times[row['what']].append(row['result'])
    print('| step | ms, median | least to most | turns | loss |\n|---|---|---|---|---|')
    for what, results in times.items():
        ms = [1e3 * result['seconds_per_step'] for result in results]
        print(f"| {what} | {statistics.median(ms):.2f} | {min(ms):.2f} to {max(ms):.2f} | {len(ms)} | {results[-1]['loss']} |")
    if (folder / 'kernels.jsonl').exists():
        rows = map(json.loads, (folder / 'kernels.jsonl').read_text().splitlines())
        tables('PyTorch, tuned, torch.profiler', [(row['kernel'], row['calls'], row['microseconds'], None) for row in rows])
    for whose in ('paws', 'tuned'):
        path = folder / f'ncu-{whose}.csv'
        if path.exists() and any(line.startswith('"') for line in path.read_text().splitlines()):
            tables(f'{whose}, one by one, ncu', [(name, 1, time, size) for name, time, size in observed(path)])


main()
