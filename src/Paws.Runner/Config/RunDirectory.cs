using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Paws.Runner.Config;

/// <summary>The directory of a run, told apart from any other by the configuration it holds.</summary>
public static partial class RunDirectory
{
    /// <summary>File name of the resolved configuration inside a run directory.</summary>
    public const string ConfigName = "config.yaml";

    /// <summary>File name of the settings that were changed when the run was continued, a JSON object for each time.</summary>
    public const string ChangesName = "changes.jsonl";

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

    /// <summary>
    /// Keys that do change what is computed, or may, and that a continuation may change all the same, because they are the remedy for what
    /// stopped the run. What is changed is written into the run's configuration and into <see cref="ChangesName"/>.
    /// </summary>
    private static readonly HashSet<string> Recorded =
    [
        "optimization",
        "finetune.lr",
        "finetune.final_lr",
        "finetune.head_lr",
        "finetune.linear_lr",
        "baseline.lr",
        "method.fixmatch_lr",
        "method.distill_lr",
        "data.skip_bad_images",
        "data.root_path",
        "data.image_folder",
        "meta.device",
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

    private static string MethodInName(PawsConfig config) =>
        TrainMethod.Of(config) is var name && name == TrainMethod.Paws ? "" : name + "-";

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
            if (Directory.Exists(directory) && Foreign(directory) is { } stranger)
            {
                throw new UserErrorException(
                    $"{directory} holds other things ({Path.GetFileName(stranger)}), and a run would write over what has its files' names; "
                        + "choose a new or an empty directory with --out"
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
            .ToLookup(difference => MayChange(difference[..difference.IndexOf(' ')]));
        if (differences[false].Any())
        {
            var allowed = differences[true].Any() ? $" ({string.Join("; ", differences[true])} could be changed)" : "";
            throw new UserErrorException(
                $"--resume: the run in {directory} has a different configuration: {string.Join("; ", differences[false])}; "
                    + $"give the same settings, or start a new run with another --out{allowed}"
            );
        }
    }

    /// <summary>Whether a continuation may change a key, <c>section.key</c>.</summary>
    public static bool MayChange(string path) => Holds(Safe, path) || Holds(Recorded, path);

    /// <summary>
    /// Writes those settings of a continuation into the run's configuration that differ and are <see cref="Recorded"/>, and notes from which
    /// step on they hold.
    /// </summary>
    /// <returns>Each in words: <c>optimization.lr (0.5, was 1.6)</c>.</returns>
    internal static IReadOnlyList<string> Adopt(string directory, PawsConfig config, string phase, long step)
    {
        var saved = ReadConfig(directory);
        string[] keys = [.. ConfigDiff.Keys(config, saved).Where(key => Holds(Recorded, key))];
        if (keys.Length == 0)
        {
            return [];
        }
        string Value(PawsConfig of, string key) => ConfigWriter.Format(ConfigSchema.Find(key)!.Get(of));
        var adopted = ConfigLoader.Refine(saved, keys.Select(key => $"{key}={Value(config, key)}"), null);
        var changes = new JsonObject();
        foreach (var key in keys)
        {
            changes[key] = new JsonArray(Value(saved, key), Value(config, key));
        }
        var line = new JsonObject
        {
            ["time"] = DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture),
            ["phase"] = phase,
            ["step"] = step,
            ["changes"] = changes,
        };
        var path = Path.Combine(directory, ChangesName);
        var before = File.Exists(path) ? File.ReadAllText(path) : "";
        AtomicFile.WriteAllText(path, before + line.ToJsonString(JsonSerializerOptions.Default) + "\n");
        Create(directory, adopted);
        return [.. ConfigDiff.Describe(config, saved).Where(difference => keys.Contains(difference[..difference.IndexOf(' ')]))];
    }

    /// <summary>Whether a folder holds nothing but what an earlier start of ours may have left before it wrote anything.</summary>
    internal static bool IsUnused(string directory) => Foreign(directory) is null;

    /// <summary>Removes half-written files of processes that were killed. For who has claimed the directory.</summary>
    internal static void Sweep(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory).Where(IsHalfWritten).ToList())
        {
            File.Delete(file);
        }
    }

    /// <summary>Something in a folder that no start of ours left; null where there is nothing.</summary>
    private static string? Foreign(string directory) =>
        Directory
            .EnumerateFileSystemEntries(directory)
            .FirstOrDefault(path => Path.GetFileName(path) != RunClaim.LockName && !IsHalfWritten(path));

    private static bool IsHalfWritten(string path) =>
        AtomicFile.IsPart(path) || Path.GetFileName(path) == ConfigName + ".part" || LabelsAside().IsMatch(Path.GetFileName(path));

    [GeneratedRegex(@"^labels\.txt\.[0-9]+\.tmp$")]
    private static partial Regex LabelsAside();

    /// <summary>Makes the directory and writes the resolved configuration into it, aside first, then renamed.</summary>
    public static void Create(string directory, PawsConfig config)
    {
        AtomicFile.WriteAllText(Path.Combine(directory, ConfigName), ConfigWriter.ToYaml(config));
    }

    private static bool Holds(HashSet<string> keys, string path) => keys.Contains(path) || keys.Contains(path[..path.IndexOf('.')]);
}
