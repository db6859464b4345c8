using Paws.Data.Datasets.Folders;

namespace Paws.Data.Datasets;

/// <summary>
/// Which folder of a data set is what, told by the names of folders alone, quickly; images are not looked at. Folders of training
/// images (<c>train</c>, <c>training</c>), of test images (<c>test</c>, <c>testing</c>; <c>val</c>, <c>valid</c>, <c>validation</c>;
/// <c>eval</c>, <c>evaluation</c>; <c>dev</c>, <c>development</c>: the first of these that has class folders) and of images without a
/// class (<c>unlabeled</c>, <c>unlabelled</c>) are known in any case, with or without <c>set</c>, <c>split</c>, <c>data</c> or
/// <c>images</c> behind, and are never classes. Without a folder of training images the class folders lie in the root itself.
/// </summary>
/// <param name="Root">Full path of the data set.</param>
/// <param name="Train">Name of the folder of training images; empty where the root itself has the class folders.</param>
/// <param name="Test">Name of the folder of test images; null where there is none.</param>
/// <param name="Classes">Names of the class folders, in ordinal order; fewer than two are no data set.</param>
/// <param name="Unlabeled">Folders of training images without a class, from the root on, with forward slashes.</param>
/// <param name="Unused">Folders that are not used, though their names or places suggest it, from the root on.</param>
public sealed record FolderLayout(
    string Root,
    string Train,
    string? Test,
    IReadOnlyList<string> Classes,
    IReadOnlyList<string> Unlabeled,
    IReadOnlyList<UnusedFolder> Unused
)
{
    private static readonly EnumerationOptions Visible = new() { AttributesToSkip = FileAttributes.Hidden | FileAttributes.System };

    /// <summary>Folder of training images and of test images in words: <c>train and test folders</c>; null where nothing is split.</summary>
    public string? SplitInWords =>
        Test is null ? null
        : Train.Length == 0 ? $"class folders, and folder {Test} for testing"
        : $"{Train} and {Test} folders";

    /// <summary>Looks through a folder's folders.</summary>
    /// <exception cref="DataException">The folder is missing, or which of its folders is what cannot be told.</exception>
    public static FolderLayout Of(string root)
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
            return OfExisting(root);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{root} cannot be listed: {error.Message.TrimEnd('.')}. Check its permissions.", error);
        }
    }

    private static FolderLayout OfExisting(string root)
    {
        var inside = Names(root).ToLookup(FolderNames.RoleOf);
        var train = Only(root, inside, FolderRole.Train, "training images");
        if (train is null)
        {
            return WithoutTrain(root, inside);
        }

        var parts = Names(Path.Combine(root, train)).ToLookup(name => FolderNames.RoleOf(name) == FolderRole.Unlabeled);
        string[] classes = [.. parts[false]];
        if (classes.Length == 0 && inside[FolderRole.Class].Any())
        {
            throw new DataException(
                $"{Path.Combine(root, train)} has no class folders, so that it cannot be the training images, and lies beside "
                    + $"{Some(inside[FolderRole.Class])}. If it is a class like these, give it another name, such as {train}-class; "
                    + "if not, move it elsewhere."
            );
        }

        var (test, unused) = TestFolder(root, inside, classes);
        unused.AddRange(inside[FolderRole.Class].Select(name => new UnusedFolder(name, $"it is not in {train}", IsSplit: false)));
        return new(root, train, test, classes, [.. inside[FolderRole.Unlabeled], .. parts[true].Select(name => $"{train}/{name}")], unused);
    }

    /// <summary>Class folders beside each other, perhaps with a folder of test images among them.</summary>
    private static FolderLayout WithoutTrain(string root, ILookup<FolderRole, string> inside)
    {
        string[] classes = [.. inside[FolderRole.Class]];
        string[] tests = [.. inside.Where(group => FolderNames.IsTest(group.Key)).SelectMany(group => group).Order(StringComparer.Ordinal)];
        if (tests.Length > 0 && classes.Length == 0)
        {
            throw new DataException(
                $"{root} has {Some(tests)} for testing, and nothing to train on. Put the class folders of training images into a folder train."
            );
        }

        var (test, unused) = TestFolder(root, inside, classes);
        // Beside classes, a folder of test images without class folders may as well be one more class.
        if (unused.Find(folder => !folder.HasClasses) is { } unsorted)
        {
            throw new DataException(
                $"{Path.Combine(root, unsorted.Name)} is taken for test images by its name, and has no class folders. Sort its images into "
                    + "class folders, or move it elsewhere; if it is a class, move all class folders into a folder train."
            );
        }

        return new(root, "", test, classes, [.. inside[FolderRole.Unlabeled]], unused);
    }

    /// <summary>The first folder of test images that has class folders, and the others with the reason why they are not used.</summary>
    private static (string? Name, List<UnusedFolder> Others) TestFolder(string root, ILookup<FolderRole, string> inside, string[] classes)
    {
        string? chosen = null;
        var others = new List<UnusedFolder>();
        foreach (var role in Enum.GetValues<FolderRole>().Where(FolderNames.IsTest))
        {
            if (chosen is not null)
            {
                others.AddRange(inside[role].Select(name => new UnusedFolder(name, $"{chosen} is", IsSplit: true)));
            }
            else if (Only(root, inside, role, "test images") is { } name)
            {
                if (HasClasses(Path.Combine(root, name), classes))
                {
                    chosen = name;
                }
                else
                {
                    others.Add(new(name, "it has no class folders", IsSplit: true) { HasClasses = false });
                }
            }
        }

        if (
            chosen is not null
            && Names(Path.Combine(root, chosen)).Where(name => FolderNames.RoleOf(name) == FolderRole.Unlabeled).ToArray()
                is { Length: > 0 } no
        )
        {
            others.AddRange(no.Select(name => new UnusedFolder($"{chosen}/{name}", "nothing can be tested on it", IsSplit: true)));
        }

        return (chosen, others);
    }

    /// <summary>
    /// Whether there are class folders inside. A single folder of another name is no class (<c>test/images</c>); where there are
    /// several, a name that training lacks is a mistake, and told as such.
    /// </summary>
    private static bool HasClasses(string folder, string[] classes)
    {
        var names = ClassesIn(folder);
        return names.Length > 1 || names.Any(classes.Contains);
    }

    /// <summary>The class folders of a folder of test images.</summary>
    internal static string[] ClassesIn(string folder) => [.. Names(folder).Where(name => FolderNames.RoleOf(name) != FolderRole.Unlabeled)];

    /// <summary>The folder of that role; null when there is none.</summary>
    /// <exception cref="DataException">There are several.</exception>
    private static string? Only(string root, ILookup<FolderRole, string> inside, FolderRole role, string what)
    {
        string[] names = [.. inside[role]];
        return names.Length < 2
            ? names.FirstOrDefault()
            : throw new DataException(
                $"{root} has {names.Length} folders of {what}: {string.Join(", ", names)}. Keep one of them there, and move the others elsewhere."
            );
    }

    /// <summary>The visible folders inside, in ordinal order, spelled as they are even where the file system ignores case.</summary>
    private static string[] Names(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateDirectories("*", Visible).Select(directory => directory.Name).Order(StringComparer.Ordinal)];

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length > 3 ? $"{all[0]}, {all[1]} and {all.Length - 2} more" : string.Join(" and ", all);
    }
}
