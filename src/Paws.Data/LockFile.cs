using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Paws.Data;

/// <summary>
/// A lock that processes respect among each other: an open file that no other process can open so. It holds the name of its owner, and
/// is free again when the owner ends, however it ends.
/// </summary>
internal sealed partial class LockFile : IDisposable
{
    private const int MostBytes = 512;

    private readonly FileStream stream;
    private readonly string path;
    private readonly bool keep;
    private bool givenBack;

    private LockFile(FileStream stream, string path, bool keep, LockHolder? leftBy)
    {
        (this.stream, this.path, this.keep, LeftBy) = (stream, path, keep, leftBy);
    }

    /// <summary>Who held it last and ended without giving it back; else null.</summary>
    public LockHolder? LeftBy { get; }

    /// <summary>Takes the lock if it is free.</summary>
    /// <param name="path">Its file; the folder is there.</param>
    /// <param name="holder">Who has it, where it is not free; null where that is not known.</param>
    /// <param name="mode">CreateNew takes it only where there is no file.</param>
    /// <param name="keep">Leave the file, empty, when the lock is given back.</param>
    /// <exception cref="IOException">The file cannot be opened for another reason than that somebody has it open.</exception>
    public static LockFile? TryTake(string path, out LockHolder? holder, FileMode mode = FileMode.OpenOrCreate, bool keep = false)
    {
        while (true)
        {
            FileStream stream;
            try
            {
                stream = Open(path, mode);
            }
            catch (IOException error) when (IsHeld(error) || (mode == FileMode.CreateNew && File.Exists(path)))
            {
                holder = HolderOf(path);
                return null;
            }
            var before = LockHolder.Parse(ReadAll(stream));
            // Where the file system holds no locks, an open file proves nothing: then the name in it counts.
            if (before is not null && !keep && (before.IsAlive || !before.IsHere) && !Holds(path))
            {
                stream.Dispose();
                holder = before;
                return null;
            }
            var words = $"{LockHolder.Self} {Guid.NewGuid():N}\n";
            stream.SetLength(0);
            stream.Position = 0;
            stream.Write(Encoding.UTF8.GetBytes(words));
            stream.Flush();
            // Its last owner may have removed the file between our opening and our locking it: then what we hold is nobody's any more.
            if (OperatingSystem.IsWindows() || ReadUnlocked(path) == words)
            {
                holder = null;
                return new LockFile(stream, path, keep, before);
            }
            stream.Dispose();
        }
    }

    /// <summary>Who has the lock, as far as its file says; null where it names nobody.</summary>
    public static LockHolder? HolderOf(string path) => ReadUnlocked(path) is { } text ? LockHolder.Parse(text) : null;

    /// <summary>Whether somebody has the lock now, and who, as far as that is known.</summary>
    public static bool IsTaken(string path, out LockHolder? holder)
    {
        holder = null;
        if (!File.Exists(path))
        {
            return false;
        }
        try
        {
            Open(path, FileMode.Open).Dispose();
            return false;
        }
        catch (IOException error)
        {
            holder = HolderOf(path);
            return IsHeld(error);
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose()
    {
        if (givenBack)
        {
            return;
        }
        givenBack = true;
        try
        {
            stream.SetLength(0);
            // While it is still held, so that nobody's new lock is removed.
            if (!keep && !OperatingSystem.IsWindows())
            {
                File.Delete(path);
            }
            stream.Dispose();
            if (!keep && OperatingSystem.IsWindows())
            {
                File.Delete(path);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            stream.Dispose(); // the folder is gone, or somebody was quicker; the lock is free either way
        }
    }

    private static FileStream Open(string path, FileMode mode) =>
        // On Unix, sharing of any kind is no lock against another writer; on Windows, sharing to readers is.
        new(path, mode, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None, 1);

    /// <summary>Whether the failure to open a file is that another process has it open.</summary>
    private static bool IsHeld(IOException error) =>
        OperatingSystem.IsWindows()
            ? (error.HResult & 0xFFFF) is 32 or 33
            : error.HResult == (OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? 35 : 11);

    /// <summary>Whether a lock that this process has keeps it from opening the file again.</summary>
    private static bool Holds(string path)
    {
        try
        {
            Open(path, FileMode.Open).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static string ReadAll(FileStream stream)
    {
        var bytes = new byte[MostBytes];
        return Encoding.UTF8.GetString(bytes.AsSpan(0, stream.ReadAtLeast(bytes, MostBytes, throwOnEndOfStream: false)));
    }

    /// <summary>The file's text although somebody has it locked; null where it is not there.</summary>
    private static string? ReadUnlocked(string path)
    {
        try
        {
            // .NET's own ways of opening a file ask for a lock too.
            using var handle = OperatingSystem.IsWindows()
                ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
                : new SafeFileHandle(OpenUnlocked(path, 0), ownsHandle: true);
            if (handle.IsInvalid)
            {
                return null;
            }
            var bytes = new byte[MostBytes];
            return Encoding.UTF8.GetString(bytes.AsSpan(0, RandomAccess.Read(handle, bytes, 0)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenUnlocked(string path, int flags);
}
