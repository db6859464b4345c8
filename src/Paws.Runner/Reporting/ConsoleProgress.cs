using Spectre.Console;

namespace Paws.Runner.Reporting;

/// <summary>Chooses how progress is shown.</summary>
public static class ConsoleProgress
{
    /// <summary>Seconds between plain lines.</summary>
    public const int PlainSeconds = 10;

    /// <summary>A moving bar on a terminal, plain lines every <paramref name="every"/> (10 s) anywhere else.</summary>
    public static IProgressView Create(IAnsiConsole console, TimeSpan? every = null, TimeProvider? clock = null) =>
        console.Profile.Capabilities is { Interactive: true, Ansi: true }
            ? new LiveProgress(console, clock ?? TimeProvider.System)
            : new PlainProgress(console, every ?? TimeSpan.FromSeconds(PlainSeconds), clock ?? TimeProvider.System);
}
