namespace Paws.Runner.Bench;

/// <summary>One quantity that a step's cost depends on.</summary>
/// <param name="Name">What it is called in tables and charts; supports are counted a class.</param>
/// <param name="Values">Its values, doubling.</param>
/// <param name="Set">The work with one of them.</param>
internal sealed record GrowthAxis(string Name, int[] Values, Func<StepBenchOptions, int, StepBenchOptions> Set);

/// <summary>Seconds at each value of an axis.</summary>
internal sealed record GrowthCurve(GrowthAxis Axis, double[] Seconds)
{
    /// <summary>
    /// The exponent of the growth over the last doubling, where what does not grow weighs least: log₂ of the ratio of the two seconds.
    /// </summary>
    public double Exponent => Math.Log(Seconds[^1] / Seconds[^2]) / Math.Log((double)Axis.Values[^1] / Axis.Values[^2]);
}

/// <summary>How the cost of a step grows with batch, supports, embedding width and small views, each alone.</summary>
internal static class Growth
{
    /// <summary>Times the whole step.</summary>
    public static IReadOnlyList<GrowthAxis> StepAxes { get; } =
        Axes(batch: [16, 32, 64, 128], perClass: [2, 4, 8, 16], width: [64, 128, 256, 512], crops: [1, 2, 4, 8]);

    /// <summary>What the axes of the step start from: large enough that what does not grow is small.</summary>
    public static StepBenchOptions StepBase { get; } =
        new()
        {
            Batch = 16,
            PerClass = 2,
            Crops = 2,
        };

    /// <summary>Times the loss alone.</summary>
    public static IReadOnlyList<GrowthAxis> LossAxes { get; } =
        Axes(batch: [64, 128, 256, 512], perClass: [16, 32, 64, 128], width: [128, 256, 512, 1024], crops: [2, 4, 8, 16]);

    /// <summary>What the axes of the loss start from.</summary>
    public static StepBenchOptions LossBase { get; } = new() { Batch = 64, PerClass = 16 };

    /// <summary>Measures one axis: the values in turn, several times over, and the median of each, so that a drift of the machine meets all alike.</summary>
    /// <param name="axis">What changes.</param>
    /// <param name="start">What stays.</param>
    /// <param name="open">Prepares a measurement; each call of the result is one.</param>
    /// <param name="rounds">Times each value is measured.</param>
    /// <param name="done">Called after each measurement.</param>
    public static GrowthCurve Measure(
        GrowthAxis axis,
        StepBenchOptions start,
        Func<StepBenchOptions, (Func<double> Step, IDisposable Owner)> open,
        int rounds,
        Action done
    )
    {
        var benches = axis.Values.Select(value => open(axis.Set(start, value))).ToArray();
        try
        {
            var seconds = benches.Select(_ => new List<double>()).ToArray();
            for (int round = -1; round < rounds; round++)
            {
                for (int i = 0; i < benches.Length; i++)
                {
                    double time = benches[i].Step();
                    if (round >= 0)
                    {
                        seconds[i].Add(time);
                    }
                    done();
                }
            }
            return new GrowthCurve(axis, [.. seconds.Select(Median.Of)]);
        }
        finally
        {
            foreach (var (_, owner) in benches)
            {
                owner.Dispose();
            }
        }
    }

    private static GrowthAxis[] Axes(int[] batch, int[] perClass, int[] width, int[] crops) =>
        [
            new("batch", batch, (work, value) => work with { Batch = value }),
            new("supports", perClass, (work, value) => work with { PerClass = value }),
            new("width", width, (work, value) => work with { Out = value }),
            new("crops", crops, (work, value) => work with { Crops = value }),
        ];
}
