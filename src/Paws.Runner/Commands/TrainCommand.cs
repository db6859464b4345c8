using System.CommandLine;
using Paws.Runner.Config;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;

namespace Paws.Runner.Commands;

/// <summary><c>paws train</c>: from options to a checked <see cref="TrainRequest"/>.</summary>
internal static class TrainCommand
{
    public static Command Create(CommandHost host)
    {
        var common = new CommonOptions();
        var preset = new Option<string?>("--preset")
        {
            Description =
                $"Settings to start from: {string.Join(", ", Presets.Names)}. Without --preset and --config: chosen by the size of the images "
                + $"of --data, {Presets.Quick} or {Presets.Photos}; {Presets.Quick} without --data.",
            HelpName = "NAME",
        };
        var method = new Option<string?>("--method")
        {
            Description = $"What trains the encoder: {string.Join(", ", TrainMethod.Names)}. Default: {TrainMethod.Paws}.",
            HelpName = "NAME",
        };
        var labels = new Option<string?>("--labels")
        {
            Description = "Labeled images in all, as many of each class as of any other where there are enough, drawn by the seed; or all.",
            HelpName = "N|all",
        };
        var labelFile = new Option<string?>("--label-file")
        {
            Description = "The labeled images: indices, file names or paths, one a line.",
            HelpName = "FILE",
        };
        var resume = new Option<bool>("--resume") { Description = "Continue the run that --out holds." };
        var noBaseline = new Option<bool>("--no-baseline") { Description = "Leave out the supervised-only baseline." };
        var nproc = LocalRanks.CreateOption();
        common.Out.Description = "Run directory. Default: runs/<data set>-<labels>-seed<seed>-<time>.";

        var command = new VerbCommand(
            "train",
            "Train with PAWS from a few labeled and many unlabeled images, evaluate, write a report. Later wins: defaults, preset, "
                + "--config, --set, the other options.",
            new Example("The first run: built-in images, a few minutes on 2 cores", "paws train"),
            new Example("CIFAR-10 with 250 labels on CPU cores", "paws train --preset cifar10-cpu --data cifar10/ --labels 250"),
            new Example("One's own images, with one setting changed", "paws train --data photos/ --set optimization.lr=1.6"),
            new Example(
                "A published configuration file, on the CPU",
                "paws train --config cifar10_train.yaml --data cifar10/ --labels 4000 --device cpu"
            ),
            new Example("A method that PAWS is compared with, on the same data", "paws train --method simclr --set finetune.method=head"),
            new Example("Continue a run that was stopped", "paws train --out runs/mine --resume"),
            new Example("On four GPUs of this machine", "paws train --preset cifar10 --data cifar10/ --nproc 4")
        );
        Option[] options =
        [
            preset,
            method,
            common.Config,
            common.Set,
            common.Data,
            labels,
            labelFile,
            common.Out,
            common.Device,
            common.Seed,
            common.Epochs,
            resume,
            nproc,
            noBaseline,
            common.SkipBadImages,
            common.Json,
        ];
        foreach (var option in options)
        {
            command.Add(option);
        }
        command.SetAction(parse =>
        {
            bool json = parse.GetValue(common.Json);
            bool resuming = parse.GetValue(resume);
            string? presetName = parse.GetValue(preset);
            string? file = parse.GetValue(common.Config);
            string? outDirectory = parse.GetValue(common.Out);
            if (parse.GetValue(labels) is not null && parse.GetValue(labelFile) is not null)
            {
                throw new UserErrorException("--labels and --label-file exclude each other; give one of them");
            }
            string[] sets = parse.GetValue(common.Set) ?? [];
            string? data = parse.GetValue(common.Data);
            string? chosen = null;
            if (presetName is null && file is null)
            {
                // A continued run goes on with its own settings, not with the preset of a first run.
                if (resuming && outDirectory is not null && RunDirectory.HoldsRun(outDirectory))
                {
                    file = Path.Combine(outDirectory, RunDirectory.ConfigName);
                }
                else
                {
                    string? images = DataLocation.Directory(ConfigLoader.Load(sets: sets, overrides: c => c.WithData(data)));
                    presetName = PresetChoice.Of(images);
                    chosen = images is null ? null : presetName;
                }
            }
            var loaded = ConfigLoader.LoadWithOrigin(
                presetName is null ? [] : [presetName],
                file is null ? [] : [file],
                sets,
                c =>
                    Baseline(c.WithMethod(parse.GetValue(method)).WithData(data), parse.GetValue(noBaseline))
                        .WithLabels(parse.GetValue(labels))
                        .WithLabelFile(parse.GetValue(labelFile))
                        .WithDevice(parse.GetValue(common.Device))
                        .WithSeed(parse.GetValue(common.Seed))
                        .WithSkippedBadImages(parse.GetValue(common.SkipBadImages))
                        .WithEpochs(parse.GetValue(common.Epochs)),
                Given(
                    parse,
                    (method, ["method.name"]),
                    (common.Data, ["data.dataset", "data.root_path", "data.image_folder"]),
                    (labels, ["data.labels", "data.labels_per_class", "data.label_file"]),
                    (labelFile, ["data.labels", "data.labels_per_class", "data.label_file"]),
                    (common.Device, ["meta.device"]),
                    (common.Seed, ["meta.seed"]),
                    (common.Epochs, ["optimization.epochs"])
                )
            );
            loaded = loaded with
            {
                Config = SupportTerm.Resolve(
                    loaded.Config,
                    loaded.Asked("method.name"),
                    loaded.Asked("criterion.support_weight"),
                    loaded.OriginOf("criterion.me_max").Source == SettingSource.Preset,
                    host.Experiment
                ),
            };
            var console = host.Console(json);
            if (!resuming)
            {
                GivenSettings.Check(loaded, PublishedKeys.Train, console.Note);
            }
            var config = ExperimentSettings.Resolve(DatasetDefaults.Resolve(FitClasses(loaded, console)), host.Experiment);
            bool anyName = outDirectory is null && config.Logging.Folder is null;
            outDirectory ??= config.Logging.Folder ?? (resuming ? null : RunDirectory.DefaultName(config, host.Now));
            if (outDirectory is null)
            {
                throw new UserErrorException("--resume needs the run to continue: name its directory with --out");
            }
            int? number = LabelNumber.Parse(parse.GetValue(labels) ?? "");
            config = config.WithWorldSize(resuming ? outDirectory : null, host.Ranks.Size);
            if (resuming && RunDirectory.HoldsRun(outDirectory))
            {
                config = FittedKeys.Take(loaded, config, RunDirectory.ReadConfig(outDirectory), number);
            }
            if (!anyName)
            {
                RunDirectory.Check(outDirectory, resuming, config);
            }
            StartClock.Mark(StartClock.Configured);
            host.CheckDevice(config.Meta.Device);
            StartClock.Mark(StartClock.Torch);
            return host.Jobs.Train(
                new TrainRequest
                {
                    Config = config,
                    OutDirectory = Path.GetFullPath(outDirectory),
                    AnyName = anyName,
                    Resume = resuming,
                    Asked = new AskedSettings(WithEpochs(loaded), number, resuming || loaded.OriginOf("data.labels").Recorded),
                    ChosenPreset = chosen,
                    Json = json,
                    DataDirectory = DataLocation.Directory(config),
                    CommandLine = host.CommandLine,
                },
                console,
                host.Stop
            );
        });
        return command;
    }

    /// <summary>
    /// A folder with fewer classes than a preset's support mini-batch: all of them are taken, and said. A number that the user
    /// gave stays, and is refused later where the data does not have it.
    /// </summary>
    private static PawsConfig FitClasses(LoadedConfig loaded, CommandConsole console)
    {
        var config = loaded.Config;
        if (
            loaded.Assigned.Contains("criterion.classes_per_batch")
            || DataLocation.Classes(config) is not { } classes
            || classes >= config.Criterion.ClassesPerBatch
        )
        {
            return config;
        }
        console.Say($"criterion.classes_per_batch = {classes}: the data has no more classes");
        return config with { Criterion = config.Criterion with { ClassesPerBatch = classes } };
    }

    /// <summary>
    /// The ranks that "per rank" is meant for, where nobody said: those of the run that is continued, so that its global batch stays
    /// whatever continues it, or as many as there are.
    /// </summary>
    private static PawsConfig WithWorldSize(this PawsConfig config, string? continued, int ranks)
    {
        if (config.Meta.WorldSize > 0)
        {
            return config;
        }
        var meant =
            continued is null ? (ranks == 1 ? 0 : ranks) // 0 is 1 to a run of one
            : RunDirectory.HoldsRun(continued) ? RunDirectory.ReadConfig(continued).Meta.WorldSize
            : 0;
        return config with { Meta = config.Meta with { WorldSize = meant } };
    }

    /// <summary>Keys that files, --set and --epochs gave.</summary>
    private static HashSet<string> WithEpochs(LoadedConfig loaded) =>
        [
            .. loaded.Assigned,
            .. loaded.OriginOf("optimization.epochs").Source == SettingSource.Option ? ["optimization.epochs"] : (string[])[],
        ];

    /// <summary>The keys of the options that were given, with the option's name.</summary>
    private static Dictionary<string, string> Given(ParseResult parse, params (Option Option, string[] Keys)[] options)
    {
        var given = new Dictionary<string, string>();
        foreach (var (option, keys) in options.Where(pair => parse.GetResult(pair.Option) is { Implicit: false }))
        {
            foreach (string key in keys)
            {
                given[key] = option.Name;
            }
        }
        return given;
    }

    private static PawsConfig Baseline(PawsConfig config, bool none) =>
        none ? config with { Baseline = config.Baseline with { Enabled = false } } : config;

    private static PawsConfig WithMethod(this PawsConfig config, string? method) =>
        method is null ? config : config with { Method = config.Method with { Name = method } };

    private static PawsConfig WithEpochs(this PawsConfig config, double? epochs) =>
        epochs is { } value ? config with { Optimization = config.Optimization with { Epochs = value } } : config;
}
