using Paws.Data.Augment;
using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>
/// Plans of PAWS steps. Group 0, large views: the supports (view by view, each in sampler order), then view 1 of the unlabeled
/// images, then view 2. Group 1, small views of the unlabeled images, crop by crop; left out when there are none.
/// A shard has its part of the supports (of their rows, all views counted) and its part of the images, with all views of each: what
/// a row looks like does not depend on who has it. Without supports these are the steps of self-supervised methods.
/// </summary>
public sealed class PawsPlanner
{
    private readonly UnlabeledSampler unlabeled;
    private readonly IReadOnlyList<SupportSampler> supports;
    private readonly ViewRecipe large;
    private readonly ViewRecipe small;
    private readonly int supportViews;
    private readonly int multicrop;
    private readonly Shard shard;

    /// <param name="unlabeled">Which unlabeled images, those of all shards.</param>
    /// <param name="supports">Which labeled images: one mini-batch a rank that the numbers are meant for, one after the other; may be empty.</param>
    /// <param name="large">Recipe of the supports and of the two large views.</param>
    /// <param name="small">Recipe of the small views; unused when there are none.</param>
    /// <param name="supportViews">Views of each support, at least 1.</param>
    /// <param name="multicrop">Small views of each unlabeled image, at least 0.</param>
    /// <param name="steps">Steps of the run; null without end.</param>
    /// <param name="shard">Whose part the plans are; the default is the whole.</param>
    public PawsPlanner(
        UnlabeledSampler unlabeled,
        IReadOnlyList<SupportSampler> supports,
        ViewRecipe large,
        ViewRecipe small,
        int supportViews,
        int multicrop,
        int? steps = null,
        Shard shard = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(supportViews, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(multicrop);
        (this.unlabeled, this.supports, this.large, this.small) = (unlabeled, supports, large, small);
        (this.supportViews, this.multicrop, this.shard) = (supportViews, multicrop, shard);
        Steps = steps ?? int.MaxValue;
    }

    /// <summary>The same for one mini-batch of supports, whole.</summary>
    public PawsPlanner(
        UnlabeledSampler unlabeled,
        SupportSampler support,
        ViewRecipe large,
        ViewRecipe small,
        int supportViews,
        int multicrop,
        int? steps = null
    )
        : this(unlabeled, [support], large, small, supportViews, multicrop, steps) { }

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
        var images = shard.Of(unlabeled.At(step));
        var (allSupports, classes) = SupportRows.All(supports, supportViews, step);
        var labeled = shard.Of<BatchRow>(allSupports);

        var rows = new BatchRow[labeled.Length + 2 * images.Length];
        labeled.CopyTo(rows);
        WriteViews(rows.AsSpan(labeled.Length), images, 0, 2, epoch);
        var groups = new List<BatchGroup> { new(large, rows) };
        if (multicrop > 0)
        {
            var crops = new BatchRow[multicrop * images.Length];
            WriteViews(crops, images, 2, multicrop, epoch);
            groups.Add(new BatchGroup(small, crops));
        }
        return new BatchPlan(epoch, step, groups, classes);
    }

    private static void WriteViews(Span<BatchRow> rows, ReadOnlySpan<int> images, int firstView, int views, int epoch)
    {
        for (int view = 0; view < views; view++)
        for (int i = 0; i < images.Length; i++)
            rows[view * images.Length + i] = new BatchRow(images[i], firstView + view, epoch);
    }
}
