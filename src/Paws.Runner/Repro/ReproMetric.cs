using Paws.Runner.Config;
using Paws.Runner.Reporting;

namespace Paws.Runner.Repro;

/// <summary>What a cell reads off a finished run.</summary>
public static class ReproMetric
{
    /// <summary>The run's last accuracy: after distillation, else after fine-tuning, else of what was trained; percent.</summary>
    public const string Final = "final";

    private const string Early = "_early",
        Late = "_late";

    private static readonly Dictionary<string, Func<FinishedRun, double?>> Plain = new()
    {
        [Final] = run => run.Number("top1_distilled") ?? run.Number("top1_finetuned") ?? run.Number("top1"),
        // PAWS-NN, or the classifier of a method that has one.
        ["pretrained"] = run => run.Number("top1"),
        ["finetuned"] = run => run.Number("top1_finetuned"),
        ["hours"] = run => run.TrainingSeconds / 3600,
        ["minutes"] = run => run.TrainingSeconds / 60,
        ["epochs"] = run => run.Number("epochs"),
    };

    private static readonly Dictionary<string, Func<StepMetrics, double?>> Curves = new()
    {
        ["cross_entropy"] = s => s.CrossEntropy,
        ["instance_discrimination"] = s => s.InstanceDiscrimination,
        ["support_classification"] = s => s.SupportClassification,
        ["target_confidence"] = s => s.TargetConfidence,
    };

    /// <summary>All names. Those of curves are means over the first tenth (early) and the last tenth (late) of pre-training.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [.. Plain.Keys, .. Curves.Keys.SelectMany(name => (string[])[name + Early, name + Late])];

    /// <summary>Reads a metric; null where the run did not measure it.</summary>
    /// <exception cref="UserErrorException">There is no such metric.</exception>
    public static double? Read(string name, FinishedRun run)
    {
        if (Plain.TryGetValue(name, out var number))
        {
            return number(run);
        }
        var late = name.EndsWith(Late, StringComparison.Ordinal);
        if ((late || name.EndsWith(Early, StringComparison.Ordinal)) && Curves.TryGetValue(name[..name.LastIndexOf('_')], out var curve))
        {
            double[] values = [.. run.Pretraining.Select(curve).OfType<double>()];
            var tenth = Math.Max(1, values.Length / 10);
            return values.Length == 0 ? null : (late ? values[^tenth..] : values[..tenth]).Average();
        }
        var hint = NearestName.Find(name, Names) is { } near ? $"did you mean {near}? " : "";
        throw new UserErrorException($"there is no metric {name}; {hint}there are {string.Join(", ", Names)}");
    }
}
