using System.Reflection;

namespace Paws.Runner.Config;

/// <summary>A key that is a property of a section record.</summary>
/// <param name="Section">Section name as written in YAML.</param>
/// <param name="Name">Key name as written in YAML.</param>
/// <param name="SectionProperty">The section's property of <see cref="PawsConfig"/>.</param>
/// <param name="Property">The key's property of the section record.</param>
/// <param name="Type">bool, int, double, string or double[]; nullable value types unwrapped.</param>
/// <param name="Nullable">Whether null is a value of the key.</param>
internal sealed record SectionKey(
    string Section,
    string Name,
    PropertyInfo SectionProperty,
    PropertyInfo Property,
    Type Type,
    bool Nullable
) : ConfigKey(Section, Name, Type, Nullable)
{
    public override object? Get(PawsConfig config) => Property.GetValue(SectionProperty.GetValue(config));

    internal override void Set(PawsConfig underConstruction, object? value) =>
        Property.SetValue(SectionProperty.GetValue(underConstruction), value);
}
