using System.Globalization;
using System.Runtime.InteropServices;

namespace Paws.Runner.Startup;

/// <summary>
/// Keeps a process that another paws started from outliving it: when the one that is named in its environment is gone, it asks itself to
/// stop, as a polite kill would.
/// </summary>
internal static partial class ParentWatch
{
    /// <summary>The variable that names the parent: its number, and when it started as the system counts.</summary>
    public const string Variable = "PAWS_PARENT";

    private const int Terminate = 15; // SIGTERM

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(0.5);

    /// <summary>What children of this process find in their environment.</summary>
    public static string Self =>
        string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {StartOf(Environment.ProcessId) ?? ""}");

    /// <summary>Watches the parent if one is named. What this process starts in turn does not inherit the name.</summary>
    public static void Begin()
    {
        var words = (Environment.GetEnvironmentVariable(Variable) ?? "").Split(' ');
        Environment.SetEnvironmentVariable(Variable, null);
        if (
            OperatingSystem.IsWindows()
            || !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var parent)
            || parent <= 1
        )
        {
            return;
        }
        var start = words.ElementAtOrDefault(1) is { Length: > 0 } given ? given : null;
        var thread = new Thread(() => Watch(parent, start)) { IsBackground = true, Name = "paws parent" };
        thread.Start();
    }

    private static void Watch(int parent, string? start)
    {
        while (IsThere(parent, start))
        {
            Thread.Sleep(Every);
        }
        _ = Kill(Environment.ProcessId, Terminate);
    }

    private static bool IsThere(int process, string? start) => start is null ? Kill(process, 0) == 0 : StartOf(process) == start;

    /// <summary>
    /// When a process started, in ticks since the machine did, from /proc; null where it has ended (also where nobody has asked how yet) or
    /// where there is no /proc.
    /// </summary>
    private static string? StartOf(int process)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            // The name, in parentheses, may hold anything.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
