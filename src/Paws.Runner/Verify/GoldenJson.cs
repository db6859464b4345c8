using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;

namespace Paws.Runner.Verify;

/// <summary>Reads one case of a golden file; what is missing or of another type is named with its place.</summary>
internal sealed class GoldenJson(JsonNode? node, string place)
{
    /// <summary>Where in the file this is.</summary>
    public string Place => place;

    /// <summary>An entry of an object; an error where it is missing.</summary>
    public GoldenJson this[string key] => Optional(key) ?? throw Bad($"lacks \"{key}\"");

    /// <summary>An entry of an object, or null.</summary>
    public GoldenJson? Optional(string key) =>
        (node as JsonObject ?? throw Bad("is not an object")).TryGetPropertyValue(key, out var value) && value is not null
            ? new GoldenJson(value, $"{place}.{key}")
            : null;

    /// <summary>The elements of a list.</summary>
    public IReadOnlyList<GoldenJson> Items =>
        [.. (node as JsonArray ?? throw Bad("is not a list")).Select((item, i) => new GoldenJson(item, $"{place}[{i}]"))];

    /// <summary>The entries of an object, in order.</summary>
    public IEnumerable<(string Key, GoldenJson Value)> Entries =>
        (node as JsonObject ?? throw Bad("is not an object")).Select(entry =>
            (entry.Key, new GoldenJson(entry.Value, $"{place}.{entry.Key}"))
        );

    /// <summary>A number.</summary>
    public double Number => Read<double>("a number");

    /// <summary>A whole number.</summary>
    public int Whole => Read<int>("a whole number");

    /// <summary>True or false.</summary>
    public bool Flag => Read<bool>("true or false");

    /// <summary>Text.</summary>
    public string Text => Read<string>("text");

    /// <summary>A list of numbers.</summary>
    public double[] Numbers => Read<double[]>("a list of numbers");

    /// <summary>Rows of numbers of one length, as a float64 tensor on the device.</summary>
    public torch.Tensor Matrix(torch.Device device)
    {
        var rows = Rows;
        return torch.tensor(rows.SelectMany(row => row).ToArray(), dtype: torch.float64).reshape(rows.Length, rows[0].Length).to(device);
    }

    /// <summary>A list of whole numbers, as an int64 tensor on the device.</summary>
    public torch.Tensor Indices(torch.Device device) =>
        torch.tensor(Read<long[]>("a list of whole numbers"), dtype: torch.int64).to(device);

    /// <summary>A list of numbers, or rows of numbers, one after the other.</summary>
    public double[] Flat => IsMatrix ? [.. Rows.SelectMany(row => row)] : Numbers;

    /// <summary>Whether this is a list of lists.</summary>
    public bool IsMatrix => node is JsonArray { Count: > 0 } list && list[0] is JsonArray;

    /// <summary>Rows of whole numbers of pixels: [row][column][channel].</summary>
    public int[][][] Pixels => Read<int[][][]>("an image as [row][column][channel]");

    /// <summary>An error about this place.</summary>
    public UserErrorException Bad(string problem) => new($"{place} {problem}; it is not a golden file of the format that is known here");

    private double[][] Rows
    {
        get
        {
            var rows = Read<double[][]>("rows of numbers");
            return rows.Length > 0 && rows.All(row => row.Length == rows[0].Length && row.Length > 0)
                ? rows
                : throw Bad("has rows of different lengths, or none");
        }
    }

    private T Read<T>(string kind)
    {
        try
        {
            return node is not null && node.Deserialize<T>() is { } value ? value : throw Bad($"is not {kind}");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw Bad($"is not {kind}");
        }
    }
}
