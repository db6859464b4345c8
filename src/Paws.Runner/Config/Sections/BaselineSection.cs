namespace Paws.Runner.Config;

/// <summary>Section baseline (ours): cross-entropy on the labeled images alone.</summary>
public sealed record BaselineSection
{
    /// <summary>Whether the baseline is trained beside PAWS.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Training time as a multiple of what PAWS (with fine-tuning) took; the schedule is laid over that time.</summary>
    public double TimeFactor { get; init; } = 1;

    /// <summary>Steps; 0 derives them from time_factor.</summary>
    public int Steps { get; init; }

    /// <summary>Steps for each step of the method, such that both take equally long; null follows time_factor. baseline.steps goes before it.</summary>
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
