using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Config;
using Paws.Runner.Evaluation;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// What methods that learn embeddings from unlabeled images share: steps and schedule of section optimization, LARS over SGD,
/// judgement by PAWS-NN. A method says what a step minimises, and may train tensors of its own beside the encoder's.
/// </summary>
internal abstract class PretrainingPhase : IMethodPhase
{
    /// <summary>How test images are judged.</summary>
    public const string NearestNeighbourProtocol = "PAWS-NN, last epoch, all labeled images as support, centre crop";

    private readonly PawsPlanner planner;
    private readonly Lars optimizer;
    private readonly WarmupCosine schedule;

    /// <param name="run">Configuration, data, device.</param>
    /// <param name="encoder">What is trained.</param>
    /// <param name="planner">What each step sees.</param>
    /// <param name="own">Tensors of the method's own to train; the phase that gives them disposes them.</param>
    protected PretrainingPhase(RunSetting run, Encoder encoder, PawsPlanner planner, params IEnumerable<NamedTensor> own)
    {
        Run = run;
        Encoder = encoder;
        this.planner = planner;
        var optimization = run.Config.Optimization;
        TotalSteps = Math.Max(1, (int)Math.Round(optimization.Epochs * StepsPerEpoch));
        var warmup = (int)Math.Round(optimization.Warmup * StepsPerEpoch);
        if (warmup > TotalSteps)
        {
            throw new UserErrorException(
                FormattableString.Invariant($"optimization.warmup is {optimization.Warmup} epochs, longer than the whole schedule of ")
                    + FormattableString.Invariant($"{optimization.Epochs}; set optimization.warmup lower, or optimization.epochs higher")
            );
        }
        Parameters = new FlatParameters([.. encoder.NamedParameters(), .. own]);
        optimizer = new Lars(Parameters, Optimizers.Lars(optimization.Momentum, optimization.WeightDecay, optimization.Nesterov));
        schedule = WarmupCosineModule.create(optimization.StartLr, optimization.Lr, optimization.FinalLr, warmup, TotalSteps);
    }

    public abstract string Name { get; }

    public string Title => $"{TrainMethod.Title(Name)} pre-training";

    public string Protocol => NearestNeighbourProtocol;

    public int TotalSteps { get; }

    public double StepsPerEpoch => planner.StepsPerEpoch;

    public int ImagesPerStep => Run.Plans.GlobalBatch;

    public bool BatchStatistics => true;

    public Encoder Encoder { get; }

    public FlatParameters Parameters { get; }

    public virtual IEnumerable<(string Name, torch.Tensor Value)> State => [(RunCheckpoint.MomentumName, optimizer.Momentum)];

    /// <summary>Configuration, data, device.</summary>
    protected RunSetting Run { get; }

    public BatchPlan Plan(int step) => planner.At(step)!;

    public double LearningRate(int step) => schedule.At(step);

    public abstract StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose);

    public virtual void Update(int step) => optimizer.Step(schedule.At(step));

    public Accuracy Evaluate(int images) => NearestNeighbours.Evaluate(Run, Encoder, images).Accuracy;

    public NearestNeighbourResult Judge(int keep) => NearestNeighbours.Evaluate(Run, Encoder, keep: keep);

    public virtual void Dispose()
    {
        ((IDisposable)optimizer).Dispose();
        ((IDisposable)Parameters).Dispose();
    }
}
