namespace Paws.Runner.Config;

/// <summary>Compares configurations key by key.</summary>
public static class ConfigDiff
{
    /// <summary>The keys whose values differ, as <c>section.key</c>, in the order of the schema.</summary>
    public static IReadOnlyList<string> Keys(PawsConfig a, PawsConfig b) => [.. Differing(a, b).Select(key => key.Path)];

    /// <summary>Each difference in words: <c>optimization.lr (3.2, was 1.6)</c>.</summary>
    public static IReadOnlyList<string> Describe(PawsConfig now, PawsConfig before) =>
        [
            .. Differing(now, before)
                .Select(key => $"{key.Path} ({ConfigWriter.Format(key.Get(now))}, was {ConfigWriter.Format(key.Get(before))})"),
        ];

    private static IEnumerable<ConfigKey> Differing(PawsConfig a, PawsConfig b) =>
        ConfigSchema.KeysOf(a).Union(ConfigSchema.KeysOf(b)).Where(key => !Same(key.Get(a), key.Get(b)));

    private static bool Same(object? a, object? b) => a is double[] x && b is double[] y ? x.AsSpan().SequenceEqual(y) : Equals(a, b);
}
