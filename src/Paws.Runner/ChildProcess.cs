using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Paws.Runner;

/// <summary>Starting this program again, and talking to what was started.</summary>
internal static partial class ChildProcess
{
    /// <summary>The words that start this program: itself, or dotnet and its assembly.</summary>
    public static IReadOnlyList<string> Self()
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Assembly.GetEntryAssembly()!.Location] : [program];
    }

    /// <summary>Sends a signal; on Windows, which has none, does nothing.</summary>
    public static void Signal(Process process, int signal)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = Kill(process.Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
