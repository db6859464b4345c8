namespace Paws.Data.Loading;

/// <summary>Batch memory that is free for the next batch. Safe from any number of threads.</summary>
internal sealed class MemoryPool(Func<long, BatchMemory> allocate) : IDisposable
{
    private readonly List<BatchMemory> free = [];
    private bool disposed;

    /// <summary>The smallest free memory that is large enough, or new memory.</summary>
    public BatchMemory Take(long bytes)
    {
        lock (free)
        {
            BatchMemory? best = null;
            foreach (var memory in free)
                if (memory.Bytes >= bytes && (best is null || memory.Bytes < best.Bytes))
                    best = memory;
            if (best is not null)
            {
                free.Remove(best);
                return best;
            }
        }
        var made = allocate(bytes);
        if (made.Bytes < bytes)
            throw new InvalidOperationException($"asked for {bytes} bytes of batch memory, got {made.Bytes}");
        return made;
    }

    /// <summary>Makes memory free again; after the pool is disposed, releases it.</summary>
    public void Return(BatchMemory memory)
    {
        lock (free)
        {
            if (!disposed)
            {
                free.Add(memory);
                return;
            }
        }
        memory.Dispose();
    }

    /// <summary>Releases what is free. Memory of batches still in use is released when they are disposed.</summary>
    public void Dispose()
    {
        lock (free)
        {
            disposed = true;
            foreach (var memory in free)
                memory.Dispose();
            free.Clear();
        }
    }
}
