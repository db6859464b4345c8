using Paws.Runner.Commands;
using Paws.Runner.Parallel;
using Paws.Runner.Startup;

namespace Paws.Runner;

/// <summary>The paws command. A program of one's own that calls <see cref="Run"/> is the same command with another objective.</summary>
public static class PawsProgram
{
    /// <summary>Runs a command line, until it is done or stopped by Ctrl-C.</summary>
    /// <param name="arguments">As after <c>paws</c>: <c>train --epochs 2</c>.</param>
    /// <param name="experiment">What pre-training minimises; null for the published PAWS objective.</param>
    /// <returns>0 done, 2 a mistake of the user's, 130 stopped by Ctrl-C, 128 + its number by another signal, 1 anything else.</returns>
    public static int Run(IReadOnlyList<string> arguments, Experiment? experiment = null)
    {
        ParentWatch.Begin();
        try
        {
            // Who starts local ranks does nothing else.
            if (LocalRanks.Asked(arguments) is { } number)
            {
                return LocalRanks.Run(number, arguments);
            }
            using var ranks = Joining.Join(Launch.Detect());
            return RunAs(ranks, arguments, experiment);
        }
        catch (Exception e)
        {
            return Failure.Report(e, Console.Error, CancellationToken.None);
        }
    }

    private static int RunAs(Workers ranks, IReadOnlyList<string> arguments, Experiment? experiment)
    {
        // mpirun hands a stop on to all ranks; one of them says so.
        using var signals = new StopSignals(
            ranks.Leads ? Console.Error : TextWriter.Null,
            StopSignals.WordsFor(arguments.Count > 0 ? arguments[0] : null)
        );
        return CommandLine.Run(
            arguments,
            new CommandHost
            {
                Jobs = new Training.Jobs(experiment, ranks, signals.Token),
                Experiment = experiment,
                Ranks = ranks,
                Output = ranks.Leads ? Console.Out : TextWriter.Null,
                Error = Console.Error,
                Stop = signals.Token,
                StopCode = () => signals.ExitCode,
                CommandLine = string.Join(' ', arguments.Prepend("paws")),
            }
        );
    }
}
