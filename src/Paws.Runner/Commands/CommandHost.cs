using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;

namespace Paws.Runner.Commands;

/// <summary>What commands need from the process, so that a test can run them inside its own.</summary>
internal sealed class CommandHost
{
    /// <summary>The work behind train, eval and finetune.</summary>
    public required IJobs Jobs { get; init; }

    /// <summary>What pre-training minimises; null for the published objective.</summary>
    public Experiment? Experiment { get; init; }

    /// <summary>Standard output.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Standard error.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>This process among the ranks of a job.</summary>
    public Workers Ranks { get; init; } = Workers.Single;

    /// <summary>Set by Ctrl-C.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>The exit code of a command that was stopped.</summary>
    public Func<int> StopCode { get; init; } = static () => Failure.Stopped;

    /// <summary>The command line as typed.</summary>
    public string CommandLine { get; init; } = "paws";

    /// <summary>Local time, for the names of run directories.</summary>
    public DateTime Now { get; init; } = DateTime.Now;

    /// <summary>Refuses a device that is not there, before anything is written.</summary>
    public Action<string> CheckDevice { get; init; } = static name => LibTorch.Resolve(name);

    /// <summary>The console a command writes to.</summary>
    public CommandConsole Console(bool json) =>
        CommandConsole.ForProcess(json, Output, Ranks.Leads ? Error : TextWriter.Null, piped: !Ranks.Alone);
}
