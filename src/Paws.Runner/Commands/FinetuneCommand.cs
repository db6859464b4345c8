using System.CommandLine;
using Paws.Runner.Config;

namespace Paws.Runner.Commands;

/// <summary><c>paws finetune</c>: training on the labeled images from a run's encoder.</summary>
internal static class FinetuneCommand
{
    public static Command Create(CommandHost host)
    {
        var common = new CommonOptions();
        var run = new Argument<string?>("run")
        {
            Description = "Run directory; default logging.folder of --config.",
            HelpName = "RUN",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var checkpoint = new Option<string?>("--checkpoint")
        {
            Description = "Checkpoint inside RUN, or a path; default the latest.",
            HelpName = "FILE",
        };
        var method = new Option<string?>("--method")
        {
            Description =
                "suncet: the encoder by the SuNCEt loss (default). head: trunk, first projection layer and a linear classifier, all "
                + "weights. linear: a linear classifier on frozen features.",
            HelpName = "head|linear|suncet",
        };
        var resume = new Option<bool>("--resume") { Description = "Continue a fine-tuning that was stopped, with the same settings." };
        common.Out.Description = "Where results go. Default: a folder finetune (finetune-head, finetune-linear) inside RUN.";
        common.Epochs.Description = "Passes over the labeled images. Default: 30 (head, linear: 50) where the run says nothing.";
        var command = new VerbCommand(
            "finetune",
            "Train on the labeled images from a run's encoder (SuNCEt, from the first projection layer, or a linear classifier), then evaluate.",
            new Example("Fine-tune a run, as published for CIFAR-10", "paws finetune runs/mine"),
            new Example("Shorter, with another learning rate", "paws finetune runs/mine --epochs 10 --set finetune.lr=0.05"),
            new Example("All weights, from the first projection layer, as published for ImageNet", "paws finetune runs/mine --method head"),
            new Example("Linear evaluation on frozen features", "paws finetune runs/mine --method linear --set finetune.linear_lr=0.3"),
            new Example(
                "A published fine-tuning file, on a run's own weights",
                "paws finetune runs/mine --config cifar10_snn.yaml --data cifar10/ --device cpu"
            )
        );
        command.Add(run);
        Option[] options =
        [
            method,
            checkpoint,
            resume,
            common.Config,
            common.Set,
            common.Data,
            common.Out,
            common.Device,
            common.Seed,
            common.Epochs,
        ];
        foreach (var option in options.Append(common.SkipBadImages).Append(common.Json))
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            bool json = parse.GetValue(common.Json);
            string? file = parse.GetValue(common.Config);
            string? directory = parse.GetValue(run);
            if (directory is null && file is not null)
            {
                directory = ConfigLoader.LoadFile(file).Logging.Folder;
            }
            if (directory is null)
            {
                throw new UserErrorException("finetune needs a run: paws finetune RUN, or --config FILE with logging.folder");
            }
            var console = host.Console(json);
            bool resuming = parse.GetValue(resume);
            string runConfig = RunDirectory.ConfigOf(directory);
            var trained = ConfigLoader.LoadFile(runConfig);
            var (start, origins, moved) = (trained, new Dictionary<string, SettingOrigin>(), (string?)null);
            if (file is not null)
            {
                var alone = ConfigLoader.LoadWithOrigin([], [file], [], null);
                var both = ConfigLoader.LoadWithOrigin([], [runConfig, file], [], null);
                start = PublishedFinetune.Adopt(both with { Assigned = alone.Assigned }, trained, parse.GetValue(method));
                origins = alone.Origins.ToDictionary();
                if (PublishedFinetune.IsOne(alone))
                {
                    moved = Unread(PublishedFinetune.Unread(alone, trained));
                    origins = origins.Where(given => PublishedKeys.All.ContainsKey(given.Key)).ToDictionary();
                }
            }
            var loaded = ConfigLoader.LoadOver(
                start,
                parse.GetValue(common.Set) ?? [],
                c =>
                    WithEpochs(WithMethod(c, parse.GetValue(method)), parse.GetValue(common.Epochs))
                        .WithData(parse.GetValue(common.Data))
                        .WithDevice(parse.GetValue(common.Device))
                        .WithSeed(parse.GetValue(common.Seed))
                        .WithSkippedBadImages(parse.GetValue(common.SkipBadImages))
            );
            if (!resuming)
            {
                foreach (var (path, origin) in loaded.Origins)
                {
                    origins[path] = origin;
                }
                GivenSettings.Check(loaded with { Origins = origins }, PublishedKeys.Finetune, console.Note);
                if (moved is not null)
                {
                    console.Note(moved);
                }
            }
            var config = DatasetDefaults.Resolve(loaded.Config);
            string? named = parse.GetValue(checkpoint);
            if (named is null && PublishedFinetune.MeansLatest(config.Logging.PretrainPath, directory))
            {
                console.Note(
                    $"logging.pretrain_path={config.Logging.PretrainPath} is the published name: the run's own latest weights are taken"
                );
            }
            else
            {
                named ??= config.Logging.PretrainPath;
            }
            string? checkpointFile = CheckpointArgument.Find(named, directory);
            string outDirectory = parse.GetValue(common.Out) ?? Path.Combine(directory, FolderOf(config.Finetune.Method));
            RunDirectory.Check(outDirectory, resuming, config);
            host.CheckDevice(config.Meta.Device);
            return host.Jobs.Finetune(
                new FinetuneRequest
                {
                    Config = config,
                    Given = origins.Where(given => given.Value.Asked).Select(given => given.Key).ToHashSet(),
                    RunDirectory = Path.GetFullPath(directory),
                    Checkpoint = checkpointFile,
                    OutDirectory = Path.GetFullPath(outDirectory),
                    Resume = resuming,
                    DataDirectory = DataLocation.Directory(config),
                    Json = json,
                    CommandLine = host.CommandLine,
                },
                console,
                host.Stop
            );
        });
        return command;
    }

    private static string? Unread(IReadOnlyList<string> paths) =>
        paths.Count == 0
            ? null
            : $"without effect: {string.Join(", ", paths)} (fine-tuning keeps the run's labels, and has none of the others; --set data.label_file=FILE names other labels)";

    private static string FolderOf(string method) => method == FinetuneMethod.Suncet ? "finetune" : "finetune-" + method;

    private static PawsConfig WithMethod(PawsConfig config, string? method) =>
        config with
        {
            Finetune = config.Finetune with { Method = method ?? config.Finetune.Method },
        };

    private static double PublishedEpochs(string method) => method == FinetuneMethod.Suncet ? 30 : 50;

    /// <summary>A run that had no fine-tuning of its own gets the published epochs: 30, or 50 with a classifier.</summary>
    private static PawsConfig WithEpochs(PawsConfig config, double? epochs) =>
        config with
        {
            Finetune = config.Finetune with
            {
                Epochs = epochs ?? (config.Finetune.Epochs > 0 ? config.Finetune.Epochs : PublishedEpochs(config.Finetune.Method)),
            },
        };
}
