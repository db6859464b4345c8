namespace Paws.Data.Datasets.Folders;

/// <summary>One image file of a folder data set.</summary>
/// <param name="Path">Relative to the root, with forward slashes.</param>
/// <param name="Label">Its class, or <see cref="IImageDataset.NoClass"/>.</param>
/// <param name="IsTest">Whether it was found in the test folder.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Modified">When it was last written, in UTC ticks.</param>
internal sealed record FolderFile(string Path, int Label, bool IsTest, long Bytes, long Modified);

/// <summary>
/// The image files under a root of class folders, or of <c>train</c> and <c>test</c> (or <c>val</c>) with class folders inside; beside
/// the class folders, or beside <c>train</c>, perhaps a folder <c>unlabeled</c> of images without a class.
/// </summary>
/// <param name="Root">Full path.</param>
/// <param name="Classes">Names of the class folders, in ordinal order.</param>
/// <param name="Files">
/// Training files by class and then by path in ordinal order; then those without a class by path, so that they change no other file's
/// index; then test files like training files.
/// </param>
/// <param name="TestFolder">Name of the test folder; null when there is none.</param>
internal sealed record FolderListing(string Root, IReadOnlyList<string> Classes, FolderFile[] Files, string? TestFolder)
{
    private const string Endings = ".jpg, .jpeg, .png, .bmp, .webp";

    private static readonly string[] TestNames = ["test", "val", "validation", "valid"];

    private static readonly EnumerationOptions Deep = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
    };

    /// <summary>Looks through the folder; reads names, sizes and times, not the images.</summary>
    /// <exception cref="DataException">The folder is missing, empty, or not laid out as class folders.</exception>
    public static FolderListing Scan(string root)
    {
        root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        if (!Directory.Exists(root))
        {
            throw new DataException(
                File.Exists(root)
                    ? $"{root} is a file, not a folder. Unpack it and name the folder."
                    : $"There is no folder {root}. Check the path; it is resolved against the current folder."
            );
        }

        try
        {
            return ScanExisting(root);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{root} cannot be listed: {error.Message.TrimEnd('.')}. Check its permissions.", error);
        }
    }

    /// <summary>The full path of a file.</summary>
    public string FullPath(FolderFile file) => Path.Combine(Root, file.Path);

    private static FolderListing ScanExisting(string root)
    {
        var train = Path.Combine(root, "train");
        if (!Directory.Exists(train))
        {
            var alone = ClassFolders(root, [.. FolderNames(root).Where(name => name != ImageFolder.UnlabeledFolder)]);
            return new(root, alone, [.. ImagesOf(root, "", alone, alone, isTest: false), .. WithoutClass(root)], null);
        }

        var classes = ClassFolders(train, FolderNames(train));
        FolderFile[] files = [.. ImagesOf(root, "train", classes, classes, isTest: false), .. WithoutClass(root)];
        var testName = TestNames.FirstOrDefault(name => Directory.Exists(Path.Combine(root, name)));
        if (testName is null)
        {
            return new(root, classes, files, null);
        }

        var testFolder = Path.Combine(root, testName);
        var testClasses = ClassFolders(testFolder, FolderNames(testFolder));
        if (testClasses.Except(classes).FirstOrDefault() is { } stranger)
        {
            throw new DataException(
                $"{Path.Combine(testFolder, stranger)} is a class that {train} does not have. Give both folders the same classes."
            );
        }

        return new(root, classes, [.. files, .. ImagesOf(root, testName, testClasses, classes, isTest: true)], testName);
    }

    /// <summary>The folders inside, in ordinal order, spelled as they are even where the file system ignores case.</summary>
    private static string[] FolderNames(string folder)
    {
        var names = new DirectoryInfo(folder)
            .EnumerateDirectories("*", new EnumerationOptions { AttributesToSkip = FileAttributes.Hidden | FileAttributes.System })
            .Select(directory => directory.Name)
            .ToArray();
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    private static string[] ClassFolders(string folder, string[] names) =>
        names.Length switch
        {
            0 when !Directory.EnumerateFileSystemEntries(folder).Any() => throw new DataException(
                $"{folder} is empty. Put one folder a class into it, each holding that class's images."
            ),
            0 => throw new DataException($"{folder} has no class folders. Put each class's images into a folder named after the class."),
            1 => throw new DataException(
                $"{folder} has a single class folder, {names[0]}; at least two are needed. Name the folder that holds the class folders."
            ),
            _ => names,
        };

    private static FolderFile[] WithoutClass(string root)
    {
        if (!FolderNames(root).Contains(ImageFolder.UnlabeledFolder))
        {
            return [];
        }

        var found = ImagesIn(root, Path.Combine(root, ImageFolder.UnlabeledFolder), IImageDataset.NoClass, isTest: false);
        return found.Length > 0
            ? found
            : throw new DataException(
                $"The folder {Path.Combine(root, ImageFolder.UnlabeledFolder)} has no images ({Endings}). Fill or delete it."
            );
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
