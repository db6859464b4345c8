using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Config;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// SwAV: every view predicts to which trainable prototypes a large view of the same image was assigned, assignments using all
/// prototypes of a batch equally.
/// </summary>
internal sealed class SwavPhase : PretrainingPhase
{
    private readonly NamedTensor prototypes; // [k,d]
    private readonly SwavLossOptions options;
    private readonly Segment segment;
    private readonly int frozenSteps;

    public SwavPhase(RunSetting run, Encoder encoder)
        : this(run, encoder, Draw(run)) { }

    private SwavPhase(RunSetting run, Encoder encoder, NamedTensor prototypes)
        : base(run, encoder, run.Plans.Unsupported(run.Config.Data.Multicrop), prototypes)
    {
        var method = run.Config.Method;
        this.prototypes = prototypes;
        options = SwavLossOptions.Create(method.Temperature, method.Epsilon, method.SinkhornIterations);
        segment = Parameters.Segments[^1];
        frozenSteps = (int)Math.Round(method.FreezePrototypes * StepsPerEpoch);
    }

    public override string Name => TrainMethod.Swav;

    public override IEnumerable<(string Name, torch.Tensor Value)> State => base.State.Append((prototypes.Name, prototypes.Value));

    public override StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var (_, z) = Encoder.Forward(groups); // [(2+m)b,d], view by view, large ones first
        var loss = SwavLoss.evaluate(options, Run.Config.Data.Multicrop, prototypes.Value, z);
        var first = z.narrow(0, 0, z.shape[0] / (2 + Run.Config.Data.Multicrop));
        return new StepOutput(loss, [new(StepPart.Total, loss)], diagnose ? BatchSigns.OfEmbeddings(first) : []);
    }

    /// <summary>While the prototypes are frozen their gradient is zero, by which LARS neither moves nor decays them.</summary>
    public override void Update(int step)
    {
        if (step < frozenSteps)
        {
            using var gradient = Parameters.View(Parameters.Gradients, segment);
            gradient.zero_();
        }
        base.Update(step);
    }

    public override void Dispose()
    {
        prototypes.Value.Dispose();
        base.Dispose();
    }

    /// <summary>Prototypes in random directions, drawn from the run's seed.</summary>
    private static NamedTensor Draw(RunSetting run)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator((ulong)(uint)run.Config.Meta.Seed, torch.CPU);
        var drawn = torch.randn([run.Config.Method.Prototypes, run.Config.Meta.OutputDim], dtype: torch.float32, generator: generator);
        return new NamedTensor("prototypes", drawn.to(run.Device).requires_grad_(true).DetachFromDisposeScope());
    }
}
