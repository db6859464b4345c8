using Paws.Data.Augment;
using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>
/// Plans of plain supervised steps: batches walk through a random permutation of the labeled images, then through the next
/// one, without a gap, so a batch may be larger than the set. One view each; SupportClasses are the labels.
/// </summary>
public sealed class SupervisedPlanner
{
    private readonly IReadOnlyList<int> labels;
    private readonly IReadOnlyList<int> labeled;
    private readonly ViewRecipe recipe;
    private readonly int batch;
    private readonly Permutations order;
    private readonly Shard shard;

    /// <param name="labels">The label of each image of the data set.</param>
    /// <param name="labeled">Indices of the images whose label may be used; each has a class.</param>
    /// <param name="recipe">Recipe of each view.</param>
    /// <param name="batch">Images a step.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="steps">Steps of the run; null without end.</param>
    /// <param name="shard">Whose part of each batch the plans are; the default is the whole.</param>
    /// <exception cref="DataException">There are no labeled images.</exception>
    public SupervisedPlanner(
        IReadOnlyList<int> labels,
        IReadOnlyList<int> labeled,
        ViewRecipe recipe,
        int batch,
        ulong seed,
        int? steps = null,
        Shard shard = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (labeled.Count == 0)
            throw new DataException("there are no labeled images to train on: set data.labels_per_class or data.label_file");
        (this.labels, this.labeled, this.recipe, this.batch) = (labels, labeled, recipe, batch);
        this.shard = shard;
        order = new Permutations(seed, Permutations.Supervised, 0, labeled.Count);
        Steps = steps ?? int.MaxValue;
    }

    /// <summary>Steps of an epoch over the labeled images, rounded up.</summary>
    public int StepsPerEpoch => (labeled.Count + batch - 1) / batch;

    /// <summary>Steps of the run.</summary>
    public int Steps { get; }

    /// <summary>The plan of a step, from 0; null from the end of the run on.</summary>
    public BatchPlan? At(int step)
    {
        if (step >= Steps)
            return null;
        var rows = new BatchRow[shard.Count(batch)];
        var classes = new int[rows.Length];
        long position = (long)step * batch + shard.Start(batch);
        for (int i = 0; i < rows.Length; i++, position++)
        {
            long pass = position / labeled.Count;
            int image = labeled[order.At(pass)[position % labeled.Count]];
            rows[i] = new BatchRow(image, 0, (int)pass);
            classes[i] = labels[image];
        }
        return new BatchPlan((int)((long)step * batch / labeled.Count), step, [new BatchGroup(recipe, rows)], classes);
    }
}
