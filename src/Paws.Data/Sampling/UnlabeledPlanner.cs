using Paws.Data.Augment;
using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>Plans of steps on unlabeled images with one view each (distillation): one group, in sampler order.</summary>
/// <param name="unlabeled">Which images.</param>
/// <param name="recipe">Recipe of the view.</param>
public sealed class UnlabeledPlanner(UnlabeledSampler unlabeled, ViewRecipe recipe)
{
    /// <summary>Steps of an epoch over the unlabeled images.</summary>
    public int StepsPerEpoch => unlabeled.StepsPerEpoch;

    /// <summary>The plan of a step, from 0; there is no end.</summary>
    public BatchPlan At(int step)
    {
        int epoch = unlabeled.EpochOf(step);
        return new BatchPlan(epoch, step, [new BatchGroup(recipe, Rows(unlabeled.At(step), view: 0, epoch))], []);
    }

    /// <summary>One row an image: its view of that number in that epoch.</summary>
    internal static BatchRow[] Rows(ReadOnlySpan<int> images, int view, int epoch)
    {
        var rows = new BatchRow[images.Length];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = new BatchRow(images[i], view, epoch);
        return rows;
    }
}
