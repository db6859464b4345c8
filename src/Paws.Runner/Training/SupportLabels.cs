using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>The label matrix of a step's supports, those of all ranks.</summary>
internal static class SupportLabels
{
    /// <summary>[s, K], the same each step, whichever classes were drawn. The caller owns it.</summary>
    /// <param name="run">Which says how many classes, images and views the supports have.</param>
    /// <param name="type">Element type.</param>
    /// <param name="smoothing">In [0, 1).</param>
    public static torch.Tensor Of(RunSetting run, torch.ScalarType type, double smoothing)
    {
        var criterion = run.Config.Criterion;
        using var scope = torch.NewDisposeScope();
        return LabelMatrix
            .create(
                criterion.ClassesPerBatch,
                criterion.SupervisedImgsPerClass * criterion.SupervisedViews,
                run.Plans.WorldSize,
                run.Config.Data.UniqueClassesPerRank,
                smoothing
            )
            .to(type)
            .to(run.Device)
            .DetachFromDisposeScope();
    }
}
