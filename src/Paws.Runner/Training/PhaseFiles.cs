using Paws.Runner.Checkpoints;

namespace Paws.Runner.Training;

/// <summary>Where a phase that has ended leaves its weights in the run directory.</summary>
/// <param name="Weights">The encoder's, named as in the published layout.</param>
/// <param name="Classifier">The linear classifier's, of phases that train one; null to leave them out.</param>
internal sealed record PhaseFiles(string Weights, string? Classifier = null)
{
    /// <summary>After training by the method.</summary>
    public static PhaseFiles Method { get; } = new(RunCheckpoint.ModelFileName, "model-classifier.safetensors");

    /// <summary>After fine-tuning.</summary>
    public static PhaseFiles Finetuned { get; } = new(TrainingJob.FinetunedFileName, ClassifierFinetune.FileName);

    /// <summary>After self-distillation.</summary>
    public static PhaseFiles Distilled { get; } = new("model-distilled.safetensors", "model-distilled-classifier.safetensors");

    /// <summary>After the baseline.</summary>
    public static PhaseFiles Baseline { get; } = new(TrainingJob.BaselineFileName);
}
