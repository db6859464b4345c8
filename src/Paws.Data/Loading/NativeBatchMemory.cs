using System.Runtime.InteropServices;

namespace Paws.Data.Loading;

/// <summary>Batch memory from the C allocator, aligned to 64 bytes.</summary>
public sealed unsafe class NativeBatchMemory : BatchMemory
{
    private const nuint Alignment = 64;
    private void* memory;

    /// <summary>Allocates; the contents are undefined.</summary>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public NativeBatchMemory(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        memory = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        Bytes = bytes;
    }

    /// <summary>Releases memory that was never disposed.</summary>
    ~NativeBatchMemory() => Dispose(false);

    /// <inheritdoc />
    public override nint Pointer => (nint)memory;

    /// <inheritdoc />
    public override long Bytes { get; }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
    }
}
