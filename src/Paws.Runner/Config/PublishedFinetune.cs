namespace Paws.Runner.Config;

/// <summary>
/// The published fine-tuning files put their numbers into sections criterion and optimization, where pre-training has its own.
/// Here a run keeps both, so those numbers are moved to section finetune.
/// </summary>
internal static class PublishedFinetune
{
    /// <summary>How the published code ends the names of a run's latest weights: <c>paws-latest.pth.tar</c>.</summary>
    private const string Latest = "-latest.pth.tar";

    /// <summary>Keys that fine-tuning files of the published schema have and files of pre-training do not.</summary>
    private static readonly string[] Telling =
    [
        "logging.pretrain_path",
        "criterion.supervised_batch_size",
        "meta.training",
        "optimization.zero_init",
    ];

    /// <summary>
    /// Moves what the file gave and puts the run's own pre-training settings and labels back. Does nothing unless the file is one of
    /// the published schema.
    /// </summary>
    /// <param name="loaded">The run's configuration with the file laid over it, and the keys that the file gave.</param>
    /// <param name="run">The run's configuration without the file.</param>
    /// <param name="method">What is to be fine-tuned, where an option says it.</param>
    public static PawsConfig Adopt(LoadedConfig loaded, PawsConfig run, string? method = null)
    {
        var (config, assigned) = (loaded.Config, loaded.Assigned);
        if (!IsOne(loaded))
        {
            return config;
        }
        var finetune = config.Finetune;
        method ??= finetune.Method;
        T Pick<T>(string key, T given, T otherwise) => assigned.Contains(key) ? given : otherwise;
        double Rate(string trains, double otherwise) =>
            method == trains ? Pick("optimization.lr", config.Optimization.Lr, otherwise) : otherwise;
        return config with
        {
            Criterion = run.Criterion,
            Optimization = run.Optimization with { UseLars = config.Optimization.UseLars, ZeroInit = config.Optimization.ZeroInit },
            // The label smoothing of these files is fine-tuning's, which has none. Their labels are those that the encoder was trained
            // with, and the run knows its own.
            Data = config.Data with
            {
                Dataset = DatasetDefaults.BaseName(config.Data.Dataset),
                LabelSmoothing = run.Data.LabelSmoothing,
                DataSeed = run.Data.DataSeed,
                SubsetPath = run.Data.SubsetPath,
                UnlabeledFrac = run.Data.UnlabeledFrac,
                LabelsPerClass = run.Data.LabelsPerClass,
                Labels = run.Data.Labels,
                LabelFile = run.Data.LabelFile,
            },
            Finetune = finetune with
            {
                Epochs = Pick("optimization.epochs", config.Optimization.Epochs, finetune.Epochs),
                Lr = Rate(FinetuneMethod.Suncet, finetune.Lr),
                HeadLr = Rate(FinetuneMethod.Head, finetune.HeadLr),
                LinearLr = Rate(FinetuneMethod.Linear, finetune.LinearLr),
                FinalLr = Pick("optimization.final_lr", config.Optimization.FinalLr, finetune.FinalLr),
                Momentum = Pick("optimization.momentum", config.Optimization.Momentum, finetune.Momentum),
                Temperature = Pick("criterion.temperature", config.Criterion.Temperature, finetune.Temperature),
                ImgsPerClass = config.Criterion.SupervisedBatchSize ?? finetune.ImgsPerClass,
                Views = Pick("criterion.supervised_views", config.Criterion.SupervisedViews, finetune.Views),
            },
        };
    }

    /// <summary>Whether a file is a published one for fine-tuning: by its data set, or by a key of its own and none of section finetune.</summary>
    public static bool IsOne(LoadedConfig file) =>
        DatasetDefaults.BaseName(file.Config.Data.Dataset) != file.Config.Data.Dataset
        || (Telling.Any(file.Assigned.Contains) && !file.Assigned.Any(path => path.StartsWith("finetune.", StringComparison.Ordinal)));

    /// <summary>Keys of such a file that fine-tuning does not read, and that ask for something else than it does anyway.</summary>
    /// <param name="file">The file alone.</param>
    /// <param name="run">The run's own configuration.</param>
    public static IReadOnlyList<string> Unread(LoadedConfig file, PawsConfig run)
    {
        var (criterion, optimization, data) = (file.Config.Criterion, file.Config.Optimization, file.Config.Data);
        (string Path, bool Unread)[] keys =
        [
            ("optimization.start_lr", optimization.StartLr != optimization.Lr),
            ("optimization.warmup", optimization.Warmup != 0),
            ("optimization.nesterov", optimization.Nesterov),
            ("optimization.weight_decay", optimization.WeightDecay != 0),
            ("criterion.me_max", true),
            ("criterion.sharpen", true),
            ("criterion.supervised_imgs_per_class", true),
            ("criterion.unsupervised_batch_size", true),
            ("data.label_smoothing", data.LabelSmoothing != 0),
            ("data.data_seed", data.DataSeed != run.Data.DataSeed),
            ("data.unlabeled_frac", data.UnlabeledFrac != run.Data.UnlabeledFrac),
            ("data.subset_path", data.SubsetPath != run.Data.SubsetPath),
        ];
        return [.. keys.Where(key => key.Unread && file.Asked(key.Path)).Select(key => key.Path)];
    }

    /// <summary>Whether a checkpoint is named as the published code names a run's latest, which a run of this program has under a name of its own.</summary>
    /// <param name="name">logging.pretrain_path, or null.</param>
    /// <param name="runDirectory">The run.</param>
    public static bool MeansLatest(string? name, string runDirectory) =>
        name?.EndsWith(Latest, StringComparison.Ordinal) == true && !File.Exists(name) && !File.Exists(Path.Combine(runDirectory, name));
}
