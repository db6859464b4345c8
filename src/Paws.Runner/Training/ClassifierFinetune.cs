using System.Globalization;
using System.Text.Json.Nodes;
using Paws.Model;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>Fine-tuning by methods head and linear, told to people and in results.</summary>
internal static class ClassifierFinetune
{
    /// <summary>The classifier's weights in the directory of results.</summary>
    public const string FileName = "classifier.safetensors";

    /// <summary>The phase, which writes its judgements on held-out images into the run's metrics.</summary>
    public static ClassifierPhase NewPhase(RunContext run, Encoder encoder, Action<string> say)
    {
        var method = run.Config.Finetune.Method;
        var phase = new ClassifierPhase(run.Setting, encoder)
        {
            Judged = (step, epoch, accuracy) =>
                run.Metrics?.Write(
                    new EvaluationMetrics
                    {
                        Phase = method + Phase.HeldOut,
                        Step = step,
                        Epoch = epoch,
                        Seconds = run.State.Of(method).Seconds,
                        Top1 = 100 * accuracy.Top1,
                        Top5 = 100 * accuracy.Top5,
                    }
                ),
        };
        var split = phase.Split;
        say(
            split.Held.Length > 0
                ? $"{phase.Title}: {split.Trained.Length} images trained on, {split.Held.Length} held out to choose the best epoch"
                : $"{phase.Title}: {split.Trained.Length} images trained on, none held out, so the last epoch counts"
        );
        return phase;
    }

    /// <summary>What result.json of <c>paws finetune</c> says: accuracies of the best and of the last epoch, images held out.</summary>
    public static JsonObject Result(ClassifierPhase phase, PhaseState state)
    {
        var last = phase.TotalSteps / phase.StepsPerEpoch;
        return new JsonObject
        {
            ["top1"] = Rounded(state.Top1),
            ["top5"] = Rounded(state.Top5),
            ["protocol"] = phase.Title,
            ["best_epoch"] = Math.Round(state.JudgedEpoch ?? last, 3),
            ["last_epoch"] = Math.Round(last, 3),
            ["last_top1"] = Rounded(state.LastTop1),
            ["held_out_images"] = phase.Split.Held.Length,
            ["held_out_top1"] = Rounded(state.HeldOutTop1),
        };
    }

    /// <summary>The best and the last epoch in a line for people.</summary>
    public static string Describe(PhaseState state, string title) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{title}: top-1 {state.Top1:0.0} % at the epoch chosen ({state.JudgedEpoch:0.#}), {state.LastTop1:0.0} % at the last"
        );

    private static double? Rounded(double? percent) => percent is { } value ? Math.Round(value, 2) : null;
}
