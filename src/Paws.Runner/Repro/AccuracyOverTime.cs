using Paws.Runner.Reporting;
using Paws.Runner.Reporting.Charts;

namespace Paws.Runner.Repro;

/// <summary>What an arm's seeds reach while they train: pre-training, then fine-tuning from the minute at which that ended.</summary>
internal static class AccuracyOverTime
{
    /// <summary>Top-1 in % against minutes of training; a phase that was not evaluated has no curve.</summary>
    /// <param name="label">What the arm is called.</param>
    /// <param name="seeds">Its runs that have ended.</param>
    public static IEnumerable<SeedSeries> Of(string label, IReadOnlyList<FinishedRun> seeds)
    {
        SeedSeries[] curves =
        [
            SeedSeries.PointByPoint($"{label}, pre-training", [.. seeds.Select(run => Curve(run, run.Text("method") ?? Phase.Paws, 0))], 0),
            SeedSeries.PointByPoint(
                $"{label}, fine-tuning",
                [.. seeds.Select(run => Curve(run, run.Text("finetune_method"), run.Number("pretrain_seconds") ?? 0))],
                1
            ),
        ];
        return curves.Where(curve => curve.Points.Count > 0);
    }

    private static List<(double Minutes, double Top1)> Curve(FinishedRun run, string? phase, double after) =>
        phase is null ? [] : [.. run.Metrics.EvaluationsOf(phase).Select(e => ((after + e.Seconds) / 60, e.Top1))];
}
