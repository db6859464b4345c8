using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Paws.Runner.Bench;
using Paws.Runner.Parallel;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Commands;

/// <summary><c>paws bench collectives</c>: what an exchange between ranks costs, as α + β·bytes.</summary>
internal static class BenchCollectivesCommand
{
    private const int Repeats = 30;
    private static readonly long[] Elements = [2, 256, 16 << 10, 256 << 10, 1 << 20, 4 << 20];

    public static Command Create(CommandHost host)
    {
        var json = new CommonOptions().Json;
        var command = new VerbCommand(
            "collectives",
            "Time sums and gathers between ranks, of float32, and fit α + β·bytes to them.",
            new Example("Two ranks on this machine", "paws bench collectives --nproc 2"),
            new Example("Ranks of a cluster", "mpirun --hostfile hosts -n 16 paws bench collectives")
        );
        command.Add(json);
        command.Add(LocalRanks.CreateOption());
        command.SetAction(parse =>
        {
            if (host.Ranks.Size == 1)
            {
                throw new UserErrorException("one rank exchanges nothing; start several with --nproc N, mpirun or srun");
            }
            LibTorch.Prepare();
            torch.set_num_threads(1);
            var console = host.Console(parse.GetValue(json));
            var result = new JsonObject { ["ranks"] = host.Ranks.Size, ["over"] = host.Ranks.Name };
            foreach (var gathers in new[] { false, true })
            {
                var name = gathers ? "gather" : "sum";
                var times = Elements.Select(count => Seconds(host.Ranks.Collectives, count, gathers)).ToArray();
                var (alpha, beta) = CostModel.Fit([.. Elements.Select(count => 4.0 * count)], times);
                for (var i = 0; i < times.Length; i++)
                {
                    console.Say(Line($"{name} of {4 * Elements[i]} bytes on each rank: {1e6 * times[i]:0.0} µs"));
                }
                console.Say(Line($"{name}: {1e6 * alpha:0.0} µs + bytes / {1e-9 / beta:0.00} GB/s"));
                result[name] = new JsonObject
                {
                    ["alpha_seconds"] = alpha,
                    ["beta_seconds_per_byte"] = beta,
                    ["bytes"] = new JsonArray([.. Elements.Select(count => JsonValue.Create(4 * count))]),
                    ["seconds"] = new JsonArray([.. times.Select(time => JsonValue.Create(time))]),
                };
            }
            console.WriteResult(result);
            return 0;
        });
        return command;
    }

    /// <summary>Median time of one operation.</summary>
    private static double Seconds(ICollectives ranks, long count, bool gathers)
    {
        using var own = torch.zeros(count, dtype: torch.float32);
        using var all = torch.zeros(gathers ? count * ranks.Size : 1, dtype: torch.float32);
        using var start = torch.zeros(2, dtype: torch.float32);
        var times = new List<double>();
        for (var i = 0; i < Repeats + 3; i++)
        {
            ranks.Sum(start); // not the barrier, from which ranks wake one after the other
            var begin = Stopwatch.GetTimestamp();
            if (gathers)
            {
                ranks.Gather(own, all);
            }
            else
            {
                ranks.Sum(own);
            }
            if (i >= 3)
            {
                times.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
            }
        }
        return Median.Of(times);
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
