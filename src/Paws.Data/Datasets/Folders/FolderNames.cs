namespace Paws.Data.Datasets.Folders;

/// <summary>
/// The names by which parts of a data set go, in any case, with hyphens, underscores and spaces or without, and perhaps with what
/// they are parts of behind them: <c>train</c>, <c>Training</c>, <c>TEST_SET</c>, <c>val-images</c>, <c>unlabelled</c>.
/// </summary>
internal static class FolderNames
{
    private static readonly Dictionary<string, FolderRole> Roles = new(StringComparer.Ordinal)
    {
        ["train"] = FolderRole.Train,
        ["training"] = FolderRole.Train,
        ["test"] = FolderRole.Test,
        ["testing"] = FolderRole.Test,
        ["val"] = FolderRole.Validation,
        ["valid"] = FolderRole.Validation,
        ["validation"] = FolderRole.Validation,
        ["eval"] = FolderRole.Evaluation,
        ["evaluation"] = FolderRole.Evaluation,
        ["dev"] = FolderRole.Development,
        ["development"] = FolderRole.Development,
        ["unlabeled"] = FolderRole.Unlabeled,
        ["unlabelled"] = FolderRole.Unlabeled,
    };

    private static readonly string[] Endings = ["", "set", "split", "data", "images"];

    /// <summary>What a folder's name says that it holds.</summary>
    public static FolderRole RoleOf(string name)
    {
        var letters = string.Concat(name.Where(letter => letter is not ('-' or '_' or ' '))).ToLowerInvariant();
        foreach (var ending in Endings)
        {
            if (letters.EndsWith(ending, StringComparison.Ordinal) && Roles.TryGetValue(letters[..^ending.Length], out var role))
            {
                return role;
            }
        }

        return FolderRole.Class;
    }

    /// <summary>Whether a name says that a folder holds images to test on.</summary>
    public static bool IsTest(FolderRole role) => role is >= FolderRole.Test and <= FolderRole.Development;
}
