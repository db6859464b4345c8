using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Paws.Runner.Config;

/// <summary>
/// YAML nodes as values of a key. Types are strict, since a typo that still loads costs a training run; the two liberties
/// are a whole number where a fraction is asked for, and numbers as YAML 1.2 and Python both write them (<c>1e-6</c>, <c>1.0e-06</c>).
/// </summary>
internal static partial class ConfigValue
{
    // \z and not $, which also matches before a line break at the end.
    [GeneratedRegex(@"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\z")]
    private static partial Regex Number();

    /// <summary>Reads a node as the key's type.</summary>
    /// <returns>True and the value, or false with what was found, in words.</returns>
    public static bool TryRead(ConfigKey key, YamlNode node, out object? value, out string found)
    {
        value = null;
        found = Describe(node);
        if (IsNull(node))
        {
            return key.Nullable;
        }
        if (key.Type == typeof(double[]))
        {
            return node is YamlSequenceNode list && TryNumbers(list, out value);
        }
        if (node is not YamlScalarNode scalar)
        {
            return false;
        }
        string text = scalar.Value ?? "";
        if (key.Type == typeof(string))
        {
            value = text;
            return true;
        }
        if (!IsPlain(scalar))
        {
            return false;
        }
        if (key.Type == typeof(bool))
        {
            value = Truth(text);
            return value is not null;
        }
        if (key.Type == typeof(int) && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole))
        {
            value = whole;
            return true;
        }
        if (key.Type == typeof(double) && TryNumber(text, out double number))
        {
            value = number;
            return true;
        }
        return false;
    }

    /// <summary>What a key takes, in words.</summary>
    public static string Expected(ConfigKey key)
    {
        string what =
            key.Type == typeof(bool) ? "true or false"
            : key.Type == typeof(int) ? "a whole number"
            : key.Type == typeof(double) ? "a number"
            : key.Type == typeof(double[]) ? "a list of numbers such as [0.3, 1]"
            : "text";
        return key.Nullable ? $"{what}, or null" : what;
    }

    /// <summary>Whether a string has to be quoted to be read back as the same string.</summary>
    public static bool NeedsQuotes(string text) =>
        !SafePlain().IsMatch(text) || IsNullWord(text) || Truth(text) is not null || Number().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z0-9_/.][A-Za-z0-9_/.:+-]*(?<!:)\z")]
    private static partial Regex SafePlain();

    private static bool TryNumber(string text, out double number)
    {
        number = 0;
        return Number().IsMatch(text)
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number)
            && double.IsFinite(number);
    }

    private static bool TryNumbers(YamlSequenceNode list, out object? value)
    {
        var numbers = new double[list.Children.Count];
        value = numbers;
        for (int i = 0; i < numbers.Length; i++)
        {
            if (list.Children[i] is not YamlScalarNode item || !IsPlain(item) || !TryNumber(item.Value ?? "", out numbers[i]))
            {
                return false;
            }
        }
        return true;
    }

    private static bool? Truth(string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" => true,
            "false" or "no" or "off" => false,
            _ => null,
        };

    private static bool IsPlain(YamlScalarNode scalar) => scalar.Style is ScalarStyle.Plain or ScalarStyle.Any;

    private static bool IsNull(YamlNode node) => node is YamlScalarNode scalar && IsPlain(scalar) && IsNullWord(scalar.Value ?? "");

    private static bool IsNullWord(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    private static string Describe(YamlNode node) =>
        node switch
        {
            YamlMappingNode => "a section of keys",
            YamlSequenceNode list => $"the list [{string.Join(", ", list.Children)}]",
            YamlScalarNode scalar when IsNull(scalar) => "null",
            YamlScalarNode scalar when !IsPlain(scalar) => $"the text \"{Shorten(scalar.Value ?? "")}\"",
            YamlScalarNode scalar => Shorten(scalar.Value ?? ""),
            _ => "something else",
        };

    private static string Shorten(string text)
    {
        string line = text.ReplaceLineEndings(" ");
        return line.Length <= 40 ? line : line[..37] + "...";
    }
}
