using System.Runtime.InteropServices;
using Paws.Runner.Commands;

using var stop = new CancellationTokenSource();

// The first Ctrl-C (or a polite kill) asks the job to save and end; the second ends the process as usual.
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopOnce);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopOnce);

return CommandLine.Run(
    args,
    new CommandHost
    {
        Jobs = new Paws.Runner.Training.Jobs(),
        Output = Console.Out,
        Error = Console.Error,
        Stop = stop.Token,
        CommandLine = string.Join(' ', args.Prepend("paws")),
    }
);

void StopOnce(PosixSignalContext signal)
{
    if (!stop.IsCancellationRequested)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
