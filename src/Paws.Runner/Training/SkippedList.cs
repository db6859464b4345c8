using Paws.Data.Datasets;

namespace Paws.Runner.Training;

/// <summary>The images that a run met, could not read and replaced, one a line in its directory. Safe from any thread.</summary>
/// <param name="directory">The run directory; null where nothing is written.</param>
/// <param name="say">Told each image, once a run.</param>
internal sealed class SkippedList(string? directory, Action<string> say)
{
    /// <summary>Name of the file in the run directory.</summary>
    public const string FileName = "skipped.txt";

    private readonly Lock gate = new();
    private readonly HashSet<string> names = Read(directory);

    /// <summary>How many there are, those of earlier sittings included.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return names.Count;
            }
        }
    }

    /// <summary>Takes an image in.</summary>
    public void Add(SkippedImage image)
    {
        lock (gate)
        {
            if (!names.Add(image.Name))
            {
                return;
            }
            if (directory is not null)
            {
                File.AppendAllText(Path.Combine(directory, FileName), $"{image.Name}\t{image.Reason}\n");
            }
        }
        say($"{image.Name} cannot be read ({image.Reason}); another image of its class takes its place");
    }

    private static HashSet<string> Read(string? directory) =>
        directory is not null && File.Exists(Path.Combine(directory, FileName))
            ? [.. File.ReadLines(Path.Combine(directory, FileName)).Select(line => line.Split('\t')[0])]
            : [];
}
