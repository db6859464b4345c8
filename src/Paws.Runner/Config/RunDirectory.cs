using System.Globalization;

namespace Paws.Runner.Config;

/// <summary>The directory of a run, told apart from any other by the configuration it holds.</summary>
public static class RunDirectory
{
    /// <summary>File name of the resolved configuration inside a run directory.</summary>
    public const string ConfigName = "config.yaml";

    /// <summary>
    /// Keys that may change between a run and its continuation, since they do not change what is computed. Whole sections are
    /// named by the section alone.
    /// </summary>
    private static readonly HashSet<string> Safe =
    [
        "logging",
        "data.workers",
        "meta.threads",
        "meta.copy_data",
        "meta.load_checkpoint",
        "meta.read_checkpoint",
        "meta.master_port",
    ];

    /// <summary>Where a run goes when nobody said: <c>runs/shapes-100-seed0-20260131-175959</c>.</summary>
    public static string DefaultName(PawsConfig config, DateTime now) =>
        Path.Combine(
            "runs",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{DatasetDefaults.BaseName(config.Data.Dataset)}-{MethodInName(config)}{DataLocation.LabelsInWords(config)}-seed{config.Meta.Seed}-{now:yyyyMMdd-HHmmss}"
            )
        );

    private static string MethodInName(PawsConfig config) => TrainMethod.Of(config) is var name && name == TrainMethod.Paws ? "" : name + "-";

    /// <summary>Whether the directory holds a run.</summary>
    public static bool HoldsRun(string directory) => File.Exists(Path.Combine(directory, ConfigName));

    /// <summary>Path of the configuration that the run in a directory saved.</summary>
    /// <exception cref="UserErrorException">There is no run.</exception>
    public static string ConfigOf(string directory) =>
        HoldsRun(directory)
            ? Path.Combine(directory, ConfigName)
            : throw new UserErrorException(
                Directory.Exists(directory)
                    ? $"{directory} holds no run: it has no {ConfigName}"
                    : $"run directory {directory} does not exist"
            );

    /// <summary>The configuration that the run in a directory saved.</summary>
    /// <exception cref="UserErrorException">There is no run.</exception>
    public static PawsConfig ReadConfig(string directory) => ConfigLoader.LoadFile(ConfigOf(directory));

    /// <summary>Makes sure that a run may go into the directory. Writes nothing.</summary>
    /// <exception cref="UserErrorException">
    /// The path is a file; it holds another run and resume is false; it holds none and resume is true; or the run there has a
    /// different configuration.
    /// </exception>
    public static void Check(string directory, bool resume, PawsConfig config)
    {
        if (File.Exists(directory))
        {
            throw new UserErrorException($"{directory} is a file; choose a directory with --out");
        }
        if (!resume)
        {
            if (HoldsRun(directory))
            {
                throw new UserErrorException(
                    $"{directory} already holds a run; continue it with --resume, or choose another directory with --out"
                );
            }
            return;
        }
        if (!HoldsRun(directory))
        {
            throw new UserErrorException($"--resume: {directory} holds no run to continue; leave out --resume to start one there");
        }
        var differences = ConfigDiff
            .Describe(config, ReadConfig(directory))
            .Where(difference => !IsSafe(difference[..difference.IndexOf(' ')]))
            .ToList();
        if (differences.Count > 0)
        {
            throw new UserErrorException(
                $"--resume: the run in {directory} has a different configuration: {string.Join("; ", differences)}; "
                    + "give the same settings, or start a new run with another --out"
            );
        }
    }

    /// <summary>Makes the directory and writes the resolved configuration into it, aside first, then renamed.</summary>
    public static void Create(string directory, PawsConfig config)
    {
        AtomicFile.WriteAllText(Path.Combine(directory, ConfigName), ConfigWriter.ToYaml(config));
    }

    private static bool IsSafe(string path) => Safe.Contains(path) || Safe.Contains(path[..path.IndexOf('.')]);
}
