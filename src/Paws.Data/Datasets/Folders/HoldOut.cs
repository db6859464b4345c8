namespace Paws.Data.Datasets.Folders;

/// <summary>Chooses test images where a folder does not say which they are: the same share of every class, by seed.</summary>
internal static class HoldOut
{
    /// <summary>Marks about <paramref name="share"/> of each class, at least one image and never all, as test; images without a class never.</summary>
    /// <exception cref="DataException">A class has a single image.</exception>
    public static bool[] Choose(IReadOnlyList<int> labels, IReadOnlyList<string> classes, double share, int seed)
    {
        var isTest = new bool[labels.Count];
        var classed = Enumerable.Range(0, labels.Count).Where(index => labels[index] != IImageDataset.NoClass);
        foreach (var members in classed.GroupBy(index => labels[index]))
        {
            var indices = members.ToArray();
            if (indices.Length < 2)
            {
                throw new DataException(
                    $"Class {classes[members.Key]} has a single image, too few to train and to test on. Add images, or a test folder."
                );
            }

            new SplitMix(seed, members.Key).Shuffle<int>(indices);
            var held = Math.Clamp((int)Math.Round(share * indices.Length), 1, indices.Length - 1);
            foreach (var index in indices.AsSpan(0, held))
            {
                isTest[index] = true;
            }
        }

        return isTest;
    }
}
