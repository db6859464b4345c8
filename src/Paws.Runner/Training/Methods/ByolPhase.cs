using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Config;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// BYOL: the online network predicts from one large view where the target network, a moving average of it, puts the other one. The
/// predictor is the encoder's prediction head; without one (meta.use_pred_head false) nothing keeps all images from one place.
/// </summary>
internal sealed class ByolPhase : PretrainingPhase
{
    public ByolPhase(RunSetting run, Encoder encoder)
        : base(run, encoder, run.Plans.Unsupported(multicrop: 0)) => Target = new AveragedEncoder(run, encoder, Parameters);

    public override string Name => TrainMethod.Byol;

    public override IEnumerable<(string Name, torch.Tensor Value)> State => base.State.Concat(Target.State);

    /// <summary>The target network.</summary>
    public AveragedEncoder Target { get; }

    /// <summary>1 − (1 − m)·(cos(πk/K) + 1)/2 at step k of K: from m, the configured momentum, to 1.</summary>
    public double Momentum(int step) => 1 - (1 - Run.Config.Method.Ema) * (Math.Cos(Math.PI * step / TotalSteps) + 1) / 2;

    public override StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var (_, predictions) = Encoder.Forward(groups); // [2b,d]
        var loss = ByolLoss.evaluate(predictions, Projections(groups));
        var first = predictions.narrow(0, 0, predictions.shape[0] / 2);
        return new StepOutput(loss, [new(StepPart.Total, loss)], diagnose ? BatchSigns.OfEmbeddings(first) : []);
    }

    public override void Update(int step)
    {
        base.Update(step);
        Target.Follow(Momentum(step));
    }

    public override void Dispose()
    {
        Target.Dispose();
        base.Dispose();
    }

    /// <summary>The target network's embeddings before its prediction head, [2b,d], with statistics of this batch.</summary>
    private torch.Tensor Projections(IReadOnlyList<torch.Tensor> groups)
    {
        using var frozen = torch.no_grad();
        var (h, _) = Target.Encoder.Forward(groups);
        return h;
    }
}
