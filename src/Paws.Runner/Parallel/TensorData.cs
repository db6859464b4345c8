using System.Runtime.InteropServices;
using TorchSharp;

namespace Paws.Runner.Parallel;

/// <summary>A tensor's elements as the collective libraries see them.</summary>
internal static partial class TensorData
{
    /// <summary>Address of the first element, on whichever device; valid as long as the tensor lives.</summary>
    public static nint Address(torch.Tensor tensor) => DataPointer(tensor.Handle);

    /// <summary>Number of bytes.</summary>
    public static long Bytes(torch.Tensor tensor) => tensor.numel() * tensor.ElementSize;

    /// <summary>The elements of a contiguous CPU tensor.</summary>
    public static unsafe Span<byte> Span(torch.Tensor tensor) => new((void*)Address(tensor), checked((int)Bytes(tensor)));

    /// <summary>Refuses what no library could use: programmers' mistakes, told before other ranks wait for this one.</summary>
    public static void Check(torch.Tensor tensor)
    {
        if (!tensor.is_contiguous())
        {
            throw new ArgumentException("a collective operation needs a contiguous tensor", nameof(tensor));
        }
    }

    /// <summary>The same for a gather, whose tensors must fit each other.</summary>
    public static void Check(torch.Tensor own, torch.Tensor all, int size)
    {
        Check(own);
        Check(all);
        if (own.dtype != all.dtype || own.numel() * size != all.numel())
        {
            throw new ArgumentException(
                $"gathering {own.numel()} elements of {own.dtype} from {size} ranks needs {own.numel() * size} places, got {all.numel()} of {all.dtype}",
                nameof(all)
            );
        }
    }

    /// <summary>What is said of a type that no library is asked to add up.</summary>
    public static ArgumentException Unsupported(torch.ScalarType type) => new($"collective operations do not take {type}");

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint DataPointer(nint tensor);
}
