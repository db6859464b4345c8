namespace Paws.Runner.Config;

/// <summary>Section criterion.</summary>
public sealed record CriterionSection
{
    /// <summary>Classes in a support mini-batch, per rank.</summary>
    public int ClassesPerBatch { get; init; } = 10;

    /// <summary>Whether the mean-entropy-maximisation term is added.</summary>
    public bool MeMax { get; init; } = true;

    /// <summary>Sharpening temperature T, in (0, 1].</summary>
    public double Sharpen { get; init; } = 0.25;

    /// <summary>Labeled images a class in a support mini-batch.</summary>
    public int SupervisedImgsPerClass { get; init; } = 64;

    /// <summary>Views of each labeled image.</summary>
    public int SupervisedViews { get; init; } = 2;

    /// <summary>Softmax temperature τ, positive.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>
    /// Ours: weight of SuNCEt of the supports among themselves, added to the objective of PAWS; 0 is the published method. Above 0 the
    /// method is called paws+suncet.
    /// </summary>
    public double SupportWeight { get; init; }

    /// <summary>Ours: softmax temperature of that term, positive.</summary>
    public double SupportTemperature { get; init; } = 0.1;

    /// <summary>Unlabeled images a step, per rank.</summary>
    public int UnsupervisedBatchSize { get; init; } = 256;

    /// <summary>Labeled images a class in a fine-tuning step (published files: soft-NN fine-tuning only).</summary>
    public int? SupervisedBatchSize { get; init; }

    /// <summary>Epochs over the labeled images in SuNCEt pre-training (published files only).</summary>
    public int? SupervisedEpochs { get; init; }
}
