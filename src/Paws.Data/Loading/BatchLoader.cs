using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Paws.Data.Datasets;

namespace Paws.Data.Loading;

/// <summary>
/// Makes batches ahead of a consumer on threads of its own. Batches come in the order of their steps and are the same, bit
/// for bit, for any number of workers. At most <c>depth</c> batches are begun or ready and not yet taken.
/// </summary>
public sealed class BatchLoader : IDisposable
{
    private readonly object gate = new();
    private readonly IImageDataset dataset;
    private readonly Func<int, BatchPlan?> planAtStep;
    private readonly PixelType type;
    private readonly ulong seed;
    private readonly int depth;
    private readonly MemoryPool pool;
    private readonly Thread[] threads;

    // Under the gate:
    private readonly Queue<BatchWork> begun = new(); // in step order, until taken
    private int step;
    private bool ended; // no more plans
    private bool stopped;
    private Exception? failure; // of planning; raised after the batches begun before it
    private double waited;

    /// <param name="dataset">Where images come from; stays the caller's.</param>
    /// <param name="planAtStep">The plan of a step, null at the end. Called by one worker at a time, for each step once, in order.</param>
    /// <param name="firstStep">Step to begin with.</param>
    /// <param name="type">Element type of the batches.</param>
    /// <param name="seed">Seed of all randomness of the views.</param>
    /// <param name="workers">Threads, at least 1.</param>
    /// <param name="depth">Batches made ahead, at least 1.</param>
    /// <param name="allocate">Makes memory of at least so many bytes; called by workers. Null takes <see cref="NativeBatchMemory"/>.</param>
    public BatchLoader(
        IImageDataset dataset,
        Func<int, BatchPlan?> planAtStep,
        int firstStep,
        PixelType type,
        ulong seed,
        int workers,
        int depth,
        Func<long, BatchMemory>? allocate = null
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        (this.dataset, this.planAtStep, this.type, this.seed, this.depth) = (dataset, planAtStep, type, seed, depth);
        step = firstStep;
        pool = new MemoryPool(allocate ?? (bytes => new NativeBatchMemory(bytes)));
        threads = new Thread[workers];
        for (int i = 0; i < workers; i++)
        {
            threads[i] = new Thread(Work)
            {
                Name = $"paws loader {i}",
                IsBackground = true,
                Priority = ThreadPriority.BelowNormal, // and LowPriority, where that does nothing
            };
            threads[i].Start();
        }
    }

    /// <summary>Seconds that <see cref="Next"/> has waited for a batch so far.</summary>
    public double WaitSeconds
    {
        get
        {
            lock (gate)
                return waited;
        }
    }

    /// <summary>The next batch; null after the last. Dispose it when its contents are used up. For one consumer at a time.</summary>
    /// <exception cref="DataException">An image cannot be read or a plan not made. Stays so: the loader is of no use afterwards.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while waiting; the batch comes with the next call.</exception>
    public Batch? Next(CancellationToken cancellation = default)
    {
        using var wake = cancellation.UnsafeRegister(static loader => ((BatchLoader)loader!).Wake(), this);
        lock (gate)
        {
            long start = Stopwatch.GetTimestamp();
            while (!Ready())
            {
                cancellation.ThrowIfCancellationRequested();
                Monitor.Wait(gate);
            }
            waited += Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (begun.TryPeek(out var work))
            {
                if (work.Failure is not null)
                    ExceptionDispatchInfo.Throw(work.Failure);
                begun.Dequeue();
                Monitor.PulseAll(gate);
                return new Batch(work.Plan, work.Memory, pool);
            }
            if (failure is not null)
                ExceptionDispatchInfo.Throw(failure);
            return null;
        }
    }

    /// <summary>Stops the workers, after the views they are at, and releases all memory but that of batches still in use.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.PulseAll(gate);
        }
        foreach (var thread in threads)
            thread.Join();
        while (begun.TryDequeue(out var work))
            foreach (var memory in work.Memory)
                pool.Return(memory);
        pool.Dispose();
    }

    private bool Ready()
    {
        ObjectDisposedException.ThrowIf(stopped, this);
        return begun.TryPeek(out var work) ? work.Done : ended;
    }

    private void Wake()
    {
        lock (gate)
            Monitor.PulseAll(gate);
    }

    private void Work()
    {
        LowPriority.Apply();
        var writer = new ViewWriter();
        while (FindWork() is { } work)
            if (work.FillSome(dataset, writer))
                Wake();
    }

    /// <summary>The oldest batch with rows to hand out, or a new one when there is room; waits for either. Null to stop.</summary>
    private BatchWork? FindWork()
    {
        lock (gate)
        {
            while (true)
            {
                if (stopped)
                    return null;
                foreach (var work in begun)
                    if (!work.HandedOut)
                        return work;
                if (ended)
                    return null;
                if (begun.Count < depth)
                    Begin();
                else
                    Monitor.Wait(gate);
            }
        }
    }

    private void Begin()
    {
        try
        {
            if (planAtStep(step) is { } plan)
            {
                begun.Enqueue(new BatchWork(plan, type, seed, pool));
                step++;
            }
            else
                ended = true;
        }
        catch (Exception problem)
        {
            (failure, ended) = (problem, true);
        }
        Monitor.PulseAll(gate);
    }
}
