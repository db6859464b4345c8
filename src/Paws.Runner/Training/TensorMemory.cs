using System.Runtime.CompilerServices;
using Paws.Data.Loading;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>A batch's memory that is a tensor's storage: the loader writes pixels where the encoder reads them.</summary>
internal sealed class TensorMemory : BatchMemory
{
    private readonly torch.Tensor storage;

    private TensorMemory(torch.Tensor storage, nint pointer, long bytes)
    {
        this.storage = storage;
        Pointer = pointer;
        Bytes = bytes;
    }

    /// <inheritdoc />
    public override nint Pointer { get; }

    /// <inheritdoc />
    public override long Bytes { get; }

    /// <summary>Memory for <paramref name="bytes"/> bytes of pixels; pinned when they will travel to a GPU.</summary>
    public static unsafe TensorMemory Allocate(long bytes, PixelType type, bool pinned)
    {
        var dtype = DataType(type);
        var tensor = torch.empty([bytes / dtype.ElementSize()], dtype: dtype);
        if (pinned)
        {
            using var pageable = tensor;
            tensor = pageable.pin_memory();
        }
        tensor.DetachFromDisposeScope();
        var pointer = (nint)Unsafe.AsPointer(ref tensor.bytes[0]); // libtorch's memory does not move
        return new TensorMemory(tensor, pointer, bytes);
    }

    /// <summary>The first rows · size · size · 3 elements as images: [rows, 3, size, size] in channels-last order, without a copy.</summary>
    public torch.Tensor Images(int rows, int size) => storage.as_strided([rows, 3, size, size], [3L * size * size, 1, 3L * size, 3]);

    /// <summary>The tensor type of a pixel type.</summary>
    public static torch.ScalarType DataType(PixelType type) =>
        type == PixelType.BFloat16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;

    /// <inheritdoc />
    protected override void Dispose(bool disposing) => storage.Dispose();
}
