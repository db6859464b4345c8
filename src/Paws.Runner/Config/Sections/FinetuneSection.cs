namespace Paws.Runner.Config;

/// <summary>Section finetune (ours): training on the labeled images from a pre-trained encoder.</summary>
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

    /// <summary>Whether batch-norm takes statistics from the batch instead of its running ones in method suncet (published: not). Method head always does.</summary>
    public bool BatchStatistics { get; init; }

    /// <summary>What is trained, by <c>paws finetune</c> and after training by a method: one of <see cref="FinetuneMethod.Names"/>.</summary>
    public string Method { get; init; } = FinetuneMethod.Suncet;

    /// <summary>Images a step of methods head and linear; all there are when fewer.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Learning rate of method head at the first step; it falls to 0 (cosine).</summary>
    public double HeadLr { get; init; } = 0.02;

    /// <summary>Learning rate of method linear at the first step; it falls to 0 (cosine).</summary>
    public double LinearLr { get; init; } = 0.1;

    /// <summary>Share of each class's labeled images that head and linear do not train on but choose the best epoch by.</summary>
    public double HeldOut { get; init; } = 0.1;

    /// <summary>
    /// Images outside the labeled ones to choose the best epoch by instead, as published (12,000); their labels are then used too.
    /// </summary>
    public int HeldOutOutside { get; init; }
}
