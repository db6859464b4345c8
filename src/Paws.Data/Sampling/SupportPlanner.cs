using Paws.Data.Augment;
using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>Plans of steps on labeled images alone (SuNCEt fine-tuning): one group, view by view, each in sampler order.</summary>
public sealed class SupportPlanner
{
    private readonly SupportSampler support;
    private readonly ViewRecipe recipe;
    private readonly int views;
    private readonly Shard shard;

    /// <param name="support">Which labeled images.</param>
    /// <param name="recipe">Recipe of each view.</param>
    /// <param name="views">Views of each image, at least 1.</param>
    /// <param name="steps">Steps of the run; null without end.</param>
    /// <param name="shard">Whose part of the rows the plans are; the default is the whole.</param>
    public SupportPlanner(SupportSampler support, ViewRecipe recipe, int views, int? steps = null, Shard shard = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(views, 1);
        (this.support, this.recipe, this.views, this.shard) = (support, recipe, views, shard);
        Steps = steps ?? int.MaxValue;
    }

    /// <summary>Steps of an epoch over the labeled images.</summary>
    public int StepsPerEpoch => support.StepsPerPass;

    /// <summary>Steps of the run.</summary>
    public int Steps { get; }

    /// <summary>The plan of a step, from 0; null from the end of the run on.</summary>
    public BatchPlan? At(int step)
    {
        if (step >= Steps)
            return null;
        var (rows, classes) = SupportRows.All([support], views, step);
        return new BatchPlan(step / StepsPerEpoch, step, [new BatchGroup(recipe, [.. shard.Of<BatchRow>(rows)])], classes);
    }
}
