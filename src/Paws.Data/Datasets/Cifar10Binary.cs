using System.Buffers;

namespace Paws.Data.Datasets;

/// <summary>
/// CIFAR-10 in its official binary form: five training files and one test file of 3073-byte records (label, then 1024 bytes each of
/// red, green and blue), and <c>batches.meta.txt</c> with the class names. Indices follow the files, as published label splits do.
/// </summary>
public static class Cifar10Binary
{
    private const int Edge = 32;
    private const int PlaneBytes = Edge * Edge;
    private const int RecordBytes = 1 + (3 * PlaneBytes);
    private const string FolderName = "cifar-10-batches-bin";

    private static readonly string[] TrainFiles = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")];

    /// <summary>The ten class names in label order.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Whether a folder, or its subfolder <c>cifar-10-batches-bin</c>, holds the binary files.</summary>
    public static bool IsIn(string root) => Folder(root) is not null;

    /// <summary>Reads both parts into memory (184 MB for the whole set).</summary>
    /// <param name="root">The folder with the files, or its parent.</param>
    /// <exception cref="DataException">A file is missing or damaged.</exception>
    public static DatasetPair Open(string root)
    {
        var folder =
            Folder(root)
            ?? throw new DataException(
                $"{Path.GetFullPath(root)} has no {TrainFiles[0]}. Unpack the archive cifar-10-binary.tar.gz there, or name where it lies."
            );
        var classes = Classes(folder);
        return new(Load(folder, classes, TrainFiles), Load(folder, classes, ["test_batch.bin"]), $"{folder}: CIFAR-10 binary files", []);
    }

    private static string? Folder(string root) =>
        new[] { root, Path.Combine(root, FolderName) }
            .Where(folder => File.Exists(Path.Combine(folder, TrainFiles[0])))
            .Select(Path.GetFullPath)
            .FirstOrDefault();

    private static IReadOnlyList<string> Classes(string folder)
    {
        var path = Path.Combine(folder, "batches.meta.txt");
        if (!File.Exists(path))
        {
            return ClassNames;
        }

        var names = File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0).ToArray();
        return names.Length == ClassNames.Count
            ? names
            : throw new DataException($"{path} names {names.Length} classes, not 10. Unpack the archive again.");
    }

    private static PackedDataset Load(string folder, IReadOnlyList<string> classes, string[] names)
    {
        var starts = new int[names.Length + 1];
        for (var i = 0; i < names.Length; i++)
        {
            starts[i + 1] = starts[i] + Records(Path.Combine(folder, names[i]));
        }

        var labels = new int[starts[^1]];
        var pixels = GC.AllocateUninitializedArray<byte>(checked(labels.Length * 3 * PlaneBytes));
        for (var i = 0; i < names.Length; i++)
        {
            ReadFile(Path.Combine(folder, names[i]), labels.AsSpan(starts[i]..starts[i + 1]), pixels.AsSpan(starts[i] * 3 * PlaneBytes));
        }

        return new("cifar10", classes, labels, pixels, Edge, Edge, NameOf);

        string NameOf(int index)
        {
            var file = Array.FindLastIndex(starts, start => start <= index);
            return $"{names[file]}:{index - starts[file]}";
        }
    }

    private static int Records(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new DataException($"{path} is missing. Unpack the archive cifar-10-binary.tar.gz again.");
        }

        return file.Length > 0 && file.Length % RecordBytes == 0
            ? checked((int)(file.Length / RecordBytes))
            : throw new DataException(
                $"{path} is damaged: {file.Length} bytes are not a whole number of {RecordBytes}-byte records. Unpack the archive again."
            );
    }

    private static void ReadFile(string path, Span<int> labels, Span<byte> pixels)
    {
        var record = ArrayPool<byte>.Shared.Rent(RecordBytes);
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
            for (var i = 0; i < labels.Length; i++)
            {
                file.ReadExactly(record, 0, RecordBytes);
                labels[i] = record[0];
                if (record[0] > 9)
                {
                    throw new DataException($"{path} is damaged: record {i} has label {record[0]}, not 0 to 9. Unpack the archive again.");
                }

                Interleave(record.AsSpan(1, 3 * PlaneBytes), pixels.Slice(i * 3 * PlaneBytes, 3 * PlaneBytes));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read: {error.Message.TrimEnd('.')}. Unpack the archive again.", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(record);
        }
    }

    private static void Interleave(ReadOnlySpan<byte> planes, Span<byte> rgb)
    {
        var red = planes[..PlaneBytes];
        var green = planes.Slice(PlaneBytes, PlaneBytes);
        var blue = planes.Slice(2 * PlaneBytes, PlaneBytes);
        for (int i = 0, o = 0; i < PlaneBytes; i++, o += 3)
        {
            rgb[o] = red[i];
            rgb[o + 1] = green[i];
            rgb[o + 2] = blue[i];
        }
    }
}
