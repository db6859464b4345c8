using System.Globalization;
using System.Text.Json.Nodes;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>Methods head and linear of <c>paws finetune</c>: trains, goes back to the best epoch, writes the classifier.</summary>
internal static class ClassifierFinetune
{
    /// <summary>The classifier's weights in the directory of results.</summary>
    public const string FileName = "classifier.safetensors";

    /// <summary>Trains to the end and leaves the encoder at the best epoch.</summary>
    /// <returns>What result.json says of it: accuracies of the best and of the last epoch, protocol, images held out.</returns>
    public static JsonObject Run(RunContext run, Encoder encoder, Action<string> say)
    {
        using var phase = new ClassifierPhase(run.Setting, encoder)
        {
            Judged = (step, epoch, accuracy) =>
                run.Metrics?.Write(
                    new EvaluationMetrics
                    {
                        Phase = run.Config.Finetune.Method + Phase.HeldOut,
                        Step = step,
                        Epoch = epoch,
                        Seconds = run.State.Of(run.Config.Finetune.Method).Seconds,
                        Top1 = 100 * accuracy.Top1,
                        Top5 = 100 * accuracy.Top5,
                    }
                ),
        };
        var (split, state) = (phase.Split, run.State.Of(phase.Name));
        say(
            split.Held.Length > 0
                ? $"{phase.Title}: {split.Trained.Length} images trained on, {split.Held.Length} held out to choose the best epoch"
                : $"{phase.Title}: {split.Trained.Length} images trained on, none held out, so the last epoch counts"
        );
        state.TotalSteps = phase.TotalSteps;
        new TrainingLoop(run, phase).Run(state);
        var last = phase.Evaluate(0);
        phase.Best.Restore();
        var best = split.Held.Length > 0 ? phase.Evaluate(0) : last;
        var (lastEpoch, bestEpoch) = (phase.TotalSteps / phase.StepsPerEpoch, phase.Best.Epoch ?? phase.TotalSteps / phase.StepsPerEpoch);
        RunCheckpoint.SaveModel(Path.Combine(run.Directory, FileName), phase.Classifier);
        say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{phase.Title}: top-1 {100 * best.Top1:0.0} % at the best epoch ({bestEpoch:0.#}), {100 * last.Top1:0.0} % at the last ({lastEpoch:0.#})"
            )
        );
        return new JsonObject
        {
            ["top1"] = EvaluationJob.Percent(best.Top1),
            ["top5"] = best.Top5 is { } five ? EvaluationJob.Percent(five) : null,
            ["protocol"] = phase.Title,
            ["best_epoch"] = Math.Round(bestEpoch, 3),
            ["last_epoch"] = Math.Round(lastEpoch, 3),
            ["last_top1"] = EvaluationJob.Percent(last.Top1),
            ["held_out_images"] = split.Held.Length,
            ["held_out_top1"] = split.Held.Length > 0 ? EvaluationJob.Percent(phase.Best.Top1) : null,
        };
    }
}
