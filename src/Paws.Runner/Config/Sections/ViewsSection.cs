namespace Paws.Runner.Config;

/// <summary>Section views (ours).</summary>
public sealed record ViewsSection
{
    /// <summary>Edge of the large views in pixels; null follows the data set (32, or 224).</summary>
    public int? LargeSize { get; init; }

    /// <summary>Edge of the small views in pixels; null follows the data set (18, or 96).</summary>
    public int? SmallSize { get; init; }

    /// <summary>
    /// Edge of the centre crop that evaluation sees, in pixels; null takes large_size. Random crops enlarge what they show, so that
    /// objects look larger in training than in a test image of the same edge; a larger test image makes up for it.
    /// </summary>
    public int? TestSize { get; init; }

    /// <summary>Area share of large crops, [min, max].</summary>
    public double[]? LargeScale { get; init; }

    /// <summary>Area share of small crops, [min, max].</summary>
    public double[]? SmallScale { get; init; }

    /// <summary>Probability of colour jitter.</summary>
    public double Jitter { get; init; } = 0.8;

    /// <summary>Probability of dropping colour; null follows the data set.</summary>
    public double? Grayscale { get; init; }

    /// <summary>Probability of Gaussian blur; null follows the data set.</summary>
    public double? Blur { get; init; }

    /// <summary>Probability of solarizing; null follows the data set.</summary>
    public double? Solarize { get; init; }

    /// <summary>Probability of equalisation; null follows the data set.</summary>
    public double? Equalize { get; init; }

    /// <summary>Channel means in [0, 1]; null follows the data set.</summary>
    public double[]? Mean { get; init; }

    /// <summary>Channel standard deviations; null follows the data set.</summary>
    public double[]? Std { get; init; }
}
