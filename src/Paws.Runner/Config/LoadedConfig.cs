namespace Paws.Runner.Config;

/// <summary>A configuration and the keys that a file or --set gave a value (presets and defaults not counted).</summary>
internal sealed record LoadedConfig(PawsConfig Config, IReadOnlySet<string> Assigned)
{
    /// <summary>Where the value of each key comes from that a preset, a file, --set or an option gave.</summary>
    public IReadOnlyDictionary<string, SettingOrigin> Origins { get; init; } = new Dictionary<string, SettingOrigin>();

    /// <summary>What was done differently from what was asked, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Where the value of a key comes from.</summary>
    public SettingOrigin OriginOf(string path) => Origins.GetValueOrDefault(path, SettingOrigin.Default);

    /// <summary>Whether the user gave the key.</summary>
    public bool Asked(string path) => OriginOf(path).Asked;

    /// <summary>The same, and only --set and options count as given: the files are the run's own.</summary>
    public LoadedConfig OnCommandLine() =>
        this with
        {
            Origins = Origins.Where(given => given.Value.Source >= SettingSource.Set).ToDictionary(),
        };
}
