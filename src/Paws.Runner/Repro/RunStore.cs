using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paws.Runner.Config;
using Paws.Runner.Reporting;

namespace Paws.Runner.Repro;

/// <summary>
/// Where the records of finished runs are: results/SCALE/runs/KEY with the configuration, the result and the metrics. Weights and
/// checkpoints stay where the run worked. A run that is recorded is not run again.
/// </summary>
/// <param name="directory">The folder that holds the records.</param>
public sealed class RunStore(string directory)
{
    private readonly ConcurrentDictionary<string, FinishedRun> read = []; // runs end on threads of their own

    /// <summary>The record of a run; null while there is none.</summary>
    public FinishedRun? Find(ReproRun run)
    {
        if (read.TryGetValue(run.Key, out var known))
        {
            return known;
        }
        var found = Read(Path.Combine(directory, run.Key));
        return found is null ? null : read.GetOrAdd(run.Key, found);
    }

    /// <summary>Names of the records that are of none of the runs: what is left of arms whose settings were changed.</summary>
    public IReadOnlyList<string> Besides(IEnumerable<ReproRun> runs)
    {
        if (!Directory.Exists(directory))
        {
            return [];
        }
        var names = Directory.EnumerateDirectories(directory).Select(path => Path.GetFileName(path)!);
        return [.. names.Except(runs.Select(r => r.Key)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Keeps what a run directory holds; the result last, since it says that the record is whole.</summary>
    public void Keep(ReproRun run, string runDirectory)
    {
        var record = Path.Combine(directory, run.Key);
        // Where the data and the run were does not belong to the record.
        var config = run.Config with
        {
            Data = run.Config.Data with { RootPath = null, ImageFolder = null },
            Logging = run.Config.Logging with { Folder = null },
        };
        AtomicFile.WriteAllText(Path.Combine(record, RunDirectory.ConfigName), ConfigWriter.ToYaml(config));
        Copy(MetricsWriter.FileName);
        var result = JsonNode.Parse(File.ReadAllText(Path.Combine(runDirectory, RunResult.FileName)))!.AsObject();
        result["run_directory"] = run.Key;
        AtomicFile.WriteAllText(
            Path.Combine(record, RunResult.FileName),
            result.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n"
        );

        void Copy(string name)
        {
            var source = Path.Combine(runDirectory, name);
            if (File.Exists(source))
            {
                AtomicFile.WriteAllText(Path.Combine(record, name), File.ReadAllText(source));
            }
        }
    }

    private static FinishedRun? Read(string record)
    {
        var path = Path.Combine(record, RunResult.FileName);
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            return new FinishedRun(JsonNode.Parse(File.ReadAllText(path))!.AsObject(), MetricsReader.Read(record));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserErrorException($"{path} is not a result of paws train; remove its folder to run it again", e);
        }
    }
}
