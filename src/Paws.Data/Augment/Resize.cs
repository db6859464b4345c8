using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Paws.Data.Datasets;

namespace Paws.Data.Augment;

/// <summary>
/// Cuts a box out of an interleaved image, resizes it (antialiased bilinear, rows first, rounded to bytes in between, as PIL
/// does), keeps a square of the result and leaves it as planes, mirrored if wanted. Only what is kept is computed.
/// </summary>
internal static class Resize
{
    private const int Half = 1 << (ResizeWeights.Bits - 1);

    /// <summary>Writes a size × size view.</summary>
    public static void Apply(RgbImage source, CropBox box, int size, bool flip, Planes target, ResizeScratch scratch)
    {
        target.Reshape(size, size);
        var across = scratch.Weights(box.BoxWidth, box.Width, box.KeepLeft, size);
        var down = scratch.Weights(box.BoxHeight, box.Height, box.KeepTop, size);
        int firstRow = down.First[0];
        int rows = down.First[^1] + down.Used[^1] - firstRow;

        // A row of the intermediate holds the three planes' rows one after another, and room for a last whole vector.
        int pitch = (3 * size + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
        var between = scratch.Rows(rows * pitch + pitch);
        var pixels = source.Pixels.Span;
        for (int y = 0; y < rows; y++)
        {
            int start = ((box.Top + firstRow + y) * source.Width + box.Left) * 3;
            Across(pixels.Slice(start, box.BoxWidth * 3), across, between.Slice(y * pitch, 3 * size), size, flip);
        }
        var merged = between.Slice(rows * pitch, pitch);
        for (int y = 0; y < size; y++)
        {
            var weights = down.Weights.AsSpan(y * down.Taps, down.Used[y]);
            Down(between[((down.First[y] - firstRow) * pitch)..], pitch, weights, merged);
            for (int channel = 0; channel < 3; channel++)
                merged.Slice(channel * size, size).CopyTo(target.Channel(channel).Slice(y * size, size));
        }
    }

    private static void Across(ReadOnlySpan<byte> row, ResizeWeights weights, Span<byte> planes, int size, bool flip)
    {
        for (int x = 0; x < size; x++)
        {
            int red = Half,
                green = Half,
                blue = Half;
            var pixel = row.Slice(weights.First[x] * 3, weights.Used[x] * 3);
            var taps = weights.Weights.AsSpan(x * weights.Taps, weights.Used[x]);
            for (int tap = 0; tap < taps.Length; tap++)
            {
                red += pixel[3 * tap] * taps[tap];
                green += pixel[3 * tap + 1] * taps[tap];
                blue += pixel[3 * tap + 2] * taps[tap];
            }
            int place = flip ? size - 1 - x : x;
            planes[place] = (byte)(red >> ResizeWeights.Bits);
            planes[size + place] = (byte)(green >> ResizeWeights.Bits);
            planes[2 * size + place] = (byte)(blue >> ResizeWeights.Bits);
        }
    }

    private static void Down(Span<byte> rows, int pitch, ReadOnlySpan<int> weights, Span<byte> merged)
    {
        for (int x = 0; x < merged.Length; x += Lanes.Count)
        {
            var sum = Vector256.Create(Half);
            for (int tap = 0; tap < weights.Length; tap++)
                sum += Lanes.Load(rows, tap * pitch + x) * weights[tap];
            Lanes.Store(sum >>> ResizeWeights.Bits, merged, x);
        }
    }
}

/// <summary>Memory of one thread for resizing: intermediate rows, and the weights of small sizes, which come up again and again.</summary>
internal sealed class ResizeScratch
{
    private const int LargestKept = 64;
    private readonly Dictionary<(int From, int To, int Keep, int Kept), ResizeWeights> small = [];
    private byte[] rows = [];

    /// <summary>At least that many bytes.</summary>
    public Span<byte> Rows(int bytes)
    {
        if (rows.Length < bytes)
            rows = new byte[bytes];
        return rows.AsSpan(0, bytes);
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
