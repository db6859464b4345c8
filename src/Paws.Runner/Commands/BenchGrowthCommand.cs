using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Runner.Bench;
using Paws.Runner.Reporting;
using Paws.Runner.Reporting.Charts;
using Paws.Runner.Training;
using Spectre.Console;

namespace Paws.Runner.Commands;

/// <summary><c>paws bench growth</c>: how the cost of a step grows with what goes into it.</summary>
internal static class BenchGrowthCommand
{
    private static readonly string[] Parts = ["step", "loss"];

    public static Command Create(CommandHost host)
    {
        var common = new CommonOptions();
        common.Out.Description = "Where growth-step.svg and growth-loss.svg go. Default: no charts.";
        var rounds = new Option<int>("--rounds")
        {
            Description = "Times each point is measured, the loss alone ten times as often; the median counts.",
            HelpName = "N",
            DefaultValueFactory = _ => 5,
        };
        var command = new VerbCommand(
            "growth",
            "Time a step, and the loss alone, against batch, supports, embedding width and small views, each doubled three times.",
            new Example("Table and charts", "paws bench growth --out growth/"),
            new Example("For a script", "paws bench growth --json")
        );
        foreach (var option in (Option[])[common.Device, common.Out, rounds, common.Json])
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            var console = host.Console(parse.GetValue(common.Json));
            var device = parse.GetValue(common.Device) ?? "auto";
            int count = parse.GetValue(rounds);
            if (count < 1)
            {
                throw new UserErrorException($"--rounds must be at least 1, got {count}");
            }
            var curves = new Dictionary<string, List<GrowthCurve>>();
            using (var view = ConsoleProgress.Create(console.People))
            using (var progress = new CountingProgress(view, "measurements"))
            {
                int total = Parts.Sum(part => Axes(part).Sum(axis => axis.Values.Length) * (Rounds(part, count) + 1));
                int done = 0;
                foreach (var part in Parts)
                {
                    curves[part] =
                    [
                        .. Axes(part)
                            .Select(axis =>
                                Growth.Measure(axis, Start(part) with { Device = device }, Open(part), Rounds(part, count), Done)
                            ),
                    ];
                }
                void Done()
                {
                    host.Stop.ThrowIfCancellationRequested();
                    progress.Report(++done, total);
                }
            }
            if (!console.Json)
            {
                console.People.Write(Table(curves));
            }
            if (parse.GetValue(common.Out) is { } folder)
            {
                Directory.CreateDirectory(folder);
                foreach (var (part, measured) in curves)
                {
                    AtomicFile.WriteAllText(Path.Combine(folder, $"growth-{part}.svg"), Chart(part, measured).ToSvg() + "\n");
                }
                console.Say($"charts are in {folder}");
            }
            console.WriteResult(Result(curves));
            return 0;
        });
        return command;
    }

    /// <summary>A loss takes milliseconds: a median of a few is at the mercy of whatever else the machine does.</summary>
    private static int Rounds(string part, int count) => part == "step" ? count : 10 * count;

    private static IReadOnlyList<GrowthAxis> Axes(string part) => part == "step" ? Growth.StepAxes : Growth.LossAxes;

    private static StepBenchOptions Start(string part) => part == "step" ? Growth.StepBase : Growth.LossBase;

    private static Func<StepBenchOptions, (Func<double>, IDisposable)> Open(string part) =>
        part == "step"
            ? work =>
            {
                var bench = new StepBench(work);
                return (() => bench.Step().Seconds, bench);
            }
            : work =>
            {
                var bench = new LossBench(work);
                return (bench.Step, bench);
            };

    private static Table Table(Dictionary<string, List<GrowthCurve>> curves)
    {
        var table = new Table().RoundedBorder().AddColumns("what", "against", "values", "milliseconds", "exponent of the last doubling");
        foreach (var (part, measured) in curves)
        {
            foreach (var curve in measured)
            {
                table.AddRow(
                    part,
                    curve.Axis.Name,
                    string.Join(", ", curve.Axis.Values),
                    string.Join(", ", curve.Seconds.Select(s => FormattableString.Invariant($"{1000 * s:0.0}"))),
                    FormattableString.Invariant($"{curve.Exponent:0.00}")
                );
            }
        }
        return table;
    }

    /// <summary>Time relative to the smallest value, against the same ratio of the values: a straight line is linear growth.</summary>
    private static LineChart Chart(string part, List<GrowthCurve> measured) =>
        new()
        {
            Title = part == "step" ? "Time of a training step" : "Time of the loss and its gradient",
            XLabel = "times as much",
            YLabel = "× time",
            Series =
            [
                .. measured.Select(
                    (curve, i) =>
                        new LineSeries
                        {
                            Name = FormattableString.Invariant($"{curve.Axis.Name} {curve.Exponent:0.0}"),
                            X = [.. curve.Axis.Values.Select(v => (double)v / curve.Axis.Values[0])],
                            Y = [.. curve.Seconds.Select(s => s / curve.Seconds[0])],
                            Hue = i,
                            Dots = true,
                        }
                ),
            ],
            Include = [0],
        };

    private static JsonObject Result(Dictionary<string, List<GrowthCurve>> curves)
    {
        var result = new JsonObject();
        foreach (var (part, measured) in curves)
        {
            result[part] = new JsonArray([
                .. measured.Select(curve => new JsonObject
                {
                    ["against"] = curve.Axis.Name,
                    ["values"] = new JsonArray([.. curve.Axis.Values.Select(v => JsonValue.Create(v))]),
                    ["seconds"] = new JsonArray([.. curve.Seconds.Select(s => JsonValue.Create(Math.Round(s, 6)))]),
                    ["exponent"] = Math.Round(curve.Exponent, 3),
                }),
            ]);
        }
        return result;
    }
}
