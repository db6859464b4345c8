namespace Paws.Runner.Config;

/// <summary>
/// Keys of published files that nothing here reads: what each meant, and what becomes of it. At its usual value none of them says
/// anything. A run writes them all into its configuration, as it has done since the first.
/// </summary>
internal static class PublishedKeys
{
    /// <summary>The command that trains, as messages and this table call it.</summary>
    public const string Train = "train";

    /// <summary>The command that fine-tunes.</summary>
    public const string Finetune = "finetune";

    /// <summary>The command that evaluates.</summary>
    public const string Eval = "eval";

    private const string Goes = "paws train --resume --out RUN continues a run, paws finetune RUN --checkpoint FILE starts from weights";

    private static readonly PawsConfig Usual = new();

    /// <summary>All of them.</summary>
    public static IReadOnlyDictionary<string, PublishedKey> All { get; } =
        new Dictionary<string, PublishedKey>
        {
            ["criterion.supervised_epochs"] = new(
                "epochs over the labeled images in SuNCEt pre-training",
                "labeled images come with every step of every epoch",
                (loaded, _) =>
                    loaded.Asked("method.name") || loaded.Asked("criterion.me_max") || loaded.Asked("criterion.sharpen")
                        ? null
                        : $"this is a file of SimCLR with SuNCEt, not of PAWS: add --method {TrainMethod.SimClrSuncet} "
                            + $"(--method {TrainMethod.Paws} trains PAWS with what it says)"
            ),
            ["data.subset_path"] = new(
                "the folder of the label lists, of which data_seed and unlabeled_frac choose one",
                "which images are labeled is said elsewhere",
                (loaded, command) =>
                    command != Train || Precedence.LabelKeys.Any(path => IsLater(loaded, path))
                        ? null
                        : "label lists are not looked up in a folder: name the list of the split with --label-file FILE, or draw the labels by the "
                            + "seed with --set data.subset_path=null"
            ),
            ["logging.write_tag"] = new("a prefix of file names", "the files of a run are called alike", Accepted),
            ["meta.copy_data"] = new(
                "copies the images to a local disk first",
                "decoded images stay in memory or in the cache file",
                Accepted
            ),
            ["meta.load_checkpoint"] = new("goes on from a checkpoint", null, (_, _) => Goes),
            ["meta.read_checkpoint"] = new("which checkpoint to go on from", null, (_, _) => Goes),
            ["meta.master_port"] = new("the port of the first rank", "a launcher's variable MASTER_PORT says where ranks meet", Accepted),
            ["meta.training"] = new(
                "false evaluates and trains nothing",
                null,
                (loaded, _) => loaded.Config.Meta.Training == false ? "paws eval RUN evaluates a run" : null
            ),
            ["optimization.use_lars"] = new("LARS, or plain SGD", null, UseLars),
            ["optimization.zero_init"] = new(
                "whether a classifier starts at zero",
                null,
                (loaded, _) =>
                    loaded.Config.Optimization.ZeroInit == false ? "a classifier starts at zero, as published; set it to true" : null
            ),
        };

    /// <summary>Whether all are among the keys, which no file has but the one that a run wrote.</summary>
    public static bool AreAllIn(IReadOnlySet<string> keys) => All.Keys.All(keys.Contains);

    /// <summary>Refuses what cannot be done, and says once what has no counterpart.</summary>
    /// <param name="loaded">The configuration, and who gave what.</param>
    /// <param name="command">Which command was given it.</param>
    /// <param name="note">Where it is said.</param>
    /// <exception cref="UserErrorException">Keys ask for what is done by another command, or not at all.</exception>
    public static void Check(LoadedConfig loaded, string command, Action<string> note)
    {
        var (refused, told) = (new List<(string Key, string Remedy)>(), new List<string>());
        foreach (var (path, key) in All)
        {
            var (origin, value) = (loaded.OriginOf(path), ConfigSchema.Find(path)!.Get(loaded.Config));
            if (origin.Source < SettingSource.File || Equals(value, ConfigSchema.Find(path)!.Get(Usual)))
            {
                continue;
            }
            if (key.Refusal(loaded, command) is { } remedy)
            {
                // --set repeats the key itself.
                string place = origin.Source == SettingSource.Set ? "" : $" ({origin.Place})";
                refused.Add(($"{path}={ConfigWriter.Format(value)}{place}", remedy));
            }
            else if (key.Told is { } why && origin.Asked)
            {
                told.Add($"{path} (there: {key.Meaning}; here: {why})");
            }
        }
        if (refused.Count > 0)
        {
            var lines = refused.GroupBy(key => key.Remedy, key => key.Key).Select(group => $"{string.Join(", ", group)}: {group.Key}");
            throw new UserErrorException(string.Join('\n', lines));
        }
        if (told.Count > 0)
        {
            note($"without counterpart here: {string.Join("; ", told)}");
        }
    }

    private static string? Accepted(LoadedConfig loaded, string command) => null;

    /// <summary>Whether the labels are said in a later place than the folder of the lists.</summary>
    private static bool IsLater(LoadedConfig loaded, string path) =>
        ConfigSchema.Find(path)!.Get(loaded.Config) is not null && loaded.OriginOf(path).Outranks(loaded.OriginOf("data.subset_path"));

    private static string? UseLars(LoadedConfig loaded, string command)
    {
        var config = loaded.Config;
        bool lars =
            command == Finetune
                ? config.Finetune.Method == FinetuneMethod.Suncet
                : config.Method.Name is not (TrainMethod.Supervised or TrainMethod.FixMatch);
        if (config.Optimization.UseLars is not { } asked || asked == lars)
        {
            return null;
        }
        string what = command == Finetune ? $"fine-tuning by {config.Finetune.Method}" : $"method {config.Method.Name}";
        string classifiers =
            command == Finetune && lars ? $", or train a classifier with --method {FinetuneMethod.Linear} or {FinetuneMethod.Head}" : "";
        return $"{what} has {(lars ? "" : "no ")}LARS; set it to {(lars ? "true" : "false")}{classifiers}";
    }
}

/// <summary>A key of published files that nothing here reads.</summary>
/// <param name="Meaning">What it meant there.</param>
/// <param name="Told">Why it changes nothing here, said where it is accepted; null where that goes without saying.</param>
/// <param name="Refusal">What to do instead where it cannot be accepted; null where it can.</param>
internal sealed record PublishedKey(string Meaning, string? Told, Func<LoadedConfig, string, string?> Refusal);
