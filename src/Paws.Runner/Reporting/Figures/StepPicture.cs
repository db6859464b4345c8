namespace Paws.Runner.Reporting.Figures;

/// <summary>
/// One training step with its real numbers, as Figure 2 shows it: pixels, shapes, predictions and targets of one unlabeled image, and
/// the objective of the whole batch.
/// </summary>
public sealed record StepPicture
{
    /// <summary>Names of the K columns of the label matrix.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>The encoder's name.</summary>
    public required string Encoder { get; init; }

    /// <summary>Whether a prediction head stands between the anchors and the targets' embeddings.</summary>
    public required bool PredictionHead { get; init; }

    /// <summary>The two large views of the image.</summary>
    public required ViewPicture First { get; init; }

    /// <inheritdoc cref="First" />
    public required ViewPicture Second { get; init; }

    /// <summary>Some of the supports: one row an image of the class, one column a class.</summary>
    public required IReadOnlyList<IReadOnlyList<ViewPicture>> Supports { get; init; }

    /// <summary>Unlabeled images n of the batch.</summary>
    public required int Images { get; init; }

    /// <summary>Small views of each image.</summary>
    public required int SmallViews { get; init; }

    /// <summary>Rows s of the support mini-batch, all views counted.</summary>
    public required int SupportRows { get; init; }

    /// <summary>Width d of the embeddings.</summary>
    public required int Width { get; init; }

    /// <summary>The label matrix Y, s rows of K.</summary>
    public required double[][] Labels { get; init; }

    /// <summary>π of the first view, K numbers.</summary>
    public required double[] Prediction { get; init; }

    /// <summary>π of the second view.</summary>
    public required double[] SecondPrediction { get; init; }

    /// <summary>What the first view is trained towards: the sharpened prediction for the second.</summary>
    public required double[] Target { get; init; }

    /// <summary>What the second view is trained towards.</summary>
    public required double[] SecondTarget { get; init; }

    /// <summary>H(target, prediction) of the first view, nats.</summary>
    public required double EntropyOfFirst { get; init; }

    /// <summary>H(target, prediction) of the second view, nats.</summary>
    public required double EntropyOfSecond { get; init; }

    /// <summary>p̄, the mean sharpened prediction of all views of the batch.</summary>
    public required double[] MeanPrediction { get; init; }

    /// <summary>Mean cross-entropy over all views of the batch, nats.</summary>
    public required double CrossEntropy { get; init; }

    /// <summary>−H(p̄) as added to it, nats; 0 when switched off.</summary>
    public required double MeMax { get; init; }

    /// <summary>τ.</summary>
    public required double Temperature { get; init; }

    /// <summary>T.</summary>
    public required double Sharpen { get; init; }
}
