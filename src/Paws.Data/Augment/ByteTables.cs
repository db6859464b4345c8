using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Paws.Data.Augment;

/// <summary>
/// Turns planes of bytes into interleaved 16-bit values by one table of 256 a channel, where the machine can look up 64 bytes at once
/// (AVX-512 VBMI).
/// </summary>
internal static class ByteTables
{
    private const int Pixels = 64;

    private static readonly Vector512<byte> WordsLow = Vector512.Create([
        .. Enumerable.Range(0, 64).Select(i => (byte)(i / 2 + i % 2 * 64)),
    ]);
    private static readonly Vector512<byte> WordsHigh = WordsLow + Vector512.Create((byte)32);

    /// <summary>Where each of 32 words of the output comes from, red and green: output word 32 · k + j is of pixel (32 · k + j) / 3.</summary>
    private static readonly Vector512<ushort>[] RedGreen =
    [
        .. Enumerable.Range(0, 3).Select(k => Order(k, w => w % 3 == 2 ? 0 : w / 3 + w % 3 * 32)),
    ];

    /// <summary>The same with blue put in.</summary>
    private static readonly Vector512<ushort>[] WithBlue =
    [
        .. Enumerable.Range(0, 3).Select(k => Order(k, w => w % 3 == 2 ? 32 + w / 3 : w - 32 * k)),
    ];

    /// <summary>Whether the machine can.</summary>
    public static bool IsSupported => Avx512Vbmi.IsSupported && Avx512BW.IsSupported;

    /// <summary>Writes whole blocks of 64 pixels and returns how many pixels that were.</summary>
    /// <param name="image">The planes.</param>
    /// <param name="low">Low bytes of the values, 256 a channel.</param>
    /// <param name="high">High bytes.</param>
    /// <param name="destination">Three values a pixel.</param>
    public static int Interleave(Planes image, ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, Span<ushort> destination)
    {
        ReadOnlySpan<byte> all = image.All;
        int plane = image.Padded,
            done = 0;
        for (; done + Pixels <= image.Count; done += Pixels)
        {
            var (r0, r1) = Words(Vector512.Create(all[done..]), low, high);
            var (g0, g1) = Words(Vector512.Create(all[(plane + done)..]), low[256..], high[256..]);
            var (b0, b1) = Words(Vector512.Create(all[(2 * plane + done)..]), low[512..], high[512..]);
            var place = destination.Slice(3 * done, 3 * Pixels);
            Weave(r0, g0, b0, place);
            Weave(r1, g1, b1, place[(3 * Pixels / 2)..]);
        }
        return done;
    }

    /// <summary>The values of 64 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<ushort>, Vector512<ushort>) Words(Vector512<byte> bytes, ReadOnlySpan<byte> low, ReadOnlySpan<byte> high)
    {
        var (l, h) = (Look(bytes, low), Look(bytes, high));
        return (Avx512Vbmi.PermuteVar64x8x2(l, WordsLow, h).AsUInt16(), Avx512Vbmi.PermuteVar64x8x2(l, WordsHigh, h).AsUInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Look(Vector512<byte> bytes, ReadOnlySpan<byte> table)
    {
        var dark = Avx512Vbmi.PermuteVar64x8x2(Vector512.Create(table), bytes, Vector512.Create(table[64..]));
        var bright = Avx512Vbmi.PermuteVar64x8x2(Vector512.Create(table[128..]), bytes, Vector512.Create(table[192..]));
        return Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(bytes, Vector512.Create((byte)128)), bright, dark);
    }

    /// <summary>32 pixels of three channels as 96 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weave(Vector512<ushort> r, Vector512<ushort> g, Vector512<ushort> b, Span<ushort> place)
    {
        for (int k = 0; k < 3; k++)
        {
            var two = Avx512BW.PermuteVar32x16x2(r, RedGreen[k], g);
            Avx512BW.PermuteVar32x16x2(two, WithBlue[k], b).CopyTo(place[(32 * k)..]);
        }
    }

    private static Vector512<ushort> Order(int k, Func<int, int> source) =>
        Vector512.Create([.. Enumerable.Range(32 * k, 32).Select(w => (ushort)source(w))]);
}
