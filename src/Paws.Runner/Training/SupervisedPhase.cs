using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// The supervised-only baseline: the same encoder's trunk with a linear classifier, cross-entropy on the labeled images alone,
/// the same augmentation, AdamW with warm-up and cosine over at least the time that PAWS took.
/// </summary>
internal sealed class SupervisedPhase : IPhase
{
    private readonly RunSetting run;
    private readonly SupervisedPlanner planner;
    private readonly NamedTensor weight;
    private readonly NamedTensor bias;
    private readonly AdamW optimizer;
    private readonly WarmupCosine schedule;

    public SupervisedPhase(RunSetting run, Encoder encoder, int totalSteps)
    {
        this.run = run;
        Encoder = encoder;
        var baseline = run.Config.Baseline;
        var classes = run.Data.Train.Classes.Count;
        ImagesPerStep = Math.Min(baseline.BatchSize, run.Labeled.Length);
        planner = run.Plans.Supervised(ImagesPerStep);
        Shares.Check(
            run.Ranks,
            run.Ranks.Shard.Counts(ImagesPerStep),
            "the baseline",
            "baseline.batch_size, or leave it out with --no-baseline"
        );
        StepsPerEpoch = (double)run.Labeled.Length / ImagesPerStep;
        TotalSteps = totalSteps;
        // A classifier that starts at zero starts with uniform predictions, whatever the features' scale.
        weight = Zeros("classifier.weight", [classes, encoder.FeatureDim]);
        bias = Zeros("classifier.bias", [classes]);
        Parameters = new FlatParameters([.. encoder.NamedParameters(), weight, bias]);
        optimizer = new AdamW(Parameters, Optimizers.AdamW(baseline.WeightDecay));
        schedule = WarmupCosineModule.create(baseline.Lr * 0.1, baseline.Lr, 0, TotalSteps / 20, TotalSteps);
    }

    public string Name => Phase.Baseline;

    public string Title => "supervised-only baseline";

    public int TotalSteps { get; }

    public double StepsPerEpoch { get; }

    public int ImagesPerStep { get; }

    public bool BatchStatistics => true;

    public Encoder Encoder { get; }

    public FlatParameters Parameters { get; }

    public IEnumerable<(string Name, torch.Tensor Value)> State =>
        [
            ("optimizer.mean", optimizer.State.Item1),
            ("optimizer.square", optimizer.State.Item2),
            (weight.Name, weight.Value),
            (bias.Name, bias.Value),
        ];

    public BatchPlan Plan(int step) => planner.At(step)!;

    public double LearningRate(int step) => schedule.At(step);

    public StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var labels = torch.tensor(plan.SupportClasses.Select(c => (long)c).ToArray()).to(run.Device);
        // Cross-entropy against labels smoothed over the K classes: (1 − s)·log p of the label + s·the mean log p.
        var smoothing = run.Config.Baseline.LabelSmoothing;
        var logs = torch.nn.functional.log_softmax(Classify(groups[0]), 1);
        var own = logs.gather(1, labels.unsqueeze(1)).squeeze(1);
        var mean = Scalars.add(Scalars.multiply(1 - smoothing, own), Scalars.multiply(smoothing, logs.mean([1]))).mean().neg();
        var loss = Shares.Of(run.Ranks, (double)plan.SupportClasses.Length / ImagesPerStep, mean);
        return new StepOutput(loss, [new(StepPart.Total, loss)], []);
    }

    public void Update(int step)
    {
        optimizer.Steps = step; // its bias correction follows the phase, also after a resume
        optimizer.Step(schedule.At(step));
    }

    public Accuracy Evaluate(int images)
    {
        using var scope = torch.NewDisposeScope();
        using var frozen = torch.no_grad();
        Encoder.Eval();
        var test = run.Data.Test;
        var chosen = TestImages.Spread(test.Count, images);
        var scores = TestImages.Forward(run, test, chosen, Classify);
        return TestImages.Accuracy(scores, TestImages.Labels(test, chosen).to(run.Device));
    }

    public void Dispose()
    {
        ((IDisposable)optimizer).Dispose();
        ((IDisposable)Parameters).Dispose();
        weight.Value.Dispose();
        bias.Value.Dispose();
    }

    private torch.Tensor Classify(torch.Tensor images) => torch.nn.functional.linear(Encoder.Features(images), weight.Value, bias.Value);

    private NamedTensor Zeros(string name, long[] shape) =>
        new(name, torch.zeros(shape, dtype: Encoder.MasterType, device: run.Device).requires_grad_(true).DetachFromDisposeScope());
}
