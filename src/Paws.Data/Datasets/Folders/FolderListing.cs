namespace Paws.Data.Datasets.Folders;

/// <summary>One image file of a folder data set.</summary>
/// <param name="Path">Relative to the root, with forward slashes.</param>
/// <param name="Label">Its class, or <see cref="IImageDataset.NoClass"/>.</param>
/// <param name="IsTest">Whether it was found in the test folder.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Modified">When it was last written, in UTC ticks.</param>
internal sealed record FolderFile(string Path, int Label, bool IsTest, long Bytes, long Modified);

/// <summary>The image files of a data set whose folders are what <see cref="FolderLayout"/> says.</summary>
/// <param name="Layout">Which folder is what.</param>
/// <param name="Files">
/// Training files by class and then by path in ordinal order; then those without a class by path, so that they change no other file's
/// index; then test files like training files.
/// </param>
internal sealed record FolderListing(FolderLayout Layout, FolderFile[] Files)
{
    private const string Endings = ".jpg, .jpeg, .png, .bmp, .webp";

    private static readonly EnumerationOptions Deep = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
    };

    /// <summary>Full path of the data set.</summary>
    public string Root => Layout.Root;

    /// <summary>Names of the class folders, in ordinal order.</summary>
    public IReadOnlyList<string> Classes => Layout.Classes;

    /// <summary>Looks through the folder; reads names, sizes and times, not the images.</summary>
    /// <exception cref="DataException">The folder is missing, empty, or not laid out as class folders.</exception>
    public static FolderListing Scan(string root)
    {
        var layout = FolderLayout.Of(root);
        try
        {
            return new(layout, FilesOf(layout));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{layout.Root} cannot be listed: {error.Message.TrimEnd('.')}. Check its permissions.", error);
        }
    }

    /// <summary>The full path of a file.</summary>
    public string FullPath(FolderFile file) => Path.Combine(Root, file.Path);

    private static FolderFile[] FilesOf(FolderLayout layout)
    {
        var root = layout.Root;
        string[] classes = [.. layout.Classes];
        var train = Path.Combine(root, layout.Train);
        RequireClasses(train, classes);
        FolderFile[] files = [.. ImagesOf(root, layout.Train, classes, classes, isTest: false), .. WithoutClass(layout)];
        if (layout.Test is not { } testName)
        {
            return files;
        }

        var testFolder = Path.Combine(root, testName);
        var testClasses = FolderLayout.ClassesIn(testFolder);
        RequireClasses(testFolder, testClasses);
        if (testClasses.Except(classes).FirstOrDefault() is { } stranger)
        {
            throw new DataException(
                $"{Path.Combine(testFolder, stranger)} is a class that {train} does not have. Give both folders the same classes."
            );
        }

        return [.. files, .. ImagesOf(root, testName, testClasses, classes, isTest: true)];
    }

    private static void RequireClasses(string folder, string[] names)
    {
        switch (names.Length)
        {
            case 0 when !Directory.EnumerateFileSystemEntries(folder).Any():
                throw new DataException($"{folder} is empty. Put one folder a class into it, each holding that class's images.");
            case 0:
                throw new DataException($"{folder} has no class folders. Put each class's images into a folder named after the class.");
            case 1:
                throw new DataException(
                    $"{folder} has a single class folder, {names[0]}; at least two are needed. Name the folder that holds the class folders."
                );
        }
    }

    private static FolderFile[] WithoutClass(FolderLayout layout)
    {
        var files = new List<FolderFile>();
        foreach (var name in layout.Unlabeled)
        {
            var folder = Path.Combine(layout.Root, name);
            var found = ImagesIn(layout.Root, folder, IImageDataset.NoClass, isTest: false);
            if (found.Length == 0)
            {
                throw new DataException($"The folder {folder} has no images ({Endings}). Fill or delete it.");
            }

            files.AddRange(found);
        }

        return [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    private static FolderFile[] ImagesOf(string root, string part, string[] folders, string[] classes, bool isTest)
    {
        var files = new List<FolderFile>();
        foreach (var name in folders)
        {
            var label = Array.BinarySearch(classes, name, StringComparer.Ordinal);
            var found = ImagesIn(root, Path.Combine(root, part, name), label, isTest);
            if (found.Length == 0)
            {
                throw new DataException($"The class folder {Path.Combine(root, part, name)} has no images ({Endings}). Fill or delete it.");
            }

            files.AddRange(found);
        }

        return [.. files];
    }

    /// <summary>The images of a folder and of those inside it, by path.</summary>
    private static FolderFile[] ImagesIn(string root, string folder, int label, bool isTest)
    {
        var found = new DirectoryInfo(folder)
            .EnumerateFiles("*", Deep)
            .Where(file => ImageDecoder.IsImage(file.Name))
            .Select(file => new FolderFile(
                Path.GetRelativePath(root, file.FullName).Replace('\\', '/'),
                label,
                isTest,
                file.Length,
                file.LastWriteTimeUtc.Ticks
            ))
            .ToArray();
        Array.Sort(found, (one, other) => string.CompareOrdinal(one.Path, other.Path));
        return found;
    }
}
