namespace Paws.Runner.Config;

/// <summary>
/// Keys that outrank or exclude each other. Which of them counts is decided by who gave them, not by their names: what the user gives
/// wins over what a preset says, and of the user's the later place. Two of them given in one place contradict each other.
/// </summary>
/// <param name="origins">Where each value comes from; options may be added before <see cref="AfterOptions"/>.</param>
/// <param name="start">The configuration before the user said anything: defaults and preset.</param>
internal sealed class Precedence(IReadOnlyDictionary<string, SettingOrigin> origins, PawsConfig start)
{
    private const string LabelFile = "data.label_file",
        Labels = "data.labels",
        PerClass = "data.labels_per_class",
        Unlabeled = "data.unlabeled_frac",
        Dataset = "data.dataset",
        Root = "data.root_path",
        Folder = "data.image_folder",
        Steps = "baseline.steps",
        TimeFactor = "baseline.time_factor",
        StepRatio = "baseline.step_ratio",
        Epochs = "optimization.epochs",
        Warmup = "optimization.warmup",
        LargeSize = "views.large_size",
        TestSize = "views.test_size";

    private readonly List<string> problems = [];
    private readonly List<string> notes = [];

    /// <summary>Keys that say which images are labeled, in the order in which they are taken where several are left.</summary>
    public static IReadOnlyList<string> LabelKeys { get; } = [LabelFile, Labels, PerClass, Unlabeled];

    /// <summary>Contradictions, a sentence each.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>What gave way where that is not to be expected, a sentence each.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>What presets, files and --set say, before options with names of their own.</summary>
    public PawsConfig BeforeOptions(PawsConfig config) => OneBaselineLength(OneDataSet(OneChoiceOfLabels(config)));

    /// <summary>What a preset says of a schedule and of views, beside what the user says of them.</summary>
    public PawsConfig AfterOptions(PawsConfig config) => TestViewsFollow(WarmupFits(config));

    /// <summary>Labels: those of the last place that says any; others are cleared that would be taken before them.</summary>
    private PawsConfig OneChoiceOfLabels(PawsConfig config)
    {
        var given = LabelKeys.Where(path => ConfigSchema.Find(path)!.Get(config) is not null && Of(path).Source > SettingSource.Default);
        string? chosen = null;
        foreach (string path in given)
        {
            if (chosen is null || Of(path).Outranks(Of(chosen)))
            {
                chosen = path;
            }
        }
        if (chosen is null)
        {
            return config;
        }
        if (given.FirstOrDefault(path => path != chosen && Contradict(path, chosen)) is { } other)
        {
            problems.Add($"{other} and {chosen} ({Of(chosen).Place}) both say which images are labeled; give one of them");
            return config;
        }
        // A place that is read no later than the chosen one's: a recorded configuration keeps what it has beside it.
        bool Stays(string path) => path == chosen || (!Of(chosen).Outranks(Of(path)) && Of(path).Source > SettingSource.Default);
        var data = config.Data;
        return config with
        {
            Data = data with
            {
                LabelFile = Stays(LabelFile) ? data.LabelFile : null,
                Labels = Stays(Labels) ? data.Labels : null,
                LabelsPerClass = Stays(PerClass) ? data.LabelsPerClass : null,
            },
        };
    }

    /// <summary>A folder that is named after a data set that reads none is what is trained on.</summary>
    private PawsConfig OneDataSet(PawsConfig config)
    {
        if (DataLocation.Directory(config) is not { } directory || config.Data.Dataset != DatasetDefaults.BuiltIn)
        {
            return config;
        }
        string named =
            config.Data.RootPath is not null && !(config.Data.ImageFolder is not null && Of(Folder).Outranks(Of(Root))) ? Root : Folder;
        if (Of(named).Outranks(Of(Dataset)))
        {
            return config with { Data = config.Data with { Dataset = DataLocation.KindOf(directory) } };
        }
        if (Contradict(named, Dataset))
        {
            problems.Add(
                $"{Dataset}={DatasetDefaults.BuiltIn} is built in and reads no folder, and {named} ({Of(named).Place}) names one; give one of them"
            );
            return config;
        }
        return Of(Dataset).Outranks(Of(named)) ? config with { Data = config.Data with { RootPath = null, ImageFolder = null } } : config;
    }

    /// <summary>The baseline's length in steps or in time. Steps that train the method itself are no such choice.</summary>
    private PawsConfig OneBaselineLength(PawsConfig config)
    {
        if (config.Baseline.Steps == 0 || config.Method.Name == TrainMethod.Supervised)
        {
            return config;
        }
        if (Contradict(Steps, TimeFactor))
        {
            problems.Add($"{Steps} and {TimeFactor} ({Of(TimeFactor).Place}) both say how long the baseline is; give one of them");
        }
        if (config.Baseline.StepRatio is not null && Contradict(Steps, StepRatio))
        {
            problems.Add($"{Steps} and {StepRatio} ({Of(StepRatio).Place}) both say how long the baseline is; give one of them");
        }
        return Of(TimeFactor).Outranks(Of(Steps)) || (config.Baseline.StepRatio is not null && Of(StepRatio).Outranks(Of(Steps)))
            ? config with
            {
                Baseline = config.Baseline with { Steps = 0 },
            }
            : config;
    }

    /// <summary>A preset's warm-up that is longer than the epochs the user asks for keeps its share of the schedule.</summary>
    private PawsConfig WarmupFits(PawsConfig config)
    {
        var optimization = config.Optimization;
        if (optimization.Warmup <= optimization.Epochs || Of(Warmup).Source > SettingSource.Preset || !Of(Epochs).Asked)
        {
            return config;
        }
        double share = Math.Min(1, start.Optimization.Warmup / start.Optimization.Epochs);
        double warmup = Math.Round(share * optimization.Epochs, 6);
        notes.Add(
            FormattableString.Invariant($"{Warmup} = {warmup}: {optimization.Warmup} epochs ({Of(Warmup).Place}) are longer than the ")
                + FormattableString.Invariant($"{optimization.Epochs} asked for; their share of the schedule is kept")
        );
        return config with { Optimization = optimization with { Warmup = warmup } };
    }

    /// <summary>A preset's test images were made for the preset's large views.</summary>
    private PawsConfig TestViewsFollow(PawsConfig config)
    {
        if (
            config.Views is not { LargeSize: { } large, TestSize: { } test }
            || !Of(LargeSize).Asked
            || Of(TestSize).Source != SettingSource.Preset
        )
        {
            return config;
        }
        notes.Add($"{TestSize} = {large}, as {LargeSize}: the {test} of {Of(TestSize).Place} belong to its own views");
        return config with { Views = config.Views with { TestSize = null } };
    }

    private SettingOrigin Of(string path) => origins.GetValueOrDefault(path, SettingOrigin.Default);

    private bool Contradict(string one, string other) => Of(one).Asked && Of(other).Asked && Of(one).IsBeside(Of(other));
}
