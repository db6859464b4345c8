using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Runner.Doctor;
using Paws.Runner.Reporting;
using Spectre.Console;

namespace Paws.Runner.Commands;

/// <summary><c>paws doctor</c>: what the machine has and lacks, each lack with its remedy.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandHost host)
    {
        var common = new CommonOptions();
        common.Out.Description = "Where runs would go; its free space is looked at. Default: runs.";
        common.Json.Description = "The findings as one JSON object on standard output.";
        var command = new VerbCommand(
            "doctor",
            "Tell what this machine has and what is missing, each with its remedy. Exit code 0 when training can run.",
            new Example("Look before the first run", "paws doctor"),
            new Example("For a bug report", "paws doctor --json")
        );
        command.Add(common.Out);
        command.Add(common.Json);
        command.SetAction(parse =>
        {
            var console = host.Console(parse.GetValue(common.Json));
            var machine = MachineChecks.All(parse.GetValue(common.Out) ?? "runs", console.People);
            var findings = new List<Finding>();
            foreach (var finding in machine.Concat(LibraryChecks.All()))
            {
                host.Stop.ThrowIfCancellationRequested();
                findings.Add(finding);
            }
            bool ready = findings.TrueForAll(finding => finding.State != FindingState.Missing);
            if (!console.Json)
            {
                console.People.Write(Table(findings));
                console.Say(ready ? "Ready: paws train" : "Not ready: see what is missing above.");
            }
            console.WriteResult(Result(findings, ready));
            return ready ? 0 : Failure.UserError;
        });
        return command;
    }

    private static Table Table(IEnumerable<Finding> findings)
    {
        var table = new Table().RoundedBorder().AddColumns("", "what", "found", "what to do");
        table.Columns[2].Width(44);
        table.Columns[3].Width(44);
        foreach (var finding in findings)
        {
            (string mark, string colour) = finding.State switch
            {
                FindingState.Fine => ("ok", "green"),
                FindingState.Optional => ("–", "yellow"),
                _ => ("missing", "red"),
            };
            table.AddRow($"[{colour}]{mark}[/]", finding.Topic, Markup.Escape(finding.Found), Markup.Escape(finding.Remedy ?? ""));
        }
        return table;
    }

    private static JsonObject Result(IEnumerable<Finding> findings, bool ready) =>
        new()
        {
            ["ready"] = ready,
            ["version"] = CommandLine.Version,
            ["findings"] = new JsonArray([
                .. findings.Select(finding => new JsonObject
                {
                    ["topic"] = finding.Topic,
                    ["state"] = finding.State.ToString().ToLowerInvariant(),
                    ["found"] = finding.Found,
                    ["remedy"] = finding.Remedy,
                }),
            ]),
        };
}
