using System.Text;

namespace Paws.Runner;

/// <summary>
/// Writes files so that a reader sees the old contents or the new, never a part: the bytes go to <c>path.part</c> in the same
/// folder, are flushed to disk, and the file is renamed over <c>path</c>. A failure removes the part and leaves the old file.
/// </summary>
public static class AtomicFile
{
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
        string part = path + ".part";
        bool created = false;
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
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
