using Paws.Runner.Config;
using Paws.Runner.Reporting;
using Paws.Runner.Training;

namespace Paws.Runner.Repro;

/// <summary>
/// How much a run has to compute, for time left: pixels through the network, of which one pass forward and back counts three times a
/// pass forward. A rough measure: networks of all runs are taken for equally large, and data sets too.
/// </summary>
public sealed class RunCost
{
    private const int Training = 3,
        Forward = 1;

    private readonly List<Part> parts = [];

    /// <param name="config">What the run is to do.</param>
    /// <param name="images">Training images. They are the same for all runs of a plan: those of CIFAR-10 stand for them.</param>
    /// <param name="testImages">Test images.</param>
    public RunCost(PawsConfig config, double images = 50_000, double testImages = 10_000)
    {
        var (views, finetune, method) = (config.Views, config.Finetune, config.Method);
        double large = Square(views.LargeSize ?? 32),
            test = Square(views.TestSize ?? views.LargeSize ?? 32);
        var length = config.Optimization.Epochs;
        var supervised = method.Name == TrainMethod.Supervised && config.Baseline.Steps > 0;
        var pretraining = supervised
            ? Training * (double)config.Baseline.Steps * config.Baseline.BatchSize * large
            : Training * length * images * TrainedPixels.OfOneImage(config);
        var evaluations = config.Evaluation.EveryEpochs > 0 ? Math.Max(1, length / config.Evaluation.EveryEpochs) : 1;
        Add(
            TrainMethod.Of(config),
            pretraining + Forward * testImages * evaluations * test,
            supervised ? step => (step.Step + 1.0) / config.Baseline.Steps : step => step.Epoch / length
        );
        if (finetune.Epochs > 0)
        {
            var labels = (double)(config.Data.LabelsPerClass ?? 0) * config.Criterion.ClassesPerBatch;
            var passes = finetune.Method == FinetuneMethod.Linear ? Forward : Training;
            Add(
                finetune.Method,
                finetune.Epochs * (passes * labels * large + Forward * finetune.HeldOutOutside * test) + Forward * 2 * testImages * test,
                step => step.Epoch / finetune.Epochs
            );
        }
        if (method.DistillEpochs > 0)
        {
            Add(
                Phase.Distillation,
                method.DistillEpochs * images * (Training + Forward) * large + Forward * testImages * test,
                step => step.Epoch / method.DistillEpochs
            );
        }
        var baseline = config.Baseline;
        WithBaseline =
            Total
            + (
                !baseline.Enabled || method.Name == TrainMethod.Supervised ? 0
                : baseline.Steps > 0 ? Training * (double)baseline.Steps * baseline.BatchSize * large
                : baseline.TimeFactor * Total
            );
    }

    /// <summary>The whole run, in pixels forward; positive.</summary>
    public double Total => parts.Sum(p => p.Cost);

    /// <summary>The same with the supervised-only baseline beside it, where there is one.</summary>
    public double WithBaseline { get; }

    /// <summary>The share that a step has behind it, in [0, 1]. Phases that are not counted come last.</summary>
    public double Share(StepMetrics step)
    {
        var at = parts.FindIndex(p => p.Phase == step.Phase);
        return at < 0 ? 1 : (parts.Take(at).Sum(p => p.Cost) + parts[at].Cost * Math.Clamp(parts[at].Done(step), 0, 1)) / Total;
    }

    private static double Square(int edge) => (double)edge * edge;

    private void Add(string phase, double cost, Func<StepMetrics, double> done) => parts.Add(new Part(phase, cost, done));

    private sealed record Part(string Phase, double Cost, Func<StepMetrics, double> Done);
}
