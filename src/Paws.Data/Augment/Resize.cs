using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Paws.Data.Datasets;

namespace Paws.Data.Augment;

/// <summary>
/// Cuts a box out of an interleaved image, resizes it (antialiased bilinear, along the rows first, rounded to bytes in between,
/// as PIL does), keeps a square of the result and leaves it as planes, mirrored if wanted. Only what is kept is computed.
/// </summary>
internal static class Resize
{
    private const int Half = 1 << (ResizeWeights.Bits - 1);

    /// <summary>Writes a size × size view.</summary>
    public static void Apply(RgbImage source, CropBox box, int size, bool flip, Planes target, ResizeScratch scratch)
    {
        target.Reshape(size, size);
        var across = scratch.Across(box.BoxWidth, box.Width, box.KeepLeft, size);
        var down = scratch.Down(box.BoxHeight, box.Height, box.KeepTop, size);
        int firstRow = down.First(0);
        int rows = down.First(size - 1) + down.Of(size - 1).Length - firstRow;

        // Between the two passes a pixel has four bytes, the last one idle, and a row is a whole number of vectors.
        int pitch = (4 * size + 31) & ~31;
        var between = scratch.Rows(rows * pitch + pitch);
        var pixels = source.Pixels.Span;
        for (int y = 0; y < rows; y++)
        {
            int start = ((box.Top + firstRow + y) * source.Width + box.Left) * 3;
            int length = box.BoxWidth * 3;
            // Pixels are read four bytes at a time, one too many.
            var row = start + length < pixels.Length ? pixels.Slice(start, length + 1) : scratch.Lengthen(pixels.Slice(start, length));
            Across(row, across, between.Slice(y * pitch, pitch), size, flip);
        }
        var merged = between.Slice(rows * pitch, pitch);
        for (int y = 0; y < size; y++)
        {
            var taps = down.Of(y);
            Down(between.Slice((down.First(y) - firstRow) * pitch, taps.Length * pitch), taps, merged);
            Split(merged, target, y, size);
        }
    }

    private static void Across(ReadOnlySpan<byte> row, ResizeWeights weights, Span<byte> result, int size, bool flip)
    {
        ref byte from = ref MemoryMarshal.GetReference(row);
        var place = MemoryMarshal.Cast<byte, uint>(result)[..size];
        for (int x = 0; x < size; x++)
        {
            var taps = weights.Of(x);
            nint at = 3 * weights.First(x);
            var sum = Vector128.Create(Half);
            for (int tap = 0; tap < taps.Length; tap++, at += 3)
                sum += Lanes.LoadPixel(ref Unsafe.Add(ref from, at)) * taps[tap];
            place[flip ? size - 1 - x : x] = Lanes.PackPixel(sum >>> ResizeWeights.Bits);
        }
    }

    private static void Down(Span<byte> rows, ReadOnlySpan<int> taps, Span<byte> merged)
    {
        for (int x = 0; x < merged.Length; x += Lanes.Count)
        {
            var sum = Vector256.Create(Half);
            for (int tap = 0, at = x; tap < taps.Length; tap++, at += merged.Length)
                sum += Lanes.Load(rows, at) * taps[tap];
            Lanes.Store(sum >>> ResizeWeights.Bits, merged, x);
        }
    }

    /// <summary>Puts a row of four-byte pixels into the planes. The last vector may run past the row, into what is written later or padding.</summary>
    private static void Split(Span<byte> merged, Planes target, int y, int size)
    {
        var (r, g, b) = (y * size, target.Padded + y * size, 2 * target.Padded + y * size);
        var all = target.All;
        var low = Vector256.Create(255);
        var vectors = MemoryMarshal.Cast<byte, Vector256<int>>(merged);
        for (int i = 0, x = 0; i < vectors.Length; i++, x += Lanes.Count)
        {
            Lanes.Store(vectors[i] & low, all, r + x);
            Lanes.Store((vectors[i] >>> 8) & low, all, g + x);
            Lanes.Store((vectors[i] >>> 16) & low, all, b + x);
        }
    }
}
