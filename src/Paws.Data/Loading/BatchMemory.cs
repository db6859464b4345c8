namespace Paws.Data.Loading;

/// <summary>
/// Plain memory that a batch is written into. The caller of the loader supplies it (a tensor's storage, pinned memory),
/// so that a batch becomes a tensor without a copy.
/// </summary>
public abstract class BatchMemory : IDisposable
{
    /// <summary>Address of the first byte, aligned to 64 bytes.</summary>
    public abstract nint Pointer { get; }

    /// <summary>Capacity in bytes.</summary>
    public abstract long Bytes { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back.</summary>
    protected abstract void Dispose(bool disposing);
}
