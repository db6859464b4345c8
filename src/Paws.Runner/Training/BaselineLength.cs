using Paws.Runner.Config;

namespace Paws.Runner.Training;

/// <summary>
/// How long the supervised-only baseline trains: as long as the method with its fine-tuning, in steps that follow from the configuration
/// and the number of images alone, so that the same command gives the same numbers.
/// </summary>
internal static class BaselineLength
{
    /// <summary>
    /// baseline.steps where given; else steps for each step of the method, by baseline.step_ratio where it was measured, otherwise by
    /// the pixels that both train on and what a step takes itself; times baseline.time_factor.
    /// </summary>
    /// <param name="config">With its views resolved.</param>
    /// <param name="methodSteps">Steps of the method.</param>
    /// <param name="images">Training images.</param>
    /// <param name="labeled">Labeled images.</param>
    /// <returns>At least 1.</returns>
    public static int Steps(PawsConfig config, int methodSteps, int images, int labeled)
    {
        var (baseline, finetune) = (config.Baseline, config.Finetune);
        if (baseline.Steps > 0)
        {
            return baseline.Steps;
        }
        var large = (double)(config.Views.LargeSize ?? 32);
        var pixels = Math.Min(baseline.BatchSize, labeled) * large * large;
        var method = baseline.StepRatio ?? TrainedPixels.OfStep(config) / (pixels + TrainedPixels.OfStepItself);
        var after =
            (finetune.Epochs * labeled * TrainedPixels.OfFinetuning(config))
            + (config.Method.DistillEpochs * images * TrainedPixels.OfDistillation(config));
        return (int)Math.Clamp(Math.Round(baseline.TimeFactor * (method * methodSteps + after / pixels)), 1, int.MaxValue);
    }
}
