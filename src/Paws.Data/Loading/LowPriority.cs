using System.Runtime.InteropServices;

namespace Paws.Data.Loading;

/// <summary>
/// Lets a loader's thread stand back behind those that compute. libtorch's threads wait for each other actively: where one of
/// them has to wait for a loader that is many batches ahead, all of them do.
/// </summary>
internal static partial class LowPriority
{
    private const int OfProcess = 0;
    private const int CallingThread = 0;
    private const int Nice = 10;

    /// <summary>
    /// Lowers the priority of the calling thread for good. On Linux, where .NET's thread priorities do nothing, through the nice
    /// value, which is each thread's own there; elsewhere the priority that .NET gave the thread is enough.
    /// </summary>
    public static void Apply()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(OfProcess, CallingThread, Nice);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
