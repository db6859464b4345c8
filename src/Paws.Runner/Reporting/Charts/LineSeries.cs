namespace Paws.Runner.Reporting.Charts;

/// <summary>One line of a chart. Points whose y is not finite break the line.</summary>
public sealed record LineSeries
{
    /// <summary>What the legend says.</summary>
    public required string Name { get; init; }

    /// <summary>Abscissae, ascending.</summary>
    public required IReadOnlyList<double> X { get; init; }

    /// <summary>Ordinates, as many.</summary>
    public required IReadOnlyList<double> Y { get; init; }

    /// <summary>Number of its colour.</summary>
    public int Hue { get; init; }

    /// <summary>Whether each point gets a dot, as measurements far apart should.</summary>
    public bool Dots { get; init; }

    /// <summary>A series from rows, leaving out those where the value was not measured.</summary>
    public static LineSeries From<T>(
        string name,
        IEnumerable<T> rows,
        Func<T, double> x,
        Func<T, double?> y,
        int hue = 0,
        bool dots = false
    )
    {
        var points = rows.Select(r => (X: x(r), Y: y(r))).Where(p => p.Y.HasValue).ToList();
        return new LineSeries
        {
            Name = name,
            X = [.. points.Select(p => p.X)],
            Y = [.. points.Select(p => p.Y!.Value)],
            Hue = hue,
            Dots = dots,
        };
    }

    /// <summary>
    /// The series with at most <paramref name="most"/> points, each the mean of a run of neighbours; also the least and largest of each run.
    /// </summary>
    public (LineSeries Means, double[] Least, double[] Largest) Thin(int most)
    {
        int n = X.Count;
        int buckets = Math.Min(n, most);
        double[] x = new double[buckets],
            y = new double[buckets],
            least = new double[buckets],
            largest = new double[buckets];
        for (int b = 0; b < buckets; b++)
        {
            int from = (int)((long)b * n / buckets),
                to = (int)((long)(b + 1) * n / buckets);
            least[b] = double.PositiveInfinity;
            largest[b] = double.NegativeInfinity;
            for (int i = from; i < to; i++)
            {
                x[b] += X[i] / (to - from);
                y[b] += Y[i] / (to - from);
                least[b] = Math.Min(least[b], Y[i]);
                largest[b] = Math.Max(largest[b], Y[i]);
            }
        }
        return (this with { X = x, Y = y }, least, largest);
    }
}

/// <summary>A dashed horizontal line with its meaning written on it.</summary>
public sealed record ReferenceLine(double Y, string Label);
