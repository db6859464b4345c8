using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;
using Paws.Runner.Verify;
using Spectre.Console;

namespace Paws.Runner.Commands;

/// <summary><c>paws verify</c>: whether this build, on this machine and device, computes what the published implementation does.</summary>
internal static class VerifyCommand
{
    /// <summary>The exit code where an error exceeds its bound.</summary>
    public const int Exceeded = 1;

    public static Command Create(CommandHost host)
    {
        var common = new CommonOptions();
        var folder = new Argument<string?>("dir")
        {
            Description = "Folder with golden files. Default: those that come with the program.",
            HelpName = "DIR",
            Arity = ArgumentArity.ZeroOrOne,
        };
        common.Json.Description = "The comparisons as one JSON object on standard output.";
        var command = new VerbCommand(
            "verify",
            "Compare losses, gradients, optimiser, schedule, encoders and augmentation with golden files of the published "
                + "implementation. Exit code 1 when an error exceeds its bound.",
            new Example("This machine's CPU", "paws verify --device cpu"),
            new Example("The first GPU, against files of one's own", "paws verify golden --device cuda"),
            new Example("For a script", "paws verify --json")
        );
        command.Add(folder);
        command.Add(common.Device);
        command.Add(common.Json);
        command.SetAction(parse =>
        {
            var console = host.Console(parse.GetValue(common.Json));
            var directory = parse.GetValue(folder) ?? GoldenFolder.Shipped;
            var files = GoldenFolder.Files(directory);
            var device = LibTorch.Resolve(parse.GetValue(common.Device) ?? "auto");
            LibTorchSwitches.TurnNnpackOff();
            var comparisons = new List<Comparison>();
            using (var view = ConsoleProgress.Create(console.People))
            {
                foreach (var file in files)
                {
                    view.Note($"{file} on {(file == "augment.json" ? "cpu" : device)}");
                    foreach (var comparison in GoldenFolder.Check(directory, file, device))
                    {
                        host.Stop.ThrowIfCancellationRequested();
                        comparisons.Add(comparison);
                    }
                }
            }
            int exceeded = comparisons.Count(c => !c.Passed);
            if (!console.Json)
            {
                console.People.Write(Table(comparisons));
                console.Say(
                    exceeded == 0
                        ? $"{comparisons.Count} cases within their bounds on {device}"
                        : $"{exceeded} of {comparisons.Count} cases exceed their bounds on {device}"
                );
            }
            console.WriteResult(Result(comparisons, directory, device.ToString()));
            return exceeded == 0 ? 0 : Exceeded;
        });
        return command;
    }

    private static Table Table(IReadOnlyList<Comparison> comparisons)
    {
        var table = new Table().RoundedBorder().AddColumns("", "file", "case", "largest error", "bound", "in", "");
        string last = "";
        foreach (var c in comparisons)
        {
            table.AddRow(
                c.Passed ? "[green]ok[/]" : "[red]exceeds[/]",
                c.File == last ? "" : c.File,
                Markup.Escape(c.Case),
                Number(c.Error),
                Number(c.Bound),
                Markup.Escape(c.What),
                Markup.Escape(c.Note ?? "")
            );
            last = c.File;
        }
        return table;
    }

    private static string Number(double value) => FormattableString.Invariant($"{value:0.##e+0}");

    private static JsonObject Result(IReadOnlyList<Comparison> comparisons, string directory, string device) =>
        new()
        {
            ["passed"] = comparisons.All(c => c.Passed),
            ["directory"] = Path.GetFullPath(directory),
            ["device"] = device,
            ["version"] = CommandLine.Version,
            ["cases"] = new JsonArray([
                .. comparisons.Select(c => new JsonObject
                {
                    ["file"] = c.File,
                    ["case"] = c.Case,
                    // JSON has no infinity.
                    ["error"] = double.IsFinite(c.Error) ? c.Error : null,
                    ["bound"] = c.Bound,
                    ["quantity"] = c.What,
                    ["passed"] = c.Passed,
                    ["note"] = c.Note,
                }),
            ]),
        };
}
