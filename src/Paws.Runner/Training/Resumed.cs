using System.Text.Json.Nodes;
using Paws.Runner.Checkpoints;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>Where a run is taken up again.</summary>
/// <param name="Phase">The phase under way, on all ranks; empty for a run that begins.</param>
/// <param name="Progress">How far each phase had come, on all ranks.</param>
/// <param name="Checkpoint">The tensors, on the rank that leads; null for a run that begins.</param>
internal sealed record Resumed(string Phase, RunProgress Progress, RunCheckpoint? Checkpoint) : IDisposable
{
    /// <summary>From the checkpoint in a directory, where it is to be resumed and has one; otherwise from the beginning.</summary>
    public static Resumed From(string directory, bool resume, Workers ranks, CommandConsole console)
    {
        var checkpoint = ranks.Together(() => resume && ranks.Leads ? Open(directory, console) : null);
        var phase = ranks.Broadcast(checkpoint?.State.Phase ?? "");
        var extra = ranks.Broadcast(checkpoint?.State.Extra.ToJsonString() ?? "{}");
        var progress = phase.Length == 0 ? new RunProgress() : RunProgress.Of(JsonNode.Parse(extra)!.AsObject());
        return new Resumed(phase, progress, checkpoint);
    }

    /// <inheritdoc />
    public void Dispose() => Checkpoint?.Dispose();

    private static RunCheckpoint? Open(string directory, CommandConsole console)
    {
        var path = Path.Combine(directory, RunCheckpoint.FileName);
        if (!RunCheckpoint.Exists(path))
        {
            console.Say($"{directory} has no checkpoint yet: starting from the beginning");
            return null;
        }
        var checkpoint = RunCheckpoint.Load(path);
        // Earlier versions saved weights that had diverged.
        if (FirstNot(checkpoint) is { } name)
        {
            var previous = RunCheckpoint.PreviousOf(path);
            checkpoint.Dispose();
            checkpoint = File.Exists(previous) ? RunCheckpoint.Load(previous) : null;
            if (checkpoint is null || FirstNot(checkpoint) is not null)
            {
                checkpoint?.Dispose();
                throw new UserErrorException(
                    $"the run in {directory} has diverged: its checkpoint holds weights that are not finite numbers ({name}), and there is no "
                        + "earlier one; start a new run with another --out and a lower learning rate"
                );
            }
            console.Warn($"{path} holds weights that are not finite numbers ({name}): going on from {previous} instead");
        }
        if (checkpoint.Notice is { } notice)
        {
            console.Say(notice);
        }
        console.Say($"continuing {checkpoint.State.Phase} after step {checkpoint.State.Step}");
        return checkpoint;
    }

    private static string? FirstNot(RunCheckpoint checkpoint)
    {
        using var scope = torch.NewDisposeScope();
        return Finite.FirstNot(
            checkpoint.Tensors.Names.Where(name => name != BestEpoch.JudgedName).Select(name => (name, checkpoint.Tensors.Read(name)))
        );
    }
}
