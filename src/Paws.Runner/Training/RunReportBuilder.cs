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
    public static RunResult Result(RunContext run, double seconds)
    {
        var (paws, suncet, baseline) = (run.State.Of(Phase.Paws), run.State.Of(Phase.Suncet), run.State.Of(Phase.Baseline));
        var speeds = MetricsReader.Read(run.Directory).StepsOf(Phase.Paws).Select(s => s.ImagesPerSecond ?? 0).Order().ToArray();
        return new RunResult
        {
            Top1 = paws.Top1 ?? 0,
            Top5 = paws.Top5,
            Top1Finetuned = suncet.Top1,
            BaselineTop1 = baseline.Top1,
            BaselineBestTop1 = baseline.BestTop1,
            Seconds = seconds,
            PawsSeconds = paws.Seconds + suncet.Seconds,
            BaselineSeconds = baseline.TotalSteps > 0 ? baseline.Seconds : null,
            ImagesPerSecond = speeds.Length > 0 ? speeds[speeds.Length / 2] : null,
            PeakMemoryMb = Hardware.PeakMemoryMb,
            RunDirectory = run.Directory,
            Dataset = run.Setting.Data.Train.Name,
            Labels = run.Setting.Labeled.Length,
            Seed = run.Config.Meta.Seed,
            Epochs = run.Config.Optimization.Epochs,
            Protocol = "PAWS-NN, last epoch, all labeled images as support, centre crop",
            Hardware = Hardware.Describe(run.Setting.Device, run.Setting.ComputeType),
            Collapsed = paws.Collapsed,
        };
    }

    /// <summary>Everything the report shows.</summary>
    public static RunReport Build(RunContext run, NearestNeighbourResult judged, RunResult result) =>
        new()
        {
            Title =
                $"{(result.Objective == RunResult.PublishedObjective ? "PAWS" : result.Objective)} on {result.Dataset}, {result.Labels} labels",
            Classes = run.Setting.Data.Train.Classes,
            Confusion = judged.Confusion(run.Setting.Data.Train.Classes.Count),
            Figures = Figures(result),
            Embeddings = judged.Embeddings,
            EmbeddingLabels = judged.EmbeddingLabels,
            Views = Views(run),
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
            Result = result.ToJson(),
        };

    /// <summary>Tells a person what came out.</summary>
    public static void Summarise(RunContext run, RunResult result, CommandConsole console)
    {
        foreach (var (name, value) in Figures(result))
        {
            console.Say($"{name}: {value}");
        }
        console.Say($"report: {Path.Combine(run.Directory, "report.html")}");
    }

    private static List<KeyValuePair<string, string>> Figures(RunResult result)
    {
        var figures = new List<KeyValuePair<string, string>> { new("PAWS-NN top-1", Percent(result.Top1)) };
        if (result.Top5 is { } top5)
        {
            figures.Add(new("PAWS-NN top-5", Percent(top5)));
        }
        if (result.Top1Finetuned is { } finetuned)
        {
            figures.Add(new("after SuNCEt fine-tuning", Percent(finetuned)));
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

    /// <summary>The views of the first images of step 0, as the network saw them.</summary>
    private static List<IReadOnlyList<ViewPicture>> Views(RunContext run)
    {
        var plan = run.Setting.Plans.Paws(default).At(0)!;
        var batch = run.Setting.Plans.GlobalBatch;
        var shown = Math.Min(ShownImages, batch);
        var (large, small) = (plan.Groups[0], plan.Groups.ElementAtOrDefault(1));
        var supports = large.Rows.Length - 2 * batch;
        var groups = new List<BatchGroup>
        {
            large with
            {
                Rows = [.. Enumerable.Range(0, 2).SelectMany(v => large.Rows.Skip(supports + v * batch).Take(shown))],
            },
        };
        var crops = run.Config.Data.Multicrop;
        if (small is not null)
        {
            groups.Add(small with { Rows = [.. Enumerable.Range(0, crops).SelectMany(v => small.Rows.Skip(v * batch).Take(shown))] });
        }
        using var scope = torch.NewDisposeScope();
        using var loader = run.Setting.OpenLoader(step => step == 0 ? plan with { Groups = groups } : null, 0);
        using var filled = loader.Next()!;
        var pictures = Enumerable.Range(0, shown).Select(_ => new List<ViewPicture>()).ToList();
        foreach (var (group, g) in filled.Plan.Groups.Select((group, g) => (group, g)))
        {
            var images = ((TensorMemory)filled.Memory[g]).Images(group.Rows.Length, group.Recipe.Size);
            var views = ViewPictures.Of(images, group.Recipe, row => $"{(g == 0 ? "large" : "small")} {row / shown + 1}");
            for (var row = 0; row < views.Length; row++)
            {
                pictures[row % shown].Add(views[row]);
            }
        }
        return [.. pictures];
    }
}
