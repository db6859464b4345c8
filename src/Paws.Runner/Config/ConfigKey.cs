namespace Paws.Runner.Config;

/// <summary>One key of the configuration: how it is written, what it takes, and where a configuration holds it.</summary>
/// <param name="Section">Section name as written in YAML.</param>
/// <param name="Name">Key name as written in YAML.</param>
/// <param name="Type">bool, int, double, string or double[]; nullable value types unwrapped.</param>
/// <param name="Nullable">Whether null is a value of the key.</param>
internal abstract record ConfigKey(string Section, string Name, Type Type, bool Nullable)
{
    /// <summary>The name used in messages and by --set: <c>section.key</c>.</summary>
    public string Path { get; } = $"{Section}.{Name}";

    /// <summary>The key's value in a configuration; null where it has none.</summary>
    public abstract object? Get(PawsConfig config);

    /// <summary>
    /// Writes into the section itself, init-only or not: only for a configuration that is still being built and that nobody
    /// else has seen.
    /// </summary>
    internal abstract void Set(PawsConfig underConstruction, object? value);
}
