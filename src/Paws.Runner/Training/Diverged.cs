using System.Globalization;
using Paws.Runner.Config;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>What is told when a run has diverged: its loss or its weights are no longer numbers.</summary>
internal static class Diverged
{
    /// <summary>
    /// The largest weight that is saved. Weights of networks that learn are a few units, or a few hundred; a step that was much too large
    /// leaves some that are finite, but of no use to any step after it.
    /// </summary>
    public const double LargestWeight = 1e6;

    /// <summary>The settings that make the steps of a phase smaller. <see cref="RunDirectory.MayChange"/> allows each of them.</summary>
    public static IReadOnlyList<string> Keys(string phase) =>
        phase switch
        {
            Phase.Suncet => ["finetune.lr"],
            Phase.Head => ["finetune.head_lr"],
            Phase.Linear => ["finetune.linear_lr"],
            Phase.Distillation => ["method.distill_lr"],
            Phase.Baseline or TrainMethod.Supervised => ["baseline.lr"],
            TrainMethod.FixMatch => ["method.fixmatch_lr"],
            _ => ["optimization.lr", "optimization.start_lr"],
        };

    /// <summary>One line: what shows it, and how to go on.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="sign">What shows it: "its loss is not a number".</param>
    /// <param name="step">The step at which it shows.</param>
    /// <param name="config">The run's settings.</param>
    public static string Words(IPhase phase, string sign, int step, PawsConfig config)
    {
        var keys = Keys(phase.Name);
        var settings = string.Join(' ', keys.Select(key => $"--set {key}=…"));
        var now = string.Join(
            " and ",
            keys.Select(key => Convert.ToString(ConfigSchema.Find(key)!.Get(config), CultureInfo.InvariantCulture))
        );
        return $"{phase.Title} has diverged: {sign} at step {step}, and nothing of that is saved; go on from the last checkpoint with --resume "
            + $"and a lower learning rate: {settings} (now {now})";
    }
}
