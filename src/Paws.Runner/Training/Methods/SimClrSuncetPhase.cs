using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Config;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// SimCLR with SuNCEt: NT-Xent of the views of unlabeled images, and the supervised contrastive loss of labeled ones, from one pass over
/// both. Supports are drawn as in PAWS.
/// </summary>
internal sealed class SimClrSuncetPhase : PretrainingPhase
{
    private readonly torch.Tensor labels;

    public SimClrSuncetPhase(RunSetting run, Encoder encoder)
        : base(run, encoder, run.Plans.LargeViewsAndSupports()) => labels = SupportLabels.Of(run, encoder.MasterType, smoothing: 0);

    public override string Name => TrainMethod.SimClrSuncet;

    public override StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var method = Run.Config.Method;
        var (_, z) = Encoder.Forward(groups); // [s+2b,d], supports first
        var supports = labels.shape[0];
        var views = z.narrow(0, supports, z.shape[0] - supports);
        var instances = NtXentLoss.evaluate(method.Temperature, views);
        var classes = SuncetLoss.evaluate(method.Temperature, z.narrow(0, 0, supports), labels);
        var loss = Scalars.add(instances, Scalars.multiply(method.SuncetWeight, classes));
        return new StepOutput(
            loss,
            [new(StepPart.Total, loss)],
            [
                new(StepPart.InstanceDiscrimination, instances),
                new(StepPart.SupportClassification, classes),
                .. diagnose ? BatchSigns.OfEmbeddings(views.narrow(0, 0, views.shape[0] / 2)) : [],
            ]
        );
    }

    public override void Dispose()
    {
        labels.Dispose();
        base.Dispose();
    }
}
