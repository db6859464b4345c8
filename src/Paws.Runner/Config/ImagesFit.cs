namespace Paws.Runner.Config;

/// <summary>
/// A preset's batch and schedule for the images there are: a batch holds no image twice, and a schedule that is made for a number of
/// images in all (optimization.images) has as many epochs as come to it.
/// </summary>
internal static class ImagesFit
{
    // Beyond, a handful of images is only learned by heart; below, most images would never be seen.
    private const double MostEpochs = 400,
        LeastEpochs = 1;

    /// <summary>The configuration that the images can serve, and what was changed, a sentence each.</summary>
    /// <param name="config">As loaded.</param>
    /// <param name="given">Keys that the user gave: those stay, and are refused where the images do not serve them.</param>
    /// <param name="images">Training images.</param>
    public static (PawsConfig Config, IReadOnlyList<string> Notes) Of(PawsConfig config, IReadOnlySet<string> given, int images)
    {
        var notes = new List<string>();
        var (batch, ranks) = (config.Criterion.UnsupervisedBatchSize, Math.Max(1, config.Meta.WorldSize));
        if ((long)batch * ranks > images && images >= ranks && !given.Contains("criterion.unsupervised_batch_size"))
        {
            config = config with { Criterion = config.Criterion with { UnsupervisedBatchSize = images / ranks } };
            notes.Add($"criterion.unsupervised_batch_size = {images / ranks} (not {batch}): there are {images} training images");
        }
        var optimization = config.Optimization;
        if (optimization.Images > 0 && images > 0 && !given.Contains("optimization.epochs"))
        {
            var epochs = Math.Clamp(Math.Round((double)optimization.Images / images), LeastEpochs, MostEpochs);
            var longer = epochs / optimization.Epochs;
            config = config with
            {
                Optimization = optimization with
                {
                    Epochs = epochs,
                    Warmup = given.Contains("optimization.warmup") ? optimization.Warmup : Rounded(optimization.Warmup * longer),
                },
                Evaluation = given.Contains("evaluation.every_epochs")
                    ? config.Evaluation
                    : config.Evaluation with
                    {
                        EveryEpochs = Rounded(config.Evaluation.EveryEpochs * longer),
                    },
            };
        }
        return (config, notes);
    }

    private static double Rounded(double epochs) => Math.Round(epochs, 3);
}
