using System.Runtime.InteropServices;

namespace Paws.Data.Augment;

/// <summary>Memory of one thread for resizing: intermediate rows, and the weights of small sizes, which come up again and again.</summary>
internal sealed class ResizeScratch
{
    private const int LargestKept = 64;
    private readonly Dictionary<(int From, int To, int Keep, int Kept), ResizeWeights> small = [];
    private byte[] rows = [];
    private byte[] longer = [];

    /// <summary>That many bytes.</summary>
    public Span<byte> Rows(int bytes)
    {
        if (rows.Length < bytes)
            rows = new byte[bytes];
        return rows.AsSpan(0, bytes);
    }

    /// <summary>A copy with one byte more at its end.</summary>
    public ReadOnlySpan<byte> Lengthen(ReadOnlySpan<byte> row)
    {
        if (longer.Length <= row.Length)
            longer = new byte[row.Length + 1];
        row.CopyTo(longer);
        return longer.AsSpan(0, row.Length + 1);
    }

    /// <summary>See <see cref="ResizeWeights.Make"/>.</summary>
    public ResizeWeights Weights(int from, int to, int keep, int kept)
    {
        if (from > LargestKept)
            return ResizeWeights.Make(from, to, keep, kept);
        ref var weights = ref CollectionsMarshal.GetValueRefOrAddDefault(small, (from, to, keep, kept), out _);
        return weights ??= ResizeWeights.Make(from, to, keep, kept);
    }
}
