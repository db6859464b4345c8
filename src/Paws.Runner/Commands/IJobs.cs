using Paws.Runner.Reporting;

namespace Paws.Runner.Commands;

/// <summary>
/// The work behind the verbs. Each returns the exit code: 0 when done. A stop asked for through the token ends in
/// <see cref="OperationCanceledException"/> once everything is safely on disk.
/// </summary>
public interface IJobs
{
    /// <summary>Trains, evaluates, writes the run directory.</summary>
    int Train(TrainRequest request, CommandConsole console, CancellationToken stop);

    /// <summary>Evaluates a run with PAWS-NN.</summary>
    int Eval(EvalRequest request, CommandConsole console, CancellationToken stop);

    /// <summary>Fine-tunes a run's encoder on the labeled images.</summary>
    int Finetune(FinetuneRequest request, CommandConsole console, CancellationToken stop);
}
