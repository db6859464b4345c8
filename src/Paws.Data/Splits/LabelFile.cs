using System.Globalization;
using Paws.Data.Datasets;

namespace Paws.Data.Splits;

/// <summary>
/// Label files. Published CIFAR-10 splits list indices of training images, ImageNet subsets list file names
/// (<c>n01440764_10026.JPEG</c>); a name may also be a path from the root of the data set.
/// </summary>
internal static class LabelFile
{
    public static int[] Read(string path, IImageDataset dataset)
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

        var names = new Lazy<Dictionary<string, int>>(() => Names(dataset));
        var lineOf = new Dictionary<int, int>();
        for (var i = 0; i < lines.Length; i++)
        {
            var entry = lines[i].Split('#')[0].Trim();
            if (entry.Length == 0)
            {
                continue;
            }

            var index = Find(path, i + 1, entry, dataset, names);
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

    private static int Find(string path, int line, string entry, IImageDataset dataset, Lazy<Dictionary<string, int>> names)
    {
        // Published index lists were saved as floating-point numbers: 12.0 is an index too.
        if (double.TryParse(entry, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == Math.Floor(number))
        {
            return number >= 0 && number < dataset.Count
                ? (int)number
                : throw Wrong(path, line, $"index {entry} is outside [0, {dataset.Count}). The list may belong to another data set");
        }

        if (!names.Value.TryGetValue(entry, out var index))
        {
            throw Wrong(
                path,
                line,
                $"{dataset.Name} has no training image {entry}. Use its file name, its path from the root, or its index"
            );
        }

        return index >= 0
            ? index
            : throw Wrong(path, line, $"several training images are named {entry}. Give the path from the root of the data set");
    }

    /// <summary>
    /// Index of each image by path and by file name; −1 where a file name occurs more than once. A file name means the image with a
    /// class before one without, so that adding images without a class makes no name ambiguous.
    /// </summary>
    private static Dictionary<string, int> Names(IImageDataset dataset)
    {
        var names = new Dictionary<string, int>(2 * dataset.Count, StringComparer.Ordinal);
        foreach (var i in Enumerable.Range(0, dataset.Count).OrderBy(HasNoClass))
        {
            var full = dataset.NameOf(i);
            names[full] = i;
            var file = full[(full.LastIndexOf('/') + 1)..];
            if (file.Length < full.Length && !names.TryAdd(file, i) && !HasNoClass(i))
            {
                names[file] = -1;
            }
        }

        return names;

        bool HasNoClass(int index) => dataset.Labels[index] == IImageDataset.NoClass;
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
