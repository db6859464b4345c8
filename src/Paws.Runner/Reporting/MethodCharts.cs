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
        var loss = line("loss", s => s.Loss, 0);
        yield return new("loss", chart("Loss", "nats", [loss]), ReportCharts.Moved(words.Loss, loss));
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
            yield return new("loss-parts", parts, WithCurves("On unlabeled and on labeled images, before they are weighted.", parts));
        }
        LineChart confident = chart("Confident predictions", "share of unlabeled images", [line("share", s => s.ConfidentShare, 0)]);
        if (!confident.IsEmpty)
        {
            yield return new(
                "confident-share",
                confident,
                WithCurves("Unlabeled images whose predicted class was taken as a label.", confident)
            );
        }
    }

    /// <summary>Whether images are told apart: by predictions where the method predicts classes, and by embeddings.</summary>
    public static IEnumerable<ReportChart> Signs(
        int classes,
        Func<string, string, LineSeries[], LineChart> chart,
        Func<string, Func<StepMetrics, double?>, int, LineSeries> line
    )
    {
        LineChart predictions = chart(
            "What predictions tell",
            "nats",
            [line("about the image", s => s.Information, 0), line("entropy of the mean", s => s.MeanEntropy, 4)]
        );
        if (!predictions.IsEmpty)
        {
            double most = Math.Log(Math.Max(classes, 2));
            string meaning =
                $"H(p̄), the entropy of the mean prediction, and how much of it is left when the entropy of single predictions is taken away: what a prediction tells about its image, 0 when all are alike, log {classes} = {most:0.00} when they are sure and use all classes.";
            yield return new(
                "information",
                predictions with
                {
                    References = [new(most, $"log {classes} = {most:0.00}")],
                    Include = [0],
                },
                WithCurves(meaning, predictions)
            );
        }
        LineChart rank = chart("Rank of the embeddings", "directions", [line("effective rank", s => s.EmbeddingRank, 2)]);
        if (!rank.IsEmpty)
        {
            const string meaning = "How many directions carry what differs between the embeddings of a step's images.";
            yield return new("embedding-rank", rank with { Include = [0] }, WithCurves(meaning, rank, "0.0"));
        }
    }

    private static string WithCurves(string meaning, LineChart chart, string format = "0.00") =>
        ReportCharts.Join(meaning, CurveWords.Sentence(chart.Series, format: format));
}
