using System.Text.RegularExpressions;
using Paws.Data;
using Paws.Runner.Parallel;
using Paws.Runner.Startup;

namespace Paws.Runner.Commands;

/// <summary>What a failure looks like from outside: one line on standard error that says what to do, and an exit code.</summary>
internal static partial class Failure
{
    /// <summary>Exit code of a mistake of the user's, or of something about the machine that the user can mend.</summary>
    public const int UserError = 2;

    /// <summary>Exit code of a run that was stopped, as shells have it for Ctrl-C.</summary>
    public const int Stopped = 130;

    /// <summary>Exit code of everything unexpected.</summary>
    public const int Unexpected = 1;

    /// <summary>Set to see the whole exception.</summary>
    public const string TraceVariable = "PAWS_TRACE";

    /// <summary>Prints what happened and returns the exit code.</summary>
    public static int Report(Exception e, TextWriter error, CancellationToken stop, int stoppedCode = Stopped)
    {
        if (Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 } and not "0")
        {
            error.WriteLine(e);
        }
        if (e is RanksStoppedException || (e is OperationCanceledException && stop.IsCancellationRequested))
        {
            var how = e is StoppedException ? e.Message : "continue a training run with --resume and its --out";
            error.WriteLine($"paws: stopped; {how}");
            return stoppedCode;
        }
        var (known, words) = InWords(e);
        Print(words, error);
        return known ? UserError : Unexpected;
    }

    /// <summary>What happened in words, lines as they are to be printed, and whether it is the user's to mend.</summary>
    public static (bool Known, string Words) InWords(Exception e) =>
        e is RankFailedException ranks ? (ranks.Code == UserError, ranks.Message)
        : Describe(e) is { } known ? (true, known)
        : (false, $"unexpected {e.GetType().Name}: {LibTorch.FirstLine(e)}; set {TraceVariable}=1 for details");

    private static void Print(string words, TextWriter error)
    {
        foreach (string line in words.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            error.WriteLine($"paws: error: {line}");
        }
    }

    /// <summary>The failure in words for the user, or null when it is none of the user's.</summary>
    private static string? Describe(Exception e) =>
        e switch
        {
            UserErrorException or DataException or CollectiveException => e.Message,
            _ when OutOfMemory.Describe(e) is { } words => words,
            IOException io when IsDiskFull(io) => $"disk full while writing{PathIn(io)}; free space and use --resume",
            UnauthorizedAccessException => $"permission denied{PathIn(e)}; change its permissions or choose another --out",
            AggregateException { InnerExceptions: [var only] } => Describe(only),
            TypeInitializationException or DllNotFoundException when IsAboutTorch(e) =>
                $"libtorch does not load: {LibTorch.FirstLine(e)}; run \"paws doctor\" for what to do",
            _ => null,
        };

    /// <summary>ENOSPC and EDQUOT on Unix, their two counterparts on Windows.</summary>
    private static bool IsDiskFull(IOException e) =>
        OperatingSystem.IsWindows()
            ? (e.HResult & 0xFFFF) is 112 or 39
            : e.HResult == 28 || e.HResult == (OperatingSystem.IsMacOS() ? 69 : 122);

    private static bool IsAboutTorch(Exception e) => e.ToString().Contains("torch", StringComparison.OrdinalIgnoreCase);

    /// <summary>The path that the runtime puts in quotes at the end of its messages.</summary>
    private static string PathIn(Exception e) =>
        QuotedPath().Match(e.Message) is { Success: true } match ? $" {match.Groups[1].Value}" : "";

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex QuotedPath();
}
