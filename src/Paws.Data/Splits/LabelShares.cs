namespace Paws.Data.Splits;

/// <summary>How many labels each class gets of a number in all.</summary>
internal static class LabelShares
{
    /// <summary>Keeps the draw of classes apart from the draws of images, whose second key is a class.</summary>
    private const long ClassDraw = -1;

    /// <summary>Classes that a sentence names before it only counts them.</summary>
    private const int Named = 8;

    /// <summary>
    /// The shares, as even as the sizes allow: whoever has fewer than its share gives all, and the rest is shared by the others. What
    /// cannot be divided goes, one each, to classes drawn by seed.
    /// </summary>
    /// <param name="sizes">Images of each class.</param>
    /// <param name="classes">Class names.</param>
    /// <param name="total">Labels in all.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <exception cref="DataException">A class has no image, or the number is too small or too large.</exception>
    public static int[] Of(IReadOnlyList<int> sizes, IReadOnlyList<string> classes, int total, int seed)
    {
        for (var label = 0; label < sizes.Count; label++)
        {
            if (sizes[label] == 0)
            {
                throw new DataException(
                    $"Class {classes[label]} has no training image, so none of it can be labeled. Add images, or delete the class."
                );
            }
        }

        if (total < sizes.Count)
        {
            throw new DataException(
                $"{total} labels are fewer than one for each of {sizes.Count} classes. Label at least {sizes.Count} images."
            );
        }

        var available = sizes.Sum();
        if (total > available)
        {
            throw new DataException(
                $"{total} images are to be labeled, and {available} training images have a class. Label at most {available}, or all."
            );
        }

        var shares = new int[sizes.Count];
        var (open, left) = (Enumerable.Range(0, sizes.Count).ToList(), total);
        while (open.Count > 0 && open.Any(label => sizes[label] <= left / open.Count))
        {
            var share = left / open.Count;
            foreach (var label in open.Where(label => sizes[label] <= share).ToList())
            {
                shares[label] = sizes[label];
                left -= sizes[label];
                open.Remove(label);
            }
        }

        if (open.Count > 0)
        {
            var drawn = open.ToArray();
            new SplitMix(seed, ClassDraw).Shuffle<int>(drawn);
            for (var i = 0; i < drawn.Length; i++)
            {
                shares[drawn[i]] = (left / drawn.Length) + (i < left % drawn.Length ? 1 : 0);
            }
        }

        return shares;
    }

    /// <summary>Shares that differ, in a sentence; null where all are the same.</summary>
    public static string? Describe(IReadOnlyList<int> shares, IReadOnlyList<int> sizes, IReadOnlyList<string> classes)
    {
        var most = shares.Max();
        if (shares.All(share => share == most))
        {
            return null;
        }

        var labels = Enumerable.Range(0, shares.Count).ToList();
        var whole = labels.Where(label => shares[label] == sizes[label] && shares[label] < most).ToList();
        var others = labels.Except(whole).GroupBy(label => shares[label]).OrderBy(group => group.Key).ToList();
        var parts = others.Select(group => $"{group.Key} of each of {Names([.. group], _ => "")}").ToList();
        if (whole.Count > 0)
        {
            parts.Insert(0, $"all there are of {Names(whole, label => $" ({shares[label]})")}");
        }

        return $"{shares.Sum()} labels cannot be the same number of each of {shares.Count} classes: {string.Join(", ", parts)}";

        string Names(IReadOnlyList<int> some, Func<int, string> after) =>
            some.Count > Named ? $"{some.Count} classes" : string.Join(", ", some.Select(label => classes[label] + after(label)));
    }
}
