namespace Paws.Data.Augment;

/// <summary>
/// How a view is made from an image: crop and resize, then colour, then normalisation, in that order.
/// Probabilities are in [0, 1]; a step whose probability is 0 is left out.
/// </summary>
public sealed record ViewRecipe
{
    /// <summary>Edge of the square view in pixels.</summary>
    public required int Size { get; init; }

    /// <summary>Random resized crop when true; otherwise the shorter edge is resized to <see cref="ResizeShorter"/> and the centre cut out.</summary>
    public required bool RandomCrop { get; init; }

    /// <summary>Range of the crop's area as a share of the image's, for a random crop.</summary>
    public (double Min, double Max) Scale { get; init; } = (1, 1);

    /// <summary>Range of the crop's aspect ratio (width / height), for a random crop.</summary>
    public (double Min, double Max) Aspect { get; init; } = (3.0 / 4, 4.0 / 3);

    /// <summary>Length of the shorter edge before a centre crop; 0 means <see cref="Size"/>.</summary>
    public int ResizeShorter { get; init; }

    /// <summary>Probability of a horizontal flip.</summary>
    public double Flip { get; init; }

    /// <summary>Probability of colour jitter.</summary>
    public double Jitter { get; init; }

    /// <summary>Strength s of the jitter: brightness, contrast and saturation by up to 0.8·s, hue by up to 0.2·s.</summary>
    public double JitterStrength { get; init; }

    /// <summary>Probability of dropping colour.</summary>
    public double Grayscale { get; init; }

    /// <summary>Probability of a Gaussian blur with a radius from U(0.1, 2).</summary>
    public double Blur { get; init; }

    /// <summary>Probability of solarizing with a threshold from U(0, 256).</summary>
    public double Solarize { get; init; }

    /// <summary>Probability of histogram equalisation.</summary>
    public double Equalize { get; init; }

    /// <summary>Mean of each channel, in [0, 1], subtracted from pixel / 255.</summary>
    public (float R, float G, float B) Mean { get; init; }

    /// <summary>Standard deviation of each channel that the difference is divided by.</summary>
    public (float R, float G, float B) Std { get; init; } = (1, 1, 1);
}
