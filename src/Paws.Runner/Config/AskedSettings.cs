namespace Paws.Runner.Config;

/// <summary>What the user asked for, as far as training has to know it to tell what may be fitted to the data.</summary>
/// <param name="Keys">Keys that a file or --set gave: they stay as they are.</param>
/// <param name="Labels">The number of --labels; null where it was not given, or is all.</param>
/// <param name="Recorded">Whether the number of labels is a recorded run's: what follows from it was said then.</param>
public sealed record AskedSettings(IReadOnlySet<string> Keys, int? Labels = null, bool Recorded = false)
{
    /// <summary>Nothing: a preset's numbers alone.</summary>
    public static AskedSettings Nothing { get; } = new(new HashSet<string>());
}
