using System.Globalization;
using System.Text.RegularExpressions;

namespace Paws.Runner.Parallel;

/// <summary>Reads what mpirun writes on standard error among the ranks' own lines: who ended, and how.</summary>
internal sealed partial class MpirunReport
{
    private bool inBlock;
    private bool said; // some rank has told in its own words what is wrong

    /// <summary>What to tell the user: a rank was killed, or ended without a word; null where there is nothing to add.</summary>
    public string? Died { get; private set; }

    /// <summary>The exit code of the rank that ended the job, as mpirun reports it.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Takes a line in. True if it is a rank's, to be shown; mpirun's own are framed by dashes, or name themselves.</summary>
    public bool Take(string line)
    {
        if (Frame().IsMatch(line))
        {
            inBlock = !inBlock;
            return false;
        }
        if (Signal().Match(line) is { Success: true } signal)
        {
            var (rank, number) = (signal.Groups[1].Value, signal.Groups[2].Value);
            Died ??= $"rank {rank} was killed (signal {number}); all ranks have been stopped: go on from the last checkpoint with --resume";
            return false;
        }
        if (Process().Match(line) is { Success: true } process)
        {
            lastRank = process.Groups[1].Value;
            return false;
        }
        if (Exit().Match(line) is { Success: true } exit)
        {
            ExitCode = int.Parse(exit.Groups[1].Value, CultureInfo.InvariantCulture);
            if (!said)
            {
                Died ??=
                    $"rank {lastRank} ended with code {ExitCode}; all ranks have been stopped: go on from the last checkpoint with --resume";
            }
            return false;
        }
        if (inBlock || Own().IsMatch(line))
        {
            return false;
        }
        said |= line.StartsWith("paws: ", StringComparison.Ordinal);
        return true;
    }

    private string lastRank = "?";

    [GeneratedRegex("^-{60,}$")]
    private static partial Regex Frame();

    [GeneratedRegex(@"process rank (\d+) with PID \d+ on node \S+ exited on signal (\d+)")]
    private static partial Regex Signal();

    [GeneratedRegex(@"^\s+Process name: \[\[\d+,\d+\],(\d+)\]")]
    private static partial Regex Process();

    [GeneratedRegex(@"^\s+Exit code:\s+(\d+)")]
    private static partial Regex Exit();

    [GeneratedRegex(@"^(mpirun|prterun|orterun)\b|^\[\S+:\d+\] ")]
    private static partial Regex Own();
}
