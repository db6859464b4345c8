using System.Text.Json;
using System.Text.Unicode;

namespace Paws.Runner.Checkpoints;

/// <summary>Where a tensor lies in a safetensors file: bytes [Begin, End) after the header.</summary>
internal sealed record SafeTensorsEntry(string Name, TensorType Type, long[] Shape, long Begin, long End);

/// <summary>The JSON header of a safetensors file, checked in full before anything is allocated for a tensor.</summary>
internal sealed record SafeTensorsHeader(IReadOnlyList<SafeTensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    // More axes than any tensor library takes.
    private const int MostAxes = 64;

    /// <summary>Reads and checks a header.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataBytes">Bytes in the file after the header; the tensors must cover them exactly.</param>
    /// <exception cref="InvalidDataException">What is wrong, as the end of a sentence.</exception>
    public static SafeTensorsHeader Parse(ReadOnlyMemory<byte> json, long dataBytes)
    {
        if (json.IsEmpty || json.Span[0] != '{' || !Utf8.IsValid(json.Span))
        {
            throw new InvalidDataException("its header is not JSON text");
        }
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return Parse(document.RootElement, dataBytes);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that no text can hold, such as half a surrogate pair.
            throw new InvalidDataException("its header is not valid JSON", failure);
        }
    }

    private static SafeTensorsHeader Parse(JsonElement root, long dataBytes)
    {
        var entries = new List<SafeTensorsEntry>();
        var metadata = new Dictionary<string, string>();
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Name == SafeTensorsWriter.MetadataKey)
            {
                ReadMetadata(property.Value, metadata);
            }
            else
            {
                entries.Add(ReadEntry(property.Name, property.Value));
            }
        }
        CheckCoverage(entries, dataBytes);
        return new SafeTensorsHeader(entries, metadata);
    }

    private static void ReadMetadata(JsonElement value, Dictionary<string, string> metadata)
    {
        Require(value.ValueKind == JsonValueKind.Object, "its __metadata__ is not an object");
        foreach (JsonProperty property in value.EnumerateObject())
        {
            Require(property.Value.ValueKind == JsonValueKind.String, $"its metadata {Shown(property.Name)} is not a string");
            metadata[property.Name] = property.Value.GetString()!;
        }
    }

    private static SafeTensorsEntry ReadEntry(string name, JsonElement value)
    {
        string shown = Shown(name);
        Require(value.ValueKind == JsonValueKind.Object, $"tensor {shown} is not described by an object");
        Require(
            value.TryGetProperty("dtype", out JsonElement dtype) && dtype.ValueKind == JsonValueKind.String,
            $"tensor {shown} has no dtype"
        );
        TensorType type =
            TensorType.OfName(dtype.GetString()!)
            ?? throw new InvalidDataException($"tensor {shown} has the unknown dtype {Shown(dtype.GetString()!)}");
        long[] shape = Counts(value, "shape") ?? throw new InvalidDataException($"tensor {shown} has no usable shape");
        long[] offsets = Counts(value, "data_offsets") ?? throw new InvalidDataException($"tensor {shown} has no usable data_offsets");
        Require(shape.Length <= MostAxes, $"tensor {shown} has {shape.Length} axes");
        Require(offsets.Length == 2 && offsets[0] <= offsets[1], $"tensor {shown} has data_offsets that are no range");
        Require(
            ShapeBytes(shape, type.Bytes) == offsets[1] - offsets[0],
            $"the size of tensor {shown} does not follow from its shape and dtype"
        );
        return new SafeTensorsEntry(name, type, shape, offsets[0], offsets[1]);
    }

    /// <summary>Bytes of a tensor of that shape, or -1 where even its non-zero edges multiply to more than a long holds.</summary>
    internal static long ShapeBytes(IReadOnlyList<long> shape, long elementBytes)
    {
        long bytes = elementBytes;
        bool empty = false;
        foreach (long edge in shape)
        {
            empty |= edge == 0;
            // Strides are products of the edges with 0 taken as 1, so those must fit too.
            if (edge < 0 || Math.BigMul(bytes, Math.Max(edge, 1L)) > long.MaxValue)
            {
                return -1;
            }
            bytes *= Math.Max(edge, 1);
        }
        return empty ? 0 : bytes;
    }

    private static long[]? Counts(JsonElement entry, string property)
    {
        if (!entry.TryGetProperty(property, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }
        var counts = new long[list.GetArrayLength()];
        int at = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out long count) || count < 0)
            {
                return null;
            }
            counts[at++] = count;
        }
        return counts;
    }

    private static void CheckCoverage(List<SafeTensorsEntry> entries, long dataBytes)
    {
        long reached = 0;
        foreach (SafeTensorsEntry entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            Require(entry.Begin == reached, $"tensor {Shown(entry.Name)} overlaps another or leaves a gap before it");
            reached = entry.End;
        }
        Require(reached <= dataBytes, $"it ends {reached - dataBytes} bytes early");
        Require(reached == dataBytes, $"it has {dataBytes - reached} bytes that belong to no tensor");
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException(otherwise);
        }
    }

    /// <summary>A name from a file, short and on one line, fit for a message.</summary>
    internal static string Shown(string name)
    {
        const int most = 80;
        string line = string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
        return line.Length <= most ? $"'{line}'" : $"'{line[..most]}…'";
    }
}
