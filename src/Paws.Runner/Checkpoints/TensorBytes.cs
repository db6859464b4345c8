using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>Moves a tensor's elements to and from a stream in logical row-major order, little-endian, whatever its strides and device.</summary>
internal static class TensorBytes
{
    // A span holds at most 2 GB, so large tensors pass in pieces; a piece this long costs nothing beside the disk.
    private const long PieceBytes = 1 << 26;

    /// <summary>Writes all elements. A contiguous CPU tensor is written from where it lies; any other is copied once.</summary>
    public static void Write(Tensor tensor, Stream stream)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        ForEachPiece(tensor.detach().cpu().contiguous(), piece => stream.Write(piece.bytes));
    }

    /// <summary>Fills all elements. A contiguous CPU tensor is read into directly; any other through one temporary.</summary>
    /// <exception cref="EndOfStreamException">The stream ended early.</exception>
    /// <exception cref="InvalidDataException">A boolean is neither 0 nor 1.</exception>
    public static void Read(Stream stream, Tensor tensor)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        bool direct = tensor.device_type == TorchSharp.DeviceType.CPU && tensor.is_contiguous();
        Tensor target = direct ? tensor.detach() : empty(tensor.shape, tensor.dtype);
        ForEachPiece(target, piece => Fill(stream, piece.bytes, tensor.dtype));
        if (!direct)
        {
            tensor.copy_(target);
        }
    }

    private static void Fill(Stream stream, Span<byte> bytes, ScalarType type)
    {
        stream.ReadExactly(bytes);
        if (type == ScalarType.Bool && bytes.ContainsAnyExcept((byte)0, (byte)1))
        {
            // torch computes with the byte itself, and any other value makes its results undefined.
            throw new InvalidDataException("a boolean is neither 0 nor 1");
        }
    }

    private static void ForEachPiece(Tensor contiguous, Action<Tensor> action)
    {
        long count = contiguous.numel();
        if (count == 0)
        {
            return;
        }
        long step = PieceBytes / contiguous.ElementSize;
        Tensor flat = contiguous.view(-1);
        for (long start = 0; start < count; start += step)
        {
            using Tensor piece = flat.narrow(0, start, Math.Min(step, count - start));
            action(piece);
        }
    }
}
