using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Paws.Data.Loading;
using Paws.Runner.Bench;
using Paws.Runner.Config;
using Paws.Runner.Reporting;
using Paws.Runner.Training;

namespace Paws.Runner.Commands;

/// <summary><c>paws bench data</c>: how fast batches come when nobody trains.</summary>
internal static class BenchDataCommand
{
    /// <summary>Batches that are not timed: those made ahead, and those during which the runtime still compiles.</summary>
    private const int Warmup = 10;

    public static Command Create(CommandHost host)
    {
        var preset = new Option<string>("--preset")
        {
            Description = $"Settings to start from: {string.Join(", ", Presets.Names)}.",
            HelpName = "NAME",
            DefaultValueFactory = _ => Presets.Names[0],
        };
        var workers = new Option<int?>("--workers") { Description = "Threads that make batches. Default: as in training.", HelpName = "N" };
        var steps = new Option<int>("--steps")
        {
            Description = "Batches that are timed.",
            HelpName = "N",
            DefaultValueFactory = _ => 50,
        };
        var common = new CommonOptions();
        var command = new VerbCommand(
            "data",
            "Time the loader as pre-training uses it, without a trainer: the samplers, the views, the batches.",
            new Example("The built-in images", "paws bench data"),
            new Example("CIFAR-10, published batch, two workers", "paws bench data --preset cifar10 --data cifar10/ --workers 2"),
            new Example("For a script", "paws bench data --json")
        );
        foreach (Option option in (Option[])[preset, common.Data, common.Set, workers, steps, common.Json])
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            int count = parse.GetValue(steps);
            if (count < 1)
            {
                throw new UserErrorException($"--steps must be at least 1, got {count}");
            }
            var console = host.Console(parse.GetValue(common.Json));
            var loaded = ConfigLoader.LoadWithOrigin(
                [parse.GetValue(preset)!],
                [],
                parse.GetValue(common.Set) ?? [],
                c => Workers(c.WithData(parse.GetValue(common.Data)).WithDevice("cpu"), parse.GetValue(workers))
            );
            GivenSettings.Check(loaded, PublishedKeys.Train, console.Note);
            var config = DatasetDefaults.Resolve(loaded.Config);
            using var run = RunSetting.Open(config, console, stop: host.Stop);
            console.WriteResult(Measure(run, count, console, host.Stop));
            return 0;
        });
        return command;
    }

    private static JsonObject Measure(RunSetting run, int steps, CommandConsole console, CancellationToken stop)
    {
        using var bench = new DataBench(run);
        for (int step = 0; step < Warmup; step++)
        {
            bench.Step(stop);
        }
        long views = 0,
            images = 0;
        var start = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
        {
            var (stepViews, stepImages) = bench.Step(stop);
            views += stepViews;
            images += stepImages;
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        console.Say(
            FormattableString.Invariant(
                $"{steps} batches in {seconds:0.00} s with {run.Workers} workers: {steps / seconds:0.0} batches/s, "
            ) + FormattableString.Invariant($"{views / seconds:0} views/s, {images / seconds:0} images/s")
        );
        return new JsonObject
        {
            ["peer"] = $"paws {CommandLine.Version}",
            ["data"] = run.Data.Train.Name,
            ["workers"] = run.Workers,
            ["precision"] = run.PixelType == PixelType.BFloat16 ? "bf16" : "fp32",
            ["steps"] = steps,
            ["seconds"] = Math.Round(seconds, 3),
            ["batches_per_second"] = Math.Round(steps / seconds, 2),
            ["images_per_second"] = Math.Round(images / seconds, 1),
            ["views_per_second"] = Math.Round(views / seconds, 1),
        };
    }

    private static PawsConfig Workers(PawsConfig config, int? workers) =>
        workers is { } count ? config with { Data = config.Data with { Workers = count } } : config;
}
