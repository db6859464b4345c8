using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Paws.Runner;

/// <summary>
/// Writes files so that a reader sees the old contents or the new, never a part: the bytes go to a part in the same folder, whose
/// name nobody else has, are flushed to disk, and the part is renamed over <c>path</c>. A failure removes the part and leaves the old
/// file; a part that a killed process left is removed when the same file is written again.
/// </summary>
public static partial class AtomicFile
{
    private const string Extension = ".part";

    /// <summary>Parts of this process that are being written.</summary>
    private static readonly ConcurrentDictionary<string, bool> Open = [];

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes a file through a stream; missing folders are made.</summary>
    /// <exception cref="UserErrorException">The disk is full, or the place cannot be written.</exception>
    public static void Write(string path, Action<Stream> write) => Write(path, write, FileSteps.Disk);

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    /// <exception cref="UserErrorException">The disk is full, or the place cannot be written.</exception>
    public static void WriteAllText(string path, string text) => Write(path, stream => stream.Write(Utf8.GetBytes(text)));

    internal static void Write(string path, Action<Stream> write, FileSteps steps) =>
        Write(path, write, steps, part => steps.Move(part, path));

    /// <summary>As above, with the renaming left to <paramref name="publish"/>, which is given the finished part's name.</summary>
    internal static void Write(string path, Action<Stream> write, FileSteps steps, Action<string> publish)
    {
        string part = string.Create(
            CultureInfo.InvariantCulture,
            $"{path}.{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}{Extension}"
        );
        bool created = false;
        Open[part] = true;
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
                DeleteLeftovers(folder, Path.GetFileName(path), steps);
            }
            using (Stream stream = steps.Create(part))
            {
                created = true;
                write(stream);
                steps.FlushToDisk(stream);
            }
            publish(part);
        }
        catch (Exception failure)
        {
            // A part of someone else's, which kept us from creating ours, is not ours to remove.
            if (created)
            {
                Discard(part, steps);
            }
            if (failure is IOException or UnauthorizedAccessException)
            {
                throw new UserErrorException(Explain(path, failure), failure);
            }
            throw;
        }
        finally
        {
            Open.TryRemove(part, out _);
        }
    }

    /// <summary>Whether a file is such a part, finished or not.</summary>
    internal static bool IsPart(string path) => PartName().IsMatch(Path.GetFileName(path));

    /// <summary>Parts of the same file whose writer is gone.</summary>
    private static void DeleteLeftovers(string folder, string name, FileSteps steps)
    {
        foreach (
            string leftover in Directory.EnumerateFiles(folder, name + ".*" + Extension).Append(Path.Combine(folder, name + Extension))
        )
        {
            var match = PartName().Match(Path.GetFileName(leftover));
            bool ours = match.Success && match.Groups[1].Value == name && IsAbandoned(leftover, match.Groups[2].Value);
            bool older = Path.GetFileName(leftover) == name + Extension && File.Exists(leftover); // earlier versions knew one name
            if (ours || older)
            {
                Discard(leftover, steps);
            }
        }
    }

    private static bool IsAbandoned(string part, string process)
    {
        if (!int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
        {
            return false;
        }
        if (id == Environment.ProcessId)
        {
            return !Open.Keys.Any(open => Path.GetFileName(open) == Path.GetFileName(part));
        }
        try
        {
            using var other = Process.GetProcessById(id);
            return false;
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidOperationException)
        {
            // The number may be of a process on another machine, which would still be writing.
            return DateTime.UtcNow - File.GetLastWriteTimeUtc(part) > TimeSpan.FromHours(1);
        }
    }

    private static void Discard(string part, FileSteps steps)
    {
        try
        {
            steps.Delete(part);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What stopped the writing is what the user must hear about; the next write empties the leftover.
        }
    }

    [GeneratedRegex(@"^(.+)\.([0-9]+)-[0-9a-f]{8}\.part$")]
    private static partial Regex PartName();

    private static string Explain(string path, Exception failure) =>
        IsDiskFull(failure)
            ? $"The disk is full: {path} could not be written{(File.Exists(path) ? " (its earlier version is untouched)" : "")}. Free some space or choose another folder."
            : $"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")} Check the folder and its permissions.";

    /// <summary>No space left or quota exceeded, by the numbers Linux, macOS and Windows give them.</summary>
    internal static bool IsDiskFull(Exception failure)
    {
        const int noSpace = 28; // ENOSPC
        const int quotaLinux = 122; // EDQUOT
        const int quotaMac = 69; // EDQUOT
        const int diskFullWindows = unchecked((int)0x80070070); // ERROR_DISK_FULL
        const int handleDiskFullWindows = unchecked((int)0x80070027); // ERROR_HANDLE_DISK_FULL
        return failure is IOException && failure.HResult is noSpace or quotaLinux or quotaMac or diskFullWindows or handleDiskFullWindows;
    }
}
