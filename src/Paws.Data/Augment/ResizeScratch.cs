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
    private byte[] strip = [];

    /// <summary>That many bytes, for rows that have been resized along their length.</summary>
    public Span<byte> Rows(int bytes) => Take(ref rows, bytes);

    /// <summary>That many bytes, for a few rows side by side.</summary>
    public Span<byte> Strip(int bytes) => Take(ref strip, bytes);

    /// <summary>Weights along the rows: see <see cref="ResizeWeights.Set"/>. Good until the next call.</summary>
    public ResizeWeights Across(Extent from, int to, int keep, int kept) => Weights(across, from, to, keep, kept);

    /// <summary>Weights down the columns: see <see cref="ResizeWeights.Set"/>. Good until the next call.</summary>
    public ResizeWeights Down(Extent from, int to, int keep, int kept) => Weights(down, from, to, keep, kept);

    private ResizeWeights Weights(ResizeWeights otherwise, Extent from, int to, int keep, int kept)
    {
        if (from.Offset != 0 || from.Length != from.Pixels || from.Pixels > LargestKept)
            return otherwise.Set(from, to, keep, kept);
        ref var weights = ref CollectionsMarshal.GetValueRefOrAddDefault(small, (from.Pixels, to, keep, kept), out _);
        return weights ??= new ResizeWeights().Set(from, to, keep, kept);
    }

    private static Span<byte> Take(ref byte[] memory, int bytes)
    {
        if (memory.Length < bytes)
            memory = GC.AllocateUninitializedArray<byte>(bytes);
        return memory.AsSpan(0, bytes);
    }
}
