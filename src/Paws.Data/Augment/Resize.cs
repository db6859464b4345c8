using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Paws.Data.Datasets;

namespace Paws.Data.Augment;

/// <summary>
/// Cuts a box out of an interleaved image, resizes it (antialiased bilinear, along the rows first, rounded to bytes in between,
/// as PIL does), keeps a square of the result and leaves it as planes, mirrored if wanted. Only what is kept is computed.
/// Along the rows, the pixels of four rows lie side by side, so that one weight serves sixteen lanes.
/// </summary>
internal static class Resize
{
    private const int Half = 1 << (ResizeWeights.Bits - 1);

    /// <summary>Rows, and pixels of a row, that are worked on at once.</summary>
    private const int Together = 4;

    /// <summary>Bytes of a pixel between the passes; the last one is idle.</summary>
    private const int Wide = 4;

    /// <summary>Writes a size × size view of a whole image.</summary>
    public static void Apply(RgbImage source, CropBox box, int size, bool flip, Planes target, ResizeScratch scratch) =>
        Apply(new PixelRows(source), box, size, flip, target, scratch);

    /// <summary>Writes a size × size view.</summary>
    public static void Apply(PixelRows source, CropBox box, int size, bool flip, Planes target, ResizeScratch scratch)
    {
        target.Reshape(size, size);
        var columns = new Extent(box.Left, box.BoxWidth, source.Reduction, source.Width);
        var lines = new Extent(box.Top, box.BoxHeight, source.Reduction, source.Height);
        var across = scratch.Across(columns, box.Width, box.KeepLeft, size);
        var down = scratch.Down(lines, box.Height, box.KeepTop, size);
        int firstRow = down.First(0);
        int rows = down.First(size - 1) + down.Of(size - 1).Length - firstRow;

        int pitch = (Wide * size + 63) & ~63;
        var between = scratch.Rows((rows + Together) * pitch);
        var strip = scratch.Strip((columns.Pixels + Together) * Together * Wide);
        for (int y = 0; y < rows; y += Together)
        {
            Gather(source, columns, lines.First + firstRow + y, Math.Min(Together, rows - y), strip);
            Across(strip, across, between.Slice(y * pitch, Together * pitch), pitch, size, flip);
        }
        for (int y = 0; y < size; y++)
        {
            var taps = down.Of(y);
            Down(between.Slice((down.First(y) - firstRow) * pitch, taps.Length * pitch), pitch, taps, target, y, size);
        }
    }

    /// <summary>The pixels of up to four rows side by side, widened to four bytes: column by column, of each the rows from the top.</summary>
    private static void Gather(PixelRows source, Extent columns, int top, int rows, Span<byte> strip)
    {
        int wide = source.BytesPerPixel,
            pitch = source.Width * wide;
        nint first = (nint)top * pitch + columns.First * wide;
        // Missing rows repeat the last one; nobody reads what becomes of them.
        nint second = first + Math.Min(1, rows - 1) * pitch,
            third = first + Math.Min(2, rows - 1) * pitch,
            fourth = first + Math.Min(3, rows - 1) * pitch;
        ref byte from = ref MemoryMarshal.GetReference(source.Pixels);
        ref byte to = ref MemoryMarshal.GetReference(strip);
        var expand = Vector128.Create((byte)0, 1, 2, 255, 3, 4, 5, 255, 6, 7, 8, 255, 9, 10, 11, 255);
        int x = 0;
        nuint place = 0;
        nint last = source.Pixels.Length - Vector128<byte>.Count - fourth;
        for (; x < columns.Pixels && x * wide <= last; x += Together, place += 64)
        {
            nint at = x * wide;
            var a = Vector128.LoadUnsafe(ref from, (nuint)(first + at));
            var b = Vector128.LoadUnsafe(ref from, (nuint)(second + at));
            var c = Vector128.LoadUnsafe(ref from, (nuint)(third + at));
            var d = Vector128.LoadUnsafe(ref from, (nuint)(fourth + at));
            if (wide == 3)
                (a, b, c, d) = (
                    Vector128.Shuffle(a, expand),
                    Vector128.Shuffle(b, expand),
                    Vector128.Shuffle(c, expand),
                    Vector128.Shuffle(d, expand)
                );
            var (e, f, g, h) = (a.AsUInt32(), b.AsUInt32(), c.AsUInt32(), d.AsUInt32());
            Blocks.Transpose(ref e, ref f, ref g, ref h);
            e.AsByte().StoreUnsafe(ref to, place);
            f.AsByte().StoreUnsafe(ref to, place + 16);
            g.AsByte().StoreUnsafe(ref to, place + 32);
            h.AsByte().StoreUnsafe(ref to, place + 48);
        }
        // The end of the last rows of an image, where a vector would read past it.
        ReadOnlySpan<nint> starts = [first, second, third, fourth];
        for (; x < columns.Pixels; x++)
        for (int row = 0; row < Together; row++)
            source.Pixels.Slice((int)starts[row] + x * wide, 3).CopyTo(strip[((x * Together + row) * Wide)..]);
    }

    private static void Across(ReadOnlySpan<byte> strip, ResizeWeights weights, Span<byte> result, int pitch, int size, bool flip)
    {
        ref byte to = ref MemoryMarshal.GetReference(result);
        for (int x = 0; x < size; x += Together)
        {
            var a = Column(strip, weights, Source(x, size, flip));
            var b = Column(strip, weights, Source(x + 1, size, flip));
            var c = Column(strip, weights, Source(x + 2, size, flip));
            var d = Column(strip, weights, Source(x + 3, size, flip));
            Blocks.Transpose(ref a, ref b, ref c, ref d);
            nuint place = (nuint)(x * Wide);
            a.AsByte().StoreUnsafe(ref to, place);
            b.AsByte().StoreUnsafe(ref to, place + (nuint)pitch);
            c.AsByte().StoreUnsafe(ref to, place + 2 * (nuint)pitch);
            d.AsByte().StoreUnsafe(ref to, place + 3 * (nuint)pitch);
        }
    }

    /// <summary>Which pixel of the resized row goes to a place; places behind the row repeat its end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Source(int place, int size, bool flip)
    {
        place = Math.Min(place, size - 1);
        return flip ? size - 1 - place : place;
    }

    /// <summary>One resized pixel of each of the four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Column(ReadOnlySpan<byte> strip, ResizeWeights weights, int x)
    {
        var taps = weights.Of(x);
        int at = weights.First(x) * Together * Wide;
        var sum = Vector512.Create(Half);
        for (int tap = 0; tap < taps.Length; tap++, at += Together * Wide)
            sum += Lanes.Load(strip, at) * Vector512.Create(taps[tap]);
        return Lanes.Pack(sum >>> ResizeWeights.Bits).AsUInt32();
    }

    /// <summary>One row of the view. The last vector may run past the row, into what is written later or padding.</summary>
    private static void Down(ReadOnlySpan<byte> rows, int pitch, ReadOnlySpan<int> taps, Planes target, int y, int size)
    {
        ref byte to = ref MemoryMarshal.GetReference(target.All);
        var byChannel = Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        nuint red = (nuint)(y * size),
            plane = (nuint)target.Padded;
        for (int x = 0; x < size; x += Lanes.Count, red += Lanes.Count)
        {
            var half = Vector512.Create(Half);
            var (a, b, c, d) = (half, half, half, half);
            for (int tap = 0, at = x * Wide; tap < taps.Length; tap++, at += pitch)
            {
                var weight = Vector512.Create(taps[tap]);
                a += Lanes.Load(rows, at) * weight;
                b += Lanes.Load(rows, at + 16) * weight;
                c += Lanes.Load(rows, at + 32) * weight;
                d += Lanes.Load(rows, at + 48) * weight;
            }
            var (e, f) = (Channels(a, byChannel), Channels(b, byChannel));
            var (g, h) = (Channels(c, byChannel), Channels(d, byChannel));
            Blocks.Transpose(ref e, ref f, ref g, ref h);
            e.AsByte().StoreUnsafe(ref to, red);
            f.AsByte().StoreUnsafe(ref to, red + plane);
            g.AsByte().StoreUnsafe(ref to, red + 2 * plane);
        }
    }

    /// <summary>Four pixels as four reds, four greens, four blues.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Channels(Vector512<int> sum, Vector128<byte> byChannel) =>
        Vector128.Shuffle(Lanes.Pack(sum >>> ResizeWeights.Bits), byChannel).AsUInt32();
}
