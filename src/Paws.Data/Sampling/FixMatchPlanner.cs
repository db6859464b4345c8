using Paws.Data.Augment;
using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>
/// Plans of FixMatch steps. Group 0, weakly augmented: labeled images, then unlabeled ones. Group 1, strongly augmented: the same
/// unlabeled images in the same order. SupportClasses are the labels of the labeled rows.
/// </summary>
public sealed class FixMatchPlanner
{
    private readonly SupervisedPlanner labeled;
    private readonly UnlabeledSampler unlabeled;
    private readonly ViewRecipe weak;
    private readonly ViewRecipe strong;

    /// <param name="labeled">Which labeled images, and their labels; its recipe is not used.</param>
    /// <param name="unlabeled">Which unlabeled images.</param>
    /// <param name="weak">Recipe of labeled images and of the views that are pseudo-labeled.</param>
    /// <param name="strong">Recipe, of the same size, of the views that learn the pseudo-labels.</param>
    public FixMatchPlanner(SupervisedPlanner labeled, UnlabeledSampler unlabeled, ViewRecipe weak, ViewRecipe strong)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(strong.Size, weak.Size);
        (this.labeled, this.unlabeled, this.weak, this.strong) = (labeled, unlabeled, weak, strong);
    }

    /// <summary>Steps of an epoch over the unlabeled images.</summary>
    public int StepsPerEpoch => unlabeled.StepsPerEpoch;

    /// <summary>The plan of a step, from 0; there is no end.</summary>
    public BatchPlan At(int step)
    {
        int epoch = unlabeled.EpochOf(step);
        var images = unlabeled.At(step);
        var supervised = labeled.At(step)!;
        // A labeled image may be among the unlabeled ones too, and should look different there.
        var labeledRows = supervised.Groups[0].Rows.Select(row => row with { Epoch = SupportRows.DrawOf(row.Epoch) });
        BatchRow[] weakRows = [.. labeledRows, .. UnlabeledPlanner.Rows(images, view: 0, epoch)];
        var strongRows = UnlabeledPlanner.Rows(images, view: 1, epoch);
        return new BatchPlan(epoch, step, [new(weak, weakRows), new(strong, strongRows)], supervised.SupportClasses);
    }
}
