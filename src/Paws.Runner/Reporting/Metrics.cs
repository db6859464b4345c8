namespace Paws.Runner.Reporting;

/// <summary>Names of the phases of a run, as they stand in metrics.jsonl; that of another method than PAWS is the method's name.</summary>
public static class Phase
{
    /// <summary>PAWS pre-training.</summary>
    public const string Paws = "paws";

    /// <summary>SuNCEt fine-tuning.</summary>
    public const string Suncet = "suncet";

    /// <summary>Fine-tuning from the first projection layer.</summary>
    public const string Head = "head";

    /// <summary>Linear evaluation on frozen features.</summary>
    public const string Linear = "linear";

    /// <summary>Self-distillation of the fine-tuned network.</summary>
    public const string Distillation = "distillation";

    /// <summary>Behind the name of a phase: its evaluations on the held-out images instead of the test images.</summary>
    public const string HeldOut = "-held-out";

    /// <summary>The supervised-only baseline.</summary>
    public const string Baseline = "baseline";
}

/// <summary>What one optimiser step measured; a null was not measured and is left out of the line.</summary>
public sealed record StepMetrics
{
    /// <summary>Which part of the run, a constant of <see cref="Reporting.Phase"/>.</summary>
    public required string Phase { get; init; }

    /// <summary>Zero-based index of the step within its phase.</summary>
    public required long Step { get; init; }

    /// <summary>Passes over the phase's images so far, fractional.</summary>
    public required double Epoch { get; init; }

    /// <summary>Seconds of work in this phase so far, summed over resumes.</summary>
    public required double Seconds { get; init; }

    /// <summary>The objective. Negative is fine for PAWS: the ME-Max term reaches −log K.</summary>
    public required double Loss { get; init; }

    /// <summary>Consistency cross-entropy, at least 0.</summary>
    public double? CrossEntropy { get; init; }

    /// <summary>The term −H(p̄) as added to the loss, in [−log K, 0].</summary>
    public double? MeMax { get; init; }

    /// <summary>What PAWS + SuNCEt adds for the supports alone, weighted.</summary>
    public double? Support { get; init; }

    /// <summary>Learning rate of this step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Mean over the batch of the largest probability of the sharpened target, in (0, 1].</summary>
    public double? TargetConfidence { get; init; }

    /// <summary>Share of unlabeled images whose predicted class was taken as a label (FixMatch), in [0, 1].</summary>
    public double? ConfidentShare { get; init; }

    /// <summary>NT-Xent of the two large views: measured; trained only by a method that says so.</summary>
    public double? InstanceDiscrimination { get; init; }

    /// <summary>Cross-entropy of classifying labeled images, in PAWS by the other supports: measured; trained only by a method that says so.</summary>
    public double? SupportClassification { get; init; }

    /// <summary>
    /// H(p̄), entropy of the mean prediction of the step's images in nats, in [0, log K]: of PAWS's targets, of FixMatch's weak views, of a
    /// classifier's labeled images; null where a method predicts no classes.
    /// </summary>
    public double? MeanEntropy { get; init; }

    /// <summary>
    /// H(p̄) − mean H(p) of the same predictions, what one tells about its image, in nats, in [0, <see cref="MeanEntropy"/>]: 0 when all
    /// images are predicted alike.
    /// </summary>
    public double? Information { get; init; }

    /// <summary>Effective rank of the embeddings of the step's images, scaled to unit length: (Σλ)²/Σλ² of their covariance, at least 1.</summary>
    public double? EmbeddingRank { get; init; }

    /// <summary>Mean squared distance of those embeddings from their mean, in [0, 1]: 0 when all are the same.</summary>
    public double? EmbeddingSpread { get; init; }

    /// <summary>Unlabeled images a second since the line before.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Share of that time in which the trainer waited for images, in [0, 1].</summary>
    public double? DataWaitShare { get; init; }

    /// <summary>Share of that time which rank 0 spent in collective operations, waiting for others included, in [0, 1]; null alone.</summary>
    public double? CommunicationShare { get; init; }

    /// <summary>Memory that the process has resident, in MiB.</summary>
    public double? ResidentMb { get; init; }

    /// <summary>Euclidean norm of the whole gradient.</summary>
    public double? GradientNorm { get; init; }
}

/// <summary>What one evaluation measured.</summary>
public sealed record EvaluationMetrics
{
    /// <summary>Which part of the run, a constant of <see cref="Reporting.Phase"/>.</summary>
    public required string Phase { get; init; }

    /// <summary>Steps finished when the evaluation was made.</summary>
    public required long Step { get; init; }

    /// <summary>Passes over the phase's images so far, fractional.</summary>
    public required double Epoch { get; init; }

    /// <summary>Seconds of work in this phase so far, summed over resumes.</summary>
    public required double Seconds { get; init; }

    /// <summary>Share of test images whose class is predicted first, in percent.</summary>
    public required double Top1 { get; init; }

    /// <summary>Share of test images whose class is among the first five, in percent.</summary>
    public double? Top5 { get; init; }
}

/// <summary>The lines of a metrics.jsonl, in file order.</summary>
public sealed record MetricsLog(IReadOnlyList<StepMetrics> Steps, IReadOnlyList<EvaluationMetrics> Evaluations)
{
    /// <summary>No lines.</summary>
    public static MetricsLog Empty { get; } = new([], []);

    /// <summary>Steps of one phase.</summary>
    public IReadOnlyList<StepMetrics> StepsOf(string phase) => [.. Steps.Where(s => s.Phase == phase)];

    /// <summary>Evaluations of one phase.</summary>
    public IReadOnlyList<EvaluationMetrics> EvaluationsOf(string phase) => [.. Evaluations.Where(e => e.Phase == phase)];
}
