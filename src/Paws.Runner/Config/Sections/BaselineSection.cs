namespace Paws.Runner.Config;

/// <summary>Section baseline (ours): cross-entropy on the labeled images alone.</summary>
public sealed record BaselineSection
{
    /// <summary>Whether the baseline is trained beside PAWS.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Length as a multiple of what the method with its fine-tuning trains; not used where steps are given.</summary>
    public double TimeFactor { get; init; } = 1;

    /// <summary>Steps; 0 counts them: step_ratio for each step of the method.</summary>
    public int Steps { get; init; }

    /// <summary>Steps for each step of the method, measured such that both take equally long; null counts the pixels that each trains on.</summary>
    public double? StepRatio { get; init; }

    /// <summary>Images a step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Peak learning rate (AdamW).</summary>
    public double Lr { get; init; } = 3e-3;

    /// <summary>Weight decay (AdamW).</summary>
    public double WeightDecay { get; init; } = 5e-2;

    /// <summary>Area share of its random crops, [min, max]; null takes the large views' own.</summary>
    public double[]? Scale { get; init; }

    /// <summary>Label smoothing.</summary>
    public double LabelSmoothing { get; init; } = 0.1;
}
