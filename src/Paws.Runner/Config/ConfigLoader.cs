namespace Paws.Runner.Config;

/// <summary>
/// Builds the configuration of a run. Later wins: defaults, preset, file, --set, and last the options of the command line
/// that have a name of their own (--seed, --epochs, …).
/// </summary>
public static class ConfigLoader
{
    /// <summary>Loads, checks every range, and tells everything that is wrong at once.</summary>
    /// <param name="preset">Name of a preset, or null for none.</param>
    /// <param name="yamlFile">A configuration file, or null for none.</param>
    /// <param name="sets">Assignments <c>section.key=value</c>, in order.</param>
    /// <param name="overrides">What the options of the command line change, or null for nothing.</param>
    /// <exception cref="UserErrorException">One line for each problem: an unknown key, a wrong type, a value out of range.</exception>
    public static PawsConfig Load(
        string? preset = null,
        string? yamlFile = null,
        IEnumerable<string>? sets = null,
        Func<PawsConfig, PawsConfig>? overrides = null
    ) => LoadWithOrigin(preset is null ? [] : [preset], yamlFile is null ? [] : [yamlFile], sets ?? [], overrides).Config;

    /// <summary>Loads the configuration that a run saved.</summary>
    /// <exception cref="UserErrorException">The file is missing or not a valid configuration.</exception>
    public static PawsConfig LoadFile(string yamlFile) => Load(yamlFile: yamlFile);

    /// <summary>Applies --set and options to a configuration that has been loaded already.</summary>
    internal static PawsConfig Refine(PawsConfig config, IEnumerable<string>? sets, Func<PawsConfig, PawsConfig>? overrides)
    {
        // A copy through YAML: assignments write into the section records.
        var copy = new PawsConfig();
        new ConfigSource().Apply(copy, ConfigWriter.ToYaml(config), "configuration");
        return Finish(copy, new ConfigSource(), sets ?? [], overrides);
    }

    /// <summary>As <see cref="Load"/>, over any number of files, and with the keys that files and --set named.</summary>
    internal static LoadedConfig LoadWithOrigin(
        IEnumerable<string> presets,
        IEnumerable<string> yamlFiles,
        IEnumerable<string> sets,
        Func<PawsConfig, PawsConfig>? overrides
    )
    {
        var config = new PawsConfig();
        var given = new ConfigSource();
        foreach (string preset in presets)
        {
            var layer = new ConfigSource();
            layer.Apply(config, Presets.Read(preset), $"preset {preset}");
            ThrowIfAny(layer.Problems);
        }
        foreach (string file in yamlFiles)
        {
            given.Apply(config, ReadText(file), file);
        }
        config = Finish(config, given, sets, overrides);
        return new LoadedConfig(config, given.Assigned);
    }

    private static PawsConfig Finish(
        PawsConfig underConstruction,
        ConfigSource given,
        IEnumerable<string> sets,
        Func<PawsConfig, PawsConfig>? overrides
    )
    {
        foreach (string assignment in sets)
        {
            given.ApplySet(underConstruction, assignment);
        }
        ThrowIfAny(given.Problems);
        var config = overrides?.Invoke(underConstruction) ?? underConstruction;
        ThrowIfAny(ConfigChecks.Problems(config));
        return config;
    }

    private static string ReadText(string file)
    {
        if (Directory.Exists(file))
        {
            throw new UserErrorException($"{file} is a folder; --config takes a YAML file");
        }
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserErrorException($"configuration file {file} does not exist", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserErrorException($"configuration file {file} cannot be read: permission denied", e);
        }
    }

    private static void ThrowIfAny(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new UserErrorException(string.Join('\n', problems));
        }
    }
}

/// <summary>A configuration and the keys that a file or --set gave a value (presets and defaults not counted).</summary>
internal sealed record LoadedConfig(PawsConfig Config, IReadOnlySet<string> Assigned);
