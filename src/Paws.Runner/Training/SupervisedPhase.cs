using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Evaluation;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// The supervised-only baseline: the same encoder's trunk with a linear classifier, cross-entropy on the labeled images alone,
/// the same augmentation, AdamW with warm-up and cosine; as a baseline over at least the time that PAWS took.
/// </summary>
internal sealed class SupervisedPhase : IMethodPhase
{
    private readonly RunSetting run;
    private readonly SupervisedPlanner planner;
    private readonly LinearClassifier classifier;
    private readonly int[] counts; // rows of each rank
    private readonly AdamW optimizer;
    private readonly WarmupCosine schedule;

    /// <param name="run">Configuration, data, device.</param>
    /// <param name="encoder">What is trained.</param>
    /// <param name="totalSteps">Steps in all.</param>
    /// <param name="name">Whether it is the baseline beside a method, or the method itself.</param>
    public SupervisedPhase(RunSetting run, Encoder encoder, int totalSteps, string name = Phase.Baseline)
    {
        this.run = run;
        Encoder = encoder;
        Name = name;
        var baseline = run.Config.Baseline;
        var classes = run.Data.Train.Classes.Count;
        ImagesPerStep = Math.Min(baseline.BatchSize, run.Labeled.Length);
        planner = run.Plans.Supervised(ImagesPerStep);
        counts = run.Ranks.Shard.Counts(ImagesPerStep);
        Shares.Check(run.Ranks, counts, Title, "baseline.batch_size, or leave it out with --no-baseline");
        StepsPerEpoch = (double)run.Labeled.Length / ImagesPerStep;
        TotalSteps = totalSteps;
        classifier = new LinearClassifier(run, encoder);
        Parameters = new FlatParameters([.. encoder.NamedParameters(), classifier.Weight, classifier.Bias]);
        optimizer = new AdamW(Parameters, Optimizers.AdamW(baseline.WeightDecay));
        schedule = WarmupCosineModule.create(baseline.Lr * 0.1, baseline.Lr, 0, TotalSteps / 20, TotalSteps);
    }

    public string Name { get; }

    public string Title => Name == Phase.Baseline ? "supervised-only baseline" : "supervised training";

    public string Protocol => LinearClassifier.Protocol;

    public IEnumerable<(string Name, torch.Tensor Value)> Classifier => classifier.State;

    public int TotalSteps { get; }

    public double StepsPerEpoch { get; }

    public int ImagesPerStep { get; }

    public bool BatchStatistics => true;

    public Encoder Encoder { get; }

    public FlatParameters Parameters { get; }

    public IEnumerable<(string Name, torch.Tensor Value)> State =>
        [("optimizer.mean", optimizer.State.Item1), ("optimizer.square", optimizer.State.Item2), .. Classifier];

    public BatchPlan Plan(int step) => planner.At(step)!;

    public double LearningRate(int step) => schedule.At(step);

    public StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var labels = LinearClassifier.Labels(plan, run.Device);
        // Cross-entropy against labels smoothed over the K classes: (1 − s)·log p of the label + s·the mean log p.
        var smoothing = run.Config.Baseline.LabelSmoothing;
        var features = Encoder.Features(groups[0]);
        var logits = classifier.Logits(features);
        var logs = torch.nn.functional.log_softmax(logits, 1);
        var own = logs.gather(1, labels.unsqueeze(1)).squeeze(1);
        var mean = Scalars.add(Scalars.multiply(1 - smoothing, own), Scalars.multiply(smoothing, logs.mean([1]))).mean().neg();
        var loss = Shares.Of(run.Ranks, (double)plan.SupportClasses.Length / ImagesPerStep, mean);
        return new StepOutput(loss, [new(StepPart.Total, loss)], diagnose ? Signs(features, logits) : []);
    }

    private IReadOnlyList<KeyValuePair<StepPart, torch.Tensor>> Signs(torch.Tensor features, torch.Tensor logits)
    {
        using var frozen = torch.no_grad();
        torch.Tensor OfAll(torch.Tensor own) => Gathering.Rows(run.Ranks, counts, own.detach());
        return [.. BatchSigns.OfLogits(OfAll(logits)), .. BatchSigns.OfEmbeddings(OfAll(features))];
    }

    public void Update(int step)
    {
        optimizer.Steps = step; // its bias correction follows the phase, also after a resume
        optimizer.Step(schedule.At(step));
    }

    public Accuracy Evaluate(int images) =>
        classifier.Evaluate(Encoder, Encoder.Features, run.Data.Test, TestImages.Spread(run.Data.Test.Count, images));

    public NearestNeighbourResult Judge(int keep) => classifier.Judge(Encoder, Encoder.Features, keep);

    public void Dispose()
    {
        ((IDisposable)optimizer).Dispose();
        ((IDisposable)Parameters).Dispose();
        classifier.Dispose();
    }
}
