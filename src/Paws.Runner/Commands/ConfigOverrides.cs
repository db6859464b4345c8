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
        file is null ? config : config with { Data = config.Data with { LabelFile = Path.GetFullPath(file), LabelsPerClass = null } };

    /// <summary>--labels N: the same number of each class, so N must be a multiple of the number of classes.</summary>
    /// <exception cref="UserErrorException">N cannot be shared out, or the number of classes is not known.</exception>
    public static PawsConfig WithLabels(this PawsConfig config, int? labels)
    {
        if (labels is not { } total)
        {
            return config;
        }
        int classes =
            DataLocation.Classes(config)
            ?? throw new UserErrorException(
                DataLocation.Directory(config) is { } folder && !Directory.Exists(folder)
                    ? $"the data folder {folder} does not exist; name another with --data"
                    : $"--labels needs class folders to count, and {DataLocation.Directory(config)} is empty of them; see paws train --help for what --data takes"
            );
        if (total < classes || total % classes != 0)
        {
            int below = Math.Max(total / classes, 1) * classes;
            throw new UserErrorException(
                $"--labels {total} cannot be shared equally among {classes} classes; use a multiple of {classes}, such as {below} or {below + classes}"
            );
        }
        return config with { Data = config.Data with { LabelsPerClass = total / classes, LabelFile = null } };
    }
}
