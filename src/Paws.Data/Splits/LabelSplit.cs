using Paws.Data.Datasets;

namespace Paws.Data.Splits;

/// <summary>
/// Which training images have labels: indices in ascending order, without repeats, at least one of every class, and none of the images
/// without a class (<see cref="IImageDataset.NoClass"/>).
/// </summary>
public sealed record LabelSplit
{
    private LabelSplit(int[] indices, string source)
    {
        Array.Sort(indices);
        Indices = indices;
        Source = source;
    }

    /// <summary>Indices into the training images, ascending.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>Where the split comes from, for reports.</summary>
    public string Source { get; }

    /// <summary>In a sentence, how many images each class has where they are not the same number; null where they are, or nothing was shared out.</summary>
    public string? Uneven { get; private init; }

    /// <summary>The same number of images of every class, drawn by seed. More a class contains the fewer drawn by the same seed.</summary>
    /// <param name="labels">Class of each training image, or <see cref="IImageDataset.NoClass"/>.</param>
    /// <param name="classes">Class names.</param>
    /// <param name="perClass">Images a class, at least 1.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <exception cref="DataException">A class has fewer images.</exception>
    public static LabelSplit ByCount(IReadOnlyList<int> labels, IReadOnlyList<string> classes, int perClass, int seed)
    {
        if (perClass < 1)
        {
            throw new DataException($"The number of labels a class must be at least 1, got {perClass}. Set data.labels_per_class.");
        }

        return Draw(labels, classes, seed, _ => perClass, $"{perClass} a class, seed {seed}");
    }

    /// <summary>
    /// So many images in all, drawn by seed and shared out as evenly as there are images: a class with fewer than its share gives all it
    /// has. Of each class the same are drawn as by <see cref="ByCount"/>.
    /// </summary>
    /// <param name="labels">Class of each training image, or <see cref="IImageDataset.NoClass"/>.</param>
    /// <param name="classes">Class names.</param>
    /// <param name="total">Images in all, at least one a class.</param>
    /// <param name="seed">Seed of the draw, and of which classes give one more where the number cannot be divided.</param>
    /// <exception cref="DataException">There are fewer images with a class, fewer labels than classes, or a class without an image.</exception>
    public static LabelSplit ByTotal(IReadOnlyList<int> labels, IReadOnlyList<string> classes, int total, int seed)
    {
        var members = MembersOf(labels, classes.Count);
        var shares = LabelShares.Of(Array.ConvertAll(members, list => list.Count), classes, total, seed);
        var (least, most) = (shares.Min(), shares.Max());
        var each = least == most ? $"{least} a class" : $"{total} in all, {least} to {most} a class";
        return Draw(members, classes, seed, (label, _) => shares[label], $"{each}, seed {seed}") with
        {
            Uneven = LabelShares.Describe(shares, Array.ConvertAll(members, list => list.Count), classes),
        };
    }

    /// <summary>Every image with a class.</summary>
    /// <param name="labels">Class of each training image, or <see cref="IImageDataset.NoClass"/>.</param>
    /// <param name="classes">Class names.</param>
    /// <exception cref="DataException">A class has no images.</exception>
    public static LabelSplit All(IReadOnlyList<int> labels, IReadOnlyList<string> classes) =>
        Draw(MembersOf(labels, classes.Count), classes, 0, (_, size) => Math.Max(1, size), "all that have a class");

    /// <summary>The same share of every class (images without a class do not count), rounded, at least one image each, drawn by seed.</summary>
    /// <param name="labels">Class of each training image, or <see cref="IImageDataset.NoClass"/>.</param>
    /// <param name="classes">Class names.</param>
    /// <param name="fraction">Share with labels, in (0, 1].</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <exception cref="DataException">The share is out of range, or a class has no images.</exception>
    public static LabelSplit ByFraction(IReadOnlyList<int> labels, IReadOnlyList<string> classes, double fraction, int seed)
    {
        if (!(fraction is > 0 and <= 1))
        {
            throw new DataException($"The labeled share must be in (0, 1], got {fraction}. Set data.unlabeled_frac to one minus it.");
        }

        return Draw(
            labels,
            classes,
            seed,
            size => Math.Max(1, (int)Math.Round(fraction * size)),
            FormattableString.Invariant($"{100 * fraction:0.##} % of each class, seed {seed}")
        );
    }

    /// <summary>
    /// A list in a file, one image a line: an index, a file name or a path, perhaps a comma and its class; blank lines and lines after #
    /// are ignored.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="dataset">The training images it speaks of.</param>
    /// <param name="root">The folder of the images, for paths that do not begin there; null where there is none.</param>
    /// <param name="test">The test images, which no line may name; null where they are not known.</param>
    /// <exception cref="DataException">The file is missing, or a line is wrong; the message gives its number.</exception>
    public static LabelSplit FromFile(string path, IImageDataset dataset, string? root = null, IImageDataset? test = null) =>
        new(LabelFile.Read(path, dataset, root, test), path);

    /// <summary>Writes the indices, one a line, aside and renamed; <see cref="FromFile"/> reads them back.</summary>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public void WriteTo(string path) => LabelFile.Write(path, Indices, Source);

    private static LabelSplit Draw(
        IReadOnlyList<int> labels,
        IReadOnlyList<string> classes,
        int seed,
        Func<int, int> countOf,
        string source
    ) => Draw(MembersOf(labels, classes.Count), classes, seed, (_, size) => countOf(size), source);

    private static LabelSplit Draw(List<int>[] members, IReadOnlyList<string> classes, int seed, Func<int, int, int> countOf, string source)
    {
        var chosen = new List<int>();
        for (var label = 0; label < members.Length; label++)
        {
            var indices = members[label].ToArray();
            var count = countOf(label, indices.Length);
            if (indices.Length < count)
            {
                throw new DataException(
                    $"Class {classes[label]} has {indices.Length} training images; {count} are to be labeled. "
                        + "Label fewer a class, or add images."
                );
            }

            new SplitMix(seed, label).Shuffle<int>(indices);
            chosen.AddRange(indices.AsSpan(0, count));
        }

        return new([.. chosen], source);
    }

    /// <summary>The images of each class, ascending.</summary>
    private static List<int>[] MembersOf(IReadOnlyList<int> labels, int classes)
    {
        var members = new List<int>[classes];
        for (var label = 0; label < members.Length; label++)
        {
            members[label] = [];
        }

        for (var i = 0; i < labels.Count; i++)
        {
            if (labels[i] != IImageDataset.NoClass)
            {
                members[labels[i]].Add(i);
            }
        }

        return members;
    }
}
