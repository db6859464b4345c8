using Paws.Runner.Reporting.Charts;

namespace Paws.Runner.Reporting.Figures;

/// <summary>
/// Figure 4 of the paper: what falls and rises during pre-training. (a) the cross-entropy between predictions and targets;
/// (b) instance discrimination and supervised classification of the supports, which nothing minimises; (c) the mean confidence of
/// the targets' arg-max. Means over seeds, with a band from the least to the largest seed.
/// </summary>
public static class Figure4
{
    private const double PanelWidth = 400;

    /// <summary>The figure from the metrics of the seeds' runs, as far as the shortest run goes; epochs along x.</summary>
    /// <param name="seeds">One log a seed, at least one.</param>
    /// <exception cref="ArgumentException">There is no seed.</exception>
    public static string Draw(IReadOnlyList<MetricsLog> seeds)
    {
        if (seeds.Count == 0)
        {
            throw new ArgumentException("Figure 4 needs the metrics of one seed at least", nameof(seeds));
        }
        var steps = seeds.Select(s => s.StepsOf(Phase.Paws)).ToList();
        SeedSeries Curve(string name, int hue, Func<StepMetrics, double?> value) =>
            SeedSeries.Smoothed(
                name,
                [.. steps.Select(rows => rows.Where(r => value(r).HasValue).Select(r => (r.Epoch, value(r)!.Value)).ToList())],
                hue
            );
        SeriesChart[] panels =
        [
            Panel("(a) consistency", "cross-entropy with the target, nats", Curve("cross-entropy", 1, s => s.CrossEntropy)),
            Panel(
                "(b) losses that are not trained",
                "nats",
                Curve("instance discrimination (NT-Xent)", 2, s => s.InstanceDiscrimination),
                Curve("classification of the support", 3, s => s.SupportClassification)
            ),
            Panel("(c) confidence of the target", "mean largest target probability", Curve("confidence", 0, s => s.TargetConfidence)),
        ];
        double head = panels.Max(p => p.HeadHeight);
        panels = [.. panels.Select(p => p with { HeadRoom = head })];
        double height = panels.Max(p => p.Height);
        var svg = new SvgDrawing(PanelWidth * panels.Length, height, Theme.Paper, $"Figure 4: losses and confidence, {seeds.Count} seeds");
        for (int i = 0; i < panels.Length; i++)
        {
            panels[i].Paint(svg, Theme.Paper, i * PanelWidth);
        }
        return svg.Close();
    }

    private static SeriesChart Panel(string title, string unit, params SeedSeries[] series) =>
        new()
        {
            Title = title,
            XLabel = "epochs",
            YLabel = unit,
            Series = series,
            Width = PanelWidth,
        };
}
