using Paws.Data.Augment;
using Paws.Data.Loading;

namespace Paws.Data.Sampling;

/// <summary>Plans for evaluation: the given images in their order, in chunks, one view each; the last chunk may be smaller.</summary>
public sealed class SequentialPlanner
{
    private readonly IReadOnlyList<int> images;
    private readonly ViewRecipe recipe;
    private readonly int batch;

    /// <param name="images">Indices into the data set.</param>
    /// <param name="recipe">Recipe of each view.</param>
    /// <param name="batch">Images a chunk.</param>
    public SequentialPlanner(IReadOnlyList<int> images, ViewRecipe recipe, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        (this.images, this.recipe, this.batch) = (images, recipe, batch);
    }

    /// <summary>Number of chunks.</summary>
    public int Steps => (images.Count + batch - 1) / batch;

    /// <summary>The plan of a chunk, from 0; null from the end on.</summary>
    public BatchPlan? At(int step)
    {
        if (step >= Steps)
            return null;
        int start = step * batch;
        var rows = new BatchRow[Math.Min(batch, images.Count - start)];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = new BatchRow(images[start + i], 0, 0);
        return new BatchPlan(0, step, [new BatchGroup(recipe, rows)], []);
    }
}
