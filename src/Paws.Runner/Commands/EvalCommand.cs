using System.CommandLine;
using Paws.Runner.Config;

namespace Paws.Runner.Commands;

/// <summary><c>paws eval</c>: PAWS-NN of a finished or running run.</summary>
internal static class EvalCommand
{
    public static Command Create(CommandHost host)
    {
        var common = new CommonOptions();
        var run = new Argument<string>("run") { Description = "Run directory.", HelpName = "RUN" };
        var checkpoint = new Option<string?>("--checkpoint")
        {
            Description = "Checkpoint inside RUN, or a path; default the latest.",
            HelpName = "FILE",
        };
        var command = new VerbCommand(
            "eval",
            "Classify the test images by their nearest labeled neighbours (PAWS-NN), with the encoder of a run.",
            new Example("Evaluate a run again", "paws eval runs/mine"),
            new Example("With another temperature, result as JSON", "paws eval runs/mine --set evaluation.temperature=0.05 --json"),
            new Example("The weights as they are exported, on the CPU", "paws eval runs/mine --checkpoint model.safetensors --device cpu")
        );
        command.Add(run);
        foreach (Option option in (Option[])[checkpoint, common.Set, common.Data, common.Device, common.SkipBadImages, common.Json])
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            string directory = parse.GetValue(run)!;
            bool json = parse.GetValue(common.Json);
            var console = host.Console(json);
            var loaded = ConfigLoader.LoadWithOrigin(
                [],
                [RunDirectory.ConfigOf(directory)],
                parse.GetValue(common.Set) ?? [],
                c =>
                    c.WithData(parse.GetValue(common.Data))
                        .WithDevice(parse.GetValue(common.Device))
                        .WithSkippedBadImages(parse.GetValue(common.SkipBadImages))
            );
            GivenSettings.Check(loaded.OnCommandLine(), PublishedKeys.Eval, console.Note);
            var config = DatasetDefaults.Resolve(loaded.Config);
            string? file = CheckpointArgument.Find(parse.GetValue(checkpoint), directory);
            host.CheckDevice(config.Meta.Device);
            return host.Jobs.Eval(
                new EvalRequest
                {
                    Config = config,
                    RunDirectory = Path.GetFullPath(directory),
                    Checkpoint = file,
                    DataDirectory = DataLocation.Directory(config),
                    Json = json,
                },
                console,
                host.Stop
            );
        });
        return command;
    }
}
