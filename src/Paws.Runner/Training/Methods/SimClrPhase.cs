using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Config;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// SimCLR: each large view of an unlabeled image finds the other one among all views of the batch (NT-Xent). SimCLRv2 pre-trains in the
/// same way, with a deeper projection head.
/// </summary>
internal sealed class SimClrPhase(RunSetting run, Encoder encoder, string name)
    : PretrainingPhase(run, encoder, run.Plans.Unsupported(multicrop: 0))
{
    /// <summary><see cref="TrainMethod.SimClr"/> or <see cref="TrainMethod.SimClrV2"/>.</summary>
    public override string Name => name;

    public override StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var (_, z) = Encoder.Forward(groups); // [2b,d], view by view
        var loss = NtXentLoss.evaluate(Run.Config.Method.Temperature, z);
        return new StepOutput(loss, [new(StepPart.Total, loss)], diagnose ? BatchSigns.OfEmbeddings(z.narrow(0, 0, z.shape[0] / 2)) : []);
    }
}
