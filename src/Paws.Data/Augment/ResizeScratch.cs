using System.Runtime.InteropServices;

namespace Paws.Data.Augment;

/// <summary>Memory of one thread for resizing: intermediate rows, and the weights of small sizes, which come up again and again.</summary>
internal sealed class ResizeScratch
{
    private const int LargestKept = 64;
    private readonly Dictionary<(int From, int To, int Keep, int Kept), ResizeWeights> small = [];
    private readonly ResizeWeights across = new();
    private readonly ResizeWeights down = new();
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

    /// <summary>Weights along the rows: see <see cref="ResizeWeights.Set"/>. Good until the next call.</summary>
    public ResizeWeights Across(int from, int to, int keep, int kept) => Weights(across, from, to, keep, kept);

    /// <summary>Weights down the columns: see <see cref="ResizeWeights.Set"/>. Good until the next call.</summary>
    public ResizeWeights Down(int from, int to, int keep, int kept) => Weights(down, from, to, keep, kept);

    private ResizeWeights Weights(ResizeWeights otherwise, int from, int to, int keep, int kept)
    {
        if (from > LargestKept)
            return otherwise.Set(from, to, keep, kept);
        ref var weights = ref CollectionsMarshal.GetValueRefOrAddDefault(small, (from, to, keep, kept), out _);
        return weights ??= new ResizeWeights().Set(from, to, keep, kept);
    }
}
