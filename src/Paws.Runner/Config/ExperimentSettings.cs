namespace Paws.Runner.Config;

/// <summary>From the settings that were given and those that the program's experiment declares to the section experiment.</summary>
internal static class ExperimentSettings
{
    /// <summary>The configuration with every declared setting: as given, or as declared.</summary>
    /// <param name="config">As loaded.</param>
    /// <param name="experiment">What the program minimises; null for the published objective.</param>
    /// <exception cref="UserErrorException">A setting was given that the experiment does not declare.</exception>
    public static PawsConfig Resolve(PawsConfig config, Experiment? experiment)
    {
        var given = config.Experiment.Numbers;
        string[] unknown = [.. given.Keys.Where(name => experiment?.Settings.ContainsKey(name) != true)];
        if (unknown.Length > 0)
        {
            throw new UserErrorException(
                experiment is null ? OfAnotherProgram(unknown) : string.Join('\n', unknown.Select(name => Unknown(name, experiment)))
            );
        }
        if (experiment is null)
        {
            return config;
        }
        var all = new ExperimentSection();
        foreach (var (name, number) in experiment.Settings)
        {
            all.Set(name, given.TryGetValue(name, out var chosen) ? chosen : number);
        }
        return config with { Experiment = all };
    }

    private static string OfAnotherProgram(string[] names) =>
        $"{string.Join(", ", names.Select(name => $"{ExperimentSection.Name}.{name}"))}: the published objective has no settings of its own; "
        + "leave them out, or run the program of the experiment that they belong to";

    private static string Unknown(string name, Experiment experiment)
    {
        string hint =
            experiment.Settings.Count == 0 ? "it has none"
            : NearestName.Find(name, experiment.Settings.Keys) is { } near ? $"did you mean \"{ExperimentSection.Name}.{near}\"?"
            : $"its settings are {string.Join(", ", experiment.Settings.Keys)}";
        return $"{ExperimentSection.Name}.{name}: {experiment.Name} has no such setting; {hint}";
    }
}
