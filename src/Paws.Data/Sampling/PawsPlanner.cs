using Paws.Data.Augment;
using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>
/// Plans of PAWS steps. Group 0, large views: the supports (view by view, each in sampler order), then view 1 of the unlabeled
/// images, then view 2. Group 1, small views of the unlabeled images, crop by crop; left out when there are none.
/// </summary>
public sealed class PawsPlanner
{
    private readonly UnlabeledSampler unlabeled;
    private readonly SupportSampler support;
    private readonly ViewRecipe large;
    private readonly ViewRecipe small;
    private readonly int supportViews;
    private readonly int multicrop;

    /// <param name="unlabeled">Which unlabeled images.</param>
    /// <param name="support">Which labeled images.</param>
    /// <param name="large">Recipe of the supports and of the two large views.</param>
    /// <param name="small">Recipe of the small views; unused when there are none.</param>
    /// <param name="supportViews">Views of each support, at least 1.</param>
    /// <param name="multicrop">Small views of each unlabeled image, at least 0.</param>
    /// <param name="steps">Steps of the run; null without end.</param>
    public PawsPlanner(
        UnlabeledSampler unlabeled,
        SupportSampler support,
        ViewRecipe large,
        ViewRecipe small,
        int supportViews,
        int multicrop,
        int? steps = null
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(supportViews, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(multicrop);
        (this.unlabeled, this.support, this.large, this.small) = (unlabeled, support, large, small);
        (this.supportViews, this.multicrop) = (supportViews, multicrop);
        Steps = steps ?? int.MaxValue;
    }

    /// <summary>Steps of an epoch over the unlabeled images.</summary>
    public int StepsPerEpoch => unlabeled.StepsPerEpoch;

    /// <summary>Steps of the run.</summary>
    public int Steps { get; }

    /// <summary>The plan of a step, from 0; null from the end of the run on.</summary>
    public BatchPlan? At(int step)
    {
        if (step >= Steps)
            return null;
        int epoch = unlabeled.EpochOf(step);
        var images = unlabeled.At(step);
        var draw = support.At(step);

        var rows = new BatchRow[supportViews * draw.Samples.Length + 2 * images.Length];
        var rest = SupportRows.Write(rows, draw.Samples, supportViews, step);
        WriteViews(rest, images, 0, 2, epoch);
        var groups = new List<BatchGroup> { new(large, rows) };
        if (multicrop > 0)
        {
            var crops = new BatchRow[multicrop * images.Length];
            WriteViews(crops, images, 2, multicrop, epoch);
            groups.Add(new BatchGroup(small, crops));
        }
        return new BatchPlan(epoch, step, groups, draw.Classes);
    }

    private static void WriteViews(Span<BatchRow> rows, ReadOnlySpan<int> images, int firstView, int views, int epoch)
    {
        for (int view = 0; view < views; view++)
        for (int i = 0; i < images.Length; i++)
            rows[view * images.Length + i] = new BatchRow(images[i], firstView + view, epoch);
    }
}
