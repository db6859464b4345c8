using Paws.Runner.Config;
using Paws.Runner.Reporting.Charts;

namespace Paws.Runner.Reporting;

/// <summary>A chart of the report: its file name as a figure, the drawing, and the sentence under it.</summary>
internal sealed record ReportChart(string Name, LineChart Chart, string Caption);

/// <summary>Which charts a run has, made from its metrics.</summary>
internal static class ReportCharts
{
    // One colour a protocol, the same in every chart.
    public const int MethodHue = 0,
        BaselineHue = 1,
        FinetuneHue = 2,
        DistillationHue = 3;

    /// <summary>Accuracy over time and over epochs.</summary>
    public static IReadOnlyList<ReportChart> Accuracy(MetricsLog log, ReportWords words)
    {
        var method = log.EvaluationsOf(words.Method);
        var finetune = log.EvaluationsOf(words.Finetune);
        var distillation = log.EvaluationsOf(Phase.Distillation);
        var baseline = log.EvaluationsOf(Phase.Baseline);
        // Fine-tuning starts when pre-training ends; the baseline has a clock of its own, beginning at zero.
        double End(string phase, IReadOnlyList<EvaluationMetrics> rows) =>
            log.StepsOf(phase).Select(s => s.Seconds).Concat(rows.Select(e => e.Seconds)).DefaultIfEmpty(0).Max();
        double methodEnd = End(words.Method, method);
        double methodEpochs = method.Select(e => e.Epoch).DefaultIfEmpty(0).Max();
        LineSeries Time(string name, IReadOnlyList<EvaluationMetrics> rows, int hue, double offset) =>
            LineSeries.From(name, rows, e => (offset + e.Seconds) / 60, e => e.Top1, hue, dots: true);
        var time = new LineChart
        {
            Title = "Accuracy over time",
            XLabel = "minutes of training",
            YLabel = "top-1, %",
            Series = NotEmpty(
                Time(words.Accuracy, method, MethodHue, 0),
                Time(words.Finetuned, finetune, FinetuneHue, methodEnd),
                Time("after distillation", distillation, DistillationHue, methodEnd + End(words.Finetune, finetune)),
                Time("supervised only", baseline, BaselineHue, 0)
            ),
        };
        var epochs = new LineChart
        {
            Title = "Accuracy by epoch",
            XLabel =
                words.Method == TrainMethod.Supervised
                    ? "passes over the labeled images"
                    : $"epochs of {words.Title} (passes over the unlabeled images)",
            YLabel = "top-1, %",
            Series = NotEmpty(
                LineSeries.From(words.Accuracy, method, e => e.Epoch, e => e.Top1, MethodHue, dots: true),
                LineSeries.From(words.Finetuned, finetune, e => methodEpochs + e.Epoch, e => e.Top1, FinetuneHue, dots: true)
            ),
            References = baseline.Count == 0 ? [] : [new(baseline[^1].Top1, $"supervised only, at its end: {baseline[^1].Top1:0.0}")],
        };
        return
        [
            new(
                "accuracy-time",
                time,
                Join(
                    words.Judging,
                    baseline.Count > 0 ? "The supervised baseline has the same labels and encoder." : "",
                    CurveWords.Sentence(time.Series, "minute", "0.0")
                )
            ),
            new(
                "accuracy-epochs",
                epochs,
                baseline.Count > 0
                    ? "An epoch of the baseline is a pass over the labeled images alone, so its last accuracy stands here as a line."
                    : words.Judging
            ),
        ];
    }

    /// <summary>What the method's training watched, step by step.</summary>
    public static IReadOnlyList<ReportChart> Pretraining(MetricsLog log, int classes, ReportWords words)
    {
        var steps = log.StepsOf(words.Method);
        LineChart Chart(string title, string unit, params LineSeries[] series) =>
            new()
            {
                Title = title,
                XLabel = "step",
                YLabel = unit,
                Series = NotEmpty(series),
            };
        LineSeries Line(string name, Func<StepMetrics, double?> value, int hue) => LineSeries.From(name, steps, s => s.Step, value, hue);
        var rate = new ReportChart(
            "learning-rate",
            Chart("Learning rate", "rate", Line("learning rate", s => s.LearningRate, 4)) with
            {
                Include = [0],
            },
            Moved(
                words.Method == TrainMethod.FixMatch ? "Part of a cosine." : "A cosine, after a linear warm-up where there is one.",
                Line("learning rate", s => s.LearningRate, 4),
                "0.####"
            )
        );
        string images = words.Method == TrainMethod.Supervised ? "labeled images a second" : "unlabeled images a second";
        var speed = new ReportChart(
            "speed",
            Chart("Speed", images, Line("images a second", s => s.ImagesPerSecond, 9)) with
            {
                Include = [0],
            },
            Waiting(steps)
        );
        if (!words.IsPaws)
        {
            return [.. MethodCharts.Losses(words, Chart, Line), .. MethodCharts.Signs(classes, Chart, Line), rate, speed];
        }
        var (crossEntropy, confidence) = (Line("cross-entropy", s => s.CrossEntropy, 1), Line("confidence", s => s.TargetConfidence, 0));
        LineSeries[] watched =
        [
            Line("instance discrimination", s => s.InstanceDiscrimination, 2),
            Line("support classification", s => s.SupportClassification, 3),
        ];
        bool suncet = words.Method == TrainMethod.PawsSuncet;
        double floor = -Math.Log(Math.Max(classes, 2));
        // Logged as 0 where it is off.
        bool meMax = steps.Any(s => s.MeMax is { } value && value != 0);
        LineChart loss = Chart(
            "Loss and its parts",
            "nats",
            Line("loss", s => s.Loss, 0),
            Line("cross-entropy", s => s.CrossEntropy, 1),
            Line("ME-Max", s => meMax ? s.MeMax : null, 4),
            Line("SuNCEt of the supports", s => s.Support, 3)
        ) with
        {
            References = meMax ? [new(floor, $"−log {classes} = {floor:0.00}".Replace('-', '−'))] : [],
            Include = [0],
        };
        return
        [
            new(
                "loss",
                loss,
                Join(
                    meMax ? LossSentence(classes) : "The loss is the cross-entropy between the views, without ME-Max.",
                    suncet ? "Here the weighted SuNCEt of the supports is part of it too." : "",
                    CurveWords.Sentence(loss.Series)
                )
            ),
            new(
                "cross-entropy",
                Chart("Consistency cross-entropy", "nats", crossEntropy),
                Moved(
                    $"Between the prediction of one view and the sharpened prediction of another (the curve of Figure 4a). Uniform predictions cost log {classes} = {-floor:0.00}, sure ones that agree 0.",
                    crossEntropy
                )
            ),
            new(
                "target-confidence",
                Chart("Target confidence", "mean of the largest target probability", confidence),
                Moved(
                    $"How sure the targets are (the curve of Figure 4c): 1/{classes} = {1.0 / Math.Max(classes, 1):0.00} when they are uniform, 1 when they are sure.",
                    confidence
                )
            ),
            new(
                "watched-losses",
                Chart(suncet ? "Telling images and supports apart" : "Losses that are not trained", "nats", watched),
                Join(
                    "Telling images apart (NT-Xent of the views) and classifying labeled images by each other (the curves of Figure 4b).",
                    suncet ? "The second is part of what is trained here." : "Neither is trained.",
                    CurveWords.Sentence(NotEmpty(watched))
                )
            ),
            .. MethodCharts.Signs(classes, Chart, Line),
            rate,
            speed,
        ];
    }

    /// <summary>Loss of fine-tuning, of distillation where there was one, and of the baseline beside a method.</summary>
    public static IReadOnlyList<ReportChart> OtherPhases(MetricsLog log, ReportWords words)
    {
        ReportChart Loss(string title, string phase, int hue, string meaning)
        {
            var loss = LineSeries.From("loss", log.StepsOf(phase), s => s.Step, s => s.Loss, hue);
            var chart = new LineChart
            {
                Title = title,
                XLabel = "step",
                YLabel = "nats",
                Series = NotEmpty(loss),
            };
            return new ReportChart($"{phase}-loss", chart, Moved(meaning, loss));
        }
        var charts = new List<ReportChart>();
        if (words.IsPaws || log.StepsOf(words.Finetune).Count > 0)
        {
            charts.Add(Loss(words.Finetuning, words.Finetune, FinetuneHue, words.FinetuneLoss));
        }
        if (log.StepsOf(Phase.Distillation).Count > 0)
        {
            const string meaning = "Cross-entropy between the fine-tuned network and its student.";
            charts.Add(Loss("Self-distillation", Phase.Distillation, DistillationHue, meaning));
        }
        if (words.Method != TrainMethod.Supervised)
        {
            charts.Add(Loss("Supervised baseline", Phase.Baseline, BaselineHue, "Cross-entropy on the labeled images alone."));
        }
        return charts;
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
            ? "Images trained on a second."
            : $"The trainer waited for images {100 * shares.Average():0.0} % of the time.";
    }

    /// <summary>What a curve is, then what it did; without a curve the first alone.</summary>
    internal static string Moved(string meaning, LineSeries curve, string format = "0.00") =>
        Join(meaning, CurveWords.Sentence(NotEmpty(curve), format: format));

    internal static string Join(params string[] sentences) => string.Join(' ', sentences.Where(s => s.Length > 0));

    private static IReadOnlyList<LineSeries> NotEmpty(params LineSeries[] series) => [.. series.Where(s => s.X.Count > 0)];
}
