namespace Paws.Runner.Config;

/// <summary>Section optimization.</summary>
public sealed record OptimizationSection
{
    /// <summary>Passes over the unlabeled images.</summary>
    public double Epochs { get; init; } = 600;

    /// <summary>
    /// Ours: unlabeled images that the schedule is made for, in all. Above 0, and where nobody gives epochs, as many epochs are taken as
    /// come to it, and warm-up and evaluations keep their share.
    /// </summary>
    public int Images { get; init; }

    /// <summary>Peak learning rate.</summary>
    public double Lr { get; init; } = 3.2;

    /// <summary>Learning rate at the first step.</summary>
    public double StartLr { get; init; } = 0.8;

    /// <summary>Learning rate at the last step.</summary>
    public double FinalLr { get; init; } = 0.032;

    /// <summary>Warm-up, in epochs.</summary>
    public double Warmup { get; init; } = 10;

    /// <summary>Momentum μ in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov momentum.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Weight decay, at least 0.</summary>
    public double WeightDecay { get; init; } = 1e-6;

    /// <summary>LARS scaling (published fine-tuning files).</summary>
    public bool? UseLars { get; init; }

    /// <summary>Zero-initialised classifier (published fine-tuning files).</summary>
    public bool? ZeroInit { get; init; }
}
