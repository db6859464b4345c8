using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>
/// Writes the safetensors format: eight bytes of header length (little-endian), a JSON header that gives each tensor's dtype, shape
/// and byte range and a map of strings, then the elements themselves, row-major, without gaps. The header is padded to a multiple
/// of 8 and wider types come first, so every tensor lies aligned in a mapped file. Written aside and renamed.
/// </summary>
public static class SafeTensorsWriter
{
    internal const string MetadataKey = "__metadata__";

    /// <summary>Writes tensors of any strides and device; they are left as they are.</summary>
    /// <param name="path">File to write or replace.</param>
    /// <param name="tensors">Unique names and their tensors; the header keeps this order.</param>
    /// <param name="metadata">Free-form strings.</param>
    /// <exception cref="ArgumentException">A name twice, the reserved name, or an element type the format does not have.</exception>
    /// <exception cref="UserErrorException">The disk is full, or the place cannot be written.</exception>
    public static void Write(
        string path,
        IEnumerable<(string Name, Tensor Value)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null
    )
    {
        List<Entry> entries = Lay(tensors);
        AtomicFile.Write(path, stream => WriteTo(stream, entries, metadata));
    }

    /// <summary>As above, on an open stream: for a caller with steps of its own between writing and renaming.</summary>
    internal static void WriteTo(
        Stream stream,
        IEnumerable<(string Name, Tensor Value)> tensors,
        IReadOnlyDictionary<string, string>? metadata
    ) => WriteTo(stream, Lay(tensors), metadata);

    private static void WriteTo(Stream stream, List<Entry> entries, IReadOnlyDictionary<string, string>? metadata)
    {
        stream.Write(Header(entries, metadata));
        foreach (Entry entry in entries.OrderBy(entry => entry.Begin))
        {
            TensorBytes.Write(entry.Value, stream);
        }
    }

    private static List<Entry> Lay(IEnumerable<(string Name, Tensor Value)> tensors)
    {
        var entries = new List<Entry>();
        var names = new HashSet<string> { MetadataKey };
        foreach ((string name, Tensor value) in tensors)
        {
            if (!names.Add(name))
            {
                throw new ArgumentException($"tensor name {name} occurs twice or is reserved", nameof(tensors));
            }
            TensorType type =
                TensorType.OfScalar(value.dtype)
                ?? throw new ArgumentException($"{name}: element type {value.dtype} has no place in safetensors", nameof(tensors));
            entries.Add(new Entry(name, value, type));
        }
        long offset = 0;
        foreach (Entry entry in entries.OrderByDescending(entry => entry.Type.Bytes))
        {
            entry.Begin = offset;
            offset = entry.End = checked(offset + entry.Value.numel() * entry.Type.Bytes);
        }
        return entries;
    }

    /// <summary>Length, JSON and the blanks that pad it.</summary>
    private static byte[] Header(List<Entry> entries, IReadOnlyDictionary<string, string>? metadata)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject(MetadataKey);
                foreach ((string key, string value) in metadata)
                {
                    writer.WriteString(key, value);
                }
                writer.WriteEndObject();
            }
            foreach (Entry entry in entries)
            {
                entry.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        int padded = (json.WrittenCount + 7) / 8 * 8;
        var header = new byte[sizeof(ulong) + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        json.WrittenSpan.CopyTo(header.AsSpan(sizeof(ulong)));
        header.AsSpan(sizeof(ulong) + json.WrittenCount).Fill((byte)' ');
        return header;
    }

    private sealed class Entry(string name, Tensor value, TensorType type)
    {
        public Tensor Value => value;

        public TensorType Type => type;

        /// <summary>First byte, counted from the end of the header.</summary>
        public long Begin { get; set; }

        /// <summary>First byte after.</summary>
        public long End { get; set; }

        public void WriteTo(Utf8JsonWriter writer)
        {
            writer.WriteStartObject(name);
            writer.WriteString("dtype", type.Name);
            writer.WriteStartArray("shape");
            foreach (long edge in value.shape)
            {
                writer.WriteNumberValue(edge);
            }
            writer.WriteEndArray();
            writer.WriteStartArray("data_offsets");
            writer.WriteNumberValue(Begin);
            writer.WriteNumberValue(End);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
    }
}
