namespace Paws.Data.Augment;

/// <summary>
/// Weights of an antialiased bilinear resize along one axis, in PIL's 22-bit fixed point: the triangle is as wide as the
/// output pixel is in input pixels when shrinking, one pixel when enlarging.
/// </summary>
internal sealed class ResizeWeights
{
    /// <summary>Fraction bits of a weight.</summary>
    public const int Bits = 22;

    private ResizeWeights(int length, int taps)
    {
        Taps = taps;
        First = new int[length];
        Used = new int[length];
        Weights = new int[length * taps];
    }

    /// <summary>Weights kept for each output pixel; those beyond <see cref="Used"/> are zero.</summary>
    public int Taps { get; }

    /// <summary>First input pixel of each output pixel.</summary>
    public int[] First { get; }

    /// <summary>Input pixels of each output pixel.</summary>
    public int[] Used { get; }

    /// <summary>Output pixel i has weights [i · Taps, i · Taps + Used[i]).</summary>
    public int[] Weights { get; }

    /// <summary>Weights from <paramref name="from"/> input pixels to output pixels [keep, keep + kept) of <paramref name="to"/>.</summary>
    public static ResizeWeights Make(int from, int to, int keep, int kept)
    {
        double scale = (double)from / to;
        double support = Math.Max(scale, 1); // of the triangle, each side
        var made = new ResizeWeights(kept, (int)Math.Ceiling(support) * 2 + 1);
        Span<double> exact = made.Taps <= 64 ? stackalloc double[64] : new double[made.Taps];
        for (int i = 0; i < kept; i++)
        {
            double centre = (keep + i + 0.5) * scale;
            int first = Math.Max(0, (int)(centre - support + 0.5));
            int used = Math.Min(from, (int)(centre + support + 0.5)) - first;
            double total = 0;
            for (int tap = 0; tap < used; tap++)
            {
                double distance = Math.Abs((tap + first - centre + 0.5) / support);
                total += exact[tap] = Math.Max(0, 1 - distance);
            }
            for (int tap = 0; tap < used; tap++)
                made.Weights[i * made.Taps + tap] = (int)(0.5 + exact[tap] / total * (1 << Bits));
            (made.First[i], made.Used[i]) = (first, used);
        }
        return made;
    }
}
