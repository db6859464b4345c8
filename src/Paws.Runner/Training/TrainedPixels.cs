using Paws.Runner.Config;

namespace Paws.Runner.Training;

/// <summary>
/// How much a step of a method trains on, counted and not timed: pixels that pass through the network forward and back. A pass forward
/// alone, as of targets that a second network makes, counts a third.
/// </summary>
internal static class TrainedPixels
{
    private const double ForwardAlone = 1.0 / 3;

    /// <summary>Pre-training, of one unlabeled image: its views as far as the method looks at them, and its part of the labeled images.</summary>
    /// <param name="config">With its views resolved.</param>
    public static double OfOneImage(PawsConfig config)
    {
        var (criterion, method, views) = (config.Criterion, config.Method, config.Views);
        double batch = criterion.UnsupervisedBatchSize,
            large = Square(views.LargeSize ?? 32),
            small = Square(views.SmallSize ?? 18);
        var supports = criterion.ClassesPerBatch * criterion.SupervisedImgsPerClass * criterion.SupervisedViews / batch;
        var crops = config.Data.Multicrop * small;
        return method.Name switch
        {
            TrainMethod.Paws => (2 + supports) * large + crops,
            TrainMethod.Swav => 2 * large + crops,
            TrainMethod.SimClrSuncet => (2 + supports) * large,
            TrainMethod.FixMatch => (2 + method.LabeledBatch / batch) * large,
            TrainMethod.Byol => (1 + ForwardAlone) * 2 * large,
            TrainMethod.Supervised => large,
            _ => 2 * large,
        };
    }

    /// <summary>
    /// What a step takes beside its pixels, in pixels: operations are started and weights moved, however few images there are. With the preset
    /// quick, on 2 cores without bf16, steps of 85,632 and of 4,000 pixels took 159 and 16.7 ms.
    /// </summary>
    public const double OfStepItself = 5_000;

    /// <summary>Pre-training, of a step of all ranks, itself included.</summary>
    public static double OfStep(PawsConfig config) =>
        OfOneImage(config) * config.Criterion.UnsupervisedBatchSize * Math.Max(1, config.Meta.WorldSize) + OfStepItself;

    /// <summary>Fine-tuning, of one labeled image.</summary>
    public static double OfFinetuning(PawsConfig config) =>
        Square(config.Views.LargeSize ?? 32)
        * (
            config.Finetune.Method == FinetuneMethod.Suncet ? config.Finetune.Views
            : config.Finetune.Method == FinetuneMethod.Linear ? ForwardAlone
            : 1
        );

    /// <summary>Self-distillation, of one image.</summary>
    public static double OfDistillation(PawsConfig config) => (1 + ForwardAlone) * Square(config.Views.LargeSize ?? 32);

    private static double Square(int edge) => (double)edge * edge;
}
