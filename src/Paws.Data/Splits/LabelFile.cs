using System.Globalization;
using Paws.Data.Datasets;

namespace Paws.Data.Splits;

/// <summary>
/// Label files. Published CIFAR-10 splits list indices of training images, ImageNet subsets list file names
/// (<c>n01440764_10026.JPEG</c>); a name may also be a path from the root of the data set, or any path that leads to it, and a comma
/// and the name of its class may follow.
/// </summary>
internal static class LabelFile
{
    /// <param name="path">The file.</param>
    /// <param name="dataset">The training images it speaks of.</param>
    /// <param name="root">The folder of the images, for paths that do not begin there; null where there is none.</param>
    /// <param name="test">The test images, to tell a line that names one of them from a slip; null where they are not known.</param>
    public static int[] Read(string path, IImageDataset dataset, string? root = null, IImageDataset? test = null)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The label file {path} cannot be read: {error.Message.TrimEnd('.')}. Check data.label_file.", error);
        }

        var names = new ImageNames(dataset, root);
        var lineOf = new Dictionary<int, int>();
        for (var i = 0; i < lines.Length; i++)
        {
            var whole = lines[i].Trim();
            var entry = lines[i].Split('#')[0].Trim();
            // A name may have a # in it, where a comment begins in other lines.
            if (entry.Length < whole.Length && names.Knows(whole))
            {
                entry = whole;
            }

            if (entry.Length == 0)
            {
                continue;
            }

            var index = Find(path, i + 1, entry, dataset, names, test);
            if (dataset.Labels[index] == IImageDataset.NoClass)
            {
                throw Wrong(
                    path,
                    i + 1,
                    $"{entry} is an image without a class ({dataset.NameOf(index)}). Delete the line, or move the image into its class folder"
                );
            }

            if (!lineOf.TryAdd(index, i + 1))
            {
                throw Wrong(path, i + 1, $"{entry} is the image of line {lineOf[index]} again. Delete one of the lines");
            }
        }

        RequireEveryClass(path, dataset, lineOf.Keys);
        return [.. lineOf.Keys];
    }

    public static void Write(string path, IReadOnlyList<int> indices, string source)
    {
        var aside = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllLines(
                aside,
                [$"# labeled training images: {source}", .. indices.Select(index => index.ToString(CultureInfo.InvariantCulture))]
            );
            File.Move(aside, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            File.Delete(aside);
            throw new DataException($"The label file {path} cannot be written: {error.Message.TrimEnd('.')}. Name another.", error);
        }
    }

    private static int Find(string path, int line, string entry, IImageDataset dataset, ImageNames names, IImageDataset? test)
    {
        // Published index lists were saved as floating-point numbers: 12.0 is an index too.
        if (double.TryParse(entry, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == Math.Floor(number))
        {
            return number >= 0 && number < dataset.Count
                ? (int)number
                : throw Wrong(path, line, $"index {entry} is outside [0, {dataset.Count}). The list may belong to another data set");
        }

        if (names.Find(entry) is { } index)
        {
            return One(index);
        }

        var comma = entry.LastIndexOf(',');
        if (comma > 0 && names.Find(entry[..comma].Trim()) is { } named)
        {
            var (label, said) = (dataset.Labels[One(named)], entry[(comma + 1)..].Trim());
            return label != IImageDataset.NoClass && dataset.Classes[label] == said
                ? named
                : throw Wrong(
                    path,
                    line,
                    $"{entry[..comma].Trim()} is said to be of class {said}, and lies in "
                        + (label == IImageDataset.NoClass ? "none" : $"class {dataset.Classes[label]}")
                        + ". Correct the line, or move the image"
                );
        }

        if (
            test is not null
            && new ImageNames(test, names.Root) is var tests
            && (tests.Knows(entry) || (comma > 0 && tests.Knows(entry[..comma].Trim())))
        )
        {
            throw Wrong(path, line, $"{entry} is held out as a test image, so it cannot be labeled for training. Delete the line");
        }

        var example = dataset.Count > 0 ? $" (such as {dataset.NameOf(0)})" : "";
        throw Wrong(
            path,
            line,
            $"{dataset.Name} has no training image {entry}. Each line names one: by its file name, its path from the root{example}, or its index; "
                + "a comma and its class may follow"
        );

        int One(int found) =>
            found >= 0
                ? found
                : throw Wrong(path, line, $"several training images are named {entry}. Give the path from the root of the data set");
    }

    private static void RequireEveryClass(string path, IImageDataset dataset, IEnumerable<int> indices)
    {
        var seen = indices.Select(index => dataset.Labels[index]).ToHashSet();
        for (var label = 0; label < dataset.Classes.Count; label++)
        {
            if (!seen.Contains(label))
            {
                throw new DataException($"{path} lists no image of class {dataset.Classes[label]}. Add at least one.");
            }
        }
    }

    private static DataException Wrong(string path, int line, string problem) => new($"{path}, line {line}: {problem}.");
}
