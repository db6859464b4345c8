namespace Paws.Runner.Config;

/// <summary>The presets that come with the program: YAML files with what differs from the defaults.</summary>
public static class Presets
{
    /// <summary>The first run: the built-in images, and any folder of small ones.</summary>
    internal const string Quick = "quick";

    /// <summary>A folder of photographs.</summary>
    internal const string Photos = "photos";

    /// <summary>Names for --preset; the first is what <c>paws train</c> runs when told nothing.</summary>
    public static IReadOnlyList<string> Names { get; } = [Quick, Photos, "cifar10", "cifar10-cpu"];

    /// <summary>The YAML text of a preset.</summary>
    /// <exception cref="UserErrorException">There is no such preset.</exception>
    public static string Read(string name)
    {
        if (!Names.Contains(name))
        {
            string hint = NearestName.Find(name, Names) is { } near ? $"did you mean \"{near}\"? " : "";
            throw new UserErrorException($"unknown preset \"{name}\"; {hint}presets are {string.Join(", ", Names)}");
        }
        string resource = $"Paws.Runner.presets.{name}.yaml";
        using var stream =
            typeof(Presets).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"resource {resource} is missing from the program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
