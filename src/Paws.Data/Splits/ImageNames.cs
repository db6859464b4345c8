using Paws.Data.Datasets;

namespace Paws.Data.Splits;

/// <summary>Images by what a list may call them: file name, path from the root, or a path that leads to it from elsewhere.</summary>
/// <param name="dataset">The images.</param>
/// <param name="root">The folder that their names begin at; null where there is none.</param>
internal sealed class ImageNames(IImageDataset dataset, string? root)
{
    private readonly Lazy<Dictionary<string, int>> names = new(() => Read(dataset));

    /// <summary>Full path of the folder that names begin at; null where there is none.</summary>
    public string? Root { get; } = root is null ? null : Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    /// <summary>Whether an image is called so.</summary>
    public bool Knows(string name) => Find(name) is not null;

    /// <summary>The image called so; −1 where several are, null where none is.</summary>
    public int? Find(string name)
    {
        // As it stands first: on most systems a name may have a backslash in it.
        foreach (var spelling in (string[])[name, name.Replace('\\', '/')])
        {
            if (Look(spelling) is { } index)
            {
                return index;
            }
        }

        return null;
    }

    private int? Look(string name)
    {
        while (name.StartsWith("./", StringComparison.Ordinal))
        {
            name = name[2..].TrimStart('/');
        }

        if (names.Value.TryGetValue(name, out var index))
        {
            return index;
        }

        // From the current folder, or from the top.
        if (Root is not null && name.Contains('/') && !name.Contains('\0'))
        {
            var full = Path.GetFullPath(name);
            if (full.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                return names.Value.TryGetValue(full[(Root.Length + 1)..].Replace('\\', '/'), out index) ? index : null;
            }
        }

        return null;
    }

    /// <summary>
    /// Index of each image by path and by file name; −1 where a file name occurs more than once. A file name means the image with a
    /// class before one without, so that adding images without a class makes no name ambiguous.
    /// </summary>
    private static Dictionary<string, int> Read(IImageDataset dataset)
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
}
