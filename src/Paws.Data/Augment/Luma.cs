using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>Grey value of a pixel: 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded (ITU-R 601-2, as PIL has it).</summary>
internal static class Luma
{
    private const int Red = 19595;
    private const int Green = 38470;
    private const int Blue = 7471;
    private const int Half = 1 << 15;

    /// <summary>Luma of eight pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Of(Vector256<int> r, Vector256<int> g, Vector256<int> b) =>
        (r * Red + g * Green + b * Blue + Vector256.Create(Half)) >>> 16;

    /// <summary>Sum of the luma of all pixels.</summary>
    public static long Sum(Planes image)
    {
        var r = image.R;
        var g = image.G;
        var b = image.B;
        int whole = image.Count & ~(Lanes.Count - 1);
        var sums = Vector256<int>.Zero; // holds up to 2²³ · 8 pixels of 255
        for (int i = 0; i < whole; i += Lanes.Count)
            sums += Of(Lanes.Load(r, i), Lanes.Load(g, i), Lanes.Load(b, i));
        long sum = Vector256.Sum(Vector256.WidenLower(sums) + Vector256.WidenUpper(sums));
        for (int i = whole; i < image.Count; i++)
            sum += (r[i] * Red + g[i] * Green + b[i] * Blue + Half) >> 16;
        return sum;
    }
}
