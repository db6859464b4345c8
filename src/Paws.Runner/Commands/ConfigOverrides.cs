using Paws.Runner.Config;

namespace Paws.Runner.Commands;

/// <summary>What the options with names of their own change in a configuration.</summary>
internal static class ConfigOverrides
{
    public static PawsConfig WithDevice(this PawsConfig config, string? device) =>
        device is null ? config : config with { Meta = config.Meta with { Device = device } };

    public static PawsConfig WithSeed(this PawsConfig config, int? seed) =>
        seed is { } value ? config with { Meta = config.Meta with { Seed = value } } : config;

    public static PawsConfig WithData(this PawsConfig config, string? directory) =>
        directory is null ? config : DataLocation.WithDirectory(config, directory);

    public static PawsConfig WithSkippedBadImages(this PawsConfig config, bool skip) =>
        skip ? config with { Data = config.Data with { SkipBadImages = true } } : config;

    public static PawsConfig WithLabelFile(this PawsConfig config, string? file) =>
        file is null
            ? config
            : config with
            {
                Data = config.Data with { LabelFile = Path.GetFullPath(file), LabelsPerClass = null, Labels = null },
            };

    /// <summary>
    /// --labels N or all: the same number of each class where N is a multiple of the classes, as far as they can be counted before
    /// the data is opened; otherwise so many in all.
    /// </summary>
    /// <exception cref="UserErrorException">It is no such number, there is not one for each class, or there are no classes to count.</exception>
    public static PawsConfig WithLabels(this PawsConfig config, string? labels)
    {
        if (labels is null)
        {
            return config;
        }
        if (labels == LabelNumber.All)
        {
            return InAll(labels, null);
        }
        int total =
            LabelNumber.Parse(labels)
            ?? throw new UserErrorException($"--labels takes a whole number of at least 1, or the word {LabelNumber.All}, got {labels}");
        int classes =
            DataLocation.Classes(config)
            ?? throw new UserErrorException(
                DataLocation.Directory(config) is { } folder && !Directory.Exists(folder)
                    ? $"the data folder {folder} does not exist; name another with --data"
                    : $"--labels needs class folders to count, and {DataLocation.Directory(config)} is empty of them; see paws train --help for what --data takes"
            );
        if (total < classes)
        {
            throw new UserErrorException($"--labels {total} is fewer than one for each of {classes} classes; give at least {classes}");
        }
        return total % classes == 0 ? InAll(null, total / classes) : InAll(labels, null);

        PawsConfig InAll(string? number, int? perClass) =>
            config with
            {
                Data = config.Data with { Labels = number, LabelsPerClass = perClass, LabelFile = null },
            };
    }
}
