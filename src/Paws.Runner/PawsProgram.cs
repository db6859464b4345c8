using System.Runtime.InteropServices;
using Paws.Runner.Commands;
using Paws.Runner.Parallel;

namespace Paws.Runner;

/// <summary>The paws command. A program of one's own that calls <see cref="Run"/> is the same command with another objective.</summary>
public static class PawsProgram
{
    /// <summary>Runs a command line, until it is done or stopped by Ctrl-C.</summary>
    /// <param name="arguments">As after <c>paws</c>: <c>train --epochs 2</c>.</param>
    /// <param name="experiment">What pre-training minimises; null for the published PAWS objective.</param>
    /// <returns>0 done, 2 a mistake of the user's, 130 stopped, 1 anything else.</returns>
    public static int Run(IReadOnlyList<string> arguments, Experiment? experiment = null)
    {
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
        using var stop = new CancellationTokenSource();

        // The first Ctrl-C (or a polite kill) asks the job to save and end; the second ends the process as usual.
        void StopOnce(PosixSignalContext signal)
        {
            if (!stop.IsCancellationRequested)
            {
                signal.Cancel = true;
                stop.Cancel();
            }
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopOnce);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopOnce);
        // mpirun hands this signal on to all ranks, where it would end them at other ones.
        using var user =
            ranks.Alone || OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(LocalRanks.StopSignal, StopOnce);
        return CommandLine.Run(
            arguments,
            new CommandHost
            {
                Jobs = new Training.Jobs(experiment, ranks),
                Experiment = experiment,
                Ranks = ranks,
                Output = ranks.Leads ? Console.Out : TextWriter.Null,
                Error = Console.Error,
                Stop = stop.Token,
                CommandLine = string.Join(' ', arguments.Prepend("paws")),
            }
        );
    }
}
