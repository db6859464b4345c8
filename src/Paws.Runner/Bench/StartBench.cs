using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paws.Runner.Commands;
using Paws.Runner.Startup;

namespace Paws.Runner.Bench;

/// <summary>
/// Times the start of training from outside: this program, started as a process of its own, trains the first step of the preset
/// <c>quick</c>. That process runs the train command itself, asked to stop from the beginning, which the training loop heeds after
/// each step: after one, that is.
/// </summary>
internal static class StartBench
{
    private const string Preset = "quick";

    /// <summary>Seconds from the start of a process to each stage, in their order.</summary>
    /// <param name="device">As the train command takes it.</param>
    /// <exception cref="UserErrorException">The process failed; the message holds what it said.</exception>
    public static IReadOnlyList<(string Stage, double Seconds)> Start(string device)
    {
        var directory = Directory.CreateTempSubdirectory("paws-start-").FullName;
        try
        {
            var start = new ProcessStartInfo(
                Environment.ProcessPath!,
                [.. Program(), "bench", "start", "--child", directory, "--device", device]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            var began = Stopwatch.GetTimestamp();
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            var stages = process.ExitCode == 0 ? JsonNode.Parse(output)!.AsArray() : [];
            if (stages.Count == 0 || (string?)stages[^1]!["stage"] != StartClock.Step)
            {
                throw new UserErrorException($"the process that was to be timed did not come to its first step: {errors.Result.Trim()}");
            }
            return
            [
                .. stages.Select(stage =>
                    ((string)stage!["stage"]!, Stopwatch.GetElapsedTime(began, (long)stage["timestamp"]!).TotalSeconds)
                ),
            ];
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>The other side of <see cref="Start"/>: trains one step into the directory, and says when each stage was reached.</summary>
    public static int Child(CommandHost host, string directory, string device)
    {
        var code = CommandLine.Run(
            ["train", "--preset", Preset, "--out", directory, "--device", device],
            new CommandHost
            {
                Jobs = host.Jobs,
                Experiment = host.Experiment,
                Output = TextWriter.Null,
                Error = host.Error,
                Stop = new CancellationToken(canceled: true),
            }
        );
        if (code != Failure.Stopped)
        {
            return code;
        }
        var stages = StartClock.Stages.Select(mark => new JsonObject { ["stage"] = mark.Stage, ["timestamp"] = mark.Timestamp });
        host.Output.WriteLine(new JsonArray([.. stages]).ToJsonString(JsonSerializerOptions.Default));
        return 0;
    }

    /// <summary>What comes before a verb on the command line of this program: the assembly, where the process is dotnet itself.</summary>
    private static string[] Program()
    {
        var assembly = Environment.GetCommandLineArgs()[0];
        var hosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        return hosted ? [assembly] : [];
    }
}
