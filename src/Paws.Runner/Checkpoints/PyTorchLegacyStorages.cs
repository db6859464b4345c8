using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>
/// PyTorch's form before version 1.6: pickles of a magic number, a protocol version, the machine, the object and a list of storage
/// keys, then each storage as its element count and its bytes. So storages are made when the object is read and filled later.
/// </summary>
internal sealed class PyTorchLegacyStorages(long fileBytes) : PyTorchStorages(fileBytes)
{
    private const long ProtocolVersion = 1001;
    private static readonly BigInteger Magic = BigInteger.Parse(
        "1950a86a20f9469cfc6c",
        NumberStyles.HexNumber,
        CultureInfo.InvariantCulture
    );

    /// <summary>Reads and checks what stands before the object.</summary>
    public static void SkipPreamble(Stream stream)
    {
        if (Plain(stream) is not BigInteger magic || magic != Magic)
        {
            throw new InvalidDataException("it is a pickle, but not one of PyTorch's");
        }
        if (Plain(stream) is not ProtocolVersion)
        {
            throw new InvalidDataException("it has an unknown protocol version");
        }
        if (Plain(stream) is not OrderedDictionary<object, object?> machine || machine.GetValueOrDefault("little_endian") is not true)
        {
            throw new InvalidDataException("it was written on a big-endian machine");
        }
    }

    /// <summary>Fills the storages from what follows the object.</summary>
    public void ReadAll(Stream stream)
    {
        if (Plain(stream) is not List<object?> keys)
        {
            throw new InvalidDataException("it has no list of storages");
        }
        var unread = new HashSet<string>(Known.Keys);
        Span<byte> countBytes = stackalloc byte[sizeof(long)];
        foreach (object? key in keys)
        {
            if (key is not string name || !unread.Remove(name))
            {
                throw new InvalidDataException("it stores what it does not refer to");
            }
            stream.ReadExactly(countBytes);
            if (BinaryPrimitives.ReadInt64LittleEndian(countBytes) != Known[name].numel())
            {
                throw new InvalidDataException("it has a storage of another length than it says");
            }
            TensorBytes.Read(stream, Known[name]);
        }
        if (unread.Count > 0)
        {
            throw new InvalidDataException("it lacks a storage that it refers to");
        }
    }

    /// <inheritdoc/>
    protected override void OnNew(string key, Tensor storage) { }

    /// <summary>A pickle of numbers, text and containers.</summary>
    private static object? Plain(Stream stream) =>
        new PickleReader(
            stream,
            (module, name) => throw new InvalidDataException($"it names {SafeTensorsHeader.Shown($"{module}.{name}")} out of place"),
            _ => throw new InvalidDataException("it refers to a storage out of place")
        ).Load();
}
