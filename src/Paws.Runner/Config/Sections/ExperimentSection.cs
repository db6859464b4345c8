namespace Paws.Runner.Config;

/// <summary>
/// Section experiment (ours): the settings of an objective of one's own, numbers by name. Which there are, the program's
/// <see cref="Experiment"/> declares; the published objective has none.
/// </summary>
public sealed class ExperimentSection
{
    /// <summary>The section's name in YAML.</summary>
    internal const string Name = "experiment";

    private readonly SortedDictionary<string, double> numbers = new(StringComparer.Ordinal);

    /// <summary>All settings by name, in ordinal order.</summary>
    public IReadOnlyDictionary<string, double> Numbers => numbers;

    /// <summary>One setting.</summary>
    /// <exception cref="ArgumentException">The experiment does not declare it.</exception>
    public double this[string name] =>
        numbers.TryGetValue(name, out var number)
            ? number
            : throw new ArgumentException(
                $"the experiment declares no setting {name}; it has: {string.Join(", ", numbers.Keys)}",
                nameof(name)
            );

    internal void Set(string name, double value) => numbers[name] = value;
}
