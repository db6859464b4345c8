using System.Numerics;
using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>
/// The flat blocks of memory that tensors of a PyTorch file are views of. Several tensors may share one. Together they may not claim
/// more bytes than the file has, so a small file cannot ask for much memory.
/// </summary>
internal abstract class PyTorchStorages(long fileBytes)
{
    private const int MostAxes = 64;

    private static readonly Dictionary<string, ScalarType> Types = new()
    {
        ["DoubleStorage"] = ScalarType.Float64,
        ["FloatStorage"] = ScalarType.Float32,
        ["HalfStorage"] = ScalarType.Float16,
        ["BFloat16Storage"] = ScalarType.BFloat16,
        ["LongStorage"] = ScalarType.Int64,
        ["IntStorage"] = ScalarType.Int32,
        ["ShortStorage"] = ScalarType.Int16,
        ["CharStorage"] = ScalarType.Int8,
        ["ByteStorage"] = ScalarType.Byte,
        ["BoolStorage"] = ScalarType.Bool,
    };

    private readonly Dictionary<string, Tensor> known = [];
    private long claimed;

    /// <summary>All storages met so far, by key.</summary>
    public IReadOnlyDictionary<string, Tensor> Known => known;

    /// <summary>The element type of a storage class of torch's, or null for any other name.</summary>
    public static ScalarType? TypeOf(string name) => Types.TryGetValue(name, out ScalarType type) ? type : null;

    /// <summary>The storage with that identifier: ("storage", type, key, device, elements, [view in older files]).</summary>
    public Tensor Find(object? id)
    {
        if (id is not object?[] { Length: >= 5 } parts || parts is not ["storage", ScalarType type, string key, _, long count, ..])
        {
            throw new InvalidDataException("it refers to a storage in an unknown way");
        }
        if (!known.TryGetValue(key, out Tensor? storage))
        {
            storage = known[key] = Claim(type, count);
            OnNew(key, storage);
        }
        if (storage.dtype != type || storage.numel() != count)
        {
            throw new InvalidDataException("it describes one storage in two ways");
        }
        if (parts.Length == 5 || parts[5] is null)
        {
            return storage;
        }
        // Very old files cut storages out of larger ones: (key of the view, first element, elements).
        return parts[5] is object?[] and [_, long first, long length] && first >= 0 && length >= 0 && first <= count - length
            ? storage.narrow(0, first, length)
            : throw new InvalidDataException("it refers to a part of a storage that is not there");
    }

    /// <summary>The tensor of torch's rebuilding arguments: storage, first element, shape, strides, and others of no meaning here.</summary>
    public static Tensor Rebuild(object?[] arguments)
    {
        if (
            arguments is not [Tensor storage, long first, object?[] size, object?[] stride, ..]
            || Counts(size) is not { } shape
            || Counts(stride) is not { } strides
            || shape.Length != strides.Length
            || shape.Length > MostAxes
            || SafeTensorsHeader.ShapeBytes(shape, storage.ElementSize) < 0
        )
        {
            throw new InvalidDataException("it describes a tensor in an unknown way");
        }
        if (shape.Contains(0))
        {
            return empty(shape, storage.dtype);
        }
        BigInteger last = first;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            last += (BigInteger)(shape[axis] - 1) * strides[axis];
        }
        return first >= 0 && last < storage.numel()
            ? storage.as_strided(shape, strides, storage.storage_offset() + first)
            : throw new InvalidDataException("it describes a tensor that reaches beyond its storage");
    }

    /// <summary>Called once for each storage, whose elements are not set yet.</summary>
    protected abstract void OnNew(string key, Tensor storage);

    private Tensor Claim(ScalarType type, long count)
    {
        int bytes = TensorType.OfScalar(type)!.Value.Bytes;
        if (count < 0 || count > (fileBytes - claimed) / bytes)
        {
            throw new InvalidDataException("its storages would be longer than the file");
        }
        claimed += count * bytes;
        return empty([count], type);
    }

    private static long[]? Counts(object?[] values) =>
        Array.TrueForAll(values, value => value is >= 0L) ? Array.ConvertAll(values, value => (long)value!) : null;
}
