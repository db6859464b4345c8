namespace Paws.Runner;

/// <summary>The steps a file goes through on its way to disk, one method each, so that a test can fail or stop at any of them.</summary>
internal class FileSteps
{
    /// <summary>The real file system.</summary>
    public static readonly FileSteps Disk = new();

    private const int BufferBytes = 1 << 16;

    /// <summary>Makes a file that is not there, and opens it for writing.</summary>
    public virtual Stream Create(string path) => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);

    /// <summary>Returns once the bytes are on the disk, not only in the system's cache.</summary>
    public virtual void FlushToDisk(Stream stream)
    {
        if (stream is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }
        else
        {
            stream.Flush();
        }
    }

    /// <summary>Renames within a folder, over an existing file: one step that either happened or did not.</summary>
    public virtual void Move(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Removes a file.</summary>
    public virtual void Delete(string path) => File.Delete(path);
}
