using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Paws.Runner.Config;

/// <summary>One layer of configuration, a preset, a file or the --set options, laid over a configuration under construction.</summary>
internal sealed class ConfigSource
{
    private readonly List<string> _problems = [];
    private readonly Dictionary<string, SettingOrigin> _origins = [];
    private int _order;

    /// <summary>What is wrong so far, one line each.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The keys that were given a value, as <c>section.key</c>, and where.</summary>
    public IReadOnlyDictionary<string, SettingOrigin> Origins => _origins;

    /// <summary>Lays YAML text over the configuration; <paramref name="name"/> is what messages call the text.</summary>
    public void Apply(PawsConfig underConstruction, string yaml, string name, SettingSource source = SettingSource.File)
    {
        var given = new HashSet<string>();
        _order++;
        if (!TryParse(yaml, out var stream, out string problem))
        {
            _problems.Add($"{name}{problem}");
            return;
        }
        if (stream.Documents.Count == 0)
        {
            return;
        }
        if (stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            _problems.Add($"{name}, line 1: expected sections ({string.Join(", ", ConfigSchema.Sections)}), each with keys below it");
            return;
        }
        foreach (var (sectionNode, body) in root.Children)
        {
            string section = NameOf(sectionNode);
            string where = $"{name}, line {sectionNode.Start.Line}";
            if (!ConfigSchema.Sections.Contains(section))
            {
                _problems.Add($"{where}: unknown section \"{section}\"; {SuggestSection(section)}");
            }
            else if (body is YamlMappingNode keys)
            {
                foreach (var (keyNode, value) in keys.Children)
                {
                    string key = NameOf(keyNode);
                    Assign(underConstruction, section, key, value, $"{name}, line {keyNode.Start.Line}", source);
                    given.Add($"{section}.{key}");
                }
            }
            else if (body is not YamlScalarNode { Value: null or "" or "null" or "~" })
            {
                _problems.Add($"{where}: section \"{section}\" must hold keys, one a line below it");
            }
        }
        if (PublishedKeys.AreAllIn(given))
        {
            foreach (string path in given.Where(_origins.ContainsKey))
            {
                _origins[path] = _origins[path] with { Recorded = true };
            }
        }
    }

    /// <summary>Applies one <c>section.key=value</c>; the value is read as YAML, so that <c>null</c> and <c>[0.3, 1]</c> work.</summary>
    public void ApplySet(PawsConfig underConstruction, string assignment)
    {
        int equals = assignment.IndexOf('=');
        int dot = assignment.IndexOf('.');
        if (equals < 0 || dot < 0 || dot > equals)
        {
            _problems.Add($"--set {assignment}: expected section.key=value, such as --set optimization.lr=1.6");
            return;
        }
        string section = assignment[..dot].Trim();
        string key = assignment[(dot + 1)..equals].Trim();
        string text = assignment[(equals + 1)..].Trim();
        if (!ConfigSchema.Sections.Contains(section))
        {
            _problems.Add($"--set {assignment}: unknown section \"{section}\"; {SuggestSection(section)}");
            return;
        }
        if (text.Length == 0 && ConfigSchema.Paths.Contains($"{section}.{key}"))
        {
            _problems.Add(PathWords.Empty($"--set {assignment}"));
            return;
        }
        Assign(underConstruction, section, key, ParseValue(text), $"--set {assignment}", SettingSource.Set);
    }

    private void Assign(PawsConfig underConstruction, string section, string name, YamlNode node, string where, SettingSource source)
    {
        if (ConfigSchema.Find($"{section}.{name}") is not { } key)
        {
            _problems.Add($"{where}: unknown key \"{section}.{name}\"; {ConfigSchema.SuggestKey(section, name)}");
        }
        else if (!ConfigValue.TryRead(key, node, out object? value, out string found))
        {
            _problems.Add($"{where}: {key.Path} must be {ConfigValue.Expected(key)}, found {found}");
        }
        else
        {
            key.Set(underConstruction, value);
            _origins[key.Path] = new SettingOrigin(source, where, _order);
        }
    }

    /// <summary>A key written at the top level is a common slip: its section is named then.</summary>
    private static string SuggestSection(string section) =>
        ConfigSchema.Keys.FirstOrDefault(key => key.Name == section) is { } key
            ? $"did you mean the key \"{key.Path}\"?"
            : ConfigSchema.SuggestSection(section);

    /// <summary>Text with YAML's own characters in it (a Windows path, a lone quote) is taken literally instead.</summary>
    private static YamlNode ParseValue(string text) =>
        TryParse(text, out var stream, out _)
        && stream.Documents.Count == 1
        && stream.Documents[0].RootNode is var node and not YamlMappingNode
            ? node
            : new YamlScalarNode(text);

    private static bool TryParse(string yaml, out YamlStream stream, out string problem)
    {
        stream = [];
        problem = "";
        try
        {
            stream.Load(new StringReader(yaml));
            return true;
        }
        catch (YamlException e)
        {
            problem = $", line {e.Start.Line}: not valid YAML: {OneLine(e.Message)}";
            return false;
        }
        // The scanner meets some broken texts, an unclosed bracket for one, with exceptions of its own making.
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or IndexOutOfRangeException)
        {
            problem = ": not valid YAML; look for an unclosed bracket or quote";
            return false;
        }
    }

    private static string NameOf(YamlNode node) => node is YamlScalarNode scalar ? scalar.Value ?? "" : node.ToString();

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
