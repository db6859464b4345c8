using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>
/// A checkpoint of the published implementation: a PyTorch file with the encoder's state dictionary under <c>encoder</c>, the
/// optimiser's under <c>opt</c>, the epoch and a few numbers. A bare state dictionary is taken as the encoder's.
/// </summary>
public sealed class PublishedCheckpoint : IDisposable
{
    private const string ParallelPrefix = "module.";

    private readonly PyTorchFile file;

    private PublishedCheckpoint(PyTorchFile file)
    {
        this.file = file;
        if (file.Root is not OrderedDictionary<object, object?> root)
        {
            throw NoEncoder();
        }
        Encoder = StateDictionary(root.GetValueOrDefault("encoder") ?? root);
        Epoch = root.GetValueOrDefault("epoch") is long epoch ? epoch : null;
        Optimizer = root.GetValueOrDefault("opt") as OrderedDictionary<object, object?>;
        Numbers = root.Where(pair => pair is { Key: string, Value: long or double })
            .ToDictionary(pair => (string)pair.Key, pair => Convert.ToDouble(pair.Value, null));
    }

    /// <summary>Parameters and buffers by name, without the <c>module.</c> that wrapping for several workers puts before them.</summary>
    public IReadOnlyDictionary<string, Tensor> Encoder { get; }

    /// <summary>Epochs done, where the file says.</summary>
    public long? Epoch { get; }

    /// <summary>The optimiser's state as saved (see <see cref="PyTorchFile"/> for the types), where there is one.</summary>
    public OrderedDictionary<object, object?>? Optimizer { get; }

    /// <summary>The file's other single numbers, such as <c>loss</c> and <c>lr</c>, with the epoch among them.</summary>
    public IReadOnlyDictionary<string, double> Numbers { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserErrorException">See <see cref="PyTorchFile.Load"/>; or it holds no encoder.</exception>
    public static PublishedCheckpoint Load(string path)
    {
        PyTorchFile file = PyTorchFile.Load(path);
        try
        {
            return new PublishedCheckpoint(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A name without the prefix of wrapping for several workers.</summary>
    public static string Unwrapped(string name) =>
        name.StartsWith(ParallelPrefix, StringComparison.Ordinal) ? name[ParallelPrefix.Length..] : name;

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private OrderedDictionary<string, Tensor> StateDictionary(object? saved)
    {
        if (saved is not OrderedDictionary<object, object?> { Count: > 0 } entries)
        {
            throw NoEncoder();
        }
        var state = new OrderedDictionary<string, Tensor>();
        foreach ((object key, object? value) in entries)
        {
            if (key is not string name || value is not Tensor tensor || !state.TryAdd(Unwrapped(name), tensor))
            {
                throw NoEncoder();
            }
        }
        return state;
    }

    private UserErrorException NoEncoder() =>
        new($"{file.Path} holds no state dictionary of an encoder: neither under 'encoder' nor as a whole. Use a checkpoint of PAWS.");
}
