using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Evaluation;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// SuNCEt fine-tuning of a pre-trained encoder on the labeled images: each embedding is classified by all others of its batch.
/// As published for CIFAR-10: LARS without weight decay, hard labels, batch-norm by its running statistics, centre crop and flip;
/// the last two can be changed.
/// </summary>
internal sealed class SuncetPhase : IPhase
{
    private readonly RunSetting run;
    private readonly SupportPlanner planner;
    private readonly int[] counts; // rows of each rank
    private readonly torch.Tensor labels;
    private readonly Lars optimizer;
    private readonly WarmupCosine schedule;

    public SuncetPhase(RunSetting run, Encoder encoder)
    {
        this.run = run;
        Encoder = encoder;
        var finetune = run.Config.Finetune;
        var classes = run.Data.Train.Classes.Count;
        var perClass = Math.Min(finetune.ImgsPerClass, run.FewestLabels());
        planner = run.Plans.Suncet(perClass);
        counts = run.Ranks.Shard.Counts(classes * perClass * finetune.Views);
        Shares.Check(run.Ranks, counts, "fine-tuning", "finetune.imgs_per_class");
        ImagesPerStep = classes * perClass;
        StepsPerEpoch = (double)run.Labeled.Length / ImagesPerStep;
        TotalSteps = Math.Max(1, (int)Math.Round(finetune.Epochs * StepsPerEpoch));
        using (torch.NewDisposeScope())
        {
            labels = LabelMatrix
                .create(classes, perClass, 1, false, 0)
                .repeat(finetune.Views, 1)
                .to(encoder.MasterType)
                .to(run.Device)
                .DetachFromDisposeScope();
        }
        Parameters = new FlatParameters(encoder.NamedParameters());
        optimizer = new Lars(Parameters, Optimizers.Lars(finetune.Momentum, weightDecay: 0, nesterov: false));
        schedule = WarmupCosineModule.create(finetune.Lr, finetune.Lr, finetune.FinalLr, 0, TotalSteps);
    }

    public string Name => Phase.Suncet;

    public string Title => "SuNCEt fine-tuning";

    public int TotalSteps { get; }

    public double StepsPerEpoch { get; }

    public int ImagesPerStep { get; }

    public bool BatchStatistics => run.Config.Finetune.BatchStatistics;

    public Encoder Encoder { get; }

    public FlatParameters Parameters { get; }

    public IEnumerable<(string Name, torch.Tensor Value)> State => [(RunCheckpoint.MomentumName, optimizer.Momentum)];

    public BatchPlan Plan(int step) => planner.At(step)!;

    public double LearningRate(int step) => schedule.At(step);

    public StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var (_, z) = Encoder.Forward(groups);
        // Each embedding is classified by all others, so each rank computes the whole loss and answers for its share of it.
        var whole = SuncetLoss.evaluate(run.Config.Finetune.Temperature, Gathering.Rows(run.Ranks, counts, z), labels);
        var loss = Shares.Of(run.Ranks, 1.0 / run.Ranks.Size, whole);
        return new StepOutput(loss, [new(StepPart.Total, loss)], []);
    }

    public void Update(int step) => optimizer.Step(schedule.At(step));

    public Accuracy Evaluate(int images) => NearestNeighbours.Evaluate(run, Encoder, images).Accuracy;

    public void Dispose()
    {
        labels.Dispose();
        ((IDisposable)optimizer).Dispose();
        ((IDisposable)Parameters).Dispose();
    }
}
