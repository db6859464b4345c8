using System.CommandLine;

namespace Paws.Runner.Commands;

/// <summary>Options that several verbs share. A fresh set for each command, since an option belongs to one command.</summary>
internal sealed class CommonOptions
{
    public Option<string?> Config { get; } =
        new("--config")
        {
            Description = "YAML file with settings; files of the published schema load as they are.",
            HelpName = "FILE.yaml",
        };

    public Option<string[]> Set { get; } =
        new("--set")
        {
            Description = "One setting; may be given several times. Wins over preset and file.",
            HelpName = "section.key=value",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };

    public Option<string?> Data { get; } =
        new("--data")
        {
            Description =
                "Folder of class folders with JPEG or PNG images (train/ and test/ or val/ inside, in any usual spelling; images of no "
                + "class in unlabeled/), or of CIFAR-10's binary files.",
            HelpName = "DIR",
        };

    public Option<string?> Out { get; } = new("--out") { Description = "Where results go.", HelpName = "DIR" };

    public Option<string?> Device { get; } =
        new("--device") { Description = "auto, cpu, cuda or cuda:N; auto takes a GPU where there is one.", HelpName = "DEVICE" };

    public Option<int?> Seed { get; } = new("--seed") { Description = "Seed of everything random.", HelpName = "N" };

    public Option<double?> Epochs { get; } = new("--epochs") { Description = "Passes over the unlabeled images.", HelpName = "N" };

    public Option<bool> Json { get; } =
        new("--json") { Description = "One JSON object as the last line of standard output; everything else goes to standard error." };

    public Option<bool> SkipBadImages { get; } =
        new("--skip-bad-images") { Description = "Skip and count images that cannot be read instead of stopping." };
}
