using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Paws.Runner.Config;

/// <summary>The keys of the configuration, read once from the section records: a property added there is a key everywhere.</summary>
internal static partial class ConfigSchema
{
    /// <summary>Every key that is known beforehand, section by section, in the order of declaration.</summary>
    public static IReadOnlyList<ConfigKey> Keys { get; } = [.. Read()];

    /// <summary>Section names in order.</summary>
    public static IReadOnlyList<string> Sections { get; } = [.. Keys.Select(key => key.Section).Distinct(), ExperimentSection.Name];

    /// <summary>Keys whose value is a path, or the name of a file: none of them may be empty.</summary>
    public static IReadOnlySet<string> Paths { get; } =
        new HashSet<string>
        {
            "data.image_folder",
            "data.root_path",
            "data.subset_path",
            "data.label_file",
            "logging.folder",
            "logging.pretrain_path",
            "meta.read_checkpoint",
        };

    private static readonly Dictionary<string, ConfigKey> ByPath = Keys.ToDictionary(key => key.Path);

    /// <summary>The key called <c>section.key</c>, or null. Any name in snake_case is a key of the section experiment.</summary>
    public static ConfigKey? Find(string path) =>
        ByPath.TryGetValue(path, out var key) ? key
        : ExperimentName().Match(path) is { Success: true } match ? new ExperimentKey(match.Groups["name"].Value)
        : null;

    /// <summary>Every key that a configuration has a value for: those known beforehand, then its experiment's.</summary>
    public static IEnumerable<ConfigKey> KeysOf(PawsConfig config) =>
        [.. Keys, .. config.Experiment.Numbers.Keys.Select(name => new ExperimentKey(name))];

    [GeneratedRegex(@"^experiment\.(?<name>[a-z][a-z0-9_]*)\z")]
    private static partial Regex ExperimentName();

    /// <summary>The end of a message about an unknown section: the nearest one that exists, else all of them.</summary>
    public static string SuggestSection(string section) =>
        NearestName.Find(section, Sections) is { } near ? $"did you mean \"{near}\"?" : $"sections are {string.Join(", ", Sections)}";

    /// <summary>
    /// The end of a message about an unknown key: the same name in another section, what other programs call it, else the
    /// nearest name in this section, else the nearest of all and the section's keys.
    /// </summary>
    public static string SuggestKey(string section, string name)
    {
        if (section == ExperimentSection.Name)
        {
            return "its keys are written in lower case with underscores";
        }
        string? elsewhere = Keys.FirstOrDefault(key => key.Name == name)?.Path ?? Synonyms.GetValueOrDefault(name.ToLowerInvariant());
        if (elsewhere is { } meant)
        {
            return $"did you mean \"{meant}\"?";
        }
        var here = Keys.Where(key => key.Section == section).ToList();
        if (NearestName.Find(name, here.Select(key => key.Name)) is { } near)
        {
            return $"did you mean \"{section}.{near}\"?";
        }
        var nearest = Keys.MinBy(key => NearestName.Distance(name, key.Name))!;
        return $"the nearest key is \"{nearest.Path}\"; keys of {section} are {string.Join(", ", here.Select(key => key.Name))}";
    }

    /// <summary>Names that other programs use, which no edit distance would lead to ours.</summary>
    private static readonly Dictionary<string, string> Synonyms = new()
    {
        ["learning_rate"] = "optimization.lr",
        ["max_lr"] = "optimization.lr",
        ["wd"] = "optimization.weight_decay",
        ["num_epochs"] = "optimization.epochs",
        ["max_epochs"] = "optimization.epochs",
        ["warmup_epochs"] = "optimization.warmup",
        ["batch_size"] = "criterion.unsupervised_batch_size",
        ["tau"] = "criterion.temperature",
        ["t"] = "criterion.sharpen",
        ["model"] = "meta.model_name",
        ["arch"] = "meta.model_name",
        ["num_workers"] = "data.workers",
        ["num_labels"] = "data.labels",
        ["random_seed"] = "meta.seed",
    };

    /// <summary>The YAML name of a property: <c>UseFp16</c> → <c>use_fp16</c>.</summary>
    public static string SnakeCase(string name)
    {
        var snake = new StringBuilder(name.Length + 8);
        foreach (char c in name)
        {
            if (char.IsUpper(c) && snake.Length > 0)
            {
                snake.Append('_');
            }
            snake.Append(char.ToLowerInvariant(c));
        }
        return snake.ToString();
    }

    private static IEnumerable<ConfigKey> Read()
    {
        var nullability = new NullabilityInfoContext();
        // Metadata tokens rise in the order of the source, which GetProperties does not promise.
        foreach (var section in typeof(PawsConfig).GetProperties().OrderBy(p => p.MetadataToken))
        {
            foreach (var property in section.PropertyType.GetProperties().Where(p => p.CanWrite).OrderBy(p => p.MetadataToken))
            {
                var unwrapped = Nullable.GetUnderlyingType(property.PropertyType);
                yield return new SectionKey(
                    SnakeCase(section.Name),
                    SnakeCase(property.Name),
                    section,
                    property,
                    unwrapped ?? property.PropertyType,
                    unwrapped is not null || nullability.Create(property).WriteState == NullabilityState.Nullable
                );
            }
        }
    }
}
