using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Paws.Runner.Parallel;
using Paws.Runner.Startup;

namespace Paws.Runner;

/// <summary>
/// A process that this one starts and is answerable for. It is in a session of its own, so that a Ctrl-C at the terminal comes to its
/// parent alone, who asks it to stop; it is asked once, however often the parent is; and where it is a paws, it stops by itself when its
/// parent is gone.
/// </summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int Terminate = 15; // SIGTERM

    private int asked;

    private ChildProcess(Process process) => Process = process;

    /// <summary>The process itself.</summary>
    public Process Process { get; }

    /// <summary>The words that start this program: itself, or dotnet and its assembly.</summary>
    public static IReadOnlyList<string> Self()
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Assembly.GetEntryAssembly()!.Location] : [program];
    }

    /// <summary>Starts a process.</summary>
    /// <param name="words">Program and arguments.</param>
    /// <param name="arrange">Says which of its streams are redirected, and what else it finds in its environment.</param>
    public static ChildProcess Start(IReadOnlyList<string> words, Action<ProcessStartInfo> arrange)
    {
        if (LocalRanks.Find("setsid") is { } setsid)
        {
            words = [setsid, "--wait", .. words];
        }
        var start = new ProcessStartInfo(words[0]);
        foreach (var word in words.Skip(1))
        {
            start.ArgumentList.Add(word);
        }
        start.Environment[ParentWatch.Variable] = ParentWatch.Self;
        arrange(start);
        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Asks it to save and end, the first time it is called.</summary>
    /// <param name="signal">How; on Windows, which has no signals, nothing happens.</param>
    public void Ask(int signal = Terminate)
    {
        if (Interlocked.Exchange(ref asked, 1) == 0)
        {
            Send(signal);
        }
    }

    /// <summary>Ends it at once.</summary>
    public void End() => Send(Terminate);

    /// <summary>A child that still runs is asked to end: nobody would hear of it any more.</summary>
    public void Dispose()
    {
        Ask();
        Process.Dispose();
    }

    private void Send(int signal)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && !Process.HasExited)
            {
                _ = Kill(Process.Id, signal);
            }
        }
        catch (InvalidOperationException)
        {
            // It has ended, and is not known any more.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
