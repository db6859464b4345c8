using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>PAWS pre-training: consistency of the views of unlabeled images, predicted from labeled supports; LARS over SGD.</summary>
internal sealed class PawsPhase : IPhase
{
    private readonly RunSetting run;
    private readonly PawsPlanner planner;
    private readonly Func<torch.Tensor, torch.Tensor, PawsLossResult> evaluate;
    private readonly torch.Tensor labels;
    private readonly torch.Tensor hardLabels;
    private readonly Lars optimizer;
    private readonly WarmupCosine schedule;
    private readonly int batch;
    private readonly int multicrop;
    private readonly int supportRows;

    /// <param name="run">Configuration, data, device.</param>
    /// <param name="encoder">What is trained.</param>
    /// <param name="objective">What is minimised; null for the published objective.</param>
    public PawsPhase(RunSetting run, Encoder encoder, ExperimentObjective? objective)
    {
        this.run = run;
        Encoder = encoder;
        var (criterion, optimization) = (run.Config.Criterion, run.Config.Optimization);
        batch = criterion.UnsupervisedBatchSize;
        multicrop = run.Config.Data.Multicrop;
        supportRows = criterion.ClassesPerBatch * criterion.SupervisedImgsPerClass * criterion.SupervisedViews;
        planner = run.Plans.Paws();
        StepsPerEpoch = planner.StepsPerEpoch;
        TotalSteps = Math.Max(1, (int)Math.Round(optimization.Epochs * StepsPerEpoch));
        var warmup = (int)Math.Round(optimization.Warmup * StepsPerEpoch);
        if (warmup > TotalSteps)
        {
            throw new UserErrorException(
                FormattableString.Invariant($"optimization.warmup is {optimization.Warmup} epochs, longer than the whole schedule of ")
                    + FormattableString.Invariant($"{optimization.Epochs}; set optimization.warmup lower, or optimization.epochs higher")
            );
        }
        using (torch.NewDisposeScope())
        {
            labels = Labels(run.Config.Data.LabelSmoothing);
            hardLabels = Labels(0);
        }
        evaluate = objective is null
            ? Published()
            : (z, h) => objective(run.Config, PawsLoss.step(supportRows, batch, multicrop, labels, z, h));
        Parameters = new FlatParameters(encoder.NamedParameters());
        optimizer = new Lars(Parameters, Optimizers.Lars(optimization.Momentum, optimization.WeightDecay, optimization.Nesterov));
        schedule = WarmupCosineModule.create(optimization.StartLr, optimization.Lr, optimization.FinalLr, warmup, TotalSteps);
    }

    public string Name => Phase.Paws;

    public string Title => "PAWS pre-training";

    public int TotalSteps { get; }

    public double StepsPerEpoch { get; }

    public int ImagesPerStep => batch;

    public bool BatchStatistics => true;

    public Encoder Encoder { get; }

    public FlatParameters Parameters { get; }

    public IEnumerable<(string Name, torch.Tensor Value)> State => [(RunCheckpoint.MomentumName, optimizer.Momentum)];

    public BatchPlan Plan(int step) => planner.At(step)!;

    public double LearningRate(int step) => schedule.At(step);

    public StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var (h, z) = Encoder.Forward(groups);
        var loss = evaluate(z, h);
        return new StepOutput(
            loss.Total,
            [
                new(StepPart.CrossEntropy, loss.CrossEntropy),
                new(StepPart.MeMax, loss.MeMax),
                new(StepPart.TargetConfidence, loss.TargetConfidence),
            ],
            diagnose ? Watch(h) : []
        );
    }

    public void Update(int step) => optimizer.Step(schedule.At(step));

    public Accuracy Evaluate(int images) => NearestNeighbours.Evaluate(run, Encoder, images).Accuracy;

    public void Dispose()
    {
        labels.Dispose();
        hardLabels.Dispose();
        ((IDisposable)optimizer).Dispose();
        ((IDisposable)Parameters).Dispose();
    }

    /// <summary>The published objective of a batch, from embeddings after and before the prediction head.</summary>
    private Func<torch.Tensor, torch.Tensor, PawsLossResult> Published()
    {
        var criterion = run.Config.Criterion;
        var options = PawsLossOptions.Create(criterion.Temperature, criterion.Sharpen, criterion.MeMax);
        return (z, h) => PawsLoss.ofBatch(options, supportRows, batch, multicrop, labels, z, h);
    }

    /// <summary>The label matrix of the support rows, [s, K]: the same each step, whichever classes were drawn.</summary>
    private torch.Tensor Labels(double smoothing)
    {
        var criterion = run.Config.Criterion;
        var oneView = LabelMatrix.create(criterion.ClassesPerBatch, criterion.SupervisedImgsPerClass, 1, false, smoothing);
        return oneView.repeat(criterion.SupervisedViews, 1).to(torch.float32).to(run.Device).DetachFromDisposeScope();
    }

    /// <summary>Figure 4b: two losses that fall although nothing minimises them.</summary>
    private IReadOnlyList<KeyValuePair<StepPart, torch.Tensor>> Watch(torch.Tensor h)
    {
        using var frozen = torch.no_grad();
        var temperature = run.Config.Criterion.Temperature;
        var embeddings = h.detach();
        var supports = embeddings.narrow(0, 0, supportRows);
        return
        [
            new(StepPart.InstanceDiscrimination, NtXentLoss.evaluate(temperature, embeddings.narrow(0, supportRows, 2L * batch))),
            new(StepPart.SupportClassification, SuncetLoss.evaluate(temperature, supports, hardLabels)),
        ];
    }
}
