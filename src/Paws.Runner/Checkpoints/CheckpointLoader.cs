using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>Weights from a file into an encoder.</summary>
public static class CheckpointLoader
{
    // What batch normalisation counts but only a cumulative average would use; older files lack it.
    private const string Counter = "num_batches_tracked";
    private const int MostNamed = 3;

    /// <summary>
    /// Copies parameters and buffers from a safetensors file (final weights, or a run's checkpoint) or a PyTorch file. Names must
    /// agree but for <c>module.</c> before them and for the counters of batch normalisation; shapes must agree; floating-point types
    /// are converted. Everything is checked first, so after an error the encoder is as it was.
    /// </summary>
    /// <param name="path">The file; its content, not its name, tells its form.</param>
    /// <param name="targets">The encoder's parameters and buffers.</param>
    /// <exception cref="UserErrorException">The file cannot be read or belongs to another model.</exception>
    public static void LoadEncoder(string path, IEnumerable<(string Name, Tensor Value)> targets)
    {
        if (IsPyTorch(path))
        {
            using PublishedCheckpoint checkpoint = PublishedCheckpoint.Load(path);
            Copy(path, checkpoint.Encoder.ToDictionary(entry => entry.Key, entry => new Source(entry.Value)), targets);
        }
        else
        {
            using SafeTensorsReader reader = SafeTensorsReader.Open(path);
            Copy(path, Sources(reader), targets);
        }
    }

    private static bool IsPyTorch(string path)
    {
        using FileStream stream = CheckpointFile.OpenRead(path);
        Span<byte> start = stackalloc byte[9];
        int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        bool safetensors = read == start.Length && start[8] == '{';
        return !safetensors && read > 1 && (start[0] == 0x80 || (start[0] == 'P' && start[1] == 'K'));
    }

    private static Dictionary<string, Source> Sources(SafeTensorsReader reader)
    {
        string prefix = reader.Names.Any(name => name.StartsWith(RunCheckpoint.EncoderPrefix, StringComparison.Ordinal))
            ? RunCheckpoint.EncoderPrefix
            : "";
        var sources = new Dictionary<string, Source>();
        foreach (string name in reader.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            sources[PublishedCheckpoint.Unwrapped(name[prefix.Length..])] = new Source(reader, name);
        }
        return sources;
    }

    private static void Copy(string path, Dictionary<string, Source> sources, IEnumerable<(string Name, Tensor Value)> targets)
    {
        var pairs = new List<(Source Source, Tensor Target)>();
        List<string> missing = [],
            differing = [];
        foreach ((string fullName, Tensor target) in targets)
        {
            string name = PublishedCheckpoint.Unwrapped(fullName);
            bool counter = IsCounter(name);
            if (!sources.Remove(name, out Source? source))
            {
                if (!counter)
                {
                    missing.Add(name);
                }
            }
            else if (source.Fits(target))
            {
                pairs.Add((source, target));
            }
            else if (!counter)
            {
                differing.Add(
                    $"{name} is {SafeTensorsReader.Described(source.Type, source.Shape)}, "
                        + $"not {SafeTensorsReader.Described(target.dtype, target.shape)}"
                );
            }
        }
        string[] unexpected = [.. sources.Keys.Where(name => !IsCounter(name)).Select(SafeTensorsHeader.Shown)];
        string[] complaints =
        [
            .. Complaint("missing", missing),
            .. Complaint("unexpected", unexpected),
            .. Complaint("differing", differing),
        ];
        if (complaints.Length > 0)
        {
            throw new UserErrorException(
                $"{path} does not fit this encoder: {string.Join("; ", complaints)}. "
                    + "Check meta.model_name, meta.output_dim and meta.use_pred_head."
            );
        }
        foreach ((Source source, Tensor target) in pairs)
        {
            source.CopyTo(target);
        }
    }

    private static bool IsCounter(string name) => name == Counter || name.EndsWith("." + Counter, StringComparison.Ordinal);

    private static IEnumerable<string> Complaint(string what, IReadOnlyCollection<string> names)
    {
        if (names.Count > 0)
        {
            string more = names.Count > MostNamed ? ", …" : "";
            yield return $"{names.Count} {what} ({string.Join(", ", names.Take(MostNamed))}{more})";
        }
    }

    /// <summary>A tensor in memory, or one still in its file.</summary>
    private sealed class Source
    {
        private readonly Func<Tensor> open;
        private readonly SafeTensorsReader? reader;
        private readonly string name = "";

        public Source(Tensor tensor)
        {
            (Shape, Type) = (tensor.shape, tensor.dtype);
            open = tensor.alias;
        }

        public Source(SafeTensorsReader reader, string name)
        {
            (this.reader, this.name) = (reader, name);
            (Shape, Type) = (reader.Shape(name), reader.DType(name));
            open = () => reader.Read(name);
        }

        public IReadOnlyList<long> Shape { get; }

        public ScalarType Type { get; }

        public bool Fits(Tensor target) =>
            target.shape.SequenceEqual(Shape)
            && (Type == target.dtype || (TensorType.IsFloating(Type) && TensorType.IsFloating(target.dtype)));

        public void CopyTo(Tensor target)
        {
            if (reader is not null && target.dtype == Type)
            {
                reader.ReadInto(name, target); // without a copy between
                return;
            }
            using IDisposable noGradient = no_grad();
            using Tensor value = open();
            target.copy_(value);
        }
    }
}
