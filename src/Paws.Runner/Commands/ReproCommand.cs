using System.CommandLine;
using Paws.Runner.Repro;

namespace Paws.Runner.Commands;

/// <summary><c>paws repro</c>: tables and figures of the paper.</summary>
internal static class ReproCommand
{
    private const string All = "all";

    public static Command Create(CommandHost host)
    {
        var common = new CommonOptions();
        var items = new Argument<string[]>("ids")
        {
            Description = $"{ReproFiles.Items[0]} … table7, figure1 … {ReproFiles.Items[^1]}, or {All}.",
            HelpName = "ID",
            Arity = ArgumentArity.OneOrMore,
        };
        var scale = new Option<string>("--scale")
        {
            Description =
                "smoke: minutes, meaningless numbers. laptop: CIFAR-10 on 2 cores, hours. gpu: CIFAR-10 on a GPU. paper: as published.",
            HelpName = string.Join('|', ReproFiles.Scales),
            DefaultValueFactory = _ => ReproFiles.Scales[0],
        };
        var seeds = new Option<int?>("--seeds")
        {
            Description = "Seeds of each arm: 0 … N−1. Default: what the scale says.",
            HelpName = "N",
        };
        var jobs = new Option<int?>("--jobs")
        {
            Description = "Runs side by side. Default: as many as there are cores, each computing on one; with a GPU 1.",
            HelpName = "N",
        };
        var work = new Option<string>("--work")
        {
            Description = "Where runs keep checkpoints and weights.",
            HelpName = "DIR",
            DefaultValueFactory = _ => Path.Combine("runs", "repro"),
        };
        var draw = new Option<bool>("--draw-only")
        {
            Description = "Train nothing: tables, figures and page from the results that are there.",
        };
        common.Out.Description = "Where results and the page go. Default: paper-repro.";
        common.Data.Description = "Folder with CIFAR-10 (scales laptop, gpu) or ImageNet (paper), as for paws train.";
        var command = new VerbCommand(
            "repro",
            "Run tables and figures of the paper: their arms (each once, resumable), tables and figures with the paper's numbers, verdicts on its claims.",
            new Example("All of it in minutes, to see the machinery", "paws repro all --scale smoke"),
            new Example("Table 6 on CIFAR-10 and two cores", "paws repro table6 --scale laptop --data cifar10/"),
            new Example("Two figures, with more seeds", "paws repro figure4 figure7 --scale laptop --data cifar10/ --seeds 5"),
            new Example("Draw again from the results", "paws repro all --scale laptop --draw-only")
        )
        {
            items,
        };
        foreach (var option in (Option[])[scale, seeds, jobs, common.Data, common.Device, common.Out, work, draw, common.Json])
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            if (!host.Ranks.Alone)
            {
                throw new UserErrorException("paws repro is the work of one process; start it without mpirun, srun and torchrun");
            }
            var given = parse.GetValue(items)!;
            var (count, side) = (parse.GetValue(seeds), parse.GetValue(jobs));
            foreach (var (name, number) in (ReadOnlySpan<(string, int?)>)[("--seeds", count), ("--jobs", side)])
            {
                if (number < 1)
                {
                    throw new UserErrorException($"{name} must be at least 1, got {number}");
                }
            }
            var at = ReproFiles.Scale(parse.GetValue(scale)!);
            string[] ids = given.Contains(All) ? [.. ReproFiles.Items] : [.. given.Select(id => ReproFiles.Item(id).Id).Distinct()];
            var (data, device) = (parse.GetValue(common.Data), parse.GetValue(common.Device));
            if (at.NeedsData && !parse.GetValue(draw))
            {
                if (data is null)
                {
                    throw new UserErrorException($"scale {at.Name} trains on real images: name their folder with --data DIR");
                }
                if (!Directory.Exists(data))
                {
                    throw new UserErrorException($"--data {data}: there is no such folder");
                }
            }
            if (device is not null)
            {
                host.CheckDevice(device);
            }
            var request = new ReproRequest
            {
                Items = ids,
                Scale = at.Name,
                Seeds = count,
                Jobs = side ?? (at.OneAtATime ? 1 : Environment.ProcessorCount),
                Folder = new ReproFolder(Path.GetFullPath(parse.GetValue(common.Out) ?? "paper-repro")),
                Work = Path.GetFullPath(Path.Combine(parse.GetValue(work)!, at.Name)),
                Draw = parse.GetValue(draw),
            };
            var runner = new TrainingProcess(at.NeedsData ? Path.GetFullPath(data ?? ".") : null, device);
            new ReproJob(request, runner, host.Console(parse.GetValue(common.Json)), host.Stop).Run();
            return 0;
        });
        return command;
    }
}
