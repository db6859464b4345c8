using Paws.Runner.Reporting.Charts;

namespace Paws.Runner.Reporting;

/// <summary>Charts of the methods that PAWS is compared with, in place of those that only PAWS has.</summary>
internal static class MethodCharts
{
    /// <summary>The loss of a method that PAWS is compared with, and what else it measured.</summary>
    public static IEnumerable<ReportChart> Losses(
        ReportWords words,
        Func<string, string, LineSeries[], LineChart> chart,
        Func<string, Func<StepMetrics, double?>, int, LineSeries> line
    )
    {
        yield return new("loss", chart("Loss", "nats", [line("loss", s => s.Loss, 0)]), words.Loss);
        LineChart parts = chart(
            "Parts of the loss",
            "nats",
            [
                line("unlabeled images", s => s.CrossEntropy ?? s.InstanceDiscrimination, 2),
                line("labeled images", s => s.SupportClassification, 3),
            ]
        );
        if (!parts.IsEmpty)
        {
            yield return new("loss-parts", parts, "On unlabeled and on labeled images, before they are weighted.");
        }
        LineChart confident = chart("Confident predictions", "share of unlabeled images", [line("share", s => s.ConfidentShare, 0)]);
        if (!confident.IsEmpty)
        {
            yield return new("confident-share", confident, "Unlabeled images whose predicted class was taken as a label.");
        }
    }
}
