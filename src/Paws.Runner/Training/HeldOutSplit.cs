namespace Paws.Runner.Training;

/// <summary>Which images a classifier trains on, and which only choose its best epoch. The two never share an image.</summary>
/// <param name="Trained">Indices of labeled training images.</param>
/// <param name="Held">Indices of training images with a class; empty where nothing can be held out.</param>
internal sealed record HeldOutSplit(int[] Trained, int[] Held)
{
    /// <summary>
    /// Takes <paramref name="outside"/> images from those that are not labeled, spread evenly; when that is 0, the share
    /// <paramref name="share"/> of each class's labeled images, rounded, leaving every class at least one.
    /// </summary>
    /// <param name="labels">The class of every training image; negative where it has none.</param>
    /// <param name="labeled">Indices of the labeled ones.</param>
    /// <param name="share">In [0, 1).</param>
    /// <param name="outside">At least 0.</param>
    /// <param name="seed">Decides which labeled images are held out.</param>
    public static HeldOutSplit Of(IReadOnlyList<int> labels, IReadOnlyList<int> labeled, double share, int outside, int seed)
    {
        if (outside > 0)
        {
            var own = labeled.ToHashSet();
            int[] others = [.. Enumerable.Range(0, labels.Count).Where(i => labels[i] >= 0 && !own.Contains(i))];
            return new HeldOutSplit([.. labeled], [.. Evaluation.TestImages.Spread(others.Length, outside).Select(i => others[i])]);
        }
        var random = new Random(seed);
        var held = new HashSet<int>();
        foreach (var group in labeled.GroupBy(i => labels[i]).OrderBy(g => g.Key))
        {
            int[] images = [.. group.Order()];
            random.Shuffle(images);
            var taken = Math.Min((int)Math.Round(share * images.Length, MidpointRounding.AwayFromZero), images.Length - 1);
            held.UnionWith(images.Take(taken));
        }
        return new HeldOutSplit([.. labeled.Where(i => !held.Contains(i))], [.. held.Order()]);
    }
}
