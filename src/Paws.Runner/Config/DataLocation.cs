using Paws.Data.Datasets;

namespace Paws.Runner.Config;

/// <summary>Where a configuration says its images are, and how many classes can be told before they are opened.</summary>
public static class DataLocation
{
    /// <summary>The folder of the images: root_path and image_folder joined; null when neither is set (the built-in set).</summary>
    public static string? Directory(PawsConfig config) =>
        (config.Data.RootPath, config.Data.ImageFolder) switch
        {
            (null, null) => null,
            var (root, folder) => Path.Combine(root ?? "", folder ?? ""),
        };

    /// <summary>The configuration with --data in place: the directory as it is, and what it holds unless a data set was named.</summary>
    public static PawsConfig WithDirectory(PawsConfig config, string directory) =>
        config with
        {
            Data = config.Data with
            {
                RootPath = Path.GetFullPath(directory),
                ImageFolder = null,
                Dataset = config.Data.Dataset != DatasetDefaults.BuiltIn ? config.Data.Dataset : KindOf(directory),
            },
        };

    /// <summary>The data set that a folder holds, as data.dataset calls it.</summary>
    internal static string KindOf(string directory) => Cifar10Binary.IsIn(directory) ? "cifar10" : "folder";

    /// <summary>
    /// Number of classes: those that are there, counted as the class folders that training will find (<see cref="FolderLayout"/>). Where
    /// there is nothing to count, what the data set has by its name, or data.num_classes; null where neither says.
    /// </summary>
    /// <exception cref="Paws.Data.DataException">Which of the folders are classes cannot be told.</exception>
    public static int? Classes(PawsConfig config)
    {
        if (
            config.Data.Dataset == DatasetDefaults.BuiltIn
            || Directory(config) is not { } root
            || !System.IO.Directory.Exists(root)
            || Cifar10Binary.IsIn(root)
        )
        {
            return DatasetDefaults.Classes(config);
        }
        int folders = FolderLayout.Of(root).Classes.Count;
        return folders > 0 ? folders : DatasetDefaults.Classes(config);
    }

    /// <summary>The labels in words that fit a file name: their number where it is known.</summary>
    public static string LabelsInWords(PawsConfig config)
    {
        var data = config.Data;
        if (data.LabelFile is { } file)
        {
            return Path.GetFileNameWithoutExtension(file);
        }
        if (data.Labels is { } number)
        {
            return number;
        }
        if (data.LabelsPerClass is { } perClass)
        {
            return Classes(config) is { } classes ? $"{perClass * classes}" : $"{perClass}perclass";
        }
        return data.UnlabeledFrac is { } unlabeled ? FormattableString.Invariant($"{Math.Round(100 * (1 - unlabeled), 2)}percent") : "all";
    }
}
