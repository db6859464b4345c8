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

    /// <summary>
    /// Applies --set and options to a configuration that has been loaded already, key by key: keys that outrank each other are left
    /// as they are.
    /// </summary>
    internal static PawsConfig Refine(PawsConfig config, IEnumerable<string>? sets, Func<PawsConfig, PawsConfig>? overrides)
    {
        var copy = Copy(config);
        var given = new ConfigSource();
        foreach (string assignment in sets ?? [])
        {
            given.ApplySet(copy, assignment);
        }
        ThrowIfAny(given.Problems);
        return Checked(overrides?.Invoke(copy) ?? copy);
    }

    /// <summary>Applies --set and options to a run's configuration; what they say wins over what the run has said.</summary>
    /// <param name="run">The run's configuration, perhaps with a file laid over it.</param>
    /// <param name="sets">Assignments <c>section.key=value</c>, in order.</param>
    /// <param name="overrides">What the options of the command line change.</param>
    internal static LoadedConfig LoadOver(PawsConfig run, IEnumerable<string> sets, Func<PawsConfig, PawsConfig> overrides)
    {
        var given = new ConfigSource();
        return Finish(Copy(run), run, [], given, sets, overrides, new Dictionary<string, string>());
    }

    /// <summary>As <see cref="Load"/>, over any number of files, and with where each key's value comes from.</summary>
    /// <param name="presets">Names of presets, in order.</param>
    /// <param name="yamlFiles">Configuration files, in order.</param>
    /// <param name="sets">Assignments <c>section.key=value</c>, in order.</param>
    /// <param name="overrides">What the options of the command line change, or null for nothing.</param>
    /// <param name="options">The keys that the options change, each with the option's name; null for none.</param>
    internal static LoadedConfig LoadWithOrigin(
        IEnumerable<string> presets,
        IEnumerable<string> yamlFiles,
        IEnumerable<string> sets,
        Func<PawsConfig, PawsConfig>? overrides,
        IReadOnlyDictionary<string, string>? options = null
    )
    {
        var config = new PawsConfig();
        var origins = new Dictionary<string, SettingOrigin>();
        foreach (string preset in presets)
        {
            var layer = new ConfigSource();
            layer.Apply(config, Presets.Read(preset), $"preset {preset}", SettingSource.Preset);
            ThrowIfAny(layer.Problems);
            foreach (var (path, origin) in layer.Origins)
            {
                origins[path] = origin with { Place = $"preset {preset}" };
            }
        }
        var start = Copy(config);
        var given = new ConfigSource();
        foreach (string file in yamlFiles)
        {
            given.Apply(config, ReadText(file), file);
        }
        return Finish(config, start, origins, given, sets, overrides, options ?? new Dictionary<string, string>());
    }

    private static LoadedConfig Finish(
        PawsConfig underConstruction,
        PawsConfig start,
        Dictionary<string, SettingOrigin> origins,
        ConfigSource given,
        IEnumerable<string> sets,
        Func<PawsConfig, PawsConfig>? overrides,
        IReadOnlyDictionary<string, string> options
    )
    {
        foreach (string assignment in sets)
        {
            given.ApplySet(underConstruction, assignment);
        }
        ThrowIfAny(given.Problems);
        origins = new(origins);
        foreach (var (path, origin) in given.Origins)
        {
            origins[path] = origin;
        }
        var precedence = new Precedence(origins, start);
        var config = precedence.BeforeOptions(underConstruction);
        ThrowIfAny(precedence.Problems);
        config = overrides?.Invoke(config) ?? config;
        foreach (var (path, option) in options)
        {
            origins[path] = new SettingOrigin(SettingSource.Option, option);
        }
        config = Checked(precedence.AfterOptions(config));
        return new LoadedConfig(config, given.Origins.Keys.ToHashSet()) { Origins = origins, Notes = precedence.Notes };
    }

    /// <summary>A copy through YAML: assignments write into the section records.</summary>
    private static PawsConfig Copy(PawsConfig config)
    {
        var copy = new PawsConfig();
        new ConfigSource().Apply(copy, ConfigWriter.ToYaml(config), "configuration");
        return copy;
    }

    private static PawsConfig Checked(PawsConfig config)
    {
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
