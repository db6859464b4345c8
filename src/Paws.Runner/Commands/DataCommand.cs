using System.CommandLine;

namespace Paws.Runner.Commands;

/// <summary><c>paws data</c>: looking at data sets, making and converting them.</summary>
internal static class DataCommand
{
    public static Command Create(CommandHost host)
    {
        var command = new VerbCommand(
            "data",
            "List, check, make and convert data sets.",
            new Example("Known data sets, and what is in the folder datasets/", "paws data list"),
            new Example("Read every image of a folder and count the classes", "paws data check photos/"),
            new Example("Write the built-in set as PNG files", "paws data make shapes/"),
            new Example("The same with six known classes, the other images in unlabeled/", "paws data make shapes-open/ --known 6"),
            new Example("CIFAR-10's binary files as folders of PNG files", "paws data convert cifar-10-batches-bin/ cifar10/")
        );
        command.Add(DataListCommand.Create(host));
        command.Add(DataCheckCommand.Create(host));
        command.Add(DataMakeCommand.Create(host));
        command.Add(DataConvertCommand.Create(host));
        return command;
    }
}
