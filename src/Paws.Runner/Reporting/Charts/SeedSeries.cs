namespace Paws.Runner.Reporting.Charts;

/// <summary>What the seeds measured at one abscissa.</summary>
/// <param name="X">Abscissa: hours, epochs, labels, parameters.</param>
/// <param name="Values">One number a seed, in any order; those that are not finite do not count.</param>
public sealed record SeedPoint(double X, IReadOnlyList<double> Values)
{
    internal double[] Finite => [.. Values.Where(double.IsFinite)];

    internal double Mean => Finite is { Length: > 0 } values ? values.Average() : double.NaN;
}

/// <summary>One series of a <see cref="SeriesChart"/>: its mean is a line, its spread over seeds a band or whiskers.</summary>
public sealed record SeedSeries
{
    /// <summary>What the legend says.</summary>
    public required string Name { get; init; }

    /// <summary>Points, abscissae ascending.</summary>
    public required IReadOnlyList<SeedPoint> Points { get; init; }

    /// <summary>Number of its colour; its dashes and marks follow its place in the chart, so that print in grey tells series apart.</summary>
    public int Hue { get; init; }

    /// <summary>
    /// A series from each seed's curve, point by point: the i-th point of one seed belongs to the i-th of the others (evaluations
    /// after the same epochs, at hours of their own), and its abscissa is their mean. As long as the shortest curve.
    /// </summary>
    public static SeedSeries PointByPoint(string name, IReadOnlyList<IReadOnlyList<(double X, double Y)>> seeds, int hue = 0)
    {
        int length = seeds.Count == 0 ? 0 : seeds.Min(s => s.Count);
        return new SeedSeries
        {
            Name = name,
            Hue = hue,
            Points =
            [
                .. Enumerable.Range(0, length).Select(i => new SeedPoint(seeds.Average(s => s[i].X), [.. seeds.Select(s => s[i].Y)])),
            ],
        };
    }

    /// <summary>
    /// A series from curves of many noisy points: means within at most <paramref name="most"/> stretches of the abscissa, stretch by
    /// stretch for each seed. It ends where the shortest curve ends, because a mean over fewer seeds would jump there.
    /// </summary>
    public static SeedSeries Smoothed(string name, IReadOnlyList<IReadOnlyList<(double X, double Y)>> seeds, int hue = 0, int most = 100)
    {
        var curves = seeds.Select(s => s.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y)).ToList()).ToList();
        if (curves.Count == 0 || curves.Any(c => c.Count == 0))
        {
            return new SeedSeries
            {
                Name = name,
                Hue = hue,
                Points = [],
            };
        }
        double low = curves.Max(c => c.Min(p => p.X)),
            high = curves.Min(c => c.Max(p => p.X));
        int stretches = Math.Min(most, curves.Min(c => c.Count));
        int Stretch(double x) => Math.Min((int)((x - low) / Math.Max(high - low, 1e-12) * stretches), stretches - 1);
        var bySeed = curves.Select(c => c.Where(p => p.X >= low && p.X <= high).ToLookup(p => Stretch(p.X))).ToList();
        return new SeedSeries
        {
            Name = name,
            Hue = hue,
            Points =
            [
                .. Enumerable
                    .Range(0, stretches)
                    .Where(i => bySeed.All(s => s[i].Any()))
                    .Select(i => new SeedPoint(
                        bySeed.Average(s => s[i].Average(p => p.X)),
                        [.. bySeed.Select(s => s[i].Average(p => p.Y))]
                    )),
            ],
        };
    }
}
