using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Runner.Bench;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Commands;

/// <summary><c>paws bench ceiling</c>: what libtorch reaches here in convolutions and matrix products.</summary>
internal static class BenchCeilingCommand
{
    private const double SecondsEach = 1;

    public static Command Create(CommandHost host)
    {
        var common = new CommonOptions();
        var command = new VerbCommand(
            "ceiling",
            "Measure convolutions and matrix products by themselves: what a training step could reach at most.",
            new Example("On the device that training takes", "paws bench ceiling"),
            new Example("For a script", "paws bench ceiling --device cpu --json")
        )
        {
            common.Device,
            common.Json,
        };
        command.SetAction(parse =>
        {
            var console = host.Console(parse.GetValue(common.Json));
            var device = LibTorch.Resolve(parse.GetValue(common.Device) ?? "auto");
            torch.set_num_threads(Environment.ProcessorCount);
            var rows = new JsonArray();
            foreach (var ceiling in CeilingBench.Measure(device, SecondsEach, host.Stop))
            {
                host.Stop.ThrowIfCancellationRequested();
                console.Say(FormattableString.Invariant($"{ceiling.Gflops, 9:0} GFLOP/s  {ceiling.Precision}  {ceiling.Work}"));
                rows.Add(
                    new JsonObject
                    {
                        ["work"] = ceiling.Work,
                        ["precision"] = ceiling.Precision,
                        ["gflops"] = Math.Round(ceiling.Gflops, 1),
                    }
                );
            }
            console.WriteResult(
                new JsonObject
                {
                    ["peer"] = $"paws {CommandLine.Version}",
                    ["device"] = device.type == DeviceType.CPU ? "cpu" : device.ToString(),
                    ["threads"] = torch.get_num_threads(),
                    ["ceilings"] = rows,
                }
            );
            return 0;
        });
        return command;
    }
}
