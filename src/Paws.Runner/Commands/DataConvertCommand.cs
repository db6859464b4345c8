using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Data.Datasets.Folders;

namespace Paws.Runner.Commands;

/// <summary><c>paws data convert</c>: any readable data set to folders of PNG files, or to the decoded cache alone.</summary>
internal static class DataConvertCommand
{
    public static Command Create(CommandHost host)
    {
        var from = new Argument<string>("from") { Description = "Folder of the images, or of CIFAR-10's binary files.", HelpName = "FROM" };
        var to = new Argument<string?>("to")
        {
            Description = "A folder that does not exist yet. Without it, the images are only decoded into the cache that training reads.",
            HelpName = "TO",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var common = new CommonOptions();
        var command = new VerbCommand(
            "convert",
            "Write a data set as PNG files, train/ and test/ with a folder for each class (and unlabeled/ for images without one), or decode "
                + "it into the cache beforehand.",
            new Example("CIFAR-10's binary files as folders of PNG files", "paws data convert cifar-10-batches-bin/ cifar10/"),
            new Example("Decode a folder of photographs now, so that training starts at once", "paws data convert photos/")
        );
        command.Add(from);
        command.Add(to);
        command.Add(common.SkipBadImages);
        command.Add(common.Json);
        command.SetAction(parse =>
        {
            var console = host.Console(parse.GetValue(common.Json));
            string? target = parse.GetValue(to);
            // Where the cache is all that is wanted, one that cannot be written is a failure.
            string where =
                target
                ?? FolderOptions.DefaultCacheDirectory
                ?? throw new UserErrorException(
                    $"there is no cache to decode into; name a folder TO, or one for the cache with {FolderOptions.CacheVariable}=DIR"
                );
            using var data = DataSource.Open(
                parse.GetValue(from)!,
                console,
                "decoding",
                parse.GetValue(common.SkipBadImages),
                host.Stop,
                target is null ? where : null
            );
            if (target is not null)
            {
                DataSource.Write(data, target, console, host.Stop);
            }
            console.Say($"{DataSource.Count(data)} are in {where}");
            if (data.SkippedImages.Count > 0)
            {
                console.Say($"{data.SkippedImages.Count} images could not be read and were skipped");
            }
            console.WriteResult(
                new JsonObject
                {
                    ["directory"] = Path.GetFullPath(where),
                    ["train"] = data.Train.Count,
                    ["without_class"] = data.WithoutClass,
                    ["test"] = data.Test.Count,
                    ["skipped"] = data.SkippedImages.Count,
                }
            );
            return 0;
        });
        return command;
    }
}
