using Paws.Runner.Commands;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>The work behind the verbs; pre-training minimises the experiment's objective, or the published one.</summary>
/// <param name="experiment">The experiment; null for the published objective.</param>
/// <param name="ranks">This process among the ranks of a job.</param>
/// <param name="signals">
/// The token that signals cancel, which is heeded everywhere, from the start. Any other that is cancelled from the start asks for one step at
/// a time: opened, a step, saved.
/// </param>
internal sealed class Jobs(Experiment? experiment = null, Workers? ranks = null, CancellationToken signals = default) : IJobs
{
    public int Train(TrainRequest request, CommandConsole console, CancellationToken stop)
    {
        new TrainingJob(request, experiment, console, stop, ranks) { Waits = Waits(stop) }.Run();
        return 0;
    }

    public int Eval(EvalRequest request, CommandConsole console, CancellationToken stop)
    {
        OneProcess("eval");
        EvaluationJob.Run(request, console, Waits(stop));
        return 0;
    }

    public int Finetune(FinetuneRequest request, CommandConsole console, CancellationToken stop)
    {
        OneProcess("finetune");
        FinetuneJob.Run(request, console, stop, Waits(stop));
        return 0;
    }

    /// <summary>The token for what is not a step: opening data, waiting for a batch, evaluation.</summary>
    private CancellationToken Waits(CancellationToken stop)
    {
        if (stop == signals)
        {
            stop.ThrowIfCancellationRequested();
            return stop;
        }
        return stop.IsCancellationRequested ? CancellationToken.None : stop;
    }

    private void OneProcess(string verb)
    {
        if (ranks is { Alone: false })
        {
            throw new UserErrorException($"paws {verb} is the work of one process; start it without mpirun, srun and torchrun");
        }
    }
}
