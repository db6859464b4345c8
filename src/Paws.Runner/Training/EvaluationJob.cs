using System.Diagnostics;
using System.Text.Json.Nodes;
using Paws.Runner.Checkpoints;
using Paws.Runner.Commands;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>PAWS-NN of a run's encoder, or of any checkpoint that fits it.</summary>
internal static class EvaluationJob
{
    /// <summary>Evaluates on all test images and tells the result.</summary>
    public static void Run(EvalRequest request, CommandConsole console, CancellationToken stop = default)
    {
        var clock = Stopwatch.StartNew();
        var path = request.Checkpoint ?? WeightsOf(request.RunDirectory);
        var skipped = new SkippedList(null, console.Warn);
        using var setting = RunSetting.Open(
            request.Config,
            console,
            stop: stop,
            keepBadImages: RunData.KeepsBadImages(request.RunDirectory, request.Config),
            replaced: skipped.Add
        );
        using var encoder = setting.NewEncoder();
        CheckpointLoader.LoadEncoder(path, RunContext.EncoderState(encoder));
        Finite.Require(path, RunContext.EncoderState(encoder));
        var accuracy = NearestNeighbours.Evaluate(setting, encoder).Accuracy;
        console.Say(Describe($"PAWS-NN of {Path.GetFileName(path)}", accuracy));
        console.WriteResult(
            new JsonObject
            {
                ["top1"] = Percent(accuracy.Top1),
                ["top5"] = Percent(accuracy.Top5),
                ["images"] = accuracy.Images,
                ["checkpoint"] = path,
                ["run_directory"] = request.RunDirectory,
                ["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 2),
            }
        );
    }

    /// <summary>The pre-trained weights of a run: the final ones, or those of its checkpoint while it is still pre-training.</summary>
    /// <exception cref="UserErrorException">The run has neither yet.</exception>
    public static string WeightsOf(string runDirectory)
    {
        var model = Path.Combine(runDirectory, RunCheckpoint.ModelFileName);
        var checkpoint = Path.Combine(runDirectory, RunCheckpoint.FileName);
        return File.Exists(model) ? model
            : File.Exists(checkpoint) ? checkpoint
            : throw new UserErrorException(
                $"{runDirectory} holds no weights yet: wait for its first checkpoint, or name one with --checkpoint"
            );
    }

    /// <summary>Accuracy in a line for people.</summary>
    public static string Describe(string what, Accuracy accuracy)
    {
        var top5 = accuracy.Top5 is { } share ? FormattableString.Invariant($", top-5 {100 * share:0.0} %") : "";
        return FormattableString.Invariant($"{what}: top-1 {100 * accuracy.Top1:0.0} %{top5} on {accuracy.Images} test images");
    }

    /// <summary>A share as percent with two decimals.</summary>
    public static double? Percent(double? share) => share is { } value ? Math.Round(100 * value, 2) : null;
}
