namespace Paws.Runner.Config;

/// <summary>Section evaluation (ours).</summary>
public sealed record EvaluationSection
{
    /// <summary>Epochs between PAWS-NN evaluations during training; 0 only at the end.</summary>
    public double EveryEpochs { get; init; } = 1;

    /// <summary>Test images used during training; 0 all. The last evaluation always takes all.</summary>
    public int QuickImages { get; init; } = 2000;

    /// <summary>Softmax temperature of PAWS-NN.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>Images a forward pass.</summary>
    public int BatchSize { get; init; } = 256;
}
