using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// Takes the phases of a run one after the other from where each stands to its end. A phase that has ended leaves its weights in files
/// of their own, and is not trained again when the run goes on.
/// </summary>
/// <param name="run">The run under way.</param>
/// <param name="from">Where it is taken up again.</param>
internal sealed class PhaseRunner(RunContext run, Resumed from)
{
    /// <summary>Trains a phase that is needed no longer than that; when it has ended before, takes the encoder's weights from their file.</summary>
    public void Train(string name, Encoder encoder, PhaseFiles files, Func<IPhase> create)
    {
        if (run.State.Of(name).Done)
        {
            Load(files.Weights, RunContext.EncoderState(encoder));
            return;
        }
        using var phase = create();
        Train(phase, files);
    }

    /// <summary>Trains the caller's phase; when it has ended before, takes the weights of encoder and classifier from their files.</summary>
    public void Train(IPhase phase, PhaseFiles files)
    {
        var state = run.State.Of(phase.Name);
        var classifies = files.Classifier is not null && phase.Classifier.Any();
        if (state.Done)
        {
            Load(files.Weights, RunContext.EncoderState(phase.Encoder));
            if (classifies)
            {
                Load(files.Classifier!, phase.Classifier);
            }
            return;
        }
        state.TotalSteps = phase.TotalSteps;
        if (from.Phase == phase.Name)
        {
            Share(
                run.Ranks,
                [.. RunContext.EncoderState(phase.Encoder, RunCheckpoint.EncoderPrefix).Concat(phase.State)],
                tensors =>
                {
                    foreach (var (tensor, value) in tensors)
                    {
                        from.Checkpoint!.Tensors.ReadInto(tensor, value);
                    }
                }
            );
        }
        run.Metrics?.ResumeAt(phase.Name, state.Step);
        run.Metrics?.ResumeAt(phase.Name + Phase.HeldOut, state.Step);
        new TrainingLoop(run, phase).Run(state);
        if (phase is ClassifierPhase)
        {
            run.Save(phase, state); // what follows puts other weights in their place, and may be stopped
        }
        phase.Finish(state);
        if (run.Ranks.Leads)
        {
            run.RequireFinite(phase, state, RunContext.EncoderState(phase.Encoder).Concat(phase.Classifier));
            RunCheckpoint.SaveModel(PathOf(files.Weights), RunContext.EncoderState(phase.Encoder));
            if (classifies)
            {
                RunCheckpoint.SaveModel(PathOf(files.Classifier!), phase.Classifier);
            }
        }
        state.Done = true;
        run.Save(phase, state);
    }

    private string PathOf(string file) => Path.Combine(run.Directory, file);

    private void Load(string file, IEnumerable<(string Name, torch.Tensor Value)> tensors) =>
        Share(run.Ranks, [.. tensors], targets => CheckpointLoader.LoadEncoder(PathOf(file), targets));

    /// <summary>Tensors that the rank that leads reads from a file, on all ranks.</summary>
    private static void Share(
        Workers ranks,
        (string Name, torch.Tensor Value)[] tensors,
        Action<IEnumerable<(string Name, torch.Tensor Value)>> read
    )
    {
        ranks.Together(() =>
        {
            if (ranks.Leads)
            {
                read(tensors);
            }
            return true;
        });
        using var frozen = torch.no_grad();
        foreach (var (_, value) in tensors)
        {
            ranks.Broadcast(value);
        }
    }
}
