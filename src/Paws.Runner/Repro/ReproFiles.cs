using System.Reflection;
using Paws.Runner.Config;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Paws.Runner.Repro;

/// <summary>The data files of paper-repro, which come with the program: one a table or figure, one a scale.</summary>
public static class ReproFiles
{
    /// <summary>Every table and figure, in the order of the paper.</summary>
    public static IReadOnlyList<string> Items { get; } =
    [.. Enumerable.Range(1, 7).Select(i => $"table{i}"), .. Enumerable.Range(1, 8).Select(i => $"figure{i}")];

    /// <summary>Every scale, the smallest first.</summary>
    public static IReadOnlyList<string> Scales { get; } = ["smoke", "laptop", "gpu", "paper"];

    /// <summary>A table or figure.</summary>
    /// <exception cref="UserErrorException">There is none of that name.</exception>
    public static ReproItem Item(string id)
    {
        var item = Parse<ReproItem>(Read(id, Items, "table or figure"), $"{id}.yaml", read => read.Id = id);
        if (item.RowsOf.Length > 0)
        {
            var other = Item(item.RowsOf);
            (item.Rows, item.Set) = (other.Rows, other.Set);
        }
        return item;
    }

    /// <summary>A scale.</summary>
    /// <exception cref="UserErrorException">There is none of that name.</exception>
    public static ReproScale Scale(string name) => Parse<ReproScale>(Read(name, Scales, "scale"), $"{name}.yaml", s => s.Name = name);

    /// <summary>Reads a data file; what is wrong with it is told with its line.</summary>
    internal static T Parse<T>(string yaml, string name, Action<T> named)
        where T : new()
    {
        try
        {
            var parser = new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).Build();
            var read = parser.Deserialize<T>(yaml) ?? new T();
            named(read);
            return read;
        }
        catch (YamlException e)
        {
            var reason = (e.InnerException ?? e).Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
            throw new UserErrorException($"{name}, line {e.Start.Line}: {reason}", e);
        }
    }

    private static string Read(string name, IReadOnlyList<string> names, string what)
    {
        if (!names.Contains(name))
        {
            var hint = NearestName.Find(name, names) is { } near ? $"did you mean {near}? " : "";
            throw new UserErrorException($"there is no {what} {name}; {hint}there are {string.Join(", ", names)}");
        }
        var resource = $"paper-repro.{name}.yaml";
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"resource {resource} is missing from the program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
