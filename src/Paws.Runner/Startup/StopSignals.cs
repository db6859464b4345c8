using System.Diagnostics;
using System.Runtime.InteropServices;
using Paws.Runner.Commands;

namespace Paws.Runner.Startup;

/// <summary>
/// The signals that ask a process to stop, all treated alike: Ctrl-C, a polite kill, a terminal that was closed, a batch system's warning.
/// The first asks the work to save and end, and says so in a line; the second ends the process at once.
/// </summary>
internal sealed partial class StopSignals : IDisposable
{
    /// <summary>
    /// Whoever stops a whole group of processes, or a process and its parent, delivers the same wish twice: this soon, a second signal is
    /// an echo, unless somebody at a terminal has pressed Ctrl-C again.
    /// </summary>
    private static readonly TimeSpan Echo = TimeSpan.FromSeconds(1.5);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private readonly TextWriter error;
    private readonly string words;
    private long firstAt;
    private int number;

    /// <param name="error">Where the line goes.</param>
    /// <param name="words">What happens now, as it follows "stopping".</param>
    public StopSignals(TextWriter error, string words)
    {
        (this.error, this.words) = (error, words);
        PosixSignal[] signals = OperatingSystem.IsWindows()
            ? [PosixSignal.SIGINT, PosixSignal.SIGTERM]
            : [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, User];
        foreach (var signal in signals)
        {
            // nohup: who started this wants it to outlive its terminal.
            if (signal != PosixSignal.SIGHUP || !IgnoresHangUp())
            {
                registrations.Add(PosixSignalRegistration.Create(signal, Take));
            }
        }
    }

    /// <summary>SIGUSR1: a batch system's warning before its time is up; mpirun passes it on to its ranks.</summary>
    public static PosixSignal User => (PosixSignal)(OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? 30 : 10);

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => stop.Token;

    /// <summary>Done before the process ends at the second signal.</summary>
    public Action? AtOnce { get; init; }

    /// <summary>What a process that was stopped ends with: 128 and the number of the signal, 130 for Ctrl-C.</summary>
    public int ExitCode => number > 0 ? 128 + number : Failure.Stopped;

    /// <summary>What happens now, by the verb of a command line.</summary>
    public static string WordsFor(string? verb) =>
        verb switch
        {
            "train" or "finetune" => " after this step and saving",
            "repro" => " when the runs under way have saved",
            _ => "",
        };

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }
        stop.Dispose();
    }

    private void Take(PosixSignalContext signal)
    {
        lock (gate)
        {
            signal.Cancel = true;
            if (number == 0)
            {
                number = NumberOf(signal.Signal);
                firstAt = Stopwatch.GetTimestamp();
                error.WriteLine($"paws: stopping{words}; again to end at once");
                error.Flush();
            }
            else if (Stopwatch.GetElapsedTime(firstAt) < Echo && !(signal.Signal == PosixSignal.SIGINT && AtTerminal()))
            {
                return;
            }
            else
            {
                AtOnce?.Invoke();
                End(signal);
                return;
            }
        }
        // Outside the lock: whoever waits for the token may take his time, and a second signal must still get through.
        stop.Cancel();
    }

    private static void End(PosixSignalContext signal)
    {
        if (OperatingSystem.IsWindows())
        {
            signal.Cancel = false;
        }
        else
        {
            ExitNow(128 + NumberOf(signal.Signal));
        }
    }

    private static int NumberOf(PosixSignal signal) =>
        signal switch
        {
            PosixSignal.SIGHUP => 1,
            PosixSignal.SIGINT => 2,
            PosixSignal.SIGTERM => 15,
            _ => (int)signal,
        };

    private static bool AtTerminal() => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Whether SIGHUP was set to be ignored when the process started.</summary>
    private static bool IgnoresHangUp()
    {
        const string status = "/proc/self/status",
            ignored = "SigIgn:";
        try
        {
            return File.Exists(status)
                && File.ReadLines(status).FirstOrDefault(line => line.StartsWith(ignored, StringComparison.Ordinal)) is { } line
                && (Convert.ToUInt64(line[ignored.Length..].Trim(), 16) & 1) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int code);
}
