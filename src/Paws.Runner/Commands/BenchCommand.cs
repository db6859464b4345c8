using System.CommandLine;

namespace Paws.Runner.Commands;

/// <summary><c>paws bench</c>: how fast this machine is at the parts of training.</summary>
internal static class BenchCommand
{
    public static Command Create(CommandHost host)
    {
        var command = new VerbCommand(
            "bench",
            "Measure the parts of training on this machine.",
            new Example("The training step of the CIFAR-10 recipe", "paws bench step --batch 64 --per-class 16"),
            new Example("The input pipeline on one core", "paws bench augment imagenet photos/"),
            new Example("The loader of a preset", "paws bench data --preset quick"),
            new Example("How its cost grows with batch, supports, width and crops", "paws bench growth --out growth/"),
            new Example("The start of training", "paws bench start"),
            new Example("What an exchange between ranks costs", "paws bench collectives --nproc 2"),
            new Example("For a script", "paws bench step --json")
        );
        command.Add(BenchStepCommand.Create(host));
        command.Add(BenchGrowthCommand.Create(host));
        command.Add(BenchStartCommand.Create(host));
        command.Add(BenchCeilingCommand.Create(host));
        command.Add(BenchAugmentCommand.Create(host));
        command.Add(BenchDataCommand.Create(host));
        command.Add(BenchCollectivesCommand.Create(host));
        return command;
    }
}
