using System.Diagnostics;
using System.Globalization;

namespace Paws.Data;

/// <summary>The process that holds a lock, as it stands in the lock's file.</summary>
/// <param name="Host">The machine's name.</param>
/// <param name="ProcessId">The process's number there.</param>
/// <param name="Since">When the process started.</param>
internal sealed record LockHolder(string Host, int ProcessId, DateTimeOffset Since)
{
    /// <summary>This process.</summary>
    public static LockHolder Self { get; } = new(Environment.MachineName, Environment.ProcessId, StartOf(Process.GetCurrentProcess()));

    /// <summary>Whether it is, or was, a process of this machine.</summary>
    public bool IsHere => Host == Environment.MachineName;

    /// <summary>Whether it is a process of this machine that still runs. A number that was given to another process since does not count.</summary>
    public bool IsAlive
    {
        get
        {
            if (!IsHere)
            {
                return false;
            }
            try
            {
                using var process = Process.GetProcessById(ProcessId);
                return (StartOf(process) - Since).Duration() < TimeSpan.FromSeconds(2);
            }
            catch (Exception error) when (error is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }

    /// <summary>For messages.</summary>
    public string Words =>
        string.Create(CultureInfo.InvariantCulture, $"process {ProcessId} on {Host} since {Since.ToLocalTime():yyyy-MM-dd HH:mm:ss}");

    /// <summary>From a lock's file; null where it names nobody.</summary>
    public static LockHolder? Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return
            words.Length >= 3
            && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            && DateTimeOffset.TryParse(words[2], CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var since)
            ? new(words[0], process, since)
            : null;
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host} {ProcessId} {Since:O}");

    private static DateTimeOffset StartOf(Process process) => new(process.StartTime);
}
