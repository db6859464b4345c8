namespace Paws.Runner.Config;

/// <summary>Section finetune (ours): SuNCEt on the labeled images.</summary>
public sealed record FinetuneSection
{
    /// <summary>Passes; 0 leaves fine-tuning out.</summary>
    public double Epochs { get; init; }

    /// <summary>Labeled images a class in a step.</summary>
    public int ImgsPerClass { get; init; } = 64;

    /// <summary>Views of each.</summary>
    public int Views { get; init; } = 2;

    /// <summary>Learning rate at the first step.</summary>
    public double Lr { get; init; } = 0.1;

    /// <summary>Learning rate at the last.</summary>
    public double FinalLr { get; init; } = 0.01;

    /// <summary>Momentum.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Softmax temperature.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>Whether views get the whole augmentation of the large views instead of centre crop and flip (published: not).</summary>
    public bool Augment { get; init; }

    /// <summary>Area share of its random crops when augmenting, [min, max]; null takes the large views' own.</summary>
    public double[]? Scale { get; init; }

    /// <summary>Whether batch-norm takes statistics from the batch instead of its running ones (published: not).</summary>
    public bool BatchStatistics { get; init; }
}
