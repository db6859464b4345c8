using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Config;
using Paws.Runner.Evaluation;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// FixMatch: cross-entropy on labeled images, and on strongly augmented views of unlabeled ones whose class is predicted with
/// confidence from a weakly augmented view. SGD with Nesterov momentum; averaged weights are judged and saved.
/// </summary>
internal sealed class FixMatchPhase : IMethodPhase
{
    private readonly RunSetting run;
    private readonly FixMatchPlanner planner;
    private readonly LinearClassifier classifier;
    private readonly LinearClassifier averagedClassifier;
    private readonly Lars optimizer;

    public FixMatchPhase(RunSetting run, Encoder encoder)
    {
        this.run = run;
        Encoder = encoder;
        var method = run.Config.Method;
        planner = run.Plans.FixMatch(method.LabeledBatch);
        TotalSteps = Math.Max(1, (int)Math.Round(run.Config.Optimization.Epochs * StepsPerEpoch));
        classifier = new LinearClassifier(run, encoder);
        averagedClassifier = new LinearClassifier(run, encoder);
        Parameters = new FlatParameters([.. encoder.NamedParameters(), classifier.Weight, classifier.Bias]);
        Average = new AveragedEncoder(run, encoder, Parameters, averagedClassifier.Weight, averagedClassifier.Bias);
        optimizer = new Lars(Parameters, Optimizers.Sgd(run.Config.Optimization.Momentum, method.FixmatchWeightDecay));
    }

    public string Name => TrainMethod.FixMatch;

    public string Title => $"{TrainMethod.Title(Name)} training";

    public string Protocol => LinearClassifier.Protocol;

    public int TotalSteps { get; }

    public double StepsPerEpoch => planner.StepsPerEpoch;

    public int ImagesPerStep => run.Plans.GlobalBatch;

    public bool BatchStatistics => true;

    public Encoder Encoder { get; }

    public FlatParameters Parameters { get; }

    /// <summary>The averaged weights.</summary>
    public AveragedEncoder Average { get; }

    public IEnumerable<(string Name, torch.Tensor Value)> Classifier => classifier.State;

    public IEnumerable<(string Name, torch.Tensor Value)> State =>
        [(RunCheckpoint.MomentumName, optimizer.Momentum), .. classifier.State, .. Average.State];

    public BatchPlan Plan(int step) => planner.At(step);

    /// <summary>lr·cos(7πk/16K), as published.</summary>
    public double LearningRate(int step) => run.Config.Method.FixmatchLr * Math.Cos(7 * Math.PI * step / (16.0 * TotalSteps));

    public StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var method = run.Config.Method;
        var features = Encoder.Features(torch.cat([groups[0], groups[1]], 0)); // [l+2b,width]: labeled, weak, strong
        var logits = classifier.Logits(features); // [l+2b,K]
        var (labeled, unlabeled) = (plan.SupportClasses.Length, groups[1].shape[0]);
        var supervised = torch.nn.functional.cross_entropy(logits.narrow(0, 0, labeled), LinearClassifier.Labels(plan, run.Device));
        var consistency = FixMatchLoss.evaluate(
            method.Threshold,
            logits.narrow(0, labeled, unlabeled),
            logits.narrow(0, labeled + unlabeled, unlabeled)
        );
        var loss = Scalars.add(supervised, Scalars.multiply(method.UnlabeledWeight, consistency.Loss));
        return new StepOutput(
            loss,
            [new(StepPart.Total, loss), new(StepPart.CrossEntropy, consistency.Loss), new(StepPart.ConfidentShare, consistency.Confident)],
            [new(StepPart.SupportClassification, supervised), .. diagnose ? Signs(features, logits, labeled, unlabeled) : []]
        );
    }

    /// <summary>Of the weak views.</summary>
    private static IEnumerable<KeyValuePair<StepPart, torch.Tensor>> Signs(
        torch.Tensor features,
        torch.Tensor logits,
        int labeled,
        long unlabeled
    ) => [.. BatchSigns.OfLogits(logits.narrow(0, labeled, unlabeled)), .. BatchSigns.OfEmbeddings(features.narrow(0, labeled, unlabeled))];

    public void Update(int step)
    {
        optimizer.Step(LearningRate(step));
        Average.Follow(run.Config.Method.WeightEma);
    }

    public Accuracy Evaluate(int images)
    {
        Average.CopyBuffers();
        var chosen = TestImages.Spread(run.Data.Test.Count, images);
        return averagedClassifier.Evaluate(Average.Encoder, Average.Encoder.Features, run.Data.Test, chosen);
    }

    /// <summary>From now on the encoder and the classifier are the averaged ones: they are what is saved.</summary>
    public void Finish(PhaseState state) => Average.Replace();

    public NearestNeighbourResult Judge(int keep) => classifier.Judge(Encoder, Encoder.Features, keep);

    public void Dispose()
    {
        ((IDisposable)optimizer).Dispose();
        Average.Dispose();
        ((IDisposable)Parameters).Dispose();
        classifier.Dispose();
        averagedClassifier.Dispose();
    }
}
