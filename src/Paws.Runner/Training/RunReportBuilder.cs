using System.Globalization;
using Paws.Data.Loading;
using Paws.Runner.Config;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>From a finished run to its result and its report.</summary>
internal static class RunReportBuilder
{
    /// <summary>Test images whose embeddings the report shows.</summary>
    public const int EmbeddedImages = 800;

    /// <summary>Images whose views the report shows.</summary>
    private const int ShownImages = 6;

    /// <summary>The figures of a run; <paramref name="seconds"/> of this sitting, data and evaluation included.</summary>
    public static RunResult Result(RunContext run, IMethodPhase phase, double seconds)
    {
        var (method, baseline) = (run.State.Of(phase.Name), run.State.Of(Phase.Baseline));
        var tuned = run.Config.Finetune.Epochs > 0;
        var (finetune, distillation) = (run.State.Of(run.Config.Finetune.Method), run.State.Of(Phase.Distillation));
        var speeds = MetricsReader.Read(run.Directory).StepsOf(phase.Name).Select(s => s.ImagesPerSecond ?? 0).Order().ToArray();
        return new RunResult
        {
            Method = phase.Name,
            Top1 = method.Top1 ?? 0,
            Top5 = method.Top5,
            BestTop1 = method.BestTop1,
            Top1Finetuned = finetune.Top1,
            FinetuneMethod = tuned ? run.Config.Finetune.Method : null,
            Top1Distilled = distillation.Top1,
            BaselineTop1 = baseline.Top1,
            BaselineBestTop1 = baseline.BestTop1,
            Seconds = seconds,
            PretrainSeconds = method.Seconds,
            FinetuneSeconds = tuned ? finetune.Seconds : null,
            DistillSeconds = distillation.TotalSteps > 0 ? distillation.Seconds : null,
            PawsSeconds = phase is PawsPhase ? method.Seconds + finetune.Seconds : null,
            BaselineSeconds = baseline.TotalSteps > 0 ? baseline.Seconds : null,
            ImagesPerSecond = speeds.Length > 0 ? speeds[speeds.Length / 2] : null,
            PeakMemoryMb = Hardware.PeakMemoryMb,
            RunDirectory = run.Directory,
            Dataset = run.Setting.Data.Train.Name,
            Labels = run.Setting.Labeled.Length,
            Seed = run.Config.Meta.Seed,
            Epochs = run.Config.Optimization.Epochs,
            Protocol = phase.Protocol,
            Hardware = Hardware.Describe(run.Setting.Device, run.Setting.ComputeType),
            Collapsed = method.Collapsed,
            CollapseKind = method.CollapseKind,
            CollapsedAtStep = method.CollapsedAtStep,
            RecoveredAtStep = method.RecoveredAtStep,
        };
    }

    /// <summary>Everything the report shows.</summary>
    public static RunReport Build(RunContext run, IMethodPhase phase, NearestNeighbourResult judged, RunResult result) =>
        new()
        {
            Title =
                $"{(result.Objective == phase.Name ? TrainMethod.Title(phase.Name) : result.Objective)} on {result.Dataset}, {result.Labels} labels",
            Classes = run.Setting.Data.Train.Classes,
            Confusion = judged.Confusion(run.Setting.Data.Train.Classes.Count),
            Figures = Figures(result),
            Embeddings = judged.Embeddings,
            EmbeddingLabels = judged.EmbeddingLabels,
            Views = Views(run, phase),
            Configuration = ConfigWriter.ToYaml(run.Config),
            Environment =
            [
                new("Paws", typeof(RunReportBuilder).Assembly.GetName().Version?.ToString(3) ?? ""),
                new("commit", result.Commit ?? "unknown"),
                new("hardware", result.Hardware),
                new("system", System.Runtime.InteropServices.RuntimeInformation.OSDescription),
                new(".NET", Environment.Version.ToString()),
                new("libtorch", torch.__version__),
            ],
            Collapse = Notice(run, phase, result),
            Result = result.ToJson(),
        };

    /// <summary>What is said first of a run that has collapsed, or had for a while; null of any other.</summary>
    private static CollapseNotice? Notice(RunContext run, IMethodPhase phase, RunResult result)
    {
        if (result is not { CollapsedAtStep: { } since, CollapseKind: { } kind })
        {
            return null;
        }
        var words = CollapseKind.InWords(kind);
        var steps = run.State.Of(phase.Name).TotalSteps;
        return result.Collapsed
            ? new CollapseNotice(
                "This run has collapsed",
                $"Since step {since} of {steps} {words}: images are not told apart, and longer training does not change that.",
                [.. CollapseHints.For(run.Config, kind, phase is PawsPhase { OwnObjective: true }).Select(hint => hint.Option)]
            )
            : new CollapseNotice(
                "This run had collapsed for a while",
                $"From step {since} to step {result.RecoveredAtStep} of {steps}, {words.Replace(" are ", " were ").Replace(" have ", " had ")}; "
                    + "then images were told apart again.",
                []
            );
    }

    /// <summary>Tells a person what came out.</summary>
    public static void Summarise(RunContext run, RunReport report, RunResult result, CommandConsole console)
    {
        if (report.Collapse is { } notice)
        {
            console.Say($"warning: {notice.Line}");
        }
        foreach (var (name, value) in Figures(result))
        {
            console.Say($"{name}: {value}");
        }
        console.Say($"report: {Path.Combine(run.Directory, "report.html")}");
    }

    private static List<KeyValuePair<string, string>> Figures(RunResult result)
    {
        var words = new ReportWords(result.Method, result.FinetuneMethod ?? FinetuneMethod.Suncet);
        var figures = new List<KeyValuePair<string, string>> { new($"{words.Accuracy} top-1", Percent(result.Top1)) };
        if (result.Top5 is { } top5)
        {
            figures.Add(new($"{words.Accuracy} top-5", Percent(top5)));
        }
        if (result.Top1Finetuned is { } finetuned)
        {
            figures.Add(new(words.Finetune == FinetuneMethod.Suncet ? "after SuNCEt fine-tuning" : words.Finetuned, Percent(finetuned)));
        }
        if (result.Top1Distilled is { } distilled)
        {
            figures.Add(new("after distillation", Percent(distilled)));
        }
        if (result.BaselineTop1 is { } baseline)
        {
            figures.Add(new("supervised-only baseline", Percent(baseline)));
            figures.Add(new("gain", string.Create(CultureInfo.InvariantCulture, $"{result.Top1 - baseline:+0.0;-0.0} points")));
        }
        figures.Add(new("labels", result.Labels.ToString(CultureInfo.InvariantCulture)));
        figures.Add(new("time", TimeSpan.FromSeconds(result.Seconds).ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture)));
        return figures;
    }

    private static string Percent(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.0} %");

    /// <summary>The views of the first unlabeled images of step 0 (of labeled ones, where a method sees no others), as the network saw them.</summary>
    private static List<IReadOnlyList<ViewPicture>> Views(RunContext run, IMethodPhase phase)
    {
        var plan = phase.Plan(0);
        int[] images = [.. plan.Groups[^1].Rows.Where(IsShown).Select(row => row.Sample).Distinct().Take(ShownImages)];
        var shown = images.Length;
        var groups = plan.Groups.Select(group => group with { Rows = [.. RowsOf(group, images)] }).ToList();
        using var scope = torch.NewDisposeScope();
        using var loader = run.Setting.OpenLoader(step => step == 0 ? plan with { Groups = groups } : null, 0);
        using var filled = loader.Next()!;
        var pictures = Enumerable.Range(0, shown).Select(_ => new List<ViewPicture>()).ToList();
        foreach (var (group, g) in filled.Plan.Groups.Select((group, g) => (group, g)))
        {
            var pixels = ((TensorMemory)filled.Memory[g]).Images(group.Rows.Length, group.Recipe.Size);
            var views = ViewPictures.Of(pixels, group.Recipe, row => $"{Caption(phase.Name, g)} {row / shown + 1}");
            for (var row = 0; row < views.Length; row++)
            {
                pictures[row % shown].Add(views[row]);
            }
        }
        return [.. pictures];
    }

    /// <summary>Supports have an epoch below zero.</summary>
    private static bool IsShown(BatchRow row) => row.Epoch >= 0;

    /// <summary>The rows of those images, view by view, images in their order.</summary>
    private static IEnumerable<BatchRow> RowsOf(BatchGroup group, int[] images)
    {
        var rows = group.Rows.Where(IsShown).DistinctBy(row => (row.View, row.Sample)).ToLookup(row => row.View);
        return rows.SelectMany(view => images.Select(image => view.First(row => row.Sample == image)));
    }

    private static string Caption(string method, int group) =>
        method == TrainMethod.FixMatch ? (group == 0 ? "weak" : "strong")
        : group == 0 ? "large"
        : "small";
}
