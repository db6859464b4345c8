namespace Paws.Runner.Training;

/// <summary>
/// Notices predictions that have become uniform. There the cross-entropy is log K and ME-Max −log K, so the loss is pinned at
/// zero, sharpening leaves the targets uniform, and no gradient leads out.
/// </summary>
/// <param name="classes">K, the classes of a support mini-batch.</param>
/// <param name="patience">Steps the predictions must stay uniform before it is said.</param>
internal sealed class CollapseWatch(int classes, int patience = 150)
{
    private const double LossTolerance = 0.01;
    private const double ConfidenceTolerance = 0.02;
    private int? uniformSince;

    /// <summary>Whether collapse has been noticed.</summary>
    public bool Collapsed { get; private set; }

    /// <summary>Takes in one observation and returns a warning the first time collapse is certain enough, otherwise null.</summary>
    /// <param name="step">Step it was made at.</param>
    /// <param name="loss">The whole loss, mean since the last observation.</param>
    /// <param name="targetConfidence">Mean of the largest target probability, in [1/K, 1].</param>
    public string? Observe(int step, double loss, double targetConfidence)
    {
        var uniform = Math.Abs(loss) < LossTolerance && targetConfidence - 1.0 / classes < ConfidenceTolerance;
        if (!uniform)
        {
            uniformSince = null;
            return null;
        }
        uniformSince ??= step;
        if (Collapsed || step - uniformSince < patience)
        {
            return null;
        }
        Collapsed = true;
        return $"predictions have collapsed to uniform: the loss has stayed at {loss:0.000} since step {uniformSince} and the targets' "
            + $"confidence at {targetConfidence:0.00} (1/K is {1.0 / classes:0.00}); training on will not help. Try crops that overlap more "
            + "(views.large_scale nearer to 1), more images a class in the support, criterion.temperature 0.1, or another encoder.";
    }
}
