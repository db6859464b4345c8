namespace Paws.Data.Loading;

/// <summary>A filled batch. Disposing it lets its memory be used for a later one.</summary>
public sealed class Batch : IDisposable
{
    private readonly MemoryPool pool;
    private int disposed;

    internal Batch(BatchPlan plan, BatchMemory[] memory, MemoryPool pool)
    {
        (Plan, Memory) = (plan, memory);
        this.pool = pool;
    }

    /// <summary>What was asked for.</summary>
    public BatchPlan Plan { get; }

    /// <summary>One a group of the plan: [rows, size, size, 3] without gaps, from the start of the memory, which may be larger.</summary>
    public IReadOnlyList<BatchMemory> Memory { get; }

    /// <summary>Gives the memory back to the loader. Nothing may read it afterwards.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        foreach (var memory in Memory)
            pool.Return(memory);
    }
}
