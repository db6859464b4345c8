namespace Paws.Data.Augment;

/// <summary>
/// Weights of an antialiased bilinear resize along one axis, in PIL's 22-bit fixed point: the triangle is as wide as the
/// output pixel is in input pixels when shrinking, one pixel when enlarging.
/// </summary>
internal sealed class ResizeWeights
{
    /// <summary>Fraction bits of a weight.</summary>
    public const int Bits = 22;

    private int[] first = [];
    private int[] used = [];
    private int[] weights = [];
    private double[] exact = [];
    private int taps;

    /// <summary>The first input pixel that output pixel <paramref name="i"/> is made from.</summary>
    public int First(int i) => first[i];

    /// <summary>The weights of input pixels First(i), First(i) + 1, …</summary>
    public ReadOnlySpan<int> Of(int i) => weights.AsSpan(i * taps, used[i]);

    /// <summary>From the pixels of <paramref name="from"/> to output pixels [keep, keep + kept) of <paramref name="to"/>. Memory is only taken when it grows.</summary>
    public ResizeWeights Set(Extent from, int to, int keep, int kept)
    {
        double scale = from.Length / to;
        double support = Math.Max(scale, 1); // of the triangle, each side
        taps = (int)Math.Ceiling(support) * 2 + 1;
        Reserve(kept);
        for (int i = 0; i < kept; i++)
        {
            double centre = from.Offset + (keep + i + 0.5) * scale;
            first[i] = Math.Max(0, (int)(centre - support + 0.5));
            used[i] = Math.Min(from.Pixels, (int)(centre + support + 0.5)) - first[i];
            double total = 0;
            for (int tap = 0; tap < used[i]; tap++)
            {
                double distance = Math.Abs((tap + first[i] - centre + 0.5) / support);
                total += exact[tap] = Math.Max(0, 1 - distance);
            }
            for (int tap = 0; tap < used[i]; tap++)
                weights[i * taps + tap] = (int)(0.5 + exact[tap] / total * (1 << Bits));
        }
        return this;
    }

    private void Reserve(int count)
    {
        if (first.Length < count)
            (first, used) = (new int[count], new int[count]);
        if (weights.Length < count * taps)
            weights = new int[count * taps];
        if (exact.Length < taps)
            exact = new double[taps];
    }
}
