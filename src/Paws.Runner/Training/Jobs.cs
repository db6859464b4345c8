using Paws.Runner.Commands;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>The work behind the verbs; pre-training minimises the experiment's objective, or the published one.</summary>
internal sealed class Jobs(Experiment? experiment = null, Workers? ranks = null) : IJobs
{
    public int Train(TrainRequest request, CommandConsole console, CancellationToken stop)
    {
        new TrainingJob(request, experiment, console, stop, ranks).Run();
        return 0;
    }

    public int Eval(EvalRequest request, CommandConsole console, CancellationToken stop)
    {
        OneProcess("eval");
        EvaluationJob.Run(request, console);
        return 0;
    }

    public int Finetune(FinetuneRequest request, CommandConsole console, CancellationToken stop)
    {
        OneProcess("finetune");
        FinetuneJob.Run(request, console, stop);
        return 0;
    }

    private void OneProcess(string verb)
    {
        if (ranks is { Alone: false })
        {
            throw new UserErrorException($"paws {verb} is the work of one process; start it without mpirun, srun and torchrun");
        }
    }
}
