using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Config;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// A linear classifier that starts at zero, on a pre-trained encoder. Method head: on the projection head's first layer, all
/// weights below trained too. Method linear: on the trunk's features, which stay as they are. As published: SGD with Nesterov
/// momentum, no weight decay, cosine to 0, plain cross-entropy, random crops and flips; held-out images choose the best epoch.
/// </summary>
internal sealed class ClassifierPhase : IPhase
{
    private readonly RunSetting run;
    private readonly bool frozenTrunk;
    private readonly SupervisedPlanner planner;
    private readonly LinearClassifier classifier;
    private readonly Lars optimizer;
    private readonly WarmupCosine schedule;

    public ClassifierPhase(RunSetting run, Encoder encoder)
    {
        this.run = run;
        Encoder = encoder;
        var finetune = run.Config.Finetune;
        frozenTrunk = finetune.Method == FinetuneMethod.Linear;
        Split = HeldOutSplit.Of(run.Data.Train.Labels, run.Labeled, finetune.HeldOut, finetune.HeldOutOutside, run.Config.Meta.Seed);
        ImagesPerStep = Math.Min(finetune.BatchSize, Split.Trained.Length);
        planner = run.Plans.Classifier(Split.Trained, ImagesPerStep);
        StepsPerEpoch = (double)Split.Trained.Length / ImagesPerStep;
        TotalSteps = Math.Max(1, (int)Math.Round(finetune.Epochs * StepsPerEpoch));
        classifier = new LinearClassifier(run, encoder);
        NamedTensor[] below = frozenTrunk ? [] : [.. encoder.FirstProjectionParameters()];
        Parameters = new FlatParameters([.. below, classifier.Weight, classifier.Bias]);
        optimizer = new Lars(Parameters, Optimizers.Sgd(finetune.Momentum));
        var lr = frozenTrunk ? finetune.LinearLr : finetune.HeadLr;
        schedule = WarmupCosineModule.create(lr, lr, 0, 0, TotalSteps);
        Best = new BestEpoch(Parameters, [.. encoder.NamedBuffers()]);
    }

    /// <summary>What is trained on and what is held out.</summary>
    public HeldOutSplit Split { get; }

    /// <summary>The best epoch on held-out images so far.</summary>
    public BestEpoch Best { get; }

    /// <summary>Told each judgement on held-out images: steps done, epoch, accuracy.</summary>
    public Action<int, double, Accuracy>? Judged { get; init; }

    public IEnumerable<(string Name, torch.Tensor Value)> Classifier => classifier.State;

    public string Name => frozenTrunk ? Phase.Linear : Phase.Head;

    public string Title => frozenTrunk ? "linear evaluation" : "fine-tuning from the first projection layer";

    public int TotalSteps { get; }

    public double StepsPerEpoch { get; }

    public int ImagesPerStep { get; }

    // As published: nothing puts the model into evaluation mode while it is fine-tuned.
    public bool BatchStatistics => !frozenTrunk;

    public Encoder Encoder { get; }

    public FlatParameters Parameters { get; }

    public IEnumerable<(string Name, torch.Tensor Value)> State =>
        [(RunCheckpoint.MomentumName, optimizer.Momentum), .. Classifier, .. Best.State];

    public BatchPlan Plan(int step) => planner.At(step)!;

    public double LearningRate(int step) => schedule.At(step);

    public StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var loss = torch.nn.functional.cross_entropy(classifier.Logits(Features(groups[0])), LinearClassifier.Labels(plan, run.Device));
        return new StepOutput(loss, [new(StepPart.Total, loss)], []);
    }

    public void Update(int step)
    {
        optimizer.Step(schedule.At(step));
        var done = step + 1;
        if (Split.Held.Length > 0 && (done == TotalSteps || Math.Floor(done / StepsPerEpoch) > Math.Floor(step / StepsPerEpoch)))
        {
            // Part of a step, which is done as a whole.
            var accuracy = classifier.Evaluate(Encoder, Features, run.Data.Train, Split.Held, CancellationToken.None);
            Best.Judge(done / StepsPerEpoch, accuracy.Top1);
            Judged?.Invoke(done, done / StepsPerEpoch, accuracy);
            if (BatchStatistics)
            {
                Encoder.Train();
            }
        }
    }

    public Accuracy Evaluate(int images) =>
        classifier.Evaluate(Encoder, Features, run.Data.Test, TestImages.Spread(run.Data.Test.Count, images));

    public void Finish(PhaseState state)
    {
        state.LastTop1 = state.Top1;
        state.JudgedEpoch = Best.Epoch ?? TotalSteps / StepsPerEpoch;
        Best.Restore();
        if (Split.Held.Length > 0)
        {
            state.HeldOutTop1 = 100 * Best.Top1;
            var best = Evaluate(0);
            (state.Top1, state.Top5) = (100 * best.Top1, 100 * best.Top5);
        }
    }

    public void Dispose()
    {
        Best.Dispose();
        ((IDisposable)optimizer).Dispose();
        ((IDisposable)Parameters).Dispose();
        classifier.Dispose();
    }

    private torch.Tensor Features(torch.Tensor images)
    {
        if (!frozenTrunk)
        {
            return Encoder.FirstProjection(images);
        }
        using var frozen = torch.no_grad();
        return Encoder.Features(images);
    }
}
