using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Paws.Runner.Config;

/// <summary>The resolved configuration as YAML, complete and in the order of the schema, so that two runs can be compared line by line.</summary>
public static class ConfigWriter
{
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.Default };

    /// <summary>YAML that <see cref="ConfigLoader"/> (and a Python YAML reader) reads back as the same values.</summary>
    public static string ToYaml(PawsConfig config)
    {
        var yaml = new StringBuilder();
        string? section = null;
        foreach (var key in ConfigSchema.KeysOf(config))
        {
            if (key.Section != section)
            {
                section = key.Section;
                yaml.Append(section).Append(":\n");
            }
            yaml.Append("  ").Append(key.Name).Append(": ").Append(Format(key.Get(config))).Append('\n');
        }
        return yaml.ToString();
    }

    /// <summary>One value as YAML on one line.</summary>
    internal static string Format(object? value) =>
        value switch
        {
            null => "null",
            bool truth => truth ? "true" : "false",
            int number => number.ToString(CultureInfo.InvariantCulture),
            double number => FormatNumber(number),
            double[] numbers => $"[{string.Join(", ", numbers.Select(FormatNumber))}]",
            string text => ConfigValue.NeedsQuotes(text) ? JsonSerializer.Serialize(text, Quoting) : text,
            _ => throw new InvalidOperationException($"no YAML form for {value.GetType().Name}"),
        };

    /// <summary>Shortest digits that read back exactly; the mantissa keeps its point, without which Python reads 1e-6 as text.</summary>
    private static string FormatNumber(double number)
    {
        string digits = number.ToString("R", CultureInfo.InvariantCulture);
        int e = digits.IndexOf('E');
        if (e < 0)
        {
            return digits;
        }
        string mantissa = digits[..e];
        return $"{mantissa}{(mantissa.Contains('.') ? "" : ".0")}e{digits[(e + 1)..]}";
    }
}
