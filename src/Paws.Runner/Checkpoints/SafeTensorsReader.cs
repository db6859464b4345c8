using System.Buffers.Binary;
using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>
/// Reads the safetensors format (see <see cref="SafeTensorsWriter"/>). Everything is checked when the file is opened, before memory
/// is taken for tensors; nothing in the file is ever executed.
/// </summary>
public sealed class SafeTensorsReader : IDisposable
{
    private const long MostHeaderBytes = 100_000_000;

    private readonly FileStream stream;
    private readonly long dataStart;
    private readonly Dictionary<string, SafeTensorsEntry> entries;

    private SafeTensorsReader(string path, FileStream stream, SafeTensorsHeader header, long dataStart)
    {
        Path = path;
        this.stream = stream;
        this.dataStart = dataStart;
        entries = header.Entries.ToDictionary(entry => entry.Name);
        Names = [.. header.Entries.Select(entry => entry.Name)];
        Metadata = header.Metadata;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Names of the tensors, in the order of the header.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The file's free-form strings.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="UserErrorException">It is missing, unreadable, truncated or malformed.</exception>
    public static SafeTensorsReader Open(string path)
    {
        FileStream stream = CheckpointFile.OpenRead(path);
        try
        {
            long left = stream.Length - sizeof(ulong);
            if (left < 0)
            {
                throw new InvalidDataException($"it holds only {stream.Length} bytes");
            }
            Span<byte> lengthBytes = stackalloc byte[sizeof(ulong)];
            stream.ReadExactly(lengthBytes);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
            if (length > (ulong)Math.Min(left, MostHeaderBytes))
            {
                throw new InvalidDataException("its header would be longer than the file or the format allows");
            }
            var json = new byte[length];
            stream.ReadExactly(json);
            return new SafeTensorsReader(path, stream, SafeTensorsHeader.Parse(json, left - json.Length), stream.Position);
        }
        catch (Exception failure)
        {
            stream.Dispose();
            if (CheckpointFile.Explain(path, "safetensors", failure) is { } explained)
            {
                throw explained;
            }
            throw;
        }
    }

    /// <summary>Whether the file holds a tensor of that name.</summary>
    public bool Contains(string name) => entries.ContainsKey(name);

    /// <summary>The shape of a tensor.</summary>
    /// <exception cref="UserErrorException">The file has no such tensor.</exception>
    public IReadOnlyList<long> Shape(string name) => Entry(name).Shape;

    /// <summary>The element type of a tensor.</summary>
    /// <exception cref="UserErrorException">The file has no such tensor.</exception>
    public ScalarType DType(string name) => Entry(name).Type.Scalar;

    /// <summary>Reads a tensor into a new one in main memory, which the caller owns.</summary>
    /// <exception cref="UserErrorException">The file has no such tensor, or cannot be read.</exception>
    public Tensor Read(string name)
    {
        SafeTensorsEntry entry = Entry(name);
        Tensor tensor = empty(entry.Shape, entry.Type.Scalar);
        try
        {
            Fill(entry, tensor);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor into one that exists, of any strides and device, outside automatic differentiation.</summary>
    /// <exception cref="UserErrorException">No such tensor, a shape or element type that differs, or a file that cannot be read.</exception>
    public void ReadInto(string name, Tensor tensor)
    {
        SafeTensorsEntry entry = Entry(name);
        if (!tensor.shape.AsSpan().SequenceEqual(entry.Shape) || tensor.dtype != entry.Type.Scalar)
        {
            throw new UserErrorException(
                $"{Path}: tensor {SafeTensorsHeader.Shown(name)} is {Described(entry.Type.Scalar, entry.Shape)}, "
                    + $"but {Described(tensor.dtype, tensor.shape)} is needed. Was it written by another model?"
            );
        }
        Fill(entry, tensor);
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private SafeTensorsEntry Entry(string name) =>
        entries.TryGetValue(name, out SafeTensorsEntry? entry)
            ? entry
            : throw new UserErrorException($"{Path} holds no tensor {SafeTensorsHeader.Shown(name)}. Was it written by another model?");

    private void Fill(SafeTensorsEntry entry, Tensor tensor)
    {
        try
        {
            stream.Position = dataStart + entry.Begin;
            TensorBytes.Read(stream, tensor);
        }
        catch (Exception failure) when (CheckpointFile.Explain(Path, "safetensors", failure) is { } explained)
        {
            throw explained;
        }
    }

    internal static string Described(ScalarType type, IEnumerable<long> shape) => $"{type} [{string.Join(", ", shape)}]";
}
