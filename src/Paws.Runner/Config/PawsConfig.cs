namespace Paws.Runner.Config;

/// <summary>
/// The resolved configuration of a run. The first five sections are the published schema, key for key (snake_case in YAML);
/// the rest are ours. A null means "follows from the data set", and is filled in when the configuration is resolved.
/// </summary>
public sealed record PawsConfig
{
    /// <summary>The objective and its batches.</summary>
    public CriterionSection Criterion { get; init; } = new();

    /// <summary>Where images come from and how views are made.</summary>
    public DataSection Data { get; init; } = new();

    /// <summary>Where results go.</summary>
    public LoggingSection Logging { get; init; } = new();

    /// <summary>Device, precision and model.</summary>
    public MetaSection Meta { get; init; } = new();

    /// <summary>Optimiser and schedule of PAWS pre-training.</summary>
    public OptimizationSection Optimization { get; init; } = new();

    /// <summary>Ours: crop sizes and scales, which the published code keeps in code.</summary>
    public ViewsSection Views { get; init; } = new();

    /// <summary>Ours: PAWS-NN evaluation during and after training.</summary>
    public EvaluationSection Evaluation { get; init; } = new();

    /// <summary>Ours: the method that trains the encoder, and the settings of those that PAWS is compared with.</summary>
    public MethodSection Method { get; init; } = new();

    /// <summary>Ours: fine-tuning after pre-training.</summary>
    public FinetuneSection Finetune { get; init; } = new();

    /// <summary>Ours: the supervised-only baseline from the same labels and encoder.</summary>
    public BaselineSection Baseline { get; init; } = new();

    /// <summary>Ours: settings of an objective of one's own.</summary>
    public ExperimentSection Experiment { get; init; } = new();
}
