using Paws.Runner.Reporting.Charts;

namespace Paws.Runner.Reporting;

/// <summary>A chart of the report: its file name as a figure, the drawing, and the sentence under it.</summary>
internal sealed record ReportChart(string Name, LineChart Chart, string Caption);

/// <summary>Which charts a run has, made from its metrics.</summary>
internal static class ReportCharts
{
    // One colour a protocol, the same in every chart.
    public const int PawsHue = 0,
        BaselineHue = 1,
        SuncetHue = 2;

    /// <summary>Accuracy over time and over epochs.</summary>
    public static IReadOnlyList<ReportChart> Accuracy(MetricsLog log)
    {
        var paws = log.EvaluationsOf(Phase.Paws);
        var suncet = log.EvaluationsOf(Phase.Suncet);
        var baseline = log.EvaluationsOf(Phase.Baseline);
        // Fine-tuning starts when pre-training ends; the baseline has a clock of its own, beginning at zero.
        double pawsEnd = log.StepsOf(Phase.Paws).Select(s => s.Seconds).Concat(paws.Select(e => e.Seconds)).DefaultIfEmpty(0).Max();
        double pawsEpochs = paws.Select(e => e.Epoch).DefaultIfEmpty(0).Max();
        LineSeries Time(string name, IReadOnlyList<EvaluationMetrics> rows, int hue, double offset) =>
            LineSeries.From(name, rows, e => (offset + e.Seconds) / 60, e => e.Top1, hue, dots: true);
        var time = new LineChart
        {
            Title = "Accuracy over time",
            XLabel = "minutes of training",
            YLabel = "top-1, %",
            Series = NotEmpty(
                Time("PAWS-NN", paws, PawsHue, 0),
                Time("PAWS-NN after SuNCEt", suncet, SuncetHue, pawsEnd),
                Time("supervised only", baseline, BaselineHue, 0)
            ),
        };
        var epochs = new LineChart
        {
            Title = "Accuracy by epoch",
            XLabel = "epochs of PAWS (passes over the unlabeled images)",
            YLabel = "top-1, %",
            Series = NotEmpty(
                LineSeries.From("PAWS-NN", paws, e => e.Epoch, e => e.Top1, PawsHue, dots: true),
                LineSeries.From("PAWS-NN after SuNCEt", suncet, e => pawsEpochs + e.Epoch, e => e.Top1, SuncetHue, dots: true)
            ),
            References = baseline.Count == 0 ? [] : [new(baseline[^1].Top1, $"supervised only, at its end: {baseline[^1].Top1:0.0}")],
        };
        return
        [
            new(
                "accuracy-time",
                time,
                "PAWS-NN classifies test images by their similarity to the labeled images. The supervised baseline has the same labels and encoder."
            ),
            new(
                "accuracy-epochs",
                epochs,
                "An epoch of the baseline is a pass over the labeled images alone, so its last accuracy stands here as a line."
            ),
        ];
    }

    /// <summary>What PAWS pre-training watched, step by step.</summary>
    public static IReadOnlyList<ReportChart> Pretraining(MetricsLog log, int classes)
    {
        var steps = log.StepsOf(Phase.Paws);
        LineChart Chart(string title, string unit, params LineSeries[] series) =>
            new()
            {
                Title = title,
                XLabel = "step",
                YLabel = unit,
                Series = NotEmpty(series),
            };
        LineSeries Line(string name, Func<StepMetrics, double?> value, int hue) => LineSeries.From(name, steps, s => s.Step, value, hue);
        double floor = -Math.Log(Math.Max(classes, 2));
        LineChart loss = Chart(
            "Loss and its parts",
            "nats",
            Line("loss", s => s.Loss, 0),
            Line("cross-entropy", s => s.CrossEntropy, 1),
            Line("ME-Max", s => s.MeMax, 4)
        ) with
        {
            References = [new(floor, $"−log {classes} = {floor:0.00}".Replace('-', '−'))],
            Include = [0],
        };
        return
        [
            new("loss", loss, LossSentence(classes)),
            new(
                "cross-entropy",
                Chart("Consistency cross-entropy", "nats", Line("cross-entropy", s => s.CrossEntropy, 1)),
                "Between the prediction of one view and the sharpened prediction of another (the curve of Figure 4a): it falls as views of an image come to agree."
            ),
            new(
                "target-confidence",
                Chart("Target confidence", "mean of the largest target probability", Line("confidence", s => s.TargetConfidence, 0)),
                "How sure the targets are (the curve of Figure 4c): it rises during training."
            ),
            new(
                "watched-losses",
                Chart(
                    "Losses that are not trained",
                    "nats",
                    Line("instance discrimination", s => s.InstanceDiscrimination, 2),
                    Line("support classification", s => s.SupportClassification, 3)
                ),
                "Telling images apart (NT-Xent of the views) and classifying labeled images (the curves of Figure 4b): both fall, although neither is optimised."
            ),
            new(
                "learning-rate",
                Chart("Learning rate", "rate", Line("learning rate", s => s.LearningRate, 4)) with
                {
                    Include = [0],
                },
                "Linear warm-up, then a cosine."
            ),
            new(
                "speed",
                Chart("Speed", "unlabeled images a second", Line("images a second", s => s.ImagesPerSecond, 9)) with
                {
                    Include = [0],
                },
                Waiting(steps)
            ),
        ];
    }

    /// <summary>Loss of fine-tuning and of the baseline.</summary>
    public static IReadOnlyList<ReportChart> OtherPhases(MetricsLog log)
    {
        LineChart Chart(string title, string phase, int hue) =>
            new()
            {
                Title = title,
                XLabel = "step",
                YLabel = "nats",
                Series = NotEmpty(LineSeries.From("loss", log.StepsOf(phase), s => s.Step, s => s.Loss, hue)),
            };
        return
        [
            new(
                "suncet-loss",
                Chart("SuNCEt fine-tuning", Phase.Suncet, SuncetHue),
                "The supervised contrastive loss on the labeled images."
            ),
            new("baseline-loss", Chart("Supervised baseline", Phase.Baseline, BaselineHue), "Cross-entropy on the labeled images alone."),
        ];
    }

    /// <summary>Why a loss below zero is no mistake.</summary>
    public static string LossSentence(int classes) =>
        $"The loss may be negative: it is the cross-entropy (at least 0) plus ME-Max. ME-Max is the entropy of the mean prediction, taken negative, "
        + $"which reaches −log {classes} = {-Math.Log(Math.Max(classes, 2)):0.00} when all {classes} classes are predicted equally often.".Replace(
            '-',
            '−'
        );

    private static string Waiting(IReadOnlyList<StepMetrics> steps)
    {
        var shares = steps.Where(s => s.DataWaitShare.HasValue).Select(s => s.DataWaitShare!.Value).ToList();
        return shares.Count == 0
            ? "Unlabeled images trained on a second."
            : $"The trainer waited for images {100 * shares.Average():0.0} % of the time.";
    }

    private static IReadOnlyList<LineSeries> NotEmpty(params LineSeries[] series) => [.. series.Where(s => s.X.Count > 0)];
}
