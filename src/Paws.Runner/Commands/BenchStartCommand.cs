using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Runner.Bench;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;

namespace Paws.Runner.Commands;

/// <summary><c>paws bench start</c>: seconds from the start of the process to the end of the first training step.</summary>
internal static class BenchStartCommand
{
    public static Command Create(CommandHost host)
    {
        var runs = new Option<int>("--runs")
        {
            Description = "Processes that are timed, after one that warms the disk.",
            HelpName = "N",
            DefaultValueFactory = _ => 5,
        };
        var child = new Option<string?>("--child")
        {
            Description = "Be the process that is timed; results go to this directory.",
            Hidden = true,
        };
        var common = new CommonOptions();
        var command = new VerbCommand(
            "start",
            "Time the start of training: from the start of the process to the end of the first step of the preset quick.",
            new Example("Five starts", "paws bench start"),
            new Example("For a script", "paws bench start --runs 9 --json")
        )
        {
            runs,
            child,
            common.Device,
            common.Json,
        };
        command.SetAction(parse =>
        {
            var device = parse.GetValue(common.Device) ?? "auto";
            if (parse.GetValue(child) is { } directory)
            {
                return StartBench.Child(host, directory, device);
            }
            int count = parse.GetValue(runs);
            if (count < 1)
            {
                throw new UserErrorException($"{runs.Name} must be at least 1, got {count}");
            }
            var console = host.Console(parse.GetValue(common.Json));
            console.WriteResult(Measure(console, count, device, host.Stop));
            return 0;
        });
        return command;
    }

    private static JsonObject Measure(CommandConsole console, int runs, string device, CancellationToken stop)
    {
        StartBench.Start(device);
        var all = new List<IReadOnlyList<(string Stage, double Seconds)>>();
        while (all.Count < runs)
        {
            stop.ThrowIfCancellationRequested();
            all.Add(StartBench.Start(device));
        }
        var stages = all[0].Select(stage => (stage.Stage, Seconds: Median.Of(Times(stage.Stage)))).ToList();
        var steps = Times(StartClock.Step);
        double before = 0;
        foreach (var (stage, seconds) in stages)
        {
            console.Say(FormattableString.Invariant($"{1000 * seconds, 6:0} ms  {1000 * (seconds - before), +6:0}  {stage}"));
            before = seconds;
        }
        console.Say(
            FormattableString.Invariant(
                $"{Median.Of(steps):0.00} s to the first step (median of {runs}; {steps[0]:0.00} to {steps[^1]:0.00})"
            )
        );
        return new JsonObject
        {
            ["peer"] = $"paws {CommandLine.Version}",
            ["runs"] = runs,
            ["seconds_to_first_step"] = Math.Round(Median.Of(steps), 3),
            ["seconds_to_first_step_least"] = Math.Round(steps[0], 3),
            ["seconds_to_first_step_most"] = Math.Round(steps[^1], 3),
            ["stages"] = new JsonObject(stages.Select(stage => KeyValuePair.Create(stage.Stage, (JsonNode?)Math.Round(stage.Seconds, 3)))),
        };

        // Sorted.
        List<double> Times(string name) => [.. all.Select(start => start.First(stage => stage.Stage == name).Seconds).Order()];
    }
}
