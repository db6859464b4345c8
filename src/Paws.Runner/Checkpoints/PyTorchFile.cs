using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>
/// A file written by PyTorch's <c>save</c>, in the zip form or the one before version 1.6, as a tree: OrderedDictionary&lt;object,
/// object?&gt;, List&lt;object?&gt;, object?[] for tuples, long, double, bool, string, byte[], null and <see cref="Tensor"/> in main
/// memory. Files may name a handful of things (tensors, parameters, storages, ordered dictionaries); any other name is refused, so
/// loading a file cannot run code. Disposing it disposes its tensors, some of which share memory.
/// </summary>
public sealed class PyTorchFile : IDisposable
{
    private readonly List<Tensor> tensors;

    private PyTorchFile(string path, object? root, List<Tensor> tensors)
    {
        Path = path;
        Root = root;
        this.tensors = tensors;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What was saved.</summary>
    public object? Root { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserErrorException">It is missing, malformed or truncated, or names something else than tensors.</exception>
    public static PyTorchFile Load(string path)
    {
        using FileStream stream = CheckpointFile.OpenRead(path);
        using IDisposable scope = NewDisposeScope();
        var tensors = new List<Tensor>();
        try
        {
            int first = stream.ReadByte();
            stream.Position = 0;
            object? root = first switch
            {
                'P' => LoadZip(path, stream, tensors),
                0x80 => LoadLegacy(path, stream, tensors),
                _ => throw new InvalidDataException("it has neither of PyTorch's two forms"),
            };
            tensors.ForEach(tensor => tensor.DetachFromDisposeScope());
            return new PyTorchFile(path, root, tensors);
        }
        catch (Exception failure) when (CheckpointFile.Explain(path, "PyTorch", failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => tensors.ForEach(tensor => tensor.Dispose());

    private static object? LoadZip(string path, Stream stream, List<Tensor> tensors)
    {
        using var zip = new PyTorchZip(stream);
        return Unpickle(path, zip.OpenPickle(), zip.Storages, tensors);
    }

    private static object? LoadLegacy(string path, Stream stream, List<Tensor> tensors)
    {
        var storages = new PyTorchLegacyStorages(stream.Length);
        PyTorchLegacyStorages.SkipPreamble(stream);
        object? root = Unpickle(path, stream, storages, tensors);
        storages.ReadAll(stream);
        return root;
    }

    private static object? Unpickle(string path, Stream stream, PyTorchStorages storages, List<Tensor> tensors)
    {
        var rebuildTensor = new PickleFunction(arguments =>
        {
            Tensor tensor = PyTorchStorages.Rebuild(arguments);
            tensors.Add(tensor);
            return tensor;
        });
        return new PickleReader(stream, FindGlobal, FindStorage).Load();

        object FindStorage(object? id)
        {
            Tensor storage = storages.Find(id);
            tensors.Add(storage);
            return storage;
        }

        object FindGlobal(string module, string name) =>
            (module, name) switch
            {
                ("collections", "OrderedDict") => OrderedDictionary,
                ("torch._utils", "_rebuild_tensor_v2") => rebuildTensor,
                ("torch._utils", "_rebuild_parameter") => Parameter,
                ("torch", _) when PyTorchStorages.TypeOf(name) is { } type => type,
                _ => throw new UserErrorException(
                    $"{path}: Paws refuses to run code: it names {SafeTensorsHeader.Shown($"{module}.{name}")}. "
                        + "Use a checkpoint that holds only tensors, numbers and text."
                ),
            };
    }

    private static readonly PickleFunction Parameter = new(arguments =>
        arguments is [Tensor data, ..] ? data : throw new InvalidDataException("it has a parameter that is no tensor")
    );

    private static readonly PickleFunction OrderedDictionary = new(arguments =>
    {
        var dictionary = new OrderedDictionary<object, object?>();
        foreach (object? pair in arguments is [List<object?> pairs] ? pairs : [])
        {
            object?[] both = pair switch
            {
                object?[] tuple => tuple,
                List<object?> list => [.. list],
                _ => throw new InvalidDataException("it has a dictionary of what are no pairs"),
            };
            PickleReader.Insert(dictionary, both.Length == 2 ? both : [null]);
        }
        return dictionary;
    });
}
