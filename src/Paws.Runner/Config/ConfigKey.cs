using System.Reflection;

namespace Paws.Runner.Config;

/// <summary>One key of the configuration: where it stands in the YAML and which property of which section record holds it.</summary>
/// <param name="Section">Section name as written in YAML.</param>
/// <param name="Name">Key name as written in YAML.</param>
/// <param name="SectionProperty">The section's property of <see cref="PawsConfig"/>.</param>
/// <param name="Property">The key's property of the section record.</param>
/// <param name="Type">bool, int, double, string or double[]; nullable value types unwrapped.</param>
/// <param name="Nullable">Whether null is a value of the key.</param>
internal sealed record ConfigKey(string Section, string Name, PropertyInfo SectionProperty, PropertyInfo Property, Type Type, bool Nullable)
{
    /// <summary>The name used in messages and by --set: <c>section.key</c>.</summary>
    public string Path { get; } = $"{Section}.{Name}";

    /// <summary>The key's value in a configuration.</summary>
    public object? Get(PawsConfig config) => Property.GetValue(SectionProperty.GetValue(config));

    /// <summary>
    /// Writes into the section record itself, init-only or not: only for a configuration that is still being built
    /// and that nobody else has seen.
    /// </summary>
    internal void Set(PawsConfig underConstruction, object? value) => Property.SetValue(SectionProperty.GetValue(underConstruction), value);
}
