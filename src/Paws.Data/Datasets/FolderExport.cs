using System.Runtime.InteropServices;
using SkiaSharp;

namespace Paws.Data.Datasets;

/// <summary>
/// Writes any data set as <c>train</c> and <c>test</c> folders of class folders of PNG files, and training images without a class into
/// <c>unlabeled</c> beside them, which <see cref="ImageFolder"/> opens.
/// </summary>
public static class FolderExport
{
    private const string LockName = ".lock";

    /// <summary>Writes both parts aside and renames them into place, so that a folder is whole or absent.</summary>
    /// <param name="data">What to write.</param>
    /// <param name="folder">A folder that does not exist yet, or is empty.</param>
    /// <param name="progress">Called with (done, total) images, from any thread.</param>
    /// <param name="cancellation">Asks to stop; nothing is left then.</param>
    /// <exception cref="DataException">The folder is in use, or cannot be written.</exception>
    public static void WriteTo(DatasetPair data, string folder, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new DataException($"{folder} exists already. Name a new folder, or delete this one first.");
        }

        var aside = $"{folder}.{Guid.NewGuid():N}.tmp";
        LockFile? mine = null;
        try
        {
            DeleteLeftovers(folder);
            Directory.CreateDirectory(aside);
            mine = LockFile.TryTake(Path.Combine(aside, LockName), out _);
            var steps = new Steps(data.Train.Count + data.Test.Count, progress);
            if (data.WithoutClass > 0)
            {
                Directory.CreateDirectory(Path.Combine(aside, ImageFolder.UnlabeledFolder));
            }

            WritePart(data.Train, aside, "train", steps, cancellation);
            WritePart(data.Test, aside, "test", steps, cancellation);
            mine?.Dispose();
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder);
            }

            Directory.Move(aside, folder);
        }
        catch (Exception error) when (Unwrap(error) is IOException or UnauthorizedAccessException)
        {
            throw new DataException(
                $"{folder} cannot be written: {Unwrap(error).Message.TrimEnd('.')}. Free some space, or name another folder.",
                error
            );
        }
        finally
        {
            mine?.Dispose();
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }
        }
    }

    /// <summary>
    /// What processes left half made that were killed while they wrote to the same folder. One that is still being written is locked.
    /// </summary>
    private static void DeleteLeftovers(string folder)
    {
        if (Path.GetDirectoryName(folder) is not { } parent || !Directory.Exists(parent))
        {
            return;
        }
        foreach (var leftover in Directory.EnumerateDirectories(parent, Path.GetFileName(folder) + ".*.tmp"))
        {
            var name = Path.GetFileName(leftover)[(Path.GetFileName(folder).Length + 1)..^".tmp".Length];
            if (Guid.TryParseExact(name, "N", out _) && LockFile.TryTake(Path.Combine(leftover, LockName), out _) is { } dead)
            {
                dead.Dispose();
                Directory.Delete(leftover, recursive: true);
            }
        }
    }

    private static Exception Unwrap(Exception error) => error is AggregateException { InnerException: { } first } ? first : error;

    private static void WritePart(IImageDataset part, string root, string name, Steps steps, CancellationToken cancellation)
    {
        string[] classes = [.. part.Classes.Select(folder => Directory.CreateDirectory(Path.Combine(root, name, folder)).FullName)];
        var unlabeled = Path.Combine(root, ImageFolder.UnlabeledFolder);

        // Numbered by index over the whole part: the order inside a class is kept.
        Parallel.For(
            0,
            part.Count,
            new ParallelOptions { CancellationToken = cancellation },
            i =>
            {
                var folder = part.Labels[i] == IImageDataset.NoClass ? unlabeled : classes[part.Labels[i]];
                File.WriteAllBytes(Path.Combine(folder, $"{i:D7}.png"), Png(part.Read(i)));
                steps.Advance();
            }
        );
    }

    /// <summary>An image as a PNG file.</summary>
    public static byte[] Png(RgbImage image)
    {
        var rgb = image.Pixels.Span;
        var rgba = new byte[image.Width * image.Height * 4];
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += 4)
        {
            rgba[to] = rgb[from];
            rgba[to + 1] = rgb[from + 1];
            rgba[to + 2] = rgb[from + 2];
            rgba[to + 3] = 255;
        }

        var pinned = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        try
        {
            var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
            using var map = new SKPixmap(info, pinned.AddrOfPinnedObject());
            using var data = map.Encode(SKPngEncoderOptions.Default);
            return data?.ToArray() ?? throw new InvalidOperationException("PNG encoding failed");
        }
        finally
        {
            pinned.Free();
        }
    }
}
