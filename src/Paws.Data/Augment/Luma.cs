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

    /// <summary>Luma of sixteen pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Of(Vector512<int> r, Vector512<int> g, Vector512<int> b) =>
        (r * Red + g * Green + b * Blue + Vector512.Create(Half)) >>> 16;

    /// <summary>Sum of the luma of all pixels.</summary>
    public static long Sum(Planes image)
    {
        var r = image.R;
        var g = image.G;
        var b = image.B;
        int whole = image.Count & ~(Lanes.Count - 1);
        var sums = Vector512<int>.Zero; // each holds up to 2²³ pixels of 255
        for (int i = 0; i < whole; i += Lanes.Count)
            sums += Of(Lanes.Load(r, i), Lanes.Load(g, i), Lanes.Load(b, i));
        long sum = Vector512.Sum(Vector512.WidenLower(sums) + Vector512.WidenUpper(sums));
        for (int i = whole; i < image.Count; i++)
            sum += (r[i] * Red + g[i] * Green + b[i] * Blue + Half) >> 16;
        return sum;
    }
}
